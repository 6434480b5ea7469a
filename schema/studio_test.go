package schema_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// populated is a database in which every table has rows of both studios.
func populated(t *testing.T) (*stage.DB, *cast.Cast) {
	t.Helper()
	db := stage.Database(t)
	c := cast.New(t, db.Owner)
	for _, one := range []struct {
		who *cast.Person
		job *cast.Job
	}{{c.Owner, c.Package}, {c.Foreigner, c.ForeignJob}} {
		tenant, account, image := one.who.TenantID, one.who.AccountID, one.job.Images[job.Included]
		fresh := func() id.ID { return id.New(time.Now()) }
		code, booking, zeros := fresh(), fresh(), make([]byte, 32)
		hash := func() []byte { made := fresh(); return append(made[:], made[:]...) }
		c.Exec(t, "INSERT INTO tenant_text VALUES ($1, 'login_code', 'de', 'Code', 'Der Code')", tenant)
		c.Exec(t, "INSERT INTO login_code (id, tenant_id, email_key, email, locale, key_id, decoy, created_at, expires_at) VALUES ($1, $2, 'a@b', 'a@b', 'de', 'k', false, now(), now() + interval '1 minute')", code, tenant)
		c.Exec(t, "INSERT INTO login_challenge (id, tenant_id, code_id, secret_hash, asker, known_device, created_at) VALUES ($1, $2, $3, $4, $5, false, now())", fresh(), tenant, code, hash(), zeros)
		c.Exec(t, "INSERT INTO budget VALUES ($1, 1, now())", hash())
		c.Exec(t, "INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, created_at) VALUES ($1, $2, $3, now(), 'REQUESTED', 'See 1', 'S', '{}', now())", booking, tenant, account)
		c.Exec(t, "INSERT INTO booking_event VALUES ($1, $2, $3, 1, 'REQUESTED', $4, now(), 'r')", fresh(), tenant, booking, account)
		c.Exec(t, "INSERT INTO selection_event VALUES ($1, $2, $3, $4, $5, 'NONE', 'INCLUDED', 'r', now())", fresh(), tenant, one.job.ID, image, account)
		c.Exec(t, "INSERT INTO delivery VALUES ($1, $2, $3, $4, false, 'URL', $5, 'r', now())", fresh(), tenant, one.job.ID, account, []id.ID{image})
		c.Exec(t, "INSERT INTO settlement VALUES ($1, $2, $3, $4, $5, $6, 'r', now())", fresh(), tenant, one.job.ID, account, "payment", []id.ID{image})
		c.Exec(t, `INSERT INTO audit_entry (id, tenant_id, sequence, at, actor_id, action, job_id, image_id, account_id, request_id, canonical, prev, hash, key_id)
			VALUES ($1, $2, 1, now(), $3, 'test', $4, $5, $3, 'r', '', $6, $6, 'k')`, fresh(), tenant, account, one.job.ID, image, zeros)
		c.Exec(t, "INSERT INTO audit_head VALUES ($1, 1, $2)", tenant, zeros)
		c.Exec(t, "INSERT INTO security_event VALUES ($1, $2, 'login_failed', $3, NULL, '/graphql', '', 'r', 1, now(), now())", fresh(), tenant, account)
		c.Exec(t, `INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, image_id, due_at, created_at, ended_at)
			VALUES ($1, $2, $3, $4, $5, 'k', 'READY', 'a.jpg', 'image/jpeg', 1, $6, 0, $7, now(), now(), now())`, fresh(), tenant, one.job.ID, account, one.who.SessionID, zeros, image)
		c.Exec(t, "INSERT INTO notification VALUES ($1, $2, $3, 'job_ready', '', 0, now(), NULL)", fresh(), tenant, one.job.ID)
		c.Exec(t, "INSERT INTO unsubscribe_token VALUES ($1, $2, 'owner@example.com', now(), NULL)", hash(), tenant)
		c.Exec(t, "INSERT INTO unsubscribed VALUES ($1, 'owner@example.com', now())", tenant)
		c.Exec(t, "INSERT INTO mail_suppression VALUES ('owner@example.com', 'BOUNCE', now()) ON CONFLICT DO NOTHING")
		c.Exec(t, "INSERT INTO mail_report VALUES ($1::text, now())", fresh().String())
		c.Exec(t, "INSERT INTO mail_day VALUES (current_date, 1, 0, 0) ON CONFLICT DO NOTHING")
		hook, told, sealed := fresh(), fresh(), make([]byte, 40)
		c.Exec(t, "INSERT INTO webhook VALUES ($1, $2, 'https://hook.example/', '{job.ready}', $3, NULL, NULL, now(), NULL, NULL, NULL, NULL)", hook, tenant, sealed)
		c.Exec(t, "INSERT INTO webhook_event VALUES ($1, $2, 'job.ready', '{}', 'same', now())", told, tenant)
		c.Exec(t, "INSERT INTO webhook_delivery VALUES ($1, $2, $3, $4, 'PENDING', 0, NULL, NULL, NULL, NULL, now())", fresh(), tenant, hook, told)
		c.Exec(t, "INSERT INTO cron_lease VALUES ('purge', 1, now()) ON CONFLICT DO NOTHING")
		c.Exec(t, "INSERT INTO cron_run VALUES ($1, 'purge', 1, 'CRON', $2, 'RUNNING', '', NULL, now(), NULL) ON CONFLICT DO NOTHING", fresh(), zeros)
		c.Exec(t, "INSERT INTO security_alert VALUES ($1, $2, 'login_failed', 25, now() - interval '5 minutes', now())", fresh(), tenant)
	}
	for _, table := range lines(t, db.Owner, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'") {
		if n := lines(t, db.Owner, "SELECT count(*)::text FROM "+table)[0]; n == "0" {
			t.Fatalf("no row of %s: add one for each studio to populated", table)
		}
	}
	return db, c
}

