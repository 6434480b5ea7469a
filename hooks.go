package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/egress"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/notice"
	"pixgate/internal/secret"
	"pixgate/internal/webhook"
	"pixgate/internal/webhook/standard"
)

const (
	hookTimeout = 10 * time.Second // for a receiver to answer
	maxHookBody = 4 << 10          // bytes of its answer that may come: nobody looks at them
)

// openWebhooks returns the studios' webhooks, which reach the open internet and nothing else.
func openWebhooks(pool *pgxpool.Pool, outbox *webhook.Outbox, chain *audit.Log, keys secret.Ring, security *audit.Security, log *slog.Logger) *webhook.Webhooks {
	return webhook.New(webhook.Options{
		DB: pool, Outbox: outbox, Audit: chain, Keys: keys, Security: security, Now: time.Now, Log: log,
		Poster: standard.NewPoster(egress.New(egress.Options{}).Client(hookTimeout, maxHookBody)),
	})
}

// heralds tell what happened to a job: customers by mail, the studio's programs by webhooks.
type heralds struct {
	mails *notice.Notices
	hooks *webhook.Outbox
}

// JobReady tells both.
func (h heralds) JobReady(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID) error {
	if err := h.mails.JobReady(ctx, tx, tenantID, jobID); err != nil {
		return err
	}
	return h.hooks.JobReady(ctx, tx, tenantID, jobID)
}

// ExtrasSettled tells customers; programs hear that the pictures are released.
func (h heralds) ExtrasSettled(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID, images int) error {
	return h.mails.ExtrasSettled(ctx, tx, tenantID, jobID, images)
}

// ImagesReleased tells programs; customers hear when the job is ready.
func (h heralds) ImagesReleased(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID, images []job.Released) error {
	return h.hooks.ImagesReleased(ctx, tx, tenantID, jobID, images)
}

// alarms take alerts over: to be mailed, and for the studio's programs.
type alarms struct {
	tasks audit.AlertQueue
	hooks *webhook.Outbox
}

// SecurityAlert takes an alert over in the transaction that claims it.
func (a alarms) SecurityAlert(ctx context.Context, tx pgx.Tx, alertID id.ID) error {
	if err := a.hooks.SecurityAlert(ctx, tx, alertID); err != nil {
		return fmt.Errorf("tell webhooks of an alert: %w", err)
	}
	return a.tasks.SecurityAlert(ctx, tx, alertID)
}
