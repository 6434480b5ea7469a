package egress

import "net/netip"

// Public reports whether an address belongs to the open internet: whether packets to it
// leave this machine and its networks for good. IANA's registries of special addresses
// decide, and where they leave a choice, the narrower reading: an address that carries
// another one within it (mapped, NAT64, 6to4, Teredo) is not public, whatever it
// carries, since what it leads to is decided elsewhere.
func Public(addr netip.Addr) bool {
	switch {
	case !addr.IsValid() || addr.Zone() != "":
		return false
	case addr.Is4():
		return !within(notPublic4, addr)
	}
	// Of IPv6 only this has been given out; all else is reserved, or special.
	return global6.Contains(addr) && !within(notPublic6, addr)
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	for _, network := range networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

var global6 = netip.MustParsePrefix("2000::/3")

// The registries of RFC 6890 as they stood in 2026, without the few anycast addresses
// within them that can be reached from everywhere: no page lies there.
var (
	notPublic4 = networks(
		"0.0.0.0/8",       // this network
		"10.0.0.0/8",      // private
		"100.64.0.0/10",   // shared by a carrier's customers
		"127.0.0.0/8",     // loopback
		"169.254.0.0/16",  // link local, and where clouds tell their secrets
		"172.16.0.0/12",   // private
		"192.0.0.0/24",    // protocol assignments
		"192.0.2.0/24",    // documentation
		"192.31.196.0/24", // AS112
		"192.52.193.0/24", // AMT
		"192.88.99.0/24",  // 6to4 relays
		"192.168.0.0/16",  // private
		"192.175.48.0/24", // AS112
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"224.0.0.0/4",     // multicast
		"240.0.0.0/4",     // reserved, and broadcast
	)
	notPublic6 = networks(
		"2001::/23",         // protocol assignments: Teredo, ORCHID, benchmarks
		"2001:db8::/32",     // documentation
		"2002::/16",         // 6to4
		"2620:4f:8000::/48", // AS112
		"3ffe::/16",         // the old 6bone
		"3fff::/20",         // documentation
	)
)

func networks(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}
