package edge_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/edge"
	"pixgate/internal/fault"
	"pixgate/internal/id"
)

// What looks like a listed origin, to some comparison.
var tricks = []string{
	"null", "NULL", "https://pix.test.evil.test", "https://pix.test.", "https://pix.test.:443", "https://pix.testing", "https://pix.tes", "https://xpix.test", "https://-pix.test", "https://evilpix.test", "https://evil.test", "https://app.pix.test", "https://pix.test:8443", "https://pix.test:443",
	"https://pix.test:80", "https://pix.test:", "https://PIX.test", "https://Pix.Test", "HTTPS://pix.test", "http://pix.test", "http://pix.test:443", "ws://pix.test", "file://", "file://pix.test", "https://pix.test/", "https://pix.test@evil.test", "https://pix.test\x00.evil.test",
	"https://pix.test,https://evil.test", "https://pix.test https://evil.test", "*", "pix.test", "//pix.test", "https://pıx.test", " https://pix.test",
}

func TestOnlyExactOriginsMayReadAnswers(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	for _, preflight := range []bool{false, true} {
		line, more := "POST /graphql", []string(nil)
		if preflight {
			line, more = "OPTIONS /graphql", []string{"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type"}
		}
		for _, origin := range tricks {
			got := call(t, h, line, append(more, "Origin: "+origin)...).Header
			for name := range got {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("preflight %t: %q gets %s: %s", preflight, origin, name, got.Get(name))
				}
			}
			if !strings.Contains(got.Get("Vary"), "Origin") {
				t.Errorf("preflight %t: %q: Vary %q", preflight, origin, got.Get("Vary"))
			}
		}
		got := call(t, h, line, append(more, fromWeb)...).Header
		if got.Get("Access-Control-Allow-Origin") != web || got.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("preflight %t: the listed origin gets %v", preflight, got)
		}
		if two := call(t, h, line, append(more, fromWeb, "Origin: https://evil.test")...).Header; two.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("preflight %t: two origins get %q", preflight, two.Values("Access-Control-Allow-Origin"))
		}
		if none := call(t, h, line, more...).Header; none.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(none.Get("Vary"), "Origin") {
			t.Errorf("preflight %t: no origin gets %v", preflight, none)
		}
	}
}

func TestNobodyIsListedWhereTheListIsEmpty(t *testing.T) {
	t.Parallel()
	h, _ := server(t, withoutOrigins)
	for _, origin := range append(tricks, web, api) {
		if got := call(t, h, "POST /graphql", "Origin: "+origin).Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%q gets %q", origin, got)
		}
	}
}

func TestPreflightsAreAnsweredBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	h, f := server(t)
	for _, header := range []string{
		"Authorization", "Content-Type", "X-CSRF-Token", "X-Device-Id", "Range", "If-Range", "If-Match", "If-None-Match", "GraphQL-Require-Preflight",
	} {
		got := call(t, h, "OPTIONS /graphql", fromWeb, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: "+strings.ToLower(header), "Host: away.test")
		if got.StatusCode != http.StatusNoContent || !strings.EqualFold(got.Header.Get("Access-Control-Allow-Headers"), header) {
			t.Errorf("%s: %d, %q", header, got.StatusCode, got.Header.Get("Access-Control-Allow-Headers"))
		}
	}
	if got := call(t, h, "OPTIONS /graphql", fromWeb, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-evil"); got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a header that is not ours passes")
	}
	if got := call(t, h, "OPTIONS /graphql", fromWeb, "Access-Control-Request-Method: DELETE"); got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a method that is not ours passes")
	}
	if len(f.asked) != 0 {
		t.Errorf("a preflight asked for sessions: %v", f.asked)
	}
}

