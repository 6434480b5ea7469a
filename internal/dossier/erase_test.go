package dossier_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dossier"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

func TestWhoMayEraseWhom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lone := w.Person(t, w.ForeignTenantID, "lone@example.com", account.Admin)
	w.Exec(t, "UPDATE account SET role = 'CUSTOMER' WHERE id = $1", w.ForeignAdmin.AccountID)
	unknown := id.Account.Format(id.New(time.Now()))
	blocked := w.viewer(w.Admin)
	blocked.BlockedAt = new(time.Now())
	for _, c := range []struct {
		name    string
		by      account.Viewer
		whom    string
		code    fault.Code
		refusal string
	}{
		{"signed out", account.Viewer{TenantID: w.TenantID}, w.Owner.PublicID(), fault.Unauthenticated, ""},
		{"a customer, themselves", w.viewer(w.Owner), w.Owner.PublicID(), fault.Forbidden, ""},
		{"a photographer", w.viewer(w.Photographer), w.Owner.PublicID(), fault.Forbidden, ""},
		{"a blocked admin", blocked, w.Owner.PublicID(), fault.AccountBlocked, ""},
		{"another studio's admin", w.viewer(lone), w.Owner.PublicID(), fault.Forbidden, ""},
		{"nobody there is", w.viewer(w.Admin), unknown, fault.Forbidden, ""},
		{"another studio's customer", w.viewer(w.Operator), w.Foreigner.PublicID(), fault.Forbidden, ""},
		{"a job", w.viewer(w.Admin), w.Package.PublicID(), fault.Forbidden, ""},
		{"nothing", w.viewer(w.Admin), "", fault.Forbidden, ""},
		{"an admin, themselves", w.viewer(w.Admin), w.Admin.PublicID(), "", dossier.OwnAccount},
		{"an admin, an operator", w.viewer(w.Admin), w.Operator.PublicID(), "", job.WrongRole},
		{"the last admin, themselves", w.viewer(lone), lone.PublicID(), "", dossier.OwnAccount},
	} {
		refusal, err := w.dossiers.Erase(t.Context(), c.by, c.whom, "")
		if c.code != "" && !fault.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
		if c.refusal != "" && (err != nil || refusal == nil || refusal.Code != c.refusal || refusal.Message == "") {
			t.Errorf("%s: %v, %v; want %s", c.name, refusal, err, c.refusal)
		}
	}
	if _, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), strings.Repeat("r", 1001)); !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("a reason of 1,001 characters: %v", err)
	}
	if n := w.text(t, "SELECT count(*)::text FROM account WHERE erased_at IS NOT NULL"); n != "0" {
		t.Errorf("%s were erased all the same", n)
	}
	if n := w.text(t, "SELECT count(*)::text FROM audit_entry"); n != "0" {
		t.Errorf("%s entries of nothing", n)
	}
	if refusal, err := w.dossiers.Erase(t.Context(), w.viewer(w.Operator), w.Admin.PublicID(), ""); err != nil || refusal != nil {
		t.Errorf("an operator, an admin: %v, %v", refusal, err)
	}
}

// A refusal leaves the codes of somebody who is signing in.
func TestWhoIsNotErasedKeepsTheirCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challengeID, code := w.newCode(t, w.client(t, 1), w.Admin.Email)
	if refusal, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Admin.PublicID(), ""); err != nil || refusal == nil {
		t.Fatal(refusal, err)
	}
	if _, err := w.signIn(t, w.client(t, 1), challengeID, code, "a-device-of-the-admin"); err != nil {
		t.Errorf("the code is gone: %v", err)
	}
}

