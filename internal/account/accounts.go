package account

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Account is a person of a studio.
type Account struct {
	ID         id.ID
	TenantID   id.ID
	Email      string
	Role       Role
	VerifiedAt *time.Time
	ValidUntil *time.Time // nil: no end
	BlockedAt  *time.Time // nil: not blocked
	MaxDevices int
	LastSeenAt *time.Time // of the device seen last

	key    string // of the address
	erased bool
}

// PublicID is how callers name the account.
func (a *Account) PublicID() string { return id.Account.Format(a.ID) }

// Accounts reads the people of a studio.
type Accounts struct {
	db  queries.DBTX
	now func() time.Time
}

// NewAccounts returns the accounts in db.
func NewAccounts(db queries.DBTX, now func() time.Time) *Accounts {
	return &Accounts{db: db, now: now}
}

// Self returns the viewer's own account, also of one who is blocked: people may
// know who they are.
func (s *Accounts) Self(ctx context.Context, v Viewer) (*Account, error) {
	if !v.SignedIn() {
		return nil, fault.SignedOut()
	}
	return s.read(ctx, v.TenantID, v.AccountID)
}

// ByID returns an account that a caller names: the viewer's own, and for admins
// everybody's of the studio. All others are refused alike.
func (s *Accounts) ByID(ctx context.Context, v Viewer, accountID id.ID) (*Account, error) {
	if err := v.Good(s.now()); err != nil {
		return nil, err
	}
	if accountID != v.AccountID && !v.Role.AtLeast(Admin) {
		return nil, fault.Refused()
	}
	return s.read(ctx, v.TenantID, accountID)
}

// ByIDs returns those of the accounts that the viewer may see, in no order: see
// [Accounts.ByID].
func (s *Accounts) ByIDs(ctx context.Context, v Viewer, ids []id.ID) ([]*Account, error) {
	if err := v.Good(s.now()); err != nil {
		return nil, err
	}
	rows, err := queries.New(s.db).AccountsByID(ctx, v.TenantID, ids)
	if err != nil {
		return nil, fault.Database("read accounts", err)
	}
	accounts := make([]*Account, 0, len(rows))
	for _, row := range rows {
		if row.ID == v.AccountID || v.Role.AtLeast(Admin) {
			accounts = append(accounts, fromRow(row))
		}
	}
	return accounts, nil
}

func (s *Accounts) read(ctx context.Context, tenantID, accountID id.ID) (*Account, error) {
	row, err := queries.New(s.db).AccountByID(ctx, tenantID, accountID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.Refused()
	}
	if err != nil {
		return nil, fault.Database("read an account", err)
	}
	return fromRow(row), nil
}

func fromRow(row queries.Account) *Account {
	return &Account{
		ID: row.ID, TenantID: row.TenantID, Email: row.Email, Role: Role(row.Role), VerifiedAt: row.VerifiedAt,
		ValidUntil: row.ValidUntil, BlockedAt: row.BlockedAt, MaxDevices: int(row.MaxDevices), LastSeenAt: row.LastSeenAt,
		key: row.EmailKey, erased: row.ErasedAt != nil,
	}
}
