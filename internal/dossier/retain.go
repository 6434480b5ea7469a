package dossier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// forgottenAtOnce is how many customers are looked for by one statement.
const forgottenAtOnce = 100

// stays says that a customer is not forgotten after all.
var stays = &job.Refusal{}

// Forget erases, in every studio that has forget-after-days, the customers not seen for so
// long for whom nothing is under way. It may run again, at the same time, or be cut off:
// each person is a transaction of their own, and judged anew in it.
func (d *Dossiers) Forget(ctx context.Context) error {
	studios, err := d.Tenants.All(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, studio := range studios {
		if studio.ForgetAfterDays != nil {
			failed = errors.Join(failed, d.forget(ctx, studio))
		}
	}
	return failed
}

// forget walks through the studio's customers, so that one who can't be erased keeps
// nobody behind them.
func (d *Dossiers) forget(ctx context.Context, studio account.Tenant) error {
	seenBefore := d.Now().AddDate(0, 0, -*studio.ForgetAfterDays)
	erased, after, failed := 0, id.Nil, error(nil)
	for {
		inactive, err := queries.New(d.DB).InactiveCustomers(ctx, queries.InactiveCustomersParams{
			TenantID: studio.ID, AfterID: after, SeenBefore: seenBefore, MaxRows: forgottenAtOnce,
		})
		if err != nil {
			failed = errors.Join(failed, fault.Database("look for customers to forget", err))
		}
		if err != nil || len(inactive) == 0 {
			break
		}
		for _, accountID := range inactive {
			e := erasure{Dossiers: d, tenantID: studio.ID, accountID: accountID, requestID: "retention", reason: fmt.Sprintf("not seen for %d days", *studio.ForgetAfterDays)}
			e.judge = func(ctx context.Context, q *queries.Queries, h held) (*job.Refusal, error) {
				return stillInactive(ctx, q, h, seenBefore)
			}
			done, _, err := e.run(ctx)
			failed = errors.Join(failed, err)
			if done {
				erased++
			}
			after = accountID
		}
	}
	if erased > 0 {
		d.Log.InfoContext(ctx, "customers were forgotten", "tenant", studio.Slug, "accounts", erased)
	}
	return failed
}

// stillInactive asks with the locks held what InactiveCustomers asked without: they may
// have come back since.
func stillInactive(ctx context.Context, q *queries.Queries, h held, seenBefore time.Time) (*job.Refusal, error) {
	seen := h.person.CreatedAt
	if h.person.LastSeenAt != nil {
		seen = *h.person.LastSeenAt
	}
	if account.Role(h.person.Role) != account.Customer || !seen.Before(seenBefore) {
		return stays, nil
	}
	for _, one := range h.jobs {
		if job.Status(one.Status) == job.Open {
			return stays, nil
		}
	}
	open, err := q.HasOpenBooking(ctx, h.person.TenantID, h.person.ID)
	if err != nil {
		return nil, fault.Database("look for open bookings", err)
	}
	if open {
		return stays, nil
	}
	return nil, nil
}
