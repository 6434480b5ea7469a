package account

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

const (
	// MaxReason is how long the reason of an admin's act may be, in characters.
	MaxReason = 1000
	// MaxMaxDevices is the highest limit of devices.
	MaxMaxDevices = 100
)

// The codes of refusals.
const (
	LastAdmin  = "LAST_ADMIN"  // the studio would have nobody left to run it
	OwnAccount = "OWN_ACCOUNT" // nobody does this to themselves
)

// Refusal is a business rule that said no.
type Refusal struct {
	Field   []string
	Code    string
	Message string
}

// Members is what a studio's admins do to its people, and people to their own devices.
// Each act of an admin leaves an audit entry in its transaction for each thing that it
// changed; one that changes nothing leaves none.
//
// Acts of one studio wait for each other, with everybody locked who can run it. So an
// admin who was blocked or demoted a moment ago does nothing any more, whatever the
// session said, and two that are made at once can't leave the studio without an admin.
// Nobody acts on somebody whose role is above the own, or who was erased.
type Members struct {
	db  *pgxpool.Pool
	log *audit.Log
	now func() time.Time
}

// NewMembers returns the members of the studios in db.
func NewMembers(db *pgxpool.Pool, log *audit.Log, now func() time.Time) *Members {
	return &Members{db: db, log: log, now: now}
}

// blockValue is a block as the audit log keeps it.
type blockValue struct {
	BlockedAt *time.Time `json:"blockedAt"`
}

// Block shuts somebody out, from the next request on; what they download is cut. Whoever
// blocks is an admin and stays one, so that this is never the last. Refusals: [OwnAccount].
func (m *Members) Block(ctx context.Context, v Viewer, accountID, reason string) (*Account, []Refusal, error) {
	return m.act(ctx, v, accountID, reason, func(a *act) error {
		switch {
		case a.of.ID == v.AccountID:
			return a.refuse(OwnAccount, "You can't block yourself. Ask another admin.")
		case a.of.BlockedAt != nil:
			return nil
		}
		a.entry(audit.AccountBlocked, blockValue{}, blockValue{&a.now})
		return fault.Database("block an account", a.q.SetAccountBlocked(ctx, v.TenantID, a.of.ID, &a.now))
	})
}

// Unblock lets somebody in again.
func (m *Members) Unblock(ctx context.Context, v Viewer, accountID, reason string) (*Account, []Refusal, error) {
	return m.act(ctx, v, accountID, reason, func(a *act) error {
		if a.of.BlockedAt == nil {
			return nil
		}
		a.entry(audit.AccountUnblocked, blockValue{a.of.BlockedAt}, blockValue{})
		return fault.Database("unblock an account", a.q.SetAccountBlocked(ctx, v.TenantID, a.of.ID, nil))
	})
}

// validityValue is a membership's end as the audit log keeps it.
type validityValue struct {
	ValidUntil *time.Time `json:"validUntil"`
}

// SetValidUntil sets the end of a membership; nil is none. One that is past ends it at
// once, as a block does. It binds customers and photographers.
func (m *Members) SetValidUntil(ctx context.Context, v Viewer, accountID string, until *time.Time, reason string) (*Account, []Refusal, error) {
	if until != nil {
		until = new(until.UTC().Truncate(time.Microsecond))
	}
	return m.act(ctx, v, accountID, reason, func(a *act) error {
		before := a.of.ValidUntil
		if before == nil && until == nil || before != nil && until != nil && before.Equal(*until) {
			return nil
		}
		a.entry(audit.AccountValidUntilSet, validityValue{before}, validityValue{until})
		return fault.Database("set a membership's end", a.q.SetAccountValidUntil(ctx, v.TenantID, a.of.ID, until))
	})
}

// SetRole makes somebody another role, and ends their sessions. Only operators make or
// unmake operators. Refusals: [LastAdmin].
func (m *Members) SetRole(ctx context.Context, v Viewer, accountID string, role Role, reason string) (*Account, []Refusal, error) {
	return m.act(ctx, v, accountID, reason, func(a *act) error {
		before := Role(a.of.Role)
		switch {
		case role == Operator && a.role != Operator: // so nobody raises themselves
			return fault.Refused()
		case role == before:
			return nil
		case !role.AtLeast(Admin) && isLast(a.staff, a.of.ID):
			return a.refuse(LastAdmin, "This is the studio's last admin. Make somebody else an admin first.")
		}
		a.entry(audit.AccountRoleSet, before, role)
		return setRole(ctx, a.q, v.TenantID, a.of.ID, role, a.now)
	})
}

// setRole sets a role and ends the sessions that the account has with another one.
func setRole(ctx context.Context, q *queries.Queries, tenantID, accountID id.ID, role Role, now time.Time) error {
	if err := q.SetAccountRole(ctx, tenantID, accountID, string(role)); err != nil {
		return fault.Database("set the role", err)
	}
	return fault.Database("end the account's sessions", q.RevokeAccountSessions(ctx, tenantID, accountID, now))
}

// isLast reports whether nobody else can run the studio.
func isLast(staff []queries.LockTenantStaffRow, accountID id.ID) bool {
	return len(staff) == 1 && staff[0].ID == accountID
}

// limitValue is a limit of devices as the audit log keeps it.
type limitValue struct {
	MaxDevices int32 `json:"maxDevices"`
}

// SetMaxDevices sets how many devices may be signed in, 1 to 100. Where there are more,
// those unseen for longest are signed out.
func (m *Members) SetMaxDevices(ctx context.Context, v Viewer, accountID string, most int, reason string) (*Account, []Refusal, error) {
	return m.act(ctx, v, accountID, reason, func(a *act) error {
		if most < 1 || most > MaxMaxDevices {
			return fault.Invalid(fault.Field{Path: "input.maxDevices", Code: fault.InvalidValue, Message: "Give a number from 1 to 100."})
		}
		if int(a.of.MaxDevices) == most {
			return nil
		}
		a.entry(audit.AccountMaxDevicesSet, limitValue{a.of.MaxDevices}, limitValue{int32(most)})
		if err := a.q.SetAccountMaxDevices(ctx, v.TenantID, a.of.ID, int32(most)); err != nil {
			return fault.Database("set a limit of devices", err)
		}
		inUse, err := a.q.DevicesInUse(ctx, v.TenantID, a.of.ID, a.now.Add(-DeviceForgotten))
		if err != nil {
			return fault.Database("count devices", err)
		}
		for _, one := range inUse[:max(0, len(inUse)-most)] {
			if err := a.signOut(ctx, one.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
