package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/job"
	"pixgate/queries"
)

// Complete says that all of an upload is in the store, and has it taken in. Completing
// again tells how far that is. Where bytes are missing it is refused with
// UPLOAD_INCOMPLETE and stays as it was.
func (s *Uploads) Complete(ctx context.Context, v account.Viewer, uploadID string) (*Upload, []job.Refusal, error) {
	u, j, err := s.own(ctx, v, uploadID)
	if err != nil {
		return nil, nil, err
	}
	if u.State == Pending {
		if refusal := job.Closes(j.Status, "input", "uploadId"); refusal != nil {
			return u, []job.Refusal{*refusal}, nil
		}
		missing, err := s.missing(ctx, u)
		if err != nil {
			return nil, nil, err
		}
		if missing != "" {
			return u, []job.Refusal{{Field: []string{"input", "uploadId"}, Code: job.UploadIncomplete, Message: missing}}, nil
		}
	}
	var said verdict
	err = s.locked(ctx, u.tenantID, u.JobID, "complete an upload", func(tx pgx.Tx, q *queries.Queries, _ queries.Job) error {
		row, did, err := s.move(ctx, q, u.tenantID, u.ID, completed, nil)
		if err != nil {
			return err
		}
		u, said = uploadFrom(&row, s.Now()), did
		if said != moves {
			return nil
		}
		return s.enqueue(ctx, tx, u.tenantID, u.ID)
	})
	if err != nil {
		return nil, nil, err
	}
	if said == tooLate {
		return u, []job.Refusal{over(u)}, nil
	}
	return u, nil, nil
}

// missing says what the store has not got of an upload; empty for nothing.
func (s *Uploads) missing(ctx context.Context, u *Upload) (string, error) {
	if u.Method() == ByPut {
		_, err := s.Store.Head(ctx, stagingKey(u.ID))
		if errors.Is(err, blob.ErrNotFound) {
			return "The file has not arrived yet.", nil
		}
		if err != nil {
			return "", away("look for an upload", err)
		}
		return "", nil
	}
	parts, err := s.Received(ctx, u)
	if err != nil {
		return "", err
	}
	there := map[int]bool{}
	for _, part := range parts {
		there[part.Number] = part.Number <= u.parts() && part.Size == u.sizeOf(part.Number)
	}
	for number := 1; number <= u.parts(); number++ {
		if !there[number] {
			return fmt.Sprintf("Part %d has not arrived yet; %d of %d have.", number, len(there), u.parts()), nil
		}
	}
	return "", nil
}

// Abort gives an upload up and removes what has arrived of it. Aborting again changes
// nothing; what was completed can't be aborted any more: UPLOAD_COMPLETE.
func (s *Uploads) Abort(ctx context.Context, v account.Viewer, uploadID string) (*Upload, []job.Refusal, error) {
	u, _, err := s.own(ctx, v, uploadID)
	if err != nil {
		return nil, nil, err
	}
	var (
		row  queries.Upload
		said verdict
	)
	err = s.locked(ctx, u.tenantID, u.JobID, "abort an upload", func(_ pgx.Tx, q *queries.Queries, _ queries.Job) error {
		row, said, err = s.move(ctx, q, u.tenantID, u.ID, aborted, nil)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	u = uploadFrom(&row, s.Now())
	switch said {
	case tooLate:
		return u, []job.Refusal{{Field: []string{"input", "uploadId"}, Code: job.UploadComplete, Message: "This upload is complete: it can't be aborted any more."}}, nil
	case moves:
		s.incident(audit.UploadAborted, row.TenantID, row.AccountID, "")
		s.failed(ctx, row)
		s.discard(ctx, row)
	}
	return u, nil, nil
}

// discard removes what lies in the store for an upload that has ended. What can't be
// removed now is left to the sweep.
func (s *Uploads) discard(ctx context.Context, row queries.Upload) {
	var failed error
	if row.Multipart != nil {
		failed = s.Store.Drop(ctx, stagingKey(row.ID), *row.Multipart)
	}
	if failed = errors.Join(failed, s.Store.Delete(ctx, stagingKey(row.ID))); failed != nil {
		s.Log.WarnContext(ctx, "what was uploaded is left to the sweep", "upload", row.ID, "error", failed)
	}
}
