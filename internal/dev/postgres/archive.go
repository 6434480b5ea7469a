package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/process"
)

// Archive restarts the cluster as one that archives what is written to it: with a
// [Server.Backup] that was made since, any later moment can be had back.
func (s *Server) Archive(ctx context.Context) error {
	if err := s.archives(); err != nil {
		return err
	}
	return s.Restart(ctx)
}

func (s *Server) archives() error {
	if err := os.MkdirAll(s.archive(), 0o700); err != nil {
		return fmt.Errorf("archive folder: %w", err)
	}
	s.archiving = true
	return s.give(s.archive())
}

func (s *Server) archive() string { return filepath.Join(s.o.Dir, "archive") }

// archived settings come behind the ephemeral ones, which they take back.
func (s *Server) archived() []string {
	return []string{
		"-c", "wal_level=replica", "-c", "max_wal_senders=2", "-c", "full_page_writes=on", "-c", "archive_mode=on",
		"-c", "archive_command=test ! -f " + s.archive() + "/%f && cp %p " + s.archive() + "/%f",
	}
}

// Archived waits until all that was written so far is in the archive.
func (s *Server) Archived(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL(Superuser, Superuser))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	var last string
	if err := conn.QueryRow(ctx, "SELECT pg_walfile_name(pg_switch_wal())").Scan(&last); err != nil {
		return fmt.Errorf("end a segment: %w", err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := os.Stat(filepath.Join(s.archive(), last))
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("segment %s was not archived: %w", last, ctx.Err())
		}
	}
}

// Backup is a copy of a whole cluster, to be recovered once.
type Backup struct {
	of      *Server
	archive string
}

// Backup copies the running cluster, which archives, into the folder that another one will live in.
// [ErrNoTool]: pg_basebackup is not beside postgres.
func (s *Server) Backup(ctx context.Context, to Options) (*Backup, error) {
	path, err := exec.LookPath(filepath.Join(s.bin, "pg_basebackup"))
	if err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w", ErrNoTool)
	}
	b := &Backup{of: &Server{o: to, bin: s.bin, as: s.as}, archive: s.archive()}
	if err := os.MkdirAll(b.of.data(), 0o700); err != nil {
		return nil, fmt.Errorf("backup folder: %w", err)
	}
	if err := b.of.give(b.of.data()); err != nil {
		return nil, err
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "--pgdata="+b.of.data(), "--wal-method=none", "--checkpoint=fast", "--dbname="+s.URL(Superuser, Superuser))
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := process.Run(cmd, process.Options{As: s.as, Death: syscall.SIGKILL}); err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return b, nil
}

// Recover brings up the cluster as it was at a moment, from the backup and the archive. It
// goes on archiving, into a folder of its own.
func (b *Backup) Recover(ctx context.Context, at time.Time) (*Server, error) {
	if err := b.of.archives(); err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("restore_command = 'cp %s/%%f %%p'\nrecovery_target_time = '%s'\nrecovery_target_action = 'promote'\n", b.archive, at.UTC().Format("2006-01-02 15:04:05.999999+00"))
	for name, text := range map[string]string{"postgresql.auto.conf": settings, "recovery.signal": ""} {
		file := filepath.Join(b.of.data(), name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil { // not ours to keep: the cluster removes the one and reads the other
			return nil, fmt.Errorf("settings of a recovery: %w", err)
		}
		if b.of.as.UID != 0 {
			if err := os.Chown(file, int(b.of.as.UID), int(b.of.as.GID)); err != nil {
				return nil, fmt.Errorf("settings of a recovery: %w", err)
			}
		}
	}
	if err := b.of.begin(ctx); err != nil {
		return nil, err
	}
	return b.of, b.of.promoted(ctx)
}

// promoted waits until a cluster that answers may be written to.
func (s *Server) promoted(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL(Superuser, Superuser))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for recovering := true; recovering; {
		if err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&recovering); err != nil {
			return fmt.Errorf("the recovery ended: %s: %w", process.LastLine(s.log()), err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the recovery did not end: %w", ctx.Err())
		}
	}
	return nil
}
