package dossier_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// exported is somebody's export.
func (w *world) exported(t *testing.T, p *cast.Person) (text string, parsed map[string]json.RawMessage) {
	t.Helper()
	export, err := w.dossiers.Export(t.Context(), w.viewer(p))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := export.Send(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &parsed); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, out.String())
	}
	return out.String(), parsed
}

// live gives a person a booking more, uploads, choices and deliveries of a job.
func (w *world) live(t *testing.T, p *cast.Person, j *cast.Job, n int) {
	t.Helper()
	w.Exec(t, `INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, notes, contact_phone, created_at)
		VALUES ($1, $2, $3, now(), 'REQUESTED', $4, 'S', '{2026-12-24}', 'ring twice', '+49 30 0', now())`, id.New(time.Now()), p.TenantID, p.AccountID, "Home of "+p.AccountID.String())
	w.Exec(t, `INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, rejection, explanation, due_at, created_at, ended_at)
		SELECT gen_random_uuid(), $1, $2, $3, $4, 'k', 'REJECTED', 'From ' || $3::uuid || '.jpg', 'image/jpeg', 1, sha256(''), 0, 'EMPTY', 'It is empty.', now(), now(), now() FROM generate_series(1, $5) n`,
		p.TenantID, j.ID, p.AccountID, p.SessionID, n)
	w.Exec(t, `INSERT INTO selection_event SELECT gen_random_uuid(), $1, $2, $3, $4, 'NONE', 'INCLUDED', 'r', now() - n % 7 * interval '1 second' FROM generate_series(1, $5) n`,
		p.TenantID, j.ID, j.Images[job.None], p.AccountID, n)
	w.Exec(t, `INSERT INTO notification (id, tenant_id, job_id, kind, message, images, created_at)
		SELECT gen_random_uuid(), $1, $2, 'studio_message', 'Word to ' || $3::uuid, 0, now() FROM generate_series(1, $4)`, p.TenantID, j.ID, p.AccountID, n)
	w.Exec(t, "INSERT INTO unsubscribed VALUES ($1, $2, now()) ON CONFLICT DO NOTHING", p.TenantID, p.Email)
	w.Exec(t, "INSERT INTO delivery SELECT gen_random_uuid(), $1, $2, $3, false, 'URL', $4, 'r', now() FROM generate_series(1, $5)", p.TenantID, j.ID, p.AccountID, []id.ID{j.Images[job.Included]}, n)
}

func TestAnExportIsAllOfOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live(t, w.Owner, w.Package, 1201) // more than two blocks
	w.live(t, w.Other, w.OtherJob, 3)
	w.live(t, w.Foreigner, w.ForeignJob, 3)
	text, parsed := w.exported(t, w.Owner)
	for part, want := range map[string]int{"devices": 1, "sessions": 1, "bookings": 2, "jobs": 2, "uploads": 1201, "notifications": 1201, "selections": 1201, "deliveries": 1201} {
		var rows []json.RawMessage
		if err := json.Unmarshal(parsed[part], &rows); err != nil || len(rows) != want {
			t.Errorf("%s: %d, want %d; %v", part, len(rows), want, err)
		}
	}
	var profile struct {
		ID, Email, Role  string
		Notifications    bool
		MailRefusedSince *time.Time
	}
	if err := json.Unmarshal(parsed["account"], &profile); err != nil || profile.ID != w.Owner.PublicID() || profile.Email != w.Owner.Email || profile.Role != "CUSTOMER" || profile.Notifications || profile.MailRefusedSince != nil {
		t.Errorf("account: %s", parsed["account"])
	}
	for _, needed := range []string{"Home of " + w.Owner.AccountID.String(), "From " + w.Owner.AccountID.String(), "Word to " + w.Owner.AccountID.String(), "House of owner@example.com", w.Booking.PublicID(), `"byYou":true`, "ring twice", "+49 30 0", "2026-12-24", `"name":"Test"`, w.Package.PublicID(), w.All.PublicID(), w.Package.Image(job.Included)} {
		if !strings.Contains(text, needed) {
			t.Errorf("it lacks %s", needed)
		}
	}
	for _, other := range []*cast.Person{w.Other, w.Photographer, w.Admin, w.Foreigner} {
		for _, one := range []string{other.AccountID.String(), other.PublicID(), other.DeviceID.String(), "Home of " + other.AccountID.String(), "Word to " + other.AccountID.String()} {
			if strings.Contains(text, one) {
				t.Errorf("it holds %s of %s", one, other.Email)
			}
		}
	}
	for _, j := range []*cast.Job{w.OtherJob, w.ForeignJob, w.Unclaimed} {
		if strings.Contains(text, j.PublicID()) {
			t.Errorf("it holds another's job")
		}
	}
	for _, b := range []*cast.Booking{w.OtherBooking, w.ForeignBooking} {
		if strings.Contains(text, b.PublicID()) {
			t.Errorf("it holds another's booking")
		}
	}
	// What signs in, or proves a device, is nobody's to see.
	for what, sql := range map[string]string{"token": "SELECT encode(token_hash, 'hex') FROM session WHERE account_id = $1", "device": "SELECT encode(secret_hash, 'hex') FROM device WHERE account_id = $1"} {
		if strings.Contains(text, w.text(t, sql, w.Owner.AccountID)) {
			t.Errorf("it holds what is kept of the %s", what)
		}
	}
	// A photographer gets the jobs that are theirs as a client, not those assigned.
	if text, _ := w.exported(t, w.Photographer); strings.Contains(text, w.Package.PublicID()) {
		t.Error("a photographer exports a client's job")
	}
}

