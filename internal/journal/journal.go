// Package journal is what admins read of what happened in their studio: the audit log,
// the history of a picture, and whether the log is what the server wrote.
package journal

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Sessions knows who holds a session, now. One that is not alive is UNAUTHENTICATED.
type Sessions interface {
	ByID(ctx context.Context, tenantID, sessionID id.ID) (account.Viewer, error)
}

// Options are the parts that a Journal works with.
type Options struct {
	DB       *pgxpool.Pool
	Tenants  *account.Tenants
	Sessions Sessions
	Verifier *audit.Verifier
	Now      func() time.Time
}

// Journal reads what happened.
type Journal struct {
	Options
	verifying sync.Mutex
}

// New returns the journal of the studios in the database.
func New(o Options) *Journal { return &Journal{Options: o} }

// Entry is an entry of the audit log.
type Entry struct {
	ID        id.ID
	Sequence  int64
	At        time.Time
	ActorID   *id.ID // nil: the command line
	Action    string
	JobID     *id.ID
	ImageID   *id.ID
	AccountID *id.ID // whom it is about
	OldValue  *string
	NewValue  *string
	Reason    *string
	RequestID string
}

// PublicID is how callers name the entry.
func (e *Entry) PublicID() string { return id.Audit.Format(e.ID) }

// Cursor is the entry's place in lists of entries.
func (e *Entry) Cursor() page.Cursor { return page.Cursor{Key: e.Sequence, ID: e.ID} }

func entryFrom(row *queries.AuditEntry) *Entry {
	return &Entry{
		ID: row.ID, Sequence: row.Sequence, At: row.At, ActorID: row.ActorID, Action: row.Action,
		JobID: row.JobID, ImageID: row.ImageID, AccountID: row.AccountID,
		OldValue: row.OldValue, NewValue: row.NewValue, Reason: row.Reason, RequestID: row.RequestID,
	}
}

func entriesFrom(rows []queries.AuditEntry) []*Entry {
	entries := make([]*Entry, len(rows))
	for i := range rows {
		entries[i] = entryFrom(&rows[i])
	}
	return entries
}
