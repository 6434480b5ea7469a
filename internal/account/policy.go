package account

import (
	"context"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/queries"
)

// policyValue is a studio's policy as the audit log keeps it.
type policyValue struct {
	DevicePolicy DevicePolicy `json:"devicePolicy"`
}

// SetDevicePolicy says what sign-ins at the device limit come to in the viewer's studio,
// within the seconds that a studio's settings take to show. Admins only.
func (m *Members) SetDevicePolicy(ctx context.Context, v Viewer, policy DevicePolicy, reason string) (*Tenant, error) {
	if err := v.Require(Admin, m.now()); err != nil {
		return nil, err
	}
	if wrong := fault.Text("input.reason", reason, 0, MaxReason); wrong != nil {
		return nil, fault.Invalid(wrong...)
	}
	var studio Tenant
	err := pgx.BeginFunc(ctx, m.db, func(tx pgx.Tx) error {
		a := &act{q: queries.New(tx), viewer: v}
		if err := a.lockStaff(ctx); err != nil {
			return err
		}
		row, err := a.q.LockTenant(ctx, v.TenantID)
		if err != nil {
			return fault.Database("lock a studio", err)
		}
		studio = tenantFrom(row)
		before := studio.Devices
		if before == policy {
			return nil
		}
		studio.Devices = policy
		if err := a.q.SetTenantDevicePolicy(ctx, v.TenantID, string(policy)); err != nil {
			return fault.Database("set a policy", err)
		}
		return m.log.Append(ctx, tx, audit.Change{
			TenantID: v.TenantID, ActorID: &v.AccountID, Action: audit.DevicePolicySet,
			Old: policyValue{before}, New: policyValue{policy}, Reason: reason, RequestID: v.RequestID,
		})
	})
	if err != nil {
		return nil, fault.Database("change a studio", err)
	}
	return &studio, nil
}
