package edge_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

// most is how many requests an address may send in the tests below, and crowd how many
// are sent.
const (
	most  = 60
	crowd = 200
)

var strict = map[gate.Name]gate.Limit{gate.PublicAPI: {Most: most, Period: 24 * time.Hour}}

// knocker makes the n-th request of somebody who wants to be counted as another one each time.
type knocker func(n int) *http.Request

func knock(line, peer string, headers ...string) *http.Request {
	verb, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(verb, path, strings.NewReader(`{"query":"{viewer{id}}"}`))
	r.Host, r.RemoteAddr = "api.pix.test", peer
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	return r
}

// passed is how many of n requests are not past a limit.
func passed(h http.Handler, n int, next knocker) (passed int) {
	for i := range n {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, next(i))
		if w.Code != http.StatusTooManyRequests {
			passed++
		}
	}
	return passed
}

const (
	peer  = "203.0.113.9:4711"
	proxy = "10.0.0.1:4711" // trusted, unless nobody is
)

func noProxy(o *edge.Options, _ *fake) { o.TrustedProxies = nil }

func limited(t *testing.T) func(*edge.Options, *fake) {
	t.Helper()
	return func(o *edge.Options, _ *fake) { o.Limits = stage.Limits(t, strict) }
}

// Whatever somebody writes into a request, they stay one caller.
func TestNobodyIsManyCallers(t *testing.T) {
	t.Parallel()
	forwarding := []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "Fastly-Client-IP"}
	spoofed := func(n int) string { return fmt.Sprintf("198.51.%d.%d", n/250, n%250+1) }
	all := func(from string) knocker {
		return func(n int) *http.Request {
			r := knock("POST /graphql", from)
			for _, name := range forwarding {
				r.Header.Set(name, spoofed(n))
			}
			r.Header.Set("Forwarded", "for="+spoofed(n))
			return r
		}
	}
	for _, c := range []struct {
		name   string
		change func(*edge.Options, *fake)
		next   knocker
	}{
		{"no proxy is trusted", noProxy, all(peer)},
		{"not even a private one", noProxy, all(proxy)},
		{"it is no proxy", nil, all(peer)},
		{"what stands left of the true one", nil, func(n int) *http.Request {
			return knock("POST /graphql", proxy, "X-Forwarded-For: "+spoofed(n)+", 192.0.2.1")
		}},
		{"what stands left of it, in a header of its own", nil, func(n int) *http.Request {
			return knock("POST /graphql", proxy, "X-Forwarded-For: "+spoofed(n), "X-Forwarded-For: 192.0.2.1")
		}},
		{"junk left of it", nil, func(n int) *http.Request {
			return knock("POST /graphql", proxy, fmt.Sprintf("X-Forwarded-For: junk %d, 192.0.2.1", n))
		}},
		{"junk in its place", nil, func(n int) *http.Request {
			return knock("POST /graphql", proxy, fmt.Sprintf("X-Forwarded-For: %s, junk %d", spoofed(n), n))
		}},
		{"junk as the real one", nil, func(n int) *http.Request {
			return knock("POST /graphql", proxy, fmt.Sprintf("X-Real-IP: junk %d", n))
		}},
		{"another port each time", nil, func(n int) *http.Request { return knock("POST /graphql", fmt.Sprintf("203.0.113.9:%d", 1000+n)) }},
		{"IPv6, within its network", nil, func(n int) *http.Request { return knock("POST /graphql", fmt.Sprintf("[2001:db8:1:2::%x]:1", n+1)) }},
		{"IPv6, forwarded", nil, func(n int) *http.Request {
			return knock("POST /graphql", proxy, fmt.Sprintf("X-Forwarded-For: 2001:db8:1:2:%x::1%%eth%d", n, n))
		}},
		{"IPv4 in other spellings", nil, func(n int) *http.Request {
			return knock("POST /graphql", proxy, "X-Forwarded-For: "+[]string{"192.0.2.1", "::ffff:192.0.2.1", "[::ffff:c000:201]:80", "192.0.2.1:443"}[n%4])
		}},
		{"no address at all", nil, func(n int) *http.Request { return knock("POST /graphql", fmt.Sprintf("@%d", n)) }},
		{"a made-up bearer each time", nil, func(n int) *http.Request {
			return knock("POST /graphql", peer, fmt.Sprintf("Authorization: Bearer pgs_%d", n))
		}},
		{"a scheme of its own each time", nil, func(n int) *http.Request { return knock("POST /graphql", peer, fmt.Sprintf("Authorization: S%d x", n)) }},
		{"a made-up cookie each time", nil, func(n int) *http.Request {
			return knock("GET /images/"+goodImage+"/download", peer, fmt.Sprintf("Cookie: __Host-pixgate=pgs_%d", n))
		}},
		{"a made-up cookie of another site's page", nil, func(n int) *http.Request {
			return knock("POST /graphql", peer, fmt.Sprintf("Cookie: __Host-pixgate=pgs_%d", n), "Origin: https://evil.test")
		}},
		{"a made-up bearer at another studio", nil, func(n int) *http.Request {
			r := knock("POST /graphql", peer, fmt.Sprintf("Authorization: Bearer pgs_%d", n))
			r.Host = "nobody.test"
			return r
		}},
		{"a made-up bearer with too much to say", nil, func(n int) *http.Request {
			r := knock("POST /graphql", peer, fmt.Sprintf("Authorization: Bearer pgs_%d", n))
			r.ContentLength = 1 << 20
			return r
		}},
		{"a made-up bearer where nothing is", nil, func(n int) *http.Request {
			return knock(fmt.Sprintf("GET /nothing/%d", n), peer, fmt.Sprintf("Authorization: Bearer pgs_%d", n))
		}},
		{"a made-up cookie that asks for nothing of anybody's", nil, func(n int) *http.Request {
			return knock("GET /csrf-token", peer, fmt.Sprintf("Cookie: __Host-pixgate=pgs_%d", n))
		}},
		{"HEAD", nil, func(int) *http.Request { return knock("HEAD /images/"+goodImage+"/download", peer) }},
		{"paths that are not there", nil, func(n int) *http.Request { return knock(fmt.Sprintf("GET /nothing/%d", n), peer) }},
		{"methods that are not there", nil, func(int) *http.Request { return knock("DELETE /images/"+goodImage+"/download", peer) }},
		{"OPTIONS that are no preflight", nil, func(int) *http.Request { return knock("OPTIONS /graphql", peer, fromWeb) }},
		{"the token of the page", nil, func(int) *http.Request { return knock("GET /csrf-token", peer) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			changes := []func(*edge.Options, *fake){limited(t)}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			h, f := server(t, changes...)
			if got := passed(h, crowd, c.next); got != most {
				t.Errorf("%d of %d requests passed, want %d", got, crowd, most)
			}
			past := 0
			for _, one := range f.records.Incidents() {
				if one.Event == audit.RateLimitBlocked && one.Detail == "PUBLIC_API" {
					past++
				}
			}
			if past != crowd-most {
				t.Errorf("%d of %d refusals left an event", past, crowd-most)
			}
		})
	}
}

