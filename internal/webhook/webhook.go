// Package webhook tells a studio's other programs what happens in it: each event is posted, signed,
// to the https addresses that the studio's admins named. What happened and what is told of
// it are one transaction; how it gets there is a task.
package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/internal/webhook/standard"
	"pixgate/queries"
)

const (
	// Most is how many webhooks a studio has at most.
	Most = 10
	// MaxURL is how long the address of one may be, in bytes.
	MaxURL = 2000

	maxReason = account.MaxReason
	// oldSigns is for how long a secret that was replaced signs beside the new one.
	oldSigns = 24 * time.Hour
	// keep is how long it is kept what was told, and how it got there.
	keep = 30 * 24 * time.Hour
)

// Why says why a webhook is switched off.
type Why string

// The reasons. They are stored.
const (
	ByAdmin Why = "ADMIN"
	Gone    Why = "GONE"    // it answered 410
	Failing Why = "FAILING" // nothing has arrived for three days
)

// Webhook is where a studio wants to be told of what happens.
type Webhook struct {
	ID             id.ID
	TenantID       id.ID
	URL            string
	Events         []Type // in the order of their names
	CreatedAt      time.Time
	DisabledAt     *time.Time // nil: it is live
	DisabledReason *Why
	FailingSince   *time.Time // nil: nothing has failed since something went well
	DroppedAt      *time.Time // when an event was last not queued for it; nil: never
}

// PublicID is how callers name the webhook.
func (w *Webhook) PublicID() string { return id.Webhook.Format(w.ID) }

func fromRow(row queries.Webhook) *Webhook {
	w := &Webhook{
		ID: row.ID, TenantID: row.TenantID, URL: row.Url, CreatedAt: row.CreatedAt, DisabledAt: row.DisabledAt,
		DisabledReason: (*Why)(row.DisabledWhy), FailingSince: row.FailingSince, DroppedAt: row.DroppedAt,
	}
	for _, one := range row.Events {
		w.Events = append(w.Events, Type(one))
	}
	return w
}

// host is all of an address that others may read: the rest may hold a token.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Queue takes deliveries over with the transaction of what they tell of. ahead is, for each, how
// many wait for its webhook already.
type Queue interface {
	WebhookDeliveries(ctx context.Context, tx pgx.Tx, deliveryIDs []id.ID, ahead []int) error
}

// Poster posts a message once: see [standard.Poster].
type Poster interface {
	Post(ctx context.Context, url string, m standard.Message, secrets ...standard.Secret) (standard.Answer, error)
}

// Security keeps what became of webhooks. It waits for nobody.
type Security interface {
	Record(i audit.Incident)
}

// Options are what Webhooks work with; all are required.
type Options struct {
	DB       *pgxpool.Pool
	Outbox   *Outbox
	Audit    *audit.Log
	Keys     secret.Ring // seals the webhooks' secrets; what it once held it must hold for ever (AUDIT_SECRET)
	Poster   Poster
	Security Security
	Now      func() time.Time
	Log      *slog.Logger
}

// Webhooks are those of all studios.
type Webhooks struct {
	Options
	turns turns
}

// New returns Webhooks.
func New(o Options) *Webhooks { return &Webhooks{Options: o, turns: newTurns()} }

// List returns the studio's webhooks, oldest first. Admins only.
func (w *Webhooks) List(ctx context.Context, v account.Viewer) ([]*Webhook, error) {
	if err := v.Require(account.Admin, w.Now()); err != nil {
		return nil, err
	}
	rows, err := queries.New(w.DB).Webhooks(ctx, v.TenantID)
	if err != nil {
		return nil, fault.Database("list webhooks", err)
	}
	all := make([]*Webhook, len(rows))
	for i, row := range rows {
		all[i] = fromRow(row)
	}
	return all, nil
}

// ByID returns a webhook of the viewer's studio. Admins only; others', unknown and malformed
// ids are refused alike.
func (w *Webhooks) ByID(ctx context.Context, v account.Viewer, webhookID id.ID) (*Webhook, error) {
	if err := v.Require(account.Admin, w.Now()); err != nil {
		return nil, err
	}
	row, err := queries.New(w.DB).WebhookByID(ctx, v.TenantID, webhookID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.Refused()
	}
	if err != nil {
		return nil, fault.Database("read a webhook", err)
	}
	return fromRow(row), nil
}

// Purge removes what was told more than 30 days ago. Running it again does no harm. It waits for
// whoever changes or removes a webhook, and they for it.
func (w *Webhooks) Purge(ctx context.Context) error {
	before := id.Earliest(w.Now().Add(-keep))
	for {
		old, err := queries.New(w.DB).OldWebhookEvents(ctx, before)
		if err != nil {
			return fault.Database("look for old webhook events", err)
		}
		if len(old) == 0 {
			return nil
		}
		err = pgx.BeginFunc(ctx, w.DB, func(tx pgx.Tx) error {
			q := queries.New(tx)
			if err := q.LockWebhooksOf(ctx, old); err != nil {
				return err
			}
			return q.PurgeWebhookEvents(ctx, old)
		})
		if err != nil {
			return fault.Database("purge webhook events", err)
		}
	}
}
