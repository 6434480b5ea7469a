package job

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// maxTitle is how long a job's title may be, in characters.
const maxTitle = 200

// CreateFromBooking makes the job of a confirmed booking, with the numbers of the package
// as it was booked, for whoever booked it and the photographer whom it is assigned to. A
// booking becomes one job: the call once more returns the one that there is. Without a
// title the job is called after the property. Admins only; leaves an audit entry.
func (s *Jobs) CreateFromBooking(ctx context.Context, v account.Viewer, publicID, title, reason string) (*Job, []Refusal, error) {
	if err := v.Require(account.Admin, s.now()); err != nil {
		return nil, nil, err
	}
	title = strings.TrimSpace(title)
	if wrong := append(fault.Text("input.title", title, 0, maxTitle), fault.Text("input.reason", reason, 0, MaxReason)...); wrong != nil {
		return nil, nil, fault.Invalid(wrong...)
	}
	bookingID, ok := id.Booking.Parse(publicID)
	if !ok {
		bookingID = id.Nil // names nothing, and costs what an unknown one does
	}
	var (
		made     queries.Job
		refusals []Refusal
	)
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		booked, hasJob, err := booking.Lock(ctx, tx, v.TenantID, bookingID)
		if err != nil {
			return err
		}
		if _, refusal := booking.State(booked.State).After(booking.MakeJob, hasJob); refusal != "" {
			refusals = refusalsOf(booking.Refuse(refusal))
			return nil
		}
		made, err = s.ofBooking(ctx, tx, v, booked, hasJob, title, reason)
		return err
	})
	if err != nil || refusals != nil {
		return nil, refusals, fault.Database("make a booking a job", err)
	}
	return fromRow(made), nil, nil
}

// ofBooking returns the job of a booking that is locked, made where there is none.
func (s *Jobs) ofBooking(ctx context.Context, tx pgx.Tx, v account.Viewer, booked queries.Booking, hasJob bool, title, reason string) (made queries.Job, err error) {
	q := queries.New(tx)
	if hasJob {
		jobs, err := q.JobsOfBookings(ctx, v.TenantID, []id.ID{booked.ID})
		if err != nil || len(jobs) == 0 {
			return made, fault.Database("read a booking's job", err)
		}
		return jobs[0], nil
	}
	if title == "" {
		address := []rune(booked.Address)
		title = string(address[:min(len(address), maxTitle)])
	}
	now := s.now()
	made, err = q.InsertJobOfBooking(ctx, queries.InsertJobOfBookingParams{
		TenantID: v.TenantID, ID: id.New(now), Title: title, Now: now, BookingID: booked.ID,
	})
	if err != nil {
		return made, fault.Database("insert a booking's job", err)
	}
	return made, s.audit.Append(ctx, tx, audit.Change{
		TenantID: v.TenantID, ActorID: &v.AccountID, Action: audit.JobCreated, JobID: &made.ID, Reason: reason, RequestID: v.RequestID,
		New: struct {
			IncludedImages    int32  `json:"includedImages"`
			AllImagesIncluded bool   `json:"allImagesIncluded"`
			SellsExtras       bool   `json:"sellsExtras"`
			Booking           string `json:"booking"`
		}{made.IncludedImages, made.AllImagesIncluded, made.SellsExtras, id.Booking.Format(booked.ID)},
	})
}

// ByBookings returns those of the bookings' jobs that the viewer may see, in no order.
func (s *Jobs) ByBookings(ctx context.Context, v account.Viewer, bookings []id.ID) ([]*Job, error) {
	if err := v.Good(s.now()); err != nil {
		return nil, err
	}
	rows, err := queries.New(s.db).JobsOfBookings(ctx, v.TenantID, bookings)
	if err != nil {
		return nil, fault.Database("read the jobs of bookings", err)
	}
	jobs := make([]*Job, 0, len(rows))
	for _, row := range rows {
		if j := fromRow(row); Decide(v, j, None, s.now()).See {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

func refusalsOf(refusals []booking.Refusal) []Refusal {
	all := make([]Refusal, len(refusals))
	for i, one := range refusals {
		all[i] = Refusal{Field: one.Field, Code: one.Code, Message: one.Message}
	}
	return all
}
