package dossier_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
)

// classified is docs/privacy.md: what becomes of each column, by "table.column".
func classified(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, part := range regexp.MustCompile("(?m)^- `([a-z_]+\\.[a-z_0-9]+)` — (erased|kept|none): .{5,}$").FindAllStringSubmatch(string(text), -1) {
		if all[part[1]] != "" {
			t.Errorf("docs/privacy.md lists %s twice", part[1])
		}
		all[part[1]] = part[2]
	}
	return all
}

// columns are those that may tell something, "table.column" to type.
func columns(t *testing.T, db *stage.DB) map[string]string {
	t.Helper()
	rows, err := db.Owner.Query(t.Context(), `
		SELECT attrelid::regclass || '.' || attname, format_type(atttypid, NULL) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped AND relname <> 'goose_db_version'
		  AND format_type(atttypid, NULL) NOT IN ('uuid', 'uuid[]', 'boolean', 'integer', 'integer[]', 'bigint', 'timestamp with time zone')`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		all[name] = kind
	}
	return all
}

func TestEveryColumnIsClassified(t *testing.T) {
	t.Parallel()
	known, there := classified(t), columns(t, stage.Database(t))
	if len(there) < 50 {
		t.Fatalf("%d columns", len(there))
	}
	for name := range there {
		if known[name] == "" {
			t.Errorf("%s: say in docs/privacy.md whether it tells something of somebody, and what becomes of it", name)
		}
	}
	for name := range known {
		if there[name] == "" {
			t.Errorf("docs/privacy.md lists %s, which is gone", name)
		}
	}
}

const (
	mark     = "zzmarker"
	markKey  = mark + "@example.com"
	markDate = "1987-06-05"
)

// marked are the values that an erasure must leave nothing of, by type; addresses are
// one mailbox in two spellings.
func marked(name, kind string) string {
	switch {
	case strings.HasSuffix(name, "email_key"):
		return "'" + markKey + "'"
	case kind == "text":
		return "'ZZmarker@example.com'"
	case kind == "text[]":
		return "'{" + mark + "}'"
	case kind == "date":
		return "'" + markDate + "'"
	case kind == "date[]":
		return "'{" + markDate + "}'"
	case kind == "jsonb":
		return `'{"a": "` + mark + `"}'`
	case kind == "inet":
		return "'198.51.100.77'"
	}
	return `'\x` + strings.Repeat(hex.EncodeToString([]byte(mark)), 4) + `'`
}

// persons is how the rows of a person are found in a table that has some of what is
// erased; a table without a line has the column account_id.
var persons = map[string]string{
	"account":           "id = $1",
	"login_code":        "email_key = '" + markKey + "'",
	"mail_suppression":  "email_key LIKE '%@example.com'",
	"unsubscribe_token": "true",
	"unsubscribed":      "true",
	"login_challenge":   "code_id = (SELECT id FROM login_code WHERE email_key = '" + markKey + "')",
}

// found counts how often each mark stands anywhere in the database, tasks included.
func found(t *testing.T, db *stage.DB) map[string]int {
	t.Helper()
	conn, err := db.Owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	rows, err := conn.Query(t.Context(), "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'task')")
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	rows.Close()
	marks := map[string]int{}
	for _, table := range tables {
		var dump bytes.Buffer
		if _, err := conn.Conn().PgConn().CopyTo(t.Context(), &dump, "COPY "+table+" TO STDOUT"); err != nil {
			t.Fatal(err)
		}
		text := strings.ToLower(dump.String())
		for _, one := range []string{mark, hex.EncodeToString([]byte(mark)), markDate, "198.51.100.77"} {
			if n := strings.Count(text, one); n > 0 {
				marks[table+": "+one] += n
			}
		}
	}
	return marks
}

