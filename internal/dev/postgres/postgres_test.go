package postgres

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/process"
)

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	return s
}

// stop ends the cluster with the test, in good order: a killed one would leave
// its shared memory to the machine.
func stop(t *testing.T, s *Server) {
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func exec1(t *testing.T, s *Server, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL(Superuser, Superuser))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// What was committed is there after a crash, and after a stop in good order.
func TestDataStays(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	s := start(t, Options{Dir: dir})
	exec1(t, s, "CREATE TABLE kept (n int)")
	url := s.URL("a", "b")

	s.Kill()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec1(t, s, "INSERT INTO kept VALUES (1)")
	if got := s.URL("a", "b"); got != url {
		t.Errorf("URL after Restart = %s, want %s", got, url)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec1(t, start(t, Options{Dir: dir}), "DO $$ BEGIN ASSERT (SELECT n FROM kept) = 1; END $$")
}

func TestOneRunAFolder(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: t.TempDir(), Ephemeral: true})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, s.o); !errors.Is(err, process.ErrLocked) {
		t.Errorf("second start: %v, want ErrLocked", err)
	}
	exec1(t, s, "SELECT")
}

// A backend in the middle of a statement does not notice that its postmaster
// is gone; no second cluster may touch its files until it has.
func TestRestartWaitsForTheLastBackend(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: t.TempDir(), Ephemeral: true})
	conn, err := pgx.Connect(t.Context(), s.URL(Superuser, Superuser))
	if err != nil {
		t.Fatal(err)
	}
	backend := int(conn.PgConn().PID())
	if err := syscall.Kill(backend, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(backend, syscall.SIGKILL) })
	s.Kill()

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := s.Restart(ctx); !errors.Is(err, process.ErrLocked) {
		t.Fatalf("restart beside a stopped backend: %v, want ErrLocked", err)
	}
	if err := syscall.Kill(backend, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec1(t, s, "SELECT")
}

func TestRolesAndDatabases(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: t.TempDir(), Ephemeral: true})
	for range 2 {
		if err := s.EnsureRole(t.Context(), "own-er"); err != nil {
			t.Fatal(err)
		}
		if err := s.EnsureDatabase(t.Context(), "stu dio", "own-er"); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pgx.Connect(t.Context(), s.URL("own-er", "stu dio"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
		t.Errorf("owner in its database: %v", err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE ROLE other"); err == nil {
		t.Error("an ordinary role made a role")
	}
}

func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a-folder-deep-down-in-somebody-s-home-with-a-name-that-nobody-would-type-twice-and-then-some")
	s := start(t, Options{Dir: dir, Ephemeral: true})
	t.Cleanup(func() { os.RemoveAll(s.socket) })
	exec1(t, s, "SELECT")
}

func TestSocketIsOurs(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: filepath.Join(t.TempDir(), "cluster"), Ephemeral: true})
	for _, dir := range []string{s.o.Dir, s.socket, s.data()} {
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o700 {
			t.Errorf("%s is %o, want 700", dir, mode)
		}
	}
}

func TestNoSuchVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); err == nil {
		t.Error("data of PostgreSQL 9 was started")
	}
}

// The cluster ends with us, even by kill -9, and the next run may start.
func TestDiesWithItsParent(t *testing.T) {
	if dir := os.Getenv("PIXGATE_TEST_CLUSTER"); dir != "" {
		if _, err := Start(t.Context(), Options{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	parent := exec.Command(os.Args[0], "-test.run=^TestDiesWithItsParent$")
	parent.Env = append(os.Environ(), "PIXGATE_TEST_CLUSTER="+dir)
	err := parent.Run()
	status, ok := parent.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("parent: %v, want killed", err)
	}
	exec1(t, start(t, Options{Dir: dir}), "SELECT")
}

// Where root may make no user namespace the cluster runs as another user.
func TestAsAnotherUser(t *testing.T) {
	t.Parallel()
	s := &Server{o: Options{Dir: t.TempDir(), Ephemeral: true}}
	if os.Geteuid() == 0 { // who is not root can only stay who they are
		s.as = process.User{UID: 65534, GID: 65534}
	}
	var err error
	if s.bin, err = binaries(t.Context(), "", func(string) {}); err != nil {
		t.Fatal(err)
	}
	if s.socket, err = socketFolder(s.o.Dir); err != nil {
		t.Fatal(err)
	}
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	exec1(t, s, "SELECT")
}
