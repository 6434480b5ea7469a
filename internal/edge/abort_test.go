package edge_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// event is the log's line about a request.
func event(t *testing.T, f *fake) (line string, fields map[string]any) {
	t.Helper()
	for line := range strings.SplitSeq(f.log.String(), "\n") {
		if strings.Contains(line, `"msg":"request"`) {
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatal(err)
			}
			return line, fields
		}
	}
	t.Fatalf("no event in the log: %s", f.log.String())
	return "", nil
}

func TestOneEventForEachRequest(t *testing.T) {
	t.Parallel()
	h, f := server(t)
	call(t, h, "POST /graphql?query=secretquery", withBearer, "X-Forwarded-For: 198.51.100.1")
	line, fields := event(t, f)
	if strings.Count(f.log.String(), "\n") != 1 {
		t.Errorf("not one line: %s", f.log.String())
	}
	for name, want := range map[string]any{"method": "POST", "route": "/graphql", "status": 200.0, "operation": "Jobs"} {
		if fields[name] != want {
			t.Errorf("%s = %v, want %v", name, fields[name], want)
		}
	}
	if id, _ := fields["requestId"].(string); len(id) != 32 {
		t.Errorf("requestId %q", id)
	}
	if bytes, _ := fields["bytes"].(float64); bytes < 10 {
		t.Errorf("bytes = %v", bytes)
	}
	for _, secret := range []string{"secretquery", bearerToken, "203.0.113.9", "198.51.100.1", "anna@", "viewer{id}"} {
		if strings.Contains(line, secret) {
			t.Errorf("%q stands in the log: %s", secret, line)
		}
	}
}

func TestTheEventTellsTheTemplateAndTheCause(t *testing.T) {
	t.Parallel()
	h, f := server(t)
	call(t, h, "GET /images/img_broken/download", withBearer)
	_, fields := event(t, f)
	if fields["route"] != "/images/{id}/download" || fields["code"] != "INTERNAL" || !strings.Contains(fmt.Sprint(fields["error"]), "does not exist") {
		t.Errorf("fields: %v", fields)
	}
}

func TestAPanicIsLoggedMaskedWithItsStack(t *testing.T) {
	t.Parallel()
	h, f := server(t)
	response := call(t, h, "GET /images/img_panic/download", withBearer)
	log := f.log.String()
	if !strings.Contains(log, `"msg":"panic"`) || !strings.Contains(log, "CheckImage") || !strings.Contains(log, response.Header.Get("X-Request-Id")) {
		t.Errorf("log: %s", log)
	}
	if strings.Contains(log, "pgs_secret") {
		t.Errorf("a token stands in the log: %s", log)
	}
	if _, fields := event(t, f); fields["status"] != 500.0 {
		t.Errorf("event: %v", fields)
	}
}

// A client that reads a cut answer to its end must notice that it was cut, by
// whatever panic.
func TestACutAnswerNeverEndsCleanly(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]any{
		"abort": http.ErrAbortHandler, "wrapped abort": fmt.Errorf("cut: %w", http.ErrAbortHandler), "bug": "a bug",
	} {
		for _, begin := range []string{"nothing", "header", "flush", "bytes"} {
			t.Run(name+" after "+begin, func(t *testing.T) {
				t.Parallel()
				h, f := server(t, development)
				f.graphql = func(w http.ResponseWriter, _ *http.Request) {
					switch begin {
					case "header":
						w.WriteHeader(http.StatusOK)
					case "flush":
						if err := http.NewResponseController(w).Flush(); err != nil {
							t.Error(err)
						}
					case "bytes":
						_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
					}
					panic(cut)
				}
				done := make(chan struct{})
				running := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(done)
					h.ServeHTTP(w, r)
				}))
				running.EnableHTTP2 = true
				running.StartTLS()
				defer running.Close()
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, running.URL+"/graphql", strings.NewReader("{}"))
				if err != nil {
					t.Fatal(err)
				}
				request.Host = "api.pix.test"
				response, err := running.Client().Do(request)
				if err == nil {
					defer response.Body.Close()
					_, err = io.ReadAll(response.Body)
				}
				<-done
				if name == "bug" && begin == "nothing" {
					if err != nil || response.StatusCode != http.StatusInternalServerError {
						t.Errorf("an answer was still possible: %v", err)
					}
					return
				}
				if err == nil {
					t.Errorf("the client thinks that it has everything: status %d", response.StatusCode)
				}
				if _, fields := event(t, f); fields["aborted"] != true {
					t.Errorf("event: %v", fields)
				}
			})
		}
	}
}
