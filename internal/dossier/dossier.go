// Package dossier is what a studio keeps about a person: it is let out to that person,
// erased when an admin says so, and erased by itself when nobody came for long.
// docs/privacy.md tells what becomes of every column.
package dossier

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/id"
)

// Sessions knows who holds a session, now. One that is not alive is UNAUTHENTICATED.
type Sessions interface {
	ByID(ctx context.Context, tenantID, sessionID id.ID) (account.Viewer, error)
}

// Options are the parts that the dossiers need.
type Options struct {
	DB       *pgxpool.Pool
	Tenants  *account.Tenants
	Sessions Sessions
	Audit    *audit.Log
	Now      func() time.Time
	Log      *slog.Logger
}

// Dossiers are those of all studios.
type Dossiers struct {
	Options
}

// New returns the dossiers in a database.
func New(o Options) *Dossiers { return &Dossiers{o} }
