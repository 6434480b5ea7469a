package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/config"
	"pixgate/internal/dev/stage"
)

// settings are a complete environment on parts of a test alone.
var settings = stage.Settings

// program is the whole server, started by the code that main runs.
type program struct {
	url  string
	log  *record
	stop func() error
}

// record is what a program says.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
	told chan string // the address, once it listens
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var line struct{ Msg, Address string }
	if json.Unmarshal(p, &line) == nil && line.Msg == "listening" {
		r.told <- line.Address
	}
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func start(t *testing.T, getenv func(string) string) *program {
	t.Helper()
	p := launch(t, func(ctx context.Context, log io.Writer) error { return run(ctx, nil, getenv, io.Discard, log) })
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return p
}

// launch is start for whoever stops the program themselves.
func launch(t *testing.T, serve func(context.Context, io.Writer) error) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &program{log: &record{told: make(chan string, 1)}}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, p.log) }()
	p.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	select {
	case address := <-p.log.told:
		p.url = "http://" + address
	case err := <-ended:
		t.Fatalf("the server does not start: %v\n%s", err, p.log)
	}
	return p
}

// command runs one of the program's commands and returns what it prints.
func command(t *testing.T, getenv func(string) string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), args, getenv, &stdout, &stderr); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr.String())
	}
	return stdout.String()
}

// answer is what the API says to one operation.
type answer struct {
	Status int
	Header http.Header
	Data   map[string]json.RawMessage
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
}

// ask sends one operation, with headers given as "Name: value".
func (p *program) ask(t *testing.T, query string, variables any, headers ...string) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	a := answer{Status: response.StatusCode, Header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	return a
}

// proof is what a browser with these cookies sends to prove that it shows our page.
func (p *program) proof(t *testing.T, cookies string) []string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/csrf-token", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", cookies)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var given struct{ CSRFToken string }
	if err := json.NewDecoder(response.Body).Decode(&given); err != nil || given.CSRFToken == "" {
		t.Fatalf("/csrf-token: %d %v", response.StatusCode, err)
	}
	return []string{"Cookie: " + strings.TrimPrefix(cookies+"; csrf="+given.CSRFToken, "; "), "X-CSRF-Token: " + given.CSRFToken, "Origin: http://pix.test"}
}

