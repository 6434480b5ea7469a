package transfer

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// ImportQueue has an import run after the transaction commits, until it succeeds.
type ImportQueue interface {
	Import(ctx context.Context, tx pgx.Tx, importID id.ID, ahead int) error
}

// Imports takes pictures into jobs.
type Imports struct {
	db      *pgxpool.Pool
	jobs    *job.Jobs
	store   *blob.Store
	tenants *account.Tenants
	audit   *audit.Log
	queue   ImportQueue
	now     func() time.Time
	log     *slog.Logger
}

// ImportOptions are the parts that Imports works with.
type ImportOptions struct {
	DB      *pgxpool.Pool
	Jobs    *job.Jobs
	Store   *blob.Store
	Tenants *account.Tenants
	Audit   *audit.Log
	Queue   ImportQueue
	Now     func() time.Time
	Log     *slog.Logger
}

// NewImports returns the way in.
func NewImports(o ImportOptions) *Imports {
	return &Imports{db: o.DB, jobs: o.Jobs, store: o.Store, tenants: o.Tenants, audit: o.Audit, queue: o.Queue, now: o.Now, log: o.Log}
}
