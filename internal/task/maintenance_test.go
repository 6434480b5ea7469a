package task_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/internal/task"
)

// yard is maintenance with a clock that tests set, on one database; each server of it is
// another one's neighbour.
type yard struct {
	t     *testing.T
	db    *stage.DB
	later atomic.Int64 // how far the clock is ahead, in nanoseconds
	ttl   time.Duration
	log   record
}

func newYard(t *testing.T) *yard { return &yard{t: t, db: stage.Database(t), ttl: time.Minute} }

func (y *yard) now() time.Time { return time.Now().Add(time.Duration(y.later.Load())) }

func (y *yard) server(chores ...task.Chore) *task.Maintenance {
	y.t.Helper()
	return y.on(y.db.Pool, chores...)
}

func (y *yard) on(pool *pgxpool.Pool, chores ...task.Chore) *task.Maintenance {
	y.t.Helper()
	m, err := task.NewMaintenance(task.MaintenanceOptions{
		DB: pool, Chores: chores, LeaseTTL: y.ttl, KeyTTL: time.Hour, Now: y.now, Log: slog.New(slog.NewTextHandler(&y.log, nil)),
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return m
}

func chore(name string, work func(context.Context, *task.Lease) error) task.Chore {
	return task.Chore{Name: name, Within: patience, Work: work}
}

func idle(context.Context, *task.Lease) error { return nil }

func do(t *testing.T, m *task.Maintenance, name, key string) task.Answer {
	t.Helper()
	got, err := m.Do(t.Context(), name, key)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (y *yard) operator() account.Viewer {
	return account.Viewer{TenantID: id.New(time.Now()), AccountID: id.New(time.Now()), SessionID: id.New(time.Now()), Role: account.Operator}
}

// runs is the whole history, newest first.
func (y *yard) runs() []*task.Run {
	y.t.Helper()
	runs, _, err := y.server().Runs(y.t.Context(), y.operator(), nil, page.Window{Size: page.MaxSize})
	if err != nil {
		y.t.Fatal(err)
	}
	return runs
}

func TestOfFiftyWhoCallATaskAtOnceOneRunsIt(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"without a key": "", "with the same key": "daily"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			const callers = 50
			var ran atomic.Int32
			answered, all := make(chan task.Answer, callers), make(chan struct{})
			work := func(context.Context, *task.Lease) error {
				ran.Add(1)
				<-all
				return nil
			}
			servers := []*task.Maintenance{y.server(chore("purge", work)), y.server(chore("purge", work))}
			for i := range callers {
				go func() {
					got, err := servers[i%2].Do(t.Context(), "purge", key)
					if err != nil {
						t.Error(err)
					}
					answered <- got
				}()
			}
			ids := map[string]bool{}
			for range callers - 1 {
				got := eventually(t, "an answer", patience, answered)
				if !got.Duplicate || got.Run.State != task.Running {
					t.Fatalf("while it runs: %+v of %+v", got, got.Run)
				}
				ids[got.Run.PublicID()] = true
			}
			close(all)
			got := eventually(t, "the run", patience, answered)
			if ids[got.Run.PublicID()] = true; got.Duplicate || got.Run.State != task.Done || len(ids) != 1 || ran.Load() != 1 {
				t.Errorf("%+v of %+v, %d ids, ran %d times", got, got.Run, len(ids), ran.Load())
			}
		})
	}
}

