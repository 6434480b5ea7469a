package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

const (
	// sweptAtOnce is how many uploads a statement of the sweep looks at, and sweptMost
	// how many objects one sweep does: the next one goes on with the rest.
	sweptAtOnce = 500
	sweptMost   = 20_000
	// strangerAge is how old something must be that no upload knows: a multipart upload
	// that is younger may be about to be written down.
	strangerAge = 24 * time.Hour
	// replayAge is by how much an object must be younger than the end of its upload to
	// have come after it; the storage counts in seconds, by a clock of its own.
	replayAge = 5 * time.Second
)

// Sweep ends the uploads that nobody went on with, has those taken in again whose task
// was lost, and removes from staging what no open upload needs. It may run at any
// moment, and twice at once.
func (s *Uploads) Sweep(ctx context.Context) error {
	return errors.Join(s.sweepDue(ctx), s.sweepObjects(ctx), s.sweepMultiparts(ctx))
}

// sweepDue looks after the open uploads whose time has come.
func (s *Uploads) sweepDue(ctx context.Context) error {
	var failed error
	params := queries.DueUploadsParams{Now: s.Now(), MaxRows: sweptAtOnce}
	for n := 0; n < sweptMost; n += sweptAtOnce {
		rows, err := queries.New(s.DB).DueUploads(ctx, params)
		if err != nil {
			return errors.Join(failed, fault.Database("list due uploads", err))
		}
		for _, row := range rows {
			switch UploadState(row.State) {
			case Pending:
				failed = errors.Join(failed, s.expire(ctx, row.TenantID, row.JobID, row.ID))
			case Verifying:
				failed = errors.Join(failed, s.requeue(ctx, row.TenantID, row.ID))
			}
			params.AfterAt, params.AfterID = row.DueAt, row.ID
		}
		if len(rows) < sweptAtOnce {
			break
		}
	}
	return failed
}

func (s *Uploads) expire(ctx context.Context, tenantID, jobID, uploadID id.ID) error {
	var row queries.Upload
	said := tooLate
	err := s.locked(ctx, tenantID, jobID, "expire an upload", func(_ pgx.Tx, q *queries.Queries, _ queries.Job) error {
		now, err := q.LockUpload(ctx, tenantID, uploadID)
		if err != nil || !now.DueAt.Before(s.Now()) {
			return err // its uploader came back
		}
		row, said, err = s.move(ctx, q, tenantID, uploadID, expired, nil)
		return err
	})
	if err == nil && said == moves {
		s.incident(audit.UploadExpired, tenantID, row.AccountID, "")
		s.discard(ctx, row)
	}
	return err
}

func (s *Uploads) requeue(ctx context.Context, tenantID, uploadID id.ID) error {
	return fault.Database("queue an upload again", pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		now := s.Now()
		n, err := queries.New(tx).PutOffUpload(ctx, queries.PutOffUploadParams{TenantID: tenantID, ID: uploadID, DueAt: now.Add(verifyLife), Now: now})
		if err != nil || n == 0 {
			return err
		}
		return s.enqueue(ctx, tx, tenantID, uploadID)
	}))
}

// sweepObjects removes objects of uploads that are over. An upload that is over never
// opens again, so that nothing that is needed goes, however long this takes.
func (s *Uploads) sweepObjects(ctx context.Context) error {
	var batch []blob.Object
	n := 0
	for object, err := range s.Store.List(ctx, staging) {
		if err != nil {
			return fmt.Errorf("list what was uploaded: %w", err)
		}
		if batch = append(batch, object); len(batch) == sweptAtOnce {
			if err := s.sweepBatch(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if n++; n == sweptMost {
			break
		}
	}
	return s.sweepBatch(ctx, batch)
}

func (s *Uploads) sweepBatch(ctx context.Context, batch []blob.Object) error {
	keys := make([]string, len(batch))
	for i, object := range batch {
		keys[i] = object.Key
	}
	uploads, err := s.staged(ctx, keys)
	if err != nil {
		return err
	}
	for _, object := range batch {
		row, known := uploads[object.Key]
		if known && UploadState(row.State).open() || !known && s.Now().Sub(object.LastModified) < strangerAge {
			continue
		}
		if err := s.Store.Delete(ctx, object.Key); err != nil {
			return fmt.Errorf("remove what was uploaded: %w", err)
		}
		if known && row.EndedAt != nil && object.LastModified.After(row.EndedAt.Add(replayAge)) {
			s.incident(audit.UploadReplayed, row.TenantID, row.AccountID, row.State)
		}
	}
	return nil
}

// staged returns the uploads that keys in staging belong to, by those.
func (s *Uploads) staged(ctx context.Context, keys []string) (map[string]queries.UploadsInStagingRow, error) {
	var ids []id.ID
	for _, key := range keys {
		if uploadID, ok := id.Upload.Parse(strings.TrimPrefix(key, staging)); ok {
			ids = append(ids, uploadID)
		}
	}
	rows, err := queries.New(s.DB).UploadsInStaging(ctx, ids)
	if err != nil {
		return nil, fault.Database("read uploads", err)
	}
	all := make(map[string]queries.UploadsInStagingRow, len(rows))
	for _, row := range rows {
		all[stagingKey(row.ID)] = row
	}
	return all, nil
}

// sweepMultiparts drops multipart uploads of uploads that are over, and old ones that
// no upload knows: they cost, and no list of objects shows them.
func (s *Uploads) sweepMultiparts(ctx context.Context) error {
	var begun []blob.Multipart
	for m, err := range s.Store.Multiparts(ctx, staging) {
		if err != nil {
			return fmt.Errorf("list what was begun: %w", err)
		}
		if begun = append(begun, m); len(begun) == sweptMost {
			break
		}
	}
	for len(begun) > 0 {
		n := min(len(begun), sweptAtOnce)
		keys := make([]string, n)
		for i, m := range begun[:n] {
			keys[i] = m.Key
		}
		uploads, err := s.staged(ctx, keys)
		if err != nil {
			return err
		}
		for _, m := range begun[:n] {
			row, known := uploads[m.Key]
			open := known && UploadState(row.State).open()
			if open && row.Multipart != nil && *row.Multipart == m.ID {
				continue
			}
			if (open || !known) && s.Now().Sub(m.Begun) < strangerAge {
				continue
			}
			if err := s.Store.Drop(ctx, m.Key, m.ID); err != nil {
				return fmt.Errorf("drop what was begun: %w", err)
			}
		}
		begun = begun[n:]
	}
	return nil
}
