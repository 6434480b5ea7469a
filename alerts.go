package main

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

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
func openHook(settings config.Config, pool *pgxpool.Pool, now func() time.Time, log *slog.Logger) *watch.Hook {
	return watch.NewHook(watch.HookOptions{
		DB: pool, Poster: standard.NewPoster(egress.New(egress.Options{}).Client(hookPatience, hookAnswer)),
		URL: settings.AlertWebhookURL, Secrets: []standard.Secret{settings.AlertWebhookSecret, settings.AlertWebhookSecretPrevious}, Now: now, Log: log,
	})
}