func TestAKeyStartsOneRunAndGivesItsAnswerAgain(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	var ran, fails atomic.Int32
	m := y.server(chore("purge", func(_ context.Context, l *task.Lease) error {
		ran.Add(1)
		l.Tell("7 rows")
		if fails.Add(-1) >= 0 {
			return errors.New("not today")
		}
		return nil
	}), chore("secrets", idle))
	first := do(t, m, "purge", "2026-11-25")
	again := do(t, y.server(chore("purge", idle)), "purge", "2026-11-25")
	if first.Duplicate || !again.Duplicate || again.Run.ID != first.Run.ID || again.Run.State != task.Done || again.Run.Summary != "7 rows" || again.Run.FinishedAt == nil || ran.Load() != 1 {
		t.Errorf("first %+v, again %+v of %+v, ran %d times", first, again, again.Run, ran.Load())
	}
	if _, err := m.Do(t.Context(), "secrets", "2026-11-25"); !errors.Is(err, task.ErrKeyTaken) {
		t.Errorf("the key for another task: %v", err)
	}
	if got := do(t, m, "purge", "2026-11-26"); got.Duplicate {
		t.Error("another key started nothing")
	}
	if got := do(t, m, "purge", ""); got.Duplicate {
		t.Error("no key at all was taken for one that was used")
	}
	y.later.Store(int64(61 * time.Minute))
	if got := do(t, m, "secrets", "2026-11-25"); got.Duplicate {
		t.Error("a key is known for longer than its life")
	}
	// Who gets an error and tries again, by the same key, means it.
	fails.Store(2)
	for want := range map[task.State]bool{task.Failed: true} {
		for range 2 {
			if got := do(t, m, "purge", "retried"); got.Duplicate || got.Run.State != want {
				t.Errorf("%+v of %+v, want a run of its own that fails", got, got.Run)
			}
		}
	}
	if got := do(t, m, "purge", "retried"); got.Duplicate || got.Run.State != task.Done {
		t.Errorf("the third try: %+v of %+v", got, got.Run)
	}
	if got := do(t, m, "purge", "retried"); !got.Duplicate {
		t.Error("after it went well it ran once more")
	}
	var kept int
	if err := y.db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM cron_run r WHERE to_jsonb(r)::text LIKE '%2026-11-25%key%' OR key_hash = '2026-11-25'").Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d rows hold a key in clear: %v", kept, err)
	}
}

func TestOneKeyForTwoTasksAtOnceStartsOne(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	m := y.server(chore("purge", idle), chore("secrets", idle))
	var all sync.WaitGroup
	var ran, taken, duplicates atomic.Int32
	for i := range 50 {
		all.Go(func() {
			got, err := m.Do(t.Context(), []string{"purge", "secrets"}[i%2], "same")
			switch {
			case errors.Is(err, task.ErrKeyTaken):
				taken.Add(1)
			case err != nil:
				t.Error(err)
			case got.Duplicate:
				duplicates.Add(1)
			default:
				ran.Add(1)
			}
		})
	}
	all.Wait()
	if ran.Load() != 1 || taken.Load() != 25 || duplicates.Load() != 24 {
		t.Errorf("%d ran, %d were told that the key is another's, %d were duplicates", ran.Load(), taken.Load(), duplicates.Load())
	}
}

