package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/logs"
	"pixgate/internal/secret"
	"pixgate/internal/session"
)

const (
	api = "https://api.pix.test" // the host of every request
	web = "https://pix.test"     // the one listed origin

	cookieToken = "pgs_cookie"
	bearerToken = "pgs_bearer"
	adminToken  = "pgs_admin"
	brokenToken = "pgs_database-is-away"
	hangToken   = "pgs_database-says-nothing"

	csrfSecret = "csrf secret of a test, long enough"

	goodImage = "img_good"
	link      = "https://storage.test/picture?signed"
)

var (
	now     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tenants = map[string]account.Tenant{
		"api.pix.test":   {ID: id.ID{1}, Slug: "pix"},
		"api.other.test": {ID: id.ID{2}, Slug: "other"},
	}
)

func clock() time.Time { return now }

// fake is everything behind the edge.
type fake struct {
	log       *bytes.Buffer
	mu        sync.Mutex
	delivered int
	asked     []string // each call of Authenticate
	ready     error
	degraded  bool
	records   stage.Records
	graphql   http.HandlerFunc
}

func (f *fake) For(_ context.Context, host, _ string) (account.Tenant, error) {
	switch tenant, ok := tenants[host]; {
	case ok:
		return tenant, nil
	case host == "away.test":
		return account.Tenant{}, fault.Away("database", errors.New("connection refused"))
	}
	return account.Tenant{}, fault.Refused()
}

// Lists knows of no studio's own origins: the tests are about the list of the settings.
func (f *fake) Lists(context.Context, string) bool { return false }

func (f *fake) Authenticate(ctx context.Context, token string, transport session.Transport, tenantID id.ID, device string) (account.Viewer, error) {
	f.mu.Lock()
	f.asked = append(f.asked, string(transport))
	f.mu.Unlock()
	viewer := account.Viewer{TenantID: id.ID{1}, AccountID: id.ID{7}, SessionID: id.ID{8}, Email: "anna@pix.test", Role: account.Customer}
	switch {
	case token == brokenToken:
		return account.Viewer{}, fault.Away("database", errors.New("connection refused"))
	case token == hangToken:
		<-ctx.Done()
		return account.Viewer{}, fault.Away("database", ctx.Err())
	case device != "" && device != "my-device":
		return account.Viewer{TenantID: viewer.TenantID, AccountID: viewer.AccountID}, fault.New(fault.DeviceMismatch, "This session belongs to another device.")
	case tenantID != viewer.TenantID:
	case token == adminToken:
		viewer.Role = account.Admin
		return viewer, nil
	case token == cookieToken && transport == session.Cookie, token == bearerToken && transport == session.Token:
		return viewer, nil
	}
	return account.Viewer{}, fault.SignedOut()
}

func (f *fake) ImageURL(ctx context.Context, v account.Viewer, imageID string) (string, error) {
	if err := f.CheckImage(ctx, v, imageID); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delivered++
	return link, nil
}

func (f *fake) CheckImage(ctx context.Context, v account.Viewer, imageID string) error {
	switch {
	case imageID == "img_hang":
		<-ctx.Done()
		return fault.Away("database", ctx.Err())
	case imageID == "img_panic":
		panic("a bug with pgs_secret in it")
	case imageID == "img_broken":
		return errors.New("column password does not exist")
	case !v.SignedIn():
		return fault.SignedOut()
	case imageID != goodImage:
		return fault.Refused()
	}
	return nil
}

