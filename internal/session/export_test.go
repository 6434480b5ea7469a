package session

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/id"
	"pixgate/queries"
)

// OpenForTest makes a session for a mailbox as if its code had just been spent.
// Sign-ins of one address wait for each other at its codes already; this tests
// that those of one account do without them.
func (s *Service) OpenForTest(ctx context.Context, c Client, in SignIn, email string) (SignedIn, error) {
	a := attempt{client: c, in: in, now: s.now(), device: signInDevice(c, in)}
	code := queries.TakeTryRow{TenantID: c.Tenant.ID, EmailKey: email, Email: email, Locale: "de"}
	var admitted SignedIn
	var refused error
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) (err error) {
		admitted, refused, err = s.open(ctx, queries.New(tx), a, code)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return admitted, refused
}

// WriteActivity writes down now what Run writes every ten seconds.
func (s *Service) WriteActivity(ctx context.Context) { s.writeActivity(ctx, false) }

// NoteForTest is what a request with a device does that was seen at stored before.
func (s *Service) NoteForTest(device id.ID, stored time.Time) { s.seen.note(device, stored, s.now()) }

// SpendForTest spends one of each named budget, each good for most uses an hour,
// as a try does; false when one of them is empty.
func (s *Service) SpendForTest(ctx context.Context, most int32, names ...string) (bool, error) {
	var charges []charge
	for _, name := range names {
		charges = append(charges, s.charge(limit{name, most, time.Hour})...)
	}
	empty := errors.New("empty")
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		over, err := spend(ctx, queries.New(tx), s.now(), charges)
		if err == nil && len(over) > 0 {
			return empty
		}
		return err
	})
	if errors.Is(err, empty) {
		return false, nil
	}
	return err == nil, err
}