// fill gives a person something in every column that an erasure must empty, and fails
// where it can't.
func (w *world) fill(t *testing.T, p *cast.Person, j *cast.Job) {
	t.Helper()
	code := id.New(time.Now())
	w.Exec(t, "UPDATE account SET email_key = $2, email = $2 WHERE id = $1", p.AccountID, markKey)
	w.Exec(t, "UPDATE job SET customer_email_key = $2 WHERE id = $1", j.ID, markKey)
	w.Exec(t, "INSERT INTO login_code (id, tenant_id, email_key, email, locale, key_id, decoy, created_at, expires_at) VALUES ($1, $2, $3, $3, 'de', 'k', false, now(), now() + interval '1 minute')", code, p.TenantID, markKey)
	w.Exec(t, "INSERT INTO login_challenge (id, tenant_id, code_id, secret_hash, asker, known_device, created_at) VALUES ($1, $2, $3, sha256('a'), sha256('b'), false, now())", id.New(time.Now()), p.TenantID, code)
	w.Exec(t, "INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, created_at) VALUES ($1, $2, $3, now(), 'REQUESTED', 'See 1', 'S', '{}', now())", id.New(time.Now()), p.TenantID, p.AccountID)
	w.upload(t, p, j, "REJECTED", "a.jpg")
	w.Exec(t, "INSERT INTO mail_suppression VALUES ('filled@example.com', 'COMPLAINT', now())")
	w.Exec(t, "INSERT INTO unsubscribed VALUES ($1, 'filled@example.com', now())", p.TenantID)
	w.Exec(t, "INSERT INTO unsubscribe_token VALUES (sha256('c'), $1, 'filled@example.com', now(), NULL)", p.TenantID)
	there := columns(t, w.db)
	for name, word := range classified(t) {
		if word != "erased" {
			continue
		}
		table, column, _ := strings.Cut(name, ".")
		where := persons[table]
		if where == "" {
			where = "account_id = $1"
		}
		sql := "UPDATE " + table + " SET " + column + " = " + marked(name, there[name]) + " WHERE ctid = (SELECT ctid FROM " + table + " WHERE " + where + " LIMIT 1)"
		var args []any
		if strings.Contains(sql, "$1") {
			args = append(args, p.AccountID)
		}
		tag, err := w.db.Owner.Exec(t.Context(), sql, args...)
		if err != nil || tag.RowsAffected() != 1 {
			t.Errorf("%s: %d rows are marked, %v: give the person one in fill, and the table a line in persons", name, tag.RowsAffected(), err)
		}
	}
}

// The whole database is searched for what was erased.
func TestNothingOfWhoWasErasedIsLeftAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t, w.Owner, w.Package)
	w.Exec(t, "UPDATE job SET customer_email_key = $1, customer_email = $1 WHERE id = $2", markKey, w.Unclaimed.ID) // waits for the address
	before := found(t, w.db)
	if len(before) < 8 {
		t.Fatalf("before: %v", before)
	}
	if refusal, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), "asked for it"); err != nil || refusal != nil {
		t.Fatal(refusal, err)
	}
	if left := found(t, w.db); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if got := w.text(t, "SELECT email || ' ' || role || ' ' || (blocked_at IS NOT NULL) FROM account WHERE id = $1", w.Owner.AccountID); got != "erased "+w.Owner.AccountID.String()+" CUSTOMER true" {
		t.Errorf("the account is %s", got)
	}
	if got := w.text(t, "SELECT string_agg(state, ' ') FROM booking WHERE account_id = $1", w.Owner.AccountID); got != "CANCELLED CANCELLED" {
		t.Errorf("its bookings are %s", got)
	}
	// The log is whole, and holds no word of it but that it happened.
	report, err := audit.NewVerifier(w.db.Pool, w.keys, nil).Verify(t.Context(), audit.Studio{ID: w.TenantID, Slug: "studio"}, audit.Span{}, nil)
	if err != nil || report.Fault != nil {
		t.Errorf("the audit log: %v, %v", report.Fault, err)
	}
	got := w.text(t, "SELECT action || ' ' || (actor_id = $2) || ' ' || old_value || ' ' || reason FROM audit_entry WHERE account_id = $1", w.Owner.AccountID, w.Admin.AccountID)
	if want := `account.erased true {"role":"CUSTOMER","devices":1,"sessions":1,"bookings":2,"uploads":1,"jobs":3} asked for it`; got != want {
		t.Errorf("the entry: %s, want %s", got, want)
	}
	if n := w.text(t, "SELECT count(*)::text FROM image WHERE job_id = $1", w.Package.ID); n != "6" {
		t.Errorf("the studio has %s of its 6 pictures", n)
	}
}

