package drill_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

var plain = http.Header{"Content-Type": {mediaJSON}}

// sends posts a body to the API.
func (c *caller) sends(t *testing.T, body string, headers http.Header) *answer {
	t.Helper()
	a, err := c.send(http.MethodPost, "/graphql", []byte(body), headers)
	if err != nil {
		t.Fatalf("%v\n%s", err, c.h.log())
	}
	return a
}

// Another site's page makes a browser that is signed in send requests.
func TestAnotherSitesPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.env["RATE_LIMIT_PUBLIC_API"] = "1000/1m" // what a page sends from afar counts for its visitor's address
	h.people(t)
	b := h.browser(t).signIn(t, h.Owner.Email, 1, "")
	route := "/images/" + h.All.Image("INCLUDED") + "/download"
	for _, origin := range []string{
		"https://evil.test", "null", "https://www.studio.test.evil.test", "http://www.studio.test", "https://www.studio.test:8443", "https://evilwww.studio.test",
		"https://WWW.studio.test", "https://www.studio.test/", "https://foreign.test.evil.test", "file://",
	} {
		for _, site := range []string{"cross-site", ""} {
			evil := b.with("Origin", origin).without("Sec-Fetch-Site")
			if site != "" {
				evil = evil.with("Sec-Fetch-Site", site)
			}
			a := evil.ask(t, "{ viewer { email } }", nil)
			a.refused(t, 403, "CSRF_FAILED")
			if allowed := a.header.Get("Access-Control-Allow-Origin"); allowed != "" {
				t.Errorf("%s may read the answer", origin)
			}
			evil.ask(t, "mutation { logout { ok } }", nil).refused(t, 403, "CSRF_FAILED")
			evil.get(t, http.MethodGet, route).refused(t, 403, "CSRF_FAILED")
		}
	}
	for _, evil := range []*caller{
		b.without("Origin").without("Sec-Fetch-Site"), b.without("Origin").with("Sec-Fetch-Site", "cross-site"), b.with("Sec-Fetch-Site", "cross-site").with("Origin", "https://evil.test"),
	} {
		evil.ask(t, "{ viewer { email } }", nil).refused(t, 403, "CSRF_FAILED")
	}
	// What a page can send without asking first.
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		a := b.with("Origin", "https://evil.test").sends(t, `{"query":"mutation { logout { ok } }"}`, http.Header{"Content-Type": {media}})
		a.refused(t, 403, "CSRF_FAILED")
	}
	// A link, and a picture, on another page.
	far := b.without("Origin").with("Sec-Fetch-Site", "cross-site")
	far.get(t, http.MethodGet, route).refused(t, 403, "CSRF_FAILED")
	far.get(t, http.MethodGet, "/graphql?query="+url.QueryEscape("{viewer{email}}")).refused(t, 403, "CSRF_FAILED")
	// Preflights of others are told nothing; ours are.
	for origin, want := range map[string]string{"https://evil.test": "", web: web} {
		a, err := h.app().with("Origin", origin).send(http.MethodOptions, "/graphql", nil, http.Header{
			"Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"authorization,content-type"},
		})
		if err != nil || a.header.Get("Access-Control-Allow-Origin") != want {
			t.Errorf("preflight of %s: %v, allowed %q", origin, err, a.header.Get("Access-Control-Allow-Origin"))
		}
	}
	if a := b.ask(t, "{ viewer { email } }", nil).fine(t); a.find("data", "viewer") == nil {
		t.Error("somebody was signed out by another site's page")
	}
	if n := h.count(t, "SELECT count(*) FROM delivery"); n != 0 {
		t.Errorf("%d deliveries", n)
	}
}

