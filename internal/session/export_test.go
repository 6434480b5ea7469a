package session

import (
	"context"

	"github.com/jackc/pgx/v5"

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
func (s *Service) WriteActivity(ctx context.Context) { s.writeActivity(ctx) }
