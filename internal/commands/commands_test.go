package commands

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pixgate/internal/dev/stage"
)

func TestCommandLines(t *testing.T) {
	t.Parallel()
	nothing := func(string) string { return "" }
	for _, args := range []string{
		"serve", "migrate now", "admin", "admin promote a@pix.test", "admin grant", "admin grant a@pix.test b@pix.test", "admin revoke --operator a@pix.test",
		"admin grant --force a@pix.test", "schema all", "serves",
	} {
		if err := Run(t.Context(), strings.Fields(args), nothing, nil, io.Discard, io.Discard); !errors.Is(err, ErrUsage) {
			t.Errorf("pixgate %s: %v, want usage", args, err)
		}
	}
	for args, want := range map[string]string{
		"bogus": "unknown command: bogus\n\n", "serves now": "unknown command: serves\n\n", "migrate now": "", "schema all": "", "check all": "", "admin": "", "tenant bogus": "",
	} {
		var stderr bytes.Buffer
		if err := Run(t.Context(), strings.Fields(args), nothing, nil, io.Discard, &stderr); !errors.Is(err, ErrUsage) || stderr.String() != want {
			t.Errorf("pixgate %s: %v, and says %q, want %q", args, err, stderr.String(), want)
		}
	}
	for _, ask := range []string{"help", "--help", "-h"} {
		if out := command(t, nothing, ask); out != Usage {
			t.Errorf("%s: %q", ask, out)
		}
	}
	sdl := command(t, nothing, "schema")
	if lines := bufio.NewScanner(strings.NewReader(sdl)); !lines.Scan() || !strings.Contains(sdl, "type Query") {
		t.Error("schema prints no schema")
	}
	if err := Run(t.Context(), []string{"admin", "grant", "nobody"}, nothing, nil, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "no mail address") {
		t.Errorf("admin grant nobody: %v", err)
	}
	if err := Run(t.Context(), []string{"migrate"}, nothing, nil, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "DATABASE_URL is missing") || strings.Contains(err.Error(), "S3_") {
		t.Errorf("migrate without settings: %v", err)
	}
}

func TestTheDemoIsNotForProduction(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	env := stage.Settings(t, db, map[string]string{"APP_ENV": "production", "S3_ENDPOINT": "https://storage.test"})
	if err := Run(t.Context(), []string{"demo"}, env, nil, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "production") {
		t.Errorf("got %v", err)
	}
}

// command runs one of the program's commands and returns what it prints.
func command(t *testing.T, getenv func(string) string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err := Run(t.Context(), args, getenv, nil, &stdout, &stderr); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr.String())
	}
	return stdout.String()
}
