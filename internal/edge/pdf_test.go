package edge_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/pdf"
)

// press is a printer that prints one page.
type press struct{ asked atomic.Int32 }

func (p *press) Print(ctx context.Context, v account.Viewer, r pdf.Request) (*pdf.Document, error) {
	p.asked.Add(1)
	if err := v.Require(account.Admin, now); err != nil {
		return nil, err
	}
	switch r.URL {
	case "https://page.example/":
		r.Blocked("not_public")
		return &pdf.Document{Filename: "page.example.pdf", Bytes: []byte("%PDF-1.4 the page")}, nil
	case "https://private.example/":
		r.Blocked("not_public")
		return nil, fault.Invalid(fault.Field{Path: "url", Code: fault.InvalidValue, Message: "Not public."})
	case "https://hangs.example/":
		<-ctx.Done()
		return nil, fault.Away("pdf", ctx.Err())
	}
	return nil, fault.Away("pdf", nil)
}

func post(ctx context.Context, t *testing.T, h http.Handler, ip, media, body string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/pdf", strings.NewReader(body))
	r.Host, r.RemoteAddr = "api.pix.test", ip+":4711"
	r.Header.Set("Content-Type", media)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

const (
	asAdmin   = "Authorization: Bearer " + adminToken
	printable = `{"url":"https://page.example/"}`
)

func withPress(p *press) func(*edge.Options, *fake) {
	return func(o *edge.Options, _ *fake) { o.Pages = p }
}

func TestAPageIsSentAsAFile(t *testing.T) {
	t.Parallel()
	h, f := server(t, withPress(&press{}))
	got := post(t.Context(), t, h, "203.0.113.9", "application/json; charset=utf-8", printable, asAdmin)
	if body := read(t, got); got.StatusCode != http.StatusOK || body != "%PDF-1.4 the page" {
		t.Fatalf("%d %q", got.StatusCode, body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": "attachment; filename=page.example.pdf", "X-Content-Type-Options": "nosniff",
		"Cache-Control": "private, no-store", "Content-Length": "17", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q", name, got.Header.Get(name))
		}
	}
	// What the page wanted from the inside is told, though it was printed.
	incidents := f.records.Incidents()
	if len(incidents) != 1 {
		t.Fatalf("%+v", incidents)
	}
	i := incidents[0]
	if i.Event != audit.PDFSSRFBlocked || i.Detail != "not_public" || i.Route != "/pdf" || i.IP != netip.MustParseAddr("203.0.113.9") ||
		i.TenantID == nil || *i.TenantID != (id.ID{1}) || i.AccountID == nil || *i.AccountID != (id.ID{7}) || i.RequestID != got.Header.Get("X-Request-Id") {
		t.Errorf("%+v", i)
	}
}

func TestWhoMayNotPrint(t *testing.T) {
	t.Parallel()
	cookie := "Cookie: __Host-pixgate=" + adminToken
	for _, c := range []struct {
		name, ip, media, body string
		headers               []string
		status                int
		code, field           string // of the problem
	}{
		{"signed out", "", "application/json", printable, nil, 401, "UNAUTHENTICATED", ""},
		{"a customer", "", "application/json", printable, []string{withBearer}, 403, "FORBIDDEN", ""},
		{"a customer with no JSON", "", "text/plain", `{`, []string{withBearer}, 403, "FORBIDDEN", ""},
		{"a customer's cookie without proof", "", "application/json", printable, []string{withCookie, fromWeb}, 403, "CSRF_FAILED", ""},
		{"an admin's cookie without proof", "", "application/json", printable, []string{cookie}, 403, "CSRF_FAILED", ""},
		{"from another site", "", "application/json", printable, append([]string{cookie, "Origin: https://evil.example"}, proof...), 403, "CSRF_FAILED", ""},
		{"an address that is not listed", "198.51.100.7", "application/json", printable, []string{asAdmin}, 403, "IP_DENIED", ""},
		{"a form", "", "application/x-www-form-urlencoded", "url=https://page.example/", []string{asAdmin}, 415, "", ""},
		{"no media type", "", "", printable, []string{asAdmin}, 415, "", ""},
		{"no JSON", "", "application/json", `{"url":`, []string{asAdmin}, 400, "VALIDATION_FAILED", "body invalid_json"},
		{"two values", "", "application/json", printable + printable, []string{asAdmin}, 400, "VALIDATION_FAILED", "body invalid_json"},
		{"an array", "", "application/json", `["https://page.example/"]`, []string{asAdmin}, 400, "VALIDATION_FAILED", "body invalid_type"},
		{"null", "", "application/json", `null`, []string{asAdmin}, 400, "VALIDATION_FAILED", "body invalid_type"},
		{"no URL", "", "application/json", `{}`, []string{asAdmin}, 400, "VALIDATION_FAILED", "url required"},
		{"a number", "", "application/json", `{"url":7}`, []string{asAdmin}, 400, "VALIDATION_FAILED", "url invalid_type"},
		{"more", "", "application/json", `{"url":"https://page.example/","html":"x"}`, []string{asAdmin}, 400, "VALIDATION_FAILED", "body invalid_value"},
		{"what is private", "", "application/json", `{"url":"https://private.example/"}`, []string{asAdmin}, 400, "VALIDATION_FAILED", "url invalid_value"},
		{"what is away", "", "application/json", `{"url":"https://away.example/"}`, []string{asAdmin}, 503, "UNAVAILABLE", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &press{}
			h, _ := server(t, withPress(p), func(o *edge.Options, _ *fake) {
				o.Lists = gate.Lists{Allowed: map[gate.Surface][]netip.Prefix{gate.GeneratePDF: {netip.MustParsePrefix("203.0.113.0/24")}}}
			})
			if c.ip == "" {
				c.ip = "203.0.113.9"
			}
			got := post(t.Context(), t, h, c.ip, c.media, c.body, c.headers...)
			var told struct {
				Code   string
				Fields []struct{ Path, Code string }
			}
			if err := json.Unmarshal([]byte(read(t, got)), &told); err != nil || got.Header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%s: %v", got.Header.Get("Content-Type"), err)
			}
			field := ""
			if len(told.Fields) == 1 {
				field = told.Fields[0].Path + " " + told.Fields[0].Code
			}
			if got.StatusCode != c.status || told.Code != c.code || field != c.field {
				t.Errorf("%d %s %q", got.StatusCode, told.Code, field)
			}
			if got.StatusCode == http.StatusServiceUnavailable && got.Header.Get("Retry-After") == "" {
				t.Error("no word when to come back")
			}
			if asked := p.asked.Load() > 0; asked != strings.Contains(c.name, "what is") {
				t.Errorf("asked the printer: %t", asked)
			}
		})
	}
}

