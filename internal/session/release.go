package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// releases is how often the sign-in of an address may be released. Each release gives
// strangers the guesses of a day once more, so that with one a day the odds of a guess
// stay what they promise to be.
var releases = limit{"releases of address", 1, 24 * time.Hour}

// Release names whose sign-in an admin releases: one of the two.
type Release struct {
	AccountID string // public; empty: by the address
	Email     string // also of somebody who has no account yet
	Reason    string // at most account.MaxReason characters
}

// releaseValue is a release as it is chained.
type releaseValue struct {
	Mailbox string `json:"mailbox"`
	Budgets int64  `json:"budgets"`
}

// Release gives strangers to an address back what they may ask for and try in an hour
// and in a day. It helps a client on a new device, whom somebody keeps out by spending
// that; what single networks and devices have spent stays spent. Admins of the studio
// only, once a day for each address; leaves an audit entry. Answers: FORBIDDEN,
// VALIDATION_FAILED, RATE_LIMITED.
func (s *Service) Release(ctx context.Context, v account.Viewer, r Release) error {
	now := s.now()
	if err := v.Require(account.Admin, now); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		q := queries.New(tx)
		key, owner, err := released(ctx, q, v, r)
		if err != nil {
			return err
		}
		// Budgets are locked before the address's own steps go on, as in a sign-in.
		if err := q.LockAddress(ctx, account.LockOf(v.TenantID, key)); err != nil {
			return fault.Database("lock an address", err)
		}
		address := addressOf(account.Tenant{ID: v.TenantID}, key)
		over, err := spend(ctx, q, now, s.charge(releases, address))
		if err != nil {
			return err
		}
		if len(over) > 0 {
			return fault.TooMany("The sign-in of this address was released within the last day.", over[0].resetsAt.Sub(now))
		}
		forgotten, err := q.ForgetBudgets(ctx, keys(slices.Concat(
			s.charge(mailsHourly, address), s.charge(mailsDaily, address), s.charge(failuresHourly, address), s.charge(failuresDaily, address),
		)))
		if err != nil {
			return fault.Database("forget budgets", err)
		}
		return s.audit.Append(ctx, tx, audit.Change{
			TenantID: v.TenantID, ActorID: &v.AccountID, Action: audit.LoginReleased, AccountID: orNil(owner), Reason: r.Reason, RequestID: v.RequestID,
			New: releaseValue{Mailbox: s.audit.Pseudonym("mailbox", v.TenantID, []byte(key)), Budgets: forgotten},
		})
	})
	return fault.Database("release a sign-in", err)
}

// released returns the key of the address that is meant, and whose account it is; the
// nil id: nobody's yet.
func released(ctx context.Context, q *queries.Queries, v account.Viewer, r Release) (key string, owner id.ID, err error) {
	var person queries.Account
	if r.AccountID != "" {
		named, ok := id.Account.Parse(r.AccountID)
		if !ok {
			return "", id.Nil, fault.Refused()
		}
		person, err = q.AccountByID(ctx, v.TenantID, named)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", id.Nil, fault.Refused()
		}
		if err != nil {
			return "", id.Nil, fault.Database("read an account", err)
		}
		if person.ErasedAt != nil {
			return "", id.Nil, fault.Refused()
		}
		key = person.EmailKey
	}
	wrong := fault.Text("input.reason", r.Reason, 0, account.MaxReason)
	address, isAddress := account.ParseAddress(r.Email)
	switch {
	case r.AccountID == "" && r.Email == "":
		wrong = append(wrong, fault.Field{Path: "input.accountId", Code: fault.Required, Message: "Name an account or an address."})
	case r.AccountID != "" && r.Email != "":
		wrong = append(wrong, fault.Field{Path: "input.email", Code: fault.InvalidValue, Message: "Name either an account or an address."})
	case r.Email != "" && !isAddress:
		wrong = append(wrong, fault.Field{Path: "input.email", Code: fault.InvalidValue, Message: "This is not an e-mail address."})
	}
	if wrong != nil {
		return "", id.Nil, fault.Invalid(wrong...)
	}
	if r.Email == "" {
		return key, person.ID, nil
	}
	person, err = q.AccountByEmail(ctx, v.TenantID, address.Key())
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", id.Nil, fault.Database("find an account", err)
	}
	return address.Key(), person.ID, nil
}
