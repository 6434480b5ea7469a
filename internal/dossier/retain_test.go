package dossier_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
)

// retired are customers last seen 100 days ago, by what else there is of them.
func (w *world) retired(t *testing.T, tenantID id.ID) map[string]*cast.Person {
	t.Helper()
	all := map[string]*cast.Person{}
	for _, name := range []string{"nothing", "closed", "open", "waiting", "requested", "declined", "seen", "never", "photographer", "admin"} {
		role := account.Customer
		switch name {
		case "photographer":
			role = account.Photographer
		case "admin":
			role = account.Admin
		}
		p := w.Person(t, tenantID, name+"@retired.test", role)
		w.Exec(t, "UPDATE account SET created_at = now() - interval '400 days', last_seen_at = now() - interval '100 days' WHERE id = $1", p.AccountID)
		all[name] = p
	}
	w.Exec(t, "UPDATE job SET status = 'CLOSED' WHERE id = $1", w.Job(t, all["closed"], nil, true).ID)
	w.Job(t, all["open"], nil, true)
	w.Job(t, &cast.Person{TenantID: tenantID, Email: "waiting@retired.test"}, nil, true)
	for name, state := range map[string]string{"requested": "REQUESTED", "declined": "DECLINED"} {
		w.Exec(t, "INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, created_at) VALUES ($1, $2, $3, now(), $4, 'See 1', 'S', '{}', now())",
			id.New(time.Now()), tenantID, all[name].AccountID, state)
	}
	w.Exec(t, "UPDATE account SET last_seen_at = now() - interval '89 days' WHERE id = $1", all["seen"].AccountID)
	w.Exec(t, "UPDATE account SET last_seen_at = NULL WHERE id = $1", all["never"].AccountID)
	return all
}

// forgotten are the names of who was erased.
func (w *world) forgotten(t *testing.T, people map[string]*cast.Person) string {
	t.Helper()
	var names []string
	for _, name := range []string{"nothing", "closed", "open", "waiting", "requested", "declined", "seen", "never", "photographer", "admin"} {
		if w.text(t, "SELECT (erased_at IS NOT NULL)::text FROM account WHERE id = $1", people[name].AccountID) == "true" {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func TestCustomersWhoDoNotComeAnyMoreAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here, there := w.retired(t, w.TenantID), w.retired(t, w.ForeignTenantID)
	if err := w.dossiers.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.forgotten(t, here) + w.forgotten(t, there); got != "" {
		t.Errorf("no studio asked for it, and forgotten are %s", got)
	}
	w.Exec(t, "UPDATE tenant SET forget_after_days = 90 WHERE id = $1", w.TenantID)
	fresh := w.again()
	var all sync.WaitGroup
	for range 10 { // several servers, and twice each
		all.Go(func() {
			for range 2 {
				if err := fresh.Forget(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := w.forgotten(t, here); got != "nothing closed declined never" {
		t.Errorf("forgotten are %s", got)
	}
	if got := w.forgotten(t, there); got != "" {
		t.Errorf("another studio's %s are forgotten", got)
	}
	if got := w.text(t, "SELECT string_agg(DISTINCT coalesce(actor_id::text, '-') || ' ' || action || ' ' || request_id || ' ' || reason, '; ') || ' ' || count(*) FROM audit_entry"); got != "- account.erased retention not seen for 90 days 4" {
		t.Errorf("the entries: %s", got)
	}
}

// Somebody who comes back between the look and the lock stays.
func TestWhoComesBackIsNotForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Exec(t, "UPDATE tenant SET forget_after_days = 90 WHERE id = $1", w.TenantID)
	for what, sql := range map[string]string{
		"signs in": "UPDATE account SET last_seen_at = now() WHERE id = $1",
		"gets a job": `INSERT INTO job (id, tenant_id, account_id, customer_email_key, customer_email, title, included_images, all_images_included, created_at)
			SELECT gen_random_uuid(), tenant_id, id, email_key, email, 'Job', 1, false, now() FROM account WHERE id = $1`,
		"books": `INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, created_at)
			SELECT gen_random_uuid(), tenant_id, id, now(), 'REQUESTED', 'See 1', 'S', '{}', now() FROM account WHERE id = $1`,
		"is hired": "UPDATE account SET role = 'PHOTOGRAPHER' WHERE id = $1",
	} {
		p := w.Person(t, w.TenantID, strings.ReplaceAll(what, " ", "-")+"@example.com", account.Customer)
		w.Exec(t, "UPDATE account SET created_at = now() - interval '400 days', last_seen_at = now() - interval '100 days' WHERE id = $1", p.AccountID)
		back, err := w.db.Owner.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := back.Exec(t.Context(), "SELECT pg_advisory_xact_lock($1)", account.LockOf(w.TenantID, p.Email)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- w.dossiers.Forget(t.Context()) }()
		w.waiting(t, 1)
		if _, err := back.Exec(t.Context(), sql, p.AccountID); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := back.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got := w.text(t, "SELECT (erased_at IS NULL)::text FROM account WHERE id = $1", p.AccountID); got != "true" {
			t.Errorf("who %s is forgotten", what)
		}
	}
}

// A run that is cut off has done what it has done; one person who can't be erased keeps
// nobody behind them.
func TestForgettingGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Exec(t, "UPDATE tenant SET forget_after_days = 90 WHERE id = $1", w.TenantID)
	people := w.retired(t, w.TenantID)
	w.Exec(t, `CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.erased_at IS NOT NULL AND OLD.email_key = 'nothing@retired.test' THEN RAISE EXCEPTION 'stuck'; END IF; RETURN NEW; END $$;
		CREATE TRIGGER stuck BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION stuck()`)
	cut, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.dossiers.Forget(cut); err == nil {
		t.Error("a run that was cut off says that all is done")
	}
	if err := w.dossiers.Forget(t.Context()); err == nil || !strings.Contains(err.Error(), "stuck") {
		t.Errorf("one can't be erased, and it says %v", err)
	}
	if got := w.forgotten(t, people); got != "closed declined never" {
		t.Errorf("forgotten are %s", got)
	}
	w.Exec(t, "DROP TRIGGER stuck ON account")
	if err := w.dossiers.Forget(t.Context()); err != nil {
		t.Error(err)
	}
	if got := w.forgotten(t, people); got != "nothing closed declined never" {
		t.Errorf("in the end, forgotten are %s", got)
	}
}
