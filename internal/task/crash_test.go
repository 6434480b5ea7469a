package task_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/id"
	"pixgate/internal/task"
)

// crashURL holds, in a helper process, the database whose tasks it works off until
// it is killed.
const crashURL = "PIXGATE_TEST_CRASH_DATABASE"

func TestMain(m *testing.M) {
	if url := os.Getenv(crashURL); url != "" {
		workUntilKilled(url)
	}
	if url := os.Getenv(holderURL); url != "" {
		writeUntilRefused(url)
	}
	os.Exit(m.Run())
}

// workUntilKilled takes a mail task, says so, and never ends it.
func workUntilKilled(url string) {
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		panic(err)
	}
	hang := make(chan struct{})
	runner, err := task.NewRunner(pool, task.Work{
		LoginMail: func(context.Context, id.ID) error {
			fmt.Println("taken")
			<-hang
			return nil
		},
		Import: func(context.Context, id.ID) error { return nil },
		GiveUp: func(context.Context, id.ID) error { return nil },
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	if err := runner.Start(context.Background()); err != nil {
		panic(err)
	}
	<-hang
}

// A server that is killed while it mails leaves the task running and itself the
// leader of all runners. The next one must mail within about a minute.
func TestTheMailFollowsAKillInTheMiddleOfSending(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.CommandContext(t.Context(), self)
	victim.Env = append(os.Environ(), crashURL+"="+s.db.URL)
	says, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	taken := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(says).ReadString('\n')
		taken <- line
	}()
	s.ask(t, "somebody@example.com")
	if line := eventually(t, "the task's taking", patience, taken); line != "taken\n" {
		t.Fatalf("the helper says %q", line)
	}
	if err := victim.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed, and says so
	killed := time.Now()
	start(t, s.db, s.work(t), s.slog)
	s.mail(t, "somebody@example.com", 75*time.Second)
	t.Logf("mailed %.1f s after the kill", time.Since(killed).Seconds())
}

// A server that is killed between the commit and the start of the task leaves
// nothing to wait for.
func TestTheMailFollowsAKillBeforeSending(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ask(t, "somebody@example.com")
	begun := time.Now()
	start(t, s.db, s.work(t), s.slog)
	s.mail(t, "somebody@example.com", patience)
	t.Logf("mailed %.2f s after the start", time.Since(begun).Seconds())
}
