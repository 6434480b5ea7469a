package webhook

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Delivery is the way of an event to a webhook.
type Delivery struct {
	ID            id.ID
	EventID       string // as receivers know it: the header webhook-id
	Type          Type
	Body          string // the very bytes that are posted
	State         State
	Attempts      int
	LastStatus    *int    // nil: no answer came
	LastTrouble   *string // a word of ours; nil: there was none
	LastAttemptAt *time.Time
	NextAttemptAt *time.Time // nil: at once, or never
	CreatedAt     time.Time
}

// PublicID is how callers name the delivery.
func (d *Delivery) PublicID() string { return id.Delivery.Format(d.ID) }

// Cursor is the delivery's place in its list.
func (d *Delivery) Cursor() page.Cursor { return page.Cursor{Key: d.CreatedAt.UnixMicro(), ID: d.ID} }

func deliveryFrom(row queries.WebhookDelivery, what, body string) *Delivery {
	d := &Delivery{
		ID: row.ID, EventID: MessageID(row.EventID), Type: Type(what), Body: body, State: State(row.State), Attempts: int(row.Attempts),
		LastTrouble: row.LastTrouble, LastAttemptAt: row.LastAt, NextAttemptAt: row.NextAt, CreatedAt: row.CreatedAt,
	}
	if row.LastStatus != nil {
		d.LastStatus = new(int(*row.LastStatus))
	}
	return d
}

// endOfTime comes after every time that a delivery has.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Deliveries returns a page of a webhook's deliveries of the last 30 days, newest first; more tells
// whether others follow. Admins only.
func (w *Webhooks) Deliveries(ctx context.Context, v account.Viewer, webhookID id.ID, within page.Window) (all []*Delivery, more bool, err error) {
	if err := v.Require(account.Admin, w.Now()); err != nil {
		return nil, false, err
	}
	before, beforeID := endOfTime, id.Nil // nothing at that time comes before the nil id
	if within.After != nil {
		before, beforeID = time.UnixMicro(within.After.Key), within.After.ID
	}
	rows, err := queries.New(w.DB).WebhookDeliveries(ctx, queries.WebhookDeliveriesParams{
		TenantID: v.TenantID, WebhookID: webhookID, BeforeAt: before, BeforeID: beforeID, MaxRows: int32(within.Size + 1),
	})
	if err != nil {
		return nil, false, fault.Database("list webhook deliveries", err)
	}
	rows, more = page.Cut(within, rows)
	all = make([]*Delivery, len(rows))
	for i, row := range rows {
		all[i] = deliveryFrom(row.WebhookDelivery, row.Type, row.Body)
	}
	return all, more, nil
}

// DeliveryByID returns a delivery of the viewer's studio, by the same rule.
func (w *Webhooks) DeliveryByID(ctx context.Context, v account.Viewer, deliveryID id.ID) (*Delivery, error) {
	if err := v.Require(account.Admin, w.Now()); err != nil {
		return nil, err
	}
	return readDelivery(ctx, queries.New(w.DB), v.TenantID, deliveryID)
}

func readDelivery(ctx context.Context, q *queries.Queries, tenantID, deliveryID id.ID) (*Delivery, error) {
	row, err := q.WebhookDeliveryByID(ctx, tenantID, deliveryID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.Refused()
	}
	if err != nil {
		return nil, fault.Database("read a webhook delivery", err)
	}
	return deliveryFrom(row.WebhookDelivery, row.Type, row.Body), nil
}

// Test posts an event of the type [Test] to one webhook. Admins only; leaves an audit entry.
// Refused where the webhook is switched off.
func (w *Webhooks) Test(ctx context.Context, v account.Viewer, webhookID string) (queued *Delivery, refusals []Refusal, err error) {
	if err := w.may(v, ""); err != nil {
		return nil, nil, err
	}
	err = w.locked(ctx, v, webhookID, "test a webhook", func(tx pgx.Tx, hook queries.Webhook) error {
		if hook.DisabledAt != nil {
			refusals = switchedOff("webhookId")
			return nil
		}
		made, err := w.Outbox.post(ctx, tx, hook.TenantID, Test, "", []queries.WebhooksForRow{{ID: hook.ID}}, testData{id.Webhook.Format(hook.ID)})
		if err != nil {
			return err
		}
		if queued, err = readDelivery(ctx, queries.New(tx), hook.TenantID, made[0]); err != nil {
			return err
		}
		return w.Audit.Append(ctx, tx, w.entry(v, audit.WebhookTested, "", nil, about(hook, queued)))
	})
	if err != nil || refusals != nil {
		return nil, refusals, err
	}
	return queued, nil, nil
}

// Redeliver begins a delivery anew that is over, however it ended. Admins only; leaves an audit entry. Refused
// where its webhook is switched off, or it is not over.
func (w *Webhooks) Redeliver(ctx context.Context, v account.Viewer, deliveryID, reason string) (queued *Delivery, refusals []Refusal, err error) {
	if err := w.may(v, reason); err != nil {
		return nil, nil, err
	}
	named, ok := id.Delivery.Parse(deliveryID)
	if !ok {
		named = id.Nil // names nothing, and costs what an unknown one does
	}
	found, err := queries.New(w.DB).WebhookDeliveryByID(ctx, v.TenantID, named)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil, fault.Refused()
	}
	if err != nil {
		return nil, nil, fault.Database("read a webhook delivery", err)
	}
	err = w.locked(ctx, v, id.Webhook.Format(found.WebhookDelivery.WebhookID), "deliver to a webhook anew", func(tx pgx.Tx, hook queries.Webhook) error {
		q := queries.New(tx)
		if hook.DisabledAt != nil {
			refusals = switchedOff("deliveryId")
			return nil
		}
		restarted, err := q.RestartDelivery(ctx, hook.TenantID, named)
		if err != nil {
			return fault.Database("begin a webhook delivery anew", err)
		}
		if restarted == 0 {
			refusals = refuse("deliveryId", DeliveryPending, "This delivery is not over: it is tried by itself.")
			return nil
		}
		if queued, err = readDelivery(ctx, q, hook.TenantID, named); err != nil {
			return err
		}
		if err := w.Outbox.queue.WebhookDeliveries(ctx, tx, []id.ID{named}, []int{0}); err != nil {
			return err
		}
		return w.Audit.Append(ctx, tx, w.entry(v, audit.WebhookRedelivered, reason, nil, about(hook, queued)))
	})
	if err != nil || refusals != nil {
		return nil, refusals, err
	}
	return queued, nil, nil
}

func switchedOff(field string) []Refusal {
	return refuse(field, IsDisabled, "This webhook is switched off. Switch it on first.")
}

func about(hook queries.Webhook, one *Delivery) value {
	told := valueOf(hook)
	told.Delivery = one.PublicID()
	return told
}
