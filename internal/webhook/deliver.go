package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/egress"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/webhook/standard"
	"pixgate/queries"
)

const (
	goesOn  = 8 * time.Second  // for so long whoever has a turn takes further deliveries; see webhookTimeout in internal/task
	claimed = 30 * time.Second // for so long nobody else posts what somebody posts, who may have been killed
)

// Deliver posts an event to a webhook once, writes down how that went, and goes on with what else
// waits for it while all goes well; again says after how long it is to be called once more, 0 that
// nothing is left to do. An error means that we failed, not the receiver, and that nothing was
// written down: what was posted then is posted again.
func (w *Webhooks) Deliver(ctx context.Context, deliveryID id.ID) (again time.Duration, err error) {
	row, err := queries.New(w.DB).DeliveryToPost(ctx, deliveryID)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil // its webhook was removed, or it is so old that it was purged
	}
	if err != nil {
		return 0, fault.Database("look up a webhook delivery", err)
	}
	now, waits := w.Now(), State(row.WebhookDelivery.State) == Pending
	if next := row.WebhookDelivery.NextAt; waits && next != nil && next.After(now) && row.Webhook.DisabledAt == nil {
		return next.Sub(now), nil
	}
	give, wait := w.turns.take(row.Webhook.ID, row.Webhook.TenantID, now)
	if give == nil && waits {
		return wait, nil
	}
	if give == nil {
		return 0, nil
	}
	defer give()
	if waits {
		var arrived bool
		if arrived, again, err = w.attempt(ctx, row); err != nil || !arrived {
			return again, err
		}
	}
	return w.goOn(ctx, row.Webhook, now)
}

// goOn takes what is due for a webhook there, the oldest first, until something fails.
func (w *Webhooks) goOn(ctx context.Context, hook queries.Webhook, begun time.Time) (again time.Duration, err error) {
	q := queries.New(w.DB)
	for w.Now().Sub(begun) < goesOn {
		due, err := q.DueDelivery(ctx, hook.TenantID, hook.ID, w.Now())
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, nil
		}
		if err != nil {
			return 0, fault.Database("look for a webhook's deliveries", err)
		}
		row, err := q.DeliveryToPost(ctx, due)
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, nil // the webhook was removed
		}
		if err != nil {
			return 0, fault.Database("look up a webhook delivery", err)
		}
		if arrived, wait, err := w.attempt(ctx, row); err != nil || !arrived && wait != taken {
			return 0, err // it has a task of its own, which comes again
		}
	}
	return spacing, nil
}

// taken is how long whoever came too late for a delivery waits to see what became of it.
const taken = time.Second

// attempt posts an event to a webhook once. arrived says that the receiver has it, again when
// else to look at it once more.
func (w *Webhooks) attempt(ctx context.Context, row queries.DeliveryToPostRow) (arrived bool, again time.Duration, err error) {
	one, hook, now := row.WebhookDelivery, row.Webhook, w.Now()
	if hook.DisabledAt != nil { // while the event was written
		return false, 0, fault.Database("end a webhook's deliveries", queries.New(w.DB).EndWebhookDeliveries(ctx, hook.TenantID, hook.ID))
	}
	mine, err := queries.New(w.DB).ClaimDelivery(ctx, queries.ClaimDeliveryParams{TenantID: one.TenantID, ID: one.ID, Until: now.Add(claimed), Now: now})
	if err != nil {
		return false, 0, fault.Database("claim a webhook delivery", err)
	}
	if mine == 0 {
		return false, taken, nil
	}
	secrets, err := w.signWith(hook, now)
	if err != nil {
		return false, 0, err
	}
	answer, err := w.Poster.Post(ctx, hook.Url, standard.Message{ID: MessageID(one.EventID), At: now, Body: []byte(row.Body)}, secrets...)
	if ctx.Err() != nil { // we were told to end: that says nothing of the receiver
		return false, 0, fmt.Errorf("post a webhook: %w", ctx.Err())
	}
	attempt := int(one.Attempts) + 1
	said := judge(answer, err, attempt, luck(one.ID, attempt))
	if said.trouble == private {
		w.Security.Record(audit.Incident{Event: audit.WebhookBlocked, TenantID: &one.TenantID, Detail: string(egress.WhyBlocked(err))})
	}
	if said.state != Delivered {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "a webhook did not take an event", slog.String("webhook", hook.ID.String()), slog.String("delivery", one.ID.String()),
			slog.Int("attempt", attempt), slog.String("trouble", said.trouble), slog.Int("status", said.status), slog.String("state", string(said.state)))
	}
	again, err = w.note(ctx, one, hook.Url, said)
	return said.state == Delivered, again, err
}

