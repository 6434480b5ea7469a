package config_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/config"
	"pixgate/internal/secret"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// found is what a look at all secrets finds in this environment, by name.
func found(settings map[string]string) (map[string]*secret.Health, config.Problems) {
	health, problems := config.Secrets(func(name string) string { return settings[name] }, noon)
	all := map[string]*secret.Health{}
	for _, one := range health {
		all[one.Name] = one
	}
	return all, problems
}

func TestSecretsHaveTheirDates(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(map[string]string{
		"OTP_SECRET_ROTATED_AT": "2026-11-01T00:00:00Z", "OTP_SECRET_EXPIRES_AT": "2026-12-24T18:00:00+01:00", "OTP_SECRET_PREVIOUS": "Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo",
		"S3_SECRET_ACCESS_KEY_ROTATED_AT": "2026-11-02T00:00:00.5Z", "SECRET_EXPIRY_WARNING_DAYS": "30", "SECRET_ROTATION_MAX_DAYS": "23",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	states := map[string]string{}
	for _, health := range c.Secrets.Health(noon) {
		names = append(names, health.Name)
		states[health.Name] = health.Words()
	}
	want := []string{"OTP_SECRET", "CSRF_SECRET", "TICKET_SECRET", "AUDIT_SECRET", "CRON_SECRET", "S3_SECRET_ACCESS_KEY", "SES_SECRET_ACCESS_KEY"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if states["OTP_SECRET"] != "EXPIRING, ROTATION_OVERDUE" || states["S3_SECRET_ACCESS_KEY"] != "ROTATION_OVERDUE" || states["CSRF_SECRET"] != "OK" {
		t.Errorf("%v", states)
	}
	if otp := c.Secrets.Health(noon)[0]; *otp.DaysLeft != 29 || !otp.HasPrevious || !otp.ExpiresAt.Equal(time.Date(2026, 12, 24, 17, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", otp)
	}
	c, err = config.Load(with(nil))
	if err != nil || c.Secrets.Policy != (secret.Policy{Warning: 14 * 24 * time.Hour, MaxAge: 90 * 24 * time.Hour}) {
		t.Errorf("%+v, %v", c.Secrets.Policy, err)
	}
}

func TestASecretWasMadeBeforeItEnds(t *testing.T) {
	t.Parallel()
	_, err := config.Load(with(map[string]string{"CSRF_SECRET_ROTATED_AT": "2026-11-01T00:00:00Z", "CSRF_SECRET_EXPIRES_AT": "2026-11-01T01:00:00+01:00"}))
	problems, _ := errors.AsType[config.Problems](err)
	if len(problems) != 1 || problems[0].Variable != "CSRF_SECRET_ROTATED_AT" || problems[0].Wrong != "is not before CSRF_SECRET_EXPIRES_AT" {
		t.Errorf("got %v", err)
	}
}

func TestAnExpiredSecretStopsAProductionStart(t *testing.T) {
	t.Parallel()
	dates := map[string]string{
		"OTP_SECRET_EXPIRES_AT": "2026-11-25T12:00:00Z", "SES_SECRET_ACCESS_KEY_EXPIRES_AT": "2026-11-25T12:00:01Z", "AUDIT_SECRET_ROTATED_AT": "2026-11-25T12:05:01Z",
		"TICKET_SECRET_ROTATED_AT": "2026-11-25T12:05:00Z",
	}
	for environment, want := range map[string]string{
		"production": "AUDIT_SECRET_ROTATED_AT is in the future: set it to when the secret was made, at the latest 2026-11-25T12:00:00Z\n" +
			"OTP_SECRET has expired at 2026-11-25T12:00:00Z: set it to a new one, and OTP_SECRET_EXPIRES_AT to when that ends, as docs/secrets.md says\n",
		"staging": "AUDIT_SECRET_ROTATED_AT is in the future: set it to when the secret was made, at the latest 2026-11-25T12:00:00Z\n",
	} {
		dates["APP_ENV"] = environment
		c, err := config.Load(with(dates))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckTime(noon); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), "\n") != strings.Count(want, "\n") {
			t.Errorf("in %s: %v", environment, err)
		}
	}
	c, err := config.Load(with(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckTime(noon); err != nil {
		t.Errorf("without dates: %v", err)
	}
}

func TestOnlyProductionNeedsTheCronSecret(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(map[string]string{"APP_ENV": "staging", "CRON_SECRET": ""}))
	if err != nil {
		t.Fatal(err)
	}
	if cron := c.Secrets.Health(noon)[4]; cron.State() != secret.Missing || !cron.Well() || !cron.Usable() {
		t.Errorf("%+v", cron)
	}
	if _, err := config.Load(with(map[string]string{"APP_ENV": "staging", "CRON_SECRET": "short"})); err == nil {
		t.Error("a weak one is taken")
	}
}

// A look at the secrets ends at none of them, needs nothing else, and shows nothing.
func TestALookAtAllSecretsFindsEverything(t *testing.T) {
	t.Parallel()
	all, problems := found(nil)
	if len(all) != 7 || len(problems) != 0 {
		t.Errorf("nothing is set: %d, %v", len(all), problems)
	}
	for name, health := range all {
		if health.State() != secret.Missing {
			t.Errorf("%s is %s", name, health.Words())
		}
	}

	settings := good()
	maps.Copy(settings, map[string]string{
		"DATABASE_URL": "", "OTP_SECRET": "hunter2-hunter2", "CSRF_SECRET": "please-ChangeMe-before-going-live-7", "TICKET_SECRET": settings["AUDIT_SECRET"],
		"CSRF_SECRET_PREVIOUS": "hunter2", "AUDIT_SECRET_ROTATED_AT": "2027-01-01T00:00:00Z", "CRON_SECRET_EXPIRES_AT": "2026-11-25T11:00:00Z", "SES_SECRET_ACCESS_KEY": "",
		"S3_SECRET_ACCESS_KEY_ROTATED_AT": "yesterday", "SECRET_ROTATION_MAX_DAYS": "many",
	})
	all, problems = found(settings)
	for name, want := range map[string]string{
		"OTP_SECRET": "WEAK", "CSRF_SECRET": "WEAK", "TICKET_SECRET": "WEAK", "AUDIT_SECRET": "OK", "CRON_SECRET": "EXPIRED", "S3_SECRET_ACCESS_KEY": "OK", "SES_SECRET_ACCESS_KEY": "MISSING",
	} {
		if got := all[name].Words(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	var about []string
	for _, problem := range problems {
		about = append(about, problem.Variable)
	}
	if want := []string{"CSRF_SECRET_PREVIOUS", "S3_SECRET_ACCESS_KEY_ROTATED_AT", "SECRET_ROTATION_MAX_DAYS", "AUDIT_SECRET_ROTATED_AT"}; !slices.Equal(about, want) {
		t.Errorf("problems with %q, want %q", about, want)
	}
	printed := fmt.Sprint(problems)
	for _, health := range all {
		printed += fmt.Sprintf("%+v", *health)
	}
	for _, hidden := range []string{"hunter2", "ChangeMe", settings["AUDIT_SECRET"], "yesterday", "has 15"} {
		if strings.Contains(printed, hidden) {
			t.Errorf("%q is shown: %s", hidden, printed)
		}
	}
}

// Everything that is read as a secret must have its lifecycle, or nobody hears that it
// is old.
func TestEverySecretIsLookedAt(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	settings := with(map[string]string{"ALERT_WEBHOOK_URL": hookURL, "ALERT_WEBHOOK_SECRET": hookSecret})
	if _, err := config.Load(func(name string) string { asked[name] = true; return settings(name) }); err != nil {
		t.Fatal(err)
	}
	for name := range asked {
		if (strings.HasSuffix(name, "_SECRET") || strings.HasSuffix(name, "_SECRET_ACCESS_KEY")) && !asked[name+"_EXPIRES_AT"] {
			t.Errorf("nobody asks for %s_EXPIRES_AT", name)
		}
	}
}
