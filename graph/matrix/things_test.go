package matrix

import (
	"net/netip"
	"strings"
	"testing"

	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// auditLog, securityEvents and accounts are for admins at listed addresses. node(id:) is
// for everybody, and must not be the way around.
func TestAnAdminAwayFromTheListedAddressesNamesNothingThatOnlyAdminsSee(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.as(a.Admin, `mutation { setSelectionState(input: {imageIds: ["`+a.Package.Image(job.None)+`"], selectionState: BLOCKED}) { __typename } }`, nil)
	a.Exec(t, `INSERT INTO security_event (id, tenant_id, event, route, detail, request_id, count, first_at, last_at)
		VALUES (gen_random_uuid(), $1, 'csrf_blocked', '', '', '', 1, now(), now())`, a.TenantID)
	one := func(kind id.Kind, sql string) string {
		var found id.ID
		if err := a.db.Owner.QueryRow(t.Context(), sql).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return kind.Format(found)
	}
	admins := []string{
		one(id.Audit, "SELECT id FROM audit_entry LIMIT 1"), one(id.Security, "SELECT id FROM security_event LIMIT 1"), id.Import.Format(a.Import), a.Owner.PublicID(),
	}
	name := func(thing string) answer { return a.as(a.Admin, `{ node(id: "`+thing+`") { id } }`, nil) }
	for _, thing := range admins {
		if got := name(thing); got.status != 200 {
			t.Errorf("%s without a list: %d %s", thing[:3], got.status, got.body)
		}
	}
	a.resolver.Lists = gate.Lists{Allowed: map[gate.Surface][]netip.Prefix{gate.Admin: {netip.MustParsePrefix("198.51.100.0/24")}}}
	for _, thing := range admins {
		if got := name(thing); got.status != 403 || !strings.Contains(got.body, "IP_DENIED") {
			t.Errorf("%s: %d %s", thing[:3], got.status, got.body)
		}
		if got := a.as(a.Owner, `{ node(id: "`+thing+`") { id } }`, nil); strings.Contains(got.body, "IP_DENIED") {
			t.Errorf("%s tells a customer of the list: %s", thing[:3], got.body)
		}
	}
	for _, thing := range []string{a.Admin.PublicID(), a.Package.PublicID(), a.Package.Image(job.None)} {
		if got := name(thing); got.status != 200 {
			t.Errorf("%s: %d %s", thing[:3], got.status, got.body)
		}
	}
}
