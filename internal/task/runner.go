package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"pixgate/internal/id"
	"pixgate/schema"
)

// How long a run of a task may take, and how soon one that was cut off by a
// crash is taken up again: see docs/decisions/0002-tasks-on-river.md.
const (
	mailTimeout   = 9 * time.Second
	importTimeout = time.Minute      // then it goes on in another run; what a crash cut off waits as long
	rescueAfter   = 10 * time.Second // or the task's own timeout, where that is longer
	stopPatience  = 5 * time.Second  // before running tasks are told to end
	choreSlack    = 15 * time.Second // for a chore to claim its lease, and to write down how it ended
	uploadTimeout = 30 * time.Second // of a first attempt: what a crash cut off waits as long
)

// Work is what the tasks do. Each function may run again for the same id, also
// while an earlier run still ends.
type Work struct {
	// LoginMail mails a code; nil when nothing is left to do.
	LoginMail func(ctx context.Context, codeID id.ID) error
	// Import goes on with an import until ctx ends; nil when it is over.
	Import func(ctx context.Context, importID id.ID) error
	// GiveUp ends an import whose last attempt has failed.
	GiveUp func(ctx context.Context, importID id.ID) error
	// TakeUpload takes an upload in; nil when nothing is left to do.
	TakeUpload func(ctx context.Context, uploadID id.ID) error
	// SecurityAlert mails an alert to everybody who has not got it; nil when all have.
	SecurityAlert func(ctx context.Context, alertID id.ID) error
	// AlertWebhook posts an alert; nil when nothing is left to do.
	AlertWebhook func(ctx context.Context, alertID id.ID) error
	// BookingMail mails a booking's event to everybody who has not got it; nil when all have.
	BookingMail func(ctx context.Context, eventID id.ID) error
	// Notification mails a notification; nil when nothing is left to do.
	Notification func(ctx context.Context, notificationID id.ID) error
	// Webhook takes a delivery to its webhook; again says after how long it is to be tried once
	// more, 0 that nothing is left to do.
	Webhook func(ctx context.Context, deliveryID id.ID) (again time.Duration, err error)
	// Maintenance is the chores; nil: there are none.
	Maintenance *Maintenance
	// Scheduled has the runner that leads start each chore when it is due. Else somebody
	// outside does.
	Scheduled bool
	// Died hears of each task that has failed for the last time; nil: nobody does.
	Died func(kind string)
}

// Runner works tasks off. Several may run on one database.
type Runner struct {
	client *river.Client[pgx.Tx]
}

// NewRunner returns a Runner that has not started. The functions of work that tasks call are required.
func NewRunner(pool *pgxpool.Pool, work Work, log *slog.Logger) (*Runner, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &mailWorker{work: work.LoginMail})
	river.AddWorker(workers, &importWorker{work: work.Import, giveUp: work.GiveUp})
	river.AddWorker(workers, &uploadWorker{work: work.TakeUpload})
	river.AddWorker(workers, &alertWorker{work: work.SecurityAlert})
	river.AddWorker(workers, &alertWebhookWorker{work: work.AlertWebhook})
	river.AddWorker(workers, &bookingWorker{work: work.BookingMail})
	river.AddWorker(workers, &notificationWorker{work: work.Notification})
	river.AddWorker(workers, &webhookWorker{work: work.Webhook})
	if m := work.Maintenance; m != nil {
		for _, name := range m.names {
			river.AddWorkerArgs(workers, chore{name}, &choreWorker{maintenance: m, name: name})
		}
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Schema:  schema.TaskSchema,
		Workers: workers,
		Queues: map[string]river.QueueConfig{
			mailQueue:        {MaxWorkers: 10},
			importQueue:      {MaxWorkers: 2},
			uploadQueue:      {MaxWorkers: 2}, // each takes a core and, at the pixel limit, most of a gigabyte
			choreQueue:       {MaxWorkers: 2},
			alertQueue:       {MaxWorkers: 2},
			maintenanceQueue: {MaxWorkers: 1},
			webhookQueue:     {MaxWorkers: 20}, // they mostly wait for others' servers
		},
		PeriodicJobs:         schedule(work),
		ErrorHandler:         deaths{work.Died},
		JobTimeout:           mailTimeout,
		RescueStuckJobsAfter: rescueAfter,
		SoftStopTimeout:      stopPatience,
		ReindexerSchedule:    river.NeverSchedule(), // the tables aren't the server's own
		Logger:               slog.New(troubles{log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("open the task runner: %w", err)
	}
	return &Runner{client: client}, nil
}

// schedule is what the runner that leads starts by itself.
func schedule(work Work) []*river.PeriodicJob {
	var periodic []*river.PeriodicJob
	if m := work.Maintenance; m != nil && work.Scheduled {
		for _, name := range m.names {
			if every := m.chores[name].Every; every > 0 {
				periodic = append(periodic, due(every, chore{name}))
			}
		}
	}
	return periodic
}

// due is a task that is queued now and then, and when a runner becomes the leader.
func due(interval time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(
		river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) { return args, nil },
		&river.PeriodicJobOpts{RunOnStart: true},
	)
}

