// Package install fetches programs that this machine lacks, where it may.
//
// It belongs to internal/dev and must never be imported by the server's
// binary: a server in production installs nothing.
package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"pixgate/internal/dev/process"
)

// ErrMayNot is returned where this machine has no such installer, or we may
// not use it.
var ErrMayNot = errors.New("may not install here")

// Debian installs packages by apt-get. Only root may; settings of the machine
// that exist already are kept, nothing is asked, and no service is started or
// left to start with the machine.
func Debian(ctx context.Context, packages ...string) error {
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return ErrMayNot
	}
	cache, err := process.Cache()
	if err != nil {
		return err
	}
	turn, err := process.Lock(ctx, filepath.Join(cache, "install.lock"))
	if err != nil {
		return err
	}
	defer turn.Close()
	allow, err := forbidServices()
	if err != nil {
		return err
	}
	defer allow()
	install := append([]string{"install", "-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=120"}, packages...)
	if run(ctx, "", "apt-get", install...) != nil {
		if err := run(ctx, "", "apt-get", "update", "-q"); err != nil {
			return err
		}
		if err := run(ctx, "", "apt-get", install...); err != nil {
			return err
		}
	}
	for _, service := range packages {
		if err := run(ctx, "", "update-rc.d", service, "disable"); err != nil {
			return err
		}
	}
	return nil
}

// forbidServices keeps packages from starting their services, in Debian's own
// way, until allow is called. A machine that has its own policy keeps that.
func forbidServices() (allow func(), err error) {
	const policy = "/usr/sbin/policy-rc.d"
	f, err := os.OpenFile(policy, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if errors.Is(err, os.ErrExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("forbid services: %w", err)
	}
	_, err = f.WriteString("#!/bin/sh\nexit 101\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("forbid services: %w", err)
	}
	return func() { _ = os.Remove(policy) }, nil
}

// Node installs an npm package of a given version under dir.
func Node(ctx context.Context, dir, name string) error {
	if _, err := exec.LookPath("npm"); err != nil {
		return ErrMayNot
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return run(ctx, dir, "npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", ".", name)
}

// run keeps an installer's output to itself unless it fails; then the last
// line is the reason.
func run(ctx context.Context, dir, name string, args ...string) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := process.Run(cmd, process.Options{Death: syscall.SIGTERM}); err != nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return fmt.Errorf("%w: %s", err, lines[len(lines)-1])
	}
	return nil
}
