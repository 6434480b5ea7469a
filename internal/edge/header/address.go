package header

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// nowhere is the address of a peer that has none, such as a Unix socket: all of
// them are counted as one client, never as no client.
var nowhere = netip.IPv6Unspecified()

// ClientAddress returns the address of the client itself. A header counts only
// when the peer that sent it is trusted, and each address in it only as far as the
// one to its right is: what the client itself wrote is to the left of them.
// The address is never mapped, zoned or zero.
func ClientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, ok := parseAddress(r.RemoteAddr)
	if !ok {
		return nowhere
	}
	if !within(trusted, peer) {
		return peer
	}
	forwarded := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	if forwarded == "" {
		if real, ok := parseAddress(strings.Join(r.Header.Values("X-Real-IP"), ",")); ok {
			return real
		}
		return peer
	}
	client := peer
	for forwarded != "" && within(trusted, client) {
		last := strings.LastIndexByte(forwarded, ',')
		hop, ok := parseAddress(forwarded[last+1:])
		if !ok {
			break // a proxy that we trust wrote this and does not know either
		}
		client, forwarded = hop, forwarded[:max(last, 0)]
	}
	return client
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// parseAddress reads an address as proxies write it: with or without port and
// brackets.
func parseAddress(text string) (netip.Addr, bool) {
	text = strings.Trim(text, " \t")
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		var withPort netip.AddrPort
		if withPort, err = netip.ParseAddrPort(text); err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.WithZone("").Unmap(), true
}
