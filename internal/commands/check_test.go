package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"pixgate/internal/config"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/stage"
	"pixgate/internal/outside"
)

// looked runs the checklist and returns its lines without their columns' spaces.
func looked(t *testing.T, env func(string) string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := Run(t.Context(), []string{"check"}, env, nil, &out, io.Discard)
	if err != nil && !errors.Is(err, errNotReady) {
		t.Fatal(err)
	}
	plain := "\n"
	for line := range strings.Lines(out.String()) {
		plain += strings.Join(strings.Fields(line), " ") + "\n"
	}
	if shown := strings.Contains(plain, "BAD"); shown != (err != nil) {
		t.Errorf("BAD is shown: %t, and it ends with %v", shown, err)
	}
	for _, name := range []string{"OTP_SECRET", "AUDIT_SECRET", "TICKET_SECRET", "CSRF_SECRET", "S3_SECRET_ACCESS_KEY", "SES_SECRET_ACCESS_KEY"} {
		if value := env(name); value != "" && strings.Contains(plain, value) {
			t.Errorf("it shows %s", name)
		}
	}
	if strings.Contains(plain, "X-Amz-Signature") {
		t.Error("it shows a signed link")
	}
	return plain, err
}

// with is an environment with other values of some variables.
func with(env func(string) string, change map[string]string) func(string) string {
	return func(name string) string {
		if value, set := change[name]; set {
			return value
		}
		return env(name)
	}
}

