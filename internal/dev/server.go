package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"pixgate/internal/dev/process"
)

// serve builds the server, prepares its data, starts it, and says what to open.
func (s *stack) serve(ctx context.Context, in installation) (*process.Child, error) {
	binary := filepath.Join(in.dir, "bin", "pixgate")
	err := s.log.step("server", func() error {
		s.log.progress("building")
		_, err := s.command(ctx, in, "go", "build", "-buildvcs=false", "-o", binary, in.program)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the server does not build: %w", err)
	}
	err = s.log.step("tables", func() error {
		_, err := s.command(ctx, in, binary, "migrate")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the tables can't be brought up to date; make run ARGS=-fresh starts anew: %w", err)
	}
	var people string
	err = s.log.step("demo studio", func() (err error) {
		people, err = s.watched(ctx, in, lines{s.log.progress}, binary, "demo")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the demo studio can't be loaded: %w", err)
	}
	server, err := s.launch(ctx, in, binary)
	if err != nil {
		return nil, err
	}
	s.greet(in, people)
	return server, nil
}

// command runs a program to its end and returns what it says on its standard
// output. What it says otherwise is shown when it fails.
func (s *stack) command(ctx context.Context, in installation, name string, args ...string) (string, error) {
	return s.watched(ctx, in, io.Discard, name, args...)
}

// watched is command for one that takes long: progress gets what it says on its
// standard error.
func (s *stack) watched(ctx context.Context, in installation, progress io.Writer, name string, args ...string) (string, error) {
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = in.root, s.env.list()
	cmd.Stdout, cmd.Stderr = &out, io.MultiWriter(&problems, progress)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := process.Run(cmd, process.Options{Death: syscall.SIGTERM}); err != nil {
		return "", fmt.Errorf("%w\n%s", err, strings.TrimSpace(problems.String()))
	}
	return out.String(), nil
}

// launch starts the server and waits until it listens.
func (s *stack) launch(ctx context.Context, in installation, binary string) (*process.Child, error) {
	cmd := exec.Command(binary)
	cmd.Dir, cmd.Env = in.root, s.env.list()
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	server, err := process.Start(cmd, process.Options{Death: syscall.SIGTERM})
	if err != nil {
		return nil, err
	}
	s.stops = append(s.stops, func(ctx context.Context) error {
		if err := server.Stop(ctx, syscall.SIGTERM); err != nil {
			return fmt.Errorf("the server: %w", err)
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.local())
		if err == nil {
			return server, conn.Close()
		}
		select {
		case <-tick.C:
		case <-server.Done():
			return nil, errors.New("the server does not start; its last lines above say why")
		case <-ctx.Done():
			return nil, fmt.Errorf("the server does not listen on %s: %w", s.local(), err)
		}
	}
}

// local is the server's address as seen from here: it may listen on all.
func (s *stack) local() string {
	host, port, err := net.SplitHostPort(s.env.get("ADDR"))
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return s.env.get("ADDR")
}

func (s *stack) greet(in installation, people string) {
	url, _, _ := strings.Cut(s.env.get("PUBLIC_URLS"), ",")
	fmt.Fprintf(in.out, "\n  Playground  %s/playground\n", url)
	if s.mailbox != "" {
		fmt.Fprintf(in.out, "  Mailbox     %s   (login codes arrive here)\n", s.mailbox)
	}
	fmt.Fprintf(in.out, "  Metrics     http://%s/metrics\n\n", s.env.get("METRICS_ADDR"))
	for line := range strings.Lines(people) {
		fmt.Fprintf(in.out, "  %s\n", strings.TrimRight(line, "\n"))
	}
	fmt.Fprintf(in.out, "\nCtrl-C stops everything. The data stays in %s; make run ARGS=-fresh throws it away.\n\n", in.dir)
}
