package task

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
	"pixgate/schema"
)

// Standing is how a queued task stands.
type Standing string

// The standings.
const (
	Waiting  Standing = "WAITING"
	Working  Standing = "WORKING"
	Retrying Standing = "RETRYING" // it has failed and will be tried again
	Dead     Standing = "DEAD"     // it has failed for the last time
	Over     Standing = "OVER"
)

var standings = map[rivertype.JobState]Standing{
	rivertype.JobStateAvailable: Waiting, rivertype.JobStateScheduled: Waiting, rivertype.JobStatePending: Waiting,
	rivertype.JobStateRunning: Working, rivertype.JobStateRetryable: Retrying, rivertype.JobStateDiscarded: Dead,
	rivertype.JobStateCompleted: Over, rivertype.JobStateCancelled: Over,
}

// troubled are the states that operators are shown lists of.
var troubled = map[Standing]rivertype.JobState{Dead: rivertype.JobStateDiscarded, Retrying: rivertype.JobStateRetryable}

// Task is a queued task as operators see it: never its arguments, never the words of
// its error, which may hold an address or a secret.
type Task struct {
	number      int64
	Kind        string
	State       Standing
	Attempts    int
	MaxAttempts int
	LastError   *Trouble // nil: it has not failed
	CreatedAt   time.Time
	NextAt      *time.Time // of the next try; nil: there is none
	FinishedAt  *time.Time // nil: it is not over
}

// Trouble is why a task failed, as far as that can be told.
type Trouble struct {
	Code    string // a code of the contract, PANIC or ABANDONED
	Message string
	At      time.Time
}

// taskID makes an id of a task's number, and back.
func taskID(number int64) (made id.ID) {
	binary.BigEndian.PutUint64(made[8:], uint64(number))
	return made
}

func taskNumber(named id.ID) (number int64, ok bool) {
	number = int64(binary.BigEndian.Uint64(named[8:]))
	return number, number > 0 && named == taskID(number)
}

// PublicID is how callers name the task.
func (t *Task) PublicID() string { return id.Task.Format(taskID(t.number)) }

// Cursor is the task's place in its list.
func (t *Task) Cursor() page.Cursor { return page.Cursor{Key: t.number} }

func taskFrom(row *rivertype.JobRow) *Task {
	t := &Task{
		number: row.ID, Kind: row.Kind, State: standings[row.State], Attempts: row.Attempt, MaxAttempts: row.MaxAttempts,
		CreatedAt: row.CreatedAt, FinishedAt: row.FinalizedAt,
	}
	if t.State == Retrying || t.State == Waiting {
		t.NextAt = &row.ScheduledAt
	}
	if n := len(row.Errors); n > 0 {
		t.LastError = troubleFrom(row.Errors[n-1])
	}
	return t
}

// sentences say what a task failed by. What the error itself says stands in the log.
var sentences = map[string]string{
	"PANIC":                   "A fault in the program ended it; the log tells which.",
	"ABANDONED":               "The server that worked on it ended in the middle.",
	string(fault.Unavailable): "A part that it needs did not answer; the log tells which.",
	string(fault.Internal):    "It failed; the log tells why.",
}

func troubleFrom(failed rivertype.AttemptError) *Trouble {
	code := string(fault.Internal)
	switch {
	case failed.Trace != "":
		code = "PANIC"
	case strings.HasPrefix(failed.Error, "Stuck job rescued"):
		code = "ABANDONED"
	case strings.Contains(failed.Error, string(fault.Unavailable)+": "):
		code = string(fault.Unavailable)
	}
	return &Trouble{Code: code, Message: sentences[code], At: failed.At}
}

// TasksMeter tells whoever watches the server how many tasks stand so.
type TasksMeter interface {
	Tasks(state string, n int)
}

// BacklogOptions are what a Backlog works with. All are required.
type BacklogOptions struct {
	DB    *pgxpool.Pool
	Audit *audit.Log
	Meter TasksMeter
	Now   func() time.Time
}

// Backlog is the tasks that did not go well. River removes those that are dead after
// seven days.
type Backlog struct {
	o      BacklogOptions
	driver *riverpgxv5.Driver
	client *river.Client[pgx.Tx]
}

// NewBacklog returns the backlog of a database.
func NewBacklog(o BacklogOptions) (*Backlog, error) {
	driver := riverpgxv5.New(o.DB)
	client, err := river.NewClient(driver, &river.Config{Schema: schema.TaskSchema})
	if err != nil {
		return nil, fmt.Errorf("open the backlog of tasks: %w", err)
	}
	return &Backlog{o: o, driver: driver, client: client}, nil
}

const (
	countEvery   = 30 * time.Second
	countTimeout = 5 * time.Second
)

