package main

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pixgate/internal/config"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/stage"
	"pixgate/internal/job"
	"pixgate/internal/secret"
)

// rotated is an environment in which every secret of our own making was changed, and
// the one before it is known; without, it is forgotten.
func rotated(env func(string) string, known bool) func(string) string {
	next := map[string]string{
		"OTP_SECRET": "Hk7Zs2Vq9Rb4NxT1mYd6WcJf3LgPa8Eu", "AUDIT_SECRET": "Pv3Lm8Kx1Rz6QwT9bYd4HcJs7GfNa2Eu",
		"TICKET_SECRET": "Bn5Wq1Xc8Tz3KvR6mYd9LhJp2GsFa7Eu", "CSRF_SECRET": "Vz9Tk4Rq7Xw2LbN5mYd8PcJh1GsFa6Eu",
	}
	all := map[string]string{}
	for name, value := range next {
		all[name], all[name+"_ROTATED_AT"] = value, before(0)
		if known {
			all[name+"_PREVIOUS"] = env(name)
		}
	}
	return func(name string) string {
		if value, set := all[name]; set {
			return value
		}
		return env(name)
	}
}

// mailed asks for a code and waits for its mail, the n-th to this mailbox.
func (p *program) mailed(t *testing.T, box *mailbox.Server, email string, n int, headers ...string) (challenge, code string) {
	t.Helper()
	asked := p.ask(t, `mutation($email: String!) { requestOtp(input: { email: $email }) { challengeId } }`, map[string]any{"email": email}, headers...)
	var got struct{ ChallengeID string }
	if err := json.Unmarshal(asked.Data["requestOtp"], &got); err != nil {
		t.Fatalf("requestOtp: %d %v", asked.Status, asked.Errors)
	}
	waiting, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	letter, err := box.Wait(waiting, email, n)
	if err != nil {
		t.Fatal(err)
	}
	return got.ChallengeID, sixDigits.FindString(letter.Text)
}

const verifyByCookie = `mutation($challenge: String!, $code: String!) { verifyOtp(input: { challengeId: $challenge, code: $code }) { viewer { email } } }`