// signWith are the secrets that a webhook's events are signed with now.
func (w *Webhooks) signWith(hook queries.Webhook, now time.Time) ([]standard.Secret, error) {
	sealed := [][]byte{hook.Secret}
	if hook.OldUntil != nil && hook.OldUntil.After(now) {
		sealed = append(sealed, hook.OldSecret)
	}
	secrets := make([]standard.Secret, len(sealed))
	for i, one := range sealed {
		plain, err := w.Keys.Open(sealPurpose, one, hook.ID[:])
		if err != nil {
			return nil, fmt.Errorf("the secret of webhook %s: %w: was an AUDIT_SECRET thrown away?", hook.ID, err)
		}
		if secrets[i], err = standard.ParseSecret(string(plain)); err != nil {
			return nil, fmt.Errorf("the secret of webhook %s: %w", hook.ID, err)
		}
	}
	return secrets, nil
}

// note writes down how an attempt at an address went, and what that says about the webhook.
func (w *Webhooks) note(ctx context.Context, one queries.WebhookDelivery, address string, said verdict) (again time.Duration, err error) {
	now, off := w.Now(), Why("")
	err = pgx.BeginFunc(ctx, w.DB, func(tx pgx.Tx) error {
		q := queries.New(tx)
		hook, err := q.LockWebhook(ctx, one.TenantID, one.WebhookID)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // removed, with the delivery
		}
		if err != nil {
			return fault.Database("lock a webhook", err)
		}
		if hook.Url != address && said.state == Dead { // it was given another one meanwhile, which has not said anything yet
			said.state, said.wait, said.gone = Pending, pauses[0], false
		}
		noted, err := q.NoteDelivery(ctx, noteOf(one, said, now))
		if err != nil {
			return fault.Database("note a webhook delivery", err)
		}
		if noted == 0 { // another run was faster: what it wrote is read before anything else
			again = time.Second
			return nil
		}
		again = said.wait
		if hook.DisabledAt != nil {
			return nil
		}
		if off = afterwards(hook, said, now); off != "" {
			return w.switchOff(ctx, tx, hook, off, now)
		}
		since := hook.FailingSince
		switch {
		case said.state == Delivered:
			since = nil
		case since == nil:
			since = &now
		}
		if since == hook.FailingSince {
			return nil
		}
		return fault.Database("note that a webhook fails", q.SetWebhookFailing(ctx, hook.TenantID, hook.ID, since))
	})
	if err != nil {
		return 0, fault.Database("note a webhook delivery", err)
	}
	if off != "" {
		w.Log.WarnContext(ctx, "a webhook was switched off", "webhook", one.WebhookID.String(), "why", off)
		w.Security.Record(audit.Incident{Event: audit.WebhookOff, TenantID: &one.TenantID, Detail: string(off)})
	}
	return again, nil
}

func noteOf(one queries.WebhookDelivery, said verdict, now time.Time) queries.NoteDeliveryParams {
	row := queries.NoteDeliveryParams{TenantID: one.TenantID, ID: one.ID, State: string(said.state), LastAt: now, Attempts: one.Attempts}
	if said.status != 0 {
		row.LastStatus = new(int32(said.status))
	}
	if said.trouble != "" {
		row.LastTrouble = &said.trouble
	}
	if said.state == Pending {
		row.NextAt = new(now.Add(said.wait))
	}
	return row
}

// afterwards says why a webhook is to be switched off after an attempt; empty where it is not.
func afterwards(hook queries.Webhook, said verdict, now time.Time) Why {
	switch {
	case said.gone:
		return Gone
	case said.state == Dead && hook.FailingSince != nil && now.Sub(*hook.FailingSince) >= failsFor:
		return Failing
	}
	return ""
}

// switchOff switches a webhook off that is locked, with all that waits for it.
func (w *Webhooks) switchOff(ctx context.Context, tx pgx.Tx, hook queries.Webhook, why Why, now time.Time) error {
	q, old := queries.New(tx), valueOf(hook)
	hook, err := q.SetWebhook(ctx, queries.SetWebhookParams{
		TenantID: hook.TenantID, ID: hook.ID, Url: hook.Url, Events: hook.Events,
		DisabledAt: &now, DisabledWhy: (*string)(&why), FailingSince: hook.FailingSince,
	})
	if err != nil {
		return fault.Database("switch a webhook off", err)
	}
	if err := q.EndWebhookDeliveries(ctx, hook.TenantID, hook.ID); err != nil {
		return fault.Database("end a webhook's deliveries", err)
	}
	return w.Audit.Append(ctx, tx, audit.Change{TenantID: hook.TenantID, Action: audit.WebhookDisabled, Old: old, New: valueOf(hook)})
}