// A table of which an erased person could get a row, or a row's address, must refuse it.
func TestTablesOfPeopleTakeNothingOfWhoWasErased(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	without := map[string]string{
		"audit_entry":     "acts and whom they are about, as numbers",
		"delivery":        "pictures as numbers",
		"selection_event": "pictures as numbers",
		"settlement":      "the studio's books",
		"image_import":    "an admin's run, with the studio's names for files",
		"security_event":  "counted off the path of requests; hashes and numbers",
	}
	rows, err := db.Owner.Query(t.Context(), `
		SELECT DISTINCT c.relname::text, EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'not_of_erased')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var table string
		var guarded bool
		if err := rows.Scan(&table, &guarded); err != nil {
			t.Fatal(err)
		}
		seen++
		if guarded == (without[table] != "") {
			t.Errorf("%s: has the trigger not_of_erased %t, a reason to go without it %q", table, guarded, without[table])
		}
	}
	if seen < 8 {
		t.Errorf("%d tables", seen)
	}
}

// An erased account is good for nothing, whoever tries to make something of it.
func TestAnErasedAccountIsGoodForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), ""); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"UPDATE account SET email = 'owner@example.com', email_key = 'owner@example.com' WHERE id = $1", "UPDATE account SET email = 'owner@example.com' WHERE id = $1",
		"UPDATE account SET role = 'ADMIN' WHERE id = $1", "UPDATE account SET blocked_at = NULL WHERE id = $1", "UPDATE account SET verified_at = now() WHERE id = $1",
		"INSERT INTO session (id, tenant_id, account_id, device_id, token_hash, transport, role, created_at, expires_at) SELECT gen_random_uuid(), tenant_id, account_id, id, sha256('a'), 'TOKEN', 'CUSTOMER', now(), now() + interval '1 day' FROM device WHERE account_id = $1",
		"INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at) SELECT gen_random_uuid(), tenant_id, id, sha256('a'), 'x', 'OTHER', now(), now() FROM account WHERE id = $1",
		"INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, created_at) SELECT gen_random_uuid(), tenant_id, id, now(), 'REQUESTED', 'See 1', 'S', '{}', now() FROM account WHERE id = $1",
		"INSERT INTO booking_event SELECT gen_random_uuid(), tenant_id, id, 9, 'CANCELLED', account_id, now(), 'r' FROM booking WHERE account_id = $1",
		`INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, due_at, created_at)
			SELECT gen_random_uuid(), tenant_id, id, account_id, id, 'k', 'PENDING', 'a.jpg', 'image/jpeg', 1, sha256('a'), 0, now(), now() FROM job WHERE account_id = $1 LIMIT 1`,
		"UPDATE job SET account_id = $1 WHERE account_id IS NULL AND tenant_id = (SELECT tenant_id FROM account WHERE id = $1)",
	} {
		if _, err := w.db.Pool.Exec(t.Context(), sql, w.Owner.AccountID); err == nil {
			t.Errorf("%s is taken", sql)
		}
	}
	if _, err := w.sessions.Authenticate(t.Context(), w.Owner.Token, "TOKEN", w.TenantID, ""); err == nil {
		t.Error("the session is alive")
	}
	if _, ok := account.ParseAddress("erased " + w.Owner.AccountID.String()); ok {
		t.Error("the tombstone is an address")
	}
}
