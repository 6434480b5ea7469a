package gate_test

import (
	"net/netip"
	"testing"

	"pixgate/internal/fault"
	"pixgate/internal/gate"
)

func networks(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestWhoMayKnockWhere(t *testing.T) {
	t.Parallel()
	lists := gate.Lists{
		Blocked: networks("192.0.2.7/32", "2001:db8:bad::/48"),
		Allowed: map[gate.Surface][]netip.Prefix{
			gate.Admin:   networks("192.0.2.0/24", "2001:db8::/32", "fe80::/64"),
			gate.Webhook: networks("198.51.100.0/24"),
		},
	}
	for _, c := range []struct {
		at      gate.Surface
		addr    string
		allowed bool
	}{
		{gate.Anywhere, "203.0.113.1", true},
		{gate.Anywhere, "192.0.2.7", false},
		{gate.Anywhere, "::ffff:192.0.2.7", false},
		{gate.Anywhere, "2001:db8:bad::1", false},
		{gate.Anywhere, "2001:db8:bad::1%eth0", false},
		{gate.Admin, "192.0.2.1", true},
		{gate.Admin, "::ffff:192.0.2.1", true},
		{gate.Admin, "fe80::1%eth0", true},
		{gate.Admin, "203.0.113.1", false},
		{gate.Admin, "192.0.2.7", false},       // allowed and blocked: blocked
		{gate.Admin, "2001:db8:bad::1", false}, // likewise
		{gate.Webhook, "198.51.100.9", true},
		{gate.Webhook, "192.0.2.1", false},  // on another surface's list
		{gate.SendEmail, "192.0.2.1", true}, // no list
		{gate.SendEmail, "192.0.2.7", false},
		{gate.GeneratePDF, "203.0.113.1", true},
	} {
		err := lists.Check(c.at, netip.MustParseAddr(c.addr))
		if (err == nil) != c.allowed || err != nil && !fault.Is(err, fault.IPDenied) {
			t.Errorf("surface %d, %s: %v, want allowed %v", c.at, c.addr, err, c.allowed)
		}
	}
}

func TestNoListsDenyOnlyNobody(t *testing.T) {
	t.Parallel()
	for _, at := range []gate.Surface{gate.Anywhere, gate.Admin, gate.SendEmail, gate.GeneratePDF, gate.Webhook} {
		if err := (gate.Lists{}).Check(at, netip.MustParseAddr("203.0.113.1")); err != nil {
			t.Errorf("surface %d: %v", at, err)
		}
		if err := (gate.Lists{}).Check(at, netip.Addr{}); !fault.Is(err, fault.IPDenied) {
			t.Errorf("surface %d, no address: %v", at, err)
		}
	}
}
