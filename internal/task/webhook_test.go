package task_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/task"
)

// A delivery comes again when its row says, and that costs none of the task's attempts; so it does
// after a failure of ours.
func TestADeliveryComesAgainWhenItsRowSays(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	var tries atomic.Int64
	done := make(chan id.ID, 2)
	work := nothing(t)
	work.Webhook = func(_ context.Context, deliveryID id.ID) (time.Duration, error) {
		switch n := tries.Add(1); {
		case n <= 3:
			return time.Millisecond, nil
		case n == 4:
			return 0, errors.New("the database is away")
		}
		done <- deliveryID
		return 0, nil
	}
	start(t, db, work, slog.New(slog.DiscardHandler))
	deliveryID := id.New(time.Now())
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error {
		return q.WebhookDeliveries(ctx, tx, []id.ID{deliveryID}, []int{0})
	})
	if got := eventually(t, "the delivery", patience, done); got != deliveryID {
		t.Errorf("delivered %s, want %s", got, deliveryID)
	}
	inState(t, db, "webhook_delivery", "completed")
	var attempts int
	if err := db.Owner.QueryRow(t.Context(), "SELECT attempt FROM task.river_job").Scan(&attempts); err != nil || attempts != 2 {
		t.Errorf("%d attempts: %v; waiting for a receiver is none", attempts, err)
	}
}

// Sixty wait for a receiver that does not answer: a mail does not.
func TestDeliveriesHaveAQueueOfTheirOwn(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	hang := make(chan struct{})
	mailed := make(chan id.ID, 1)
	work := nothing(t)
	work.Webhook = func(context.Context, id.ID) (time.Duration, error) { <-hang; return 0, nil }
	work.LoginMail = func(_ context.Context, codeID id.ID) error { mailed <- codeID; return nil }
	start(t, db, work, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { close(hang) })
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error {
		all := make([]id.ID, 60)
		for i := range all {
			all[i] = id.New(time.Now())
		}
		return q.WebhookDeliveries(ctx, tx, all, make([]int, len(all)))
	})
	codeID := id.New(time.Now())
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error {
		return q.LoginMail(ctx, tx, codeID, time.Now())
	})
	if got := eventually(t, "the mail", patience, mailed); got != codeID {
		t.Errorf("mailed %s", got)
	}
}
