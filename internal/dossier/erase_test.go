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
	if n := w.text(t, "SELECT count(*)::text FROM booking"); n != "0" {
		t.Errorf("%s bookings are stored", n)
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

// Fifty at once sign in, ask for codes, choose pictures, book and get jobs while the
// account is erased five times: nothing of them comes back to it.
func TestNothingComesBackWhileSomebodyIsErased(t *testing.T) {
	t.Parallel()
	for round := range 4 {
		w := newWorld(t)
		challengeID, code := w.newCode(t, w.client(t, 1), w.Owner.Email)
		image := w.Package.Image(job.None)
		did := map[string]func(i int) error{
			"sign in": func(i int) error {
				_, err := w.signIn(t, w.client(t, 1), challengeID, code, fmt.Sprintf("a-device-of-the-owner-%d", i))
				return err
			},
			"choose": func(i int) error {
				_, _, err := w.jobs.Select(t.Context(), w.viewer(w.Owner), w.Package.PublicID(), []string{image}, i%2 == 0)
				return err
			},
			"book": func(int) error {
				_, err := w.db.Pool.Exec(t.Context(), `INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, notes, created_at)
					VALUES ($1, $2, $3, now(), 'REQUESTED', 'Seestraße 1', 'S', '{}', 'ring twice', now())`, id.New(time.Now()), w.TenantID, w.Owner.AccountID)
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
				what := []string{"sign in", "choose", "book", "get a job"}[i%4]
				err := did[what](i)
				refused, ofDatabase := errors.AsType[*pgconn.PgError](err)
				if ofDatabase && refused.Code == "23514" || err == nil || fault.Is(err, fault.OTPInvalid) || fault.Is(err, fault.Forbidden) || fault.Is(err, fault.RateLimited) || fault.Is(err, fault.DeviceLimit) {
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
