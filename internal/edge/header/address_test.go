package header

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	private := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fc00::/7")}
	for _, c := range []struct {
		name      string
		peer      string
		trusted   []netip.Prefix
		forwarded []string
		real      []string
		want      string
	}{
		{"no proxy is trusted", "203.0.113.9:1", nil, []string{"198.51.100.1"}, []string{"198.51.100.2"}, "203.0.113.9"},
		{"a private peer is not trusted by itself", "10.0.0.1:1", nil, []string{"198.51.100.1"}, nil, "10.0.0.1"},
		{"a peer that is no proxy", "203.0.113.9:1", private, []string{"198.51.100.1"}, []string{"198.51.100.2"}, "203.0.113.9"},
		{"a peer that is no proxy, only real", "203.0.113.9:1", private, nil, []string{"198.51.100.2"}, "203.0.113.9"},
		{"one proxy", "10.0.0.1:1", private, []string{"198.51.100.1"}, nil, "198.51.100.1"},
		{"the client writes the header itself", "10.0.0.1:1", private, []string{"1.2.3.4, 198.51.100.1"}, nil, "198.51.100.1"},
		{"the client names a trusted address", "10.0.0.1:1", private, []string{"10.9.9.9, 198.51.100.1"}, nil, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", private, []string{"1.2.3.4, 198.51.100.1, 10.0.0.2"}, nil, "198.51.100.1"},
		{"several header lines", "10.0.0.1:1", private, []string{"1.2.3.4", "198.51.100.1", "10.0.0.2"}, nil, "198.51.100.1"},
		{"all are ours", "10.0.0.1:1", private, []string{"10.0.0.3, 10.0.0.2"}, nil, "10.0.0.3"},
		{"forwarded beats real", "10.0.0.1:1", private, []string{"198.51.100.1"}, []string{"198.51.100.2"}, "198.51.100.1"},
		{"only real", "10.0.0.1:1", private, nil, []string{"198.51.100.2"}, "198.51.100.2"},
		{"two reals", "10.0.0.1:1", private, nil, []string{"198.51.100.2", "1.2.3.4"}, "10.0.0.1"},
		{"garbage in real", "10.0.0.1:1", private, nil, []string{"unknown"}, "10.0.0.1"},
		{"garbage", "10.0.0.1:1", private, []string{"unknown"}, nil, "10.0.0.1"},
		{"garbage behind a proxy", "10.0.0.1:1", private, []string{"198.51.100.1, _hidden, 10.0.0.2"}, nil, "10.0.0.2"},
		{"an empty entry", "10.0.0.1:1", private, []string{"198.51.100.1,,"}, nil, "10.0.0.1"},
		{"with port", "10.0.0.1:1", private, []string{"198.51.100.1:4711"}, nil, "198.51.100.1"},
		{"IPv6 with port", "10.0.0.1:1", private, []string{"[2001:db8::7]:4711"}, nil, "2001:db8::7"},
		{"IPv6 in brackets", "10.0.0.1:1", private, []string{"[2001:db8::7]"}, nil, "2001:db8::7"},
		{"mapped", "[::ffff:10.0.0.1]:1", private, []string{"::ffff:198.51.100.1"}, nil, "198.51.100.1"},
		{"zone", "10.0.0.1:1", private, []string{"fe80::1%eth0"}, nil, "fe80::1"},
		{"peer with zone", "[fe80::1%eth0]:1", private, nil, nil, "fe80::1"},
		{"peer without port", "203.0.113.9", private, nil, nil, "203.0.113.9"},
		{"Unix socket", "@", private, []string{"198.51.100.1"}, nil, "::"},
		{"no peer at all", "", private, []string{"198.51.100.1"}, nil, "::"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded, "X-Real-Ip": c.real}}
		if got := ClientAddress(r, c.trusted); got.String() != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, 198.51.100.1", "198.51.100.2", "10.9.9.9")
	f.Add("[::ffff:10.0.0.1%eth0]:1", "::ffff:1.2.3.4, [fe80::1%x]:7,", "", "x,,::")
	f.Add("10.0.0.1:1", "198.51.100.1, 10.0.0.2", "", "unknown")
	f.Add("@", ",", "x", "")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, peer, forwarded, real, spoofed string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}, "X-Real-Ip": {real}}}
		if forwarded == "" {
			r.Header.Del("X-Forwarded-For")
		}
		got := ClientAddress(r, trusted)
		if !got.IsValid() || got.Is4In6() || got.Zone() != "" {
			t.Errorf("%q %q %q: %v", peer, forwarded, real, got)
		}
		direct := ClientAddress(&http.Request{RemoteAddr: peer, Header: http.Header{}}, trusted)
		if !within(trusted, direct) && got != direct {
			t.Errorf("%q is not trusted and decides for %v", peer, got)
		}
		// What stands left of somebody whom we don't trust is their own word.
		if forwarded == "" || within(trusted, got) {
			return
		}
		for name, lines := range map[string][]string{"in front": {spoofed + "," + forwarded}, "in a line before": {spoofed, forwarded}} {
			r.Header["X-Forwarded-For"] = lines
			if lied := ClientAddress(r, trusted); lied != got {
				t.Errorf("%q %s of %q makes %v out of %v", spoofed, name, forwarded, lied, got)
			}
		}
	})
}