// server is the real chain around fakes. change may alter options.
func server(t *testing.T, change ...func(*edge.Options, *fake)) (http.Handler, *fake) {
	t.Helper()
	f := &fake{log: &bytes.Buffer{}}
	f.graphql = func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		logs.Note(r.Context(), slog.String("operation", "Jobs"))
		client := session.ClientFrom(r.Context())
		_ = json.NewEncoder(w).Encode(map[string]any{
			"viewer": account.ViewerFrom(r.Context()).Email, "request": account.ViewerFrom(r.Context()).RequestID,
			"tenant": client.Tenant.Slug, "ip": client.IP, "deviceLength": len(client.DeviceSecret), "agent": client.UserAgent,
		})
	}
	o := edge.Options{
		Log: logs.New(f.log, slog.LevelDebug), Now: clock,
		Secure: true, PublicURLs: []string{api}, Origins: []string{web},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		CSRF:           secret.NewRing(csrfSecret, ""),
		Limits:         stage.Limits(t, nil), Security: &f.records, Meter: &f.records, Degraded: func() bool { return f.degraded },
		Tenants: f, Sessions: f, Downloads: f, Ready: func(context.Context) error { return f.ready },
		GraphQL:    http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.graphql(w, r) }),
		Playground: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "playground") }),
	}
	for _, c := range change {
		c(&o, f)
	}
	return edge.New(o), f
}

func development(o *edge.Options, _ *fake) {
	o.Development, o.Secure, o.PublicURLs = true, false, []string{"http://api.pix.test"}
}

// call sends "METHOD /path" with headers given as "Name: value".
// What a browser sends in the session of withCookie, and in none, to prove that our
// own page sent it.
var (
	proof    = proofIn("__Host-csrf", id.ID{8})
	proofOut = proofIn("__Host-csrf", id.Nil)
)

func proofIn(cookie string, sessionID id.ID) []string {
	token := edge.NewCSRF(secret.NewRing(csrfSecret, ""), sessionID)
	return []string{"Cookie: " + cookie + "=" + token, "X-CSRF-Token: " + token}
}

