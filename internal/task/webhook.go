package task

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pixgate/internal/id"
)

// webhookTimeout is for a delivery: ten seconds for the receiver, the rest for the database.
const webhookTimeout = 20 * time.Second

type webhookWorker struct {
	river.WorkerDefaults[webhookDelivery]
	work func(context.Context, id.ID) (time.Duration, error)
}

// Work takes the delivery there. One that is told to end by a stop costs no attempt.
func (w *webhookWorker) Work(ctx context.Context, job *river.Job[webhookDelivery]) error {
	again, err := w.work(ctx, id.ID(job.Args.DeliveryID))
	switch {
	case err != nil && ctx.Err() != nil:
		return river.JobSnooze(0)
	case err != nil:
		return err
	case again > 0:
		return river.JobSnooze(again)
	}
	return nil
}

// Timeout bounds one run; what a crash cut off waits as long.
func (*webhookWorker) Timeout(*river.Job[webhookDelivery]) time.Duration { return webhookTimeout }

// NextRetry waits 1 s, 2 s, 4 s and so on, ten minutes at most.
func (*webhookWorker) NextRetry(job *river.Job[webhookDelivery]) time.Time {
	return time.Now().Add(backoff(job.Attempt, 10*time.Minute))
}
