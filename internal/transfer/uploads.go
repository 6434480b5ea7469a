package transfer

import (
	"context"
	"encoding/hex"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/queries"
)

const (
	// MaxUpload is how large a file may be, in bytes.
	MaxUpload = 200 << 20
	// MaxSingle is up to which size a file goes up by one PUT, in bytes.
	MaxSingle = 16 << 20
	// maxGuest is how many uploads a customer may have open in a job at once.
	maxGuest = 100
	// PartSize is how large the parts of a larger one are but the last, in bytes.
	PartSize = 8 << 20

	// uploadLinkTTL is how long a link for uploading works: a slow line takes minutes
	// for 16 MiB, and a request that has begun within that time may end after it.
	uploadLinkTTL = blob.MaxTTL
	// uploadLife is how long an upload waits for its uploader after it was last signed.
	uploadLife = 24 * time.Hour
	// verifyLife is how long an upload that is being taken in is left alone before it
	// is queued again.
	verifyLife = 10 * time.Minute
)

// UploadMethod is how a file goes up.
type UploadMethod string

// The methods.
const (
	ByPut   UploadMethod = "PUT"   // by one PUT
	ByParts UploadMethod = "PARTS" // in parts, each by a PUT
)

// Upload is a file that somebody announced for a job.
type Upload struct {
	ID          id.ID
	JobID       id.ID
	AccountID   id.ID
	State       UploadState
	Filename    string // as it was announced, cleaned
	ContentType string
	Size        int64 // bytes
	SHA256      [32]byte
	ImageID     *id.ID // only when it is READY
	Rejection   *Rejection
	CreatedAt   time.Time

	tenantID  id.ID
	partSize  int64
	multipart string // empty: not begun
	readAt    time.Time
}

// Rejection says why an upload did not become a picture.
type Rejection struct {
	Code    string // for programs, such as CHECKSUM_MISMATCH
	Message string // for a person
}

// PublicID is how callers name the upload.
func (u *Upload) PublicID() string { return id.Upload.Format(u.ID) }

// Checksum is the announced SHA-256 in hexadecimal.
func (u *Upload) Checksum() string { return hex.EncodeToString(u.SHA256[:]) }

// Cursor is the upload's place in lists of uploads.
func (u *Upload) Cursor() page.Cursor {
	return page.Cursor{Key: u.CreatedAt.UnixMicro(), ID: u.ID}
}

// Method is how the file goes up.
func (u *Upload) Method() UploadMethod {
	if u.partSize > 0 {
		return ByParts
	}
	return ByPut
}

// PartSize is how large each part is but the last, which is what remains; nil where
// there are none.
func (u *Upload) PartSize() *int64 {
	if u.partSize == 0 {
		return nil
	}
	return &u.partSize
}

// parts is how many there are.
func (u *Upload) parts() int { return int((u.Size + u.partSize - 1) / u.partSize) }

// sizeOf is how large part number is, from 1.
func (u *Upload) sizeOf(number int) int64 {
	return min(u.partSize, u.Size-int64(number-1)*u.partSize)
}

// ExpiresAt is until when links work that are made for it now; nil when it takes no bytes any more.
func (u *Upload) ExpiresAt() *time.Time {
	if u.State != Pending {
		return nil
	}
	until := u.readAt.Add(uploadLinkTTL).Truncate(time.Second)
	return &until
}

// staging is where all uploads lie that are not taken in yet. Nothing is ever read from
// here to a customer, and no key anywhere else is ever signed for a PUT.
const staging = "uploads/"

func stagingKey(uploadID id.ID) string { return staging + id.Upload.Format(uploadID) }

func uploadFrom(row *queries.Upload, now time.Time) *Upload {
	u := &Upload{
		ID: row.ID, JobID: row.JobID, AccountID: row.AccountID, State: UploadState(row.State), Filename: row.Filename, ContentType: row.ContentType,
		Size: row.Size, SHA256: [32]byte(row.Sha256), ImageID: row.ImageID, CreatedAt: row.CreatedAt, partSize: row.PartSize, readAt: now,
		tenantID: row.TenantID,
	}
	if row.Multipart != nil {
		u.multipart = *row.Multipart
	}
	if row.Rejection != nil && row.Explanation != nil {
		u.Rejection = &Rejection{Code: *row.Rejection, Message: *row.Explanation}
	}
	return u
}

