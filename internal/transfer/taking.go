package transfer

import (
	"context"
	"crypto/sha256"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/picture"
	"pixgate/queries"
)

// taking is how a file becomes a picture of a job, whichever way it came into the
// storage: read once, judged by its content, put where only the server writes, and
// last of all made a row.
type taking struct {
	store *blob.Store
	jobs  *job.Jobs
	now   func() time.Time
}

// file is an object to take in.
type file struct {
	tenantID, jobID id.ID
	key, etag       string // what must still lie there
	name            string // as it came, to be cleaned
	folder          string // where it will lie, with a slash at the end
	mark            string // over its previews
}

// stored is where a picture lies.
type stored struct {
	original, etag, small, medium string
}

// anywhere is the wish of a picture that goes behind the last one.
const anywhere = -1

// inspect reads the file once and judges it. What is no picture is a
// [picture.Refusal].
func (t taking) inspect(ctx context.Context, f file, o picture.Options) (*picture.Picture, error) {
	body, _, err := t.store.Get(ctx, f.key, blob.GetOptions{IfMatch: f.etag})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	o.Mark = f.mark
	return picture.Inspect(ctx, body, o)
}

// sum reads the file for its SHA-256 alone: a picture that was refused was not read
// to its end.
func (t taking) sum(ctx context.Context, f file) (sum [sha256.Size]byte, err error) {
	body, _, err := t.store.Get(ctx, f.key, blob.GetOptions{IfMatch: f.etag})
	if err != nil {
		return sum, err
	}
	defer body.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, body); err != nil {
		return sum, err
	}
	hash.Sum(sum[:0])
	return sum, nil
}

// at is where the file will lie.
func (f file) at() stored {
	return stored{original: f.folder + "original", small: f.folder + "small.jpg", medium: f.folder + "medium.jpg"}
}

// keep puts the picture there. A run after a crash writes the same again.
func (t taking) keep(ctx context.Context, f file, found *picture.Picture) (stored, error) {
	at := f.at()
	group, ctx := errgroup.WithContext(ctx) // one way to the storage instead of three
	group.Go(func() error {
		_, err := t.store.Put(ctx, at.small, "image/jpeg", found.Small.Data)
		return err
	})
	group.Go(func() error {
		_, err := t.store.Put(ctx, at.medium, "image/jpeg", found.Medium.Data)
		return err
	})
	group.Go(func() error {
		copied, err := t.store.Copy(ctx, f.key, at.original, f.etag)
		at.etag = copied.ETag
		return err
	})
	return at, group.Wait()
}

// insert makes it a picture of job j, at the place that is wished for, or behind the
// last one where that is taken. The job must be locked in tx: places are given to one
// at a time. Nil: the job has the same bytes already.
func (t taking) insert(ctx context.Context, tx pgx.Tx, j queries.Job, f file, place int32, found *picture.Picture, at stored) (*id.ID, error) {
	q, now := queries.New(tx), t.now()
	position, err := q.FreePosition(ctx, f.tenantID, f.jobID, place)
	if err != nil {
		return nil, fault.Database("find a place for an image", err)
	}
	row := queries.InsertImageParams{
		ID: id.New(now), TenantID: f.tenantID, JobID: f.jobID, Position: position,
		Filename: picture.Filename(f.name), ContentType: found.ContentType, Size: found.Size,
		Width: int32(found.Width), Height: int32(found.Height), CapturedAt: optional(found.CapturedAt),
		Sha256: found.SHA256[:], Crc32: int64(found.CRC32),
		ObjectKey: at.original, Etag: at.etag, SmallKey: at.small, MediumKey: at.medium,
		SourceKey: f.key, SourceEtag: f.etag, Now: now,
	}
	inserted, err := q.InsertImage(ctx, row)
	if err != nil {
		return nil, fault.Database("insert an image", err)
	}
	if inserted == 0 {
		return nil, nil
	}
	return &row.ID, t.jobs.TakenIn(ctx, tx, j, row.ID)
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
