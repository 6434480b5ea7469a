// Package account knows the studios, their people and devices, and the Viewer:
// who is asking. Its membership gate is the one rule for who may use anything
// that is protected.
package account

import (
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
)

// Role says what an account may do; each role may what the one before may.
type Role string

// The roles, in rising order.
const (
	Customer     Role = "CUSTOMER"
	Photographer Role = "PHOTOGRAPHER"
	Admin        Role = "ADMIN"
	Operator     Role = "OPERATOR"
)

var rank = map[Role]int{Customer: 1, Photographer: 2, Admin: 3, Operator: 4}

// AtLeast reports whether r may what least may. An unknown role may nothing.
func (r Role) AtLeast(least Role) bool { return rank[r] > 0 && rank[r] >= rank[least] }

// Viewer is who asks, as a live session proves it. Every domain method takes it
// and checks it first. The zero Viewer is signed out and may nothing.
type Viewer struct {
	TenantID   id.ID
	AccountID  id.ID
	SessionID  id.ID
	DeviceID   id.ID
	Email      string
	Role       Role
	BlockedAt  *time.Time // nil: not blocked
	ValidUntil *time.Time // nil: no end
	RequestID  string     // of the request that it asks in, for records
}

// SignedIn reports whether there is a session at all.
func (v Viewer) SignedIn() bool { return v.SessionID != id.Nil }

// Good is the membership gate: nil for somebody signed in whose membership is
// in good standing at now. A block binds everybody; valid-until binds customers
// and photographers. Device and session were checked when the session was read.
func (v Viewer) Good(now time.Time) error {
	switch {
	case !v.SignedIn():
		return fault.SignedOut()
	case v.BlockedAt != nil:
		return fault.New(fault.AccountBlocked, "This account is blocked. Please contact the studio.")
	case v.ValidUntil != nil && !now.Before(*v.ValidUntil) && !v.Role.AtLeast(Admin):
		return fault.New(fault.MembershipExpired, "This membership has ended. Please contact the studio.")
	}
	return nil
}

// Require is [Viewer.Good] for somebody with at least this role.
func (v Viewer) Require(least Role, now time.Time) error {
	if err := v.Good(now); err != nil {
		return err
	}
	if !v.Role.AtLeast(least) {
		return fault.Refused()
	}
	return nil
}
