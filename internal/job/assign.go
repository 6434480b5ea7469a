package job

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Assignment says who takes the pictures of a booking or a job. One of the two is named; the
// other, where there is one, is assigned with it.
type Assignment struct {
	BookingID         *string
	JobID             *string
	PhotographerEmail *string // nil: nobody any more
	Reason            string  // for the audit log, at most MaxReason characters
}

// Assigned is what was assigned; nil for what there is not.
type Assigned struct {
	BookingID, JobID *id.ID
}

func (a Assignment) check() (photographer account.Address, err error) {
	wrong := fault.Text("input.reason", a.Reason, 0, MaxReason)
	if (a.BookingID == nil) == (a.JobID == nil) {
		wrong = append(wrong, fault.Field{Path: "input.bookingId", Code: fault.InvalidValue, Message: "Name either a booking or a job."})
	}
	if a.PhotographerEmail != nil {
		var ok bool
		if photographer, ok = account.ParseAddress(*a.PhotographerEmail); !ok {
			wrong = append(wrong, fault.Field{Path: "input.photographerEmail", Code: fault.InvalidValue, Message: "Give one plain address, such as name@example.com."})
		}
	}
	if wrong != nil {
		return photographer, fault.Invalid(wrong...)
	}
	return photographer, nil
}

// Assign assigns a booking and its job to a photographer, or to nobody any more. Whoever
// had it sees it no longer. Admins only; leaves an audit entry for each of the two that changes.
func (s *Jobs) Assign(ctx context.Context, v account.Viewer, a Assignment) (Assigned, []Refusal, error) {
	if err := v.Require(account.Admin, s.now()); err != nil {
		return Assigned{}, nil, err
	}
	address, err := a.check()
	if err != nil {
		return Assigned{}, nil, err
	}
	var (
		done     Assigned
		refusals []Refusal
	)
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		act := assigning{Jobs: s, tx: tx, q: queries.New(tx), viewer: v, reason: a.Reason}
		if err := act.lock(ctx, a); err != nil {
			return err
		}
		if a.PhotographerEmail != nil {
			found, refused, err := findPhotographer(ctx, act.q, v.TenantID, address)
			if err != nil || refused != nil {
				refusals = refused
				return err
			}
			act.to = &found
		}
		done, refusals, err = act.assign(ctx)
		return err
	})
	return done, refusals, fault.Database("assign a photographer", err)
}

// assigning is one transaction that assigns.
type assigning struct {
	*Jobs
	tx     pgx.Tx
	q      *queries.Queries
	viewer account.Viewer
	reason string
	to     *id.ID

	booked *queries.Booking // locked; nil: the job is of none
	job    *queries.Job     // likewise; nil: the booking is none yet
}

// lock locks what is named and what belongs to it, the booking first: so does whoever makes
// it a job.
func (a *assigning) lock(ctx context.Context, named Assignment) error {
	var bookingID, jobID id.ID
	var ofBooking *id.ID
	if named.JobID != nil {
		var ok bool
		if jobID, ok = id.Job.Parse(*named.JobID); !ok {
			jobID = id.Nil // names nothing, and costs what an unknown one does
		}
		rows, err := a.q.JobsByID(ctx, a.viewer.TenantID, []id.ID{jobID})
		if err != nil {
			return fault.Database("read a job", err)
		}
		if len(rows) == 0 {
			return fault.Refused()
		}
		ofBooking = rows[0].BookingID // it never changes
	} else {
		var ok bool
		if bookingID, ok = id.Booking.Parse(*named.BookingID); !ok {
			bookingID = id.Nil
		}
		ofBooking = &bookingID
	}
	if ofBooking != nil {
		row, hasJob, err := booking.Lock(ctx, a.tx, a.viewer.TenantID, *ofBooking)
		if err != nil {
			return err
		}
		a.booked = &row
		if hasJob && jobID == id.Nil {
			rows, err := a.q.JobsOfBookings(ctx, a.viewer.TenantID, []id.ID{row.ID})
			if err != nil || len(rows) == 0 {
				return fault.Database("read a booking's job", err)
			}
			jobID = rows[0].ID
		}
	}
	if jobID == id.Nil {
		return nil
	}
	row, err := a.q.LockJob(ctx, a.viewer.TenantID, jobID)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.Refused()
	}
	a.job = &row
	return fault.Database("lock a job", err)
}

// assign assigns both, and writes what changed.
func (a *assigning) assign(ctx context.Context) (done Assigned, refusals []Refusal, err error) {
	var entries []audit.Change
	if b := a.booked; b != nil {
		done.BookingID = &b.ID
		if _, refusal := booking.State(b.State).After(booking.Assign, a.job != nil); refusal != "" {
			return Assigned{}, refusalsOf(booking.Refuse(refusal)), nil
		}
		if !same(b.PhotographerID, a.to) {
			if err := a.q.AssignBooking(ctx, queries.AssignBookingParams{TenantID: b.TenantID, ID: b.ID, PhotographerID: a.to, Now: a.now()}); err != nil {
				return done, nil, fault.Database("assign a booking", err)
			}
			entries = append(entries, a.entry(audit.BookingAssigned, b.PhotographerID, id.Booking.Format(b.ID)))
			entries[0].AccountID = &b.AccountID
		}
	}
	if j := a.job; j != nil {
		done.JobID = &j.ID
		if !same(j.PhotographerID, a.to) {
			if err := a.q.AssignJob(ctx, j.TenantID, j.ID, a.to); err != nil {
				return done, nil, fault.Database("assign a job", err)
			}
			entry := a.entry(audit.JobAssigned, j.PhotographerID, "")
			entry.JobID = &j.ID
			entries = append(entries, entry)
		}
	}
	return done, nil, a.audit.Append(ctx, a.tx, entries...)
}

func same(a, b *id.ID) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// photographerValue is who takes the pictures, as the audit log keeps it.
type photographerValue struct {
	Photographer *string `json:"photographer"` // null: nobody
	Booking      string  `json:"booking,omitempty"`
}

func (a *assigning) entry(action audit.Action, before *id.ID, bookingID string) audit.Change {
	value := func(who *id.ID) photographerValue {
		if who == nil {
			return photographerValue{Booking: bookingID}
		}
		return photographerValue{new(id.Account.Format(*who)), bookingID}
	}
	return audit.Change{
		TenantID: a.viewer.TenantID, ActorID: &a.viewer.AccountID, Action: action,
		Old: value(before), New: value(a.to), Reason: a.reason, RequestID: a.viewer.RequestID,
	}
}