// Two admins who erase each other at the same moment leave one.
func TestAdminsWhoEraseEachOtherLeaveOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Exec(t, "UPDATE account SET role = 'CUSTOMER' WHERE role IN ('ADMIN', 'OPERATOR')")
	var admins []*cast.Person
	for i := range 10 {
		admins = append(admins, w.Person(t, w.TenantID, fmt.Sprintf("admin%d@example.com", i), account.Admin))
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			by, whom := admins[i%10], admins[(i+1+i/10)%10]
			if by == whom {
				return
			}
			if _, err := w.dossiers.Erase(t.Context(), w.viewer(by), whom.PublicID(), ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.text(t, "SELECT count(*)::text FROM account WHERE role = 'ADMIN' AND tenant_id = $1", w.TenantID); n != "1" {
		t.Errorf("%s admins are left", n)
	}
}

func TestErasingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		if refusal, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), ""); err != nil || refusal != nil {
			t.Fatal(refusal, err)
		}
	}
	if n := w.text(t, "SELECT count(*)::text FROM audit_entry"); n != "1" {
		t.Errorf("%s entries", n)
	}
}

func TestFiftyErasuresOfOnePersonAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if refusal, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), ""); err != nil || refusal != nil {
				t.Error(refusal, err)
			}
		})
	}
	all.Wait()
	if n := w.text(t, "SELECT count(*)::text FROM audit_entry"); n != "1" {
		t.Errorf("%s entries", n)
	}
}

// midway runs do while an erasure has written everything and not committed yet, and
// returns what do says once the erasure is through.
func (w *world) midway(t *testing.T, do func() error) error {
	t.Helper()
	w.Exec(t, "INSERT INTO audit_head (tenant_id, sequence, hash) VALUES ($1, 0, sha256('')) ON CONFLICT DO NOTHING", w.TenantID)
	w.Exec(t, "UPDATE audit_head SET hash = decode(repeat('00', 32), 'hex') WHERE sequence = 0")
	head, err := w.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := head.Exec(t.Context(), "SELECT FROM audit_head WHERE tenant_id = $1 FOR UPDATE", w.TenantID); err != nil {
		t.Fatal(err)
	}
	erased, done := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), "")
		erased <- err
	}()
	w.waiting(t, 1)
	go func() { done <- do() }()
	w.waiting(t, 2)
	if err := head.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-erased; err != nil {
		t.Errorf("erase: %v", err)
	}
	return <-done
}

// waiting waits until so many sessions of the server wait for a lock.
func (w *world) waiting(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		var got int // a role sees its own only
		if err := w.db.Pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions wait for a lock, want %d", got, n)
		}
	}
}

// A booking that was under way when its account was erased is not stored: once it was
// looked at before, and stored after.
func TestABookingUnderWayIsNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	err := w.midway(t, func() error {
		_, err := w.db.Pool.Exec(t.Context(), `INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, created_at)
			VALUES ($1, $2, $3, now(), 'REQUESTED', 'Seestraße 1', 'S', '{}', now())`, id.New(time.Now()), w.TenantID, w.Owner.AccountID)
		return err
	})
	if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.ConstraintName != "not_of_erased" {
		t.Errorf("%v", err)
	}
	if n := w.text(t, "SELECT count(*)::text FROM booking WHERE address = 'Seestraße 1'"); n != "0" {
		t.Errorf("%s bookings are stored", n)
	}
}

// Whoever books, or announces a file, while they are erased is told what one with a dead
// session is told: once the database's refusal came out as an error of our own.
func TestWhoIsErasedMeanwhileIsSignedOut(t *testing.T) {
	t.Parallel()
	for what, do := range map[string]func(w *world) error{
		"books":     func(w *world) error { return w.book(t, w.Owner, "") },
		"announces": func(w *world) error { return w.announce(t, w.Owner, w.Package, "a.jpg") },
	} {
		w := newWorld(t)
		w.Exec(t, "UPDATE job SET customer_uploads = true")
		if err := w.midway(t, func() error { return do(w) }); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("who %s while they are erased: %v", what, err)
		}
		if n := w.text(t, "SELECT (SELECT count(*) FROM booking WHERE address = 'Seestraße 1') + (SELECT count(*) FROM upload) || ''"); n != "0" {
			t.Errorf("who %s while they are erased has %s", what, n)
		}
	}
}

