package egress

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// MaxURL is how long a URL may be, in bytes.
const MaxURL = 2048

// URL reads a URL that somebody else chose, and returns it in one spelling: absolute,
// https (or http, where plain is true) at that scheme's own port, without credentials, its
// host a public address or a name that could have one. A name is not looked up: that is
// for [Dialer.DialContext], which connects to what it has looked at. The error is a
// [*Blocked].
func URL(raw string, plain bool) (*url.URL, error) {
	if len(raw) > MaxURL || !utf8.ValidString(raw) {
		return nil, &Blocked{Reason: BadURL}
	}
	for i := range len(raw) { // browsers drop tabs and line ends, take \ for /, and trim: nobody needs that
		if raw[i] <= ' ' || raw[i] == 0x7f || raw[i] == '\\' {
			return nil, &Blocked{Reason: BadURL}
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &Blocked{Reason: BadURL}
	}
	if u.Scheme != "" && u.Scheme != "https" && !(plain && u.Scheme == "http") {
		return nil, &Blocked{Reason: BadScheme}
	}
	if u.Scheme == "" || u.Opaque != "" || u.Host == "" {
		return nil, &Blocked{Reason: BadURL}
	}
	if u.User != nil || strings.Contains(u.Host, "@") {
		return nil, &Blocked{Reason: Credentials}
	}
	if port := u.Port(); port != "" && port != ports[u.Scheme] || strings.HasSuffix(u.Host, ":") {
		return nil, &Blocked{Reason: BadPort}
	}
	host, err := Host(u.Hostname())
	if err != nil {
		return nil, err
	}
	if u.Host = host; strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	}
	return u, nil
}

var ports = map[string]string{"https": "443", "http": "80"}

// Host reads the name or address of a host, without brackets, and returns it as it is
// compared and looked up: lower case, ASCII, without a trailing dot. Names that only
// this machine or its networks could know, addresses that are not public, and numbers
// that some resolver takes for an address are a [*Blocked].
func Host(name string) (string, error) {
	if addr, err := netip.ParseAddr(name); err == nil {
		if !Public(addr) {
			return "", &Blocked{Reason: NotPublic}
		}
		return addr.String(), nil
	}
	ascii, err := names.ToASCII(name)
	ascii = strings.TrimSuffix(strings.ToLower(ascii), ".")
	if again, odd := names.ToASCII(ascii); err != nil || odd != nil || again != ascii || len(ascii) > 253 {
		return "", &Blocked{Reason: BadName}
	}
	labels := strings.Split(ascii, ".")
	last := labels[len(labels)-1]
	for _, label := range labels {
		if !isLabel(label) {
			return "", &Blocked{Reason: BadName}
		}
	}
	switch {
	case isNumber(last): // 127.1, 0x7f.1, 2130706433: whatever it is, no name ends so
		return plainNumbers(ascii)
	case len(labels) < 2 || local[last] || ascii == "home.arpa" || strings.HasSuffix(ascii, ".home.arpa"):
		return "", &Blocked{Reason: NotPublic}
	}
	return ascii, nil
}

// names makes names ASCII as browsers do: fullwidth dots and digits become plain ones. It
// lets underscores pass, which real hosts have.
var names = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

// plainNumbers takes four plain decimal numbers, which only a fullwidth spelling has not been
// read as before.
func plainNumbers(ascii string) (string, error) {
	addr, err := netip.ParseAddr(ascii)
	if err != nil || !Public(addr) {
		return "", &Blocked{Reason: NotPublic}
	}
	return addr.String(), nil
}

// local are the last parts of names that no public zone has.
var local = map[string]bool{
	"localhost": true, "local": true, "localdomain": true, "internal": true, "intranet": true, "private": true, "corp": true, "home": true, "lan": true,
	"test": true, "invalid": true, "onion": true,
}

func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// isNumber reports whether a resolver may take a name that ends so for an address.
func isNumber(label string) bool {
	return strings.Trim(label, "0123456789") == "" || strings.HasPrefix(label, "0x")
}
