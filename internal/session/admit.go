package session

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

const (
	sessionLife = 180 * 24 * time.Hour
	staffLife   = 12 * time.Hour      // of admins and operators
	idleLife    = 30 * 24 * time.Hour // since the device was last seen
)

// admit lets in whoever has proven the mailbox: spends the code, checks the
// membership, the role and the number of devices, and makes the session, in one
// transaction. When one of these refuses, the code stays spent.
func (s *Service) admit(ctx context.Context, a attempt, code queries.TakeTryRow, charges []charge) (SignedIn, error) {
	var admitted SignedIn
	var refused error
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		q := queries.New(tx)
		// The address comes first, so that no job is made for it unseen; then the
		// budgets: every transaction locks in this order, and codes last.
		if err := q.LockAddress(ctx, account.LockOf(code.TenantID, code.EmailKey)); err != nil {
			return fault.Database("lock an address", err)
		}
		if err := refund(ctx, q, charges); err != nil {
			return err
		}
		spent, err := q.SpendCodes(ctx, code.TenantID, code.EmailKey, a.now)
		if err != nil {
			return fault.Database("spend a code", err)
		}
		if !slices.Contains(spent, code.ID) {
			return codeInvalid()
		}
		admitted, refused, err = s.open(ctx, q, a, code)
		if err != nil || refused != nil || a.witness.admitted == nil {
			return err
		}
		return a.witness.admitted(ctx, tx, admitted.Viewer)
	})
	switch {
	case err != nil:
		return SignedIn{}, fault.Database("sign in", err)
	case refused != nil:
		a.witness.account = admitted.Viewer.AccountID
		s.log.InfoContext(ctx, "sign-in refused after a right code", "refusal", fault.As(refused).Code, "account", admitted.Viewer.AccountID, "requestId", a.in.RequestID)
		return SignedIn{}, refused
	}
	s.log.InfoContext(ctx, "signed in", "account", admitted.Viewer.AccountID, "device", admitted.Viewer.DeviceID, "requestId", a.in.RequestID)
	return admitted, nil
}

// open makes the session of an account, which stays locked meanwhile: neither
// another sign-in nor a block comes between counting devices and adding one.
func (s *Service) open(ctx context.Context, q *queries.Queries, a attempt, code queries.TakeTryRow) (admitted SignedIn, refused, err error) {
	owner, err := q.ClaimAccount(ctx, queries.ClaimAccountParams{
		ID: id.New(a.now), TenantID: code.TenantID, EmailKey: code.EmailKey, Email: code.Email, Locale: &code.Locale, Now: a.now,
	})
	if err != nil {
		return SignedIn{}, nil, fault.Database("claim an account", err)
	}
	viewer := account.Viewer{
		TenantID: owner.TenantID, AccountID: owner.ID, SessionID: id.New(a.now), Email: owner.Email, Role: account.Role(owner.Role),
		BlockedAt: owner.BlockedAt, ValidUntil: owner.ValidUntil, RequestID: a.in.RequestID,
	}
	if refused := viewer.Require(a.in.Least, a.now); refused != nil {
		return SignedIn{Viewer: viewer}, refused, nil
	}
	if refused, err := s.makeRoom(ctx, q, a, owner); refused != nil || err != nil {
		return SignedIn{Viewer: viewer}, refused, err
	}
	viewer.DeviceID, err = q.KeepDevice(ctx, queries.KeepDeviceParams{
		ID: id.New(a.now), TenantID: owner.TenantID, AccountID: owner.ID, SecretHash: a.device.hash(), Name: a.device.Name, Kind: a.device.Kind, Now: a.now,
	})
	if err != nil {
		return SignedIn{}, nil, fault.Database("keep a device", err)
	}
	if err := q.ClaimJobs(ctx, owner.TenantID, owner.EmailKey, owner.ID); err != nil {
		return SignedIn{}, nil, fault.Database("claim jobs", err)
	}
	token, hash := newToken()
	expires := lifeEnd(viewer, a.now)
	if err := q.StartSession(ctx, queries.StartSessionParams{
		ID: viewer.SessionID, TenantID: owner.TenantID, AccountID: owner.ID, DeviceID: viewer.DeviceID, TokenHash: hash,
		Transport: string(a.in.Transport), Role: owner.Role, Now: a.now, ExpiresAt: expires,
	}); err != nil {
		return SignedIn{}, nil, fault.Database("start a session", err)
	}
	return SignedIn{Viewer: viewer, Token: token, ExpiresAt: expires}, nil, nil
}

// makeRoom keeps the device limit. A device that counts already needs no room; another
// one takes the places of those unseen for longest, where the studio's policy or whoever
// signs in says so.
func (s *Service) makeRoom(ctx context.Context, q *queries.Queries, a attempt, owner queries.Account) (refused, err error) {
	devices, err := q.DevicesInUse(ctx, owner.TenantID, owner.ID, a.now.Add(-account.DeviceForgotten))
	if err != nil {
		return nil, fault.Database("count devices", err)
	}
	counted := slices.ContainsFunc(devices, func(d queries.DevicesInUseRow) bool { return bytes.Equal(d.SecretHash, a.device.hash()) })
	excess := len(devices) + 1 - int(owner.MaxDevices)
	switch {
	case counted || excess <= 0:
		return nil, nil
	case !a.in.ReplaceDevice && a.client.Tenant.Devices != account.ReplaceOldest:
		return fault.New(fault.DeviceLimit, "This account is signed in on as many devices as it may be. Remove one of them, or replace the one unseen for longest."), nil
	}
	for _, d := range devices[:excess] {
		if err := account.SignOutDevice(ctx, q, owner.TenantID, owner.ID, d.ID, a.now); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// lifeEnd is when a session ends at the latest.
func lifeEnd(v account.Viewer, now time.Time) time.Time {
	if v.Role.AtLeast(account.Admin) {
		return now.Add(staffLife)
	}
	end := now.Add(sessionLife)
	if v.ValidUntil != nil && v.ValidUntil.Before(end) {
		return *v.ValidUntil
	}
	return end
}