// Run counts the tasks that are dead or retrying, now and every 30 s until ctx ends. While
// the database is away the numbers stay as they were; that it is, others tell.
func (b *Backlog) Run(ctx context.Context) {
	ticker := time.NewTicker(countEvery)
	defer ticker.Stop()
	for {
		b.count(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (b *Backlog) count(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	for standing, state := range troubled {
		n, err := b.driver.GetExecutor().JobCountByState(ctx, &riverdriver.JobCountByStateParams{Schema: schema.TaskSchema, State: state})
		if err == nil {
			b.o.Meter.Tasks(strings.ToLower(string(standing)), n)
		}
	}
}

// Filter says which tasks are asked for; the zero Filter is all that are dead or retrying.
type Filter struct {
	State *Standing // Dead or Retrying
	Kind  *string
}

// List returns a page of the tasks that are dead or retrying, the newest first; more tells
// whether others follow. Operators only: the queue is the installation's.
func (b *Backlog) List(ctx context.Context, v account.Viewer, filter Filter, w page.Window) (tasks []*Task, more bool, err error) {
	if err := v.Require(account.Operator, b.o.Now()); err != nil {
		return nil, false, err
	}
	states := []rivertype.JobState{rivertype.JobStateDiscarded, rivertype.JobStateRetryable}
	if filter.State != nil {
		state, listed := troubled[*filter.State]
		if !listed {
			return nil, false, nil
		}
		states = []rivertype.JobState{state}
	}
	params := river.NewJobListParams().States(states...).OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(w.Size + 1)
	if filter.Kind != nil {
		if wrong := fault.Text("filter.kind", *filter.Kind, 0, maxName); wrong != nil {
			return nil, false, fault.Invalid(wrong...)
		}
		params = params.Kinds(*filter.Kind)
	}
	if w.After != nil {
		params = params.Where("id < @before_number", river.NamedArgs{"before_number": w.After.Key})
	}
	found, err := b.client.JobList(ctx, params)
	if err != nil {
		return nil, false, fault.Database("list tasks", err)
	}
	rows, more := page.Cut(w, found.Jobs)
	tasks = make([]*Task, len(rows))
	for i, row := range rows {
		tasks[i] = taskFrom(row)
	}
	return tasks, more, nil
}

// ByID returns the task that a caller names, however it stands, by the same rule.
func (b *Backlog) ByID(ctx context.Context, v account.Viewer, named id.ID) (*Task, error) {
	if err := v.Require(account.Operator, b.o.Now()); err != nil {
		return nil, err
	}
	number, ok := taskNumber(named)
	if !ok {
		return nil, fault.Refused()
	}
	row, err := b.client.JobGet(ctx, number)
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil, fault.Refused()
	}
	if err != nil {
		return nil, fault.Database("read a task", err)
	}
	return taskFrom(row), nil
}

// How many characters a reason, and the name of a task, may have.
const (
	maxReason = 1000
	maxName   = 100
)

// retried is what the audit log says about a task.
type retried struct {
	Task  string   `json:"task"`
	Kind  string   `json:"kind"`
	State Standing `json:"state"`
}

// Retry has a task that is dead or retrying tried at once, and once more than it had
// left. The entry is in the chain of the operator's own studio, where their account is.
// Any other task stays as it is: refused is true, and nothing is written.
func (b *Backlog) Retry(ctx context.Context, v account.Viewer, publicID, reason string) (t *Task, refused bool, err error) {
	if err := v.Require(account.Operator, b.o.Now()); err != nil {
		return nil, false, err
	}
	named, _ := id.Task.Parse(publicID)
	number, ok := taskNumber(named)
	if !ok {
		return nil, false, fault.Refused()
	}
	if wrong := fault.Text("input.reason", reason, 0, maxReason); wrong != nil {
		return nil, false, fault.Invalid(wrong...)
	}
	err = pgx.BeginFunc(ctx, b.o.DB, func(tx pgx.Tx) error {
		// One retry of a task at a time: the second finds what the first has made of it.
		if err := queries.New(tx).LockTask(ctx, number); err != nil {
			return err
		}
		row, err := b.client.JobGetTx(ctx, tx, number)
		if err != nil {
			return err
		}
		before := taskFrom(row)
		if t, refused = before, !slices.Contains([]Standing{Dead, Retrying}, before.State); refused {
			return nil
		}
		if row, err = b.client.JobRetryTx(ctx, tx, number); err != nil {
			return err
		}
		t = taskFrom(row)
		return b.o.Audit.Append(ctx, tx, audit.Change{
			TenantID: v.TenantID, ActorID: &v.AccountID, Action: audit.TaskRetried, Reason: reason, RequestID: v.RequestID,
			Old: retried{t.PublicID(), t.Kind, before.State}, New: retried{t.PublicID(), t.Kind, t.State},
		})
	})
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil, false, fault.Refused()
	}
	if err != nil {
		return nil, false, fault.Database("retry a task", err)
	}
	return t, refused, nil
}