// A client who calls a booking off while they are erased, and a booking that was a job:
// what is off, and what stays.
func TestBookingsOfWhoWasErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	booked := map[string]*cast.Booking{}
	for _, name := range []string{"requested", "confirmed", "job", "declined"} {
		booked[name] = w.Booked(t, w.Owner, w.Photographer)
	}
	w.Exec(t, "UPDATE booking SET state = 'CONFIRMED', confirmed_date = '2026-12-24', message = 'Mrs Owner' WHERE id = ANY($1)", []id.ID{booked["confirmed"].ID, booked["job"].ID})
	w.Exec(t, "UPDATE booking SET state = 'DECLINED', message = 'Sorry, Mrs Owner' WHERE id = $1", booked["declined"].ID)
	made, refusals, err := w.jobs.CreateFromBooking(t.Context(), w.viewer(w.Admin), booked["job"].PublicID(), "", "")
	if err != nil || refusals != nil {
		t.Fatal(refusals, err)
	}
	if err := w.midway(t, func() error {
		_, _, err := w.bookings.Cancel(t.Context(), w.viewer(w.Owner), w.Booking.PublicID(), booking.Word{})
		return err
	}); err != nil {
		t.Errorf("to call off what is off: %v", err)
	}
	booked["called off"] = w.Booking
	for name, want := range map[string]string{
		"requested": "CANCELLED erased -", "confirmed": "CANCELLED erased -", "job": "CONFIRMED erased 2026-12-24", "declined": "DECLINED erased -", "called off": "CANCELLED erased -",
	} {
		got := w.text(t, "SELECT concat_ws(' ', state, address, notes || contact_phone || message, coalesce(confirmed_date::text, '-')) FROM booking WHERE id = $1", booked[name].ID)
		if got = strings.ReplaceAll(got, "  ", " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := w.text(t, "SELECT title || ' ' || (customer_email LIKE 'erased %') FROM job WHERE id = $1", made.ID); got != "House of owner@example.com true" {
		t.Errorf("the job: %s", got) // see docs/privacy.md: the studio's name for the property
	}
}

// An upload that was not completed ends, and gives back what was reserved for it; all lose
// their names, and those of others nothing.
func TestUploadsOfWhoWasErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, state := range []string{"PENDING", "VERIFYING", "READY", "REJECTED", "ABORTED", "EXPIRED"} {
		w.upload(t, w.Owner, w.Package, state, state+".jpg")
	}
	w.upload(t, w.Photographer, w.Package, "PENDING", "other.jpg")
	if _, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), ""); err != nil {
		t.Fatal(err)
	}
	got := w.text(t, `SELECT string_agg(concat_ws(' ', state, filename, address_key, explanation, ended_at IS NOT NULL), '; ' ORDER BY created_at) FROM upload`)
	want := "ABORTED erased.jpeg erased t; VERIFYING erased.jpeg erased f; READY erased.jpeg erased t; REJECTED erased.jpeg erased  t; " +
		"ABORTED erased.jpeg erased t; EXPIRED erased.jpeg erased t; PENDING other.jpg somewhere f"
	if got != want {
		t.Errorf("the uploads are\n%s, want\n%s", got, want)
	}
	if got := w.text(t, "SELECT concat_ws(' ', j.upload_count, j.upload_bytes, t.upload_bytes) FROM job j JOIN tenant t ON t.id = j.tenant_id WHERE j.id = $1", w.Package.ID); got != "2 20 20" {
		t.Errorf("reserved are %s", got)
	}
	if got := w.text(t, "SELECT string_agg(customer_email, ' ') FROM job WHERE id = $1", w.OtherJob.ID); got != w.Other.Email {
		t.Errorf("another's job is %s's", got)
	}
}

// Somebody who uploads for jobs that are not theirs, as photographers do, takes nothing of
// these along.
func TestAnErasedPhotographersJobsStayTheirClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upload(t, w.Photographer, w.Package, "PENDING", "a.jpg")
	if _, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Photographer.PublicID(), ""); err != nil {
		t.Fatal(err)
	}
	if got := w.text(t, "SELECT customer_email FROM job WHERE id = $1", w.Package.ID); got != w.Owner.Email {
		t.Errorf("the job is %s's", got)
	}
	if got := w.text(t, "SELECT old_value FROM audit_entry WHERE account_id = $1", w.Photographer.AccountID); !strings.Contains(got, `"uploads":1,"jobs":0`) {
		t.Errorf("the entry: %s", got)
	}
}