func TestARunThatFailsSaysHowAndFreesItsTask(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	short := task.Chore{Name: "short", Within: 50 * time.Millisecond, Work: func(ctx context.Context, _ *task.Lease) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	m := y.server(
		chore("internal", func(context.Context, *task.Lease) error { return errors.New("pgs_a-secret of owner@example.com") }),
		chore("away", func(context.Context, *task.Lease) error { return fault.Away("storage", errors.New("no route")) }),
		chore("panics", func(context.Context, *task.Lease) error { panic("a bug") }), short,
	)
	for name, code := range map[string]string{"internal": "INTERNAL", "away": "UNAVAILABLE", "panics": "INTERNAL", "short": "TIMED_OUT"} {
		for range 2 { // the second finds it free
			got := do(t, m, name, "")
			if got.Duplicate || got.Run.State != task.Failed || got.Run.ErrorCode != code || got.Run.FinishedAt == nil {
				t.Errorf("%s: %+v of %+v, want %s", name, got, got.Run, code)
			}
		}
	}
	for _, run := range y.runs() {
		if run.State != task.Failed || run.ErrorCode == "" || strings.Contains(run.Summary+run.ErrorCode, "example.com") {
			t.Errorf("the history says %+v", run)
		}
	}
}

func TestARunOutlivesWhoAskedForItButNotItsServer(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	m := y.server(chore("purge", func(ctx context.Context, _ *task.Lease) error {
		begun <- struct{}{}
		select {
		case <-goOn:
			ended <- nil
		case <-ctx.Done():
			ended <- ctx.Err()
		}
		return ctx.Err()
	}))
	life, stop := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() { defer close(served); m.Serve(life) }()
	ask := func() (gone context.CancelFunc, answered chan task.Answer) {
		ctx, cancel := context.WithCancel(t.Context())
		answered = make(chan task.Answer, 1)
		go func() {
			got, err := m.Do(ctx, "purge", "")
			if err != nil {
				t.Error(err)
			}
			answered <- got
		}()
		eventually(t, "the run", patience, begun)
		return cancel, answered
	}
	gone, answered := ask()
	gone()
	if got := eventually(t, "the answer", patience, answered); got.Duplicate || got.Run.State != task.Running {
		t.Errorf("%+v of %+v", got, got.Run)
	}
	if runs := y.runs(); len(runs) != 1 || runs[0].State != task.Running {
		t.Errorf("whoever asked is gone: %+v", runs)
	}
	close(goOn)
	if err := eventually(t, "the end of the run", patience, ended); err != nil {
		t.Errorf("it was told to end: %v", err)
	}
	until(t, "the run to be done", func() bool { return y.runs()[0].State == task.Done })
	goOn = make(chan struct{})
	_, answered = ask()
	stop()
	if got := eventually(t, "the answer", patience, answered); got.Run.State != task.Failed || got.Run.ErrorCode != "STOPPED" {
		t.Errorf("the server stops: %+v of %+v", got, got.Run)
	}
	eventually(t, "the server's end", patience, served)
	if runs := y.runs(); runs[0].State != task.Failed || runs[0].ErrorCode != "STOPPED" {
		t.Errorf("the history says %+v", runs[0])
	}
	if _, err := m.Do(t.Context(), "purge", ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server that stops takes another run: %v", err)
	}
}

// until waits for something to come true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}

func TestWhoLosesTheLeaseIsToldToEndAndNeverSaysDone(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.ttl = 300 * time.Millisecond
	lose := func() {
		if _, err := y.db.Owner.Exec(y.t.Context(), "UPDATE cron_lease SET token = token + 1"); err != nil {
			t.Error(err)
		}
	}
	var told error
	m := y.server(
		chore("obeys", func(ctx context.Context, _ *task.Lease) error {
			lose()
			<-ctx.Done()
			told = context.Cause(ctx)
			return ctx.Err()
		}),
		chore("ignores", func(context.Context, *task.Lease) error { lose(); return nil }),
	)
	for _, name := range []string{"obeys", "ignores"} {
		got := do(t, m, name, "")
		if got.Run.State != task.Lost || got.Run.ErrorCode != "LOST" {
			t.Errorf("%s: %+v", name, got.Run)
		}
	}
	if told == nil || !strings.Contains(told.Error(), "another runner") {
		t.Errorf("the work was told to end by %v", told)
	}
	for _, run := range y.runs() {
		if run.State != task.Lost {
			t.Errorf("the history says %+v", run)
		}
	}
}

// The heartbeat must not wait for the work's own transaction, or one that takes long
// would lose its lease by holding it.
func TestALongTransactionKeepsItsLease(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.ttl = 600 * time.Millisecond
	neighbour := y.server(chore("purge", func(context.Context, *task.Lease) error { t.Error("it was taken over"); return nil }))
	m := y.server(chore("purge", func(ctx context.Context, l *task.Lease) error {
		return l.InTx(ctx, func(tx pgx.Tx) error {
			for over := false; !over; {
				if got, err := neighbour.Do(ctx, "purge", ""); err != nil || !got.Duplicate {
					t.Errorf("a neighbour: %+v, %v", got, err)
				}
				if err := tx.QueryRow(ctx, "SELECT clock_timestamp() > now() + interval '2 seconds'").Scan(&over); err != nil {
					return err
				}
			}
			return nil
		})
	}))
	if got := do(t, m, "purge", ""); got.Run.State != task.Done {
		t.Errorf("%+v, the log says %s", got.Run, y.log.String())
	}
}

// What a former holder has begun to write is written before the successor begins.
func TestASuccessorWaitsForWhatIsBeingWritten(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	writing, goOn, wrote := make(chan struct{}), make(chan struct{}), atomic.Bool{}
	first := y.server(chore("purge", func(ctx context.Context, l *task.Lease) error {
		return l.InTx(ctx, func(pgx.Tx) error {
			close(writing)
			<-goOn
			wrote.Store(true)
			return nil
		})
	}))
	second := y.server(chore("purge", func(context.Context, *task.Lease) error {
		if !wrote.Load() {
			t.Error("the successor began while its predecessor wrote")
		}
		return nil
	}))
	answers := make(chan task.Answer, 2)
	ask := func(m *task.Maintenance) {
		got, err := m.Do(t.Context(), "purge", "")
		if err != nil {
			t.Error(err)
		}
		answers <- got
	}
	go ask(first)
	eventually(t, "the write", patience, writing)
	if _, err := y.db.Owner.Exec(t.Context(), "UPDATE cron_lease SET expires_at = '-infinity'"); err != nil {
		t.Fatal(err)
	}
	go ask(second)
	until(t, "the successor to wait", func() bool {
		var waiting bool
		err := y.db.Owner.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted)").Scan(&waiting)
		return err == nil && waiting
	})
	close(goOn)
	states := map[task.State]int{}
	for range 2 {
		states[eventually(t, "an answer", patience, answers).Run.State]++
	}
	if states[task.Done] < 1 || states[task.Done]+states[task.Lost] != 2 {
		t.Errorf("ended as %v", states)
	}
}