// Start begins to work tasks off. ctx bounds the start only: the runner goes on
// until Stop.
func (r *Runner) Start(ctx context.Context) error {
	if err := r.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the task runner: %w", err)
	}
	return nil
}

// Stop takes no more tasks and waits for those that run. After five seconds they
// are told to end; what they left is done by the next runner. An error means that
// ctx ended first.
func (r *Runner) Stop(ctx context.Context) error {
	if err := r.client.Stop(ctx); err != nil {
		return fmt.Errorf("stop the task runner: %w", err)
	}
	return nil
}

// Check returns nil while tasks are worked off.
func (r *Runner) Check(context.Context) error {
	select {
	case <-r.client.Stopped():
		return errors.New("the task runner does not run")
	default:
		return nil
	}
}

type mailWorker struct {
	river.WorkerDefaults[loginMail]
	work func(context.Context, id.ID) error
}

// Work mails the code.
func (w *mailWorker) Work(ctx context.Context, job *river.Job[loginMail]) error {
	return w.work(ctx, id.ID(job.Args.CodeID))
}

// NextRetry waits 1 s, 2 s, 4 s and so on, 30 s at most.
func (*mailWorker) NextRetry(job *river.Job[loginMail]) time.Time {
	return time.Now().Add(backoff(job.Attempt, 30*time.Second))
}

type alertWorker struct {
	river.WorkerDefaults[securityAlert]
	work func(context.Context, id.ID) error
}

// Work mails the alert.
func (w *alertWorker) Work(ctx context.Context, job *river.Job[securityAlert]) error {
	return w.work(ctx, id.ID(job.Args.AlertID))
}

// NextRetry waits 1 s, 2 s, 4 s and so on, 30 s at most.
func (*alertWorker) NextRetry(job *river.Job[securityAlert]) time.Time {
	return time.Now().Add(backoff(job.Attempt, 30*time.Second))
}

type alertWebhookWorker struct {
	river.WorkerDefaults[alertWebhook]
	work func(context.Context, id.ID) error
}

// Work posts the alert.
func (w *alertWebhookWorker) Work(ctx context.Context, job *river.Job[alertWebhook]) error {
	return w.work(ctx, id.ID(job.Args.AlertID))
}

// NextRetry waits 1 s, 2 s, 4 s and so on, 30 s at most.
func (*alertWebhookWorker) NextRetry(job *river.Job[alertWebhook]) time.Time {
	return time.Now().Add(backoff(job.Attempt, 30*time.Second))
}

type bookingWorker struct {
	river.WorkerDefaults[bookingMail]
	work func(context.Context, id.ID) error
}

// Work mails the event.
func (w *bookingWorker) Work(ctx context.Context, job *river.Job[bookingMail]) error {
	return w.work(ctx, id.ID(job.Args.EventID))
}

// NextRetry waits 1 s, 2 s, 4 s and so on, ten minutes at most.
func (*bookingWorker) NextRetry(job *river.Job[bookingMail]) time.Time {
	return time.Now().Add(backoff(job.Attempt, 10*time.Minute))
}

type notificationWorker struct {
	river.WorkerDefaults[notificationMail]
	work func(context.Context, id.ID) error
}