// An upload that began while the erasure took its locks is locked in its turn: an erasure
// that held the account and went on to that job waited in a circle with the next upload.
func TestAnUploadThatBeginsMeanwhileIsLockedInTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Exec(t.Context(), `INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, due_at, created_at)
		VALUES ($1, $2, $3, $4, $1, 'k', 'PENDING', 'a.jpg', 'image/jpeg', 1, sha256('a'), 0, now(), now())`, id.New(time.Now()), w.TenantID, w.Package.ID, w.Photographer.AccountID); err != nil {
		t.Fatal(err)
	}
	erased, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Photographer.PublicID(), "")
		erased <- err
	}()
	w.waiting(t, 1)
	go func() { second <- w.announce(t, w.Photographer, w.Package, "b.jpg") }()
	w.waiting(t, 2)
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-erased; err != nil {
		t.Errorf("erase: %v", err)
	}
	if err := <-second; err != nil && !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the next upload: %v", err)
	}
	if n := w.text(t, "SELECT count(*)::text FROM upload WHERE state = 'PENDING' OR filename NOT LIKE 'erased.%'"); n != "0" {
		t.Errorf("%s uploads are left", n)
	}
}

// A booking that is being called off is waited for before the account is locked: whoever
// calls it off has the booking, and goes on to the account.
func TestABookingThatIsBeingCalledOffIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	off, err := w.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := off.Exec(t.Context(), "UPDATE booking SET state = 'CANCELLED', events = 2 WHERE id = $1", w.Booking.ID); err != nil {
		t.Fatal(err)
	}
	erased := make(chan error, 1)
	go func() {
		_, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), "")
		erased <- err
	}()
	w.waiting(t, 1)
	if _, err := off.Exec(t.Context(), "INSERT INTO booking_event VALUES ($1, $2, $3, 2, 'CANCELLED', $4, now(), 'r')", id.New(time.Now()), w.TenantID, w.Booking.ID, w.Owner.AccountID); err != nil {
		t.Errorf("call off: %v", err)
	}
	if err := off.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-erased; err != nil {
		t.Errorf("erase: %v", err)
	}
}

// A job that an admin makes for the address meanwhile is for whoever has it next.
func TestAJobUnderWayIsSomebodyElses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made *job.Job
	err := w.midway(t, func() (err error) {
		made, _, err = w.jobs.Create(t.Context(), w.viewer(w.Operator), job.New{CustomerEmail: w.Owner.Email, Title: "Seestraße 1"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.text(t, "SELECT customer_email || ' ' || (account_id IS NULL) FROM job WHERE id = $1", made.ID); got != w.Owner.Email+" true" {
		t.Errorf("the job: %s", got)
	}
}

// An erasure whose entry can't be written does not happen.
func TestAnErasureWithoutItsEntryDoesNotHappen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Exec(t, "REVOKE INSERT ON audit_entry FROM pixgate_server")
	if _, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), ""); err == nil {
		t.Error("erased without an entry")
	}
	if _, err := w.sessions.Authenticate(t.Context(), w.Owner.Token, "TOKEN", w.TenantID, ""); err != nil {
		t.Errorf("signed out: %v", err)
	}
}

// Whoever has the address comes again as somebody new, who is shown nothing of before.
func TestWhoWasErasedMayComeAgainAsSomebodyNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, _ := w.newCode(t, w.client(t, 1), w.Owner.Email)
	if _, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.signIn(t, w.client(t, 1), before, "000000", "a-device-of-the-owner"); !fault.Is(err, fault.OTPInvalid) {
		t.Errorf("a challenge from before: %v", err)
	}
	challengeID, code := w.newCode(t, w.client(t, 2), w.Owner.Email)
	in, err := w.signIn(t, w.client(t, 2), challengeID, code, "a-device-of-the-owner")
	if err != nil {
		t.Fatal(err)
	}
	if in.Viewer.AccountID == w.Owner.AccountID || in.Viewer.DeviceID == w.Owner.DeviceID || in.Viewer.Role != account.Customer {
		t.Errorf("they came again as %+v", in.Viewer)
	}
	if n := w.text(t, "SELECT count(*)::text FROM job WHERE account_id = $1", in.Viewer.AccountID); n != "0" {
		t.Errorf("they got %s jobs of before", n)
	}
}

