package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pixgate/internal/config"
	"pixgate/internal/secret"
)

const (
	hookURL    = "https://alerts.example.com/token-in-the-path"
	hookSecret = "whsec_Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo"
	oldHook    = "whsec_Jd3Wz8QkR5uYt0BnC6mHsVf1LaXe2GpT"
)

func TestTheAlertsWebhook(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(nil))
	if err != nil || c.AlertWebhookURL != "" || c.AlertWebhookSecret.Reveal() != "" {
		t.Errorf("without one: %v", err)
	}
	if n := len(c.Secrets.Secrets); n != 7 {
		t.Errorf("%d secrets are watched: one that nothing needs is none", n)
	}
	c, err = config.Load(with(map[string]string{"ALERT_WEBHOOK_URL": hookURL, "ALERT_WEBHOOK_SECRET": hookSecret, "ALERT_WEBHOOK_SECRET_PREVIOUS": oldHook}))
	if err != nil {
		t.Fatal(err)
	}
	if c.AlertWebhookURL.Reveal() != hookURL || c.AlertWebhookSecret.Reveal() != hookSecret || c.AlertWebhookSecretPrevious.Reveal() != oldHook {
		t.Error("the settings are others")
	}
	if hook := c.Secrets.Health(noon)[7]; hook.Name != "ALERT_WEBHOOK_SECRET" || hook.State() != secret.OK || !hook.HasPrevious {
		t.Errorf("%+v", hook)
	}
	if printed := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(printed, "token-in-the-path") || strings.Contains(printed, hookSecret[6:]) || strings.Contains(printed, oldHook[6:]) {
		t.Error("printing the settings shows the webhook's address or secret")
	}
}

// Half a webhook would be one that nobody hears, or that anybody could play.
func TestAWebhookIsWholeOrNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, current, previous string
		variable, wrong        string
	}{
		{hookURL, "", "", "ALERT_WEBHOOK_SECRET", "is missing"},
		{"", hookSecret, "", "ALERT_WEBHOOK_URL", "is missing"},
		{hookURL, "", oldHook, "ALERT_WEBHOOK_SECRET", "is missing"},
		{hookURL, hookSecret[6:], "", "ALERT_WEBHOOK_SECRET", `is not "whsec_"`},
		{hookURL, "whsec_" + strings.Repeat("QUFB", 8), "", "ALERT_WEBHOOK_SECRET", "is too simple"},
		{hookURL, "whsec_aHVudGVyMg==", "", "ALERT_WEBHOOK_SECRET", "is not "},
		{hookURL, hookSecret + "\n", "", "ALERT_WEBHOOK_SECRET", "has white space around it"},
		{hookURL, hookSecret, "hunter2", "ALERT_WEBHOOK_SECRET_PREVIOUS", "is not "},
		{hookURL, hookSecret, hookSecret, "ALERT_WEBHOOK_SECRET_PREVIOUS", "is the same as ALERT_WEBHOOK_SECRET"},
		{"http://alerts.example.com/token-in-the-path", hookSecret, "", "ALERT_WEBHOOK_URL", "(bad_scheme)"},
		{"https://127.0.0.1/token-in-the-path", hookSecret, "", "ALERT_WEBHOOK_URL", "(not_public)"},
		{"https://alerts.internal/token-in-the-path", hookSecret, "", "ALERT_WEBHOOK_URL", "(not_public)"},
		{"https://me:token-in-the-path@alerts.example.com/", hookSecret, "", "ALERT_WEBHOOK_URL", "(credentials)"},
		{"https://alerts.example.com:8443/token-in-the-path", hookSecret, "", "ALERT_WEBHOOK_URL", "(bad_port)"},
		{"token-in-the-path", hookSecret, "", "ALERT_WEBHOOK_URL", "(bad_url)"},
	} {
		_, err := config.Load(with(map[string]string{"ALERT_WEBHOOK_URL": c.url, "ALERT_WEBHOOK_SECRET": c.current, "ALERT_WEBHOOK_SECRET_PREVIOUS": c.previous}))
		problems, _ := errors.AsType[config.Problems](err)
		if len(problems) != 1 || problems[0].Variable != c.variable || !strings.Contains(problems[0].Wrong, c.wrong) {
			t.Errorf("%q, %q, %q: %v, want that %s %s", c.url, c.current, c.previous, err, c.variable, c.wrong)
			continue
		}
		for _, hidden := range []string{"token-in-the-path", hookSecret[6:], oldHook[6:], "hunter2", "aHVudGVyMg"} {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%q is shown: %v", hidden, err)
			}
		}
	}
}
