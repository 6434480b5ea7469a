// Package task does background work on River: the rows of its tasks lie in
// PostgreSQL (schema "task"), so that a task is queued in the transaction of what
// it follows from, and outlives the process that queued it. A task is done at
// least once. Its arguments are ids and nothing else.
package task

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/schema"
)

// Queues keep long tasks from standing in front of short ones.
const (
	mailQueue        = "mail"
	importQueue      = "import"
	uploadQueue      = "upload"
	choreQueue       = "chore"
	alertQueue       = "alert" // apart, so that a program that doesn't know its kind leaves it lying
	webhookQueue     = "webhook"
	maintenanceQueue = "maintenance" // where earlier versions put chores: what they left, or still queue, is done; they know few kinds
)

// loginMail mails a sign-in code. It has more attempts than fit into the life of
// a code: the code's expiry ends it.
type loginMail struct {
	CodeID rowID `json:"code_id"`
}

// Kind names the task in stored rows.
func (loginMail) Kind() string { return "login_mail" }

// InsertOpts says how the task is queued.
func (loginMail) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailQueue, MaxAttempts: 100}
}

// imageImport takes pictures into a job.
type imageImport struct {
	ImportID rowID `json:"import_id"`
}

// Kind names the task in stored rows.
func (imageImport) Kind() string { return "image_import" }

// InsertOpts says how the task is queued.
func (imageImport) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: importQueue, MaxAttempts: 5}
}

// imageUpload takes an upload in. Past its last attempt, hours later, the sweep queues
// it anew.
type imageUpload struct {
	UploadID rowID `json:"upload_id"`
}

// Kind names the task in stored rows.
func (imageUpload) Kind() string { return "image_upload" }

// InsertOpts says how the task is queued.
func (imageUpload) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: uploadQueue, MaxAttempts: 25}
}

// securityAlert mails an alert. Past its last attempt, ten minutes later, it is no news
// any more: the events can still be read.
type securityAlert struct {
	AlertID rowID `json:"alert_id"`
}

// Kind names the task in stored rows.
func (securityAlert) Kind() string { return "security_alert" }

// InsertOpts says how the task is queued.
func (securityAlert) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailQueue, MaxAttempts: 25}
}

// alertWebhook posts an alert. It has the time of its mail: whatever the receiver says of
// when to come again, ten minutes later it is no news any more.
type alertWebhook struct {
	AlertID rowID `json:"alert_id"`
}

// Kind names the task in stored rows.
func (alertWebhook) Kind() string { return "alert_webhook" }

// InsertOpts says how the task is queued.
func (alertWebhook) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: alertQueue, MaxAttempts: 25}
}

// bookingMail mails what happened to a booking. It is tried for most of a day, since
// nobody tells the client otherwise.
type bookingMail struct {
	EventID rowID `json:"event_id"`
}

// Kind names the task in stored rows.
func (bookingMail) Kind() string { return "booking_mail" }

// InsertOpts says how the task is queued.
func (bookingMail) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailQueue, MaxAttempts: 100}
}

// notificationMail mails a notification. It is tried for most of a day.
type notificationMail struct {
	NotificationID rowID `json:"notification_id"`
}

// Kind names the task in stored rows.
func (notificationMail) Kind() string { return "notification_mail" }

// InsertOpts says how the task is queued.
func (notificationMail) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailQueue, MaxAttempts: 100}
}

// webhookDelivery takes an event to a webhook. How often that is tried, its row tells; the attempts here
// are those in which we failed, not the receiver.
type webhookDelivery struct {
	DeliveryID rowID `json:"delivery_id"`
}

// Kind names the task in stored rows.
func (webhookDelivery) Kind() string { return "webhook_delivery" }

// InsertOpts says how the task is queued.
func (webhookDelivery) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: webhookQueue, MaxAttempts: 25}
}

// chore is a chore that is due; its kind says which.
type chore struct{ name string }

// Kind names the task in stored rows.
func (c chore) Kind() string { return strings.ReplaceAll(c.name, "-", "_") }

// InsertOpts says how the task is queued.
func (chore) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: choreQueue, MaxAttempts: 3}
}

// Queue takes tasks over.
type Queue struct {
	client *river.Client[pgx.Tx]
}

// NewQueue returns a Queue that works nothing off by itself.
func NewQueue(pool *pgxpool.Pool) (*Queue, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: schema.TaskSchema})
	if err != nil {
		return nil, fmt.Errorf("open the task queue: %w", err)
	}
	return &Queue{client: client}, nil
}

