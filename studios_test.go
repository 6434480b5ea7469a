package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pixgate/internal/commands"
	"pixgate/internal/dev/stage"
)

// tenant runs pixgate tenant with a body on standard input.
func tenant(t *testing.T, env func(string) string, body string, words ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := commands.Run(t.Context(), append([]string{"tenant"}, words...), env, strings.NewReader(body), &out, io.Discard)
	return out.String(), err
}

// A second studio on a fresh database, by the commands alone: it answers under its own
// name, and to its own pages, while the server runs on.
func TestAStudioIsAddedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	env := settings(t, db, map[string]string{"RATE_LIMIT_PUBLIC_API": "10000/1m"}) // it asks until it is so
	command(t, env, "migrate")
	p := start(t, env)
	allowed := func(host, origin string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/graphql", strings.NewReader(`{"query":"{ viewer { id } }"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return http.StatusText(response.StatusCode) + " " + response.Header.Get("Access-Control-Allow-Origin")
	}
	if got := allowed("api.nord.test", "https://nord.test"); got != "Forbidden " {
		t.Errorf("before: %s", got)
	}
	out, err := tenant(t, env, "", "add", "nord", "name=Studio Nord", "hosts=api.nord.test", "origins=https://nord.test")
	if err != nil || !strings.Contains(out, "made the studio nord (Studio Nord)") || !strings.Contains(out, "pixgate admin grant --tenant nord") {
		t.Errorf("%q, %v", out, err)
	}
	until(t, "the new studio's page", func() bool { return allowed("api.nord.test", "https://nord.test") == "OK https://nord.test" })
	if got := allowed("127.0.0.1", "https://nord.test"); got != "Forbidden " {
		t.Errorf("its page at another studio: %s", got)
	}
	if got := allowed("api.nord.test", "https://evil.test"); got != "Forbidden " {
		t.Errorf("nobody's page at the new studio: %s", got)
	}
	if out, err := tenant(t, env, "", "set", "nord", "origins="); err != nil || out != "origins of nord is now \"\"\n" {
		t.Errorf("%q, %v", out, err)
	}
	until(t, "the page is no studio's any more", func() bool { return allowed("api.nord.test", "https://nord.test") == "Forbidden " })
}

// under asks the API under a host of its own, and returns what it says.
func (p *program) under(t *testing.T, host, query string, variables any, bearer string) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	a := answer{Status: response.StatusCode, Header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// Two studios on one server, made by the commands: one address is two people, with
// mails, sessions and settings of each studio's own.
func TestOneServerIsTwoStudios(t *testing.T) {
	t.Parallel()
	db, box := stage.Database(t), stage.Mailbox(t)
	env := settings(t, db, map[string]string{"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey()})
	command(t, env, "migrate")
	if _, err := tenant(t, env, "", "add", "nord", "name=Studio Nord", "hosts=api.nord.test", "sender=Nord <post@nord.test>", "locale=en"); err != nil {
		t.Fatal(err)
	}
	if _, err := tenant(t, env, "Nord says {code}.", "text", "set", "nord", "login_code", "en", "Welcome to Nord"); err != nil {
		t.Fatal(err)
	}
	command(t, env, "admin", "grant", "--tenant", "nord", "anna@pix.test")
	p := start(t, env)
	const here, there = "127.0.0.1", "api.nord.test"
	tokens, mails := map[string]string{}, 0
	for host, want := range map[string]struct{ from, subject, role, slug string }{
		here: {"pix.immo", "Dein pix.test Login-Code", "CUSTOMER", "studio"}, there: {"post@nord.test", "Welcome to Nord", "ADMIN", "nord"},
	} {
		mails++
		asked := p.under(t, host, `mutation($input: RequestOtpInput!) { requestOtp(input: $input) { challengeId } }`, map[string]any{"input": map[string]any{"email": "anna@pix.test"}}, "")
		var challenge struct{ ChallengeID string }
		if err := json.Unmarshal(asked.Data["requestOtp"], &challenge); err != nil {
			t.Fatalf("requestOtp: %d %v", asked.Status, asked.Errors)
		}
		waiting, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		letter, err := box.Wait(waiting, "anna@pix.test", mails)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if letter.Subject != want.subject || !strings.Contains(letter.From, want.from) {
			t.Errorf("%s mails %q from %q", host, letter.Subject, letter.From)
		}
		signedIn := p.under(t, host, `mutation($input: VerifyOtpInput!) { verifyOtp(input: $input) { token viewer { role tenant { slug } } } }`, map[string]any{"input": map[string]any{
			"challengeId": challenge.ChallengeID, "code": sixDigits.FindString(letter.Text), "transport": "TOKEN", "device": map[string]any{"id": "a-device-of-two-studios"},
		}}, "")
		var in struct {
			Token  string
			Viewer struct {
				Role   string
				Tenant struct{ Slug string }
			}
		}
		if err := json.Unmarshal(signedIn.Data["verifyOtp"], &in); err != nil || in.Viewer.Role != want.role || in.Viewer.Tenant.Slug != want.slug {
			t.Fatalf("%s: %d %v %+v", host, signedIn.Status, signedIn.Errors, in.Viewer)
		}
		tokens[host] = in.Token
	}
	for host, other := range map[string]string{here: there, there: here} {
		if got := p.under(t, host, "{ viewer { id } }", nil, tokens[other]); got.Status != http.StatusUnauthorized {
			t.Errorf("a session of %s at %s: %d", other, host, got.Status)
		}
	}
	if got := p.under(t, there, "{ viewer { tenant { settings { hosts sender } } } }", nil, tokens[there]); string(got.Data["viewer"]) != `{"tenant":{"settings":{"hosts":["api.nord.test"],"sender":"\"Nord\" <post@nord.test>"}}}` {
		t.Errorf("its admin sees %s %v", got.Data["viewer"], got.Errors)
	}
	if got := p.under(t, there, "{ tenants { nodes { slug } } }", nil, tokens[there]); got.Status != http.StatusForbidden {
		t.Errorf("its admin sees all studios: %d", got.Status)
	}
}
