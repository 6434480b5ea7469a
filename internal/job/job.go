// Package job holds the photo jobs and their pictures, and the rule that says
// who may have which picture (release.go).
package job

import (
	"encoding/hex"
	"time"

	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Status says how far a job is.
type Status string

// The statuses.
const (
	Open      Status = "OPEN"
	Delivered Status = "DELIVERED"
	Closed    Status = "CLOSED"
)

// Job is the pictures of one property for one customer.
type Job struct {
	ID                id.ID
	TenantID          id.ID
	CustomerID        *id.ID // nil until the customer's address is proven
	PhotographerID    *id.ID // nil: assigned to nobody
	BookingID         *id.ID // that it was made of; nil: of none
	Title             string
	Status            Status
	IncludedImages    int
	AllImagesIncluded bool
	SellsExtras       bool // whether pictures past the package can be bought
	CustomerUploads   bool // whether its customer may add pictures
	ImageCount        int
	Package           PackageUse
	CreatedAt         time.Time
}

// PackageUse is what has become of a job's package, in pictures. Used and Remaining
// always add up to Included.
type PackageUse struct {
	Included      int // places that the package has
	Used          int // of them, by pictures that are [Included]
	Remaining     int
	ExtrasPending int // chosen past the package, not yet paid
	ExtrasPaid    int
	ExtrasFree    int
	Delivered     int // that the customer got a way to, whatever their state is now
}

// PublicID is how callers name the job.
func (j *Job) PublicID() string { return id.Job.Format(j.ID) }

// Cursor is the job's place in lists of jobs.
func (j *Job) Cursor() page.Cursor {
	return page.Cursor{Key: j.CreatedAt.UnixMicro(), ID: j.ID}
}

// Image is a picture of a job.
type Image struct {
	ID          id.ID
	Job         *Job
	Position    int
	Filename    string
	ContentType string
	Size        int64 // bytes
	Width       int   // pixels, upright
	Height      int
	CapturedAt  *time.Time
	SHA256      [32]byte
	CRC32       uint32
	ObjectKey   string
	ETag        string
	SmallKey    string // previews
	MediumKey   string
	State       SelectionState
	DeliveredAt *time.Time
}

// PublicID is how callers name the picture.
func (i *Image) PublicID() string { return id.Image.Format(i.ID) }

// AppendPublicID writes PublicID to dst.
func (i *Image) AppendPublicID(dst []byte) []byte { return id.Image.Append(dst, i.ID) }

// Cursor is the picture's place in its job.
func (i *Image) Cursor() page.Cursor {
	return page.Cursor{Key: int64(i.Position), ID: i.ID}
}

// Released reports whether the job's customer may download it.
func (i *Image) Released() bool {
	released, _ := Release(i.State, i.Job.AllImagesIncluded)
	return released
}

// ReleaseReason says why the job's customer may download it, or why not.
func (i *Image) ReleaseReason() ReleaseReason {
	_, reason := Release(i.State, i.Job.AllImagesIncluded)
	return reason
}

// Checksum is the SHA-256 of the original in hexadecimal.
func (i *Image) Checksum() string { return hex.EncodeToString(i.SHA256[:]) }

func fromRow(row queries.Job) *Job {
	return &Job{
		ID: row.ID, TenantID: row.TenantID, CustomerID: row.AccountID, PhotographerID: row.PhotographerID, BookingID: row.BookingID,
		Title: row.Title, Status: Status(row.Status),
		IncludedImages: int(row.IncludedImages), AllImagesIncluded: row.AllImagesIncluded, SellsExtras: row.SellsExtras,
		CustomerUploads: row.CustomerUploads,
		ImageCount:      int(row.ImageCount), CreatedAt: row.CreatedAt,
		Package: PackageUse{
			Included: int(row.IncludedImages), Used: int(row.IncludedCount), Remaining: int(row.IncludedImages - row.IncludedCount),
			ExtrasPending: int(row.ExtraPendingCount), ExtrasPaid: int(row.ExtraPaidCount), ExtrasFree: int(row.ExtraFreeCount),
			Delivered: int(row.DeliveredCount),
		},
	}
}

func (i *Image) fill(row *queries.Image, j *Job) {
	*i = Image{
		ID: row.ID, Job: j, Position: int(row.Position), Filename: row.Filename, ContentType: row.ContentType,
		Size: row.Size, Width: int(row.Width), Height: int(row.Height), CapturedAt: row.CapturedAt,
		SHA256: [32]byte(row.Sha256), CRC32: uint32(row.Crc32),
		ObjectKey: row.ObjectKey, ETag: row.Etag, SmallKey: row.SmallKey, MediumKey: row.MediumKey,
		State: SelectionState(row.SelectionState), DeliveredAt: row.DeliveredAt,
	}
}