// Two studios share an installation, and each has a web app that is listed.
func TestAnotherStudiosPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const theirs = "https://www.foreign.test"
	h.env["CORS_ORIGINS"] = web + "," + theirs
	h.people(t)
	h.exec(t, "UPDATE tenant SET origins = CASE slug WHEN 'studio' THEN ARRAY[$1] ELSE ARRAY[$2] END, hosts = CASE slug WHEN 'studio' THEN '{api.studio.test}' ELSE hosts END", web, theirs)
	h.stop(t) // what is known of studios is kept for some seconds
	h.start(t)
	b := h.browser(t).signIn(t, h.Owner.Email, 1, "")
	b.ask(t, "{ viewer { email } }", nil).fine(t)
	for _, evil := range []*caller{b.with("Origin", theirs), b.with("Origin", theirs).without("Sec-Fetch-Site")} {
		a := evil.ask(t, "{ viewer { email } }", nil)
		a.refused(t, 403, "CSRF_FAILED")
		if allowed := a.header.Get("Access-Control-Allow-Origin"); allowed != "" {
			t.Errorf("another studio's page may read the answer: %q", allowed)
		}
		evil.get(t, http.MethodGet, "/csrf-token").refused(t, 403, "CSRF_FAILED")
	}
	own := h.app().at(foreign).with("Origin", theirs)
	if a := own.ask(t, "{ viewer { email } }", nil).fine(t); a.header.Get("Access-Control-Allow-Origin") != theirs {
		t.Error("a studio's page can't read its own studio's answers")
	}
	eventually(t, "the studio's events", patience, func() bool {
		return h.count(t, "SELECT coalesce(sum(count), 0) FROM security_event WHERE event = 'csrf_blocked' AND tenant_id = $1", h.TenantID) == h.events(t)["csrf_blocked"]
	})
}

// A page signs its visitor in as somebody else.
func TestLoginByAnotherSitesPage(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	app := h.app()
	challenge := app.challenge(t, h.Other.Email)
	code := h.mailed(t, h.Other.Email, 1)
	for _, origin := range []string{"https://evil.test", "null"} {
		victim := h.browser(t).with("Origin", origin).with("Sec-Fetch-Site", "cross-site")
		victim.ask(t, requestOtp, map[string]any{"input": map[string]any{"email": h.Other.Email}}).refused(t, 403, "CSRF_FAILED")
		a, err := victim.enter(challenge, code, "")
		if err != nil {
			t.Fatal(err)
		}
		a.refused(t, 403, "CSRF_FAILED")
		if len(a.header["Set-Cookie"]) > 0 {
			t.Error("a cookie was set")
		}
	}
	a, err := h.browser(t).enter(challenge, code, "")
	if err != nil {
		t.Fatal(err)
	}
	a.fine(t) // the code was not spent by the attempts
}

// Credentials mixed, swapped and doubled.
func TestCredentialsMixed(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	b := h.browser(t).signIn(t, h.Owner.Email, 1, "")
	const who = "{ viewer { email } }"
	var value, device string
	for _, c := range b.jar.Cookies(mustURL(t, api)) {
		switch c.Name {
		case "__Host-pixgate":
			value = c.Value
		case "__Host-pixgate-device":
			device = c.Value
		}
	}
	viewer := func(c *caller) any { return c.ask(t, who, nil).fine(t).find("data", "viewer", "email") }

	if got := viewer(b.with("Authorization", "Bearer "+h.Other.Token)); got != h.Other.Email {
		t.Error("with a bearer the cookie counts")
	}
	for name, authorization := range map[string]string{
		"dead": "Bearer pgs_" + strings.Repeat("A", 43), "the cookie's": "Bearer " + value, "empty": "", "no token": "Bearer ", "basic": "Basic " + h.Owner.Token,
		"twice in one": "Bearer " + h.Owner.Token + ", Bearer " + h.Owner.Token, "cut": "Bearer " + h.Owner.Token[:46], "longer": "Bearer " + h.Owner.Token + "A",
		"the device's secret": "Bearer " + device, "raw": h.Owner.Token,
	} {
		for kind, c := range map[string]*caller{"alone": h.app(), "with a living cookie": b} {
			a := c.with("Authorization", authorization).ask(t, who, nil)
			if a.status != 401 || a.code() != "UNAUTHENTICATED" || a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s bearer, %s: %s", name, kind, a)
			}
		}
	}
	two := h.app()
	two.header["Authorization"] = []string{"Bearer " + h.Owner.Token, "Bearer " + h.Owner.Token}
	two.ask(t, who, nil).refused(t, 401, "UNAUTHENTICATED")

	cookie := func(text string) *caller { return h.app().with("Origin", web).with("Cookie", text) }
	for name, text := range map[string]string{
		"a bearer's token": "__Host-pixgate=" + h.Owner.Token, "cut": "__Host-pixgate=" + value[:46], "of development": "pixgate=" + value,
		"another case": "__host-pixgate=" + value, "the device alone": "__Host-pixgate-device=" + device, "the device's as session": "__Host-pixgate=" + device,
	} {
		if got := viewer(cookie(text)); got != nil {
			t.Errorf("%s as cookie signs in", name)
		}
	}
	dead := cookie("__Host-pixgate=pgs_"+strings.Repeat("A", 43)).ask(t, who, nil).fine(t)
	if !strings.Contains(strings.Join(dead.header["Set-Cookie"], ""), "__Host-pixgate=; Path=/; Max-Age=0") {
		t.Error("a dead cookie is not cleared")
	}
	if got := viewer(h.app().with("Origin", web).with("Cookie", "__Host-pixgate="+value)); got != h.Owner.Email {
		t.Error("the cookie itself does not sign in")
	}
}