// What another site's page can make a browser send must not reach the API.
func TestForgedRequests(t *testing.T) {
	t.Parallel()
	const reached, csrf = http.StatusOK, http.StatusForbidden
	for _, c := range []struct {
		name    string
		line    string
		headers []string
		want    int
	}{
		{"listed page with cookie", "POST /graphql", append([]string{withCookie, fromWeb, "Sec-Fetch-Site: same-site"}, proof...), reached},
		{"listed page, older browser", "POST /graphql", append([]string{withCookie, fromWeb}, proof...), reached},
		{"our own page", "POST /graphql", append([]string{withCookie, "Origin: " + api, "Sec-Fetch-Site: same-origin"}, proof...), reached},
		{"our own page, older browser", "POST /graphql", append([]string{withCookie, "Origin: " + api}, proof...), reached},
		{"our own page without Origin", "POST /graphql", append([]string{withCookie, "Sec-Fetch-Site: same-origin"}, proof...), reached},
		{"our own page under another host", "POST /graphql", []string{"Origin: https://api.other.test", "Host: api.other.test"}, reached},
		{"bearer from anywhere", "POST /graphql", []string{withBearer, "Origin: https://evil.test", "Sec-Fetch-Site: cross-site"}, reached},
		{"bearer beside a cookie", "POST /graphql", []string{withBearer, withCookie, "Origin: https://evil.test"}, reached},
		{"program without anything", "POST /graphql", nil, reached},
		{"foreign page with cookie", "POST /graphql", []string{withCookie, "Origin: https://evil.test", "Sec-Fetch-Site: cross-site"}, csrf},
		{"foreign page, older browser", "POST /graphql", []string{withCookie, "Origin: https://evil.test"}, csrf},
		{"foreign page with device cookie", "POST /graphql", []string{withDevice, "Origin: https://evil.test"}, csrf},
		{"sibling site with cookie", "POST /graphql", []string{withCookie, "Sec-Fetch-Site: same-site"}, csrf},
		{"foreign page signs a visitor in", "POST /graphql", []string{"Origin: https://evil.test", "Sec-Fetch-Site: cross-site"}, csrf},
		{"foreign page signs a visitor in, older browser", "POST /graphql", []string{"Origin: https://evil.test"}, csrf},
		{"foreign page without Origin", "POST /graphql", []string{"Sec-Fetch-Site: cross-site"}, csrf},
		{"cookie without anything", "POST /graphql", []string{withCookie}, csrf},
		{"device cookie without anything", "POST /graphql", []string{withDevice}, csrf},
		{"our page by http", "POST /graphql", []string{withCookie, "Origin: http://api.pix.test"}, csrf},
		{"our page without a token", "POST /graphql", []string{withCookie, fromWeb}, csrf},
		{"our page with its cookie alone", "POST /graphql", []string{withCookie, fromWeb, proof[0]}, csrf},
		{"our page with the header alone", "POST /graphql", []string{withCookie, fromWeb, proof[1]}, csrf},
		{"a token of no session", "POST /graphql", append([]string{withCookie, fromWeb}, proofOut...), csrf},
		{"a browser that is known, without a token", "POST /graphql", []string{withDevice, fromWeb}, csrf},
		{"a browser that is known, with one", "POST /graphql", append([]string{withDevice, fromWeb}, proofOut...), reached},
		{"two origins", "POST /graphql", []string{withCookie, fromWeb, "Origin: https://evil.test"}, csrf},
		{"empty origin", "POST /graphql", []string{withCookie, "Origin: "}, csrf},
		{"foreign page reads by GET", "GET /graphql", []string{withCookie, "Origin: https://evil.test"}, csrf},
		{"listed page reads by GET", "GET /graphql", []string{withCookie, fromWeb, "Sec-Fetch-Site: cross-site"}, reached},
		{"navigation", "GET /graphql", []string{withCookie}, reached},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, f := server(t)
			response := call(t, h, c.line, c.headers...)
			if response.StatusCode != c.want {
				t.Errorf("status %d, want %d", response.StatusCode, c.want)
			}
			if c.want == csrf {
				if got := refused(t, response); len(got.Errors) != 1 || got.Errors[0].Extensions.Code != "CSRF_FAILED" {
					t.Errorf("%+v", got)
				}
				if ours := strings.Contains(c.name, "token") || strings.Contains(c.name, "alone"); !ours && len(f.asked) != 0 {
					t.Error("its cookie was looked at")
				}
			}
		})
	}
	h, _ := server(t)
	for _, origin := range tricks {
		if got := call(t, h, "POST /graphql", withCookie, "Origin: "+origin); got.StatusCode != csrf {
			t.Errorf("Origin %q: %d", origin, got.StatusCode)
		}
	}
}

// studios are two with web apps of their own, and whoever has none.
type studios struct{ away bool }

const (
	ours, theirs, both, nobodys = "https://app.pix.test", "https://app.other.test", "https://all.test", web
	inClear                     = "http://app.pix.test"  // of a studio that was set up in development
	taken                       = "https://api.pix.test" // the first studio's API, which the second lists
)

func (s studios) For(_ context.Context, host, origin string) (account.Tenant, error) {
	if s.away {
		return account.Tenant{}, fault.Away("database", errors.New("connection refused"))
	}
	all := []account.Tenant{
		{ID: id.ID{1}, Slug: "pix", Hosts: []string{"api.pix.test"}, Origins: []string{ours, both}},
		{ID: id.ID{2}, Slug: "other", Hosts: []string{"api.other.test"}, Origins: []string{theirs, both, taken}},
	}
	for _, one := range all {
		if slices.Contains(one.Hosts, host) {
			return one, nil
		}
	}
	for _, one := range all {
		if slices.Contains(one.Origins, origin) {
			return one, nil
		}
	}
	return all[0], nil
}

