package task_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/task"
)

func TestAnUploadIsTriedUntilItIsTakenIn(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	taken := make(chan id.ID, 1)
	var tries atomic.Int64
	work := nothing(t)
	work.TakeUpload = func(_ context.Context, uploadID id.ID) error {
		if tries.Add(1) == 1 {
			return errors.New("the storage is away")
		}
		taken <- uploadID
		return nil
	}
	start(t, db, work, slog.New(slog.DiscardHandler))
	uploadID := id.New(time.Now())
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error { return q.TakeUpload(ctx, tx, uploadID, 0) })
	if got := eventually(t, "the upload", patience, taken); got != uploadID {
		t.Errorf("took %s, want %s", got, uploadID)
	}
	inState(t, db, "image_upload", "completed")
}

// A studio with much to take in does not keep another one waiting.
func TestWhoHasLittleToTakeInIsServedFirst(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	const many = 60
	var order []id.ID
	var mu sync.Mutex
	all := make(chan struct{})
	work := nothing(t)
	work.TakeUpload = func(_ context.Context, uploadID id.ID) error {
		mu.Lock()
		defer mu.Unlock()
		if order = append(order, uploadID); len(order) == many+1 {
			close(all)
		}
		return nil
	}
	last := id.New(time.Now())
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error {
		for ahead := range many {
			if err := q.TakeUpload(ctx, tx, id.New(time.Now()), ahead); err != nil {
				return err
			}
		}
		return q.TakeUpload(ctx, tx, last, 0)
	})
	start(t, db, work, slog.New(slog.DiscardHandler))
	eventually(t, "all uploads", patience, all)
	mu.Lock()
	defer mu.Unlock()
	if place := slices.Index(order, last); place > 20 {
		t.Errorf("the only upload of a studio comes behind %d of %d of another's", place, many)
	}
}