func call(t *testing.T, h http.Handler, line string, headers ...string) *http.Response {
	t.Helper()
	verb, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(t.Context(), verb, path, strings.NewReader(`{"query":"{viewer{id}}"}`))
	r.Host = "api.pix.test"
	r.RemoteAddr = "203.0.113.9:4711"
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func read(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// refusal is both forms of one.
type refusal struct {
	Type, Title, Detail, Code, RequestID string
	Status                               int
	Errors                               []struct {
		Message    string
		Extensions struct{ Code, RequestID string }
	}
	Data any
}

func refused(t *testing.T, response *http.Response) refusal {
	t.Helper()
	var r refusal
	body := read(t, response)
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("%d, no JSON: %q", response.StatusCode, body)
	}
	return r
}

const (
	withCookie = "Cookie: __Host-pixgate=" + cookieToken
	withDevice = "Cookie: __Host-pixgate-device=abc"
	withBearer = "Authorization: Bearer " + bearerToken
	fromWeb    = "Origin: " + web
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	image := "/images/" + goodImage + "/download"
	for _, c := range []struct {
		name, line string
		headers    []string
		status     int
		code       string // empty: none
		header     string // "Name: value" that must stand there
	}{
		{"no such route", "GET /nothing", nil, 404, "", ""},
		{"root", "GET /", nil, 404, "", ""},
		{"wrong method", "POST " + image, nil, 405, "", "Allow: GET, HEAD"},
		{"wrong method of health", "POST /healthz", nil, 405, "", "Allow: GET, HEAD"},
		{"signed out", "GET " + image, nil, 401, "UNAUTHENTICATED", "WWW-Authenticate: Bearer"},
		{"signed out, HEAD", "HEAD " + image, nil, 401, "", "WWW-Authenticate: Bearer"},
		{"foreign picture", "GET /images/img_foreign/download", []string{withBearer}, 403, "FORBIDDEN", ""},
		{"dead bearer", "GET " + image, []string{"Authorization: Bearer pgs_dead"}, 401, "UNAUTHENTICATED", "WWW-Authenticate: Bearer"},
		{"dead bearer, GraphQL", "POST /graphql", []string{"Authorization: Bearer pgs_dead"}, 401, "UNAUTHENTICATED", "WWW-Authenticate: Bearer"},
		{"a cookie's token as bearer", "POST /graphql", []string{"Authorization: Bearer " + cookieToken}, 401, "UNAUTHENTICATED", ""},
		{"another scheme", "POST /graphql", []string{"Authorization: Basic " + bearerToken}, 401, "UNAUTHENTICATED", ""},
		{"empty Authorization", "POST /graphql", []string{"Authorization: "}, 401, "UNAUTHENTICATED", ""},
		{"two Authorizations", "POST /graphql", []string{withBearer, withBearer}, 401, "UNAUTHENTICATED", ""},
		{"bearer of another studio", "POST /graphql", []string{withBearer, "Host: api.other.test"}, 401, "UNAUTHENTICATED", ""},
		{"another device", "POST /graphql", []string{withBearer, "X-Device-Id: stolen"}, 403, "DEVICE_MISMATCH", ""},
		{"another device, cookie", "POST /graphql", []string{withCookie, fromWeb, "X-Device-Id: stolen"}, 403, "DEVICE_MISMATCH", ""},
		{"no studio", "POST /graphql", []string{"Host: nobody.test"}, 403, "FORBIDDEN", ""},
		{"database away for the studio", "POST /graphql", []string{"Host: away.test"}, 503, "UNAVAILABLE", "Retry-After: 2"},
		{"database away for the session", "POST /graphql", []string{"Authorization: Bearer " + brokenToken}, 503, "UNAVAILABLE", "Retry-After: 2"},
		{"database away for a cookie", "GET " + image, []string{"Cookie: __Host-pixgate=" + brokenToken}, 503, "UNAVAILABLE", "Retry-After: 2"},
		{"our mistake", "GET /images/img_broken/download", []string{withBearer}, 500, "INTERNAL", ""},
		{"panic", "GET /images/img_panic/download", []string{withBearer}, 500, "INTERNAL", ""},
		{"too large", "POST /graphql", []string{"Content-Length: 65537"}, 413, "QUERY_REJECTED", ""},
		{"cookie without origin", "POST /graphql", []string{withCookie}, 403, "CSRF_FAILED", ""},
		{"device cookie without origin", "POST /graphql", []string{withDevice}, 403, "CSRF_FAILED", ""},
		{"playground, signed out", "GET /playground", nil, 401, "UNAUTHENTICATED", ""},
		{"playground, customer", "GET /playground/app.js", []string{withBearer}, 403, "FORBIDDEN", ""},
		{"download by a foreign page", "GET " + image, []string{withCookie, "Sec-Fetch-Site: cross-site"}, 403, "CSRF_FAILED", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, _ := server(t)
			if strings.HasPrefix(strings.Join(c.headers, ""), "Content-Length") {
				h = sized(h, 65537)
			}
			// The page of a listed origin must be able to read why.
			response := call(t, h, c.line, append(c.headers, listedUnless(c.headers)...)...)
			if response.StatusCode != c.status {
				t.Errorf("status %d, want %d", response.StatusCode, c.status)
			}
			if name, value, ok := strings.Cut(c.header, ": "); ok && response.Header.Get(name) != value {
				t.Errorf("%s: %q, want %q", name, response.Header.Get(name), value)
			}
			if got := response.Header.Get("Access-Control-Allow-Origin"); len(listedUnless(c.headers)) > 0 && !strings.HasPrefix(c.line, "HEAD") && got != web {
				t.Errorf("a listed page can't read this: Access-Control-Allow-Origin %q", got)
			}
			if strings.HasPrefix(c.line, "HEAD") {
				return
			}
			got := refused(t, response)
			if strings.HasSuffix(c.line, "/graphql") {
				if media := response.Header.Get("Content-Type"); media != "application/json; charset=utf-8" {
					t.Errorf("Content-Type %q", media)
				}
				if len(got.Errors) != 1 || got.Errors[0].Extensions.Code != c.code || got.Errors[0].Message == "" || got.Data != nil {
					t.Errorf("errors %+v, want one %s", got.Errors, c.code)
				}
				return
			}
			if media := response.Header.Get("Content-Type"); media != "application/problem+json" {
				t.Errorf("Content-Type %q", media)
			}
			if got.Code != c.code || got.Status != c.status || got.Title != http.StatusText(c.status) {
				t.Errorf("problem %+v, want code %s", got, c.code)
			}
			if (got.RequestID != "") != (c.status == 500) || got.RequestID != "" && got.RequestID != response.Header.Get("X-Request-Id") {
				t.Errorf("requestId %q with status %d", got.RequestID, c.status)
			}
			if strings.Contains(got.Detail, "password") || strings.Contains(got.Detail, "bug") {
				t.Errorf("the cause left the house: %q", got.Detail)
			}
		})
	}
}

