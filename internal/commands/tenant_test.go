package commands

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pixgate/internal/account"
	"pixgate/internal/dev/stage"
)

// tenant runs pixgate tenant with a body on standard input.
func tenant(t *testing.T, env func(string) string, body string, words ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := tenantCommand(t.Context(), words, env, strings.NewReader(body), &out)
	return out.String(), err
}

func TestTenantCommands(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	env := stage.Settings(t, db, map[string]string{"APP_ENV": "staging", "PUBLIC_URLS": "https://api.pix.test", "CORS_ORIGINS": "https://pix.test"})
	command(t, env, "migrate")
	for _, c := range []struct {
		words, body, out, err string
	}{
		{"add nord sender=Nord|<post@nord.test> forget-after-days=730", "", "made the studio nord", ""},
		{"add nord", "", "", "already"},
		{"add sued hosts=api.pix.test", "", "", "the host api.pix.test is the studio studio's already"},
		{"add sued origins=http://sued.test", "", "", "no https origin"},
		{"add sued colour=red", "", "", `no setting "colour"`},
		{"add Sued", "", "", "can't name a studio"},
		{"list", "", "studio  pix.test  api.pix.test\nnord    nord      \n", ""},
		{"show nord", "", "slug               nord\nname               nord\nhosts              \norigins            \nsender             \"Nord\" <post@nord.test>\nlocale             de\ntime-zone          Europe/Berlin\nsign-up            open\ndevice-policy      refuse\nupload-job-images  5000\nupload-job-gib     100\nupload-studio-gib  \nwatermark          \nforget-after-days  730\n", ""},
		{"show west", "", "", `no studio "west"`},
		{"set nord locale=en", "", `locale of nord is now "en"`, ""},
		{"set nord locale=en", "", "nothing to do", ""},
		{"set west locale=en", "", "", `no studio "west"`},
		{"set nord time-zone=Mars", "", "", "no time zone"},
		{"text list nord", "", "words no mail its own way", ""},
		{"text set nord login_code en Your|code", "Here: {code}\n", "words login_code in en its own way now", ""},
		{"text list nord", "", "login_code en: Your code\n\nHere: {code}\n", ""},
		{"text set nord login_code en Your|{code}", "Here: {code}", "", "the subject holds {code}"},
		{"text set nord login_code en Code", "no code", "", "lacks {code}"},
		{"text set nord login_code en Code", "", "", "standard input"},
		{"text set nord login_code en Code", strings.Repeat("{code}", 2000), "", "give 1 to 10000"},
		{"text set nord login_code en Code", "{code}\x1b]0;owned\a", "", "control characters"},
		{"text set nord login_code en Your\x1b[2Jcode", "{code}", "", "control characters"},
		{"text set nord login_code en Code", "{code} or https://evil.test", "", "holds a link"},
		{"text set nord poem en Code", "{code}", "", "name one of booking_cancelled, booking_confirmed, booking_declined, booking_received, booking_requested, booking_withdrawn, extras_settled, job_ready, login_code, studio_message"},
		{"text set nord login_code fr Code", "{code}", "", "none of de and en"},
		{"text set west login_code en Code", "{code}", "", "no studio"},
		{"text reset nord login_code en", "", "has the built-in words for login_code in en again", ""},
		{"text reset nord login_code en", "", "nothing to do", ""},
		{"text reset west login_code en", "", "", "no studio"},
	} {
		var words []string
		for word := range strings.FieldsSeq(c.words) {
			words = append(words, strings.ReplaceAll(word, "|", " "))
		}
		out, err := tenant(t, env, c.body, words...)
		if c.err == "" && (err != nil || !strings.Contains(out, c.out)) {
			t.Errorf("tenant %s: %q, %v; want %q", c.words, out, err, c.out)
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || out != "") {
			t.Errorf("tenant %s: %q, %v; want the error %q", c.words, out, err, c.err)
		}
	}
	if out, _, err := verifying(t, env, "--without-anchors"); err != nil || !strings.Contains(out, "nord: 4 entries") {
		t.Errorf("%q, %v", out, err)
	}
}

// Each mail that the database keeps words for can be worded, and not so that it can't be sent.
func TestEachMailOfAStudioCanBeWorded(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	env := stage.Settings(t, db, nil)
	command(t, env, "migrate")
	var kinds []string
	if err := db.Owner.QueryRow(t.Context(), `SELECT array_agg(kind[1]) FROM pg_constraint, regexp_matches(pg_get_constraintdef(oid), $$'([a-z_]+)'$$, 'g') kind
		WHERE conname = 'tenant_text_kind_check'`).Scan(&kinds); err != nil || len(kinds) < 7 {
		t.Fatal(kinds, err)
	}
	for _, kind := range kinds {
		body := "Hello from {name}"
		if kind == "login_code" {
			body += ": {code}"
		}
		if out, err := tenant(t, env, body, "text", "set", "studio", kind, "de", "Hello"); err != nil || !strings.Contains(out, "words "+kind) {
			t.Errorf("%s: %q, %v", kind, out, err)
		}
		if out, err := tenant(t, env, body+" {colour} https://evil.test", "text", "set", "studio", kind, "en", "Hello {colour}"); err == nil {
			t.Errorf("%s with a link and what is no placeholder: %q, %v", kind, out, err)
		}
	}
}

func TestTenantCommandLines(t *testing.T) {
	t.Parallel()
	nothing := func(string) string { return "" }
	for _, words := range []string{
		"", "make", "list all", "show", "show a b", "add", "add a b", "add a =b", "set", "set a", "set a b", "set a b=c d", "text", "text list", "text set a", "text set a b c", "text reset a b", "text drop a b c",
	} {
		if err := Run(t.Context(), append([]string{"tenant"}, strings.Fields(words)...), nothing, nil, io.Discard, io.Discard); !errors.Is(err, ErrUsage) {
			t.Errorf("pixgate tenant %s: %v, want usage", words, err)
		}
	}
	for _, ask := range []string{"help", "-h", "--help", "add -h", "text set --help"} {
		out := command(t, nothing, append([]string{"tenant"}, strings.Fields(ask)...)...)
		for _, setting := range account.Settings {
			if !strings.HasPrefix(out, "pixgate tenant") || !strings.Contains(out, "\n  "+setting.Name+" ") {
				t.Errorf("tenant %s tells nothing of %s", ask, setting.Name)
			}
		}
	}
	if err := Run(t.Context(), []string{"tenant", "list"}, nothing, nil, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "DATABASE_URL is missing") {
		t.Errorf("without settings: %v", err)
	}
}
