package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNoTool says that pg_dump or pg_restore are not beside postgres.
var ErrNoTool = errors.New("not beside postgres")

// Dump writes a database into a file, as a backup would.
func (s *Server) Dump(ctx context.Context, user, database, file string) error {
	return s.tool(ctx, "pg_dump", "--format=custom", "--file="+file, "--dbname="+s.URL(user, database))
}

// Restore fills an empty database from a file that Dump wrote. What belonged to other roles
// belongs to user, and nobody else has rights: granting them is the program's work.
func (s *Server) Restore(ctx context.Context, user, database, file string) error {
	return s.tool(ctx, "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "--dbname="+s.URL(user, database), file)
}

func (s *Server) tool(ctx context.Context, name string, args ...string) error {
	path, err := exec.LookPath(filepath.Join(s.bin, name))
	if err != nil {
		return fmt.Errorf("%s: %w", name, ErrNoTool)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(said.String()))
	}
	return nil
}