// listedUnless is the header of a listed page, where the case is not about origins.
func listedUnless(headers []string) []string {
	for _, header := range headers {
		if strings.HasPrefix(header, "Origin") || strings.HasPrefix(header, "Cookie") {
			return nil
		}
	}
	return []string{fromWeb}
}

// sized says that the body has n bytes.
func sized(h http.Handler, n int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ContentLength = n
		h.ServeHTTP(w, r)
	})
}

func TestABodyThatTurnsOutTooLargeIsNotRead(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(strings.Repeat("x", 65537)))
	r.Host, r.ContentLength = "api.pix.test", -1
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", w.Code)
	}
}

func TestGraphQLIsRefusedInTheMediaTypeItAskedFor(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	response := call(t, h, "POST /graphql", "Authorization: Bearer dead", "Accept: application/graphql-response+json, application/json;q=0.9")
	if got := response.Header.Get("Content-Type"); got != "application/graphql-response+json; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestForeignUnknownAndMalformedAreTheSameBytes(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	var first string
	for _, name := range []string{"img_foreign", "img_unknown", "x", "img%00", "..%2f..%2fetc", "%F0%9F%A4%B7", strings.Repeat("9", 500)} {
		response := call(t, h, "GET /images/"+name+"/download", withBearer)
		response.Header.Del("X-Request-Id")
		response.Header.Del("RateLimit-Remaining") // each has one less
		var headers strings.Builder
		if err := response.Header.Write(&headers); err != nil {
			t.Fatal(err)
		}
		got := response.Status + headers.String() + read(t, response)
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%s answers otherwise:\n%s\n%s", name, got, first)
		}
	}
}

func TestDownloadRedirectsAndHeadDeliversNothing(t *testing.T) {
	t.Parallel()
	for _, headers := range [][]string{
		{withBearer}, {withCookie}, {withCookie, "Sec-Fetch-Site: same-site"}, {withCookie, "Sec-Fetch-Site: none"},
		{withBearer, "Sec-Fetch-Site: cross-site"}, // no browser adds a bearer by itself
	} {
		h, f := server(t)
		head := call(t, h, "HEAD /images/"+goodImage+"/download", headers...)
		if head.StatusCode != http.StatusSeeOther || head.Header.Get("Location") != "" || f.delivered != 0 {
			t.Errorf("%v: HEAD: %d, Location %q, delivered %d", headers, head.StatusCode, head.Header.Get("Location"), f.delivered)
		}
		get := call(t, h, "GET /images/"+goodImage+"/download", headers...)
		if get.StatusCode != http.StatusSeeOther || get.Header.Get("Location") != link || f.delivered != 1 {
			t.Errorf("%v: GET: %d, Location %q, delivered %d", headers, get.StatusCode, get.Header.Get("Location"), f.delivered)
		}
		if got := get.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q", got)
		}
	}
}

// A database that says nothing is away, and soon enough for a client to hear it.
func TestNobodyWaitsForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _ := server(t)
		for _, headers := range [][]string{{"Authorization: Bearer " + hangToken}, {"Cookie: __Host-pixgate=" + hangToken}, {withBearer}} {
			start := time.Now()
			response := call(t, h, "GET /images/img_hang/download", headers...)
			if waited := time.Since(start); response.StatusCode != http.StatusServiceUnavailable || waited > 10*time.Second {
				t.Errorf("%v: %d after %s", headers, response.StatusCode, waited)
			}
		}
	})
}

