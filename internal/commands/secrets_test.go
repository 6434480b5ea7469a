package commands

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"
	"time"
)

// wellKept is an environment of secrets that were all made yesterday, and nothing else.
func wellKept(change map[string]string) func(string) string {
	all := map[string]string{
		"OTP_SECRET": "q3Zr8LwB0xYv5TnK1mHs7JdPf2GcUaEo", "AUDIT_SECRET": "Wb6Nt4Vx9RkQ2ySz0MhLj8CgDp5FiXuA", "TICKET_SECRET": "Gm5Rw1Tz8KfYc3QbXj7VnDp2LsHa9EuU",
		"CSRF_SECRET": "Yd4Pm9KsVx2Lq7ZtRb5NwHc8GfJe3UaT", "CRON_SECRET": "Tc7Xn2Qv9Wk4Lz1RyBd6HmGs3JfPe8Ua",
		"S3_SECRET_ACCESS_KEY": "bucket-hunter2", "SES_SECRET_ACCESS_KEY": "mail-hunter2",
	}
	for name := range maps.Clone(all) {
		all[name+"_ROTATED_AT"] = before(24 * time.Hour)
	}
	maps.Copy(all, change)
	return func(name string) string { return all[name] }
}

func before(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.RFC3339) }

func checked(t *testing.T, env func(string) string) (string, error) {
	t.Helper()
	var out, told bytes.Buffer
	err := Run(t.Context(), []string{"secrets", "check"}, env, nil, &out, &told)
	if told.Len() > 0 {
		t.Errorf("it says %q beside the table", told.String())
	}
	return out.String(), err
}

func TestSecretsCheckTellsHowEachSecretIs(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, one := range []struct {
		change map[string]string
		bad    bool
		line   string // without its columns' spaces
	}{
		{nil, false, "OTP_SECRET OK " + before(day)[:10] + " - Nothing."},
		{map[string]string{"CRON_SECRET": ""}, true, "CRON_SECRET MISSING " + before(day)[:10] + " - Set it to the output of: openssl rand -base64 32."},
		{map[string]string{"CRON_SECRET": "", "APP_ENV": "development"}, true, "CRON_SECRET MISSING "},
		{map[string]string{"SES_SECRET_ACCESS_KEY": ""}, true, "SES_SECRET_ACCESS_KEY MISSING "},
		{map[string]string{"OTP_SECRET": "short"}, true, "OTP_SECRET WEAK " + before(day)[:10] + " - It is too short, it needs 32 characters: set it to"},
		{map[string]string{"CSRF_SECRET": "please-ChangeMe-before-going-live-7"}, true, "CSRF_SECRET WEAK "},
		{map[string]string{"AUDIT_SECRET_EXPIRES_AT": before(time.Minute)}, true, "AUDIT_SECRET EXPIRED " + before(day)[:10] + " " + before(time.Minute)[:10] + " Change it now"},
		{map[string]string{"TICKET_SECRET_EXPIRES_AT": before(-13 * day)}, false, "TICKET_SECRET EXPIRING "},
		{map[string]string{"S3_SECRET_ACCESS_KEY_ROTATED_AT": before(91 * day)}, false, "S3_SECRET_ACCESS_KEY ROTATION_OVERDUE "},
		{map[string]string{"S3_SECRET_ACCESS_KEY_ROTATED_AT": before(91 * day), "SECRET_ROTATION_MAX_DAYS": "100"}, false, "S3_SECRET_ACCESS_KEY OK "},
		{map[string]string{"OTP_SECRET_ROTATED_AT": "yesterday"}, true, "OTP_SECRET_ROTATED_AT is no time: set it to one such as"},
		{map[string]string{"OTP_SECRET_ROTATED_AT": before(-day)}, true, "OTP_SECRET_ROTATED_AT is in the future: set it to when"},
		{map[string]string{"ALERT_WEBHOOK_URL": "https://alerts.example.com/"}, true, "ALERT_WEBHOOK_SECRET MISSING - - Set it to the output of: echo whsec_$(openssl rand -base64 32)."},
		{map[string]string{"ALERT_WEBHOOK_SECRET": "whsec_hunter2"}, true, "ALERT_WEBHOOK_SECRET WEAK "},
		{map[string]string{"OTP_SECRET_PREVIOUS": "short"}, true, "OTP_SECRET_PREVIOUS is too short"},
	} {
		out, err := checked(t, wellKept(one.change))
		plain := ""
		for line := range strings.Lines(out) {
			plain += strings.Join(strings.Fields(line), " ") + "\n"
		}
		if (err != nil) != one.bad || one.bad && !errors.Is(err, errBadSecrets) || !strings.Contains(plain, "\n"+one.line) {
			t.Errorf("%v: %v, want bad %t and %q\n%s", one.change, err, one.bad, one.line, out)
		}
		if strings.Count(out, "\n") < 8 || !strings.HasPrefix(out, "VARIABLE") {
			t.Errorf("%v: it ends at the first\n%s", one.change, out)
		}
		for _, hidden := range []string{"q3Zr8LwB", "Wb6Nt4Vx", "hunter2", "ChangeMe"} {
			if strings.Contains(out, hidden) {
				t.Errorf("%v: it shows %q", one.change, hidden)
			}
		}
	}
}

func TestSecretsCheckNeedsNoSettings(t *testing.T) {
	t.Parallel()
	out, err := checked(t, func(string) string { return "" })
	if !errors.Is(err, errBadSecrets) || strings.Count(out, "MISSING") != 7 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestSecretsCommandLines(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"secrets", "secrets check all", "secrets show", "secrets --check"} {
		if err := Run(t.Context(), strings.Fields(words), wellKept(nil), nil, io.Discard, io.Discard); !errors.Is(err, ErrUsage) {
			t.Errorf("pixgate %s: %v, want usage", words, err)
		}
	}
}