// LoginMail queues the mail of a code with the transaction that makes the code. It is
// tried until the code expires, which the code's row tells.
func (q *Queue) LoginMail(ctx context.Context, tx pgx.Tx, codeID id.ID, _ time.Time) error {
	return q.insert(ctx, tx, loginMail{CodeID: rowID(codeID)})
}

// Import queues an import with the transaction that makes its row. ahead is how many of its
// studio's are not over yet: see [turn].
func (q *Queue) Import(ctx context.Context, tx pgx.Tx, importID id.ID, ahead int) error {
	return q.insertInTurn(ctx, tx, imageImport{ImportID: rowID(importID)}, ahead)
}

// TakeUpload queues the taking in of an upload with the transaction that completes it. ahead
// is how many of its studio's are not taken in yet: see [turn].
func (q *Queue) TakeUpload(ctx context.Context, tx pgx.Tx, uploadID id.ID, ahead int) error {
	return q.insertInTurn(ctx, tx, imageUpload{UploadID: rowID(uploadID)}, ahead)
}

// SecurityAlert queues the mails of an alert with the transaction that claims it.
func (q *Queue) SecurityAlert(ctx context.Context, tx pgx.Tx, alertID id.ID) error {
	return q.insert(ctx, tx, securityAlert{AlertID: rowID(alertID)})
}

// PostedAlerts is a Queue whose alerts are posted as well as mailed, each by a task of its
// own: neither waits for the other.
type PostedAlerts struct{ *Queue }

// SecurityAlert queues the mails and the webhook of an alert with the transaction that claims it.
func (p PostedAlerts) SecurityAlert(ctx context.Context, tx pgx.Tx, alertID id.ID) error {
	if err := p.Queue.SecurityAlert(ctx, tx, alertID); err != nil {
		return err
	}
	return p.insert(ctx, tx, alertWebhook{AlertID: rowID(alertID)})
}

// BookingMail queues the mails about a booking's event with the transaction of that.
func (q *Queue) BookingMail(ctx context.Context, tx pgx.Tx, eventID id.ID) error {
	return q.insert(ctx, tx, bookingMail{EventID: rowID(eventID)})
}

// Notification queues the mail of a notification with the transaction of what it tells of.
func (q *Queue) Notification(ctx context.Context, tx pgx.Tx, notificationID id.ID) error {
	return q.insert(ctx, tx, notificationMail{NotificationID: rowID(notificationID)})
}

// WebhookDeliveries queues deliveries with the transaction of what they tell of. ahead is, for
// each, how many wait for its webhook already: see [turn].
func (q *Queue) WebhookDeliveries(ctx context.Context, tx pgx.Tx, deliveryIDs []id.ID, ahead []int) error {
	tasks := make([]river.InsertManyParams, len(deliveryIDs))
	for i, one := range deliveryIDs {
		tasks[i].Args, tasks[i].InsertOpts = webhookDelivery{DeliveryID: rowID(one)}, &river.InsertOpts{Priority: turn(ahead[i])}
	}
	_, err := q.client.InsertManyTx(ctx, tx, tasks)
	return fault.Database("queue tasks", err)
}

func (q *Queue) insert(ctx context.Context, tx pgx.Tx, args river.JobArgs) error {
	_, err := q.client.InsertTx(ctx, tx, args, nil)
	return fault.Database("queue a task", err)
}

func (q *Queue) insertInTurn(ctx context.Context, tx pgx.Tx, args river.JobArgs, ahead int) error {
	_, err := q.client.InsertTx(ctx, tx, args, &river.InsertOpts{Priority: turn(ahead)})
	return fault.Database("queue a task", err)
}

// turn is the priority of a task with so many of its own studio's ahead of it, 1 first: whoever
// has little to do is not kept waiting by whoever has much. The last are never overtaken by more
// than the others have at a time.
func turn(ahead int) int {
	priority := 1
	for _, many := range []int{10, 100, 1000} {
		if ahead >= many {
			priority++
		}
	}
	return priority
}

// rowID is an id as the arguments of a task hold it: 32 hexadecimal digits.
type rowID id.ID

// MarshalText writes the id.
func (r rowID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, r[:]), nil }

// UnmarshalText reads the id.
func (r *rowID) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(r)) {
		return fmt.Errorf("a task's id has %d digits", len(text))
	}
	if _, err := hex.Decode(r[:], text); err != nil {
		return fmt.Errorf("read a task's id: %w", err)
	}
	return nil
}
