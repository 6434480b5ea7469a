package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/webhook/standard"
	"pixgate/queries"
)

// sealPurpose keeps the webhooks' secrets apart from whatever else the same keys seal or hash.
const sealPurpose = "webhook secret"

// The codes of refusals.
const (
	TooMany         = "TOO_MANY_WEBHOOKS" // the studio has as many as it may have
	IsDisabled      = "WEBHOOK_DISABLED"  // it is switched off
	DeliveryPending = "DELIVERY_PENDING"  // it is being tried anyway
)

// Refusal is a business rule that said no.
type Refusal struct {
	Field   []string
	Code    string
	Message string
}

// seal makes a new secret for a webhook: as it is shown, once, and as it is kept.
func (w *Webhooks) seal(webhookID id.ID) (shown string, sealed []byte, err error) {
	shown = standard.NewSecret().Reveal()
	sealed, err = w.Keys.Seal(sealPurpose, []byte(shown), webhookID[:])
	return shown, sealed, err
}

// Create makes a webhook, and returns its secret, which is never shown again. Admins only; leaves an
// audit entry.
func (w *Webhooks) Create(ctx context.Context, v account.Viewer, n NewWebhook) (made *Webhook, shown string, refusals []Refusal, err error) {
	if err := v.Require(account.Admin, w.Now()); err != nil {
		return nil, "", nil, err
	}
	url, wrong := address(n.URL)
	events, wrongEvents := wanted(n.Events)
	if wrong = slices.Concat(wrong, wrongEvents, fault.Text("input.reason", n.Reason, 0, maxReason)); wrong != nil {
		return nil, "", nil, fault.Invalid(wrong...)
	}
	now := w.Now()
	row := queries.InsertWebhookParams{ID: id.New(now), TenantID: v.TenantID, Url: url, Events: events, Now: now}
	if shown, row.Secret, err = w.seal(row.ID); err != nil {
		return nil, "", nil, err
	}
	err = pgx.BeginFunc(ctx, w.DB, func(tx pgx.Tx) error {
		q := queries.New(tx)
		if _, err := q.LockTenant(ctx, v.TenantID); err != nil { // those who count come one after another
			return fault.Database("lock a studio", err)
		}
		there, err := q.Webhooks(ctx, v.TenantID)
		if err != nil {
			return fault.Database("count webhooks", err)
		}
		if len(there) >= Most {
			refusals = refuse("url", TooMany, fmt.Sprintf("The studio has its %d webhooks already. Remove one first.", Most))
			return nil
		}
		inserted, err := q.InsertWebhook(ctx, row)
		if err != nil {
			return fault.Database("insert a webhook", err)
		}
		made = fromRow(inserted)
		return w.Audit.Append(ctx, tx, w.entry(v, audit.WebhookCreated, n.Reason, nil, valueOf(inserted)))
	})
	if err != nil || refusals != nil {
		return nil, "", refusals, fault.Database("make a webhook", err)
	}
	return made, shown, nil, nil
}

func refuse(field, code, message string) []Refusal {
	return []Refusal{{Field: []string{"input", field}, Code: code, Message: message}}
}

func (w *Webhooks) entry(v account.Viewer, action audit.Action, reason string, before, after any) audit.Change {
	return audit.Change{TenantID: v.TenantID, ActorID: &v.AccountID, Action: action, Old: before, New: after, Reason: reason, RequestID: v.RequestID}
}

// locked runs do in a transaction that holds a webhook of the viewer's studio.
func (w *Webhooks) locked(ctx context.Context, v account.Viewer, webhookID string, doing string, do func(tx pgx.Tx, hook queries.Webhook) error) error {
	named, ok := id.Webhook.Parse(webhookID)
	if !ok {
		named = id.Nil // names nothing, and costs what an unknown one does
	}
	return fault.Database(doing, pgx.BeginFunc(ctx, w.DB, func(tx pgx.Tx) error {
		hook, err := queries.New(tx).LockWebhook(ctx, v.TenantID, named)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.Refused()
		}
		if err != nil {
			return fault.Database("lock a webhook", err)
		}
		return do(tx, hook)
	}))
}

// may refuses who is no admin, and a reason that can't be kept.
func (w *Webhooks) may(v account.Viewer, reason string, wrong ...fault.Field) error {
	if err := v.Require(account.Admin, w.Now()); err != nil {
		return err
	}
	if wrong = append(wrong, fault.Text("input.reason", reason, 0, maxReason)...); wrong != nil {
		return fault.Invalid(wrong...)
	}
	return nil
}

