package job

import (
	"context"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/id"
)

// Adding is what a viewer may do with the uploads of a job.
type Adding struct {
	May bool // upload pictures
	All bool // see and end everybody's uploads, not only the own ones
}

// Adds says who may add pictures to job j: the studio's staff — admins, and the
// photographer it is assigned to — and, where the job allows it, its customer.
func Adds(v account.Viewer, j *Job, now time.Time) Adding {
	if !Decide(v, j, None, now).See {
		return Adding{}
	}
	if v.Role.AtLeast(account.Admin) || v.Role == account.Photographer && is(j.PhotographerID, v.AccountID) {
		return Adding{May: true, All: true}
	}
	return Adding{May: j.CustomerUploads && is(j.CustomerID, v.AccountID)}
}

// Closes says why nothing is added to a job with this status, at the field of the input that names it;
// nil where something may be.
func Closes(status Status, field ...string) *Refusal {
	switch status {
	case Open:
		return nil
	case Delivered:
		return &Refusal{Field: field, Code: JobDelivered, Message: "The job is delivered: no pictures are added any more."}
	}
	return &Refusal{Field: field, Code: JobClosed, Message: "The job is closed: nothing is added any more."}
}

// Quota is how something stands that is bounded: pictures, or bytes of them.
type Quota struct {
	Limit, Used, Remaining int64
	Bytes                  bool
}

// Turn waits until it is the caller's turn at a job, before a transaction locks it: see
// [turns]. give must be called.
func (s *Jobs) Turn(ctx context.Context, jobID id.ID) (give func(), err error) {
	return s.turns.take(ctx, []id.ID{jobID})
}
