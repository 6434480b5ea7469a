package commands

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
	err = Run(t.Context(), append([]string{"audit", "verify"}, strings.Fields(words)...), env, nil, &out, &told)
	return out.String(), told.String(), err
}

// Whoever can't look must not say that all is well.
func TestAuditVerifyWithoutWhatItNeedsFails(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	env := stage.Settings(t, db, nil)
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
		if err == nil || errors.Is(err, ErrNotWhole) || !strings.Contains(err.Error(), one.part) || strings.Contains(out, "whole") {
			t.Errorf("%s=%s: %q %v", one.name, one.value, out, err)
		}
	}
	if out, _, err := verifying(t, changed("S3_ENDPOINT", "http://127.0.0.1:9"), "--without-anchors"); err != nil || !strings.Contains(out, "3 entries, without anchors: whole") {
		t.Errorf("without anchors: %q %v", out, err)
	}
	out, _, err := verifying(t, changed("AUDIT_SECRET", "Hk7Zs2Vq9Rb4NxT1mYd6WcJf3LgPa8Eu"), "--without-anchors")
	if !errors.Is(err, ErrNotWhole) || !strings.HasPrefix(out, "studio: sequence 1: UNKNOWN_KEY: ") {
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
		if err := Run(context.Background(), strings.Fields(words), nothing, nil, io.Discard, io.Discard); !errors.Is(err, ErrUsage) {
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
	env := stage.Settings(t, db, nil)
	replay := func(words ...string) (string, error) {
		var out bytes.Buffer
		err := Run(t.Context(), append([]string{"audit", "replay"}, words...), env, nil, &out, io.Discard)
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
