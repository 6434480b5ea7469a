package main

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"pixgate/internal/config"
	"pixgate/internal/dev/stage"
)

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

func TestCommandLines(t *testing.T) {
	t.Parallel()
	nothing := func(string) string { return "" }
	for _, args := range []string{
		"serve", "migrate now", "admin", "admin promote a@pix.test", "admin grant", "admin grant a@pix.test b@pix.test", "admin revoke --operator a@pix.test",
		"admin grant --force a@pix.test", "schema all", "serves",
	} {
		if err := run(t.Context(), strings.Fields(args), nothing, io.Discard, io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("pixgate %s: %v, want usage", args, err)
		}
	}
	for _, ask := range []string{"help", "--help", "-h"} {
		if out := command(t, nothing, ask); out != usage {
			t.Errorf("%s: %q", ask, out)
		}
	}
	sdl := command(t, nothing, "schema")
	if lines := bufio.NewScanner(strings.NewReader(sdl)); !lines.Scan() || !strings.Contains(sdl, "type Query") {
		t.Error("schema prints no schema")
	}
	if err := run(t.Context(), []string{"admin", "grant", "nobody"}, nothing, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "no mail address") {
		t.Errorf("admin grant nobody: %v", err)
	}
	if err := run(t.Context(), []string{"migrate"}, nothing, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "DATABASE_URL is missing") || strings.Contains(err.Error(), "S3_") {
		t.Errorf("migrate without settings: %v", err)
	}
}

func TestTheDemoIsNotForProduction(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	env := settings(t, db, map[string]string{"APP_ENV": "production", "S3_ENDPOINT": "https://storage.test"})
	if err := run(t.Context(), []string{"demo"}, env, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "production") {
		t.Errorf("got %v", err)
	}
}
