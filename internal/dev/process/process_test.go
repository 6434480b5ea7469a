package process

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// shell starts a shell script and waits until it has said something.
func shell(t *testing.T, script string) (*Child, *exec.Cmd) {
	t.Helper()
	said, say, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout = say
	c, err := Start(cmd, Options{Death: syscall.SIGKILL})
	say.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	if _, err := bufio.NewReader(said).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c, cmd
}

func TestStopAsksThenKills(t *testing.T) {
	t.Parallel()
	polite, cmd := shell(t, `trap 'exit 7' TERM; echo ready; while :; do :; done`)
	if err := polite.Stop(t.Context(), syscall.SIGTERM); err != nil || cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("polite program: %v, %s", err, cmd.ProcessState)
	}
	deaf, cmd := shell(t, `trap '' TERM; echo ready; while :; do :; done`)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := deaf.Stop(ctx, syscall.SIGTERM); !errors.Is(err, context.DeadlineExceeded) || cmd.ProcessState.Exited() {
		t.Errorf("deaf program: %v, %s", err, cmd.ProcessState)
	}
}

func TestStopWakesThePaused(t *testing.T) {
	t.Parallel()
	c, cmd := shell(t, `trap 'exit 7' TERM; echo ready; while :; do :; done`)
	c.Pause()
	if err := c.Stop(t.Context(), syscall.SIGTERM); err != nil || cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("%v, %s", err, cmd.ProcessState)
	}
}

// Ctrl-C goes to the terminal's process group, in which our programs are not.
func TestOwnGroup(t *testing.T) {
	t.Parallel()
	c, _ := shell(t, `echo ready; while :; do :; done`)
	group, err := syscall.Getpgid(c.process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if group == syscall.Getpgrp() {
		t.Error("the program is in our process group")
	}
}

func TestLockIsWaitedFor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	past, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Lock(past, path); !errors.Is(err, ErrLocked) {
		t.Errorf("taken lock: %v, want ErrLocked", err)
	}
	got := make(chan error)
	go func() {
		second, err := Lock(t.Context(), path)
		if err == nil {
			second.Close()
		}
		got <- err
	}()
	first.Close()
	if err := <-got; err != nil {
		t.Errorf("freed lock: %v", err)
	}
}

func TestPortIsKept(t *testing.T) {
	t.Parallel()
	for range 20 { // somebody else on this machine may take it in between
		dir := t.TempDir()
		first, err := Port(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Port(dir)
		if err != nil {
			t.Fatal(err)
		}
		if again == first {
			return
		}
	}
	t.Error("a port is never kept")
}
