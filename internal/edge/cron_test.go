package edge_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/internal/task"
)

const (
	cronSecret   = "cron-secret-of-a-test-long-enough"
	cronPrevious = "cron-secret-before-it-long-enough"
)

// groundskeeper does chores by name: how they end is in the name.
type groundskeeper struct {
	mu   sync.Mutex
	ran  []string // task and key
	last error
}

func (g *groundskeeper) Names() []string { return []string{"purge", "secrets"} }

func (g *groundskeeper) Knows(name string) bool { return !strings.HasPrefix(name, "unknown") }

func (g *groundskeeper) Within(string) time.Duration { return time.Minute }

func (g *groundskeeper) Last(context.Context) (map[string]*task.Run, error) {
	return map[string]*task.Run{"purge": g.run("purge", task.Done)}, g.last
}

func (g *groundskeeper) run(name string, state task.State) *task.Run {
	run := &task.Run{ID: id.ID{15: 1}, Task: name, Origin: task.Cron, State: state, StartedAt: now, Summary: "7 rows"}
	if state != task.Running {
		run.FinishedAt = &now
	}
	return run
}

func (g *groundskeeper) Do(_ context.Context, name, key string) (task.Answer, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ran = append(g.ran, name+" "+key)
	answer := task.Answer{Run: g.run(name, task.Done)}
	switch name {
	case "taken":
		return task.Answer{}, task.ErrKeyTaken
	case "away":
		return task.Answer{}, fault.Away("database", errors.New("connection refused"))
	case "busy":
		return task.Answer{Run: g.run(name, task.Running), Duplicate: true}, nil
	case "replayed":
		answer.Duplicate = true
	case "fails":
		answer.Run.State, answer.Run.ErrorCode = task.Failed, "INTERNAL"
	case "fails-for-now":
		answer.Run.State, answer.Run.ErrorCode = task.Failed, "UNAVAILABLE"
	case "lost":
		answer.Run.State, answer.Run.ErrorCode = task.Lost, "LOST"
	}
	return answer, nil
}

func (g *groundskeeper) done() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.ran)
}

// grounds is the chain with a groundskeeper behind it.
func grounds(t *testing.T, change ...func(*edge.Options, *fake)) (http.Handler, *fake, *groundskeeper) {
	t.Helper()
	g := &groundskeeper{}
	set := func(o *edge.Options, _ *fake) {
		o.Maintenance, o.CronSecrets = g, []secret.Value{cronSecret, cronPrevious}
	}
	handler, f := server(t, append([]func(*edge.Options, *fake){set}, change...)...)
	return handler, f, g
}

// rap asks at a route of maintenance; headers are names and values.
func rap(t *testing.T, h http.Handler, method, target string, headers ...string) (status int, header http.Header, body map[string]any, text string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	r.RemoteAddr, r.Host = "192.0.2.9:4711", "no-studio.test"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("%s %s: %d %q", method, target, w.Code, w.Body.String())
		}
	}
	return w.Code, w.Header(), body, w.Body.String()
}

const known = "Bearer " + cronSecret

func TestMaintenanceAnswersAsItsRunsEnd(t *testing.T) {
	t.Parallel()
	h, _, g := grounds(t)
	for name, want := range map[string]struct {
		status      int
		media, code string
	}{
		"purge": {200, "application/json", ""}, "busy": {202, "application/json", ""}, "replayed": {202, "application/json", ""},
		"taken": {422, "application/problem+json", "VALIDATION_FAILED"}, "away": {503, "application/problem+json", "UNAVAILABLE"},
		"fails": {500, "application/problem+json", "INTERNAL"}, "fails-for-now": {503, "application/problem+json", "UNAVAILABLE"},
		"lost": {503, "application/problem+json", "UNAVAILABLE"}, "unknown": {404, "application/problem+json", ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, header, body, _ := rap(t, h, method, "/cron/"+name, "Authorization", known)
			if code, _ := body["code"].(string); status != want.status || header.Get("Content-Type") != want.media || code != want.code {
				t.Errorf("%s %s: %d %s %v", method, name, status, header.Get("Content-Type"), body)
			}
			if status == http.StatusServiceUnavailable && header.Get("Retry-After") == "" {
				t.Errorf("%s %s: no Retry-After", method, name)
			}
			if header.Get("Cache-Control") != "no-store" || len(header["Set-Cookie"]) > 0 {
				t.Errorf("%s %s: %v", method, name, header)
			}
		}
	}
	if len(g.done()) != 16 {
		t.Errorf("ran %q", g.done())
	}
	_, _, body, _ := rap(t, h, http.MethodGet, "/cron/purge", "Authorization", known)
	if body["task"] != "purge" || body["run"] != "run_00000000000000000000000000000001" || body["state"] != "DONE" || body["duplicate"] != false || body["summary"] != "7 rows" ||
		body["startedAt"] != "2026-11-22T12:00:00Z" || body["finishedAt"] != "2026-11-22T12:00:00Z" {
		t.Errorf("a run is told as %v", body)
	}
	_, _, body, _ = rap(t, h, http.MethodGet, "/cron/fails", "Authorization", known)
	if run, _ := body["run"].(map[string]any); run["state"] != "FAILED" || run["errorCode"] != "INTERNAL" || body["requestId"] == "" {
		t.Errorf("a failure is told as %v", body)
	}
	if _, _, body, _ = rap(t, h, http.MethodGet, "/cron/busy", "Authorization", known); body["duplicate"] != true || body["finishedAt"] != nil {
		t.Errorf("one that runs is told as %v", body)
	}
}

