// Package audit keeps the log of what admins did: insert only, one chain for each
// studio, written in the transaction of the change it tells of. A change whose
// entry can't be written does not happen.
//
// Beside it stands [Security], which counts what was refused and never holds a request
// up: of that, little is lost by losing some.
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
	JobCreated           Action = "job.created"
	ImagesImported       Action = "job.images_imported"
	IncludedImagesSet    Action = "job.included_images_set"
	AllImagesIncludedSet Action = "job.all_images_included_set"
	JobStatusSet         Action = "job.status_set"
	CustomerUploadsSet   Action = "job.customer_uploads_set"
	SelectionStateSet    Action = "image.selection_state_set"
	ExtraSettled         Action = "image.extra_settled"
	AccountRoleSet       Action = "account.role_set"
	AccountBlocked       Action = "account.blocked"
	AccountUnblocked     Action = "account.unblocked"
	AccountValidUntilSet Action = "account.valid_until_set"
	AccountMaxDevicesSet Action = "account.max_devices_set"
	DeviceRemoved        Action = "account.device_removed"
	LoginReleased        Action = "login.released"
	DevicePolicySet      Action = "tenant.device_policy_set"
	LoginCodeRequested   Action = "login.code_requested"
	LoginSucceeded       Action = "login.succeeded"
	LoginFailed          Action = "login.failed"
	BookingConfirmed     Action = "booking.confirmed"
	BookingDeclined      Action = "booking.declined"
	BookingCancelled     Action = "booking.cancelled"
	BookingAssigned      Action = "booking.photographer_set"
	JobAssigned          Action = "job.photographer_set"
	PackageSet           Action = "package.set"
	PackageRemoved       Action = "package.removed"

	TenantAdded     Action = "tenant.added"
	TenantSet       Action = "tenant.setting_set"
	TenantTextSet   Action = "tenant.text_set"
	TenantTextReset Action = "tenant.text_reset"
	AccountErased   Action = "account.erased"
	TaskRetried     Action = "task.retried"

	CustomerNotified      Action = "job.customer_notified"
	MailSuppressionLifted Action = "account.mail_suppression_lifted"

	WebhookCreated       Action = "webhook.created"
	WebhookSet           Action = "webhook.set"
	WebhookRemoved       Action = "webhook.removed"
	WebhookSecretRotated Action = "webhook.secret_rotated"
	WebhookTested        Action = "webhook.tested"
	WebhookRedelivered   Action = "webhook.redelivered"
	WebhookDisabled      Action = "webhook.disabled" // by the server
)

// Change is what an admin did to one thing. Values are anything that encodes to
// JSON, without personal data: people are named by id only, so that erasing a
// person leaves the chain whole.
type Change struct {
	TenantID  id.ID
	ActorID   *id.ID // nil: the command line, or the server by itself
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

// Append writes an entry for each change at the end of the studio's chain, in this
// order. All are of one studio. Call it last in the transaction: the chain's head
// stays locked until that ends. It costs three round trips, whatever the number
// of changes.
func (l *Log) Append(ctx context.Context, tx pgx.Tx, changes ...Change) error {
	if len(changes) == 0 {
		return nil
	}
	q, tenantID := queries.New(tx), changes[0].TenantID
	head, err := l.lockHead(ctx, q, tenantID)
	if err != nil {
		return err
	}
	// Not before the last one, also where another server's clock was ahead.
	head.At = later(l.now().Truncate(time.Microsecond), head.At).UTC()
	rows := make([]queries.InsertAuditEntriesParams, len(changes))
	for i, change := range changes {
		if change.TenantID != tenantID {
			return fmt.Errorf("%s is another studio's", change.Action)
		}
		if rows[i], err = l.link(&head, change); err != nil {
			return err
		}
	}
	if err := insert(ctx, q, rows); err != nil {
		return fault.Database("write an audit entry", err)
	}
	if err := q.MoveHead(ctx, queries.MoveHeadParams{Sequence: head.Sequence, Hash: head.Hash, At: head.At, TenantID: tenantID}); err != nil {
		return fault.Database("move the audit chain's head", err)
	}
	return nil
}

// link makes the entry that follows head, and moves head on to it.
func (l *Log) link(head *queries.LockHeadRow, change Change) (queries.InsertAuditEntriesParams, error) {
	row := queries.InsertAuditEntriesParams{
		ID: id.New(head.At), TenantID: change.TenantID, Sequence: head.Sequence + 1, At: head.At, ActorID: change.ActorID, Action: string(change.Action),
		JobID: change.JobID, ImageID: change.ImageID, AccountID: change.AccountID,
		Reason: nullable(change.Reason), RequestID: change.RequestID, Prev: head.Hash, KeyID: l.keys.Current().ID(),
	}
	oldValue, err := encode(change.Old)
	if err != nil {
		return row, err
	}
	newValue, err := encode(change.New)
	if err != nil {
		return row, err
	}
	row.OldValue, row.NewValue = nullable(string(oldValue)), nullable(string(newValue))
	row.Canonical, err = json.Marshal(canonical{
		ID: row.ID.String(), Sequence: row.Sequence, At: row.At.Format(time.RFC3339Nano), Tenant: row.TenantID.String(), Actor: text(row.ActorID),
		Action: change.Action, Job: text(row.JobID), Image: text(row.ImageID), Account: text(row.AccountID),
		Old: oldValue, New: newValue, Reason: change.Reason, RequestID: row.RequestID,
	})
	if err != nil {
		return row, fmt.Errorf("encode an audit entry: %w", err)
	}
	hash := l.keys.Current().MAC(chainPurpose, row.Prev, row.Canonical)
	row.Hash = hash[:]
	head.Sequence, head.Hash = row.Sequence, row.Hash
	return row, nil
}

// insert writes the rows in one round trip.
func insert(ctx context.Context, q *queries.Queries, rows []queries.InsertAuditEntriesParams) error {
	var failed error
	q.InsertAuditEntries(ctx, rows).Exec(func(_ int, err error) {
		if failed == nil {
			failed = err
		}
	})
	return failed
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lockHead locks the end of the chain. Reading the newest entry instead would
// let two writers chain to the same one.
func (l *Log) lockHead(ctx context.Context, q *queries.Queries, tenantID id.ID) (queries.LockHeadRow, error) {
	head, err := q.LockHead(ctx, tenantID)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := q.StartChain(ctx, tenantID, start[:]); err != nil {
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
