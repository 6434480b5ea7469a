package main

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/config"
	"pixgate/internal/egress"
	"pixgate/internal/task"
	"pixgate/internal/watch"
	"pixgate/internal/webhook/standard"
)

// How long a receiver of alerts may take, which is less than its task may; of what it
// says nothing is read.
const (
	hookPatience = 8 * time.Second
	hookAnswer   = 1 << 10
)

// alertQueue is who takes alerts over: for mail, and for the webhook where there is one.
func alertQueue(settings config.Config, queue *task.Queue) audit.AlertQueue {
	if settings.AlertWebhookURL == "" {
		return queue
	}
	return task.PostedAlerts{Queue: queue}
}

// openHook returns what posts alerts. Where there is no webhook it only sees to what was
// queued while there was one.
func openHook(settings config.Config, pool *pgxpool.Pool, tenants *account.Tenants, now func() time.Time, log *slog.Logger) *watch.Hook {
	return watch.NewHook(watch.HookOptions{
		DB: pool, Tenants: tenants, Poster: standard.NewPoster(egress.New(egress.Options{}).Client(hookPatience, hookAnswer)),
		URL: settings.AlertWebhookURL, Secrets: []standard.Secret{settings.AlertWebhookSecret, settings.AlertWebhookSecretPrevious}, Now: now, Log: log,
	})
}

// checkAlerts looks at where alerts go beside the studio's people. It connects to the
// webhook's receiver and says nothing to it.
func (c *checklist) checkAlerts(ctx context.Context) {
	settings, ok := c.settings(config.Watch)
	if !ok {
		return
	}
	if settings.AlertWebhookURL == "" {
		if settings.AlertEmail == "" {
			c.add("alerts", known, "go to the studio's people and the operators alone, by mail", "set ALERT_EMAIL, or ALERT_WEBHOOK_URL to whatever wakes somebody")
			return
		}
		c.good("alerts", "go to ALERT_EMAIL, too")
		return
	}
	to, err := egress.URL(settings.AlertWebhookURL.Reveal(), false)
	if err == nil {
		var conn net.Conn
		if conn, err = egress.New(egress.Options{}).DialContext(ctx, "tcp", net.JoinHostPort(to.Hostname(), "443")); err == nil {
			_ = conn.Close() // nothing was said
		}
	}
	switch {
	case egress.WhyBlocked(err) != "":
		c.add("alerts", bad, "the host of ALERT_WEBHOOK_URL has an address that is not of the open internet: nothing is posted there", "name another one")
	case err != nil:
		c.add("alerts", bad, "the host of ALERT_WEBHOOK_URL can't be reached", "is the name right, and may this machine connect to it on port 443?")
	default:
		c.good("alerts", "the receiver of the webhook can be reached")
	}
}
