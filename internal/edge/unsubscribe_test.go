package edge_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
)

// clerk notes what is asked of it.
type clerk struct {
	mu     sync.Mutex
	asked  []string
	posts  []string
	failed error
}

func (c *clerk) Unsubscribe(_ context.Context, studioID id.ID, token string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, studioID.String()[:2]+" "+token)
	return c.failed
}

func (c *clerk) Hear(_ context.Context, post []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts = append(c.posts, string(post))
	return c.failed
}

// office is a server with a clerk.
func office(t *testing.T, change ...func(*edge.Options, *fake)) (http.Handler, *clerk) {
	t.Helper()
	c := &clerk{}
	h, _ := server(t, append(change, func(o *edge.Options, _ *fake) { o.Notices = c })...)
	return h, c
}

const (
	tokenPath = "/unsubscribe?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	oneClick  = "Content-Type: application/x-www-form-urlencoded"
)

// Scanners of mails follow every link, and browsers load what may be clicked.
func TestLookingAtTheLinkChangesNothing(t *testing.T) {
	t.Parallel()
	h, c := office(t)
	for _, line := range []string{"GET " + tokenPath, "HEAD " + tokenPath, "GET /unsubscribe"} {
		for _, header := range []string{"Purpose: prefetch", "Sec-Purpose: prefetch;prerender", withCookie, "User-Agent: scanner"} {
			if got := call(t, h, line, header); got.StatusCode != 200 {
				t.Errorf("%s with %s: %d", line, header, got.StatusCode)
			}
		}
	}
	for _, line := range []string{"PUT " + tokenPath, "DELETE " + tokenPath, "OPTIONS " + tokenPath} {
		if got := call(t, h, line); got.StatusCode == 200 {
			t.Errorf("%s: %d", line, got.StatusCode)
		}
	}
	if len(c.asked) != 0 {
		t.Errorf("unsubscribed: %q", c.asked)
	}
}

// Mail programs send it from wherever they are, without a page of ours.
func TestOneClickUnsubscribes(t *testing.T) {
	t.Parallel()
	h, c := office(t)
	for _, headers := range [][]string{
		{oneClick}, {"Content-Type: multipart/form-data; boundary=x"}, {}, {oneClick, "Origin: https://mail.example", "Sec-Fetch-Site: cross-site"}, {oneClick, "Origin: null"},
		{oneClick, withCookie}, {oneClick, "Authorization: Bearer pgs_dead"},
	} {
		got := call(t, h, "POST "+tokenPath, headers...)
		if got.StatusCode != 200 || len(got.Header["Set-Cookie"]) != 0 {
			t.Errorf("%q: %d, cookies %q", headers, got.StatusCode, got.Header["Set-Cookie"])
		}
	}
	if len(c.asked) != 7 || c.asked[0] != "00 "+strings.Repeat("A", 43) {
		t.Errorf("asked %q", c.asked)
	}
}

// Bytes, headers and status are the same for whatever token: they depend on the language.
func TestThePageTellsNothing(t *testing.T) {
	t.Parallel()
	h, c := office(t)
	for _, verb := range []string{"GET", "POST"} {
		for _, speaks := range []string{"de", "en"} {
			var first string
			for _, token := range []string{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", "x", strings.Repeat("x", 5000), "<script>alert(1)</script>", "%00", "a&token=b"} {
				got := call(t, h, verb+" /unsubscribe?token="+token, "Accept-Language: "+speaks)
				got.Header.Del("X-Request-Id")
				for name := range got.Header { // what is left of a limit is the caller's own
					if strings.HasPrefix(strings.ToLower(name), "ratelimit") {
						got.Header.Del(name)
					}
				}
				var all []string
				for name, values := range got.Header {
					all = append(all, name+": "+strings.Join(values, ", "))
				}
				slices.Sort(all)
				body := read(t, got)
				text := strings.Join(all, "\n") + "\n" + body
				if first == "" {
					first = text
				}
				if got.StatusCode != 200 || text != first {
					t.Errorf("%s, %q: %d\n%s\nand not\n%s", verb, token, got.StatusCode, text, first)
				}
				if !strings.Contains(body, `lang="`+speaks+`"`) || strings.Contains(body, "<script") || strings.Contains(body, "token") || (strings.Count(body, "<button>") == 1) != (verb == "GET") {
					t.Errorf("%s in %s:\n%s", verb, speaks, body)
				}
				if got.Header.Get("Referrer-Policy") != "no-referrer" || got.Header.Get("Cache-Control") != "no-store" || !strings.Contains(got.Header.Get("Content-Security-Policy"), "default-src 'none'") {
					t.Errorf("headers: %q", all)
				}
			}
		}
	}
	c.failed = fault.Away("database", errors.New("connection refused"))
	if got := call(t, h, "POST "+tokenPath); got.StatusCode != 503 {
		t.Errorf("nothing was done, and it answers %d", got.StatusCode)
	}
}