func TestTheChecklistOfAnInstallationThatIsWell(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	cast.New(t, db.Owner)
	env := stage.Settings(t, db, map[string]string{"REDIS_URL": stage.Redis(t), "CRON_SECRET": "Tc7Xn2Qv9Wk4Lz1RyBd6HmGs3JfPe8Ua"})
	out, err := looked(t, env)
	if err != nil {
		t.Errorf("it is not well:\n%s", out)
	}
	for _, line := range []string{
		"settings complete, APP_ENV is development", "cron has its secret; started by the servers themselves", "database PostgreSQL ", "clock that of the database agrees", "events are heard",
		"migrations up to date", "role may do what the server must, and can't change the audit log", "studio studio (Studio studio)", "people 2 run the studio, 1 the installation",
		"storage writes, reads, lists, deletes", "signed links work, and can't be changed", "clock that of the storage agrees", "CORS pages of http://pix.test may upload", "redis counts",
		"mail may be sent", "sender verified, and its mails are signed",
	} {
		if !strings.Contains(out, "\nok "+line) {
			t.Errorf("no ok for %q in\n%s", line, out)
		}
	}
	var text bytes.Buffer
	if err := Run(t.Context(), []string{"check", "--json"}, env, nil, &text, io.Discard); err != nil {
		t.Error(err)
	}
	var findings []finding
	if err := json.Unmarshal(text.Bytes(), &findings); err != nil || len(findings) < 15 || findings[0] != (finding{"settings", good, "complete, APP_ENV is development", ""}) {
		t.Errorf("as JSON: %v\n%s", err, text.String())
	}
	all, err := config.Load(env)
	if err != nil {
		t.Fatal(err)
	}
	store, err := outside.Store(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	for object := range store.List(t.Context(), "") {
		t.Errorf("it leaves %s in the storage", object.Key)
	}
}

// Each part that is broken has its line, which says what to do, and the others are looked
// at all the same.
func TestTheChecklistFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	cast.New(t, db.Owner)
	env := stage.Settings(t, db, nil)
	for name, c := range map[string]struct {
		change map[string]string
		line   string
	}{
		"settings":        {map[string]string{"OTP_SECRET": "hunter2"}, "BAD settings OTP_SECRET is too short, it needs 32 characters: set it to the output of"},
		"secret expired":  {map[string]string{"S3_SECRET_ACCESS_KEY_EXPIRES_AT": before(time.Hour)}, "BAD secrets S3_SECRET_ACCESS_KEY is EXPIRED: Change it now"},
		"no TLS":          {map[string]string{"APP_ENV": "staging"}, "BAD settings PUBLIC_URLS "},
		"nobody's cron":   {map[string]string{"SCHEDULER_MODE": "external"}, "BAD cron SCHEDULER_MODE is external and there is no CRON_SECRET"},
		"no database":     {map[string]string{"DATABASE_URL": "postgres://pixgate_server@127.0.0.1:1/gone"}, "BAD database does not answer"},
		"the owner":       {map[string]string{"DATABASE_URL": db.OwnerURL}, "look role owns the tables, as it may in development"},
		"no studio":       {map[string]string{"DEFAULT_TENANT": "nowhere"}, `BAD studio there is none of the slug "nowhere": set DEFAULT_TENANT`},
		"nobody at home":  {map[string]string{"DEFAULT_TENANT": "empty"}, "BAD people nobody runs empty: run pixgate admin grant"},
		"no bucket":       {map[string]string{"S3_BUCKET": "another-one"}, "BAD storage blob: ping: storage unavailable (HTTP 404 NotFound): is S3_ENDPOINT right"},
		"wrong key":       {map[string]string{"S3_SECRET_ACCESS_KEY": "of somebody else"}, "BAD storage blob: ping: storage unavailable (HTTP 403 Forbidden): is S3_ENDPOINT right"},
		"no storage":      {map[string]string{"S3_ENDPOINT": "http://127.0.0.1:1"}, "BAD storage blob: ping: storage unavailable (HTTP 0): is S3_ENDPOINT right"},
		"no redis":        {map[string]string{"REDIS_URL": "redis://127.0.0.1:1"}, "BAD redis does not count: each server would for itself"},
		"redis is missed": {nil, "look redis REDIS_URL is not set"},
		"alerts":          {nil, "look alerts go to the studio's people and the operators alone, by mail: set ALERT_EMAIL"},
		"an alarm":        {map[string]string{"ALERT_EMAIL": "alarm@example.com"}, "ok alerts go to ALERT_EMAIL, too"},
		"half a webhook":  {map[string]string{"ALERT_WEBHOOK_URL": "https://alerts.example.com/"}, "BAD settings ALERT_WEBHOOK_SECRET is missing: set it to the output of: echo whsec_"},
		"nobody's hook":   {map[string]string{"ALERT_WEBHOOK_URL": "https://no-such-host.example.com/", "ALERT_WEBHOOK_SECRET": "whsec_Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo"}, "BAD alerts the host of ALERT_WEBHOOK_URL can't be reached: is the name right"},
		"no mail":         {map[string]string{"SES_ENDPOINT": "http://127.0.0.1:1"}, "BAD mail reach SES: "},
		"wrong mail key":  {map[string]string{"SES_SECRET_ACCESS_KEY": "of somebody else"}, "BAD mail SES answers 403 InvalidSignatureException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, _ := looked(t, with(env, c.change))
			if !strings.Contains(out, "\n"+c.line) {
				t.Errorf("no %q in\n%s", c.line, out)
			}
			if of := strings.Fields(c.line)[1]; of != "database" && !strings.Contains(out, "\nok database ") || of != "mail" && c.change["APP_ENV"] == "" && !strings.Contains(out, "\nok mail ") {
				t.Errorf("others are not looked at:\n%s", out)
			}
		})
	}
	if _, err := db.Owner.Exec(t.Context(), "INSERT INTO tenant (id, slug, name, created_at) VALUES (gen_random_uuid(), 'empty', 'Empty', now())"); err != nil {
		t.Fatal(err)
	}
	out, err := looked(t, func(string) string { return "" })
	if err == nil || strings.Count(out, "\nBAD settings ") < 15 {
		t.Errorf("of nothing at all it says %v\n%s", err, out)
	}
}