func (p *program) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// From nothing to a signed-in admin and out again, by the commands and the server
// that main runs.
func TestTheWholeProgram(t *testing.T) {
	t.Parallel()
	db, box := stage.Database(t), stage.Mailbox(t)
	env := settings(t, db, map[string]string{
		"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey(), "REDIS_URL": stage.Redis(t),
	})
	if out := command(t, env, "migrate"); !strings.Contains(out, "made the studio studio (pix.test)") {
		t.Errorf("migrate says %q", out)
	}
	if out := command(t, env, "migrate"); strings.Contains(out, "made") {
		t.Errorf("migrate says the second time %q", out)
	}
	if out := command(t, env, "admin", "grant", "Chef@pix.test"); !strings.Contains(out, "chef@pix.test is now ADMIN of studio") {
		t.Errorf("admin grant says %q", out)
	}

	p := start(t, env)
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ok\n"} {
		if status, body := p.get(t, path); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	if status, body := p.get(t, "/playground"); status != http.StatusOK || !strings.Contains(body, "<html") {
		t.Errorf("/playground: %d", status)
	}

	asked := p.ask(t, `mutation($input: RequestOtpInput!) { requestOtp(input: $input) { challengeId } }`, map[string]any{"input": map[string]any{"email": "chef@pix.test"}})
	var challenge struct{ ChallengeID string }
	if err := json.Unmarshal(asked.Data["requestOtp"], &challenge); err != nil {
		t.Fatalf("requestOtp: %d %v", asked.Status, asked.Errors)
	}
	waiting, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	letter, err := box.Wait(waiting, "chef@pix.test", 1)
	if err != nil {
		t.Fatal(err)
	}
	code := sixDigits.FindString(letter.Text)
	signedIn := p.ask(t, `mutation($input: VerifyOtpInput!) { verifyOtp(input: $input) { viewer { email role } } }`,
		map[string]any{"input": map[string]any{"challengeId": challenge.ChallengeID, "code": code}}, p.proof(t, "")...)
	if got := string(signedIn.Data["verifyOtp"]); got != `{"viewer":{"email":"Chef@pix.test","role":"ADMIN"}}` {
		t.Fatalf("verifyOtp: %d %v %s", signedIn.Status, signedIn.Errors, got)
	}
	var cookies []string
	for _, line := range signedIn.Header["Set-Cookie"] {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	if len(cookies) != 2 {
		t.Fatalf("%d cookies", len(cookies))
	}
	inSession := p.proof(t, strings.Join(cookies, "; "))
	if got := p.ask(t, `{ viewer { email } }`, nil, inSession...); string(got.Data["viewer"]) != `{"email":"Chef@pix.test"}` {
		t.Errorf("viewer: %s", got.Data["viewer"])
	}
	if got := p.ask(t, `{ viewer { email } }`, nil, append(inSession, "Origin: http://evil.test")...); got.Status != http.StatusForbidden || got.Errors[0].Extensions.Code != "CSRF_FAILED" {
		t.Errorf("a foreign page: %d %v", got.Status, got.Errors)
	}

	// An admin less, a session less: on the next request.
	command(t, env, "admin", "grant", "second@pix.test")
	if out := command(t, env, "admin", "revoke", "chef@pix.test"); !strings.Contains(out, "is now CUSTOMER") {
		t.Errorf("admin revoke says %q", out)
	}
	if got := p.ask(t, `{ viewer { email } }`, nil, p.proof(t, strings.Join(cookies, "; "))...); string(got.Data["viewer"]) != "null" {
		t.Errorf("viewer after revoke: %s", got.Data["viewer"])
	}
	var left bytes.Buffer
	if err := run(t.Context(), []string{"admin", "revoke", "second@pix.test"}, env, &left, &left); err == nil || !strings.Contains(err.Error(), "last admin") {
		t.Errorf("revoke the last admin: %v", err)
	}

	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	said := p.log.String()
	for name, secret := range map[string]string{
		"code": code, "challenge": challenge.ChallengeID, "session": strings.TrimPrefix(cookies[0], "pixgate="), "device": strings.TrimPrefix(cookies[1], "pixgate-device="), "address": "hef@pix.test",
	} {
		if secret == "" || strings.Contains(said, secret) {
			t.Errorf("the log tells the %s, or there is none", name)
		}
	}
	if !strings.Contains(said, `"route":"/graphql"`) {
		t.Error("the log tells of no request")
	}
}

func TestAServerWithoutSettingsSaysWhichAreMissing(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), nil, func(string) string { return "" }, io.Discard, io.Discard)
	problems, _ := errors.AsType[config.Problems](err)
	if len(problems) < 10 || !strings.Contains(err.Error(), "make run") {
		t.Errorf("got %v", err)
	}
}

func TestAServerWithoutTablesSaysWhatToRun(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	if _, err := db.Owner.Exec(t.Context(), "ALTER TABLE audit_entry RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), nil, settings(t, db, nil), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "pixgate migrate") {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatMayForgeItsAuditLogIsWarnedOf(t *testing.T) {
	t.Parallel()
	for who, want := range map[string]bool{"owner": true, "server": false} {
		db := stage.Database(t)
		url := map[string]string{"owner": db.OwnerURL, "server": db.URL}[who]
		p := start(t, settings(t, db, map[string]string{
			"APP_ENV": "staging", "DATABASE_URL": url, "PUBLIC_URLS": "https://api.pix.test", "CORS_ORIGINS": "https://pix.test",
			"S3_ENDPOINT": "https://storage.test", "SES_ENDPOINT": "",
		}))
		if got := strings.Contains(p.log.String(), "may change the audit log"); got != want {
			t.Errorf("as %s: warned %t, want %t", who, got, want)
		}
	}
}
