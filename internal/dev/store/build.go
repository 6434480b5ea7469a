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
	cache, err := process.Cache()
	if err != nil {
		return "", nil, err
	}
	if lock, err = process.Lock(ctx, filepath.Join(cache, "gateway.lock")); err != nil {
		return "", nil, err
	}
	path = filepath.Join(cache, "gateway")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", path, program)
	cmd.Stderr = os.Stderr
	if err := process.Run(cmd, process.Options{Death: syscall.SIGKILL}); err != nil {
		lock.Close()
		return "", nil, fmt.Errorf("build the store: %w", err)
	}
	return path, lock, nil
}
