package account

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// removalValue is a device's removal as the audit log keeps it. Its name is its owner's
// business.
type removalValue struct {
	DeviceID  string     `json:"deviceId"`
	RemovedAt *time.Time `json:"removedAt"`
}

// signOut removes a device of the act's account.
func (a *act) signOut(ctx context.Context, deviceID id.ID) error {
	public := id.Device.Format(deviceID)
	a.entry(audit.DeviceRemoved, removalValue{DeviceID: public}, removalValue{public, &a.now})
	return SignOutDevice(ctx, a.q, a.viewer.TenantID, a.of.ID, deviceID, a.now)
}

// RemoveDeviceOf signs out a device of somebody; one that was removed before stays so.
func (m *Members) RemoveDeviceOf(ctx context.Context, v Viewer, accountID, deviceID, reason string) (*Account, []Refusal, error) {
	return m.act(ctx, v, accountID, reason, func(a *act) error {
		there, err := isThere(ctx, a.q, a.of, deviceID)
		if err != nil || there == id.Nil {
			return err
		}
		return a.signOut(ctx, there)
	})
}

// RemoveDevice signs out a device of the viewer's own, be it the one that asks; one that
// was removed before stays so. It leaves no entry: the log is of what admins do.
func (m *Members) RemoveDevice(ctx context.Context, v Viewer, deviceID string) (*Account, error) {
	now := m.now()
	if err := v.Good(now); err != nil {
		return nil, err
	}
	var own queries.Account
	err := pgx.BeginFunc(ctx, m.db, func(tx pgx.Tx) (err error) {
		q := queries.New(tx)
		if own, err = q.LockAccount(ctx, v.TenantID, v.AccountID); err != nil {
			return fault.Database("lock an account", err)
		}
		there, err := isThere(ctx, q, own, deviceID)
		if err != nil || there == id.Nil {
			return err
		}
		return SignOutDevice(ctx, q, v.TenantID, v.AccountID, there, now)
	})
	if err != nil {
		return nil, fault.Database("remove a device", err)
	}
	return fromRow(own), nil
}

// isThere reads which device of an account a caller names: the nil id for one that was
// removed; everything else that is not the account's is refused.
func isThere(ctx context.Context, q *queries.Queries, of queries.Account, deviceID string) (id.ID, error) {
	named, ok := id.Device.Parse(deviceID)
	if !ok {
		return id.Nil, fault.Refused()
	}
	device, err := q.DeviceOfAccount(ctx, of.TenantID, of.ID, named)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return id.Nil, fault.Refused()
	case err != nil:
		return id.Nil, fault.Database("read a device", err)
	case device.RemovedAt != nil:
		return id.Nil, nil
	}
	return device.ID, nil
}
