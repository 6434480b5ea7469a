// Package stage gives tests the real parts: a database, a bucket, a Redis and
// a mailbox of their own, each brought up when a test first asks for it.
//
// The parts end with the test binary, even when it panics or is killed. What
// they leave on disk is swept by the next test binary.
//
// It belongs to internal/dev and must never be imported by the server's
// binary: it brings the emulators with it.
package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"pixgate/internal/dev/process"
)

// patience is how long a part may take to come up or to go away.
const patience = time.Minute

// run is the folder of one process for the data of its parts.
type run struct {
	dir   string
	alive *os.File // its lock, held until the process ends, by whatever end
}

// onDisk is for large data.
var onDisk = sync.OnceValues(func() (run, error) { return claim(root(os.TempDir())) })

// inMemory is for the many small files of a database: ext4 needs a millisecond
// to make one where many were removed lately, and that is every test.
var inMemory = sync.OnceValues(func() (run, error) {
	const shm, room = "/dev/shm", 1 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(shm, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < room {
		return onDisk()
	}
	return claim(root(shm))
})

func root(base string) string {
	return filepath.Join(base, fmt.Sprintf("pixgate-stage-%d", os.Geteuid()))
}

// claim makes a folder under root, and removes those of processes that have
// ended.
func claim(root string) (run, error) {
	if err := os.Mkdir(root, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return run{}, fmt.Errorf("stage folder: %w", err)
	}
	info, err := os.Lstat(root)
	if err != nil {
		return run{}, fmt.Errorf("stage folder: %w", err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || int(owner.Uid) != os.Geteuid() || !info.IsDir() {
		return run{}, fmt.Errorf("stage folder %s is not ours", root)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	gate, err := process.Lock(ctx, filepath.Join(root, "lock"))
	if err != nil {
		return run{}, fmt.Errorf("stage folder: %w", err)
	}
	defer gate.Close()
	sweep(root)
	dir, err := os.MkdirTemp(root, "run-")
	if err != nil {
		return run{}, fmt.Errorf("stage folder: %w", err)
	}
	alive, err := process.Lock(ctx, filepath.Join(dir, "alive"))
	if err != nil {
		return run{}, fmt.Errorf("stage folder: %w", err)
	}
	return run{dir: dir, alive: alive}, nil
}

// sweep removes the folders whose lock nobody holds. What can't be removed
// now is left to the next sweep.
func sweep(root string) {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	dirs, _ := filepath.Glob(filepath.Join(root, "run-*")) // the pattern is sound
	for _, dir := range dirs {
		alive, err := process.Lock(now, filepath.Join(dir, "alive"))
		if err != nil {
			continue
		}
		_ = os.RemoveAll(dir)
		alive.Close()
	}
}
