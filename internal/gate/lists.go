package gate

import (
	"net/netip"
	"slices"

	"pixgate/internal/fault"
)

// Surface is a part of the server that may have an allow list of its own.
type Surface uint8

// The surfaces. Anywhere has no allow list: there only blocked addresses are refused.
const (
	Anywhere Surface = iota
	Admin
	SendEmail
	GeneratePDF
	Webhook
)

// Lists say who may knock by address. They are read one by one: up to some hundreds of
// entries that costs less than a microsecond each way.
type Lists struct {
	// Blocked may knock nowhere, whatever list allows them.
	Blocked []netip.Prefix
	// Allowed are the only ones who may knock at a surface. An empty list allows
	// everybody who is not blocked.
	Allowed map[Surface][]netip.Prefix
}

// Check returns IP_DENIED unless addr may knock at a surface. Mapped addresses count as
// IPv4, zones do not count, and no address at all is denied.
func (l Lists) Check(at Surface, addr netip.Addr) error {
	addr = plain(addr)
	allowed := l.Allowed[at]
	if !addr.IsValid() || within(l.Blocked, addr) || len(allowed) > 0 && !within(allowed, addr) {
		return fault.New(fault.IPDenied, "Requests from this address are not accepted here.")
	}
	return nil
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}
