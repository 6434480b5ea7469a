package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// act is one transaction of an admin on one account, which is locked in it.
type act struct {
	q       *queries.Queries
	viewer  Viewer
	role    Role // of the viewer, as it is now
	staff   []queries.LockTenantStaffRow
	of      queries.Account
	now     time.Time
	reason  string
	entries []audit.Change
	refusal *Refusal
}

// act carries out what do does, and returns the account as it is then.
func (m *Members) act(ctx context.Context, v Viewer, accountID, reason string, do func(a *act) error) (*Account, []Refusal, error) {
	now := m.now().UTC().Truncate(time.Microsecond)
	if err := v.Require(Admin, now); err != nil {
		return nil, nil, err
	}
	named, ok := id.Account.Parse(accountID)
	if !ok {
		return nil, nil, fault.Refused()
	}
	a := &act{viewer: v, now: now, reason: reason}
	var after queries.Account
	err := pgx.BeginFunc(ctx, m.db, func(tx pgx.Tx) (err error) {
		a.q = queries.New(tx)
		if err := a.lock(ctx, named); err != nil {
			return err
		}
		if wrong := fault.Text("input.reason", reason, 0, MaxReason); wrong != nil {
			return fault.Invalid(wrong...)
		}
		if err := do(a); err != nil || a.refusal != nil {
			return err
		}
		if after, err = a.q.AccountByID(ctx, v.TenantID, named); err != nil {
			return fault.Database("read an account", err)
		}
		return m.log.Append(ctx, tx, a.entries...)
	})
	switch {
	case err != nil:
		return nil, nil, fault.Database("change an account", err)
	case a.refusal != nil:
		return nil, []Refusal{*a.refusal}, nil
	}
	return fromRow(after), nil, nil
}

// lock locks those who run the studio, then the account: everybody does it in this order.
func (a *act) lock(ctx context.Context, named id.ID) (err error) {
	if err := a.lockStaff(ctx); err != nil {
		return err
	}
	a.of, err = a.q.LockAccount(ctx, a.viewer.TenantID, named)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.Refused()
	}
	if err != nil {
		return fault.Database("lock an account", err)
	}
	if a.of.ErasedAt != nil || !a.role.AtLeast(Role(a.of.Role)) {
		return fault.Refused()
	}
	return nil
}

// lockStaff refuses a viewer who does not run the studio any more.
func (a *act) lockStaff(ctx context.Context) (err error) {
	if a.staff, err = a.q.LockTenantStaff(ctx, a.viewer.TenantID); err != nil {
		return fault.Database("lock the studio's admins", err)
	}
	self := slices.IndexFunc(a.staff, func(one queries.LockTenantStaffRow) bool { return one.ID == a.viewer.AccountID })
	if self < 0 {
		return fault.Refused()
	}
	a.role = Role(a.staff[self].Role)
	return nil
}

// entry notes what the audit log will have.
func (a *act) entry(action audit.Action, before, after any) {
	a.entries = append(a.entries, audit.Change{
		TenantID: a.viewer.TenantID, ActorID: &a.viewer.AccountID, Action: action, AccountID: &a.of.ID,
		Old: before, New: after, Reason: a.reason, RequestID: a.viewer.RequestID,
	})
}

func (a *act) refuse(code, message string) error {
	a.refusal = &Refusal{Field: []string{"input", "accountId"}, Code: code, Message: message}
	return nil
}
