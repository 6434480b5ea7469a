package graph

import (
	"context"
	"time"

	"pixgate/graph/model"
	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// mentionBookings notes what bookings name, and that their jobs name them.
func (req *request) mentionBookings(bookings ...*booking.Booking) {
	req.mentionPeople(bookings)
	for _, b := range bookings {
		req.bookedJobs.note(&b.ID)
		req.bookings.note(&b.ID)
	}
}

func (req *request) mentionPeople(bookings []*booking.Booking) {
	for _, b := range bookings {
		req.people.note(&b.AccountID)
		req.people.note(b.PhotographerID)
	}
}

// Whoever reads bookings notes no jobs meanwhile, and the other way round: two fields that
// are resolved side by side would wait for each other. Both are noted with the list.

// bookingOf returns the booking of a job, read with those of the jobs that it was listed
// with; nil for none and for one that the viewer may not see.
func (r *Resolver) bookingOf(ctx context.Context, j *job.Job) (*booking.Booking, error) {
	req := requestFrom(ctx)
	return req.bookings.get(j.BookingID, func(ids []id.ID) ([]*booking.Booking, error) {
		bookings, err := r.Bookings.ByIDs(ctx, req.viewer, ids)
		req.mentionPeople(bookings)
		return bookings, err
	}, func(b *booking.Booking) id.ID { return b.ID })
}

// jobOf is the same the other way round.
func (r *Resolver) jobOf(ctx context.Context, b *booking.Booking) (*job.Job, error) {
	req := requestFrom(ctx)
	return req.bookedJobs.get(&b.ID, func(ids []id.ID) ([]*job.Job, error) {
		jobs, err := r.Jobs.ByBookings(ctx, req.viewer, ids)
		req.together(jobs)
		return jobs, err
	}, func(j *job.Job) id.ID { return *j.BookingID })
}

// fromListedStaff refuses admins from an address that they may not act from, where a
// mutation is everybody's.
func (r *Resolver) fromListedStaff(ctx context.Context) error {
	if !requestFrom(ctx).viewer.Role.AtLeast(account.Admin) {
		return nil
	}
	return r.fromListed(ctx)
}

// assigned reads what was assigned as it is now.
func (r *Resolver) assigned(ctx context.Context, done job.Assigned) (*model.AssignPhotographerPayload, error) {
	payload, v := &model.AssignPhotographerPayload{UserErrors: []*model.UserError{}}, requestFrom(ctx).viewer
	if done.BookingID != nil {
		bookings, err := r.Bookings.ByIDs(ctx, v, []id.ID{*done.BookingID})
		if err != nil {
			return nil, err
		}
		for _, b := range bookings {
			payload.Booking = b
		}
	}
	if done.JobID != nil {
		jobs, err := r.Jobs.ByIDs(ctx, v, []id.ID{*done.JobID})
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			payload.Job = j
		}
	}
	return payload, nil
}

// dates are the elements of a list that has no null.
func dates(list []*time.Time) []time.Time {
	all := make([]time.Time, len(list))
	for i, one := range list {
		all[i] = *one
	}
	return all
}
