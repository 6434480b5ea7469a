package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"pixgate/internal/dev/process"
)

const program = "pixgate/internal/dev/store/gateway"

// build brings the gateway's binary up to date and returns its path. Nobody
// else replaces it while the returned lock is open.
func build(ctx context.Context) (path string, lock *os.File, err error) {
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", nil, fmt.Errorf("cache folder: %w", err)
	}
	dir := filepath.Join(caches, "pixgate", "bin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("cache folder: %w", err)
	}
	if lock, err = process.Lock(ctx, filepath.Join(dir, "lock")); err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "gateway")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, program)
	cmd.Stderr = os.Stderr
	if err := process.Run(cmd, process.Options{Death: syscall.SIGKILL}); err != nil {
		lock.Close()
		return "", nil, fmt.Errorf("build the store: %w", err)
	}
	return path, lock, nil
}
