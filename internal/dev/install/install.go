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
	"strings"
	"syscall"

	"pixgate/internal/dev/process"
)

// ErrMayNot is returned where this machine has no such installer, or we may
// not use it.
var ErrMayNot = errors.New("may not install here")

// Debian installs packages by apt-get. Only root may; settings of the machine
// that exist already are kept, and nothing is asked.
func Debian(ctx context.Context, packages ...string) error {
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return ErrMayNot
	}
	install := append([]string{"install", "-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"}, packages...)
	if run(ctx, "", "apt-get", install...) == nil {
		return nil
	}
	if err := run(ctx, "", "apt-get", "update", "-q"); err != nil {
		return err
	}
	return run(ctx, "", "apt-get", install...)
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
