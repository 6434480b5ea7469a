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
	if l.Denying(at, addr) != "" {
		return fault.New(fault.IPDenied, "Requests from this address are not accepted here.")
	}
	return nil
}

// Denying names the list that keeps addr from a surface, as the setting is called, and
// is empty where none does. It is for records: callers are not told.
func (l Lists) Denying(at Surface, addr netip.Addr) string {
	addr = plain(addr)
	allowed := l.Allowed[at]
	switch {
	case !addr.IsValid() || within(l.Blocked, addr):
		return "BLOCKED_IPS"
	case len(allowed) > 0 && !within(allowed, addr):
		return settings[at]
	}
	return ""
}

// settings are what the surfaces' lists are called.
var settings = map[Surface]string{
	Admin: "ADMIN_ALLOWED_IPS", SendEmail: "SEND_EMAIL_ALLOWED_IPS", GeneratePDF: "GENERATE_PDF_ALLOWED_IPS", Webhook: "WEBHOOK_ALLOWED_IPS",
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}
