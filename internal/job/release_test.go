package job_test

import (
	"fmt"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// TestRelease is the specification of the release rule.
func TestRelease(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		state                job.SelectionState
		picked, allInPackage bool
		reason               job.ReleaseReason // without allImagesIncluded
	}{
		//                  released, with all included
		{job.None, false, true, job.NotSelected},
		{job.Included, true, true, job.ByInclusion},
		{job.ExtraPending, false, true, job.PaymentPending},
		{job.ExtraPaid, true, true, job.ByPayment},
		{job.ExtraFree, true, true, job.ByGoodwill},
		{job.Blocked, false, false, job.ReleaseWithheld},
		{"", false, false, job.ReleaseWithheld},
		{"SOMETHING_NEW", false, false, job.ReleaseWithheld},
	} {
		if got, reason := job.Release(row.state, false); got != row.picked || reason != row.reason {
			t.Errorf("Release(%q, false) = %v, %s; want %v, %s", row.state, got, reason, row.picked, row.reason)
		}
		wantReason := job.ByAllIncluded
		if !row.allInPackage {
			wantReason = job.ReleaseWithheld
		}
		if got, reason := job.Release(row.state, true); got != row.allInPackage || reason != wantReason {
			t.Errorf("Release(%q, true) = %v, %s; want %v, %s", row.state, got, reason, row.allInPackage, wantReason)
		}
	}
}

// TestDecide walks the whole decision: who asks × state × package.
func TestDecide(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	past, future := now.Add(-time.Second), now.Add(time.Second)
	tenant, customer, photographer := id.New(now), id.New(now), id.New(now)
	member := func(who id.ID, role account.Role, change ...func(*account.Viewer)) account.Viewer {
		v := account.Viewer{TenantID: tenant, AccountID: who, SessionID: id.New(now), DeviceID: id.New(now), Role: role}
		for _, c := range change {
			c(&v)
		}
		return v
	}
	blocked := func(v *account.Viewer) { v.BlockedAt = &past }
	expired := func(v *account.Viewer) { v.ValidUntil = &now }
	lasting := func(v *account.Viewer) { v.ValidUntil = &future }
	foreign := func(v *account.Viewer) { v.TenantID = id.New(now) }

	type kind string
	const (
		nothing kind = "nothing"
		owner   kind = "owner" // sees, downloads what is released, chooses
		staff   kind = "staff" // sees and downloads everything, delivers nothing, chooses nothing
		both    kind = "both"  // staff that is the customer, too
	)
	askers := []struct {
		name   string
		viewer account.Viewer
		may    kind
	}{
		{"signed out", account.Viewer{}, nothing},
		{"signed out, with the customer's ids", account.Viewer{TenantID: tenant, AccountID: customer, Role: account.Customer}, nothing},
		{"owner", member(customer, account.Customer), owner},
		{"owner, membership running", member(customer, account.Customer, lasting), owner},
		{"owner, blocked", member(customer, account.Customer, blocked), nothing},
		{"owner, membership over", member(customer, account.Customer, expired), nothing},
		{"owner's id in another studio", member(customer, account.Customer, foreign), nothing},
		{"other customer", member(id.New(now), account.Customer), nothing},
		{"assigned photographer", member(photographer, account.Photographer), staff},
		{"assigned photographer, blocked", member(photographer, account.Photographer, blocked), nothing},
		{"assigned photographer, membership over", member(photographer, account.Photographer, expired), nothing},
		{"once a photographer, now a customer", member(photographer, account.Customer), nothing},
		{"other photographer", member(id.New(now), account.Photographer), nothing},
		{"photographer who is the customer", member(customer, account.Photographer), owner},
		{"admin", member(id.New(now), account.Admin), staff},
		{"admin, valid-until passed", member(id.New(now), account.Admin, expired), staff},
		{"admin, blocked", member(id.New(now), account.Admin, blocked), nothing},
		{"admin of another studio", member(id.New(now), account.Admin, foreign), nothing},
		{"admin who is the customer", member(customer, account.Admin), both},
		{"operator", member(id.New(now), account.Operator), staff},
		{"unknown role", member(customer, "ROOT"), owner},
		{"unknown role, no customer", member(id.New(now), "ROOT"), nothing},
	}
	states := []job.SelectionState{job.None, job.Included, job.ExtraPending, job.ExtraPaid, job.ExtraFree, job.Blocked}
	for _, asker := range askers {
		for _, all := range []bool{false, true} {
			for _, state := range states {
				t.Run(fmt.Sprintf("%s/%s/all=%v", asker.name, state, all), func(t *testing.T) {
					t.Parallel()
					j := &job.Job{ID: id.New(now), TenantID: tenant, CustomerID: &customer, PhotographerID: &photographer, AllImagesIncluded: all}
					released, _ := job.Release(state, all)
					want := map[kind]job.Access{
						nothing: {},
						owner:   {See: true, Download: released, Choose: true},
						staff:   {See: true, Download: true, Staff: true},
						both:    {See: true, Download: true, Choose: true},
					}[asker.may]
					if got := job.Decide(asker.viewer, j, state, now); got != want {
						t.Errorf("Decide = %+v, want %+v", got, want)
					}
				})
			}
		}
	}
}

func TestNobodyIsTheCustomerOfAnUnclaimedJob(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tenant := id.New(now)
	v := account.Viewer{TenantID: tenant, SessionID: id.New(now), Role: account.Customer}
	if got := job.Decide(v, &job.Job{TenantID: tenant, AllImagesIncluded: true}, job.Included, now); got != (job.Access{}) {
		t.Errorf("Decide = %+v for a viewer without account", got)
	}
	if got := job.Decide(v, nil, job.Included, now); got != (job.Access{}) {
		t.Errorf("Decide = %+v for no job", got)
	}
}
