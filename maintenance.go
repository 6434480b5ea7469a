package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/config"
	"pixgate/internal/dossier"
	"pixgate/internal/notice"
	"pixgate/internal/secret"
	"pixgate/internal/session"
	"pixgate/internal/task"
	"pixgate/internal/transfer"
	"pixgate/internal/watch"
	"pixgate/internal/webhook"
)

// rooms are those whose chores are done.
type rooms struct {
	sessions *session.Service
	security *audit.Security
	anchors  *audit.Anchors
	secrets  *watch.Secrets
	uploads  *transfer.Uploads
	dossiers *dossier.Dossiers
	notices  *notice.Notices
	hooks    *webhook.Webhooks
}

// openMaintenance returns the chores of the installation, one line each. Purges come late
// without harm, see [task.InTurn]. So does an anchor: it is never written over, and a second
// one of the same entry says the same.
func openMaintenance(settings config.Config, pool *pgxpool.Pool, in rooms, now func() time.Time, log *slog.Logger) (m *task.Maintenance, err error) {
	history := func(ctx context.Context) error { return m.Purge(ctx) }
	m, err = task.NewMaintenance(task.MaintenanceOptions{
		DB: pool, LeaseTTL: settings.CronLockTTL, KeyTTL: settings.CronKeyTTL, Now: now, Log: log,
		Chores: []task.Chore{
			{Name: "purge", Every: time.Hour, Within: 5 * time.Minute, Work: task.InTurn(in.sessions.Purge, in.security.Purge, in.notices.Purge, in.hooks.Purge, history)},
			{Name: "anchor-audit", Every: time.Hour, Within: 2 * time.Minute, Work: task.InTurn(in.anchors.Write)},
			{Name: "sweep-uploads", Every: 10 * time.Minute, Within: 5 * time.Minute, Work: task.InTurn(in.uploads.Sweep)},
			{Name: "retention", Every: time.Hour, Within: 5 * time.Minute, Work: task.InTurn(in.dossiers.Forget)},
			{Name: "secrets", Within: time.Minute, Work: task.Telling(in.secrets.Look)}, // each server looks by itself every hour
		},
	})
	return m, err
}

// cronSecrets are what whoever starts maintenance from outside may know; none where it
// is not set.
func cronSecrets(settings config.Config) []secret.Value {
	var all []secret.Value
	for _, one := range []secret.Value{settings.CronSecret, settings.CronSecretPrevious} {
		if one != "" {
			all = append(all, one)
		}
	}
	return all
}

// died records that a background task has failed for the last time.
func died(security *audit.Security) func(kind string) {
	return func(kind string) { security.Record(audit.Incident{Event: audit.TaskDead, Detail: kind}) }
}
