package main

import (
	"testing"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
)

// A server whose settings name a webhook queues it with each alert, beside the mails; one
// without queues none.
func TestAlertsAreQueuedForTheWebhookThatIsSet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]string
		kinds  string
	}{
		"none": {map[string]string{}, "security_alert"},
		"one":  {map[string]string{"ALERT_WEBHOOK_URL": "https://no-such-host.example.com/", "ALERT_WEBHOOK_SECRET": "whsec_Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo"}, "alert_webhook security_alert"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := stage.Database(t)
			cast.New(t, db.Owner)
			c.change["TICKET_SECRET_EXPIRES_AT"] = before(-1e9) // in a second: somebody must be told
			start(t, settings(t, db, c.change))
			until(t, "the alert", func() bool {
				var kinds string
				err := db.Owner.QueryRow(t.Context(), "SELECT coalesce(string_agg(DISTINCT kind, ' ' ORDER BY kind), '') FROM task.river_job WHERE kind LIKE '%alert%'").Scan(&kinds)
				if err != nil {
					t.Fatal(err)
				}
				if kinds != "" && kinds != c.kinds {
					t.Fatalf("queued are %s, want %s", kinds, c.kinds)
				}
				return kinds != ""
			})
		})
	}
}
