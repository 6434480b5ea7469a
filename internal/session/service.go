package session

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/internal/secret"
)

// Options is what a Service works with. All fields are required but Audit and Failures.
type Options struct {
	DB      *pgxpool.Pool
	Tenants *account.Tenants
	Codes   secret.Ring // derives codes and keys everything that is counted (OTP_SECRET)
	Queue   MailQueue
	Sender  mail.Sender
	Audit   *audit.Log // nil: nobody comes by a [Door], sign-ins of staff leave no entry, and nothing is released
	Now     func() time.Time
	Log     *slog.Logger

	Failures Failures // other limits than the room's own
}

// MailQueue takes a mail over in the transaction that its code is made in. The
// task that it queues calls [Service.MailCode] with the same id.
type MailQueue interface {
	LoginMail(ctx context.Context, tx pgx.Tx, codeID id.ID, expiresAt time.Time) error
}

// Service signs people in and out. It is safe for use by many goroutines.
type Service struct {
	db      *pgxpool.Pool
	tenants *account.Tenants
	codes   secret.Ring
	queue   MailQueue
	sender  mail.Sender
	audit   *audit.Log
	clock   func() time.Time
	log     *slog.Logger
	seen    activity

	failures Failures
}

// New returns a Service. Its [Service.Run] keeps activity; without it everything
// else works.
func New(o Options) *Service {
	return &Service{
		db: o.DB, tenants: o.Tenants, codes: o.Codes, queue: o.Queue, sender: o.Sender, audit: o.Audit, clock: o.Now, log: o.Log,
		failures: o.Failures, seen: activity{held: make(map[id.ID]sighting)},
	}
}

// now is the present as the database keeps it, in whole microseconds: times
// that are compared there and here must not differ by what was cut off.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