// One limit for each: what the above must not come from is one limit for all.
func TestCallersAreNotEachOther(t *testing.T) {
	t.Parallel()
	h, _ := server(t, limited(t))
	for name, next := range map[string]knocker{
		"addresses":     func(n int) *http.Request { return knock("POST /graphql", fmt.Sprintf("203.0.113.%d:1", n)) },
		"IPv6 networks": func(n int) *http.Request { return knock("POST /graphql", fmt.Sprintf("[2001:db8:1:%x::1]:1", n)) },
		"behind a proxy": func(n int) *http.Request {
			return knock("POST /graphql", proxy, fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", n))
		},
	} {
		if got := passed(h, crowd, next); got != crowd {
			t.Errorf("%s: %d of %d passed", name, got, crowd)
		}
	}
}

// Somebody who is signed in is not shut out by whoever shares their address, with or
// without a credential, and does not use up what those may send.
func TestANeighbourWhoIsSignedInIsCountedAlone(t *testing.T) {
	t.Parallel()
	h, _ := server(t, limited(t))
	anna := func(int) *http.Request { return knock("POST /graphql", peer, withBearer) }
	annasPage := func(int) *http.Request {
		return knock("POST /graphql", peer, append([]string{withCookie, fromWeb}, proof...)...)
	}
	if got := passed(h, crowd, anna) + passed(h, crowd, annasPage); got != 2*crowd {
		t.Errorf("%d of her %d requests passed", got, 2*crowd)
	}
	if got := passed(h, crowd, func(n int) *http.Request {
		return knock("POST /graphql", peer, fmt.Sprintf("Authorization: Bearer pgs_%d", n))
	}); got != most {
		t.Errorf("%d guesses passed, want %d", got, most)
	}
	if got := passed(h, crowd, anna) + passed(h, crowd, annasPage); got != 2*crowd {
		t.Errorf("beside guesses %d of her %d requests passed", got, 2*crowd)
	}
}

// An account is one caller wherever it is, by whatever session; the contract's order puts
// its limit behind the decision what it may do.
func TestAnAccountIsOneCallerEverywhere(t *testing.T) {
	t.Parallel()
	h, f := server(t, func(o *edge.Options, _ *fake) {
		o.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.PublicAPISignedIn: {Most: most, Period: 24 * time.Hour}})
	})
	next := func(line string) knocker {
		return func(n int) *http.Request {
			from := fmt.Sprintf("198.51.100.%d:1", n)
			if n%2 == 0 {
				return knock(line, from, withBearer)
			}
			return knock(line, from, append([]string{withCookie, fromWeb}, proof...)...)
		}
	}
	if got := passed(h, crowd, next("GET /images/"+goodImage+"/download")); got != most || f.delivered != most {
		t.Errorf("%d of %d requests passed, %d pictures were delivered, want %d", got, crowd, f.delivered, most)
	}
	for line, status := range map[string]int{
		"GET /images/" + goodImage + "/download": 429, "GET /csrf-token": 429, "GET /images/img_foreign/download": 403, "GET /playground": 403, "GET /nothing": 404,
	} {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, next(line)(0)); w.Code != status {
			t.Errorf("past the limit, %s: %d, want %d", line, w.Code, status)
		}
	}
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, knock("POST /graphql", peer, withCookie, fromWeb)); w.Code != http.StatusForbidden {
		t.Errorf("past the limit, without the token of the page: %d", w.Code)
	}
	admin := knock("GET /playground", peer, "Authorization: Bearer "+adminToken)
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, admin); w.Code != http.StatusTooManyRequests { // the same account in this test
		t.Errorf("past the limit, an admin's playground: %d", w.Code)
	}
}

