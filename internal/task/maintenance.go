package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// MaintenanceOptions are what a Maintenance works with. All are required but Chores.
type MaintenanceOptions struct {
	DB     *pgxpool.Pool
	Chores []Chore
	// LeaseTTL is how long a chore belongs to a runner that is not heard of any more.
	LeaseTTL time.Duration
	// KeyTTL is for how long an idempotency key is known.
	KeyTTL time.Duration
	Now    func() time.Time
	Log    *slog.Logger
}

// Maintenance does chores, one runner of each at a time, and keeps how they went.
type Maintenance struct {
	o      MaintenanceOptions
	chores map[string]Chore
	names  []string

	mu      sync.Mutex
	stopped bool
	runs    sync.WaitGroup // of those that outlive who asked for them
	stop    context.CancelCauseFunc
	life    context.Context // ends with Serve
}

// NewMaintenance returns a Maintenance. It fails for a chore that is not complete, or
// whose name another one has. Its own history is purged by [Maintenance.Purge].
func NewMaintenance(o MaintenanceOptions) (*Maintenance, error) {
	m := &Maintenance{o: o, chores: map[string]Chore{}}
	for _, chore := range o.Chores {
		if err := chore.check(); err != nil {
			return nil, err
		}
		if _, taken := m.chores[chore.Name]; taken {
			return nil, fmt.Errorf("there are two chores %q", chore.Name)
		}
		m.chores[chore.Name] = chore
		m.names = append(m.names, chore.Name)
	}
	m.life, m.stop = context.WithCancelCause(context.Background())
	return m, nil
}

// Names are the chores, in the order that they were given in.
func (m *Maintenance) Names() []string { return slices.Clone(m.names) }

// Knows reports whether there is such a chore.
func (m *Maintenance) Knows(name string) bool { _, known := m.chores[name]; return known }

// Within is how long a run of a chore may take.
func (m *Maintenance) Within(name string) time.Duration { return m.chores[name].Within }

// Serve waits until ctx ends, then has the runs that outlive their askers end, and waits
// for them. Call it once; later runs are refused.
func (m *Maintenance) Serve(ctx context.Context) {
	<-ctx.Done()
	m.mu.Lock()
	m.stopped = true
	m.mu.Unlock()
	m.stop(errStopped)
	m.runs.Wait()
}

// Origin says who started a run.
type Origin string

// The origins.
const (
	Cron     Origin = "CRON"
	Schedule Origin = "SCHEDULE"
)

// Answer is what became of a request for a run.
type Answer struct {
	Run *Run
	// Duplicate says that the request started nothing: the task runs already, or the key has
	// been used, and this is the run.
	Duplicate bool
}

// ErrKeyTaken says that an idempotency key was used for another task.
var ErrKeyTaken = errors.New("the idempotency key belongs to another task")

// How a run can end otherwise than by its work.
var (
	errStopped  = errors.New("the server stops")
	errTimedOut = errors.New("the time that the task has is over")
)

// Do runs a chore and waits for its end. The run goes on where ctx ends before: then the
// answer is the run as it stands. The same key again, within its life, starts nothing,
// unless the run that it started has failed or was lost: whoever tries again after an
// error means it. An empty key is none. UNAVAILABLE where the database is
// away; the failure of the work itself is told by the run.
func (m *Maintenance) Do(ctx context.Context, name, key string) (Answer, error) {
	m.mu.Lock()
	if m.stopped {
		m.mu.Unlock()
		return Answer{}, fault.Away("maintenance", errStopped)
	}
	m.runs.Add(1)
	m.mu.Unlock()
	chore := m.chores[name]
	claimed, err := m.claim(ctx, chore.Name, Cron, key)
	if err != nil || claimed.lease == nil {
		m.runs.Done()
		return Answer{Run: claimed.run, Duplicate: true}, err
	}
	ended := make(chan *Run, 1)
	go func() {
		defer m.runs.Done()
		ended <- m.perform(m.life, chore, claimed)
	}()
	select {
	case run := <-ended:
		return Answer{Run: run}, nil
	case <-ctx.Done():
		return Answer{Run: claimed.run}, nil
	}
}

// doScheduled runs a chore as the scheduler wants it, until ctx ends. Where somebody else
// does it nothing is left to do.
func (m *Maintenance) doScheduled(ctx context.Context, name string) error {
	claimed, err := m.claim(ctx, name, Schedule, "")
	if err != nil || claimed.lease == nil {
		return err
	}
	if run := m.perform(ctx, m.chores[name], claimed); run.State != Done {
		return fmt.Errorf("%s: the task %s ended as %s", run.ErrorCode, run.Task, run.State)
	}
	return nil
}

// perform does the work of a chore under its lease and writes down how it ended.
func (m *Maintenance) perform(parent context.Context, chore Chore, claimed claim) *Run {
	bounded, release := context.WithTimeoutCause(parent, chore.Within, errTimedOut)
	defer release()
	ctx, lose := context.WithCancelCause(bounded)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		m.beat(ctx, claimed.lease, lose)
	}()
	err := work(ctx, chore, claimed.lease)
	cause := context.Cause(ctx)
	lose(nil)
	<-beating
	if err != nil && cause != nil {
		err = errors.Join(cause, err)
	}
	run := *claimed.run
	m.finish(context.WithoutCancel(parent), claimed.lease, &run, err)
	m.tell(parent, &run, err)
	return &run
}

// work turns a panic into an error: other tasks go on.
func work(ctx context.Context, chore Chore, lease *Lease) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
		}
	}()
	return chore.Work(ctx, lease)
}

// tell logs how a run ended.
func (m *Maintenance) tell(ctx context.Context, run *Run, err error) {
	level, attrs := slog.LevelInfo, []slog.Attr{
		slog.String("task", run.Task), slog.String("run", run.PublicID()), slog.String("origin", string(run.Origin)),
		slog.String("state", string(run.State)), slog.String("summary", run.Summary),
	}
	if run.State != Done {
		level = slog.LevelError
		attrs = append(attrs, slog.String("code", run.ErrorCode), slog.Any("error", err))
	}
	m.o.Log.LogAttrs(context.WithoutCancel(ctx), level, "maintenance", attrs...)
}

// codeOf is what programs read of a failure.
func codeOf(err error) string {
	switch {
	case errors.Is(err, errLost):
		return "LOST"
	case errors.Is(err, errStopped):
		return "STOPPED"
	case errors.Is(err, errTimedOut):
		return "TIMED_OUT"
	}
	return string(fault.As(err).Code)
}

// keepRuns is how long the history of maintenance is kept.
const keepRuns = 90 * 24 * time.Hour

// Purge removes runs that began over 90 days ago. Running it again does no harm.
func (m *Maintenance) Purge(ctx context.Context) error {
	before := id.Earliest(m.o.Now().Add(-keepRuns))
	for {
		removed, err := queries.New(m.o.DB).PurgeCronRuns(ctx, before)
		if err != nil {
			return fault.Database("purge the history of maintenance", err)
		}
		if removed == 0 {
			return nil
		}
	}
}