func TestADatabaseThatIsAwayIsNoRun(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	m := y.server(chore("purge", func(context.Context, *task.Lease) error { t.Error("it ran"); return nil }))
	y.db.Pool.Close()
	if _, err := m.Do(t.Context(), "purge", ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	if _, err := m.Do(t.Context(), "purge", "key"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("with a key: %v", err)
	}
}

func TestHistoryIsForOperatorsByPagesAndPurged(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	m := y.server(chore("purge", idle), chore("secrets", idle))
	for _, name := range []string{"purge", "purge", "secrets"} {
		do(t, m, name, "")
	}
	purge := "purge"
	first, more, err := m.Runs(t.Context(), y.operator(), &purge, page.Window{Size: 1})
	if err != nil || len(first) != 1 || !more {
		t.Fatalf("%v, more %t, %v", first, more, err)
	}
	cursor := first[0].Cursor()
	second, more, err := m.Runs(t.Context(), y.operator(), &purge, page.Window{Size: 1, After: &cursor})
	if err != nil || len(second) != 1 || more || second[0].ID == first[0].ID || second[0].Task != "purge" {
		t.Errorf("%v, more %t, %v", second, more, err)
	}
	if last, err := m.Last(t.Context()); err != nil || last["purge"].ID != first[0].ID || last["secrets"] == nil {
		t.Errorf("the last runs are %v, %v", last, err)
	}
	if got, err := m.RunByID(t.Context(), y.operator(), first[0].ID); err != nil || got.ID != first[0].ID {
		t.Errorf("by id: %v, %v", got, err)
	}
	for _, role := range []account.Role{account.Admin, account.Photographer, account.Customer} {
		v := y.operator()
		v.Role = role
		_, _, err := m.Runs(t.Context(), v, nil, page.Window{Size: 1})
		if _, named := m.RunByID(t.Context(), v, first[0].ID); !fault.Is(err, fault.Forbidden) || !fault.Is(named, fault.Forbidden) {
			t.Errorf("%s reads the history: %v, %v", role, err, named)
		}
	}
	y.later.Store(int64(89 * 24 * time.Hour))
	if err := m.Purge(t.Context()); err != nil || len(y.runs()) != 3 {
		t.Errorf("purged too early: %v", err)
	}
	y.later.Store(int64(91 * 24 * time.Hour))
	if err := m.Purge(t.Context()); err != nil || len(y.runs()) != 0 {
		t.Errorf("after 91 days %d are left: %v", len(y.runs()), err)
	}
}

func TestAChoreThatIsNotCompleteStopsTheStart(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	good := chore("purge", idle)
	for name, chores := range map[string][]task.Chore{
		"twice": {good, good}, "no work": {{Name: "purge", Within: time.Minute}}, "no bound": {{Name: "purge", Work: idle}},
		"capitals": {chore("Purge", idle)}, "a path": {chore("../purge", idle)}, "no name": {chore("", idle)}, "long": {chore(strings.Repeat("a", 41), idle)},
	} {
		if _, err := task.NewMaintenance(task.MaintenanceOptions{DB: y.db.Pool, Chores: chores}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestWorkInTurnGoesOnPastAFailureButNotPastALostLease(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	failure, second := errors.New("first"), 0
	got := do(t, y.server(chore("purge", task.InTurn(
		func(context.Context) error { return failure }, func(context.Context) error { second++; return nil },
	))), "purge", "")
	if got.Run.State != task.Failed || got.Run.Summary != "1 of 2 steps done" || second != 1 {
		t.Errorf("%+v, the second ran %d times", got.Run, second)
	}
	got = do(t, y.server(chore("purge", task.InTurn(func(ctx context.Context) error {
		_, err := y.db.Owner.Exec(ctx, "UPDATE cron_lease SET token = token + 1")
		return err
	}, func(context.Context) error { second++; return nil }))), "purge", "")
	if got.Run.State != task.Lost || second != 1 {
		t.Errorf("%+v, the second ran %d times", got.Run, second)
	}
}

func TestTheSchedulerGoesThroughTheSameDoor(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	ran := make(chan string, 10)
	work := func(name string) task.Chore {
		return task.Chore{Name: name, Every: time.Hour, Within: patience, Work: func(context.Context, *task.Lease) error { ran <- name; return nil }}
	}
	byHand := chore("secrets", func(context.Context, *task.Lease) error { ran <- "secrets"; return nil })
	w := nothing(t)
	w.Maintenance, w.Scheduled = y.server(work("purge"), work("anchor-audit"), byHand), true
	start(t, y.db, w, slog.New(slog.DiscardHandler))
	first, second := eventually(t, "a chore", patience, ran), eventually(t, "the other", patience, ran)
	if first == second || first == "secrets" || second == "secrets" {
		t.Errorf("ran %s and %s", first, second)
	}
	inState(t, y.db, "purge", "completed")
	inState(t, y.db, "anchor_audit", "completed")
	for _, run := range y.runs() {
		if run.Origin != task.Schedule || run.State != task.Done {
			t.Errorf("the history says %+v", run)
		}
	}
}

// With SCHEDULER_MODE=external nothing is due by itself; what an earlier version left in
// its queue is done all the same.
func TestWithoutTheSchedulerOnlyWhatIsQueuedIsDone(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	ran := make(chan string, 10)
	m := y.server(
		task.Chore{Name: "purge", Every: time.Hour, Within: patience, Work: func(context.Context, *task.Lease) error { ran <- "purge"; return nil }},
		task.Chore{Name: "anchor-audit", Every: time.Hour, Within: patience, Work: func(context.Context, *task.Lease) error { ran <- "anchor-audit"; return nil }},
	)
	w := nothing(t)
	w.Maintenance = m
	if n := task.Scheduled(w); n != 0 {
		t.Errorf("%d chores are due by themselves", n)
	}
	if _, err := y.db.Owner.Exec(t.Context(), "INSERT INTO task.river_job (kind, queue, args, max_attempts) VALUES ('anchor_audit', 'maintenance', '{}', 3)"); err != nil {
		t.Fatal(err)
	}
	start(t, y.db, w, slog.New(slog.DiscardHandler))
	if got := eventually(t, "what was left", patience, ran); got != "anchor-audit" {
		t.Errorf("%s ran", got)
	}
	inState(t, y.db, "anchor_audit", "completed")
}