func TestPlaygroundIsForAdminsOutsideDevelopment(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	if got := call(t, h, "GET /playground", "Authorization: Bearer "+adminToken); got.StatusCode != http.StatusOK || read(t, got) != "playground" {
		t.Errorf("admin: %d", got.StatusCode)
	}
	h, _ = server(t, development)
	if got := call(t, h, "GET /playground/app.js"); got.StatusCode != http.StatusOK {
		t.Errorf("development: %d", got.StatusCode)
	}
}

func TestHealthNeedsNothingAndNamesNothing(t *testing.T) {
	t.Parallel()
	h, f := server(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := call(t, h, "GET "+path, "Host: away.test"); got.StatusCode != http.StatusOK || read(t, got) != "ok\n" {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
	f.ready = errors.New("dial tcp 10.1.2.3:5432: refused")
	if got := call(t, h, "GET /healthz"); got.StatusCode != http.StatusOK {
		t.Errorf("/healthz without a database: %d", got.StatusCode)
	}
	if got := call(t, h, "GET /readyz"); got.StatusCode != http.StatusServiceUnavailable || read(t, got) != "degraded\n" {
		t.Errorf("/readyz without a database: %d", got.StatusCode)
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	for _, line := range []string{"GET /healthz", "GET /nothing", "POST /graphql", "GET /images/x/download", "GET /images/img_panic/download", "OPTIONS /graphql"} {
		got := call(t, h, line).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "max-age=31536000",
		} {
			if got.Get(name) != want {
				t.Errorf("%s: %s %q, want %q", line, name, got.Get(name), want)
			}
		}
		if len(got.Get("X-Request-Id")) != 32 {
			t.Errorf("%s: X-Request-Id %q", line, got.Get("X-Request-Id"))
		}
	}
	plain, _ := server(t, development)
	if got := call(t, plain, "GET /healthz").Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("over http: Strict-Transport-Security %q", got)
	}
}

func TestRequestIDIsOurOwn(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	first := call(t, h, "POST /graphql", withBearer, "X-Request-Id: mine")
	second := call(t, h, "POST /graphql", withBearer, "X-Request-Id: mine")
	a, b := first.Header.Get("X-Request-Id"), second.Header.Get("X-Request-Id")
	if a == b || a == "mine" {
		t.Errorf("ids %q and %q", a, b)
	}
	var seen struct{ Request string }
	if err := json.Unmarshal([]byte(read(t, first)), &seen); err != nil || seen.Request != a {
		t.Errorf("the viewer asks in request %q, want %q", seen.Request, a)
	}
}

// watched is a body that says when it has been read to its end.
type watched struct {
	io.Reader
	end func()
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err == io.EOF {
		w.end()
	}
	return n, err
}

// A caller who sent the body slowly was once judged by who they were when they
// began: blocked or demoted meanwhile, they were served for ten seconds more.
func TestNobodyIsAskedForBeforeTheBodyIsThere(t *testing.T) {
	t.Parallel()
	h, f := server(t)
	r := httptest.NewRequest(http.MethodPost, api+"/graphql", watched{strings.NewReader(`{"query":"{viewer{id}}"}`), func() {
		if len(f.asked) > 0 {
			t.Errorf("asked for %v while the body was still coming", f.asked)
		}
	}})
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+bearerToken)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || len(f.asked) != 1 {
		t.Errorf("%d, asked for %v", w.Code, f.asked)
	}
}

func TestTidierPathsAreNotFound(t *testing.T) {
	t.Parallel()
	h, _ := server(t)
	for _, path := range []string{"//evil.test/playground", "/images//download"} {
		r := httptest.NewRequest(http.MethodGet, api+"/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
}
