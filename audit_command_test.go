package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

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
	if !errors.Is(err, errNotWhole) || out != "studio: sequence 812: CHANGED: Not what was chained: reason.\nforeign: 1 entry, 1 anchor: whole\n" {
		t.Errorf("changed: %q %v", out, err)
	}
	if _, _, err := verifying(t, env, "--tenant foreign"); err != nil {
		t.Errorf("the other studio: %v", err)
	}
	if _, _, err := verifying(t, env, "--tenant nobody"); err == nil || errors.Is(err, errUsage) || !strings.Contains(err.Error(), "no studio") {
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
	if !errors.Is(err, errNotWhole) || !strings.HasPrefix(out, "studio: 1,234 entries, 1 anchor: whole\nrenamed: 0 entries, 0 anchors: whole\n\"foreign\": ANCHOR: ") {
		t.Errorf("renamed: %q %v", out, err)
	}
}

// Whoever can't look must not say that all is well.
func TestAuditVerifyWithoutWhatItNeedsFails(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	env := settings(t, db, nil)
	auditAs(t, db, env, people.TenantID, 3)
	changed := func(name, value string) func(string) string {
		return func(asked string) string {
			if asked == name {
				return value
			}
			return env(asked)
		}
	}
	for _, one := range []struct{ name, value, words, part string }{
		{"S3_ENDPOINT", "http://127.0.0.1:9", "", "storage"},
		{"S3_BUCKET", "no-such-bucket", "", "storage"},
		{"S3_SECRET_ACCESS_KEY", "", "", "S3_SECRET_ACCESS_KEY is missing"},
		{"AUDIT_SECRET", "", "--without-anchors", "AUDIT_SECRET is missing"},
		{"DATABASE_URL", "postgres://nobody@127.0.0.1:9/none", "", "database"},
	} {
		out, _, err := verifying(t, changed(one.name, one.value), one.words)
		if err == nil || errors.Is(err, errNotWhole) || !strings.Contains(err.Error(), one.part) || strings.Contains(out, "whole") {
			t.Errorf("%s=%s: %q %v", one.name, one.value, out, err)
		}
	}
	if out, _, err := verifying(t, changed("S3_ENDPOINT", "http://127.0.0.1:9"), "--without-anchors"); err != nil || !strings.Contains(out, "3 entries, without anchors: whole") {
		t.Errorf("without anchors: %q %v", out, err)
	}
	out, _, err := verifying(t, changed("AUDIT_SECRET", "Hk7Zs2Vq9Rb4NxT1mYd6WcJf3LgPa8Eu"), "--without-anchors")
	if !errors.Is(err, errNotWhole) || !strings.HasPrefix(out, "studio: sequence 1: UNKNOWN_KEY: ") {
		t.Errorf("another secret: %q %v", out, err)
	}
	out, _, err = verifying(t, func(name string) string {
		return map[string]string{"AUDIT_SECRET": "Hk7Zs2Vq9Rb4NxT1mYd6WcJf3LgPa8Eu", "AUDIT_SECRET_PREVIOUS": "Jd3Wz8QkR5uYt0BnC6mHsVf1LaXe2GpT," + env("AUDIT_SECRET")}[name] + map[bool]string{true: env(name)}[!strings.HasPrefix(name, "AUDIT_")]
	}, "")
	if err != nil || !strings.Contains(out, "studio: 3 entries, 0 anchors: whole") {
		t.Errorf("two rotations later: %q %v", out, err)
	}
}

func TestAuditVerifyTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	var told bytes.Buffer
	report := progress(audit.Studio{Slug: "studio"}, &told)
	for n := int64(0); n <= 1_234_000; n += 1000 {
		report(n)
	}
	if got := told.String(); strings.Count(got, "\n") != 12 || !strings.HasPrefix(got, "studio: 100,000 entries so far\n") || !strings.HasSuffix(got, "studio: 1,200,000 entries so far\n") {
		t.Errorf("%q", got)
	}
}

func TestAuditCommandLines(t *testing.T) {
	t.Parallel()
	nothing := func(string) string { return "" }
	for _, words := range []string{"audit", "audit prove", "audit verify studio", "audit verify --tenant", "audit verify --quickly", "audit verify --without-anchors=maybe"} {
		if err := run(context.Background(), strings.Fields(words), nothing, io.Discard, io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("pixgate %s: %v, want usage", words, err)
		}
	}
	for n, want := range map[int64]string{0: "0 things", 1: "1 thing", 999: "999 things", 1000: "1,000 things", 1234567: "1,234,567 things"} {
		if got := counted(n, "thing", "things"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestAuditReplayNamesAPictureWhoseStateNobodyWroteDown(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	people.Exec(t, "UPDATE image SET selection_state = 'NONE'")
	env := settings(t, db, nil)
	replay := func(words ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"audit", "replay"}, words...), env, &out, io.Discard)
		return out.String(), err
	}
	if out, err := replay(); err != nil || out != "studio: 42 pictures, 0 differ\nforeign: 6 pictures, 0 differ\n" {
		t.Errorf("%q, %v", out, err)
	}
	people.Exec(t, "UPDATE image SET selection_state = 'EXTRA_FREE' WHERE id = $1", people.ForeignJob.Images["NONE"])
	want := "foreign: " + people.ForeignJob.Image("NONE") + " of " + people.ForeignJob.PublicID() + " is EXTRA_FREE, but its records make it NONE\nforeign: 6 pictures, 1 differ\n"
	if out, err := replay("--tenant", "foreign"); !errors.Is(err, errDiffers) || out != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
	if _, err := replay("--tenant", "nobody"); err == nil || !strings.Contains(err.Error(), "no studio") {
		t.Errorf("an unknown studio: %v", err)
	}
}
