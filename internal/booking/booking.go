// Package booking holds what a studio offers (offer.go), requests for a shoot, and what
// becomes of them (state.go). A booking belongs to a proven mailbox, that of whoever is
// signed in: no call takes an address to book for.
package booking

import (
	"time"

	"pixgate/internal/account"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Booking is a request for a shoot. Days are midnights in UTC, and stand for the day of
// the studio's calendar.
type Booking struct {
	ID             id.ID
	TenantID       id.ID
	AccountID      id.ID  // who booked
	PhotographerID *id.ID // nil: assigned to nobody
	Status         State
	Address        string // of the property, one line
	Package        BookedPackage
	PreferredDates []time.Time // in the order of preference
	Notes          string      // may have several lines
	ContactPhone   string      // empty: none was given
	ConfirmedDate  *time.Time  // nil: never confirmed
	Message        *string     // what the studio told the client last; may have several lines
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// BookedPackage is a package as it was when it was booked.
type BookedPackage struct {
	Key               string
	Name              string
	IncludedImages    int
	AllImagesIncluded bool
	ExtraPrice        *int // see [Package]
	Currency          string
}

// PublicID is how callers name the booking.
func (b *Booking) PublicID() string { return id.Booking.Format(b.ID) }

// Cursor is the booking's place in lists of bookings.
func (b *Booking) Cursor() page.Cursor {
	return page.Cursor{Key: b.CreatedAt.UnixMicro(), ID: b.ID}
}

// See is the rule for who may see a booking: whoever booked, the photographer whom it is
// assigned to, and the studio's admins; all in good standing at now.
func See(v account.Viewer, b *Booking, now time.Time) bool {
	if v.Good(now) != nil || v.TenantID != b.TenantID {
		return false
	}
	assigned := v.Role == account.Photographer && b.PhotographerID != nil && *b.PhotographerID == v.AccountID
	return v.Role.AtLeast(account.Admin) || v.AccountID == b.AccountID || assigned
}

func fromRow(row queries.Booking) *Booking {
	b := &Booking{
		ID: row.ID, TenantID: row.TenantID, AccountID: row.AccountID, PhotographerID: row.PhotographerID,
		Status: State(row.State), Address: row.Address, PreferredDates: row.PreferredDates, Notes: row.Notes, ContactPhone: row.ContactPhone,
		ConfirmedDate: row.ConfirmedDate, CreatedAt: row.CreatedAt, UpdatedAt: row.CreatedAt,
		Package: BookedPackage{
			Key: row.Package, Name: row.PackageName, IncludedImages: int(row.IncludedImages), AllImagesIncluded: row.AllImagesIncluded,
			ExtraPrice: price(row.ExtraPrice), Currency: row.Currency,
		},
	}
	if row.Message != "" {
		b.Message = &row.Message
	}
	if row.UpdatedAt != nil {
		b.UpdatedAt = *row.UpdatedAt
	}
	return b
}