func TestPrintingIsLimited(t *testing.T) {
	t.Parallel()
	p := &press{}
	const most = 3
	h, _ := server(t, withPress(p), func(o *edge.Options, _ *fake) {
		o.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.PDF: {Most: most, Period: 24 * time.Hour}})
	})
	for range most {
		if got := post(t.Context(), t, h, "203.0.113.9", "application/json", printable, asAdmin); got.StatusCode != http.StatusOK {
			t.Fatal(got.StatusCode)
		}
	}
	got := post(t.Context(), t, h, "203.0.113.9", "application/json", printable, asAdmin)
	if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" || int(p.asked.Load()) != most {
		t.Errorf("%d, printed %d", got.StatusCode, p.asked.Load())
	}
	// Who may not print is told so, and not to wait.
	if got := post(t.Context(), t, h, "203.0.113.9", "application/json", printable, withBearer); got.StatusCode != http.StatusForbidden {
		t.Error(got.StatusCode)
	}
}

// Whoever closes the connection ends the printing.
func TestAClientThatLeavesEndsThePrinting(t *testing.T) {
	t.Parallel()
	h, _ := server(t, withPress(&press{}))
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer leave()
	if got := post(ctx, t, h, "203.0.113.9", "application/json", `{"url":"https://hangs.example/"}`, asAdmin); got.StatusCode != http.StatusServiceUnavailable {
		t.Error(got.StatusCode)
	}
}
