package matrix

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
)

const notifyOther = "mutation($job: ID!) { notifyCustomer(input: { jobId: $job, message: \"Hallo\" }) { job { id } userErrors { code } } }"

// Whoever has an admin's session, but not the office's address, sends no mail to clients.
func TestMailLeavesFromListedAddressesOnly(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	job := map[string]any{"job": m.OtherJob.PublicID()}
	for network, status := range map[string]int{"198.51.100.0/24": 403, "0.0.0.0/0": 200} {
		m.resolver.Lists = gate.Lists{Allowed: map[gate.Surface][]netip.Prefix{gate.SendEmail: {netip.MustParsePrefix(network), netip.MustParsePrefix("2001:db8::/32")}}}
		before := m.count("SELECT count(*) FROM notification")
		got := m.send(t, m.Admin, notifyOther, job)
		if got.status != status || (status == 403) != got.has("IP_DENIED", []any{"notifyCustomer"}) {
			t.Errorf("%s: %v", network, got)
		}
		if made := m.count("SELECT count(*) FROM notification") - before; (made == 1) != (status == 200) {
			t.Errorf("%s: %d notifications", network, made)
		}
	}
}

func TestMailToCustomersIsLimited(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.resolver.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.Email: {Most: 2, Period: time.Hour}})
	for i, status := range []int{200, 200, 429} {
		if got := a.as(a.Admin, notifyOther, map[string]any{"job": a.OtherJob.PublicID()}); got.status != status {
			t.Errorf("mail %d: %d %s", i+1, got.status, got.body)
		}
	}
}

// A page of a hundred people costs one statement more when it tells how mail to them stands.
func TestHowMailStandsIsReadForAPageAtOnce(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.Exec(t, "INSERT INTO unsubscribed VALUES ($1, 'owner@example.com', now())", a.TenantID)
	a.Exec(t, "INSERT INTO mail_suppression VALUES ('other@example.com', 'BOUNCE', now())")
	got := a.as(a.Admin, "{ accounts { nodes { email notifications mailSuppressed { cause } } } }", nil)
	for _, want := range []string{
		`"email":"owner@example.com","notifications":false,"mailSuppressed":null`, `"email":"other@example.com","notifications":true,"mailSuppressed":{"cause":"BOUNCE"}`,
		`"email":"idle@example.com","notifications":true,"mailSuppressed":null`,
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%s is not in %s", want, got.body)
		}
	}
	statements := func(query string) int64 {
		before := a.statements.Load()
		if got := a.as(a.Admin, query, nil); got.status != 200 {
			t.Fatal(got.body)
		}
		return a.statements.Load() - before
	}
	without, with := statements("{ accounts { nodes { email } } }"), statements("{ accounts { nodes { email notifications mailSuppressed { cause } } } }")
	if with != without+1 {
		t.Errorf("%d statements, want one more than %d", with, without)
	}
	// The customer sees the own wish, and nothing of the mailbox.
	if got := a.as(a.Other, "{ viewer { notifications mailSuppressed { cause } } }", nil); !strings.Contains(got.body, `{"notifications":true,"mailSuppressed":null}`) {
		t.Errorf("the customer: %s", got.body)
	}
}