// UploadQueue has an upload taken in after the transaction commits, until that is done. ahead is
// how many of the studio's wait for that already, of which mostAhead are counted.
type UploadQueue interface {
	TakeUpload(ctx context.Context, tx pgx.Tx, uploadID id.ID, ahead int) error
}

// mostAhead is how many of a studio's are counted that stand before another one of it.
const mostAhead = 1000

// enqueue has an upload taken in that waits for it.
func (s *Uploads) enqueue(ctx context.Context, tx pgx.Tx, tenantID, uploadID id.ID) error {
	waiting, err := queries.New(tx).UploadsToTake(ctx, tenantID, mostAhead+1)
	if err != nil {
		return fault.Database("count the uploads that wait", err)
	}
	return s.Queue.TakeUpload(ctx, tx, uploadID, int(waiting)-1) // it is one of them
}

// UploadFailures counts what went wrong with the uploads of a session, and of an
// address, which it knows by a name of its own. It waits for nobody for long.
type UploadFailures interface {
	Count(ctx context.Context, sessionID id.ID, address string)
}

// UploadOptions are the parts that Uploads works with. All are required but the sizes.
type UploadOptions struct {
	DB       *pgxpool.Pool
	Jobs     *job.Jobs
	Store    *blob.Store
	Tenants  *account.Tenants
	Queue    UploadQueue
	Security Security
	Failures UploadFailures
	Now      func() time.Time
	Log      *slog.Logger

	Single, Part int64 // instead of MaxSingle and PartSize
}

// Uploads lets pictures in. Bytes go straight into the storage: it decides, signs,
// checks and takes in.
type Uploads struct {
	UploadOptions
	taking taking
}

// NewUploads returns the way in.
func NewUploads(o UploadOptions) *Uploads {
	if o.Single == 0 {
		o.Single = MaxSingle
	}
	if o.Part == 0 {
		o.Part = PartSize
	}
	return &Uploads{UploadOptions: o, taking: taking{o.Store, o.Jobs, o.Now}}
}

// locked runs do in a transaction that holds the lock of a job: whatever counts its
// pictures or moves its uploads goes one after another.
func (s *Uploads) locked(ctx context.Context, tenantID, jobID id.ID, doing string, do func(tx pgx.Tx, q *queries.Queries, j queries.Job) error) error {
	give, err := s.Jobs.Turn(ctx, jobID)
	if err != nil {
		return err
	}
	defer give()
	return fault.Database(doing, pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		q := queries.New(tx)
		j, err := q.LockJob(ctx, tenantID, jobID)
		if err != nil {
			return err
		}
		return do(tx, q, j)
	}))
}

// move is the one place where an upload changes its state, with its job locked by
// [Uploads.locked]. fill says what the new state comes with.
func (s *Uploads) move(ctx context.Context, q *queries.Queries, tenantID, uploadID id.ID, event uploadEvent, fill func(*queries.MoveUploadParams)) (queries.Upload, verdict, error) {
	row, err := q.LockUpload(ctx, tenantID, uploadID)
	if err != nil {
		return row, tooLate, err
	}
	to, said := UploadState(row.State).after(event)
	if said != moves {
		return row, said, nil
	}
	now := s.Now()
	params := queries.MoveUploadParams{TenantID: tenantID, ID: uploadID, State: string(to), DueAt: now.Add(verifyLife)}
	if !to.open() {
		params.EndedAt = &now
	}
	if fill != nil {
		fill(&params)
	}
	row, err = q.MoveUpload(ctx, params)
	return row, said, err
}

// incident records what happened to an upload.
func (s *Uploads) incident(event audit.Event, tenantID, accountID id.ID, detail string) {
	s.Security.Record(audit.Incident{Event: event, TenantID: &tenantID, AccountID: &accountID, Detail: detail})
}

// failed counts an upload among those that went wrong.
func (s *Uploads) failed(ctx context.Context, row queries.Upload) {
	s.Failures.Count(ctx, row.SessionID, row.AddressKey)
}

// away says that the storage is needed and not there.
func away(doing string, err error) error {
	return fault.Away("storage, to "+doing, err)
}