// key is a foreign key.
type key struct {
	Name, Child, Parent string
	Columns             []string // of the child
	Refers              []string // those of the parent
	Nullable            []string // of Columns
}

func keys(t *testing.T, db *pgxpool.Pool) []key {
	t.Helper()
	var all []key
	for _, line := range lines(t, db, `
		SELECT json_build_object('Name', conname, 'Child', conrelid::regclass::text, 'Parent', confrelid::regclass::text,
			'Columns', (SELECT json_agg(attname ORDER BY n) FROM unnest(conkey) WITH ORDINALITY k(num, n) JOIN pg_attribute ON attrelid = conrelid AND attnum = num),
			'Refers', (SELECT json_agg(attname ORDER BY n) FROM unnest(confkey) WITH ORDINALITY k(num, n) JOIN pg_attribute ON attrelid = confrelid AND attnum = num),
			'Nullable', (SELECT json_agg(attname) FROM unnest(conkey) num JOIN pg_attribute ON attrelid = conrelid AND attnum = num AND NOT attnotnull))::text
		FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conrelid::regclass::text, conname`) {
		var one key
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// unkeyed are columns that name a thing without a foreign key, and why.
var unkeyed = map[string]string{
	"login_code.key_id":   "names a secret of the server's settings, no row",
	"audit_entry.key_id":  "likewise",
	"delivery.session_id": "sessions are purged after their end, deliveries are kept",
	"upload.session_id":   "sessions are purged after their end, uploads are kept",
}

// TestEveryReferenceNamesTheStudio holds the rule that 001_studio.sql begins with.
func TestEveryReferenceNamesTheStudio(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	keyed := map[string]bool{}
	for _, one := range keys(t, db.Owner) {
		if one.Columns[0] != "tenant_id" || one.Refers[0] != "tenant_id" && one.Parent != "tenant" {
			t.Errorf("%s: %v of %s refers to %v of %s without naming the studio", one.Name, one.Columns, one.Child, one.Refers, one.Parent)
		}
		for _, column := range one.Columns {
			keyed[one.Child+"."+column] = true
		}
	}
	for _, column := range lines(t, db.Owner, `
		SELECT attrelid::regclass || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname LIKE '%\_id' AND attnum > 0
		  AND attname NOT IN ('request_id', 'version_id')`) {
		if keyed[column] == (unkeyed[column] != "") {
			t.Errorf("%s: has a foreign key %t, has a reason in unkeyed %t", column, keyed[column], unkeyed[column] != "")
		}
	}
}

// TestRowsCannotPointAcrossStudios tries to insert, for every foreign key alone, a
// row of one studio that points to a row of the other.
func TestRowsCannotPointAcrossStudios(t *testing.T) {
	t.Parallel()
	db, c := populated(t)
	tried := 0
	for _, one := range keys(t, db.Owner) {
		if len(one.Columns) == 1 {
			continue // to the studio itself
		}
		foreign := lines(t, db.Owner, "SELECT to_jsonb(p)::text FROM "+one.Parent+" p WHERE tenant_id = $1 LIMIT 1", c.ForeignTenantID)[0]
		var parent map[string]any
		if err := json.Unmarshal([]byte(foreign), &parent); err != nil {
			t.Fatal(err)
		}
		others := map[string]any{} // the columns as the other studio has them
		for i, column := range one.Columns[1:] {
			others[column] = parent[one.Refers[i+1]]
		}
		if err := insertCopy(t, db.Owner, c.TenantID, one, nil, true); err != nil {
			t.Errorf("%s: even an honest row is refused, so the test tells nothing: %v", one.Name, err)
		}
		mixes := []map[string]any{others}
		for column, value := range others {
			mixes = append(mixes, map[string]any{column: value})
			for _, null := range one.Nullable {
				if null != column { // the key itself checks nothing then: some other one must
					tried++
					if err := insertCopy(t, db.Owner, c.TenantID, one, map[string]any{column: value, null: nil}, false); err == nil {
						t.Errorf("%s: a row of one studio with another's %s and without %s is taken", one.Name, column, null)
					}
				}
			}
		}
		for _, mix := range mixes {
			tried++
			if _, constraint := refusal(insertCopy(t, db.Owner, c.TenantID, one, mix, true)); constraint != one.Name {
				t.Errorf("%s: a row of one studio with another's %v is refused by %q", one.Name, mix, constraint)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d tries", tried)
	}
}

// insertCopy inserts a copy of a studio's row into the child of a key, with some
// columns changed, and returns what the database says. Nothing of it stays. Alone
// means that the table has no other key meanwhile, and no trigger.
func insertCopy(t *testing.T, db *pgxpool.Pool, studio id.ID, one key, changed map[string]any, alone bool) error {
	t.Helper()
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if alone {
		prepare := "ALTER TABLE " + one.Child + " DISABLE TRIGGER USER"
		for _, other := range keys(t, db) {
			if other.Child == one.Child && other.Name != one.Name {
				prepare += ", DROP CONSTRAINT " + other.Name
			}
		}
		if _, err := tx.Exec(t.Context(), prepare); err != nil {
			t.Fatalf("%s: %v", prepare, err)
		}
	}
	values := map[string]any{}
	for _, column := range lines(t, db, `
		SELECT DISTINCT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_index, unnest(indkey) num
		JOIN pg_attribute ON attnum = num WHERE indisunique AND indrelid = $1::regclass AND attrelid = indrelid`, one.Child) {
		name, kind, _ := strings.Cut(column, " ")
		if !strings.HasSuffix(name, "_id") {
			values[name] = fresh(kind)
		}
	}
	for name, value := range changed {
		values[name] = value
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	insert := fmt.Sprintf("INSERT INTO %[1]s SELECT (jsonb_populate_record(NULL::%[1]s, to_jsonb(c) || $2::jsonb)).* FROM %[1]s c WHERE tenant_id = $1 LIMIT 1", one.Child)
	tag, err := tx.Exec(t.Context(), insert, studio, string(encoded))
	if err == nil && tag.RowsAffected() != 1 {
		t.Fatalf("%s has no row to copy", one.Child)
	}
	return err
}

// fresh is a value of a column's type that no row has.
func fresh(kind string) any {
	made := id.New(time.Now())
	switch kind {
	case "uuid":
		return made.String()
	case "bytea":
		return `\x` + hex.EncodeToString(append(made[:], made[:]...))
	case "bigint", "integer":
		return 1000
	}
	return made.String()
}

func TestABookingNeedsAProvenMailbox(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	c := cast.New(t, db.Owner)
	c.Exec(t, "UPDATE account SET verified_at = NULL WHERE id = $1", c.Other.AccountID)
	book := func(account id.ID) error {
		_, err := db.Pool.Exec(t.Context(), `INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, created_at)
			VALUES ($1, $2, $3, now(), 'REQUESTED', 'See 1', 'S', '{}', now())`, id.New(time.Now()), c.TenantID, account)
		return err
	}
	if err := book(c.Owner.AccountID); err != nil {
		t.Errorf("of a proven mailbox: %v", err)
	}
	if state, _ := refusal(book(c.Other.AccountID)); state != "23514" {
		t.Errorf("of an unproven mailbox: SQLSTATE %q", state)
	}
	_, err := db.Pool.Exec(t.Context(), "UPDATE booking SET account_id = $1", c.Other.AccountID)
	if state, _ := refusal(err); state != "23514" {
		t.Errorf("handed over to an unproven mailbox: SQLSTATE %q", state)
	}
}

// Whatever the server's code forgets to ask: as its role, no way in SQL books for somebody
// who may not.
func TestNobodyOutsideGoodStandingHasABooking(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	c := cast.New(t, db.Owner)
	c.Exec(t, "UPDATE account SET valid_until = now() - interval '1 second' WHERE id = ANY($1)", []id.ID{c.Photographer.AccountID, c.Admin.AccountID})
	book := func(account, bookingID id.ID) error {
		_, err := db.Pool.Exec(t.Context(), `INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, created_at)
			VALUES ($1, $2, $3, now(), 'REQUESTED', 'See 1', 'S', '{}', now())`, bookingID, c.TenantID, account)
		return err
	}
	stands := id.New(time.Now())
	if err := book(c.Owner.AccountID, stands); err != nil {
		t.Fatal(err)
	}
	if err := book(c.Admin.AccountID, id.New(time.Now())); err != nil {
		t.Errorf("of an admin, whom no date binds: %v", err)
	}
	for name, account := range map[string]id.ID{
		"blocked": c.Blocked.AccountID, "over": c.Expired.AccountID, "a photographer's that is over": c.Photographer.AccountID,
		"of another studio": c.Foreigner.AccountID, "of nobody": id.New(time.Now()),
	} {
		if state, _ := refusal(book(account, id.New(time.Now()))); state != "23514" && state != "23503" {
			t.Errorf("an account that is %s: SQLSTATE %q", name, state)
		}
		_, err := db.Pool.Exec(t.Context(), "UPDATE booking SET account_id = $1 WHERE id = $2", account, stands)
		if state, _ := refusal(err); state != "23514" && state != "23503" {
			t.Errorf("handed over to one that is %s: SQLSTATE %q", name, state)
		}
	}
	_, err := db.Pool.Exec(t.Context(), `INSERT INTO booking (id, tenant_id, verified_at, state, address, package, preferred_dates, created_at)
		VALUES ($1, $2, now(), 'REQUESTED', 'See 1', 'S', '{}', now())`, id.New(time.Now()), c.TenantID)
	if state, _ := refusal(err); state != "23502" && state != "23514" {
		t.Errorf("of nobody: SQLSTATE %q", state)
	}
}

// Should the server forget the booking's lock, its booking still becomes one job.
func TestABookingIsOneJobInTheDatabaseToo(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	c := cast.New(t, db.Owner)
	link := func(job *cast.Job) error {
		_, err := db.Pool.Exec(t.Context(), "UPDATE job SET booking_id = $1 WHERE id = $2", c.Booking.ID, job.ID)
		return err
	}
	if err := link(c.Package); err != nil {
		t.Fatal(err)
	}
	if state, _ := refusal(link(c.All)); state != "23505" {
		t.Errorf("the second job of a booking: SQLSTATE %q", state)
	}
}
