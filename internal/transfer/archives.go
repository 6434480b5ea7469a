package transfer

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/archive"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/picture"
	"pixgate/internal/secret"
)

// Sessions knows who holds a session, now. One that is not alive is UNAUTHENTICATED.
type Sessions interface {
	ByID(ctx context.Context, tenantID, sessionID id.ID) (account.Viewer, error)
}

// Security hears of what the studio's people must know. It waits for nobody.
type Security interface {
	Record(i audit.Incident)
}

// Finished is an archive that the customer of its job got to its last byte.
type Finished struct {
	TenantID, JobID, AccountID id.ID
	Images                     int // within it
}

// Herald tells others of what has left, with a transaction of its own: what has left can't be
// taken back.
type Herald interface {
	DownloadFinished(ctx context.Context, tx pgx.Tx, f Finished) error
}

// Archives lets the released pictures of a job out as one ZIP file. It asks the
// release rule at every request, be it the first or a continuation, and again and
// again while a file is on its way.
type Archives struct {
	db       *pgxpool.Pool
	jobs     *job.Jobs
	store    *blob.Store
	sessions Sessions
	security Security
	tickets  secret.Ring
	heralds  []Herald
	slots    slots
	now      func() time.Time
	log      *slog.Logger
}

// ArchiveOptions are the parts that Archives works with.
type ArchiveOptions struct {
	DB       *pgxpool.Pool
	Jobs     *job.Jobs
	Store    *blob.Store
	Sessions Sessions
	Security Security
	Places   Places
	Tickets  secret.Ring // TICKET_SECRET
	Heralds  []Herald    // all hear
	Now      func() time.Time
	Log      *slog.Logger
}

// NewArchives returns the way out for whole jobs.
func NewArchives(o ArchiveOptions) *Archives {
	return &Archives{
		db: o.DB, jobs: o.Jobs, store: o.Store, sessions: o.Sessions, security: o.Security, tickets: o.Tickets, heralds: o.Heralds, now: o.Now, log: o.Log,
		slots: slots{places: o.Places},
	}
}

// ArchiveRequest says which pictures of which job are asked for, and by whom.
type ArchiveRequest struct {
	Viewer account.Viewer // who is signed in, and asks where there is no ticket
	Tenant id.ID          // whose studio the request is for
	JobID  string
	Images []string // nil: all that are released; else these, or none
	Ticket string   // of [Archives.Link]; it alone says who asks, where it is not empty
}

// byLink says that nothing but the ticket told that it is this person: who follows a link of their
// own and is signed in is no stranger.
func (r ArchiveRequest) byLink(v account.Viewer) bool {
	return r.Viewer.TenantID != v.TenantID || r.Viewer.AccountID != v.AccountID
}

// Archive is a ZIP file as it stands now. Nothing of it has been read.
type Archive struct {
	Filename string // safe to save under
	ETag     string // strong, in quotes: another one when a byte differs
	Size     int64  // bytes

	// MustContinue says that the ticket is too old to start a download with: what
	// has this ETag may be continued, nothing else.
	MustContinue bool

	all    *Archives
	viewer account.Viewer
	linked bool // see [ArchiveRequest.byLink]
	job    *job.Job
	images []*job.Image
	layout *archive.Layout
}

// AccountID is whose archive it is: who is signed in, or whom the ticket names.
func (a *Archive) AccountID() id.ID { return a.viewer.AccountID }

// Disposition is the archive's Content-Disposition.
func (a *Archive) Disposition() string { return blob.Attachment(a.Filename) }

// Open decides whether the pictures may leave, and lays their archive out. It
// delivers nothing.
func (s *Archives) Open(ctx context.Context, r ArchiveRequest) (*Archive, error) {
	a := &Archive{all: s, viewer: r.Viewer}
	if r.Ticket != "" {
		var err error
		if a.viewer, a.MustContinue, err = s.redeem(ctx, r); err != nil {
			return nil, err
		}
		a.linked = r.byLink(a.viewer)
	}
	var err error
	if a.job, err = s.jobs.ByID(ctx, a.viewer, r.JobID); err != nil {
		return nil, err
	}
	if a.images, err = s.jobs.ReleasedImages(ctx, a.viewer, a.job, r.Images); err != nil {
		return nil, err
	}
	if a.layout, err = layout(a.images); err != nil {
		return nil, err
	}
	sum := a.layout.Sum()
	a.ETag = `"` + hex.EncodeToString(sum[:16]) + `"`
	a.Size = a.layout.Size()
	a.Filename = picture.Filename(strings.ReplaceAll(a.job.Title, "/", "_") + ".zip")
	return a, nil
}

// layout depends on nothing but the pictures: the same ones make the same file,
// whoever asks, whenever, on whichever server.
func layout(images []*job.Image) (*archive.Layout, error) {
	names := make([]string, len(images))
	for i, image := range images {
		names[i] = image.Filename
	}
	entries := make([]archive.Entry, len(images))
	for i, name := range archive.Names(names) {
		image := images[i]
		taken := image.Job.CreatedAt
		if image.CapturedAt != nil {
			taken = *image.CapturedAt
		}
		entries[i] = archive.Entry{Name: name, Size: image.Size, CRC32: image.CRC32, Modified: taken, SHA256: image.SHA256}
	}
	return archive.New(entries)
}

// Check refuses where [Archives.Open] would, for somebody who may see the job.
func (s *Archives) Check(ctx context.Context, v account.Viewer, j *job.Job, images []string) error {
	return s.jobs.HasReleasedImages(ctx, v, j, images)
}

// missing is the answer to an object that can't be read.
func missing(image *job.Image, cause error) error {
	away := fault.Away("storage", cause)
	away.Message = "The picture " + image.Filename + " (" + image.PublicID() + ") can't be read right now, so the archive would not be whole. Please try again later."
	away.RetryAfter = time.Minute
	return away
}

// damages are what can be wrong with an object that the storage gives, and how the
// security event calls it. A storage that does not answer is none of them.
var damages = []struct {
	cause  error
	detail string
}{{errChecksum, "checksum"}, {blob.ErrChanged, "changed"}, {blob.ErrNotFound, "missing"}}

// alarm tells the studio where somebody's bytes are not what we took in.
func (a *Archive) alarm(ctx context.Context, image *job.Image, cause error) {
	for _, damage := range damages {
		if !errors.Is(cause, damage.cause) {
			continue
		}
		a.all.log.LogAttrs(ctx, slog.LevelError, "a picture's object is missing or altered",
			slog.String("job", image.Job.ID.String()), slog.String("image", image.ID.String()), slog.Any("error", cause))
		a.all.security.Record(audit.Incident{
			Event: audit.ArchiveDamaged, TenantID: &a.job.TenantID, AccountID: &a.viewer.AccountID, Detail: damage.detail, RequestID: a.viewer.RequestID,
		})
		return
	}
}
