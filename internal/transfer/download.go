// Package transfer moves pictures out of the house and into it. Every way out —
// a link, the image route — is one call of [Downloads.Grant], which asks the
// release rule about each picture before a byte or a link of it exists.
package transfer

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// Way is how a picture leaves.
type Way string

// The ways.
const (
	ByURL   Way = "URL"   // a link that the API gave
	ByRoute Way = "ROUTE" // the image route
)

// Downloads lets released pictures out.
type Downloads struct {
	db     *pgxpool.Pool
	jobs   *job.Jobs
	signer *blob.Signer
	ttl    time.Duration
	now    func() time.Time
}

// NewDownloads returns the way out. Links live for ttl: minutes, not days.
func NewDownloads(db *pgxpool.Pool, jobs *job.Jobs, signer *blob.Signer, ttl time.Duration, now func() time.Time) *Downloads {
	return &Downloads{db: db, jobs: jobs, signer: signer, ttl: ttl, now: now}
}

// Grant decides about each picture and returns signed links to the originals, in
// the order of images; nil where the viewer may not download it. Before it
// returns, the delivery is recorded, in one row for each job, and what the
// customer got for the first time is marked. An error means that nobody got
// anything.
func (d *Downloads) Grant(ctx context.Context, v account.Viewer, way Way, images []*job.Image) ([][]byte, error) {
	now := d.now()
	granted := make([]bool, len(images))
	for i, image := range images {
		granted[i] = job.Decide(v, image.Job, image.State, now).Download
	}
	if err := d.record(ctx, v, way, images, granted, now); err != nil {
		return nil, err
	}
	return d.sign(images, granted, now)
}

// usualURL is about how long a link is, so that a page of them is one allocation.
const usualURL = 640

func (d *Downloads) sign(images []*job.Image, granted []bool, now time.Time) ([][]byte, error) {
	batch, err := d.signer.At(now, d.ttl)
	if err != nil {
		return nil, err
	}
	urls := make([][]byte, len(images))
	buffer := make([]byte, 0, len(images)*usualURL)
	for i, image := range images {
		if !granted[i] {
			continue
		}
		start := len(buffer)
		buffer = batch.AppendGet(buffer, image.ObjectKey, blob.Attachment(image.Filename), image.ContentType)
		if len(buffer) == start {
			return nil, fmt.Errorf("image %s lies where no link leads", image.ID)
		}
		urls[i] = buffer[start:len(buffer):len(buffer)]
	}
	return urls, nil
}

// ImageURL is Grant for the one picture that a caller names, as the image route
// needs it.
func (d *Downloads) ImageURL(ctx context.Context, v account.Viewer, imageID string) (string, error) {
	image, err := d.jobs.ImageByID(ctx, v, imageID)
	if err != nil {
		return "", err
	}
	urls, err := d.Grant(ctx, v, ByRoute, []*job.Image{image})
	if err != nil {
		return "", err
	}
	if urls[0] == nil {
		return "", fault.Refused()
	}
	return string(urls[0]), nil
}

// CheckImage decides as ImageURL does, and delivers nothing.
func (d *Downloads) CheckImage(ctx context.Context, v account.Viewer, imageID string) error {
	image, err := d.jobs.ImageByID(ctx, v, imageID)
	if err != nil {
		return err
	}
	if !job.Decide(v, image.Job, image.State, d.now()).Download {
		return fault.Refused()
	}
	return nil
}

// PreviewURL returns a signed link to a small rendition, for whoever may see the
// job; ok is false for everybody else and where the picture is blocked.
func (d *Downloads) PreviewURL(v account.Viewer, image *job.Image, small bool) (url string, ok bool) {
	now := d.now()
	if image.State == job.Blocked || !job.Decide(v, image.Job, image.State, now).See {
		return "", false
	}
	batch, err := d.signer.At(now, d.ttl)
	if err != nil {
		return "", false
	}
	key := image.MediumKey
	if small {
		key = image.SmallKey
	}
	return string(batch.AppendGet(nil, key, "", "image/jpeg")), true
}

// record writes down what is granted, a row for each job.
func (d *Downloads) record(ctx context.Context, v account.Viewer, way Way, images []*job.Image, granted []bool, now time.Time) error {
	for start := 0; start < len(images); {
		end := start + 1
		for end < len(images) && images[end].Job.ID == images[start].Job.ID {
			end++
		}
		if err := d.recordJob(ctx, v, way, images[start:end], granted[start:end], now); err != nil {
			return fault.Database("record a delivery", err)
		}
		start = end
	}
	return nil
}

// recordJob records the pictures of one job. Those that the customer gets for the
// first time are read and decided anew with the job locked: a picture can't be
// given away and deselected at the same time.
func (d *Downloads) recordJob(ctx context.Context, v account.Viewer, way Way, images []*job.Image, granted []bool, now time.Time) error {
	j := images[0].Job
	staff := job.Decide(v, j, job.None, now).Staff
	if !hasFirst(images, granted, staff) {
		return write(ctx, queries.New(d.db), v, way, images, granted, now)
	}
	return pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		fresh, err := d.jobs.LockImages(ctx, tx, j, images)
		if err != nil {
			return err
		}
		var first []id.ID
		for i, image := range fresh {
			granted[i] = granted[i] && image != nil && job.Decide(v, image.Job, image.State, now).Download
			if granted[i] && image.DeliveredAt == nil && image.Released() {
				first = append(first, image.ID)
				images[i].DeliveredAt = &now
			}
		}
		q := queries.New(tx)
		if err := q.MarkDelivered(ctx, queries.MarkDeliveredParams{TenantID: j.TenantID, JobID: j.ID, Now: &now, Ids: first}); err != nil {
			return err
		}
		return write(ctx, q, v, way, images, granted, now)
	})
}

// hasFirst reports whether the customer gets one of the pictures for the first time.
func hasFirst(images []*job.Image, granted []bool, staff bool) bool {
	for i, image := range images {
		if granted[i] && !staff && image.DeliveredAt == nil && image.Released() {
			return true
		}
	}
	return false
}

func write(ctx context.Context, q *queries.Queries, v account.Viewer, way Way, images []*job.Image, granted []bool, now time.Time) error {
	ids := make([]id.ID, 0, len(images))
	for i, image := range images {
		if granted[i] {
			ids = append(ids, image.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	j := images[0].Job
	return q.RecordDelivery(ctx, queries.RecordDeliveryParams{
		ID: id.New(now), TenantID: j.TenantID, JobID: j.ID, AccountID: v.AccountID, Staff: job.Decide(v, j, job.None, now).Staff,
		Way: string(way), ImageIds: ids, RequestID: v.RequestID, Now: now,
	})
}
