package audit

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Rule says when events are so many that somebody must be told.
type Rule struct {
	Window     time.Duration // how long back events count
	Cooldown   time.Duration // how long nobody is told again; a window at least
	Thresholds map[Event]int // how many within a window; 0, or none: nobody is ever told
}

// MostCounted is how many rows an alert counts at most: from there on it knows only
// that there were at least so many events.
const MostCounted = 10_000

// judge raises the alerts that new rows call for. It runs after the transaction that
// wrote them: of servers that write at once, the last one to judge sees the rows of all.
func (s *Security) judge(ctx context.Context) error {
	for one := range s.writer.unjudged {
		if err := s.raise(ctx, one); err != nil {
			return err
		}
		delete(s.writer.unjudged, one)
	}
	return nil
}

// raise claims the alert for a matter, where one is due and nobody else has it, and
// queues its mail in the same transaction.
func (s *Security) raise(ctx context.Context, one matter) error {
	threshold := s.o.Rule.Thresholds[one.event]
	if threshold <= 0 {
		return nil
	}
	now := s.now()
	alert := queries.RaiseSecurityAlertParams{
		ID: id.New(now), Scope: one.tenant, Event: string(one.event), Now: now, Since: now.Add(-s.o.Rule.Window),
		QuietSince: now.Add(-max(s.o.Rule.Cooldown, s.o.Rule.Window)), MaxRows: int32(max(threshold, MostCounted)), Threshold: int64(threshold),
	}
	var seen int64
	err := pgx.BeginFunc(ctx, s.o.DB, func(tx pgx.Tx) (err error) {
		if seen, err = queries.New(tx).RaiseSecurityAlert(ctx, alert); err != nil {
			return err
		}
		return s.o.Queue.SecurityAlert(ctx, tx, alert.ID)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fault.Database("raise a security alert", err)
	}
	s.o.Log.WarnContext(ctx, "security alert", "event", string(one.event), "tenant", one.tenant, "seen", seen, "within", s.o.Rule.Window.String())
	return nil
}
