package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/commands"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

// Low entropy, and strong enough for the settings.
const (
	testCronSecret   = "cron-abcdefg-cron-hijklmn-cron-opqrst"
	testCronPrevious = "cron-tsrqpo-cron-nmlkjih-cron-gfedcba"
)

// cron sends a request to a route of maintenance.
func (p *program) cron(t *testing.T, method, target, secret, key string) (status int, body map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.url+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	if key != "" {
		r.Header.Set("X-Idempotency-Key", key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			t.Fatalf("%s %s: %d %s", method, target, answer.StatusCode, text)
		}
	}
	return answer.StatusCode, body
}

func TestMaintenanceIsStartedFromOutsideAndOperatorsSeeIt(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	p := start(t, settings(t, db, map[string]string{"CRON_SECRET": testCronSecret, "CRON_SECRET_PREVIOUS": testCronPrevious, "SCHEDULER_MODE": "external"}))
	_, list := p.cron(t, http.MethodGet, "/cron/", testCronSecret, "")
	listed, _ := list["tasks"].([]any)
	if len(listed) < 3 {
		t.Fatalf("listed: %v", list)
	}
	for _, one := range listed { // each of them runs on an installation that has just begun
		entry, _ := one.(map[string]any)
		name, _ := entry["name"].(string)
		if status, body := p.cron(t, http.MethodPost, "/cron/"+name, testCronPrevious, "key-of-"+name); status != http.StatusOK || body["state"] != "DONE" {
			t.Errorf("%s: %d %v", name, status, body)
		} else if sample, _ := json.Marshal(body["summary"]); name == "purge" && !strings.Contains(read(t, "docs/operations.md"), `"summary":`+string(sample)+"}") {
			t.Errorf("docs/operations.md shows another answer than %v", body)
		}
		if status, body := p.cron(t, http.MethodGet, "/cron/"+name, testCronSecret, "key-of-"+name); status != http.StatusAccepted || body["state"] != "DONE" || body["duplicate"] != true {
			t.Errorf("%s again: %d %v", name, status, body)
		}
	}
	if status, body := p.cron(t, http.MethodPost, "/cron/secrets", testCronSecret, "key-of-purge"); status != http.StatusUnprocessableEntity {
		t.Errorf("the key of another task: %d %v", status, body)
	}
	if status, _ := p.cron(t, http.MethodPost, "/cron/purge", "guess", ""); status != http.StatusUnauthorized {
		t.Errorf("a guess: %d", status)
	}
	seen := p.ask(t, `{ maintenanceRuns { nodes { task origin state summary } } tasks { nodes { kind } } }`, nil, "Authorization: Bearer "+people.Operator.Token)
	if told := string(seen.Data["maintenanceRuns"]); strings.Count(told, `"CRON"`) != len(listed) || strings.Count(told, `"DONE"`) != len(listed) {
		t.Errorf("operators see %d %s", seen.Status, told)
	}
	for _, private := range []string{testCronSecret, testCronPrevious, "key-of-purge", "guess"} {
		if strings.Contains(p.log.String(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
	var scheduled int
	if err := db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM cron_run WHERE origin = 'SCHEDULE'").Scan(&scheduled); err != nil || scheduled != 0 {
		t.Errorf("the server started %d by itself: %v", scheduled, err)
	}
}

// Fifty calls of one task at two servers: the database holds the first run up until all
// others have been answered.
func TestOfFiftyCallsAtTwoServersOneRuns(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	cast.New(t, db.Owner)
	change := map[string]string{"CRON_SECRET": testCronSecret, "SCHEDULER_MODE": "external", "RATE_LIMIT_PUBLIC_API": "1000/1m"}
	servers := []*program{start(t, settings(t, db, change)), start(t, settings(t, db, change))}
	held, err := db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := held.Exec(t.Context(), "LOCK TABLE budget IN ACCESS EXCLUSIVE MODE"); err != nil { // which a purge goes through
		t.Fatal(err)
	}
	statuses := make(chan int, 50)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			status, _ := servers[i%2].cron(t, http.MethodPost, "/cron/purge", testCronSecret, "")
			statuses <- status
		})
	}
	for range 49 {
		if status := <-statuses; status != http.StatusAccepted {
			t.Errorf("while it runs: %d", status)
		}
	}
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status := <-statuses; status != http.StatusOK {
		t.Errorf("the run: %d", status)
	}
	all.Wait()
	var runs int
	if err := db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM cron_run").Scan(&runs); err != nil || runs != 1 {
		t.Errorf("%d runs: %v", runs, err)
	}
}

func TestWithoutItsSecretMaintenanceAnswers503(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	cast.New(t, db.Owner)
	p := start(t, settings(t, db, nil))
	if status, body := p.cron(t, http.MethodPost, "/cron/purge", testCronSecret, ""); status != http.StatusServiceUnavailable || body["code"] != "UNAVAILABLE" {
		t.Errorf("%d %v", status, body)
	}
	until(t, "the server's own schedule", func() bool {
		var done int
		err := db.Owner.QueryRow(t.Context(), "SELECT count(DISTINCT task) FROM cron_run WHERE origin = 'SCHEDULE' AND state = 'DONE'").Scan(&done)
		return err == nil && done >= 2
	})
}