func TestHEADAsksWithoutRunningAnything(t *testing.T) {
	t.Parallel()
	h, _, g := grounds(t)
	for target, want := range map[string]int{"/cron/purge": 200, "/cron/unknown": 404, "/cron/": 200, "/cron/purge?idempotencyKey=": 400} {
		if status, _, _, _ := rap(t, h, http.MethodHead, target, "Authorization", known); status != want {
			t.Errorf("HEAD %s: %d, want %d", target, status, want)
		}
	}
	if status, _, _, _ := rap(t, h, http.MethodHead, "/cron/purge"); status != http.StatusUnauthorized {
		t.Errorf("HEAD without the secret: %d", status)
	}
	if ran := g.done(); len(ran) != 0 {
		t.Errorf("whoever watches the address has started %q", ran)
	}
}

func TestTheListTellsTheTasksAndTheirLastRuns(t *testing.T) {
	t.Parallel()
	h, _, g := grounds(t)
	status, _, _, text := rap(t, h, http.MethodGet, "/cron/", "Authorization", known)
	if status != http.StatusOK || !strings.Contains(text, `{"name":"purge","last":{"task":"purge"`) || !strings.Contains(text, `{"name":"secrets","last":null}`) {
		t.Errorf("%d %s", status, text)
	}
	g.last = fault.Away("database", errors.New("connection refused"))
	if status, _, _, _ := rap(t, h, http.MethodGet, "/cron/", "Authorization", known); status != http.StatusServiceUnavailable {
		t.Errorf("without the database: %d", status)
	}
	if status, _, _, _ := rap(t, h, http.MethodGet, "/cron/"); status != http.StatusUnauthorized {
		t.Errorf("without the secret: %d", status)
	}
	for method, target := range map[string]string{http.MethodPost: "/cron/", http.MethodDelete: "/cron/purge", http.MethodPut: "/cron/purge"} {
		if status, header, _, _ := rap(t, h, method, target, "Authorization", known); status != http.StatusMethodNotAllowed || header.Get("Allow") == "" {
			t.Errorf("%s %s: %d", method, target, status)
		}
	}
	for _, target := range []string{"/cron", "/cron/purge/now", "/cron//"} {
		if status, _, _, _ := rap(t, h, http.MethodGet, target, "Authorization", known); status != http.StatusNotFound {
			t.Errorf("%s: %d", target, status)
		}
	}
}