// Under a studio's own name its own tokens count, and no other studio's.
func TestATokenIsSpentForTheStudioOfTheName(t *testing.T) {
	t.Parallel()
	c := &clerk{}
	h, _ := server(t, func(o *edge.Options, _ *fake) { o.Notices, o.Tenants = c, studios{} })
	for _, name := range []string{"api.pix.test", "api.other.test", "elsewhere.test"} {
		call(t, h, "POST /unsubscribe?token=x", "Host: "+name)
	}
	if want := []string{"01 x", "02 x", "00 x"}; !slices.Equal(c.asked, want) {
		t.Errorf("asked %q, want %q", c.asked, want)
	}
}

func TestUnsubscribingIsLimited(t *testing.T) {
	t.Parallel()
	h, c := office(t, func(o *edge.Options, _ *fake) {
		o.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.PublicAPI: {Most: 3, Period: time.Minute}})
	})
	for i, headers := range [][]string{{}, {withCookie}, {"Authorization: Bearer pgs_guess"}, {}, {withCookie}, {"Authorization: Bearer pgs_other"}} {
		if got := call(t, h, "POST "+tokenPath, headers...); (got.StatusCode == 429) != (i >= 3) {
			t.Errorf("guess %d with %q: %d", i, headers, got.StatusCode)
		}
	}
	if len(c.asked) != 3 {
		t.Errorf("%d guesses were heard", len(c.asked))
	}
}

func TestReportsOfSESAreTakenIn(t *testing.T) {
	t.Parallel()
	amazons := func(o *edge.Options, _ *fake) {
		o.Lists = gate.Lists{Allowed: map[gate.Surface][]netip.Prefix{gate.Webhook: {netip.MustParsePrefix("203.0.113.0/24")}}}
	}
	h, c := office(t, amazons)
	// It is for no studio, whatever name it comes under, and in nobody's session.
	for _, headers := range [][]string{{"Content-Type: text/plain; charset=UTF-8"}, {"Host: nowhere.test"}, {"Host: away.test"}, {withCookie}, {"Origin: https://evil.example"}} {
		got := call(t, h, "POST /webhooks/ses", headers...)
		if got.StatusCode != 204 || read(t, got) != "" {
			t.Errorf("%q: %d", headers, got.StatusCode)
		}
	}
	if len(c.posts) != 5 || c.posts[0] != `{"query":"{viewer{id}}"}` {
		t.Errorf("heard %q", c.posts)
	}
	if got := call(t, h, "GET /webhooks/ses"); got.StatusCode != 405 {
		t.Errorf("GET: %d", got.StatusCode)
	}
	for status, failed := range map[int]error{403: fault.Refused(), 400: fault.Invalid(fault.Field{Path: "body", Code: fault.InvalidJSON}), 503: fault.New(fault.Unavailable, "away"), 500: errors.New("a bug")} {
		c.failed = failed
		if got := call(t, h, "POST /webhooks/ses"); got.StatusCode != status {
			t.Errorf("%v: %d", failed, got.StatusCode)
		}
	}
	c.posts = nil
	stranger, c2 := office(t, func(o *edge.Options, _ *fake) {
		o.Lists = gate.Lists{Allowed: map[gate.Surface][]netip.Prefix{gate.Webhook: {netip.MustParsePrefix("198.51.100.0/24")}}}
	})
	if got := call(t, stranger, "POST /webhooks/ses"); got.StatusCode != 403 || len(c2.posts) != 0 {
		t.Errorf("from an address that is not listed: %d", got.StatusCode)
	}
}
