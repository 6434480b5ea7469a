package edge_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/edge"
	"pixgate/internal/id"
	"pixgate/internal/session"
)

func withoutOrigins(o *edge.Options, _ *fake) { o.Origins = nil }

type seen struct {
	Viewer, Tenant, IP, Agent string
	DeviceLength              int
}

func reached(t *testing.T, response *http.Response) seen {
	t.Helper()
	var s seen
	if err := json.Unmarshal([]byte(read(t, response)), &s); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d: %v", response.StatusCode, err)
	}
	return s
}

func TestOneCredentialARequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		headers []string
		viewer  string
		asked   []string
	}{
		{"none", nil, "", nil},
		{"bearer", []string{withBearer}, "anna@pix.test", []string{"TOKEN"}},
		{"bearer in lower case", []string{"Authorization: bearer " + bearerToken}, "anna@pix.test", []string{"TOKEN"}},
		{"cookie", append([]string{withCookie, fromWeb}, proof...), "anna@pix.test", []string{"COOKIE"}},
		{"bearer, so no cookie", []string{withBearer, "Cookie: __Host-pixgate=" + adminToken}, "anna@pix.test", []string{"TOKEN"}},
		{"its device", []string{withBearer, "X-Device-Id: my-device"}, "anna@pix.test", []string{"TOKEN"}},
		{"the cookie of plain http", []string{"Cookie: pixgate=" + cookieToken, fromWeb}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, f := server(t)
			if got := reached(t, call(t, h, "POST /graphql", c.headers...)); got.Viewer != c.viewer {
				t.Errorf("viewer %q, want %q", got.Viewer, c.viewer)
			}
			if !slices.Equal(f.asked, c.asked) {
				t.Errorf("asked by %v, want %v", f.asked, c.asked)
			}
		})
	}
}

// A dead bearer must not fall back to a cookie that happens to be there.
func TestADeadBearerIsRefusedBesideALiveCookie(t *testing.T) {
	t.Parallel()
	h, f := server(t)
	response := call(t, h, "POST /graphql", withCookie, fromWeb, "Authorization: Bearer pgs_dead")
	if response.StatusCode != http.StatusUnauthorized || !slices.Equal(f.asked, []string{"TOKEN"}) {
		t.Errorf("status %d, asked by %v", response.StatusCode, f.asked)
	}
	if len(response.Cookies()) != 0 {
		t.Errorf("cookies changed: %v", response.Header["Set-Cookie"])
	}
}

func TestADeadCookieIsSignedOutAndRemoved(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]string{
		"unknown":         {"Cookie: __Host-pixgate=pgs_dead", fromWeb},
		"a bearer's":      {"Cookie: __Host-pixgate=" + bearerToken, fromWeb},
		"another studio":  {withCookie, "Origin: https://api.other.test", "Host: api.other.test"},
		"two":             {withCookie, "Cookie: __Host-pixgate=" + cookieToken, fromWeb},
		"beside a device": {"Cookie: __Host-pixgate=x; __Host-pixgate-device=abc", fromWeb},
	} {
		h, _ := server(t)
		response := call(t, h, "POST /graphql", append(headers, proofOut...)...)
		want := []string{"__Host-pixgate=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"}
		if got := response.Header["Set-Cookie"]; !slices.Equal(got, want) {
			t.Errorf("%s: Set-Cookie %q, want %q", name, got, want)
		}
		if got := reached(t, response); got.Viewer != "" {
			t.Errorf("%s: viewer %q", name, got.Viewer)
		}
	}
}

// A cookie must survive the database being away: it is not dead.
func TestAnUnansweredCookieStays(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	if got := call(t, h, "POST /graphql", fromWeb, "Cookie: __Host-pixgate="+brokenToken); got.StatusCode != 503 || got.Header["Set-Cookie"] != nil {
		t.Errorf("%d, Set-Cookie %q", got.StatusCode, got.Header["Set-Cookie"])
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	signIn := func(_ *edge.Options, f *fake) {
		f.graphql = func(_ http.ResponseWriter, r *http.Request) {
			client := session.ClientFrom(r.Context())
			client.Jar.Keep("pgs_new", now.Add(90*24*time.Hour), client.DeviceSecret)
		}
	}
	device := strings.Repeat("A", 42) + "E" // 32 bytes, base64url
	h, _ := server(t, signIn)
	got := call(t, h, "POST /graphql", append([]string{fromWeb, "Cookie: __Host-pixgate=pgs_dead; __Host-pixgate-device=" + device}, proofOut...)...).Header["Set-Cookie"]
	want := []string{
		"__Host-pixgate=pgs_new; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax",
		"__Host-pixgate-device=" + device + "; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Set-Cookie\n%q, want\n%q", got, want)
	}

	h, _ = server(t, development, signIn)
	got = call(t, h, "POST /graphql", append([]string{"Origin: http://api.pix.test", "Cookie: pixgate-device=" + device}, proofIn("csrf", id.Nil)...)...).Header["Set-Cookie"]
	if want := "pixgate=pgs_new; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"; len(got) != 2 || got[0] != want {
		t.Errorf("in development: %q, want %q", got, want)
	}

	short := func(_ *edge.Options, f *fake) {
		f.graphql = func(_ http.ResponseWriter, r *http.Request) {
			session.ClientFrom(r.Context()).Jar.Keep("pgs_new", now.Add(12*time.Hour), device)
		}
	}
	h, _ = server(t, short)
	if got := call(t, h, "POST /graphql").Cookies(); len(got) != 2 || got[0].MaxAge != 12*60*60 {
		t.Errorf("an admin's cookie outlives the session: %v", got[0].MaxAge)
	}
}

func TestABrowserWithoutADeviceGetsOne(t *testing.T) {
	t.Parallel()
	h, f := server(t)
	secrets := map[string]bool{}
	f.graphql = func(_ http.ResponseWriter, r *http.Request) {
		secrets[session.ClientFrom(r.Context()).DeviceSecret] = true
	}
	for _, cookie := range []string{"a=b", "__Host-pixgate-device=c2hvcnQ", "__Host-pixgate-device=" + strings.Repeat("!", 43)} {
		call(t, h, "POST /graphql", append([]string{fromWeb, "Cookie: " + cookie}, proofOut...)...)
	}
	if len(secrets) != 3 || secrets["c2hvcnQ"] {
		t.Errorf("%d secrets for three browsers", len(secrets))
	}
	for secret := range secrets {
		if len(secret) != 43 {
			t.Errorf("a secret of %d characters", len(secret))
		}
	}
}

func TestTheClientIsTheTrueOne(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	got := reached(t, call(t, h, "POST /graphql", "X-Forwarded-For: 198.51.100.1", "User-Agent: app/1"))
	if got.IP != "203.0.113.9" || got.Tenant != "pix" || got.Agent != "app/1" {
		t.Errorf("client %+v", got)
	}
	for _, host := range []string{"api.pix.test:8443", "API.PIX.test", "api.pix.test."} {
		if got := reached(t, call(t, h, "POST /graphql", "Host: "+host)); got.Tenant != "pix" {
			t.Errorf("Host %s: studio %q", host, got.Tenant)
		}
	}
}
