package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// commandLine stands in the audit log where there is no request. Whoever can run
// a command holds the database's password: there is no viewer to ask.
const commandLine = "command line"

// ErrLastAdmin refuses to leave a studio without anybody to run it.
var ErrLastAdmin = errors.New("this is the studio's last admin: grant somebody else first")

// ErrNoAccount says that a studio knows no such address.
var ErrNoAccount = errors.New("the studio has no account with this address")

// Staff says who runs a studio, for the command line. Each change is audited in
// its own transaction, and ends the person's sessions.
type Staff struct {
	db  *pgxpool.Pool
	log *audit.Log
	now func() time.Time
}

// NewStaff returns the staff of the studios in db.
func NewStaff(db *pgxpool.Pool, log *audit.Log, now func() time.Time) *Staff {
	return &Staff{db: db, log: log, now: now}
}

// Grant lets the person with this address do what role may, [Admin] or [Operator];
// it makes the account where there is none. It never takes anything away: changed
// is false for somebody who may that already.
func (s *Staff) Grant(ctx context.Context, tenantID id.ID, address Address, role Role) (changed bool, err error) {
	if !role.AtLeast(Admin) {
		return false, fmt.Errorf("%s is no role of the staff", role)
	}
	err = s.change(ctx, func(tx pgx.Tx, _ []queries.LockTenantStaffRow) error {
		row, err := queries.New(tx).EnsureAccount(ctx, queries.EnsureAccountParams{
			ID: id.New(s.now()), TenantID: tenantID, EmailKey: address.Key(), Email: address.Mailbox(), Role: string(Customer), Now: s.now(),
		})
		if err != nil {
			return fault.Database("find or make the account", err)
		}
		if changed = !Role(row.Role).AtLeast(role); !changed {
			return nil
		}
		return s.set(ctx, tx, tenantID, row.ID, Role(row.Role), role)
	}, tenantID)
	return changed, err
}

// Revoke makes the person with this address a customer. It refuses with
// [ErrLastAdmin] and [ErrNoAccount]; changed is false for a customer.
func (s *Staff) Revoke(ctx context.Context, tenantID id.ID, address Address) (changed bool, err error) {
	err = s.change(ctx, func(tx pgx.Tx, staff []queries.LockTenantStaffRow) error {
		row, err := queries.New(tx).AccountByEmail(ctx, tenantID, address.Key())
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNoAccount
		case err != nil:
			return fault.Database("find the account", err)
		case Role(row.Role) == Customer:
			return nil
		case isLast(staff, row.ID):
			return ErrLastAdmin
		}
		changed = true
		return s.set(ctx, tx, tenantID, row.ID, Role(row.Role), Customer)
	}, tenantID)
	return changed, err
}

// change runs one change with the studio's admins locked, so that two that are
// made at once can't leave it without any.
func (s *Staff) change(ctx context.Context, do func(tx pgx.Tx, staff []queries.LockTenantStaffRow) error, tenantID id.ID) error {
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		staff, err := queries.New(tx).LockTenantStaff(ctx, tenantID)
		if err != nil {
			return fault.Database("lock the studio's admins", err)
		}
		return do(tx, staff)
	})
}

func (s *Staff) set(ctx context.Context, tx pgx.Tx, tenantID, accountID id.ID, before, after Role) error {
	if err := setRole(ctx, queries.New(tx), tenantID, accountID, after, s.now()); err != nil {
		return err
	}
	return s.log.Append(ctx, tx, audit.Change{
		TenantID: tenantID, Action: audit.AccountRoleSet, AccountID: &accountID, Old: before, New: after, RequestID: commandLine,
	})
}

// Found makes the installation's first studio; where there is one already, it
// does nothing.
func Found(ctx context.Context, db queries.DBTX, first Tenant, now time.Time) (made bool, err error) {
	q := queries.New(db)
	known, err := q.Tenants(ctx)
	if err != nil {
		return false, fault.Database("look for studios", err)
	}
	if len(known) > 0 {
		return false, nil
	}
	// The lists are copied so that none of them is nil, which the columns refuse.
	rows, err := q.InsertTenant(ctx, queries.InsertTenantParams{
		ID: id.New(now), Slug: first.Slug, Name: first.Name, Hosts: append([]string{}, first.Hosts...), Origins: append([]string{}, first.Origins...),
		Locale: string(first.Locale), SignUp: first.SignUp, CreatedAt: now,
	})
	if err != nil {
		// Of two that do so at once, the later one may find the name taken.
		if known, again := q.Tenants(ctx); again == nil && len(known) > 0 {
			return false, nil
		}
		return false, fault.Database("make the first studio", err)
	}
	return rows == 1, nil
}

// BySlug returns the studio that an operator names.
func (t *Tenants) BySlug(ctx context.Context, slug string) (Tenant, error) {
	tenants, err := t.all(ctx)
	if err != nil {
		return Tenant{}, err
	}
	for _, tenant := range tenants {
		if tenant.Slug == slug {
			return tenant, nil
		}
	}
	return Tenant{}, noStudio(slug)
}

func noStudio(slug string) error {
	return fmt.Errorf("there is no studio %q: `pixgate tenant list` names them", slug)
}