func TestTheChecklistKnowsTheTablesAndTheRole(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	cast.New(t, db.Owner)
	env := stage.Settings(t, db, nil)
	for _, c := range []struct{ change, line string }{
		{"GRANT DELETE ON audit_entry TO pixgate_server", "look role "},
		{"REVOKE DELETE ON audit_entry FROM pixgate_server; REVOKE INSERT ON session FROM pixgate_server", "BAD role may not insert session: run pixgate migrate"},
		{"UPDATE account SET role = 'ADMIN' WHERE role = 'OPERATOR'", "look people nobody runs the installation"},
		{"DELETE FROM goose_db_version WHERE version_id = 16", "BAD migrations missing: 016_cron: run pixgate migrate"},
		{"INSERT INTO goose_db_version (version_id, is_applied) VALUES (16, true), (999, true)", "ok migrations up to date"}, // a newer program was here
		{"DROP TABLE task.river_migration", "BAD migrations missing: tasks: run"},
		{"DROP TABLE goose_db_version", "BAD migrations missing: 001_studio, "},
	} {
		if _, err := db.Owner.Exec(t.Context(), c.change); err != nil {
			t.Fatal(err)
		}
		if out, _ := looked(t, env); !strings.Contains(out, "\n"+c.line) {
			t.Errorf("%s: no %q in\n%s", c.change, c.line, out)
		}
	}
}

// A storage that works and is set up wrongly.
func TestTheChecklistSeesThroughTheStorage(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	env := stage.Settings(t, db, nil)
	target, err := url.Parse(env("S3_ENDPOINT"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ill  func(*http.Response)
		line string
	}{
		"no CORS rule": {func(r *http.Response) {
			if r.Request.Method == http.MethodOptions {
				r.Header = http.Header{}
			}
		}, "BAD CORS pages of http://pix.test can't upload: the origin is not let in"},
		"CORS for another origin": {func(r *http.Response) {
			if r.Request.Method == http.MethodOptions {
				r.Header.Set("Access-Control-Allow-Origin", "https://other.test")
			}
		}, "BAD CORS pages of http://pix.test can't upload: the origin is not let in"},
		"CORS for reading": {func(r *http.Response) { r.Header.Set("Access-Control-Allow-Methods", "GET") }, "BAD CORS pages of http://pix.test can't upload: the method PUT is not let in"},
		"CORS without the checksum": {func(r *http.Response) { r.Header.Set("Access-Control-Allow-Headers", "content-type") },
			"BAD CORS pages of http://pix.test can't upload: the header x-amz-checksum-sha256 is not let in"},
		"another time": {func(r *http.Response) {
			r.Header.Set("Date", time.Now().Add(-2*time.Minute).UTC().Format(http.TimeFormat))
		}, "BAD clock "},
		"a public bucket": {func(r *http.Response) {
			r.StatusCode = map[bool]int{true: 200, false: r.StatusCode}[r.Request.Method == http.MethodGet]
		}, "BAD signed links a link that was changed after"},
		"no signed access": {func(r *http.Response) {
			r.StatusCode = map[bool]int{true: 403, false: r.StatusCode}[r.Request.URL.Query().Has("X-Amz-Signature")]
		}, "BAD signed links a signed link is answered with 403"},
		"nothing removed": {func(r *http.Response) {
			r.StatusCode = map[bool]int{true: 403, false: r.StatusCode}[r.Request.Method == http.MethodDelete]
		}, "BAD storage blob: delete: storage unavailable (HTTP 403"},
		"nothing written": {func(r *http.Response) {
			r.StatusCode = map[bool]int{true: 403, false: r.StatusCode}[r.Request.Method == http.MethodPut]
		}, "BAD storage blob: put: storage unavailable (HTTP 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			front := httptest.NewServer(&httputil.ReverseProxy{
				Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
				ModifyResponse: func(r *http.Response) error { c.ill(r); return nil },
			})
			t.Cleanup(front.Close)
			if out, _ := looked(t, with(env, map[string]string{"S3_ENDPOINT": front.URL})); !strings.Contains(out, "\n"+c.line) {
				t.Errorf("no %q in\n%s", c.line, out)
			}
		})
	}
}

