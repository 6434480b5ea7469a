// Package watch is what people learn of security: the list of what was refused, the
// mail when that is much, and how the installation's secrets are. internal/audit
// gathers and counts it.
package watch

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Event is incidents of one second that had everything but their time in common.
type Event struct {
	ID        id.ID
	Event     audit.Event
	AccountID *id.ID // nil: nobody was signed in, or they were too many to tell apart
	Address   []byte // a keyed hash; nil likewise
	Route     string
	Detail    string
	RequestID string // of the first
	Count     int
	FirstAt   time.Time
	At        time.Time // of the last
}

// PublicID is how callers name the event.
func (e *Event) PublicID() string { return id.Security.Format(e.ID) }

// AddressKey is the same for all events that came from the same address, or the same
// /64 network; nil where there is none.
func (e *Event) AddressKey() *string {
	if e.Address == nil {
		return nil
	}
	return new(hex.EncodeToString(e.Address))
}

// Cursor is the event's place in its list.
func (e *Event) Cursor() page.Cursor { return page.Cursor{Key: e.At.UnixMicro(), ID: e.ID} }

// Events reads what was refused.
type Events struct {
	db  queries.DBTX
	now func() time.Time
}

// NewEvents returns the events in db.
func NewEvents(db queries.DBTX, now func() time.Time) *Events { return &Events{db: db, now: now} }

// Filter says which events are asked for; the zero Filter is all.
type Filter struct {
	Event    *audit.Event
	From, To *time.Time // of their last time; To is not part of it
}

// List returns a page of the events of the viewer's studio, newest first, and whether
// more follow. Admins only; operators see those of the installation, too.
func (s *Events) List(ctx context.Context, v account.Viewer, filter Filter, w page.Window) (events []*Event, more bool, err error) {
	if err := v.Require(account.Admin, s.now()); err != nil {
		return nil, false, err
	}
	rows, err := s.list(ctx, v, filter, w)
	if err != nil {
		return nil, false, fault.Database("list security events", err)
	}
	rows, more = page.Cut(w, rows)
	events = make([]*Event, len(rows))
	for i, row := range rows {
		events[i] = fromRow(row)
	}
	return events, more, nil
}

// Where a list from the newest down begins, and where it ends.
var (
	endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	dawn      = time.Unix(0, 0)
)

func (s *Events) list(ctx context.Context, v account.Viewer, filter Filter, w page.Window) ([]queries.SecurityEvent, error) {
	from, before, beforeID := dawn, endOfTime, id.Nil // nothing at that time comes before the nil id
	if filter.From != nil && filter.From.After(from) {
		from = *filter.From
	}
	if filter.To != nil && filter.To.Before(before) {
		before = filter.To.UTC()
		if before.Before(dawn) {
			before = dawn
		}
	}
	if w.After != nil && time.UnixMicro(w.After.Key).Before(before) {
		before, beforeID = time.UnixMicro(w.After.Key), w.After.ID
	}
	q, rows := queries.New(s.db), int32(w.Size+1)
	if filter.Event != nil {
		return q.SecurityEventsOfKind(ctx, queries.SecurityEventsOfKindParams{
			Scopes: scopes(v), Event: string(*filter.Event), FromAt: from, BeforeAt: before, BeforeID: beforeID, MaxRows: rows,
		})
	}
	return q.SecurityEvents(ctx, queries.SecurityEventsParams{Scopes: scopes(v), FromAt: from, BeforeAt: before, BeforeID: beforeID, MaxRows: rows})
}

// ByID returns the event that a caller names, by the same rule.
func (s *Events) ByID(ctx context.Context, v account.Viewer, eventID id.ID) (*Event, error) {
	if err := v.Require(account.Admin, s.now()); err != nil {
		return nil, err
	}
	row, err := queries.New(s.db).SecurityEventByID(ctx, eventID, scopes(v))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.Refused()
	}
	if err != nil {
		return nil, fault.Database("read a security event", err)
	}
	return fromRow(row), nil
}

// scopes are whose events an admin sees: the studio's, and for operators the
// installation's, which has the nil id.
func scopes(v account.Viewer) []id.ID {
	if v.Role.AtLeast(account.Operator) {
		return []id.ID{v.TenantID, id.Nil}
	}
	return []id.ID{v.TenantID}
}

func fromRow(row queries.SecurityEvent) *Event {
	return &Event{
		ID: row.ID, Event: audit.Event(row.Event), AccountID: row.AccountID, Address: row.AddressKey, Route: row.Route, Detail: row.Detail,
		RequestID: row.RequestID, Count: int(row.Count), FirstAt: row.FirstAt, At: row.LastAt,
	}
}