// Fifty at once sign in, ask for codes, choose pictures, book, call off, upload and get jobs while the
// account is erased five times: nothing of them comes back to it.
func TestNothingComesBackWhileSomebodyIsErased(t *testing.T) {
	t.Parallel()
	for round := range 4 {
		w := newWorld(t)
		challengeID, code := w.newCode(t, w.client(t, 1), w.Owner.Email)
		image := w.Package.Image(job.None)
		w.Exec(t, "UPDATE job SET customer_uploads = true")
		did := map[string]func(i int) error{
			"sign in": func(i int) error {
				_, err := w.signIn(t, w.client(t, 1), challengeID, code, fmt.Sprintf("a-device-of-the-owner-%d", i))
				return err
			},
			"choose": func(i int) error {
				_, _, err := w.jobs.Select(t.Context(), w.viewer(w.Owner), w.Package.PublicID(), []string{image}, i%2 == 0)
				return err
			},
			"book":   func(i int) error { return w.book(t, w.Owner, fmt.Sprint(i)) },
			"upload": func(i int) error { return w.announce(t, w.Owner, w.Package, fmt.Sprint(i, ".jpg")) },
			"call off": func(int) error {
				_, _, err := w.bookings.Cancel(t.Context(), w.viewer(w.Owner), w.Booking.PublicID(), booking.Word{})
				return err
			},
			"get a job": func(int) error {
				_, _, err := w.jobs.Create(t.Context(), w.viewer(w.Admin), job.New{CustomerEmail: w.Owner.Email, Title: "Seestraße 1"})
				return err
			},
		}
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				if i%10 == 5 {
					if refusal, err := w.dossiers.Erase(t.Context(), w.viewer(w.Admin), w.Owner.PublicID(), ""); err != nil || refusal != nil {
						t.Errorf("erase: %v, %v", refusal, err)
					}
					return
				}
				what := []string{"sign in", "choose", "book", "get a job", "upload", "call off"}[i%6]
				err := did[what](i)
				if err == nil || fault.Is(err, fault.OTPInvalid) || fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Forbidden) || fault.Is(err, fault.RateLimited) || fault.Is(err, fault.DeviceLimit) {
					return
				}
				t.Errorf("%s: %v", what, err)
			})
		}
		all.Wait()
		for what, sql := range map[string]string{
			"the account has an address":   "SELECT count(*)::text FROM account WHERE id = $1 AND (erased_at IS NULL OR email NOT LIKE 'erased %' OR last_seen_at IS NOT NULL)",
			"it has sessions":              "SELECT count(*)::text FROM session WHERE account_id = $1",
			"its devices have names":       "SELECT count(*)::text FROM device WHERE account_id = $1 AND (name <> '' OR removed_at IS NULL)",
			"its bookings have places":     "SELECT count(*)::text FROM booking WHERE account_id = $1 AND (address <> 'erased' OR notes <> '' OR state = 'REQUESTED')",
			"its uploads have names":       "SELECT count(*)::text FROM upload WHERE account_id = $1 AND (state = 'PENDING' OR filename NOT LIKE 'erased.%' OR address_key <> 'erased')",
			"its jobs have an address":     "SELECT count(*)::text FROM job WHERE account_id = $1 AND customer_email NOT LIKE 'erased %'",
			"somebody new has jobs of old": "SELECT count(*)::text FROM job j JOIN account a ON a.id = j.account_id WHERE a.id <> $1 AND a.email = 'owner@example.com' AND j.created_at < a.created_at AND j.customer_email LIKE 'erased %'",
		} {
			if n := w.text(t, sql, w.Owner.AccountID); n != "0" {
				t.Errorf("round %d: %s: %s", round, what, n)
			}
		}
		report, err := audit.NewVerifier(w.db.Pool, w.keys, nil).Verify(t.Context(), audit.Studio{ID: w.TenantID, Slug: "studio"}, audit.Span{}, nil)
		if err != nil || report.Fault != nil {
			t.Errorf("the audit log: %v, %v", report.Fault, err)
		}
	}
}