// Work mails the notification.
func (w *notificationWorker) Work(ctx context.Context, job *river.Job[notificationMail]) error {
	return w.work(ctx, id.ID(job.Args.NotificationID))
}

// NextRetry waits 1 s, 2 s, 4 s and so on, ten minutes at most.
func (*notificationWorker) NextRetry(job *river.Job[notificationMail]) time.Time {
	return time.Now().Add(backoff(job.Attempt, 10*time.Minute))
}

type importWorker struct {
	river.WorkerDefaults[imageImport]
	work, giveUp func(context.Context, id.ID) error
}

// Work goes on with the import. One that runs out of time, or is told to end by a
// stop, costs no attempt.
func (w *importWorker) Work(ctx context.Context, job *river.Job[imageImport]) error {
	importID := id.ID(job.Args.ImportID)
	err := w.work(ctx, importID)
	switch {
	case err != nil && ctx.Err() != nil:
		return river.JobSnooze(0)
	case err != nil && job.Attempt >= job.MaxAttempts:
		return errors.Join(err, w.giveUp(ctx, importID))
	}
	return err
}

// Timeout bounds one run. Without a bound, River would never take up what a
// crash has cut off.
func (*importWorker) Timeout(*river.Job[imageImport]) time.Duration { return importTimeout }

// NextRetry waits 1 s, 2 s, 4 s and 8 s.
func (*importWorker) NextRetry(job *river.Job[imageImport]) time.Time {
	return time.Now().Add(backoff(job.Attempt, time.Minute))
}

type uploadWorker struct {
	river.WorkerDefaults[imageUpload]
	work func(context.Context, id.ID) error
}

// Work takes the upload in.
func (w *uploadWorker) Work(ctx context.Context, job *river.Job[imageUpload]) error {
	return w.work(ctx, id.ID(job.Args.UploadID))
}

// Timeout grows with every attempt, up to eight minutes: a large picture on a busy
// machine gets its time, and a small one that a crash cut off is taken up soon.
func (*uploadWorker) Timeout(job *river.Job[imageUpload]) time.Duration {
	return uploadTimeout << min(max(job.Attempt-1, 0), 4)
}

// NextRetry waits 1 s, 2 s, 4 s and so on, 10 minutes at most.
func (*uploadWorker) NextRetry(job *river.Job[imageUpload]) time.Time {
	return time.Now().Add(backoff(job.Attempt, 10*time.Minute))
}

type choreWorker struct {
	river.WorkerDefaults[chore]
	maintenance *Maintenance
	name        string
}

// Work does the chore, unless somebody else does.
func (w *choreWorker) Work(ctx context.Context, _ *river.Job[chore]) error {
	return w.maintenance.doScheduled(ctx, w.name)
}

// Timeout is longer than a run may take: it is told to end before, and writes that down.
func (w *choreWorker) Timeout(*river.Job[chore]) time.Duration {
	return w.maintenance.Within(w.name) + choreSlack
}

// deaths tells of tasks that fail for the last time.
type deaths struct{ died func(kind string) }

// HandleError hears of a run that failed.
func (d deaths) HandleError(_ context.Context, job *rivertype.JobRow, _ error) *river.ErrorHandlerResult {
	if d.died != nil && job.Attempt >= job.MaxAttempts {
		d.died(job.Kind)
	}
	return nil
}

// HandlePanic hears of a run that a fault in the program ended.
func (d deaths) HandlePanic(ctx context.Context, job *rivertype.JobRow, _ any, _ string) *river.ErrorHandlerResult {
	return d.HandleError(ctx, job, nil)
}

// backoff doubles from a second up to most, by the number of attempts made.
func backoff(attempts int, most time.Duration) time.Duration {
	return min(time.Second<<min(max(attempts-1, 0), 16), most)
}

// troubles passes on what River warns of. The rest tells how busy it is, every few
// seconds.
type troubles struct{ slog.Handler }

// Enabled refuses everything below a warning.
func (h troubles) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the handler a quiet one.
func (h troubles) WithAttrs(attrs []slog.Attr) slog.Handler {
	return troubles{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the handler a quiet one.
func (h troubles) WithGroup(name string) slog.Handler { return troubles{h.Handler.WithGroup(name)} }
