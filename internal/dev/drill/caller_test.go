package drill_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
)

const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
)

// caller is somebody out there with a device of theirs.
type caller struct {
	h      *house
	base   string // of the API
	from   string // address
	header http.Header
	jar    http.CookieJar // nil: no browser
}

// calling is the same caller who calls from another address.
func (c *caller) calling(address string) *caller {
	changed := *c
	changed.from = c.h.note("caller", address)
	return &changed
}

// address is one that no other caller has, in a network of its own.
func address() string {
	n := addresses.Add(1)
	return netip.AddrFrom4([4]byte{81, byte(n >> 8), byte(n), 7}).String()
}

var addresses atomic.Uint32

// app is a program without cookies.
func (h *house) app() *caller {
	return &caller{h: h, base: api, from: h.note("caller", address()), header: http.Header{"Accept": {mediaGraphQL}}}
}

// as is an app that is signed in.
func (h *house) as(p *cast.Person) *caller {
	c := h.app()
	if p.TenantID != h.TenantID {
		c.base = foreign
	}
	return c.with("Authorization", "Bearer "+p.Token)
}

// browser is one that shows the web app.
func (h *house) browser(t *testing.T) *caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := h.app().with("Origin", web).with("Sec-Fetch-Site", "same-site")
	c.jar = jar
	return c
}

// with is the same caller who sends another header.
func (c *caller) with(name, value string) *caller {
	changed := *c
	changed.header = c.header.Clone()
	changed.header.Set(name, value)
	return &changed
}

func (c *caller) without(name string) *caller {
	changed := *c
	changed.header = c.header.Clone()
	changed.header.Del(name)
	return &changed
}

// at is the same caller at another base URL.
func (c *caller) at(base string) *caller {
	changed := *c
	changed.base = base
	return &changed
}

// answer is what a caller is told.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

// send asks for a path of the API.
func (c *caller) send(method, path string, body []byte, headers http.Header) (*answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	for name, values := range headers {
		r.Header[name] = values
	}
	if r.Header.Get("Transfer-Encoding") != "" {
		r.Header.Del("Transfer-Encoding")
		r.ContentLength = -1 // the client sends chunks then
	}
	r.Header.Set(fromHeader, c.from)
	client := &http.Client{
		Transport: c.h.front, Jar: c.jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	start := time.Now()
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{status: response.StatusCode, header: response.Header, body: read, took: time.Since(start)}
	c.h.hear(a)
	return a, nil
}

func envelope(query string, variables map[string]any) []byte {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // texts always encode
	}
	return body
}

// proven is the same caller with the token that the API gives to its cookies, as the web
// app does before it sends anything. A caller who gets none sends none.
func (c *caller) proven() (*caller, error) {
	a, err := c.send(http.MethodGet, "/csrf-token", nil, nil)
	if err != nil || a.text("csrfToken") == "" {
		return c, err
	}
	proven := c.with("X-CSRF-Token", a.text("csrfToken"))
	if cookies := c.header.Get("Cookie"); c.jar == nil && cookies != "" {
		proven.header.Set("Cookie", cookies+"; __Host-csrf="+a.text("csrfToken"))
	}
	return proven, nil
}

// graphql sends a query as the web app does: with its token, and once more with another
// where the one that it had is not good any more.
func (c *caller) graphql(query string, variables map[string]any) (*answer, error) {
	ask := func(c *caller) (*answer, error) {
		return c.send(http.MethodPost, "/graphql", envelope(query, variables), http.Header{"Content-Type": {mediaJSON}})
	}
	if c.jar == nil && c.header.Get("Cookie") == "" {
		return ask(c)
	}
	if c.header.Get("X-CSRF-Token") != "" {
		if a, err := ask(c); err != nil || a.code() != "CSRF_FAILED" {
			return a, err
		}
	}
	c, err := c.proven()
	if err != nil {
		return nil, err
	}
	return ask(c)
}