// Nobody learns a task's name, or runs one, without the secret; sessions and cookies
// count for nothing here.
func TestWithoutTheSecretNothingIsToldOrDone(t *testing.T) {
	t.Parallel()
	h, f, g := grounds(t)
	bodies := map[string]bool{}
	for name, headers := range map[string][]string{
		"nothing": nil, "another": {"Authorization", "Bearer " + cronSecret + "x"}, "a part": {"Authorization", "Bearer " + cronSecret[:20]},
		"empty": {"Authorization", "Bearer "}, "basic": {"Authorization", "Basic " + cronSecret}, "bare": {"Authorization", cronSecret},
		"twice": {"Authorization", known, "Authorization", known}, "an admin's session": {"Authorization", "Bearer " + adminToken},
		"a cookie": {"Cookie", "__Host-pixgate=" + cookieToken}, "another header": {"X-Cron-Secret", cronSecret},
	} {
		for _, target := range []string{"/cron/purge", "/cron/unknown", "/cron/", "/cron/purge?idempotencyKey=%"} {
			status, header, body, text := rap(t, h, http.MethodGet, target, headers...)
			if status != http.StatusUnauthorized || header.Get("WWW-Authenticate") != "Bearer" || body["code"] != "UNAUTHENTICATED" {
				t.Errorf("%s at %s: %d %v", name, target, status, body)
			}
			bodies[text] = true
		}
	}
	if len(bodies) != 1 || len(g.done()) != 0 {
		t.Errorf("%d different answers, ran %q", len(bodies), g.done())
	}
	if incidents := f.records.Incidents(); len(incidents) != 40 || incidents[0].Event != audit.AuthBlocked || !strings.HasPrefix(incidents[0].Route, "/cron/") || !incidents[0].IP.IsValid() {
		t.Errorf("%d incidents, the first is %+v", len(incidents), incidents[0])
	}
	for _, right := range []string{cronSecret, cronPrevious} {
		if status, _, _, _ := rap(t, h, http.MethodPost, "/cron/purge", "Authorization", "bearer "+right); status != http.StatusOK {
			t.Errorf("a right one: %d", status)
		}
	}
	if len(f.asked) != 0 {
		t.Errorf("the sessions were asked for %q", f.asked)
	}
	for _, private := range []string{cronSecret, cronPrevious, cronSecret[:20], "daily-key"} {
		if strings.Contains(f.log.String(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
}

func TestKeysAndSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	h, f, g := grounds(t)
	for _, name := range []string{"purge", "fails", "away", "taken"} {
		rap(t, h, http.MethodPost, "/cron/"+name+"?idempotencyKey=daily-key-in-the-query", "Authorization", known)
		rap(t, h, http.MethodPost, "/cron/"+name, "Authorization", known, "X-Idempotency-Key", "daily-key-in-the-header")
	}
	if ran := g.done(); len(ran) != 8 || ran[0] != "purge daily-key-in-the-query" || ran[1] != "purge daily-key-in-the-header" {
		t.Errorf("ran %q", ran)
	}
	if said := f.log.String(); strings.Contains(said, "daily-key") || strings.Contains(said, cronSecret) || !strings.Contains(said, `"route":"/cron/{task}"`) {
		t.Errorf("the log says %s", said)
	}
}

func TestWithoutASecretInTheSettingsNobodyStartsAnything(t *testing.T) {
	t.Parallel()
	h, _, g := grounds(t, func(o *edge.Options, _ *fake) { o.CronSecrets = nil })
	for _, headers := range [][]string{nil, {"Authorization", "Bearer "}, {"Authorization", known}} {
		for _, target := range []string{"/cron/purge", "/cron/"} {
			if status, _, body, _ := rap(t, h, http.MethodGet, target, headers...); status != http.StatusServiceUnavailable || body["code"] != "UNAVAILABLE" {
				t.Errorf("%s with %q: %d %v", target, headers, status, body)
			}
		}
	}
	if len(g.done()) != 0 {
		t.Errorf("ran %q", g.done())
	}
}

// Guesses are counted by the address, and a neighbour's don't keep out who knows the secret.
func TestWrongSecretsAreCountedByTheAddress(t *testing.T) {
	t.Parallel()
	h, _, _ := grounds(t, func(o *edge.Options, _ *fake) {
		o.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.AuthIP: {Most: 3, Period: time.Hour}})
	})
	for i := range 5 {
		want := http.StatusUnauthorized
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		if status, _, _, _ := rap(t, h, http.MethodPost, "/cron/purge", "Authorization", "Bearer guess"); status != want {
			t.Errorf("guess %d: %d, want %d", i+1, status, want)
		}
	}
	if status, _, _, _ := rap(t, h, http.MethodPost, "/cron/purge", "Authorization", known); status != http.StatusOK {
		t.Errorf("who knows it, from the same address: %d", status)
	}
	h, _, g := grounds(t, func(o *edge.Options, _ *fake) {
		o.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.PublicAPI: {Most: 2, Period: time.Hour}})
	})
	statuses := []int{}
	for range 3 {
		status, _, _, _ := rap(t, h, http.MethodPost, "/cron/purge", "Authorization", known)
		statuses = append(statuses, status)
	}
	if !slices.Equal(statuses, []int{200, 200, 429}) || len(g.done()) != 2 {
		t.Errorf("so many requests from one address: %v", statuses)
	}
}

