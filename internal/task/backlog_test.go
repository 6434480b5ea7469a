package task_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/internal/secret"
	"pixgate/internal/task"
)

// drawer is a queue in which tests lay tasks that did not go well.
type drawer struct {
	*cast.Cast
	*task.Backlog
	t    *testing.T
	db   *stage.DB
	mu   sync.Mutex
	told map[string]int
}

// Tasks keeps what the meter is told.
func (d *drawer) Tasks(state string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told[state] = n
}

func newDrawer(t *testing.T) *drawer {
	t.Helper()
	d := &drawer{t: t, db: stage.Database(t), told: map[string]int{}}
	d.Cast = cast.New(t, d.db.Owner)
	var err error
	d.Backlog, err = task.NewBacklog(task.BacklogOptions{
		DB: d.db.Pool, Audit: audit.NewLog(secret.NewRing("audit secret of a test, long enough"), time.Now), Meter: d, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *drawer) operator() account.Viewer {
	return account.Viewer{
		TenantID: d.Operator.TenantID, AccountID: d.Operator.AccountID, SessionID: d.Operator.SessionID, Role: account.Operator, RequestID: "request",
	}
}

// lay lays a task into the queue that stands so, and failed with these words.
func (d *drawer) lay(state, kind, words, trace string) id.ID {
	d.t.Helper()
	var number uint64
	err := d.db.Owner.QueryRow(d.t.Context(), `
		INSERT INTO task.river_job (kind, queue, args, state, attempt, max_attempts, attempted_at, finalized_at, scheduled_at, errors)
		VALUES ($1, 'import', '{"secret": "args"}', $2::text::task.river_job_state, 3, 3, now(), CASE WHEN $2 IN ('discarded', 'completed') THEN now() END, now() + interval '1 hour',
			ARRAY[jsonb_build_object('at', now(), 'attempt', 1, 'error', 'the first', 'trace', ''), jsonb_build_object('at', now(), 'attempt', 3, 'error', $3::text, 'trace', $4::text)]) RETURNING id`,
		kind, state, words, trace).Scan(&number)
	if err != nil {
		d.t.Fatal(err)
	}
	named, ok := id.Task.Parse(fmt.Sprintf("tsk_%032x", number))
	if !ok {
		d.t.Fatalf("task %d has no id", number)
	}
	return named
}

func TestOperatorsSeeWhatFailedAndNotWhatItSaid(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	const private = "SES said no to owner@example.com with password=hunter2 at 10.1.2.3"
	d.lay("completed", "login_mail", private, "")
	d.lay("available", "login_mail", private, "")
	want := map[id.ID]string{
		d.lay("discarded", "image_import", private, ""):                           "INTERNAL",
		d.lay("discarded", "login_mail", "mail it: UNAVAILABLE: "+private, ""):    "UNAVAILABLE",
		d.lay("retryable", "login_mail", private, "goroutine 1 of owner@example"): "PANIC",
		d.lay("retryable", "purge", "Stuck job rescued by Rescuer; "+private, ""): "ABANDONED",
	}
	tasks, more, err := d.List(t.Context(), d.operator(), task.Filter{}, page.Window{Size: 10})
	if err != nil || more || len(tasks) != len(want) {
		t.Fatalf("%d tasks, more %t, %v", len(tasks), more, err)
	}
	for _, one := range tasks {
		named, _ := id.Task.Parse(one.PublicID())
		got := *one.LastError
		if got.Code != want[named] || got.At.IsZero() || got.Message == "" {
			t.Errorf("%s: %+v, want %s", one.Kind, got, want[named])
		}
		if said := fmt.Sprintf("%+v %+v", *one, got); strings.Contains(said, "example") || strings.Contains(said, "hunter2") || strings.Contains(said, "10.1.2.3") || strings.Contains(said, "args") {
			t.Errorf("%s tells what its error or its arguments say: %s", one.Kind, said)
		}
		if dead := one.State == task.Dead; dead != (one.FinishedAt != nil) || dead != (one.NextAt == nil) || one.Attempts != 3 || one.MaxAttempts != 3 {
			t.Errorf("%+v", *one)
		}
	}
}

func TestTheBacklogIsReadByPagesAndFilters(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	for range 3 {
		d.lay("discarded", "image_import", "no", "")
	}
	d.lay("retryable", "login_mail", "no", "")
	seen := map[string]bool{}
	w := page.Window{Size: 2}
	for pages, more := 0, true; more; pages++ {
		var tasks []*task.Task
		var err error
		tasks, more, err = d.List(t.Context(), d.operator(), task.Filter{}, w)
		if err != nil || len(tasks) != 2 || pages > 1 {
			t.Fatalf("page %d: %d tasks, %v", pages, len(tasks), err)
		}
		for _, one := range tasks {
			seen[one.PublicID()] = true
		}
		w.After = new(tasks[1].Cursor())
	}
	if len(seen) != 4 {
		t.Errorf("%d tasks on all pages", len(seen))
	}
	for name, one := range map[string]struct {
		filter task.Filter
		want   int
	}{
		"dead": {task.Filter{State: new(task.Dead)}, 3}, "retrying": {task.Filter{State: new(task.Retrying)}, 1}, "over": {task.Filter{State: new(task.Over)}, 0},
		"of a kind": {task.Filter{Kind: new("login_mail")}, 1}, "of an odd kind": {task.Filter{Kind: new("'; DROP TABLE task.river_job --")}, 0},
	} {
		if tasks, _, err := d.List(t.Context(), d.operator(), one.filter, page.Window{Size: 10}); err != nil || len(tasks) != one.want {
			t.Errorf("%s: %d, %v; want %d", name, len(tasks), err, one.want)
		}
	}
	d.Count(t.Context())
	if d.told["dead"] != 3 || d.told["retrying"] != 1 {
		t.Errorf("the meter was told %v", d.told)
	}
}

func TestOfFiftyRetriesOneCounts(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	named := d.lay("discarded", "image_import", "no", "")
	var all sync.WaitGroup
	var took, refused atomic.Int32
	for range 50 {
		all.Go(func() {
			got, no, err := d.Retry(t.Context(), d.operator(), id.Task.Format(named), "storage is back")
			switch {
			case err != nil || got.State != task.Waiting:
				t.Errorf("%+v, %v", got, err)
			case no:
				refused.Add(1)
			default:
				took.Add(1)
			}
		})
	}
	all.Wait()
	var entries, complete, left int
	if err := d.db.Owner.QueryRow(t.Context(), `
		SELECT count(*), count(*) FILTER (WHERE tenant_id = $1 AND actor_id = $2 AND reason = 'storage is back' AND request_id = 'request'
			AND old_value LIKE '%DEAD%' AND new_value LIKE '%image_import%WAITING%') FROM audit_entry WHERE action = 'task.retried'`,
		d.Operator.TenantID, d.Operator.AccountID).Scan(&entries, &complete); err != nil {
		t.Fatal(err)
	}
	if err := d.db.Owner.QueryRow(t.Context(), "SELECT max_attempts - attempt FROM task.river_job WHERE state = 'available'").Scan(&left); err != nil {
		t.Fatal(err)
	}
	if took.Load() != 1 || refused.Load() != 49 || entries != 1 || complete != 1 || left != 1 {
		t.Errorf("%d took, %d were refused, %d entries, %d of them complete, %d tries left", took.Load(), refused.Load(), entries, complete, left)
	}
}

func TestOnlyOperatorsTouchTheBacklog(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	named := d.lay("discarded", "image_import", "no", "")
	for _, role := range []account.Role{account.Admin, account.Photographer, account.Customer} {
		v := d.operator()
		v.Role = role
		_, _, list := d.List(t.Context(), v, task.Filter{}, page.Window{Size: 1})
		_, one := d.ByID(t.Context(), v, named)
		_, _, retry := d.Retry(t.Context(), v, id.Task.Format(named), "")
		for what, err := range map[string]error{"list": list, "one": one, "retry": retry} {
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s may %s: %v", role, what, err)
			}
		}
	}
	for _, name := range []string{"", "tsk_", id.Task.Format(id.Nil), id.Task.Format(id.ID{15: 0xff}), id.Task.Format(id.New(time.Now())), d.Package.PublicID()} {
		if _, _, err := d.Retry(t.Context(), d.operator(), name, ""); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
