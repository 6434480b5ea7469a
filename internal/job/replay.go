package job

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Difference is a picture whose state, or a job whose package, is not what the records
// say it became: somebody wrote to the tables by another way than the server.
type Difference struct {
	JobID, ImageID id.ID  // the nil id for a package
	Found, Rebuilt string // of a picture, its states
}

// String says what is wrong with which picture or job.
func (d Difference) String() string {
	if d.ImageID == id.Nil {
		return fmt.Sprintf("the package of %s is %s, but its records make it %s", id.Job.Format(d.JobID), d.Found, d.Rebuilt)
	}
	return fmt.Sprintf("%s of %s is %s, but its records make it %s", id.Image.Format(d.ImageID), id.Job.Format(d.JobID), d.Found, d.Rebuilt)
}

// replayPage is how many pictures are rebuilt at once.
const replayPage = 1000

// Replay rebuilds the state of every picture of a studio from the audit log and from
// what customers chose, and the package of every job from the log, and hands each that
// differs from the tables to report. It returns how many pictures there are. It takes the
// log at its word: whether that is whole, audit verify tells. For the command line: whoever
// can run it holds the database's password. Memory stays flat.
func Replay(ctx context.Context, db *pgxpool.Pool, tenantID id.ID, report func(Difference)) (images int, err error) {
	if err := replayPackages(ctx, db, tenantID, report); err != nil {
		return 0, fault.Database("replay the packages of jobs", err)
	}
	var at queries.StatesOfStudioRow
	for {
		var page []queries.StatesOfStudioRow
		// One view of tables that are written to meanwhile.
		err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			q := queries.New(tx)
			var err error
			page, err = q.StatesOfStudio(ctx, queries.StatesOfStudioParams{TenantID: tenantID, AfterJob: at.JobID, AfterID: at.ID, MaxRows: replayPage})
			if err != nil || len(page) == 0 {
				return err
			}
			return rebuild(ctx, q, tenantID, page, report)
		})
		if err != nil {
			return images, fault.Database("replay the states of images", err)
		}
		images += len(page)
		if len(page) < replayPage {
			return images, nil
		}
		at = page[len(page)-1]
	}
}

// step is one move of a picture that was written down.
type step struct {
	old, new SelectionState
	at       time.Time
}

func rebuild(ctx context.Context, q *queries.Queries, tenantID id.ID, page []queries.StatesOfStudioRow, report func(Difference)) error {
	ids := make([]id.ID, len(page))
	for i, row := range page {
		ids[i] = row.ID
	}
	choices, err := q.SelectionsOf(ctx, tenantID, ids)
	if err != nil {
		return err
	}
	entries, err := q.StateEntriesOf(ctx, tenantID, ids, []string{string(audit.SelectionStateSet), string(audit.ExtraSettled)})
	if err != nil {
		return err
	}
	byCustomer, byStudio := map[id.ID][]step{}, map[id.ID][]step{}
	for _, row := range choices {
		move := step{SelectionState(row.OldState), SelectionState(row.NewState), row.At}
		if !customersMove(move.old, move.new) {
			move.old = "" // fits nowhere: no customer made it
		}
		byCustomer[row.ImageID] = append(byCustomer[row.ImageID], move)
	}
	for _, row := range entries {
		var before, after stateValue
		if err := json.Unmarshal([]byte(row.OldValue), &before); err != nil {
			return fmt.Errorf("read an entry of image %s: %w", row.ImageID, err)
		}
		if err := json.Unmarshal([]byte(row.NewValue), &after); err != nil {
			return fmt.Errorf("read an entry of image %s: %w", row.ImageID, err)
		}
		byStudio[row.ImageID] = append(byStudio[row.ImageID], step{before.SelectionState, after.SelectionState, row.At})
	}
	for _, row := range page {
		if rebuilt := walk(byCustomer[row.ID], byStudio[row.ID]); rebuilt != SelectionState(row.SelectionState) {
			report(Difference{JobID: row.JobID, ImageID: row.ID, Found: row.SelectionState, Rebuilt: cmp.Or(string(rebuilt), "what nobody can tell")})
		}
	}
	return nil
}

// walk follows two records of one picture, each in order, from NONE. The earlier step
// comes first, but one that fits where the picture is comes before one that does not:
// clocks of several servers differ, what was written under the job's lock does not. A
// step that does not fit at all ends the walk: from there on nothing is known.
func walk(a, b []step) SelectionState {
	state := None
	for len(a) > 0 || len(b) > 0 {
		next := &a
		if len(a) == 0 || len(b) > 0 && b[0].at.Before(a[0].at) {
			next = &b
		}
		if (*next)[0].old != state { // try the other one
			if next == &a {
				next = &b
			} else {
				next = &a
			}
			if len(*next) == 0 || (*next)[0].old != state {
				return ""
			}
		}
		state = (*next)[0].new
		*next = (*next)[1:]
	}
	return state
}