func (studios) Lists(_ context.Context, origin string) bool {
	return slices.Contains([]string{ours, theirs, both, taken, inClear}, origin)
}

func twoStudios(away bool) func(*edge.Options, *fake) {
	return func(o *edge.Options, _ *fake) {
		o.Tenants, o.Origins = studios{away}, []string{nobodys} // the studios' own are listed by them
	}
}

// A studio's web app is listed for the whole installation, and may still read and send
// with cookies at its own studio only.
func TestAStudiosPagesAreNoneOfAnothers(t *testing.T) {
	t.Parallel()
	h, f := server(t, twoStudios(false))
	for _, c := range []struct {
		host, origin string
		welcome      bool
	}{
		{"api.pix.test", inClear, false},
		{"api.pix.test", ours, true}, {"api.pix.test", theirs, false}, {"api.pix.test", both, true}, {"api.pix.test", nobodys, true}, {"api.pix.test", "https://evil.test", false},
		{"api.other.test", ours, false}, {"api.other.test", theirs, true}, {"api.other.test", both, true}, {"api.other.test", nobodys, true},
		// A host that is no studio's: the page says whose request it is.
		{"api.test", ours, true}, {"api.test", theirs, true}, {"api.test", nobodys, true}, {"api.test", "https://evil.test", false},
	} {
		from := []string{"Host: " + c.host, "Origin: " + c.origin}
		want, status := "", http.StatusForbidden
		if c.welcome {
			want, status = c.origin, http.StatusOK
		}
		preflight := call(t, h, "OPTIONS /graphql", append(from, "Access-Control-Request-Method: POST")...)
		if got := preflight.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("preflight of %s at %s: allowed %q", c.origin, c.host, got)
		}
		for _, more := range [][]string{nil, append([]string{withDevice}, proofOut...)} {
			got := call(t, h, "POST /graphql", append(more, from...)...)
			if allowed := got.Header.Get("Access-Control-Allow-Origin"); allowed != want || got.StatusCode != status {
				t.Errorf("%s at %s with %d headers: %d, allowed %q", c.origin, c.host, len(more), got.StatusCode, allowed)
			}
		}
		// A bearer is no browser's doing: who has it may use it from anywhere, unread.
		if got := call(t, h, "GET /csrf-token", append(from, "Cookie: __Host-pixgate-device=abc")...); got.StatusCode != status {
			t.Errorf("%s reads by cookie at %s: %d", c.origin, c.host, got.StatusCode)
		}
	}
	for _, one := range f.records.Incidents() {
		if one.Event != audit.CSRFBlocked || one.TenantID == nil {
			t.Errorf("the studio is not told: %+v", one)
		}
	}
}

// A studio that lists another one's API as its web app, by mistake or on purpose, does not
// shut that one's own pages out.
func TestNoStudioTakesAnothersOwnPages(t *testing.T) {
	t.Parallel()
	h, f := server(t, twoStudios(false))
	if got := call(t, h, "POST /graphql", append([]string{withDevice, "Host: api.pix.test", "Origin: " + taken, "Sec-Fetch-Site: same-origin"}, proofOut...)...); got.StatusCode != http.StatusOK || len(f.records.Incidents()) > 0 {
		t.Errorf("the studio's own page: %d, %+v", got.StatusCode, f.records.Incidents())
	}
}

// While the studios can't be looked up the list alone decides, so that a page can read
// that it must wait.
func TestRefusalsCanBeReadWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	h, _ := server(t, twoStudios(true))
	for _, origin := range []string{ours, theirs, nobodys} {
		got := call(t, h, "POST /graphql", "Origin: "+origin)
		if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("%s: %d, allowed %q", origin, got.StatusCode, got.Header.Get("Access-Control-Allow-Origin"))
		}
		if !strings.Contains(got.Header.Get("Access-Control-Expose-Headers"), "Retry-After") {
			t.Errorf("%s may not read when to come back", origin)
		}
	}
	if got := call(t, h, "POST /graphql", "Origin: https://evil.test").Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a page that is not listed may read %q", got)
	}
}

func TestAPageMayReadHowLongAFileIs(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	exposed := call(t, h, "POST /graphql", fromWeb).Header.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"Content-Length", "Content-Disposition", "Content-Range", "Etag", "Ratelimit-Remaining", "Retry-After", "Www-Authenticate", "X-Request-Id"} {
		if !strings.Contains(exposed, name) {
			t.Errorf("%s is not exposed: %s", name, exposed)
		}
	}
}
