package notice

import (
	"context"
	"fmt"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/mail"
	"pixgate/queries"
)

// Careful is a sender that sends nothing to a mailbox that bounced: whoever goes on mailing
// to such loses the account at SES, and all studios share one. It is the way of every mail,
// so that nobody needs to think of it; whoever asked for a code hears nothing else than others.
func Careful(db queries.DBTX, next mail.Sender) mail.Sender { return careful{db, next} }

type careful struct {
	db   queries.DBTX
	next mail.Sender
}

// Send sends a mail. One to a mailbox that bounced is refused for good: [mail.ErrRefused].
func (c careful) Send(ctx context.Context, m mail.Message) error {
	if address, ok := account.ParseAddress(m.To); ok {
		bounced, err := queries.New(c.db).HasBounced(ctx, address.Key())
		if err != nil {
			return fault.Database("look whether a mailbox bounced", err)
		}
		if bounced {
			return fmt.Errorf("%w: the mailbox has bounced before", mail.ErrRefused)
		}
	}
	return c.next.Send(ctx, m)
}
