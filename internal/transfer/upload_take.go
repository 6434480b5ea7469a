package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/picture"
	"pixgate/queries"
)

// The codes of a [Rejection], beside those of [picture.Code], [job.JobClosed],
// [job.JobDelivered] and [job.QuotaExceeded].
const (
	checksumMismatch = "CHECKSUM_MISMATCH"
	typeMismatch     = "CONTENT_TYPE_MISMATCH"
	vanished         = "VANISHED"
)

// refusal is why a file does not become a picture.
type refusal struct {
	code, message string
	event         audit.Event // empty: it was not the file's fault
}

// Take takes a completed upload in: nil when that is done, or it is no picture. It may
// run again for the same upload, also while an earlier run still ends.
func (s *Uploads) Take(ctx context.Context, uploadID id.ID) error {
	found, err := queries.New(s.DB).UploadToTake(ctx, uploadID)
	if err != nil {
		return fault.Database("read an upload", err)
	}
	row := found.Upload
	if UploadState(row.State) != Verifying {
		return nil
	}
	tenant, err := s.Tenants.ByID(ctx, row.TenantID)
	if err != nil {
		return err
	}
	f := file{
		tenantID: row.TenantID, jobID: row.JobID, key: stagingKey(row.ID), name: row.Filename,
		folder: "tenants/" + tenant.Slug + "/jobs/" + row.JobID.String() + "/" + row.ID.String() + "/", mark: tenant.Watermark,
	}
	if closed := job.Closes(job.Status(found.Job.Status)); closed != nil {
		return s.reject(ctx, row, f, refusal{code: closed.Code, message: closed.Message})
	}
	if row.Multipart != nil {
		if err := s.join(ctx, row); err != nil {
			return err
		}
	}
	picture, no, err := s.judge(ctx, &f, row)
	if err != nil {
		return err
	}
	if no != nil {
		return s.reject(ctx, row, f, *no)
	}
	at, err := s.taking.keep(ctx, f, picture)
	if err != nil {
		return fmt.Errorf("keep upload %s: %w", row.ID, err)
	}
	return s.finish(ctx, row, f, picture, at)
}

// join makes one object of the parts, unless an earlier run has.
func (s *Uploads) join(ctx context.Context, row queries.Upload) error {
	key := stagingKey(row.ID)
	parts, err := s.Store.Parts(ctx, key, *row.Multipart)
	if err == nil {
		err = s.Store.Join(ctx, key, *row.Multipart, parts)
	}
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("join upload %s: %w", row.ID, err)
	}
	return nil
}

// judge reads the file and compares it with what was announced.
func (s *Uploads) judge(ctx context.Context, f *file, row queries.Upload) (*picture.Picture, *refusal, error) {
	object, err := s.Store.Head(ctx, f.key)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return nil, &refusal{vanished, "The file is not in the storage any more. Please upload it again.", audit.UploadRejected}, nil
	case err != nil:
		return nil, nil, fmt.Errorf("look for upload %s: %w", row.ID, err)
	}
	other := &refusal{checksumMismatch, "Other bytes arrived than were announced. Please upload the file again.", audit.UploadChecksumWrong}
	if object.Size != row.Size {
		return nil, other, nil
	}
	f.etag = object.ETag
	found, err := s.taking.inspect(ctx, *f, picture.Options{Bytes: MaxUpload})
	no, isRefused := errors.AsType[*picture.Refusal](err)
	var sum [sha256.Size]byte
	switch {
	case err == nil:
		sum = found.SHA256
	case isRefused:
		sum, err = s.taking.sum(ctx, *f)
	}
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read upload %s: %w", row.ID, err)
	case sum != [sha256.Size]byte(row.Sha256):
		return nil, other, nil
	case isRefused:
		return nil, &refusal{string(no.Code), no.Message, audit.UploadRejected}, nil
	case found.ContentType != row.ContentType:
		return nil, &refusal{typeMismatch, "The file is " + found.ContentType + ", not what was announced.", audit.UploadRejected}, nil
	}
	return found, nil, nil
}

// finish makes the picture's row and ends the upload, in one transaction; then what
// lay in staging is removed.
func (s *Uploads) finish(ctx context.Context, row queries.Upload, f file, found *picture.Picture, at stored) error {
	var no *job.Refusal
	ended := false
	err := s.locked(ctx, row.TenantID, row.JobID, "take an upload in", func(tx pgx.Tx, q *queries.Queries, j queries.Job) error {
		now, err := q.LockUpload(ctx, row.TenantID, row.ID)
		if err != nil || UploadState(now.State) != Verifying {
			return err // another run was faster
		}
		known, err := q.ImageOfContent(ctx, row.TenantID, row.JobID, row.Sha256)
		switch {
		case err == nil:
			if err := s.remove(ctx, f); err != nil { // the job has it from elsewhere: ours is not needed
				return err
			}
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		default:
			if no = job.Closes(job.Status(j.Status)); no != nil {
				return nil
			}
			if no, err = exceeded(ctx, q, j, row.Size, false); err != nil || no != nil {
				return err
			}
			made, err := s.taking.insert(ctx, tx, j, f, anywhere, found, at)
			if err != nil {
				return err
			}
			if made == nil {
				return fmt.Errorf("the bytes of upload %s appeared in job %s: was it not locked?", row.ID, row.JobID)
			}
			known = *made
		}
		_, _, err = s.move(ctx, q, row.TenantID, row.ID, taken, func(p *queries.MoveUploadParams) { p.ImageID = &known })
		ended = err == nil
		return err
	})
	switch {
	case err != nil:
		return err
	case no != nil:
		return s.reject(ctx, row, f, refusal{code: no.Code, message: no.Message})
	case ended:
		s.discard(ctx, row)
	}
	return nil
}

// reject ends an upload that is no picture, and removes all that lies of it. What was
// kept goes before the row says so: nobody would look for it later.
func (s *Uploads) reject(ctx context.Context, row queries.Upload, f file, no refusal) error {
	said := tooLate
	err := s.locked(ctx, row.TenantID, row.JobID, "reject an upload", func(_ pgx.Tx, q *queries.Queries, _ queries.Job) error {
		var err error
		_, said, err = s.move(ctx, q, row.TenantID, row.ID, refused, func(p *queries.MoveUploadParams) { p.Rejection, p.Explanation = &no.code, &no.message })
		if err != nil || said != moves {
			return err
		}
		return s.remove(ctx, f)
	})
	if err != nil || said != moves {
		return err
	}
	if no.event != "" {
		s.incident(no.event, row.TenantID, row.AccountID, no.code)
		s.failed(ctx, row)
	}
	s.discard(ctx, row)
	return nil
}

// remove removes what was kept of a file that is no picture.
func (s *Uploads) remove(ctx context.Context, f file) error {
	at := f.at()
	for _, key := range []string{at.original, at.small, at.medium} {
		if err := s.Store.Delete(ctx, key); err != nil {
			return fmt.Errorf("remove what was kept: %w", err)
		}
	}
	return nil
}
