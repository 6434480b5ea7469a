// Package redis runs a private, real redis-server that keeps nothing on disk:
// limits may be lost with it.
//
// It belongs to internal/dev and must never be imported by the server's
// binary: production has its Redis elsewhere.
package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"pixgate/internal/dev/install"
	"pixgate/internal/dev/process"
)

// Databases is how many numbered databases a server has.
const Databases = 256

// Server is a running redis-server.
type Server struct {
	dir      string
	program  string
	port     int
	password string
	child    *process.Child
}

// Start brings up a server on loopback. dir, made 0700 where missing, keeps
// its log and, where it is free, its port for the next start. A missing
// redis-server is installed where that is possible, and progress, unless nil,
// hears of it.
func Start(ctx context.Context, dir string, progress func(string)) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("redis folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("redis folder: %w", err)
	}
	s := &Server{dir: dir, password: rand.Text()}
	if s.program, err = find(ctx, progress); err != nil {
		return nil, err
	}
	if s.port, err = process.Port(dir); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is the connection string for a database, 0 to Databases-1. It holds a
// password, and stays the same over Restart.
func (s *Server) URL(database int) string {
	u := url.URL{
		Scheme: "redis", User: url.UserPassword("", s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/" + strconv.Itoa(database),
	}
	return u.String()
}

// Stop ends the server, or kills it past ctx's end.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.child.Stop(ctx, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop redis: %w", err)
	}
	return nil
}

// Kill ends the server as a crash would.
func (s *Server) Kill() { s.child.Kill() }

// Pause makes the server hang until Resume: it accepts and never answers.
func (s *Server) Pause() { s.child.Pause() }

// Resume ends a pause.
func (s *Server) Resume() { s.child.Resume() }

// Restart starts the server again, empty, at the same address.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	return s.start(ctx)
}

// Done is closed when the server ends. After Restart it is another channel.
func (s *Server) Done() <-chan struct{} { return s.child.Done() }

func (s *Server) start(ctx context.Context) error {
	logFile := filepath.Join(s.dir, "log")
	log, err := os.OpenFile(logFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("redis log: %w", err)
	}
	defer log.Close()
	// The settings come by standard input: arguments are for all to read.
	cmd := exec.Command(s.program, "-")
	cmd.Dir = s.dir
	cmd.Stdin = strings.NewReader(fmt.Sprintf(
		"bind 127.0.0.1\nport %d\nrequirepass %s\ndatabases %d\nsave \"\"\nappendonly no\n", s.port, s.password, Databases))
	cmd.Stdout, cmd.Stderr = log, log
	if s.child, err = process.Start(cmd, process.Options{Death: syscall.SIGKILL}); err != nil {
		return err
	}
	return s.ready(ctx, logFile)
}

// ready asks until the server answers, ends, or ctx does.
func (s *Server) ready(ctx context.Context, logFile string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	options, err := redis.ParseURL(s.URL(0))
	if err != nil {
		return fmt.Errorf("redis address: %w", err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := client.Ping(ctx).Err()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.Done():
			return fmt.Errorf("redis did not start: %s (see %s)", process.LastLine(logFile), logFile)
		case <-ctx.Done():
			s.Kill()
			return fmt.Errorf("redis did not answer in time: %w", err)
		}
	}
}

func find(ctx context.Context, progress func(string)) (string, error) {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return path, nil
	}
	if progress != nil {
		progress("installing Redis")
	}
	failed := install.Debian(ctx, "redis-server")
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", fmt.Errorf("Redis is missing: apt-get install redis-server (%w)", errors.Join(failed, err))
	}
	return path, nil
}
