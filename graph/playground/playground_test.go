package playground_test

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"pixgate/graph/playground"
)

var operations = []playground.Operation{
	{Name: "Say ok", Query: "query Ok {\n  ok\n}", Variables: `{"at": "first"}`},
	{Name: "One <thing>", Query: "query Thing($id: ID!) {\n  thing(id: $id) {\n    name\n  }\n}", Variables: `{"id": "7"}`},
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// The files that are not ours are those that were published. What must be done to have others stands in refresh.sh.
func TestDist(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"LICENSES":                    "f896cd7ee229933f7c7eb92c1e1112c839161fa9b2795c9b8d968e302db7b257",
		"explorer.min.css":            "68909a4ae23bfadfc4591acb4e2b3c8d4f44153b9ae7fa3b7e7c319eba310ef1",
		"explorer.min.js":             "50cf2c58e4b45daf722d8f39aba0a5874a45e2aa715fe4ce709e357e5102a81b",
		"graphiql.min.css":            "30487e07635d312a63f647b140d37740a73c53332b0975bf4b1fe985ca6ec885",
		"graphiql.min.js":             "867226ba8af5ce7949903fc53932f78dac9f4bfc6cc8da0fd3869b8bc6c5256b",
		"react-dom.production.min.js": "21758ed084cd0e37e735722ee4f3957ea960628a29dfa6c3ce1a1d47a2d6e4f7",
		"react.production.min.js":     "4b4969fa4ef3594324da2c6d78ce8766fbbc2fd121fff395aedf997db0a99a06",
	}
	entries, err := os.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("%d files, want %d", len(entries), len(want))
	}
	for _, e := range entries {
		content, err := os.ReadFile("dist/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want[e.Name()] {
			t.Errorf("%s has changed: %x", e.Name(), sum)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	h := playground.Handler("/graphql", operations)
	r := get(h, "/playground")
	policy := r.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer", "Cache-Control": "private, no-cache",
	} {
		if got := r.Header().Get(name); r.Code != 200 || got != want {
			t.Errorf("%d with %s %q, want %q", r.Code, name, got, want)
		}
	}
	page := r.Body.String()
	if want := html.EscapeString(`"query":"# Say ok\nquery Ok`); !strings.Contains(page, want) {
		t.Errorf("no operation in %s", page)
	}
	if strings.Contains(page, "<thing>") || strings.Contains(page, "<script>") {
		t.Errorf("something is not escaped or inline: %s", page)
	}
	if again := get(h, "/playground", "If-None-Match", r.Header().Get("ETag")); again.Code != 304 {
		t.Errorf("with its ETag: %d", again.Code)
	}
	if slash := get(h, "/playground/"); slash.Header().Get("Location") != "/playground" {
		t.Errorf("/playground/: %d", slash.Code)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	h := playground.Handler("/graphql", nil)
	links := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(get(h, "/playground").Body.String(), -1)
	if len(links) != 9 {
		t.Fatalf("%d links in the page", len(links))
	}
	types := map[string]int{}
	for _, link := range links {
		if link[1] == "data:," {
			continue // the icon that there is none of
		}
		if !strings.HasPrefix(link[1], "/playground/assets/") {
			t.Errorf("%s is not the server's own", link[1])
		}
		r := get(h, link[1])
		types[r.Header().Get("Content-Type")]++
		etag := r.Header().Get("ETag")
		if r.Code != 200 || len(etag) != 66 || r.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || r.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", link[1], r.Code, r.Header())
		}
		if !strings.Contains(link[1], etag[1:17]) {
			t.Errorf("%s does not name its content %s", link[1], etag)
		}
		if again := get(h, link[1], "If-None-Match", etag); again.Code != 304 {
			t.Errorf("%s with its ETag: %d", link[1], again.Code)
		}
	}
	if types["text/javascript; charset=utf-8"] != 5 || types["text/css; charset=utf-8"] != 3 {
		t.Errorf("types %v", types)
	}
	for _, path := range []string{"/playground/assets/", "/playground/assets/graphiql.min.js", "/playground/assets/..%2fplayground.go", "/playground/x"} {
		if r := get(h, path); r.Code != 404 {
			t.Errorf("%s: %d", path, r.Code)
		}
	}
}
