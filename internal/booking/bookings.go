package booking

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Queue takes over, in the transaction of an event, the task that mails what happened.
type Queue interface {
	BookingMail(ctx context.Context, tx pgx.Tx, eventID id.ID) error
}

// Options are what Bookings work with; all are required.
type Options struct {
	DB      *pgxpool.Pool
	Tenants *account.Tenants
	Audit   *audit.Log
	Queue   Queue
	Now     func() time.Time
}

// Bookings reads and changes the bookings of a studio.
type Bookings struct{ Options }

// New returns Bookings.
func New(o Options) *Bookings { return &Bookings{o} }

// ByIDs returns those of the bookings that the viewer may see, in no order.
func (s *Bookings) ByIDs(ctx context.Context, v account.Viewer, ids []id.ID) ([]*Booking, error) {
	if err := v.Good(s.Now()); err != nil {
		return nil, err
	}
	rows, err := queries.New(s.DB).BookingsByID(ctx, v.TenantID, ids)
	if err != nil {
		return nil, fault.Database("read bookings", err)
	}
	return s.visible(v, rows), nil
}

// visible leaves out what the viewer may not see: the rule has the last word, whatever
// a query asked for.
func (s *Bookings) visible(v account.Viewer, rows []queries.Booking) []*Booking {
	bookings := make([]*Booking, 0, len(rows))
	for _, row := range rows {
		if b := fromRow(row); See(v, b, s.Now()) {
			bookings = append(bookings, b)
		}
	}
	return bookings
}

// Filter says which bookings are asked for; the zero Filter is all.
type Filter struct {
	Status *State
}

// List returns a page of the viewer's bookings, newest first, and whether more follow:
// a client's own, for photographers the assigned ones too, for admins the studio's.
func (s *Bookings) List(ctx context.Context, v account.Viewer, filter Filter, w page.Window) (bookings []*Booking, more bool, err error) {
	if err := v.Good(s.Now()); err != nil {
		return nil, false, err
	}
	before, beforeID := endOfTime, lastID
	if w.After != nil {
		before, beforeID = time.UnixMicro(w.After.Key), w.After.ID
	}
	rows, err := s.list(ctx, v, filter, before, beforeID, int32(w.Size+1))
	if err != nil {
		return nil, false, fault.Database("list bookings", err)
	}
	rows, more = page.Cut(w, rows)
	return s.visible(v, rows), more, nil
}

// Where a list from the newest down begins.
var (
	endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	lastID    = id.ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)

func (s *Bookings) list(ctx context.Context, v account.Viewer, filter Filter, before time.Time, beforeID id.ID, rows int32) ([]queries.Booking, error) {
	q := queries.New(s.DB)
	switch admin := v.Role.AtLeast(account.Admin); {
	case admin && filter.Status != nil:
		return q.BookingsOfTenantInState(ctx, queries.BookingsOfTenantInStateParams{
			TenantID: v.TenantID, State: string(*filter.Status), BeforeAt: before, BeforeID: beforeID, MaxRows: rows,
		})
	case admin:
		return q.BookingsOfTenant(ctx, queries.BookingsOfTenantParams{TenantID: v.TenantID, BeforeAt: before, BeforeID: beforeID, MaxRows: rows})
	}
	return q.BookingsOfPerson(ctx, queries.BookingsOfPersonParams{
		TenantID: v.TenantID, AccountID: v.AccountID, PhotographerID: assigned(v),
		BeforeAt: before, BeforeID: beforeID, State: (*string)(filter.Status), MaxRows: rows,
	})
}

// Count returns how many bookings [Bookings.List] has in all, at most 10,000.
func (s *Bookings) Count(ctx context.Context, v account.Viewer, filter Filter) (int, error) {
	if err := v.Good(s.Now()); err != nil {
		return 0, err
	}
	q := queries.New(s.DB)
	var (
		n   int64
		err error
	)
	if v.Role.AtLeast(account.Admin) {
		states := []string{string(Requested), string(Confirmed), string(Declined), string(Cancelled)}
		if filter.Status != nil {
			states = []string{string(*filter.Status)}
		}
		n, err = q.CountBookingsOfTenant(ctx, v.TenantID, states)
	} else {
		n, err = q.CountBookingsOfPerson(ctx, queries.CountBookingsOfPersonParams{
			TenantID: v.TenantID, AccountID: v.AccountID, PhotographerID: assigned(v), State: (*string)(filter.Status),
		})
	}
	return int(n), fault.Database("count bookings", err)
}

// assigned is whom bookings must be assigned to for the viewer to see them; nil for
// clients, also for one who was a photographer once.
func assigned(v account.Viewer) *id.ID {
	if v.Role == account.Photographer {
		return &v.AccountID
	}
	return nil
}