// Set changes a webhook, or switches it off or on. What waits for one that is switched off is
// dropped. Admins only; leaves an audit entry where anything changes.
func (w *Webhooks) Set(ctx context.Context, v account.Viewer, webhookID string, c Change) (changed *Webhook, err error) {
	var wrong []fault.Field
	var url string
	var events []string
	if c.URL != nil {
		url, wrong = address(*c.URL)
	}
	if c.Events != nil {
		var wrongEvents []fault.Field
		events, wrongEvents = wanted(c.Events)
		wrong = append(wrong, wrongEvents...)
	}
	if err := w.may(v, c.Reason, wrong...); err != nil {
		return nil, err
	}
	err = w.locked(ctx, v, webhookID, "set a webhook", func(tx pgx.Tx, hook queries.Webhook) error {
		q := queries.New(tx)
		set := queries.SetWebhookParams{
			TenantID: hook.TenantID, ID: hook.ID, Url: hook.Url, Events: hook.Events,
			DisabledAt: hook.DisabledAt, DisabledWhy: hook.DisabledWhy, FailingSince: hook.FailingSince,
		}
		if c.URL != nil {
			set.Url = url
		}
		if c.Events != nil {
			set.Events = events
		}
		isOn := hook.DisabledAt == nil
		turns := c.Enabled != nil && *c.Enabled != isOn
		if turns && isOn {
			set.DisabledAt, set.DisabledWhy = new(w.Now()), new(string(ByAdmin))
		} else if turns {
			set.DisabledAt, set.DisabledWhy, set.FailingSince = nil, nil, nil
		}
		changed = fromRow(hook)
		if !turns && set.Url == hook.Url && slices.Equal(set.Events, hook.Events) {
			return nil
		}
		if turns && isOn {
			if err := q.EndWebhookDeliveries(ctx, hook.TenantID, hook.ID); err != nil {
				return fault.Database("end a webhook's deliveries", err)
			}
		}
		row, err := q.SetWebhook(ctx, set)
		if err != nil {
			return fault.Database("set a webhook", err)
		}
		changed = fromRow(row)
		before, after := valueOf(hook), valueOf(row)
		after.OtherPath = hook.Url != row.Url && before.Host == after.Host
		return w.Audit.Append(ctx, tx, w.entry(v, audit.WebhookSet, c.Reason, before, after))
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// Remove removes a webhook with all that waits for it. Admins only; leaves an
// audit entry. It waits for the transactions that tell it something right now.
func (w *Webhooks) Remove(ctx context.Context, v account.Viewer, webhookID, reason string) error {
	if err := w.may(v, reason); err != nil {
		return err
	}
	return w.locked(ctx, v, webhookID, "remove a webhook", func(tx pgx.Tx, hook queries.Webhook) error {
		if err := queries.New(tx).RemoveWebhook(ctx, hook.TenantID, hook.ID); err != nil {
			return fault.Database("remove a webhook", err)
		}
		after := valueOf(hook)
		after.Enabled = false
		return w.Audit.Append(ctx, tx, w.entry(v, audit.WebhookRemoved, reason, valueOf(hook), after))
	})
}

// Rotate gives a webhook another secret, and returns it. The one before signs beside it for 24
// hours. Admins only; leaves an audit entry.
func (w *Webhooks) Rotate(ctx context.Context, v account.Viewer, webhookID, reason string) (rotated *Webhook, shown string, err error) {
	if err := w.may(v, reason); err != nil {
		return nil, "", err
	}
	err = w.locked(ctx, v, webhookID, "rotate a webhook's secret", func(tx pgx.Tx, hook queries.Webhook) error {
		until := w.Now().Add(oldSigns)
		params := queries.RotateWebhookSecretParams{TenantID: hook.TenantID, ID: hook.ID, OldUntil: until}
		if shown, params.Secret, err = w.seal(hook.ID); err != nil {
			return err
		}
		row, err := queries.New(tx).RotateWebhookSecret(ctx, params)
		if err != nil {
			return fault.Database("rotate a webhook's secret", err)
		}
		rotated = fromRow(row)
		after := valueOf(row)
		after.NewSecret = true
		return w.Audit.Append(ctx, tx, w.entry(v, audit.WebhookSecretRotated, reason, valueOf(hook), after))
	})
	if err != nil {
		return nil, "", err
	}
	return rotated, shown, nil
}