// signedIn answers a challenge as a browser does that has this proof, and returns its
// cookies.
func (p *program) signedIn(t *testing.T, challenge, code string, proof ...string) string {
	t.Helper()
	in := p.ask(t, verifyByCookie, map[string]any{"challenge": challenge, "code": code}, proof...)
	if in.Status != http.StatusOK || in.Errors != nil {
		t.Fatalf("verifyOtp: %d %v", in.Status, in.Errors)
	}
	var cookies []string
	for _, line := range in.Header["Set-Cookie"] {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(cookies, "; ")
}

// stored gives the owner's included picture an object, and returns what is in it.
func stored(t *testing.T, env func(string) string, people *cast.Cast) []byte {
	t.Helper()
	settings, err := config.Load(env)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openStore(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("a picture "), 1000)
	object, err := store.Put(t.Context(), "tenants/studio/picture", "image/jpeg", data)
	if err != nil {
		t.Fatal(err)
	}
	people.Exec(t, "UPDATE image SET object_key = 'tenants/studio/picture', etag = $2, size = $3, crc32 = $4 WHERE id = $1",
		people.Package.Images[job.Included], object.ETag, len(data), int64(crc32.ChecksumIEEE(data)))
	return data
}

// Everybody who is under way when every secret changes at once gets where they were
// going.
func TestAChangeOfAllSecretsSignsNobodyOut(t *testing.T) {
	t.Parallel()
	db, box := stage.Database(t), stage.Mailbox(t)
	people := cast.New(t, db.Owner)
	env := settings(t, db, map[string]string{"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey()})
	picture := stored(t, env, people)
	auditAs(t, db, env, people.TenantID, 3)

	// Before: a browser in a session, a page with a code to type in, an app, a link to a ZIP.
	p := start(t, env)
	challenge, code := p.mailed(t, box, people.Other.Email, 1)
	browser := p.signedIn(t, challenge, code, p.proof(t, "")...)
	inSession := p.proof(t, browser)
	page := p.proof(t, "")
	challenge, code = p.mailed(t, box, people.Idle.Email, 1)
	app := "Authorization: Bearer " + people.Owner.Token
	linked := p.ask(t, `query($job: ID!, $image: ID!) { job(id: $job) { zipUrl(imageIds: [$image]) } }`,
		map[string]any{"job": people.Package.PublicID(), "image": people.Package.Image(job.Included)}, app)
	var zip struct{ ZipURL string }
	if err := json.Unmarshal(linked.Data["job"], &zip); err != nil {
		t.Fatalf("zipUrl: %d %v", linked.Status, linked.Errors)
	}
	_, path, _ := strings.Cut(zip.ZipURL, "/jobs/")
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}

	next := rotated(env, true)
	p = start(t, next)
	if got := p.ask(t, `{ viewer { email } }`, nil, app); string(got.Data["viewer"]) != `{"email":"owner@example.com"}` {
		t.Errorf("the app: %d %v %s", got.Status, got.Errors, got.Data["viewer"])
	}
	if got := p.ask(t, `{ viewer { email } }`, nil, inSession...); string(got.Data["viewer"]) != `{"email":"other@example.com"}` {
		t.Errorf("the browser, with its token from before: %d %v %s", got.Status, got.Errors, got.Data["viewer"])
	}
	p.signedIn(t, challenge, code, page...) // the code and the page are from before
	if status, body := p.get(t, "/jobs/"+path); status != http.StatusOK || !strings.Contains(body, string(picture)) {
		t.Errorf("the ZIP: %d, %d bytes", status, len(body))
	}
	people.Exec(t, "UPDATE login_code SET created_at = created_at - interval '2 minutes'")
	p.mailed(t, box, people.Other.Email, 2, inSession...)
	var known bool
	if err := db.Owner.QueryRow(t.Context(), "SELECT known_device FROM login_challenge ORDER BY created_at DESC LIMIT 1").Scan(&known); err != nil || !known {
		t.Errorf("the browser's device is known: %t %v", known, err)
	}

	// The log goes on, with the new key behind the old one.
	auditAs(t, db, next, people.TenantID, 2)
	out, _, err := verifying(t, next, "--tenant studio")
	var first, last string
	if err := db.Owner.QueryRow(t.Context(), "SELECT min(key_id) FILTER (WHERE sequence <= 3), min(key_id) FILTER (WHERE sequence > 3) FROM audit_entry").Scan(&first, &last); err != nil {
		t.Fatal(err)
	}
	if err != nil || !strings.HasPrefix(out, "studio: 5 entries,") || !strings.Contains(out, ": whole") ||
		first != secret.NewKey(secret.Value(env("AUDIT_SECRET"))).ID() || last != secret.NewKey(secret.Value(next("AUDIT_SECRET"))).ID() {
		t.Errorf("%q %v, chained with %s and %s", out, err, first, last)
	}
}

// After a leak there is no secret before, and nothing that it made counts. Sessions do
// not hang on any secret.
func TestWithoutTheSecretsBeforeTheirWorkIsWorthless(t *testing.T) {
	t.Parallel()
	db, box := stage.Database(t), stage.Mailbox(t)
	people := cast.New(t, db.Owner)
	env := settings(t, db, map[string]string{"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey()})
	p := start(t, env)
	page := p.proof(t, "")
	challenge, code := p.mailed(t, box, people.Idle.Email, 1)
	linked := p.ask(t, `query($job: ID!) { job(id: $job) { zipUrl } }`, map[string]any{"job": people.Package.PublicID()}, "Authorization: Bearer "+people.Owner.Token)
	var zip struct{ ZipURL string }
	if err := json.Unmarshal(linked.Data["job"], &zip); err != nil {
		t.Fatalf("zipUrl: %d %v", linked.Status, linked.Errors)
	}
	_, path, _ := strings.Cut(zip.ZipURL, "/jobs/")
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p = start(t, rotated(env, false))
	answer := map[string]any{"challenge": challenge, "code": code}
	if got := p.ask(t, verifyByCookie, answer, page...); got.Status != http.StatusForbidden || got.Errors[0].Extensions.Code != "CSRF_FAILED" {
		t.Errorf("the page: %d %v", got.Status, got.Errors)
	}
	if got := p.ask(t, verifyByCookie, answer, p.proof(t, "")...); got.Status != http.StatusUnauthorized || got.Errors[0].Extensions.Code != "OTP_INVALID" {
		t.Errorf("the code: %d %v", got.Status, got.Errors)
	}
	if status, _ := p.get(t, "/jobs/"+path); status != http.StatusForbidden {
		t.Errorf("the ZIP: %d", status)
	}
	if got := p.ask(t, `{ viewer { email } }`, nil, "Authorization: Bearer "+people.Owner.Token); string(got.Data["viewer"]) != `{"email":"owner@example.com"}` {
		t.Errorf("the app: %d %v", got.Status, got.Errors)
	}
}

func TestAnExpiredSecretDegradesAServerThatRuns(t *testing.T) {
	t.Parallel()
	db, box := stage.Database(t), stage.Mailbox(t)
	people := cast.New(t, db.Owner)
	p := start(t, settings(t, db, map[string]string{
		"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey(), "REDIS_URL": stage.Redis(t),
		"TICKET_SECRET_EXPIRES_AT": before(-3 * time.Second),
	}))
	until(t, "the end of the secret", func() bool {
		status, body := p.get(t, "/readyz")
		if status != http.StatusOK {
			t.Errorf("/readyz: %d %q", status, body)
		}
		return body == "degraded\n" // and says no more
	})
	var health []struct{ Name, State string }
	got := p.ask(t, `{ secrets { name state } }`, nil, "Authorization: Bearer "+people.Operator.Token)
	if err := json.Unmarshal(got.Data["secrets"], &health); err != nil || len(health) != 7 || health[2].Name != "TICKET_SECRET" || health[2].State != "EXPIRED" {
		t.Errorf("secrets: %d %v %v", got.Status, got.Errors, health)
	}

	// At the start it was about to expire, if not over: the operator has a mail, and everything tells.
	waiting, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	letter, err := box.Wait(waiting, people.Operator.Email, 1)
	if err != nil || !strings.Contains(letter.Text, "SECRET_UNHEALTHY") {
		t.Errorf("the mail: %v %q", err, letter.Subject)
	}
	listed := p.ask(t, `{ securityEvents(filter: { event: SECRET_UNHEALTHY }) { nodes { detail } } }`, nil, "Authorization: Bearer "+people.Operator.Token)
	if string(listed.Data["securityEvents"]) != `{"nodes":[{"detail":"TICKET_SECRET"}]}` {
		t.Errorf("securityEvents: %s", listed.Data["securityEvents"])
	}
	if _, metrics := p.watched(t, "/metrics"); !strings.Contains(metrics, `pixgate_secret_health{secret="TICKET_SECRET",state="OK"} 0`) ||
		!strings.Contains(metrics, `pixgate_secret_health{secret="OTP_SECRET",state="OK"} 1`) || !strings.Contains(metrics, `pixgate_secret_health{secret="CRON_SECRET",state="MISSING"} 1`) {
		t.Error("the metrics don't tell of it")
	}
	if said := p.log.String(); !strings.Contains(said, `"variable":"TICKET_SECRET","state":"EXPIR`) || strings.Contains(said, "Gm5Rw1Tz") {
		t.Error("the log does not tell of it, or shows it")
	}
}

func TestAnExpiredOrMissingSecretStopsAProductionStart(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	production := map[string]string{
		"APP_ENV": "production", "PUBLIC_URLS": "https://api.pix.test", "CORS_ORIGINS": "https://pix.test", "S3_ENDPOINT": "https://storage.test", "SES_ENDPOINT": "",
		"CRON_SECRET": "Tc7Xn2Qv9Wk4Lz1RyBd6HmGs3JfPe8Ua",
	}
	for variable, one := range map[string]struct{ value, line string }{
		"OTP_SECRET_EXPIRES_AT": {before(time.Minute), "OTP_SECRET has expired at "},
		"CRON_SECRET":           {"", "CRON_SECRET is missing: set it to the output of: openssl rand -base64 32"},
		"CSRF_SECRET":           {"", "CSRF_SECRET is missing: "},
	} {
		env := settings(t, db, production)
		err := run(t.Context(), nil, func(name string) string {
			if name == variable {
				return one.value
			}
			return env(name)
		}, io.Discard, io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), one.line) || strings.Count(err.Error(), "\n") != 1 {
			t.Errorf("%s=%s: %v", variable, one.value, err)
		}
	}
	start(t, settings(t, db, production)) // and with all of them it starts
}