// ask sends a query that must be answered, by whatever.
func (c *caller) ask(t *testing.T, query string, variables map[string]any) *answer {
	t.Helper()
	a, err := c.graphql(query, variables)
	if err != nil {
		t.Fatalf("%v\n%s", err, c.h.log())
	}
	return a
}

// get asks for a route.
func (c *caller) get(t *testing.T, method, path string) *answer {
	t.Helper()
	a, err := c.send(method, path, nil, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, c.h.log())
	}
	return a
}

// find walks into the JSON of the answer; nil where there is nothing.
func (a *answer) find(path ...any) any {
	var at any
	if json.Unmarshal(a.body, &at) != nil {
		return nil
	}
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := at.(map[string]any)
			at = object[step]
		case int:
			list, _ := at.([]any)
			if step >= len(list) {
				return nil
			}
			at = list[step]
		}
	}
	return at
}

func (a *answer) text(path ...any) string {
	text, _ := a.find(path...).(string)
	return text
}

func (a *answer) list(path ...any) []any {
	list, _ := a.find(path...).([]any)
	return list
}

// code is that of the first error, of either form.
func (a *answer) code() string {
	if code := a.text("code"); code != "" {
		return code
	}
	return a.text("errors", 0, "extensions", "code")
}

// String is for messages of tests: no header, no link, no credential.
func (a *answer) String() string {
	return fmt.Sprintf("%d %.600s", a.status, unlink.ReplaceAllString(string(a.body), "LINK"))
}

// fine fails the test unless the answer is 200 without errors.
func (a *answer) fine(t *testing.T) *answer {
	t.Helper()
	if a.status != http.StatusOK || a.find("errors") != nil || a.find("data") == nil {
		t.Fatalf("not fine: %s", a)
	}
	return a
}

// refused fails the test unless the whole request is refused so.
func (a *answer) refused(t *testing.T, status int, code string) {
	t.Helper()
	object, _ := a.find().(map[string]any)
	_, data := object["data"]
	if a.status != status || a.code() != code || data || len(a.list("errors")) > 1 {
		t.Errorf("want %d %s, got %s", status, code, a)
	}
}

const (
	requestOtp = `mutation($input: RequestOtpInput!) { requestOtp(input: $input) { challengeId expiresAt retryAfter } }`
	verifyOtp  = `mutation($input: VerifyOtpInput!) { verifyOtp(input: $input) { viewer { id email role tenant { slug } } expiresAt token } }`
)

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// mailed is the code in the n-th mail to an address.
func (h *house) mailed(t *testing.T, email string, n int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := h.mail.Wait(ctx, email, n)
	if err != nil {
		t.Fatalf("%v\n%s", err, h.log())
	}
	return sixDigits.FindString(m.Text)
}

// challenge asks for a code.
func (c *caller) challenge(t *testing.T, email string) string {
	t.Helper()
	c.h.note("address", email)
	return c.ask(t, requestOtp, map[string]any{"input": map[string]any{"email": email}}).fine(t).text("data", "requestOtp", "challengeId")
}

// enter answers a challenge with a cookie as the aim, or with a token where the
// caller names a device.
func (c *caller) enter(challenge, code, device string) (*answer, error) {
	input := map[string]any{"challengeId": challenge, "code": code}
	if device != "" {
		input["transport"], input["device"] = "TOKEN", map[string]any{"id": c.h.note("device", device), "kind": "HANDHELD"}
	}
	return c.graphql(verifyOtp, map[string]any{"input": input})
}

// signIn walks from the mailbox to a session. The n-th mail to the address is the one.
func (c *caller) signIn(t *testing.T, email string, n int, device string) *caller {
	t.Helper()
	challenge := c.challenge(t, email)
	a, err := c.enter(challenge, c.h.mailed(t, email, n), device)
	if err != nil {
		t.Fatal(err)
	}
	a.fine(t)
	if device == "" {
		signedIn, err := c.proven()
		if err != nil {
			t.Fatal(err)
		}
		return signedIn
	}
	return c.with("Authorization", "Bearer "+a.text("data", "verifyOtp", "token"))
}

func wrong(code string) string {
	if strings.HasPrefix(code, "0") {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}
