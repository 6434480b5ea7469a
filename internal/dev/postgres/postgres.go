// Package postgres runs a private, real PostgreSQL from the machine's own
// binaries: for make run with data that stays, for tests without durability.
//
// It listens on a unix socket in a folder only we may enter, and on no port:
// no password, nothing for others on this machine to knock at.
//
// It belongs to internal/dev and must never be imported by the server's
// binary: production has its database elsewhere.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/process"
)

// Superuser is the name of the cluster's own superuser.
const Superuser = "postgres"

// Options say where a cluster lives.
type Options struct {
	// Dir holds data, socket and log. It is made, 0700, where missing; a
	// cluster found there is started again. One run at a time may use it.
	Dir string

	// Ephemeral gives up durability for speed, and autovacuum for
	// repeatable tests: analyse tables yourself where plans matter.
	Ephemeral bool

	// Progress, where set, hears of steps that take long.
	Progress func(string)
}

// Server is a running cluster.
type Server struct {
	o      Options
	bin    string // folder of initdb and postgres
	as     process.User
	socket string // folder of the unix socket

	archiving  bool           // see Archive
	postmaster *process.Child // nil before the first start
}

// Start brings up the cluster in o.Dir and returns when it answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("postgres folder: %w", err)
	}
	o.Dir = dir
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	s := &Server{o: o}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("postgres folder: %w", err)
	}
	if s.bin, err = binaries(ctx, major(s.data()), o.Progress); err != nil {
		return nil, err
	}
	if s.as, err = process.Unprivileged(Superuser); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return s, s.begin(ctx)
}

// begin is the first start.
func (s *Server) begin(ctx context.Context) (err error) {
	if s.socket, err = socketFolder(s.o.Dir); err != nil {
		return err
	}
	return s.start(ctx)
}

// URL is the connection string for a role and a database of the cluster. It
// holds no secret and stays the same over Restart.
func (s *Server) URL(user, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.socket}}.Encode()
	return u.String()
}

// Done is closed when the cluster ends. After Restart it is another channel.
func (s *Server) Done() <-chan struct{} { return s.postmaster.Done() }

// Stop ends the cluster in good order: clients are cut off, what was committed
// is written. Past ctx's end the cluster is killed, which is an error.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.postmaster.Stop(ctx, syscall.SIGINT); err != nil {
		return fmt.Errorf("stop postgres: %w", err)
	}
	return nil
}

// Kill ends the cluster as a crash would.
func (s *Server) Kill() { s.postmaster.Kill() }

// Restart starts a stopped or killed cluster again, on the same data and
// the same socket. One that runs is stopped first.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	return s.start(ctx)
}

// EnsureRole makes a role that may log in and nothing else.
func (s *Server) EnsureRole(ctx context.Context, name string) error {
	return s.ensure(ctx, "SELECT FROM pg_roles WHERE rolname = $1", name,
		"CREATE ROLE "+pgx.Identifier{name}.Sanitize()+" LOGIN")
}

// EnsureDatabase makes a database that belongs to the role owner.
func (s *Server) EnsureDatabase(ctx context.Context, name, owner string) error {
	return s.ensure(ctx, "SELECT FROM pg_database WHERE datname = $1", name,
		"CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" OWNER "+pgx.Identifier{owner}.Sanitize())
}

func (s *Server) ensure(ctx context.Context, find, name, create string) error {
	conn, err := pgx.Connect(ctx, s.URL(Superuser, Superuser))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, find, name).Scan()
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = conn.Exec(ctx, create)
	}
	if err != nil {
		return fmt.Errorf("ensure %s: %w", name, err)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.o.Dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.o.Dir, "log") }

// start launches the postmaster. Every process of the cluster inherits the
// folder's lock, so it is free only when the last of them has gone.
func (s *Server) start(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	lock, err := process.Lock(waiting, filepath.Join(s.o.Dir, "lock"))
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	defer lock.Close()
	if major(s.data()) == "" {
		if err := s.create(ctx); err != nil {
			return err
		}
	}
	// Who holds the lock knows that a pid file is left over, even where its
	// number is some other process by now.
	if err := os.Remove(filepath.Join(s.data(), "postmaster.pid")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("postgres pid file: %w", err)
	}
	if err := os.MkdirAll(s.socket, 0o700); err != nil {
		return fmt.Errorf("postgres socket: %w", err)
	}
	log, err := os.OpenFile(s.log(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("postgres log: %w", err)
	}
	defer log.Close()
	if err := s.give(s.socket); err != nil {
		return err
	}
	args := []string{"-D", s.data(), "-k", s.socket, "-c", "listen_addresses=", "-c", "jit=off"}
	death := syscall.SIGINT
	if s.o.Ephemeral {
		death = syscall.SIGQUIT
		args = append(args, ephemeral...)
	}
	if s.archiving {
		args = append(args, s.archived()...)
	}
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{lock}
	if s.postmaster, err = process.Start(cmd, process.Options{As: s.as, Death: death}); err != nil {
		return err
	}
	return s.ready(ctx)
}

// ephemeral settings: nothing of a test's cluster is worth a disk's time.
var ephemeral = []string{
	"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
	"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "autovacuum=off",
	"-c", "max_connections=300", "-c", "shared_buffers=64MB",
	// In the data folder, so that nothing is left of a killed cluster but that.
	"-c", "dynamic_shared_memory_type=mmap",
}

// ready asks until the cluster answers, ends, or ctx does.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL(Superuser, Superuser))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-s.Done():
			return fmt.Errorf("postgres did not start: %s (see %s)", process.LastLine(s.log()), s.log())
		case <-ctx.Done():
			s.Kill()
			return fmt.Errorf("postgres did not answer in time: %w", err)
		}
	}
}
