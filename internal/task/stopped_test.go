package task_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/task"
)

// holderURL holds, in a helper process, the database in which it does a chore.
const holderURL = "PIXGATE_TEST_HOLDER_DATABASE"

const shortTTL = 2 * time.Second

// writeUntilRefused does a chore that writes as often as it can, says so, and does not care
// for its context: what keeps it from writing late is the fence alone.
func writeUntilRefused(url string) {
	options, err := pgxpool.ParseConfig(url)
	if err != nil {
		panic(err)
	}
	options.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "1s" // as the server has it, where it is a minute
	pool, err := pgxpool.NewWithConfig(context.Background(), options)
	if err != nil {
		panic(err)
	}
	m, err := task.NewMaintenance(task.MaintenanceOptions{
		DB: pool, LeaseTTL: shortTTL, KeyTTL: time.Hour, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Chores: []task.Chore{{Name: "purge", Within: time.Hour, Work: func(_ context.Context, l *task.Lease) error {
			for n := 0; ; n++ {
				err := l.InTx(context.Background(), func(tx pgx.Tx) error {
					_, err := tx.Exec(context.Background(), "INSERT INTO written (who) VALUES ('first')")
					return err
				})
				if err != nil && strings.Contains(err.Error(), "another runner") { // else the database has ended a transaction that stood still
					fmt.Println("refused:", err)
					return err
				}
				if n == 0 {
					fmt.Println("writing")
				}
			}
		}}},
	})
	if err != nil {
		panic(err)
	}
	got, err := m.Do(context.Background(), "purge", "of the first")
	if err != nil {
		panic(err)
	}
	fmt.Println("ended:", got.Run.State)
	os.Exit(0)
}

// holder is a helper process that does the chore.
type holder struct {
	*exec.Cmd
	says chan string
}

func newHolder(t *testing.T, y *yard) *holder {
	t.Helper()
	for _, sql := range []string{
		"CREATE TABLE written (n bigint GENERATED ALWAYS AS IDENTITY, who text NOT NULL)", "GRANT INSERT, SELECT ON written TO pixgate_server",
	} {
		if _, err := y.db.Owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &holder{Cmd: exec.CommandContext(t.Context(), self), says: make(chan string, 10)}
	h.Env = append(os.Environ(), holderURL+"="+y.db.URL)
	out, err := h.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Process.Kill(); _ = h.Wait() }) // it may be over
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			h.says <- lines.Text()
		}
	}()
	if line := eventually(t, "the first write", patience, h.says); line != "writing" {
		t.Fatalf("the helper says %q", line)
	}
	return h
}

func (h *holder) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := h.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// succeed takes the chore over as soon as that is possible, and returns the answer.
func succeed(t *testing.T, y *yard, work func(context.Context, *task.Lease) error) task.Answer {
	t.Helper()
	m := y.server(chore("purge", work))
	var got task.Answer
	until(t, "the takeover", func() bool {
		answer, err := m.Do(t.Context(), "purge", "")
		got = answer
		return err == nil && !answer.Duplicate
	})
	return got
}

// A server that is killed in the middle of a chore leaves it to another one when its
// lease runs out, and the history says what became of it.
func TestAChoreFollowsAKillInTheMiddleOfIt(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	h := newHolder(t, y)
	h.signal(t, syscall.SIGKILL)
	killed := time.Now()
	if got := succeed(t, y, idle); got.Run.State != task.Done {
		t.Errorf("%+v", got.Run)
	}
	t.Logf("taken over %.1f s after the kill, with a lease of %v", time.Since(killed).Seconds(), shortTTL)
	runs := y.runs()
	if len(runs) != 2 || runs[0].State != task.Done || runs[1].State != task.Lost || runs[1].ErrorCode != "LOST" || runs[1].FinishedAt == nil {
		t.Errorf("the history says %+v", runs)
	}
	// The one that was killed never answered: whoever tries again by its key, means it.
	if got := do(t, y.server(chore("purge", idle)), "purge", "of the first"); got.Duplicate {
		t.Errorf("the key of a run that was lost starts nothing: %+v", got.Run)
	}
}

// A server that stands still past its lease, and wakes up when another one is at it, writes
// nothing any more: not even one that does not listen when it is told to end.
func TestAServerThatStoodStillWritesNothingLate(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.ttl = time.Minute
	h := newHolder(t, y)
	h.signal(t, syscall.SIGSTOP)
	refused := ""
	got := succeed(t, y, func(ctx context.Context, l *task.Lease) error {
		if err := l.InTx(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO written (who) VALUES ('second')")
			return err
		}); err != nil {
			return err
		}
		if err := h.Process.Signal(syscall.SIGCONT); err != nil {
			return err
		}
		select {
		case refused = <-h.says:
			return nil
		case <-ctx.Done(): // it goes on to write
			return ctx.Err()
		}
	})
	if got.Run.State != task.Done || !strings.Contains(refused, "another runner has taken the task over") {
		t.Errorf("%+v; the first one says %q", got.Run, refused)
	}
	if ended := eventually(t, "its end", patience, h.says); ended != "ended: LOST" {
		t.Errorf("the first one says %q", ended)
	}
	var before, late int
	if err := y.db.Owner.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE n < second), count(*) FILTER (WHERE n > second)
		FROM written, (SELECT n AS second FROM written WHERE who = 'second') s WHERE who = 'first'`).Scan(&before, &late); err != nil {
		t.Fatal(err)
	}
	if before == 0 || late != 0 {
		t.Errorf("the first one wrote %d rows before the second, %d after it", before, late)
	}
}