// Requests that are not what they seem.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	c := h.as(h.Owner)
	logout := `{"query":"mutation { logout { ok } }"}`
	for name, media := range map[string]string{
		"text": "text/plain", "form": "application/x-www-form-urlencoded", "multipart": "multipart/form-data; boundary=x", "graphql": "application/graphql", "none": "",
		"another charset": "application/json; charset=utf-16", "almost": "application/jsonp",
	} {
		if a := c.sends(t, logout, http.Header{"Content-Type": {media}}); a.status != 415 {
			t.Errorf("%s: %s", name, a)
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} {
		a, err := c.send(method, "/graphql", []byte(logout), plain)
		if err != nil || a.status != 405 {
			t.Errorf("%s: %v, %s", method, err, a)
		}
	}
	get := func(query string, headers http.Header) *answer {
		a, err := c.send(http.MethodGet, "/graphql?"+url.Values{"query": {query}}.Encode(), nil, headers)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	preflight := http.Header{"Graphql-Require-Preflight": {"1"}}
	if a := get("mutation { logout { ok } }", preflight); a.status != 405 {
		t.Errorf("a mutation by GET: %s", a)
	}
	overridden := preflight.Clone()
	overridden.Set("X-HTTP-Method-Override", "POST")
	if a := get("mutation { logout { ok } }", overridden); a.status != 405 {
		t.Errorf("a mutation by GET that says it is a POST: %s", a)
	}
	if a := get("query { viewer { id } } mutation M { logout { ok } }", preflight); a.status == 200 && a.find("data", "logout") != nil {
		t.Errorf("a mutation beside a query: %s", a)
	}
	get("{ viewer { id } }", nil).refused(t, 403, "CSRF_FAILED")

	large := `{"query":"{ viewer { id } }","x":"` + strings.Repeat("x", 64<<10) + `"}`
	if a := c.sends(t, large, plain); a.status != 413 {
		t.Errorf("a large body: %s", a)
	}
	chunked := plain.Clone()
	chunked.Set("Transfer-Encoding", "chunked")
	if a := c.sends(t, large, chunked); a.status != 413 {
		t.Errorf("a large body that does not say so: %s", a)
	}
	for name, body := range map[string]string{
		"a batch": `[{"query":"{ viewer { id } }"},{"query":"{ viewer { id } }"}]`, "no object": `"x"`, "null": `null`, "no JSON": `{"query":`, "nothing": ``, "a number": `{"query":1}`,
		"variables of a list": `{"query":"{ viewer { id } }","variables":[]}`, "not UTF-8": "{\"query\":\"{ viewer { id \xff } }\"}", "two objects": `{"query":"{viewer{id}}"}{}`,
		"persisted only": `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`,
	} {
		if a := c.sends(t, body, plain); a.status != 400 || a.find("data") != nil {
			t.Errorf("%s: %s", name, a)
		}
	}
	for name, query := range map[string]string{
		"two requests for a code": `mutation { a: requestOtp(input: {email: "a@b.test"}) { challengeId } b: requestOtp(input: {email: "c@d.test"}) { challengeId } }`,
		"two guesses":             `mutation { a: verifyOtp(input: {challengeId: "x", code: "111111"}) { token } b: verifyOtp(input: {challengeId: "x", code: "222222"}) { token } }`,
		"forty aliases":           "{ " + strings.Repeat("viewer { id } ", 1) + repeat("a%d: viewer { id } ", 40) + "}",
		"deep":                    "{ jobs { nodes { images { nodes { job { images { nodes { job { images { nodes { job { images { nodes { job { id } } } } } } } } } } } } } } }",
		"a field a hundred times": "{ viewer { " + strings.Repeat("id ", 100) + "} }",
		"a circle":                "{ viewer { ...A } } fragment A on Account { ...B } fragment B on Account { ...A }",
		"a subscription":          "subscription { viewer { id } }",
	} {
		a := c.sends(t, string(envelope(query, nil)), plain)
		if a.status != 400 || a.find("data") != nil || a.code() != "QUERY_REJECTED" && a.code() != "VALIDATION_FAILED" {
			t.Errorf("%s: %s", name, a)
		}
	}
	c.ask(t, "{ viewer { id } }", nil).fine(t) // still signed in after all that
}

func repeat(format string, n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, format, i)
	}
	return text.String()
}

