package account

import (
	"context"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// DeviceForgotten is how long a device can go unseen until it does not count against
// its account's limit any more, and is not shown. By then its sessions are long over.
const DeviceForgotten = 90 * 24 * time.Hour

// DeviceKind is what kind of thing a device is.
type DeviceKind string

// The kinds.
const (
	Handheld    DeviceKind = "HANDHELD"
	Desktop     DeviceKind = "DESKTOP"
	OtherDevice DeviceKind = "OTHER"
)

// DevicePolicy says what a sign-in at the device limit comes to.
type DevicePolicy string

// The policies.
const (
	RefuseDevice  DevicePolicy = "REFUSE"         // unless whoever signs in asks to replace one
	ReplaceOldest DevicePolicy = "REPLACE_OLDEST" // the device unseen for longest is signed out
)

// Device is something that an account signed in with, and that counts against its limit.
type Device struct {
	ID         id.ID
	AccountID  id.ID
	Name       string
	Kind       DeviceKind
	CreatedAt  time.Time // when it signed in first
	LastSeenAt time.Time
	Current    bool // whether it is the one that asks
}

// PublicID is how callers name the device.
func (d *Device) PublicID() string { return id.Device.Format(d.ID) }

// DevicesOf returns the devices of accounts by their ids, of each the one seen last
// first: the viewer's own, also while blocked, as people may know who they are; of
// others for admins only. An account has 100 at most.
func (s *Accounts) DevicesOf(ctx context.Context, v Viewer, accounts []id.ID) (map[id.ID][]*Device, error) {
	if !v.SignedIn() {
		return nil, fault.SignedOut()
	}
	for _, one := range accounts {
		if one == v.AccountID {
			continue
		}
		if err := v.Require(Admin, s.now()); err != nil {
			return nil, err
		}
	}
	rows, err := queries.New(s.db).DevicesOfAccounts(ctx, v.TenantID, accounts, s.now().Add(-DeviceForgotten))
	if err != nil {
		return nil, fault.Database("list devices", err)
	}
	devices := make(map[id.ID][]*Device, len(accounts))
	for _, row := range rows {
		devices[row.AccountID] = append(devices[row.AccountID], deviceOf(v, row))
	}
	return devices, nil
}

// DevicesByID returns those of the devices that the viewer may see, in no order: the
// own, and for admins everybody's of the studio.
func (s *Accounts) DevicesByID(ctx context.Context, v Viewer, ids []id.ID) ([]*Device, error) {
	if err := v.Good(s.now()); err != nil {
		return nil, err
	}
	rows, err := queries.New(s.db).DevicesByID(ctx, v.TenantID, ids, s.now().Add(-DeviceForgotten))
	if err != nil {
		return nil, fault.Database("read devices", err)
	}
	devices := make([]*Device, 0, len(rows))
	for _, row := range rows {
		if row.AccountID == v.AccountID || v.Role.AtLeast(Admin) {
			devices = append(devices, deviceOf(v, queries.DevicesOfAccountsRow(row)))
		}
	}
	return devices, nil
}

func deviceOf(v Viewer, row queries.DevicesOfAccountsRow) *Device {
	return &Device{
		ID: row.ID, AccountID: row.AccountID, Name: row.Name, Kind: DeviceKind(row.Kind), CreatedAt: row.CreatedAt, LastSeenAt: row.LastSeenAt,
		Current: row.ID == v.DeviceID,
	}
}

// SignOutDevice removes a device and ends its sessions, in the transaction of q in which
// its account is locked. From the next request on it is out, and what it downloads is cut.
func SignOutDevice(ctx context.Context, q *queries.Queries, tenantID, accountID, deviceID id.ID, now time.Time) error {
	if err := q.RemoveDevice(ctx, queries.RemoveDeviceParams{TenantID: tenantID, AccountID: accountID, ID: deviceID, Now: now}); err != nil {
		return fault.Database("remove a device", err)
	}
	err := q.RevokeDeviceSessions(ctx, queries.RevokeDeviceSessionsParams{TenantID: tenantID, AccountID: accountID, DeviceID: deviceID, Now: now})
	return fault.Database("end a device's sessions", err)
}