func TestPreflightsAreNeverCounted(t *testing.T) {
	t.Parallel()
	h, f := server(t, limited(t))
	preflight := func(int) *http.Request {
		return knock("OPTIONS /graphql", peer, fromWeb, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
	}
	if got := passed(h, crowd, preflight); got != crowd {
		t.Errorf("%d of %d preflights passed", got, crowd)
	}
	if got := passed(h, crowd, func(int) *http.Request { return knock("POST /graphql", peer) }); got != most {
		t.Errorf("after them %d requests passed, want %d", got, most)
	}
	if got := passed(h, crowd, preflight); got != crowd {
		t.Errorf("past the limit %d of %d preflights passed", got, crowd)
	}
	if got := len(f.records.Incidents()); got != crowd-most {
		t.Errorf("%d events", got)
	}
}

// A blocked address is refused before it is counted, and liveness is not counted at all.
func TestWhatIsNotCounted(t *testing.T) {
	t.Parallel()
	h, _ := server(t, limited(t), func(o *edge.Options, _ *fake) {
		o.Lists.Blocked = []netip.Prefix{netip.MustParsePrefix("203.0.113.9/32")}
	})
	for _, line := range []string{"POST /graphql", "GET /nothing"} {
		for range crowd {
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, knock(line, peer)); w.Code != http.StatusForbidden || w.Header().Get("RateLimit-Limit") != "" {
				t.Fatalf("%s from a blocked address: %d, RateLimit-Limit %q", line, w.Code, w.Header().Get("RateLimit-Limit"))
			}
		}
	}
	if got := passed(h, crowd, func(int) *http.Request { return knock("GET /healthz", "203.0.113.8:1") }); got != crowd {
		t.Errorf("liveness was asked for %d times of %d", got, crowd)
	}
}

