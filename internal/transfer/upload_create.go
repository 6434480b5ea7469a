package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// Create announces a file for a job, or goes on with the announcement that is there:
// the same file of the same person is the same upload. What the job has already is
// READY at once, and nothing is sent. Whoever may not add pictures to the job is
// refused; a job that takes none, a file that is none for us, and a quota that is used
// up are refusals of business.
func (s *Uploads) Create(ctx context.Context, v account.Viewer, a Announcement) (*Upload, []job.Refusal, error) {
	j, err := s.Jobs.ByID(ctx, v, a.JobID)
	if err != nil {
		return nil, nil, err
	}
	adding := job.Adds(v, j, s.Now())
	if !adding.May {
		return nil, nil, fault.Refused()
	}
	checked, err := a.check()
	if err != nil {
		return nil, nil, err
	}
	checked.guest = !adding.All
	refusal := checked.refusal()
	if refusal != nil {
		return nil, []job.Refusal{*refusal}, nil
	}
	var row queries.Upload
	err = s.locked(ctx, v.TenantID, j.ID, "announce an upload", func(_ pgx.Tx, q *queries.Queries, locked queries.Job) error {
		var err error
		row, refusal, err = s.announce(ctx, q, v, locked, checked, a.Address)
		return err
	})
	switch {
	case err != nil:
		return nil, nil, err
	case refusal != nil:
		return nil, []job.Refusal{*refusal}, nil
	}
	return uploadFrom(&row, s.Now()), nil, nil
}

func (s *Uploads) announce(ctx context.Context, q *queries.Queries, v account.Viewer, j queries.Job, a announced, address string) (queries.Upload, *job.Refusal, error) {
	now := s.Now()
	if _, err := q.LockUploader(ctx, v.TenantID, v.AccountID); err != nil {
		if errors.Is(err, pgx.ErrNoRows) { // erased since the request began, and the session with it
			err = fault.SignedOut()
		}
		return queries.Upload{}, nil, err
	}
	known, err := q.ImageOfContent(ctx, v.TenantID, j.ID, a.sum[:])
	isKnown := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return queries.Upload{}, nil, err
	}
	row, err := q.UploadOfFile(ctx, queries.UploadOfFileParams{TenantID: v.TenantID, JobID: j.ID, AccountID: v.AccountID, Sha256: a.sum[:]})
	found := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return row, nil, err
	}
	switch {
	case found && UploadState(row.State) != Pending:
		return row, nil, nil
	case found && isKnown:
		row, _, err = s.move(ctx, q, v.TenantID, row.ID, taken, func(p *queries.MoveUploadParams) { p.ImageID = &known })
		return row, nil, err
	case isKnown:
		row, err = s.insert(ctx, q, v, j, a, address, Ready, &known)
		return row, nil, err
	}
	if refusal := job.Closes(job.Status(j.Status), "input", "jobId"); refusal != nil {
		return row, refusal, nil
	}
	if found {
		row.DueAt, row.SessionID, row.AddressKey = now.Add(uploadLife), v.SessionID, address
		return row, nil, q.RenewUpload(ctx, queries.RenewUploadParams{
			TenantID: v.TenantID, ID: row.ID, DueAt: row.DueAt, SessionID: row.SessionID, AddressKey: row.AddressKey,
		})
	}
	if a.guest {
		if refusal, err := crowded(ctx, q, v, j.ID); err != nil || refusal != nil {
			return row, refusal, err
		}
	}
	if refusal, err := exceeded(ctx, q, j, a.size, true); err != nil || refusal != nil {
		return row, refusal, err
	}
	row, err = s.insert(ctx, q, v, j, a, address, Pending, nil)
	return row, nil, err
}

func (s *Uploads) insert(
	ctx context.Context, q *queries.Queries, v account.Viewer, j queries.Job, a announced, address string, state UploadState, imageID *id.ID,
) (queries.Upload, error) {
	now := s.Now()
	params := queries.InsertUploadParams{
		ID: id.New(now), TenantID: v.TenantID, JobID: j.ID, AccountID: v.AccountID, SessionID: v.SessionID, AddressKey: address, State: string(state),
		Filename: a.filename, ContentType: a.contentType, Size: a.size, Sha256: a.sum[:], ImageID: imageID, DueAt: now.Add(uploadLife), Now: now,
	}
	if a.size > s.Single {
		params.PartSize = s.Part
	}
	if !state.open() {
		params.EndedAt = &now
	}
	row, err := q.InsertUpload(ctx, params)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, fmt.Errorf("an upload of the same file appeared in job %s: was it not locked?", j.ID)
	}
	return row, err
}

// crowded refuses one more upload of somebody who has maxGuest open in the job. What is
// announced is spoken for without a byte of it: a customer could shut the studio out of
// its own job, and of all others where the studio has a limit. The job must be locked.
func crowded(ctx context.Context, q *queries.Queries, v account.Viewer, jobID id.ID) (*job.Refusal, error) {
	open, err := q.UploadsOfPerson(ctx, queries.UploadsOfPersonParams{
		TenantID: v.TenantID, JobID: jobID, AccountID: v.AccountID, BeforeAt: endOfTime, BeforeID: lastID,
		States: []string{string(Pending), string(Verifying)}, MaxRows: maxGuest,
	})
	if err != nil || len(open) < maxGuest {
		return nil, err
	}
	return full("Finish or abort some of your uploads first: %d of %d", maxGuest, maxGuest, false), nil
}

// exceeded says which quota one more file of so many bytes would exceed; nil for none.
// What is announced is spoken for, except at taking in: then only pictures count, of
// which the file's own place is one. The job must be locked.
func exceeded(ctx context.Context, q *queries.Queries, j queries.Job, size int64, announcing bool) (*job.Refusal, error) {
	studio, err := q.LockUploadQuota(ctx, j.TenantID)
	if err != nil {
		return nil, err
	}
	count, bytes, studioBytes := int64(j.ImageCount), j.ImageBytes, studio.ImageBytes
	if announcing {
		count, bytes, studioBytes = count+int64(j.UploadCount), bytes+j.UploadBytes, studioBytes+studio.UploadBytes
	}
	switch {
	case count+1 > int64(studio.UploadJobImages):
		return full("The job is full: %d of %d pictures", int64(studio.UploadJobImages), count, false), nil
	case bytes+size > studio.UploadJobBytes:
		return full("The job is full: %d of %d MiB", studio.UploadJobBytes, bytes, true), nil
	case studio.UploadTenantBytes != nil && studioBytes+size > *studio.UploadTenantBytes:
		return full("The studio's storage is full: %d of %d MiB", *studio.UploadTenantBytes, studioBytes, true), nil
	}
	return nil, nil
}

func full(sentence string, limit, used int64, bytes bool) *job.Refusal {
	shift := 0
	if bytes {
		shift = 20
	}
	return &job.Refusal{
		Field: []string{"input", "size"}, Code: job.QuotaExceeded,
		Message: fmt.Sprintf(sentence, used>>shift, limit>>shift) + " are taken or spoken for.",
		Quota:   &job.Quota{Limit: limit, Used: used, Remaining: max(limit-used, 0), Bytes: bytes},
	}
}
