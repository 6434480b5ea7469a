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
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error { return q.TakeUpload(ctx, tx, uploadID) })
	if got := eventually(t, "the upload", patience, taken); got != uploadID {
		t.Errorf("took %s, want %s", got, uploadID)
	}
	inState(t, db, "image_upload", "completed")
}
