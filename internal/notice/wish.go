package notice

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/mail/report"
	"pixgate/queries"
)

const (
	keepNotices = 365 * 24 * time.Hour // and the tokens of their mails, and mailboxes that refused one
	keepReports = 2 * report.MaxAge    // then SNS's own time refuses them
)

// Unsubscribe spends a token: the address that its mail went to gets no more of that studio's
// notifications. With a studio only a token of that one counts, with the nil id any. Nothing
// tells whether there was such a token: the same comes of one that is spent, made up, or
// another studio's.
func (n *Notices) Unsubscribe(ctx context.Context, studioID id.ID, token string) error {
	return fault.Database("unsubscribe", queries.New(n.DB).Unsubscribe(ctx, n.Now(), hashOf(token), studioID))
}

// SetWanted says whether the viewer wants notifications.
func (n *Notices) SetWanted(ctx context.Context, v account.Viewer, wanted bool) error {
	if err := v.Good(n.Now()); err != nil {
		return err
	}
	q := queries.New(n.DB)
	if wanted {
		return fault.Database("subscribe", q.Resubscribe(ctx, v.TenantID, v.AccountID))
	}
	return fault.Database("unsubscribe", q.UnsubscribeAccount(ctx, v.TenantID, n.Now(), v.AccountID))
}

// Standing is how mail to an account stands.
type Standing struct {
	AccountID   id.ID
	Wanted      bool // notifications
	Suppression *Suppression
}

// Suppression is a mailbox that refuses mail.
type Suppression struct {
	Cause report.Cause
	Since time.Time
}

// Standings returns how mail stands to those of the accounts that the viewer may see, in no
// order: the own one, for admins the studio's. That a mailbox refuses mail only admins learn.
func (n *Notices) Standings(ctx context.Context, v account.Viewer, accountIDs []id.ID) ([]*Standing, error) {
	if !v.SignedIn() {
		return nil, fault.SignedOut()
	}
	admin := v.Require(account.Admin, n.Now()) == nil
	rows, err := queries.New(n.DB).MailStandings(ctx, v.TenantID, accountIDs)
	if err != nil {
		return nil, fault.Database("read how mail stands", err)
	}
	all := make([]*Standing, 0, len(rows))
	for _, row := range rows {
		if row.ID != v.AccountID && !admin {
			continue
		}
		one := &Standing{AccountID: row.ID, Wanted: !row.Unsubscribed}
		if row.Cause != nil && admin {
			one.Suppression = &Suppression{report.Cause(*row.Cause), *row.CreatedAt}
		}
		all = append(all, one)
	}
	return all, nil
}

// suppressionValue is a suppression as the audit log keeps it.
type suppressionValue struct {
	Cause *string `json:"cause"` // nil: none
}

// Lift lets mail go again to an account's mailbox that refused some. Admins only; leaves an
// audit entry where that changes anything. All studios share one account at SES, so that
// it is lifted, as it was set, for all of them.
func (n *Notices) Lift(ctx context.Context, v account.Viewer, accountID, reason string) error {
	if err := v.Require(account.Admin, n.Now()); err != nil {
		return err
	}
	if wrong := fault.Text("input.reason", reason, 0, maxReason); wrong != nil {
		return fault.Invalid(wrong...)
	}
	named, ok := id.Account.Parse(accountID)
	if !ok {
		named = id.Nil // names nothing, and costs what an unknown one does
	}
	return fault.Database("lift a suppression", pgx.BeginFunc(ctx, n.DB, func(tx pgx.Tx) error {
		q := queries.New(tx)
		standing, err := q.MailStandings(ctx, v.TenantID, []id.ID{named})
		switch {
		case err != nil:
			return fault.Database("read how mail stands", err)
		case len(standing) == 0:
			return fault.Refused()
		}
		lifted, err := q.LiftSuppression(ctx, v.TenantID, named)
		if err != nil || len(lifted) == 0 {
			return fault.Database("lift a suppression", err)
		}
		return n.Audit.Append(ctx, tx, audit.Change{
			TenantID: v.TenantID, ActorID: &v.AccountID, Action: audit.MailSuppressionLifted, AccountID: &named,
			Old: suppressionValue{&lifted[0]}, New: suppressionValue{}, Reason: reason, RequestID: v.RequestID,
		})
	}))
}

// Purge removes what is over. Running it again does no harm.
func (n *Notices) Purge(ctx context.Context) error {
	q, now := queries.New(n.DB), n.Now()
	old, heard := now.Add(-keepNotices), now.Add(-keepReports)
	for _, one := range []struct {
		remove func(context.Context, time.Time) (int64, error)
		before time.Time
	}{{q.PurgeNotifications, old}, {q.PurgeUnsubscribeTokens, old}, {q.PurgeSuppressions, old}, {q.PurgeMailReports, heard}} {
		for {
			removed, err := one.remove(ctx, one.before)
			if err != nil {
				return fault.Database("purge notifications", err)
			}
			if removed == 0 {
				break
			}
		}
	}
	return nil
}
