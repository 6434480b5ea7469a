package task

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// State is how a run stands.
type State string

// The states.
const (
	Running State = "RUNNING"
	Done    State = "DONE"
	Failed  State = "FAILED"
	Lost    State = "LOST" // its runner was not heard of any more: what it did, it did in part
)

// Run is a run of a chore.
type Run struct {
	ID         id.ID
	Task       string
	Origin     Origin
	State      State
	Summary    string // what was done, in a few words; empty: nothing is said
	ErrorCode  string // empty unless it failed or was lost
	StartedAt  time.Time
	FinishedAt *time.Time // nil: nobody has said so
}

// PublicID is how callers name the run.
func (r *Run) PublicID() string { return id.Run.Format(r.ID) }

// Code is the error code; nil for none.
func (r *Run) Code() *string {
	if r.ErrorCode == "" {
		return nil
	}
	return &r.ErrorCode
}

// Cursor is the run's place in its list.
func (r *Run) Cursor() page.Cursor { return page.Cursor{Key: r.StartedAt.UnixMicro(), ID: r.ID} }

func runFrom(row *queries.CronRunSeen) *Run {
	return &Run{
		ID: row.ID, Task: row.Task, Origin: Origin(row.Origin), State: State(row.State), Summary: row.Summary,
		ErrorCode: row.ErrorCode, StartedAt: row.StartedAt, FinishedAt: row.FinishedAt,
	}
}

func runsFrom(rows []queries.CronRunSeen) []*Run {
	runs := make([]*Run, len(rows))
	for i := range rows {
		runs[i] = runFrom(&rows[i])
	}
	return runs
}

// Last are the newest runs, one of each chore that has run within the last 90 days.
func (m *Maintenance) Last(ctx context.Context) (map[string]*Run, error) {
	rows, err := queries.New(m.o.DB).LastCronRuns(ctx, m.names)
	if err != nil {
		return nil, fault.Database("read the last runs of maintenance", err)
	}
	last := map[string]*Run{}
	for _, run := range runsFrom(rows) {
		last[run.Task] = run
	}
	return last, nil
}

// endOfTime comes after every time that a run has.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Runs returns a page of the history, newest first, of one task where one is named; more
// tells whether others follow. Operators only: maintenance belongs to the installation,
// not to a studio.
func (m *Maintenance) Runs(ctx context.Context, v account.Viewer, name *string, w page.Window) (runs []*Run, more bool, err error) {
	if err := v.Require(account.Operator, m.o.Now()); err != nil {
		return nil, false, err
	}
	before, beforeID := endOfTime, id.Nil // nothing at that time comes before the nil id
	if w.After != nil {
		before, beforeID = time.UnixMicro(w.After.Key), w.After.ID
	}
	q, most := queries.New(m.o.DB), int32(w.Size+1)
	var rows []queries.CronRunSeen
	if name != nil {
		if wrong := fault.Text("filter.task", *name, 0, maxName); wrong != nil {
			return nil, false, fault.Invalid(wrong...)
		}
		rows, err = q.CronRunsOfTask(ctx, queries.CronRunsOfTaskParams{Task: *name, BeforeAt: before, BeforeID: beforeID, MaxRows: most})
	} else {
		rows, err = q.CronRuns(ctx, before, beforeID, most)
	}
	if err != nil {
		return nil, false, fault.Database("read the history of maintenance", err)
	}
	rows, more = page.Cut(w, rows)
	return runsFrom(rows), more, nil
}

// RunByID returns the run that a caller names, by the same rule.
func (m *Maintenance) RunByID(ctx context.Context, v account.Viewer, runID id.ID) (*Run, error) {
	if err := v.Require(account.Operator, m.o.Now()); err != nil {
		return nil, err
	}
	row, err := queries.New(m.o.DB).CronRunByID(ctx, runID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.Refused()
	}
	if err != nil {
		return nil, fault.Database("read a run of maintenance", err)
	}
	return runFrom(&row), nil
}