// Every column that an erasure empties is in the export, or somebody says here why not.
func TestAnExportHasWhatAnErasureErases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t, w.Owner, w.Package)
	w.Exec(t, "UPDATE account SET email = 'ZZ-account.email' WHERE id = $1", w.Owner.AccountID)
	hidden := map[string]string{
		"account.email_key":            "another spelling of the address",
		"job.customer_email_key":       "likewise",
		"device.secret_hash":           "proves the device",
		"session.token_hash":           "is the session",
		"upload.address_key":           "a hash of where it came from",
		"login_challenge.asker":        "a hash, gone within days",
		"login_challenge.secret_hash":  "likewise",
		"login_code.email":             "the address of the account, gone within days",
		"login_code.email_key":         "likewise",
		"mail_suppression.email_key":   "the address of the account",
		"unsubscribed.email_key":       "likewise",
		"unsubscribe_token.email_key":  "likewise",
		"unsubscribe_token.token_hash": "is the way out",
	}
	kinds := columns(t, w.db)
	for name, word := range classified(t) {
		table, column, _ := strings.Cut(name, ".")
		if word != "erased" || hidden[name] != "" {
			continue
		}
		value := "ZZ-" + name
		if strings.Contains(column, "date") {
			w.Exec(t, "UPDATE booking SET preferred_dates = '{}', confirmed_date = NULL")
			w.Exec(t, "UPDATE booking SET "+column+" = "+marked(name, kinds[name]))
			value = markDate
		} else if table != "account" {
			w.Exec(t, fmt.Sprintf("UPDATE %s SET %s = substr('%s', 1, 40) WHERE account_id = $1", table, column, value), w.Owner.AccountID)
		}
		if text, _ := w.exported(t, w.Owner); !strings.Contains(text, value) {
			t.Errorf("%s is erased, and not exported: give it a line in Export.parts, or a reason in hidden", name)
		}
	}
}

func TestWhoMayExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for code, v := range map[fault.Code]account.Viewer{
		fault.Unauthenticated:   {TenantID: w.TenantID, AccountID: w.Owner.AccountID},
		fault.AccountBlocked:    {TenantID: w.TenantID, AccountID: w.Owner.AccountID, SessionID: w.Owner.SessionID, Role: account.Customer, BlockedAt: new(time.Now())},
		fault.MembershipExpired: {TenantID: w.TenantID, AccountID: w.Owner.AccountID, SessionID: w.Owner.SessionID, Role: account.Customer, ValidUntil: new(time.Now())},
	} {
		if _, err := w.dossiers.Export(t.Context(), v); !fault.Is(err, code) {
			t.Errorf("%v, want %s", err, code)
		}
	}
}

// ending is a writer that ends somebody's session once something was written.
type ending struct {
	bytes.Buffer
	end func()
}

func (e *ending) Write(p []byte) (int, error) {
	if e.Len() > 0 && e.end != nil {
		e.end()
		e.end = nil
	}
	return e.Buffer.Write(p)
}

// An export that goes on for long ends with its session, without an end of its own.
func TestAnExportEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for what, sql := range map[string]string{
		"signed out": "UPDATE session SET revoked_at = now() WHERE id = $1", "blocked": "UPDATE account SET blocked_at = now() WHERE id = (SELECT account_id FROM session WHERE id = $1)",
	} {
		w := newWorld(t)
		w.live(t, w.Owner, w.Package, 1201)
		export, err := w.dossiers.Export(t.Context(), w.viewer(w.Owner))
		if err != nil {
			t.Fatal(err)
		}
		out := &ending{end: func() { w.Exec(t, sql, w.Owner.SessionID) }}
		if err := export.Send(t.Context(), out); err == nil || json.Valid(out.Bytes()) {
			t.Errorf("%s: %v, and it has an end", what, err)
		}
		if strings.Contains(out.String(), "deliveries") {
			t.Errorf("%s: it went on to the deliveries", what)
		}
	}
}

// A client that goes away ends it, and so does a database.
func TestAnExportThatFailsHasNoEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	export, err := w.dossiers.Export(t.Context(), w.viewer(w.Owner))
	if err != nil {
		t.Fatal(err)
	}
	gone, writer := io.Pipe()
	gone.Close()
	if err := export.Send(t.Context(), writer); err == nil {
		t.Error("the client is gone, and it says that all is well")
	}
	w.Exec(t, "ALTER TABLE delivery RENAME TO gone")
	var out bytes.Buffer
	if err := export.Send(t.Context(), &out); err == nil || json.Valid(out.Bytes()) {
		t.Errorf("%v, and it has an end", err)
	}
}
