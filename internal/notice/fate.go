package notice

import (
	"context"
	netmail "net/mail"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/mail/report"
	"pixgate/queries"
)

// Hear takes in a post of SNS. A mailbox that bounced for good gets no mail any more, sign-in
// codes included; one whose owner complained gets no notifications. The studios that have
// an account of it are told, or, where none has, the installation. The same post once more
// does nothing. The errors are those of [report.Reader.Read].
func (n *Notices) Hear(ctx context.Context, post []byte) error {
	told, err := n.Reports.Read(ctx, post)
	if err != nil {
		return err
	}
	var incidents []audit.Incident
	err = pgx.BeginFunc(ctx, n.DB, func(tx pgx.Tx) error {
		q := queries.New(tx)
		fresh, err := q.KeepMailReport(ctx, told.ID, n.Now())
		if err != nil || fresh == 0 {
			return fault.Database("keep a report", err)
		}
		if err := countFates(ctx, q, told.Fates, n.Now()); err != nil {
			return err
		}
		for _, fate := range told.Fates {
			named, err := n.suppress(ctx, q, fate)
			if err != nil {
				return err
			}
			incidents = append(incidents, named...)
		}
		return nil
	})
	if err != nil {
		return fault.Database("take in a report", err)
	}
	for _, one := range incidents {
		n.Security.Record(one)
	}
	return nil
}

// countFates counts what was heard of, on the day on which it was.
func countFates(ctx context.Context, q *queries.Queries, fates []report.Fate, now time.Time) error {
	count := queries.CountMailParams{Day: dayOf(now)}
	for _, fate := range fates {
		switch fate.Cause {
		case report.Bounced:
			count.Bounced++
		case report.Complained:
			count.Complained++
		}
	}
	if count.Bounced+count.Complained == 0 {
		return nil
	}
	return fault.Database("count a report", q.CountMail(ctx, count))
}

var events = map[report.Cause]audit.Event{report.Bounced: audit.MailBounced, report.Complained: audit.MailComplaint}

// suppress keeps mail from a mailbox, and returns what is to be told of it.
func (n *Notices) suppress(ctx context.Context, q *queries.Queries, fate report.Fate) ([]audit.Incident, error) {
	mailbox := fate.Mailbox
	if parsed, err := netmail.ParseAddress(mailbox); err == nil {
		mailbox = parsed.Address
	}
	address, ok := account.ParseAddress(mailbox)
	if !ok {
		return nil, nil // we mailed to no such thing
	}
	if err := q.SuppressMail(ctx, address.Key(), string(fate.Cause), n.Now()); err != nil {
		return nil, fault.Database("suppress mail", err)
	}
	studios, err := n.Tenants.All(ctx)
	if err != nil {
		return nil, err
	}
	tenantIDs := make([]id.ID, len(studios))
	for i, studio := range studios {
		tenantIDs[i] = studio.ID
	}
	accounts, err := q.AccountsOfAddress(ctx, address.Key(), tenantIDs)
	if err != nil {
		return nil, fault.Database("look up whose a mailbox is", err)
	}
	var told []audit.Incident
	for _, one := range accounts {
		told = append(told, audit.Incident{Event: events[fate.Cause], TenantID: &one.TenantID, AccountID: &one.ID, Route: "/webhooks/ses"})
	}
	if told == nil {
		told = append(told, audit.Incident{Event: events[fate.Cause], Route: "/webhooks/ses"})
	}
	return told, nil
}
