package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

func address(t *testing.T, text string) account.Address {
	t.Helper()
	a, ok := account.ParseAddress(text)
	if !ok {
		t.Fatalf("%q is no address", text)
	}
	return a
}

// studio is a fresh studio without any people, as the server's role sees it.
func studio(t *testing.T) (*account.Staff, *stage.DB, id.ID) {
	t.Helper()
	db := stage.Database(t)
	made, err := account.Found(t.Context(), db.Owner, account.Tenant{Slug: "studio", Name: "Studio", Hosts: []string{"api.pix.test"}, Locale: account.German, SignUp: true}, time.Now())
	if err != nil || !made {
		t.Fatalf("Found: %t, %v", made, err)
	}
	tenant, err := account.NewTenants(db.Pool, "studio", time.Now).BySlug(t.Context(), "studio")
	if err != nil {
		t.Fatal(err)
	}
	log := audit.NewLog(secret.NewRing("a key of the tests, long enough for it", ""), time.Now)
	return account.NewStaff(db.Pool, log, time.Now), db, tenant.ID
}

// roles are the accounts and what the audit log says of them, in order.
func roles(t *testing.T, db *stage.DB) string {
	t.Helper()
	var text string
	err := db.Owner.QueryRow(t.Context(), `SELECT
		coalesce((SELECT string_agg(email_key || '=' || role, ' ' ORDER BY email_key) FROM account), '') || ' | ' ||
		coalesce((SELECT string_agg(old_value || '>' || new_value, ' ' ORDER BY sequence) FROM audit_entry), '')`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGrantAndRevokeAreAudited(t *testing.T) {
	t.Parallel()
	staff, db, tenant := studio(t)
	for _, step := range []struct {
		do      func() (bool, error)
		changed bool
		want    string
	}{
		{func() (bool, error) {
			return staff.Grant(t.Context(), tenant, address(t, "Anna@pix.test"), account.Admin)
		}, true,
			`anna@pix.test=ADMIN | "CUSTOMER">"ADMIN"`},
		{func() (bool, error) {
			return staff.Grant(t.Context(), tenant, address(t, "anna@pix.test"), account.Admin)
		}, false,
			`anna@pix.test=ADMIN | "CUSTOMER">"ADMIN"`},
		{func() (bool, error) {
			return staff.Grant(t.Context(), tenant, address(t, "anna@pix.test"), account.Operator)
		}, true,
			`anna@pix.test=OPERATOR | "CUSTOMER">"ADMIN" "ADMIN">"OPERATOR"`},
		{func() (bool, error) {
			return staff.Grant(t.Context(), tenant, address(t, "anna@pix.test"), account.Admin)
		}, false, // takes nothing away
			`anna@pix.test=OPERATOR | "CUSTOMER">"ADMIN" "ADMIN">"OPERATOR"`},
		{func() (bool, error) {
			return staff.Grant(t.Context(), tenant, address(t, "ben@pix.test"), account.Admin)
		}, true,
			`anna@pix.test=OPERATOR ben@pix.test=ADMIN | "CUSTOMER">"ADMIN" "ADMIN">"OPERATOR" "CUSTOMER">"ADMIN"`},
		{func() (bool, error) { return staff.Revoke(t.Context(), tenant, address(t, "anna@pix.test")) }, true,
			`anna@pix.test=CUSTOMER ben@pix.test=ADMIN | "CUSTOMER">"ADMIN" "ADMIN">"OPERATOR" "CUSTOMER">"ADMIN" "OPERATOR">"CUSTOMER"`},
		{func() (bool, error) { return staff.Revoke(t.Context(), tenant, address(t, "anna@pix.test")) }, false,
			`anna@pix.test=CUSTOMER ben@pix.test=ADMIN | "CUSTOMER">"ADMIN" "ADMIN">"OPERATOR" "CUSTOMER">"ADMIN" "OPERATOR">"CUSTOMER"`},
	} {
		changed, err := step.do()
		if err != nil || changed != step.changed {
			t.Errorf("changed %t, want %t: %v", changed, step.changed, err)
		}
		if got := roles(t, db); got != step.want {
			t.Errorf("got  %s\nwant %s", got, step.want)
		}
	}
}

func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	staff, db, tenant := studio(t)
	if _, err := staff.Grant(t.Context(), tenant, address(t, "anna@pix.test"), account.Admin); err != nil {
		t.Fatal(err)
	}
	if _, err := staff.Revoke(t.Context(), tenant, address(t, "anna@pix.test")); !errors.Is(err, account.ErrLastAdmin) {
		t.Errorf("Revoke: %v, want ErrLastAdmin", err)
	}
	if _, err := staff.Revoke(t.Context(), tenant, address(t, "nobody@pix.test")); !errors.Is(err, account.ErrNoAccount) {
		t.Errorf("Revoke: %v, want ErrNoAccount", err)
	}
	if _, err := staff.Grant(t.Context(), tenant, address(t, "ben@pix.test"), account.Photographer); err == nil {
		t.Error("a photographer was made staff")
	}
	if got := roles(t, db); got != `anna@pix.test=ADMIN | "CUSTOMER">"ADMIN"` {
		t.Error(got)
	}
}

// Many who revoke each other at the same moment leave one.
func TestAdminsWhoRevokeEachOtherLeaveOne(t *testing.T) {
	t.Parallel()
	staff, db, tenant := studio(t)
	const admins = 8
	for i := range admins {
		if _, err := staff.Grant(t.Context(), tenant, address(t, fmt.Sprintf("a%d@pix.test", i)), account.Admin); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for i := range admins {
		wg.Go(func() {
			if _, err := staff.Revoke(context.WithoutCancel(t.Context()), tenant, address(t, fmt.Sprintf("a%d@pix.test", i))); err != nil && !errors.Is(err, account.ErrLastAdmin) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := strings.Count(roles(t, db), "=ADMIN"); got != 1 {
		t.Errorf("%d admins are left", got)
	}
}

func TestARoleChangeEndsTheSessions(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	staff := account.NewStaff(db.Pool, audit.NewLog(secret.NewRing("a key of the tests, long enough for it", ""), time.Now), time.Now)
	live := func() (n int) {
		if err := db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM session WHERE account_id = $1 AND revoked_at IS NULL", people.Owner.AccountID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := live()
	if _, err := staff.Grant(t.Context(), people.TenantID, address(t, people.Owner.Email), account.Admin); err != nil {
		t.Fatal(err)
	}
	if after := live(); before == 0 || after != 0 {
		t.Errorf("%d sessions before, %d after", before, after)
	}
}

// Without its audit entry a change does not happen.
func TestAChangeThatCanNotBeAuditedDoesNotHappen(t *testing.T) {
	t.Parallel()
	staff, db, tenant := studio(t)
	if _, err := db.Owner.Exec(t.Context(), "REVOKE INSERT ON audit_entry FROM pixgate_server"); err != nil {
		t.Fatal(err)
	}
	if _, err := staff.Grant(t.Context(), tenant, address(t, "anna@pix.test"), account.Admin); err == nil {
		t.Error("granted without an entry")
	}
	if got := roles(t, db); got != " | " {
		t.Error(got)
	}
}

func TestOnlyTheFirstStudioIsFounded(t *testing.T) {
	t.Parallel()
	_, db, _ := studio(t)
	made, err := account.Found(t.Context(), db.Owner, account.Tenant{Slug: "second", Name: "Second", Locale: account.German}, time.Now())
	if err != nil || made {
		t.Errorf("Found: %t, %v", made, err)
	}
	if _, err := account.NewTenants(db.Pool, "studio", time.Now).BySlug(t.Context(), "second"); err == nil {
		t.Error("there is a second studio")
	}
}

// Two servers that are rolled out at once both migrate.
func TestFiftyWhoFoundAtOnceMakeOneStudio(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	var made atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			first, err := account.Found(t.Context(), db.Owner, account.Tenant{Slug: "studio", Name: "Studio", Hosts: []string{"api.studio.test"}, Locale: account.German, SignUp: true}, time.Now())
			if err != nil {
				t.Error(err)
			}
			if first {
				made.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("%d made the first studio", made.Load())
	}
}
