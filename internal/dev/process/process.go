// Package process starts the programs of the embedded default so that none of
// them outlives us, and none of them hears the terminal's Ctrl-C: we stop them
// ourselves, in reverse order.
//
// It belongs to internal/dev and must never be imported by the server's
// binary: a server in production starts no programs.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
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
	probe := exec.Command("true")
	if Start(probe, Options{As: namespace, Death: syscall.SIGKILL}) == nil && probe.Wait() == nil {
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

// Start starts cmd in a process group of its own. The caller waits for it.
func Start(cmd *exec.Cmd, o Options) error {
	cmd.SysProcAttr = attributes(o)
	started := make(chan error)
	starter() <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return nil
}

// Run starts cmd and waits for its end.
func Run(cmd *exec.Cmd, o Options) error {
	if err := Start(cmd, o); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", cmd.Path, err)
	}
	return nil
}

// ErrLocked is returned by Lock when another run holds the file.
var ErrLocked = errors.New("in use by another run")

// Lock opens path and takes its lock, which every process that inherits the
// file holds too. A lock whose holder is dying is waited for until ctx ends.
// Closing the file lets go of the lock.
func Lock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("%s: %w", path, ErrLocked)
		}
	}
}