// A task that nobody can work on any more dies at its last attempt, and operators learn it.
func TestTheDeathOfATaskIsASecurityEvent(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	if _, err := db.Owner.Exec(t.Context(), "INSERT INTO task.river_job (kind, queue, args, max_attempts) VALUES ('gone', 'mail', '{}', 1)"); err != nil {
		t.Fatal(err)
	}
	p := start(t, settings(t, db, nil))
	operator := "Authorization: Bearer " + people.Operator.Token
	until(t, "the event", func() bool {
		told := p.ask(t, `{ securityEvents(filter: { event: TASK_DEAD }) { nodes { detail } } }`, nil, operator)
		return strings.Contains(string(told.Data["securityEvents"]), `"detail":"gone"`)
	})
	seen := p.ask(t, `{ tasks(filter: { state: DEAD }) { nodes { id kind attempts lastError { code } } } }`, nil, operator)
	if told := string(seen.Data["tasks"]); strings.Count(told, `"kind":"gone"`) != 1 {
		t.Errorf("operators see %s", told)
	}
	admin := p.ask(t, `{ tasks { nodes { id } } }`, nil, "Authorization: Bearer "+people.Admin.Token)
	if admin.Status != http.StatusForbidden && (len(admin.Errors) != 1 || admin.Errors[0].Extensions.Code != "FORBIDDEN") {
		t.Errorf("an admin: %+v", admin)
	}
}

// auditAs appends entries as the server of these settings.
func auditAs(t *testing.T, db *stage.DB, env func(string) string, tenantID id.ID, n int) {
	t.Helper()
	log := audit.NewLog(secret.NewRing(secret.Value(env("AUDIT_SECRET"))), time.Now)
	changes := make([]audit.Change, n)
	for i := range changes {
		changes[i] = audit.Change{TenantID: tenantID, Action: audit.AccountRoleSet, RequestID: "command line"}
	}
	if err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error { return log.Append(t.Context(), tx, changes...) }); err != nil {
		t.Fatal(err)
	}
}

// verifying runs audit verify with further words.
func verifying(t *testing.T, env func(string) string, words string) (stdout, stderr string, err error) {
	t.Helper()
	var out, told bytes.Buffer
	err = run(t.Context(), append([]string{"audit", "verify"}, strings.Fields(words)...), env, &out, &told)
	return out.String(), told.String(), err
}

func TestAuditVerifyTellsWhetherTheLogIsWhole(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	env := settings(t, db, nil)
	p := start(t, env)
	until(t, "the first look at anchors", func() bool {
		var done bool
		if err := db.Owner.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM task.river_job WHERE kind = 'anchor_audit' AND state = 'completed')").Scan(&done); err != nil {
			t.Fatal(err)
		}
		return done
	})
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if out, told, err := verifying(t, env, ""); err != nil || out != "studio: 0 entries, 0 anchors: whole\nforeign: 0 entries, 0 anchors: whole\n" || told != "" {
		t.Errorf("nothing yet: %q %q %v", out, told, err)
	}
	auditAs(t, db, env, people.TenantID, 1234)
	auditAs(t, db, env, people.ForeignTenantID, 1)
	p = start(t, env) // which anchors what has grown
	until(t, "the anchors", func() bool { return strings.Count(p.log.String(), `"msg":"audit anchor"`) == 2 })
	const want = "studio: 1,234 entries, 1 anchor: whole\nforeign: 1 entry, 1 anchor: whole\n"
	if out, _, err := verifying(t, env, ""); err != nil || out != want {
		t.Errorf("%q %v", out, err)
	}
	if out, _, err := verifying(t, env, "--tenant foreign --without-anchors"); err != nil || out != "foreign: 1 entry, without anchors: whole\n" {
		t.Errorf("one studio: %q %v", out, err)
	}
	if _, err := db.Owner.Exec(t.Context(), "UPDATE audit_entry SET reason = 'another' WHERE sequence = 812"); err != nil {
		t.Fatal(err)
	}
	out, _, err := verifying(t, env, "")
	if !errors.Is(err, commands.ErrNotWhole) || out != "studio: sequence 812: CHANGED: Not what was chained: reason.\nforeign: 1 entry, 1 anchor: whole\n" {
		t.Errorf("changed: %q %v", out, err)
	}
	if _, _, err := verifying(t, env, "--tenant foreign"); err != nil {
		t.Errorf("the other studio: %v", err)
	}
	if _, _, err := verifying(t, env, "--tenant nobody"); err == nil || errors.Is(err, commands.ErrUsage) || !strings.Contains(err.Error(), "no studio") {
		t.Errorf("an unknown studio: %v", err)
	}
	// The other studio's tail is cut, its head rewound, and it is called something else.
	for _, sql := range []string{
		"UPDATE audit_entry SET reason = NULL WHERE sequence = 812",
		"DELETE FROM audit_entry e USING tenant t WHERE e.tenant_id = t.id AND t.slug = 'foreign'",
		"DELETE FROM audit_head h USING tenant t WHERE h.tenant_id = t.id AND t.slug = 'foreign'",
		"UPDATE tenant SET slug = 'renamed' WHERE slug = 'foreign'",
	} {
		if _, err := db.Owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	out, _, err = verifying(t, env, "")
	if !errors.Is(err, commands.ErrNotWhole) || !strings.HasPrefix(out, "studio: 1,234 entries, 1 anchor: whole\nrenamed: 0 entries, 0 anchors: whole\n\"foreign\": ANCHOR: ") {
		t.Errorf("renamed: %q %v", out, err)
	}
}