// The schema is for admins; a misspelt name tells nobody how it is spelt.
func TestTheSchemaIsForAdmins(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	for _, c := range []*caller{h.app(), h.as(h.Owner), h.as(h.Photographer)} {
		for _, query := range []string{
			"{ __schema { types { name } } }", `{ __type(name: "Query") { name } }`, `{ viewer { id } ...F } fragment F on Query { __schema { queryType { name } } }`,
			`query($no: Boolean = false) { a: __type(name: "Job") @skip(if: $no) { fields { name } } }`,
		} {
			a := c.ask(t, query, nil)
			if a.status == 200 || a.find("data") != nil || a.find("errors") == nil {
				t.Errorf("the schema is told: %s", a)
			}
		}
		for _, query := range []string{"{ vewer { id } }", "{ viewer { emial } }", `mutation { requestOtp(input: {emial: "x"}) { challengeId } }`, "{ jobs(frist: 1) { totalCount } }"} {
			a := c.ask(t, query, nil)
			if a.status != 400 || strings.Contains(string(a.body), "Did you mean") {
				t.Errorf("a suggestion, or none of the contract's statuses: %s", a)
			}
		}
	}
	h.app().get(t, http.MethodGet, "/playground").refused(t, 401, "UNAUTHENTICATED")
	h.as(h.Owner).get(t, http.MethodGet, "/playground").refused(t, 403, "FORBIDDEN")
	h.as(h.Photographer).get(t, http.MethodGet, "/playground/playground.js").refused(t, 403, "FORBIDDEN")
	if a := h.as(h.Admin).get(t, http.MethodGet, "/playground"); a.status != 200 {
		t.Errorf("the admin's playground: %s", a)
	}
	h.as(h.Admin).ask(t, "{ __schema { queryType { name } } }", nil).fine(t)
}

// A client can't choose the address that its requests are counted for.
func TestNobodyChoosesTheirAddress(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	app := h.app()
	request := func(c *caller, n int) *answer {
		return c.ask(t, requestOtp, map[string]any{"input": map[string]any{"email": fmt.Sprintf("somebody-%d@example.com", n)}})
	}
	limited := 0
	for i := range 12 {
		liar := app.with("X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 10.0.0.1", i)).with("X-Real-Ip", fmt.Sprintf("198.51.100.%d", i)).with("Forwarded", "for=198.51.100.9")
		if a := request(liar, i); a.status == 429 {
			if limited++; a.header.Get("Retry-After") == "" || a.find("errors", 0, "extensions", "retryAfter") == nil {
				t.Errorf("429: %s", a)
			}
		}
	}
	if limited != 2 {
		t.Errorf("%d of 12 requests for codes were limited, want those past 10", limited)
	}
	request(h.app(), 99).fine(t)
}
