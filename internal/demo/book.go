package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Quiet queues no mails: nobody is told of what the demo books.
type Quiet struct{}

// BookingMail does nothing.
func (Quiet) BookingMail(context.Context, pgx.Tx, id.ID) error { return nil }

var packages = []booking.Package{
	{Key: "klein", Name: "Klein", Description: "Zehn Bilder, für Wohnungen.", IncludedImages: 10, ExtraPrice: new(1500), Currency: "EUR", Active: true},
	{Key: "mittel", Name: "Mittel", Description: "Fünfundzwanzig Bilder, für Häuser.", IncludedImages: 25, ExtraPrice: new(1200), Currency: "EUR", Active: true},
	{Key: "alles", Name: "Alles", Description: "Alle Bilder des Termins.", AllImagesIncluded: true, Currency: "EUR", Active: true},
}

// booked are Anna's bookings.
var booked = []struct {
	address, key string
	inDays       int
	confirmed    bool
}{
	{"Seeblick 3, 82319 Starnberg", "mittel", 14, true},
	{"Gartenweg 8, 22587 Hamburg", "klein", 21, false},
}

// book offers packages, and books what Anna has booked. What is there already is left as
// it is.
func (s Studio) book(ctx context.Context, admin account.Viewer) error {
	offered, err := s.Offer.List(ctx, admin, s.Tenant.ID, true)
	if err != nil {
		return fmt.Errorf("list the packages: %w", err)
	}
	if len(offered) == 0 {
		for _, one := range packages {
			if _, refusals, err := s.Offer.Set(ctx, admin, one, "demo"); err != nil || refusals != nil {
				return fmt.Errorf("offer %s: %v %w", one.Key, refusals, err)
			}
		}
	}
	anna, err := s.prove(ctx, annaEmail)
	if err != nil {
		return err
	}
	known, _, err := s.Bookings.List(ctx, anna, booking.Filter{}, page.Window{Size: 1})
	if err != nil {
		return fmt.Errorf("list Anna's bookings: %w", err)
	}
	if len(known) > 0 {
		return nil
	}
	for _, one := range booked {
		day := s.Now().AddDate(0, 0, one.inDays).UTC().Truncate(24 * time.Hour)
		made, refusals, err := s.Bookings.Create(ctx, anna, booking.Wish{
			Address: one.address, Package: one.key, PreferredDates: []time.Time{day, day.AddDate(0, 0, 1)},
			Notes: "Bitte klingeln bei „Kunde“.", ContactPhone: "+49 40 1234567",
		})
		if err != nil || refusals != nil {
			return fmt.Errorf("book %s: %v %w", one.address, refusals, err)
		}
		if !one.confirmed {
			continue
		}
		word := booking.Word{Date: day, Message: "Wir freuen uns auf den Termin um 10 Uhr.", Reason: "demo"}
		if _, refusals, err := s.Bookings.Confirm(ctx, admin, made.PublicID(), word); err != nil || refusals != nil {
			return fmt.Errorf("confirm %s: %v %w", one.address, refusals, err)
		}
	}
	return nil
}

// prove makes somebody of the demo have signed in once: nobody else can book.
func (s Studio) prove(ctx context.Context, email string) (account.Viewer, error) {
	q, now := queries.New(s.DB), s.Now()
	address, ok := account.ParseAddress(email)
	if !ok {
		return account.Viewer{}, fmt.Errorf("%q is no address", email)
	}
	person, err := q.ClaimAccount(ctx, queries.ClaimAccountParams{
		ID: id.New(now), TenantID: s.Tenant.ID, EmailKey: address.Key(), Email: address.Mailbox(), Now: now,
	})
	if err != nil {
		return account.Viewer{}, fault.Database("prove the mailbox of "+email, err)
	}
	if err := q.ClaimJobs(ctx, s.Tenant.ID, address.Key(), person.ID); err != nil {
		return account.Viewer{}, fault.Database("hand over the jobs of "+email, err)
	}
	return account.Viewer{
		TenantID: s.Tenant.ID, AccountID: person.ID, SessionID: id.New(now), Email: email, Role: account.Role(person.Role), RequestID: "demo",
	}, nil
}