// Two servers that share a Redis share what a caller may send.
func TestTwoServersCountTogether(t *testing.T) {
	t.Parallel()
	url := stage.Redis(t)
	for try := 1; ; try++ {
		limits := []*gate.Limiter{withoutReturn(t, url), withoutReturn(t, url)}
		var got int
		var servers []http.Handler
		for _, l := range limits {
			h, _ := server(t, func(o *edge.Options, _ *fake) { o.Limits = l })
			servers = append(servers, h)
		}
		from := fmt.Sprintf("203.0.113.%d:1", try)
		for n := range crowd {
			got += passed(servers[n%2], 1, func(int) *http.Request { return knock("POST /graphql", from) })
		}
		if limits[0].Where() != gate.Redis || limits[1].Where() != gate.Redis {
			if try == 10 {
				t.Fatal("Redis was lost each time: this machine is too busy")
			}
			continue // it took longer than a server waits: nothing was tested
		}
		if got != most {
			t.Errorf("%d of %d requests passed at two servers, want %d", got, crowd, most)
		}
		return
	}
}

// withoutReturn is a limiter that does not go back to a Redis which it has lost, so that
// the loss shows afterwards.
func withoutReturn(t *testing.T, url string) *gate.Limiter {
	t.Helper()
	l, err := gate.New(gate.Options{Redis: secret.Value(url), Key: secret.NewKey("key of the limits of a test"), Limits: strict, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A request that was counted is not counted again when it is refused further on.
func TestARefusalIsCountedOnce(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]knocker{
		"signed out":   func(int) *http.Request { return knock("GET /images/x/download", peer) },
		"dead bearer":  func(int) *http.Request { return knock("GET /images/x/download", peer, "Authorization: Bearer x") },
		"dead cookie":  func(int) *http.Request { return knock("GET /images/x/download", peer, "Cookie: __Host-pixgate=x") },
		"not there":    func(int) *http.Request { return knock("GET /x", peer, withBearer) },
		"foreign page": func(int) *http.Request { return knock("POST /graphql", peer, withCookie, "Origin: https://evil.test") },
	} {
		h, _ := server(t, limited(t))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, next(0))
		if got := w.Header().Get("RateLimit-Remaining"); got != fmt.Sprint(most-1) {
			t.Errorf("%s: %d, RateLimit-Remaining %q", name, w.Code, got)
		}
	}
	accounts := map[gate.Name]gate.Limit{gate.PublicAPISignedIn: {Most: most, Period: time.Hour}}
	for name, next := range map[string]knocker{
		"foreign": func(int) *http.Request { return knock("GET /images/x/download", peer, withBearer) },
		"another device": func(int) *http.Request {
			return knock("GET /images/x/download", peer, withBearer, "X-Device-Id: stolen")
		},
		"without a token": func(int) *http.Request { return knock("POST /graphql", peer, withCookie, fromWeb) },
	} {
		h, f := server(t, func(o *edge.Options, _ *fake) { o.Limits = stage.Limits(t, accounts) })
		w := httptest.NewRecorder()
		h.ServeHTTP(w, next(0))
		if got := w.Header().Get("RateLimit-Remaining"); w.Code != http.StatusForbidden || got != fmt.Sprint(most-1) {
			t.Errorf("%s: %d, RateLimit-Remaining %q", name, w.Code, got)
		}
		if one := f.records.Incidents(); len(one) != 1 || one[0].AccountID == nil {
			t.Errorf("%s: %+v", name, one)
		}
	}
}
