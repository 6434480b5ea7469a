package egress_test

import (
	"net/netip"
	"testing"

	"pixgate/internal/egress"
)

// IANA's registries of special-purpose addresses (RFC 6890 and its updates), the multicast blocks, and what IPv6
// has not given out. Of each the first address, one within, and the last.
var special = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32",
	"192.0.0.170/32", "192.0.0.171/32", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
	"::1/128", "::/128", "::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:2::/48", "2001:3::/32",
	"2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fd00::/8", "fe80::/10", "fec0::/10", "ff00::/8",
	"200::/7", "400::/6", "800::/5", "1000::/4", "4000::/3", "6000::/3", "8000::/3", "a000::/3", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "3ffe::/16",
}

func TestSpecialAddressesAreNotPublic(t *testing.T) {
	t.Parallel()
	for _, text := range special {
		network := netip.MustParsePrefix(text)
		for _, addr := range []netip.Addr{network.Addr(), second(network), last(network)} {
			if egress.Public(addr) {
				t.Errorf("%s of %s counts as public", addr, network)
			}
		}
	}
}

// What lies just outside of a special network is somebody's, and reachable.
func TestOtherAddressesArePublic(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
		"191.255.255.255", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
		"2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1", "2400:cb00::1", "2003::1", "2620:4f:8001::1",
	} {
		if !egress.Public(netip.MustParseAddr(text)) {
			t.Errorf("%s does not count as public", text)
		}
	}
	for _, text := range []string{"2606:4700::1111%eth0", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "fe80::1%lo"} {
		if egress.Public(netip.MustParseAddr(text)) {
			t.Errorf("%s leads somewhere else than it says", text)
		}
	}
	if egress.Public(netip.Addr{}) {
		t.Error("no address at all counts as public")
	}
}

func second(network netip.Prefix) netip.Addr {
	if next := network.Addr().Next(); network.Contains(next) {
		return next
	}
	return network.Addr()
}

func last(network netip.Prefix) netip.Addr {
	bytes := network.Addr().AsSlice()
	for bit := network.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}
