package booking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// sameAgain is for how long the same booking again is taken for the same one: a second
// click, or an app that lost the answer.
const sameAgain = 10 * time.Minute

// mostADay is how many shoots one person may book within a day: each is mailed to all who run
// the studio, and whoever books and cancels in turn would fill their mailboxes.
const (
	mostADay = 30
	aDay     = 24 * time.Hour
)

// Wish is what a booking is made of. Whose it is the session says.
type Wish struct {
	Address        string      // of the property: one line, 1 to 500 characters
	Package        string      // key of one that the studio offers
	PreferredDates []time.Time // 1 to 5 days, midnights in UTC, from today on by the studio's calendar and at most two years ahead
	Notes          string      // at most 4,000 characters
	ContactPhone   string      // empty: none
}

func (w Wish) trimmed() Wish {
	w.Address, w.Package, w.Notes, w.ContactPhone = strings.TrimSpace(w.Address), strings.TrimSpace(w.Package), lines(w.Notes), strings.TrimSpace(w.ContactPhone)
	return w
}

func (w Wish) check(today time.Time) error {
	wrong := slices.Concat(
		checkAddress("input.address", w.Address),
		fault.Text("input.package", w.Package, 1, maxKey),
		checkDays("input.preferredDates", w.PreferredDates, today),
		checkLines("input.notes", w.Notes, 0, maxNotes),
		checkPhone("input.contactPhone", w.ContactPhone),
	)
	if wrong != nil {
		return fault.Invalid(wrong...)
	}
	return nil
}

// isOf reports whether a booking that still stands was made of the same.
func (w Wish) isOf(row queries.Booking) bool {
	stands := State(row.State) == Requested || State(row.State) == Confirmed
	return stands && row.Address == w.Address && row.Package == w.Package && row.Notes == w.Notes && row.ContactPhone == w.ContactPhone &&
		slices.EqualFunc(row.PreferredDates, w.PreferredDates, time.Time.Equal)
}

// Create books a shoot for the viewer, and has the viewer and the studio told by mail.
// The same once more within ten minutes, while that booking stands, is the same booking. It
// is RATE_LIMITED for who has booked thirty within a day, those that were cancelled included.
func (s *Bookings) Create(ctx context.Context, v account.Viewer, w Wish) (*Booking, []Refusal, error) {
	now := s.Now()
	if err := v.Good(now); err != nil {
		return nil, nil, err
	}
	today, err := s.today(ctx, v.TenantID)
	if err != nil {
		return nil, nil, err
	}
	w = w.trimmed()
	if err := w.check(today); err != nil {
		return nil, nil, err
	}
	var (
		made     *Booking
		refusals []Refusal
	)
	err = pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		made, refusals, err = s.create(ctx, tx, v, w, now)
		return err
	})
	return made, refusals, fault.Database("book", err)
}

func (s *Bookings) create(ctx context.Context, tx pgx.Tx, v account.Viewer, w Wish, now time.Time) (*Booking, []Refusal, error) {
	q := queries.New(tx)
	if err := standing(ctx, q, v, now); err != nil {
		return nil, nil, err
	}
	lately, err := q.BookingsSince(ctx, v.TenantID, v.AccountID, now.Add(-aDay))
	if err != nil {
		return nil, nil, fault.Database("look for the same booking", err)
	}
	for _, row := range lately { // the latest first
		if row.CreatedAt.After(now.Add(-sameAgain)) && w.isOf(row) {
			return fromRow(row), nil, nil
		}
	}
	if len(lately) >= mostADay {
		return nil, nil, fault.TooMany("You have booked very often within the last day. Please call the studio.", lately[mostADay-1].CreatedAt.Add(aDay).Sub(now))
	}
	row, err := q.InsertBooking(ctx, queries.InsertBookingParams{
		TenantID: v.TenantID, ID: id.New(now), AccountID: v.AccountID, Address: w.Address, Package: w.Package, PreferredDates: w.PreferredDates,
		Notes: w.Notes, ContactPhone: w.ContactPhone, Now: now,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, []Refusal{{Field: []string{"input", "package"}, Code: NotFound, Message: "The studio does not offer this package."}}, nil
	}
	if err != nil {
		return nil, nil, fault.Database("insert a booking", err)
	}
	return fromRow(row), nil, s.happened(ctx, tx, v, row, now)
}

// standing asks once more whether the viewer may book, now that the account is locked:
// whoever was blocked or erased since the request began books nothing.
func standing(ctx context.Context, q *queries.Queries, v account.Viewer, now time.Time) error {
	person, err := q.LockBooker(ctx, v.TenantID, v.AccountID)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.Refused()
	}
	if err != nil {
		return fault.Database("lock who books", err)
	}
	if person.ErasedAt != nil {
		return fault.SignedOut()
	}
	if person.VerifiedAt == nil {
		return fault.Refused()
	}
	v.BlockedAt, v.ValidUntil, v.Role = person.BlockedAt, person.ValidUntil, account.Role(person.Role)
	return v.Good(now)
}

// happened notes what a booking has come to, and queues the mails about it.
func (s *Bookings) happened(ctx context.Context, tx pgx.Tx, v account.Viewer, row queries.Booking, now time.Time) error {
	eventID := id.New(now)
	if err := queries.New(tx).InsertBookingEvent(ctx, queries.InsertBookingEventParams{
		ID: eventID, TenantID: row.TenantID, BookingID: row.ID, Number: row.Events, State: row.State,
		AccountID: v.AccountID, Now: now, RequestID: v.RequestID,
	}); err != nil {
		return fault.Database("note what happened to a booking", err)
	}
	return s.Queue.BookingMail(ctx, tx, eventID)
}

// today is the day by the calendar of a studio.
func (s *Bookings) today(ctx context.Context, tenantID id.ID) (time.Time, error) {
	tenant, err := s.Tenants.ByID(ctx, tenantID)
	if err != nil {
		return time.Time{}, err
	}
	place, err := time.LoadLocation(tenant.TimeZone)
	if err != nil {
		return time.Time{}, fmt.Errorf("the time zone of studio %s: %w", tenant.Slug, err)
	}
	return day(s.Now(), place), nil
}