func TestTheChecklistAsksWhetherMailLeaves(t *testing.T) {
	t.Parallel()
	db, box := stage.Database(t), stage.Mailbox(t)
	env := with(stage.Settings(t, db, nil), map[string]string{"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey()})
	well := mailbox.Standing{SendingEnabled: true, ProductionAccessEnabled: true, EnforcementStatus: "HEALTHY", Max24HourSend: 50_000}
	for _, c := range []struct {
		change func(*mailbox.Standing)
		line   string
	}{
		{func(s *mailbox.Standing) { s.Verified = []string{"pix.immo"} }, "ok sender verified"},
		{func(s *mailbox.Standing) { s.Verified = []string{"no-reply@pix.immo"} }, "ok sender verified"},
		{func(s *mailbox.Standing) { s.Verified = []string{"other.example"} }, "BAD sender neither the mailbox in MAIL_FROM nor its domain is verified"},
		{func(s *mailbox.Standing) { s.Unsigned = true }, "look sender verified, but its mails are not signed"},
		{func(s *mailbox.Standing) { s.ProductionAccessEnabled = false }, "BAD mail the account is in the sandbox"},
		{func(s *mailbox.Standing) { s.SendingEnabled, s.EnforcementStatus = false, "SHUTDOWN" }, "BAD mail SES has stopped all sending of this account (it is SHUTDOWN)"},
		{func(s *mailbox.Standing) { s.EnforcementStatus = "PROBATION" }, "look mail the account is PROBATION"},
		{func(s *mailbox.Standing) { s.SentLast24Hours = 49_990 }, "look mail only 10 mails may be sent"},
		{func(s *mailbox.Standing) { s.Max24HourSend = -1 }, "ok mail may be sent"},
		{func(s *mailbox.Standing) { s.Secret = true }, "look mail the access key may not ask SES"},
	} {
		standing := well
		c.change(&standing)
		box.Stand(standing)
		if out, _ := looked(t, env); !strings.Contains(out, "\n"+c.line) {
			t.Errorf("no %q in\n%s", c.line, out)
		}
	}
	if n := len(box.Messages()); n != 0 {
		t.Errorf("it sent %d mails", n)
	}
}

func TestTheChecklistComparesTheClocks(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	env := stage.Settings(t, db, nil)
	for _, off := range []time.Duration{-time.Minute, -7 * time.Second, -time.Second, 0, time.Second, 7 * time.Second, time.Minute} {
		c := &checklist{getenv: env, now: func() time.Time { return time.Now().Add(off) }}
		c.checkTables(context.WithoutCancel(t.Context()))
		want := good
		if off.Abs() > 5*time.Second {
			want = bad
		}
		for _, f := range c.all {
			if f.Check == "clock" && f.Grade != want {
				t.Errorf("%s apart: %+v", off, f)
			}
		}
	}
}

// A studio that somebody made and gave to nobody is named, and of very many the first ten.
func TestTheChecklistNamesStudiosThatNobodyRuns(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	cast.New(t, db.Owner)
	env := stage.Settings(t, db, nil)
	const idle = "\nlook people nobody runs "
	for _, c := range []struct{ change, line string }{
		{"UPDATE account SET role = 'CUSTOMER' WHERE role = 'PHOTOGRAPHER'", ""}, // of each studio somebody is left
		{"INSERT INTO tenant (id, slug, name, created_at) VALUES (gen_random_uuid(), 'nord', 'Nord', now())", "nord: run pixgate admin grant --tenant SLUG EMAIL\n"},
		{"UPDATE account SET blocked_at = now() FROM tenant t WHERE t.id = tenant_id AND slug = 'foreign'", "foreign, nord: run "},
		{"INSERT INTO tenant (id, slug, name, created_at) SELECT gen_random_uuid(), 'a' || n, 'A', now() FROM generate_series(0, 9) n",
			"a0, a1, a2, a3, a4, a5, a6, a7, a8, a9 and 2 more: run "},
	} {
		if _, err := db.Owner.Exec(t.Context(), c.change); err != nil {
			t.Fatal(err)
		}
		out, err := looked(t, env)
		if err != nil || !strings.Contains(out, idle+c.line) && c.line != "" || strings.Contains(out, idle) != (c.line != "") {
			t.Errorf("%s: %v, no %q in\n%s", c.change, err, c.line, out)
		}
		if !strings.Contains(out, "\nok people 2 run the studio, 1 the installation") {
			t.Errorf("the first studio's people are not told:\n%s", out)
		}
	}
}

func TestCheckTakesNothingElse(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"check all", "check --json --json", "check --yaml"} {
		if err := Run(t.Context(), strings.Fields(words), func(string) string { return "" }, nil, io.Discard, io.Discard); !errors.Is(err, ErrUsage) {
			t.Errorf("pixgate %s: %v, want usage", words, err)
		}
	}
}
