package transfer

import (
	"context"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// touched returns the pictures of which a range holds at least a byte.
func (a *Archive) touched(offset, length int64) []*job.Image {
	if offset == 0 && length == a.Size {
		return a.images
	}
	var images []*job.Image
	for part := range a.layout.Parts(offset, length) {
		if part.Entry >= 0 {
			images = append(images, a.images[part.Entry])
		}
	}
	return images
}

func idsOf(images []*job.Image) []id.ID {
	ids := make([]id.ID, len(images))
	for i, image := range images {
		ids[i] = image.ID
	}
	return ids
}

// checkObjects holds the storage's list of the job's objects against what was
// recorded when they were taken in.
func (s *Stream) checkObjects(ctx context.Context) error {
	wanted, altered := make(map[string]*job.Image, len(s.images)), map[string]bool{}
	folders := map[string]bool{}
	for _, image := range s.images {
		wanted[image.ObjectKey] = image
		folders[folder(image.ObjectKey)] = true
	}
	for prefix := range folders {
		for object, err := range s.all.store.List(ctx, prefix) {
			if err != nil {
				return fault.Away("storage, to list a job's objects", err)
			}
			image := wanted[object.Key]
			switch {
			case image == nil:
			case object.Size == image.Size && object.ETag == image.ETag:
				delete(wanted, object.Key)
			default:
				altered[object.Key] = true
			}
			if len(wanted) == 0 {
				return nil
			}
		}
	}
	for _, image := range s.images { // the first in their order
		if wanted[image.ObjectKey] == nil {
			continue
		}
		cause := blob.ErrNotFound
		if altered[image.ObjectKey] {
			cause = blob.ErrChanged
		}
		s.alarm(ctx, image, cause)
		return missing(image, cause)
	}
	return nil
}

// folder is where the objects of a picture's job lie: above the picture's own.
func folder(key string) string {
	own := key[:max(strings.LastIndexByte(key, '/'), 0)]
	return own[:strings.LastIndexByte(own, '/')+1]
}

// record writes down that the pictures leave, and marks those that the customer
// gets for the first time. They are decided anew with the job locked: a picture
// can't be given away and deselected at the same time.
func (s *Stream) record(resumed bool) error {
	if len(s.files) == 0 { // a range of names and sums
		return nil
	}
	now, staff := s.all.now(), job.Decide(s.viewer, s.job, job.None, s.all.now()).Staff
	row := queries.StartArchiveParams{
		ID: id.New(now), TenantID: s.job.TenantID, JobID: s.job.ID, AccountID: s.viewer.AccountID, Staff: staff,
		ImageIds: idsOf(s.files), RequestID: s.viewer.RequestID, Now: now, SessionID: s.viewer.SessionID, Resumed: resumed,
	}
	err := pgx.BeginFunc(s.ctx, s.all.db, func(tx pgx.Tx) error {
		if err := s.markFirst(tx, staff); err != nil {
			return err
		}
		return queries.New(tx).StartArchive(s.ctx, row)
	})
	if err != nil {
		return fault.Database("record a delivery", err)
	}
	s.delivery = row.ID
	return nil
}

func (s *Stream) markFirst(tx pgx.Tx, staff bool) error {
	var first []*job.Image
	for _, image := range s.files {
		if !staff && image.DeliveredAt == nil {
			first = append(first, image)
		}
	}
	if len(first) == 0 {
		return nil
	}
	now := s.all.now()
	fresh, err := s.all.jobs.LockImages(s.ctx, tx, s.job, first)
	if err != nil {
		return err
	}
	for _, image := range fresh {
		if image == nil || !image.Released() || !job.Decide(s.viewer, image.Job, image.State, now).Download {
			return fault.Refused()
		}
	}
	return queries.New(tx).MarkDelivered(s.ctx, queries.MarkDeliveredParams{TenantID: s.job.TenantID, JobID: s.job.ID, Now: &now, Ids: idsOf(first)})
}

// finish writes down how far the stream got. The client may be long gone.
func (s *Stream) finish() {
	if s.delivery == id.Nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), endTime)
	defer cancel()
	state := "CUT"
	if s.whole {
		state = "FINISHED"
	}
	err := queries.New(s.all.db).EndArchive(ctx, queries.EndArchiveParams{
		TenantID: s.job.TenantID, ID: s.delivery, State: state, BytesSent: s.sent, Now: s.all.now(),
	})
	if err != nil {
		s.all.log.LogAttrs(ctx, slog.LevelError, "the end of a delivery was not recorded",
			slog.String("delivery", s.delivery.String()), slog.String("state", state), slog.Int64("bytes", s.sent), slog.Any("error", err))
	}
}

// tellFinished tells that a customer has the whole archive, as far as a server can know: its last
// byte was sent. That nobody could be told is logged; the customer has the file all the same.
func (s *Stream) tellFinished() {
	if !s.whole || !s.last || len(s.all.heralds) == 0 || !job.Decide(s.viewer, s.job, job.None, s.all.now()).Choose {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), endTime)
	defer cancel()
	done := Finished{TenantID: s.job.TenantID, JobID: s.job.ID, AccountID: s.viewer.AccountID, Images: len(s.images)}
	err := pgx.BeginFunc(ctx, s.all.db, func(tx pgx.Tx) error {
		if s.delivery == id.Nil { // the end alone, which no picture is in: the rest may have come before
			took, err := queries.New(tx).TookArchive(ctx, queries.TookArchiveParams{
				TenantID: s.job.TenantID, AccountID: s.viewer.AccountID, JobID: s.job.ID, Since: s.all.now().Add(-ticketContinues),
			})
			if err != nil || !took {
				return fault.Database("look for what a customer has", err)
			}
		}
		for _, herald := range s.all.heralds {
			if err := herald.DownloadFinished(ctx, tx, done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.all.log.LogAttrs(ctx, slog.LevelError, "that a download was finished was not told",
			slog.String("job", s.job.ID.String()), slog.String("account", s.viewer.AccountID.String()), slog.Any("error", err))
	}
}
