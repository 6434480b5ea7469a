// Package egress is the way out to addresses that other people choose: a page to print, a
// partner's webhook. It connects to the open internet and nowhere else, by TLS's port.
//
// Whoever chooses a name also chooses, a moment later, what it resolves to. So nothing here
// judges a name and then hands it on: [Dialer] looks it up once, refuses it where any
// of its addresses is not public, connects to one of those very addresses, and looks at
// the address again in the moment before it connects.
package egress

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// Reason says why something was not connected to. The words are for security events, and stay.
type Reason string

// The reasons.
const (
	NotPublic   Reason = "not_public"  // it is, or resolves to, an address of this machine or its networks
	BadName     Reason = "bad_name"    // no host has such a name
	BadPort     Reason = "bad_port"    // another port than that of the scheme
	BadScheme   Reason = "bad_scheme"  // not https
	BadURL      Reason = "bad_url"     // can't be read, or not in one way only
	Credentials Reason = "credentials" // a name or password before the host
	Redirected  Reason = "redirected"  // the answer leads elsewhere
)

// Blocked is the error for what is not allowed; everything else failed by itself. It
// never holds the name or the address.
type Blocked struct{ Reason Reason }

// Error says why.
func (b *Blocked) Error() string { return "egress: " + string(b.Reason) }

// WhyBlocked is the reason within err; empty where nothing was blocked.
func WhyBlocked(err error) Reason {
	if blocked, ok := errors.AsType[*Blocked](err); ok {
		return blocked.Reason
	}
	return ""
}

const (
	lookupTimeout = 5 * time.Second
	dialTimeout   = 5 * time.Second // for each address
	mostAddresses = 4               // of a name that are tried
)

// Options are for tests, which bring an internet of their own: what they change can be
// changed by no setting, and none changes what is judged.
type Options struct {
	// Resolve looks a name up; nil: the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Connect connects to an address that was judged; nil: TCP.
	Connect func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	// Roots are whom a client's TLS trusts; nil: whom the system trusts.
	Roots *x509.CertPool
}

// Dialer connects to public addresses. It is safe for use by many goroutines.
type Dialer struct {
	resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	connect func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	roots   *x509.CertPool
}

// New returns a dialer.
func New(o Options) *Dialer {
	d := &Dialer{resolve: o.Resolve, connect: o.Connect, roots: o.Roots}
	if d.resolve == nil {
		d.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if d.connect == nil {
		d.connect = connect
	}
	return d
}

// DialContext connects to host:port, as [net.Dialer.DialContext] does, where that is public
// and the port is 443. The error is a [*Blocked] where it is not.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.dial(ctx, network, address, "443")
}

// DialPlain is DialContext for port 80.
func (d *Dialer) DialPlain(ctx context.Context, network, address string) (net.Conn, error) {
	return d.dial(ctx, network, address, "80")
}

func (d *Dialer) dial(ctx context.Context, network, address, only string) (net.Conn, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("egress: no network %q", network)
	}
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &Blocked{Reason: BadName}
	}
	if port != only {
		return nil, &Blocked{Reason: BadPort}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, &Blocked{Reason: BadPort}
	}
	addrs, err := d.lookUp(ctx, name)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, addr := range addrs[:min(len(addrs), mostAddresses)] {
		conn, err := d.connect(ctx, netip.AddrPortFrom(addr, uint16(number)))
		if err == nil {
			return conn, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, fmt.Errorf("egress: connect: %w", failed)
}

// lookUp returns the addresses of a host. One that is not public blocks them all: a name
// that has both is no mistake.
func (d *Dialer) lookUp(ctx context.Context, name string) ([]netip.Addr, error) {
	host, err := Host(name)
	if err != nil {
		return nil, err
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := d.resolve(ctx, host+".") // the dot keeps search domains out
	if err != nil {
		return nil, fmt.Errorf("egress: look up: %w", err)
	}
	if len(addrs) == 0 {
		return nil, errors.New("egress: look up: no address")
	}
	for i := range addrs {
		// A resolver that returns IPv4 as mapped means IPv4.
		if addrs[i] = addrs[i].Unmap(); !Public(addrs[i]) {
			return nil, &Blocked{Reason: NotPublic}
		}
	}
	return addrs, nil
}

// connect judges the address a second time where nothing comes between it and the
// connection: what the kernel is asked to connect to.
func connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		final, err := netip.ParseAddrPort(address)
		if err != nil || !Public(final.Addr()) {
			return &Blocked{Reason: NotPublic}
		}
		return nil
	}}
	return dialer.DialContext(ctx, "tcp", to.String())
}
