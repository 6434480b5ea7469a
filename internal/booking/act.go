package booking

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Word is what the studio does to a booking.
type Word struct {
	Date    time.Time // the day of the shoot; only to confirm
	Message string    // what the client is told, at most 1,000 characters
	Reason  string    // for the audit log, at most 1,000 characters
}

func (w Word) check(leastMessage int, wrong ...fault.Field) error {
	wrong = slices.Concat(wrong, checkLines("input.message", w.Message, leastMessage, maxMessage), fault.Text("input.reason", w.Reason, 0, maxReason))
	if len(wrong) > 0 {
		return fault.Invalid(wrong...)
	}
	return nil
}

// Confirm says that the shoot takes place on a day, which need not be one that the client
// preferred. Of a booking that is confirmed already it changes day and message. Admins only.
func (s *Bookings) Confirm(ctx context.Context, v account.Viewer, bookingID string, w Word) (*Booking, []Refusal, error) {
	if err := v.Require(account.Admin, s.Now()); err != nil {
		return nil, nil, err
	}
	today, err := s.today(ctx, v.TenantID)
	if err != nil {
		return nil, nil, err
	}
	w.Message = lines(w.Message)
	if err := w.check(0, checkDay("input.date", w.Date, today)...); err != nil {
		return nil, nil, err
	}
	return s.act(ctx, v, bookingID, Confirm, w)
}

// Decline says that there will be no shoot, and why. Admins only.
func (s *Bookings) Decline(ctx context.Context, v account.Viewer, bookingID string, w Word) (*Booking, []Refusal, error) {
	if err := v.Require(account.Admin, s.Now()); err != nil {
		return nil, nil, err
	}
	w.Message = lines(w.Message)
	if err := w.check(1); err != nil {
		return nil, nil, err
	}
	return s.act(ctx, v, bookingID, Decline, w)
}

// Cancel calls a booking off: clients their own, admins any of the studio, with a message
// to the client.
func (s *Bookings) Cancel(ctx context.Context, v account.Viewer, bookingID string, w Word) (*Booking, []Refusal, error) {
	if err := v.Good(s.Now()); err != nil {
		return nil, nil, err
	}
	w.Message = lines(w.Message)
	var wrong []fault.Field
	if !v.Role.AtLeast(account.Admin) {
		const studios = "Only the studio gives one."
		if w.Message != "" {
			wrong = append(wrong, fault.Field{Path: "input.message", Code: fault.InvalidValue, Message: studios})
		}
		if w.Reason != "" {
			wrong = append(wrong, fault.Field{Path: "input.reason", Code: fault.InvalidValue, Message: studios})
		}
	}
	if err := w.check(0, wrong...); err != nil {
		return nil, nil, err
	}
	return s.act(ctx, v, bookingID, Cancel, w)
}

// actions are what the studio's acts are called in the audit log.
var actions = map[Act]audit.Action{Confirm: audit.BookingConfirmed, Decline: audit.BookingDeclined, Cancel: audit.BookingCancelled}

// act brings a booking to the state that an act comes to, with its event, its mails and,
// where the studio acts, its audit entry. Where it is so already, it does nothing.
func (s *Bookings) act(ctx context.Context, v account.Viewer, publicID string, act Act, w Word) (*Booking, []Refusal, error) {
	bookingID, ok := id.Booking.Parse(publicID)
	if !ok {
		bookingID = id.Nil // names nothing, and costs what an unknown one does
	}
	var (
		done     queries.Booking
		refusals []Refusal
	)
	err := pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		before, hasJob, err := Lock(ctx, tx, v.TenantID, bookingID)
		if err != nil {
			return err
		}
		if done = before; !v.Role.AtLeast(account.Admin) && before.AccountID != v.AccountID {
			return fault.Refused()
		}
		to, refusal := State(before.State).After(act, hasJob)
		if refusal != "" {
			refusals = Refuse(refusal)
			return nil
		}
		done, err = s.move(ctx, tx, v, before, to, act, w)
		return err
	})
	if err != nil || refusals != nil {
		return nil, refusals, fault.Database("change a booking", err)
	}
	return fromRow(done), nil, nil
}

func (s *Bookings) move(ctx context.Context, tx pgx.Tx, v account.Viewer, before queries.Booking, to State, act Act, w Word) (queries.Booking, error) {
	now, date := s.Now(), before.ConfirmedDate
	if act == Confirm {
		date = &w.Date
	}
	same := date == nil || before.ConfirmedDate != nil && before.ConfirmedDate.Equal(*date)
	if State(before.State) == to && (act != Confirm || same && before.Message == w.Message) {
		return before, nil
	}
	after, err := queries.New(tx).MoveBooking(ctx, queries.MoveBookingParams{
		TenantID: before.TenantID, ID: before.ID, State: string(to), ConfirmedDate: date, Message: w.Message, Now: now,
	})
	if err != nil {
		return before, fault.Database("move a booking", err)
	}
	if err := s.happened(ctx, tx, v, after, now); err != nil {
		return before, err
	}
	if !v.Role.AtLeast(account.Admin) {
		return after, nil // the event tells of it
	}
	return after, s.Audit.Append(ctx, tx, audit.Change{
		TenantID: v.TenantID, ActorID: &v.AccountID, Action: actions[act], AccountID: &before.AccountID,
		Old: standingOf(before), New: standingOf(after), Reason: w.Reason, RequestID: v.RequestID,
	})
}

// Lock locks a booking until tx ends, and tells whether it has become a job. A booking
// that the studio has not is refused.
func Lock(ctx context.Context, tx pgx.Tx, tenantID, bookingID id.ID) (row queries.Booking, hasJob bool, err error) {
	q := queries.New(tx)
	row, err = q.LockBooking(ctx, tenantID, bookingID)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, false, fault.Refused()
	}
	if err != nil {
		return row, false, fault.Database("lock a booking", err)
	}
	jobs, err := q.JobsOfBookings(ctx, tenantID, []id.ID{bookingID})
	return row, len(jobs) > 0, fault.Database("look for a booking's job", err)
}

// auditValue is how a booking stands, as the audit log keeps it: nothing that tells of a
// person or a place.
type auditValue struct {
	Booking string `json:"booking"`
	State   State  `json:"state"`
	Date    string `json:"date,omitempty"`
}

func standingOf(row queries.Booking) auditValue {
	value := auditValue{Booking: id.Booking.Format(row.ID), State: State(row.State)}
	if row.ConfirmedDate != nil {
		value.Date = row.ConfirmedDate.Format(time.DateOnly)
	}
	return value
}