func TestMaintenanceIsASurfaceOfItsOwn(t *testing.T) {
	t.Parallel()
	h, _, _ := grounds(t, func(o *edge.Options, _ *fake) {
		o.Lists = gate.Lists{Blocked: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
	})
	// Neither a studio, nor an origin, nor a token of a page is asked for.
	if status, _, _, _ := rap(t, h, http.MethodPost, "/cron/purge", "Authorization", known, "Origin", "https://evil.test", "Cookie", "__Host-pixgate="+cookieToken); status != http.StatusOK {
		t.Errorf("a cookie and an origin were looked at: %d", status)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/cron/purge", strings.NewReader(strings.Repeat("x", 64<<10+1)))
	r.Header.Set("Authorization", known)
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body past the limit: %d", w.Code)
	}
	r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/cron/purge", nil)
	r.RemoteAddr = "198.51.100.7:1"
	r.Header.Set("Authorization", known)
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("from a blocked address: %d", w.Code)
	}
}

func TestAKeyThatSaysNothingClearIsRefused(t *testing.T) {
	t.Parallel()
	h, _, g := grounds(t)
	long := strings.Repeat("k", 128)
	for name, one := range map[string]struct {
		query   string
		headers []string
		key     string // empty: refused
	}{
		"in the header": {"", []string{"daily"}, "daily"}, "in the query": {"idempotencyKey=a%2Fb", nil, "a/b"}, "in both, the same": {"idempotencyKey=daily", []string{"daily"}, "daily"},
		"as long as can be": {"", []string{long}, long}, "all kinds of it": {"", []string{"aZ09-._~:+/=@"}, "aZ09-._~:+/=@"},
		"in both, different": {"idempotencyKey=a", []string{"b"}, ""}, "twice, different": {"idempotencyKey=a&idempotencyKey=b", nil, ""}, "two headers": {"", []string{"a", "b"}, ""},
		"empty": {"idempotencyKey=", nil, ""}, "an empty header": {"", []string{""}, ""}, "too long": {"", []string{long + "k"}, ""}, "a space": {"idempotencyKey=a+b", nil, ""},
		"a line end": {"idempotencyKey=a%0Ab", nil, ""}, "a zero": {"idempotencyKey=a%00", nil, ""}, "an umlaut": {"idempotencyKey=%C3%BC", nil, ""},
		"no query": {"idempotencyKey=%zz", nil, ""}, "a semicolon": {"a=1;idempotencyKey=a", nil, ""},
	} {
		headers := []string{"Authorization", known}
		for _, value := range one.headers {
			headers = append(headers, "X-Idempotency-Key", value)
		}
		before := len(g.done())
		status, _, body, _ := rap(t, h, http.MethodPost, "/cron/purge?"+one.query, headers...)
		ran := g.done()[before:]
		if one.key != "" && (status != http.StatusOK || !slices.Equal(ran, []string{"purge " + one.key})) {
			t.Errorf("%s: %d, ran %q", name, status, ran)
		}
		if one.key == "" && (status != http.StatusBadRequest || len(ran) > 0 || body["code"] != "VALIDATION_FAILED") {
			t.Errorf("%s: %d %v, ran %q", name, status, body, ran)
		}
	}
}

func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range [][2]string{{"daily", ""}, {"", "idempotencyKey=daily"}, {"a", "idempotencyKey=b"}, {"ü", "idempotencyKey=%"}, {"", "idempotencyKey=a&idempotencyKey=a"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, sent, query string) {
		header := http.Header{}
		if sent != "" {
			header.Set("X-Idempotency-Key", sent)
		}
		key, err := edge.IdempotencyKey(header, query)
		if err != nil {
			if key != "" || !fault.Is(err, fault.ValidationFailed) {
				t.Errorf("refused as %v, with %q", err, key)
			}
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatalf("a query that can't be read was taken")
		}
		given := values["idempotencyKey"]
		if sent != "" {
			given = append(given, sent)
		}
		for _, one := range given {
			if one != key || len(one) == 0 || len(one) > 128 || strings.ContainsFunc(one, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`"'\;,<>&%`, c) }) {
				t.Errorf("given %q, took %q", given, key)
			}
		}
		if len(given) == 0 && key != "" {
			t.Errorf("took %q out of nothing", key)
		}
	})
}
