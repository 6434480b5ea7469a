package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"pixgate/internal/dev/process"
)

// major is the major version of the cluster in a data folder, or empty where
// there is none.
func major(data string) string {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// create makes the data folder: whole or not at all, so that a start that was
// cut off can be repeated.
func (s *Server) create(ctx context.Context) error {
	half := s.data() + ".new"
	if err := os.RemoveAll(half); err != nil {
		return fmt.Errorf("remove half a cluster: %w", err)
	}
	if s.o.Ephemeral && s.as.UID == 0 {
		if err := s.copyCached(ctx, half); err != nil {
			return err
		}
	} else if err := s.initdb(ctx, half); err != nil {
		return err
	}
	if err := os.Rename(half, s.data()); err != nil {
		return fmt.Errorf("name the cluster: %w", err)
	}
	return nil
}

// copyCached copies a fresh cluster that an earlier run has made: a tenth of
// the time of making one.
func (s *Server) copyCached(ctx context.Context, to string) error {
	cache, err := process.Cache()
	if err != nil {
		return s.initdb(ctx, to)
	}
	binary, err := os.Stat(filepath.Join(s.bin, "postgres"))
	if err != nil {
		return fmt.Errorf("postgres binary: %w", err)
	}
	key := sha256.Sum256(fmt.Append(nil, s.bin, binary.Size(), binary.ModTime().UnixNano(), initdbArgs, s.o.Ephemeral))
	cached := filepath.Join(cache, fmt.Sprintf("postgres-%x", key[:8]))
	if major(cached) == "" {
		if err := s.fillCache(ctx, cached); err != nil {
			return err
		}
	}
	if err := os.CopyFS(to, os.DirFS(cached)); err != nil {
		return fmt.Errorf("copy a fresh cluster: %w", err)
	}
	return os.Chmod(to, 0o700)
}

func (s *Server) fillCache(ctx context.Context, cached string) error {
	half, err := os.MkdirTemp(filepath.Dir(cached), "half-")
	if err != nil {
		return fmt.Errorf("cache folder: %w", err)
	}
	defer os.RemoveAll(half)
	if err := s.initdb(ctx, half); err != nil {
		return err
	}
	if err := os.Rename(half, cached); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("name the cached cluster: %w", err)
	}
	return nil
}

// initdbArgs: one locale on every machine, so that orders are the same.
var initdbArgs = []string{
	"-U", Superuser, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
}

func (s *Server) initdb(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := s.give(dir); err != nil {
		return err
	}
	args := append([]string{"-D", dir}, initdbArgs...)
	if s.o.Ephemeral {
		args = append(args, "--no-sync", "--wal-segsize=1")
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := process.Run(cmd, process.Options{As: s.as, Death: syscall.SIGKILL}); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(out.String()))
	}
	return nil
}

// give hands a folder to the user that the cluster runs as, where that is
// not us, and lets it pass through our folder and the one above.
func (s *Server) give(dir string) error {
	if s.as.UID == 0 {
		return nil
	}
	if err := os.Chown(dir, int(s.as.UID), int(s.as.GID)); err != nil {
		return fmt.Errorf("give %s away: %w", dir, err)
	}
	for _, above := range []string{s.o.Dir, filepath.Dir(s.o.Dir)} {
		info, err := os.Stat(above)
		if err != nil {
			return fmt.Errorf("pass through: %w", err)
		}
		if err := os.Chmod(above, info.Mode().Perm()|0o011); err != nil {
			return fmt.Errorf("pass through: %w", err)
		}
	}
	enter := exec.Command("test", "-w", dir)
	if err := process.Run(enter, process.Options{As: s.as, Death: syscall.SIGKILL}); err != nil {
		return fmt.Errorf("postgres can't run as root, and user %s can't reach %s: start this as an ordinary user, or from another folder", Superuser, dir)
	}
	return nil
}

// socketFolder is inside dir unless the socket's path would be too long for
// the kernel.
func socketFolder(dir string) (string, error) {
	const longest = 107
	socket := filepath.Join(dir, "socket")
	if len(socket)+len("/.s.PGSQL.5432") <= longest {
		return socket, nil
	}
	short, err := os.MkdirTemp("", "pixgate-")
	if err != nil {
		return "", fmt.Errorf("postgres socket: %w", err)
	}
	return short, nil
}
