// Package process starts the programs of the embedded default so that none of
// them outlives us, and none of them hears the terminal's Ctrl-C: we stop them
// ourselves, in reverse order.
//
// It belongs to internal/dev and must never be imported by the server's
// binary: a server in production starts no programs.
package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

// User says as whom a program runs. The zero value is ourselves.
type User struct {
	// Namespace runs the program in a user namespace of its own, in which our
	// root is an ordinary user. Files it writes still belong to us outside.
	Namespace bool

	// UID and GID, where UID is not zero, name another user of this machine.
	UID, GID uint32
}

// Options are the parts of a start that exec.Cmd has no portable fields for.
type Options struct {
	As    User
	Death syscall.Signal // sent to the program when we die, even by kill -9
}

// Unprivileged finds a way to run a program that refuses to run as root: as
// ourselves when we are not root, in a user namespace where the machine allows
// one, else as the named user of this machine.
func Unprivileged(name string) (User, error) {
	if os.Geteuid() != 0 {
		return User{}, nil
	}
	namespace := User{Namespace: true}
	if Run(exec.Command("true"), Options{As: namespace, Death: syscall.SIGKILL}) == nil {
		return namespace, nil
	}
	return account(name)
}

func account(name string) (User, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return User{}, fmt.Errorf("root may make no user namespace here and there is no user %s: start this as an ordinary user: %w", name, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return User{}, fmt.Errorf("user id of %s: %w", name, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return User{}, fmt.Errorf("group id of %s: %w", name, err)
	}
	return User{UID: uint32(uid), GID: uint32(gid)}, nil
}

// starter runs functions on one thread that lives as long as we do. The
// kernel sends the death signal when the thread that forked ends, and Go ends
// threads as it likes.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// Child is a program that we started.
type Child struct {
	process *os.Process
	done    chan struct{}
}

// Start starts cmd in a process group of its own.
func Start(cmd *exec.Cmd, o Options) (*Child, error) {
	cmd.SysProcAttr = attributes(o)
	started := make(chan error)
	starter() <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	c := &Child{process: cmd.Process, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended stands in cmd.ProcessState
		close(c.done)
	}()
	return c, nil
}

// Run starts cmd and waits for its end, which must be a success.
func Run(cmd *exec.Cmd, o Options) error {
	c, err := Start(cmd, o)
	if err != nil {
		return err
	}
	<-c.Done()
	if !cmd.ProcessState.Success() {
		return fmt.Errorf("%s: %s", cmd.Path, cmd.ProcessState)
	}
	return nil
}

// Done is closed when the program has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Stop asks the program to end by the given signal and waits. Past ctx's end
// it is killed, which is an error.
func (c *Child) Stop(ctx context.Context, ask syscall.Signal) error {
	_ = c.process.Signal(ask) // fails only where it has ended
	c.Resume()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		c.Kill()
		return fmt.Errorf("killed, since it did not stop: %w", ctx.Err())
	}
}

// Kill ends the program at once.
func (c *Child) Kill() {
	_ = c.process.Kill() // fails only where it has ended
	<-c.done
}

// Pause makes the program hang, with its connections open, until Resume. It
// returns when the last thread has stopped.
func (c *Child) Pause() {
	if c.process.Signal(syscall.SIGSTOP) != nil {
		return // it has ended
	}
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(c.process.Pid, &status, syscall.WUNTRACED, nil); err != syscall.EINTR {
			return
		}
	}
}

// Resume ends a pause.
func (c *Child) Resume() { _ = c.process.Signal(syscall.SIGCONT) }
