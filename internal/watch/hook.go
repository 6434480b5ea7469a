package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/egress"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/internal/webhook/standard"
	"pixgate/queries"
)

// HookOptions are what a Hook works with. All are required, but URL and Secrets where the
// installation has no webhook.
type HookOptions struct {
	DB      queries.DBTX
	Poster  *standard.Poster
	URL     secret.Value      // ALERT_WEBHOOK_URL; empty: there is none
	Secrets []standard.Secret // sign, each of them
	Now     func() time.Time
	Log     *slog.Logger
}

// Hook posts alerts to the installation's own webhook.
type Hook struct{ HookOptions }

// NewHook returns a Hook.
func NewHook(o HookOptions) *Hook { return &Hook{o} }

// announcement is what a receiver reads.
type announcement struct {
	Type      string             `json:"type"`
	Timestamp time.Time          `json:"timestamp"` // of the alert, not of the attempt
	Data      audit.Announcement `json:"data"`
}

// Post posts an alert. nil means that nothing is left to do; after an error the same call
// should be made again, and a receiver that gets it twice knows it by its id. A receiver
// that is gone (410), and one that is not on the open internet, is not asked again.
func (h *Hook) Post(ctx context.Context, alertID id.ID) error {
	row, err := queries.New(h.DB).SecurityAlert(ctx, alertID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil // a later one of the same kind has taken its place
	case err != nil:
		return fault.Database("look up a security alert", err)
	}
	alert := row.SecurityAlert
	log := h.Log.With("event", alert.Event, "alert_id", alertID)
	if h.URL == "" {
		log.WarnContext(ctx, "a security alert was to be posted, and ALERT_WEBHOOK_URL is not set any more")
		return nil
	}
	body, err := json.Marshal(announcement{"security.alert", alert.RaisedAt.UTC(), audit.Announce(row)})
	if err != nil {
		return fmt.Errorf("watch: write an alert's webhook: %w", err)
	}
	m := standard.Message{ID: "alert_" + alertID.String(), At: h.Now(), Body: body}
	answer, err := h.Poster.Post(ctx, h.URL.Reveal(), m, h.Secrets...)
	switch blocked := egress.WhyBlocked(err); {
	case blocked != "":
		log.ErrorContext(ctx, "the alert webhook leads where nothing is posted to: correct ALERT_WEBHOOK_URL", "reason", string(blocked))
		return nil
	case err == nil && answer.Accepted():
		return nil
	case err == nil && answer.Gone():
		log.ErrorContext(ctx, "the alert webhook's receiver is gone: correct ALERT_WEBHOOK_URL, or take it out")
		return nil
	case err == nil:
		err = fmt.Errorf("watch: the alert webhook's receiver answers %d", answer.Status)
	}
	if alert.Event == string(audit.TaskDead) {
		// Tried until it dies, it would raise the next alert, and that the next, for as long as
		// the receiver is away. Whoever has the mail knows.
		log.ErrorContext(ctx, "the alert of a dead task could not be posted", "error", err)
		return nil
	}
	return err
}
