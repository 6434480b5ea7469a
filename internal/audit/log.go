// Package audit keeps the log of what admins did: insert only, one chain for each
// studio, written in the transaction of the change it tells of. A change whose
// entry can't be written does not happen.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/queries"
)

// Action names what was done, such as "job.created". The names are stored: they
// are never changed.
type Action string

// The actions.
const (
	JobCreated     Action = "job.created"
	ImagesImported Action = "job.images_imported"
	AccountRoleSet Action = "account.role_set"
)

// Change is what an admin did to one thing. Values are anything that encodes to
// JSON, without personal data: people are named by id only, so that erasing a
// person leaves the chain whole.
type Change struct {
	TenantID  id.ID
	ActorID   *id.ID // nil: the command line
	Action    Action
	JobID     *id.ID
	ImageID   *id.ID
	AccountID *id.ID // whom it is about
	Old, New  any
	Reason    string
	RequestID string
}

// Log appends to the chains.
type Log struct {
	keys secret.Ring
	now  func() time.Time
}

// NewLog returns a log that chains with the current key of keys.
func NewLog(keys secret.Ring, now func() time.Time) *Log { return &Log{keys: keys, now: now} }

// canonical is what gets chained. Its field order is fixed: the bytes are stored
// as they were, and verified as they are.
type canonical struct {
	Sequence  int64           `json:"sequence"`
	At        string          `json:"at"`
	Tenant    string          `json:"tenant"`
	Actor     string          `json:"actor,omitempty"`
	Action    Action          `json:"action"`
	Job       string          `json:"job,omitempty"`
	Image     string          `json:"image,omitempty"`
	Account   string          `json:"account,omitempty"`
	Old       json.RawMessage `json:"old,omitempty"`
	New       json.RawMessage `json:"new,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	RequestID string          `json:"requestId"`
}

// Append writes one entry at the end of the studio's chain. Call it last in the
// transaction: the chain's head stays locked until that ends.
func (l *Log) Append(ctx context.Context, tx pgx.Tx, change Change) error {
	q := queries.New(tx)
	head, err := l.lockHead(ctx, q, change.TenantID)
	if err != nil {
		return err
	}
	at := l.now().UTC().Truncate(time.Microsecond)
	oldValue, err := encode(change.Old)
	if err != nil {
		return err
	}
	newValue, err := encode(change.New)
	if err != nil {
		return err
	}
	sequence := head.Sequence + 1
	body, err := json.Marshal(canonical{
		Sequence: sequence, At: at.Format(time.RFC3339Nano), Tenant: change.TenantID.String(), Actor: text(change.ActorID), Action: change.Action,
		Job: text(change.JobID), Image: text(change.ImageID), Account: text(change.AccountID),
		Old: oldValue, New: newValue, Reason: change.Reason, RequestID: change.RequestID,
	})
	if err != nil {
		return fmt.Errorf("encode an audit entry: %w", err)
	}
	key := l.keys.Current()
	hash := key.MAC("audit chain", head.Hash, body)
	if err := q.InsertAuditEntry(ctx, queries.InsertAuditEntryParams{
		ID: id.New(at), TenantID: change.TenantID, Sequence: sequence, At: at, ActorID: change.ActorID, Action: string(change.Action),
		JobID: change.JobID, ImageID: change.ImageID, AccountID: change.AccountID,
		OldValue: nullable(string(oldValue)), NewValue: nullable(string(newValue)), Reason: nullable(change.Reason), RequestID: change.RequestID,
		Canonical: body, Prev: head.Hash, Hash: hash[:], KeyID: key.ID(),
	}); err != nil {
		return fault.Database("write an audit entry", err)
	}
	if err := q.MoveHead(ctx, sequence, hash[:], change.TenantID); err != nil {
		return fault.Database("move the audit chain's head", err)
	}
	return nil
}

// lockHead locks the end of the chain. Reading the newest entry instead would
// let two writers chain to the same one.
func (l *Log) lockHead(ctx context.Context, q *queries.Queries, tenantID id.ID) (queries.LockHeadRow, error) {
	head, err := q.LockHead(ctx, tenantID)
	if errors.Is(err, pgx.ErrNoRows) {
		start := make([]byte, 32)
		if err := q.StartChain(ctx, tenantID, start); err != nil {
			return head, fault.Database("start an audit chain", err)
		}
		head, err = q.LockHead(ctx, tenantID)
	}
	if err != nil {
		return head, fault.Database("lock the audit chain's head", err)
	}
	return head, nil
}

func encode(value any) (json.RawMessage, error) {
	if value == nil {
		return nil, nil
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode an audited value: %w", err)
	}
	return encoded, nil
}

func text(named *id.ID) string {
	if named == nil {
		return ""
	}
	return named.String()
}

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
