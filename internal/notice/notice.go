// Package notice is what customers are told by mail without having asked for it just then:
// that their pictures are ready, that a payment has come, what the studio writes. It knows who
// does not want that, and whose mailbox refuses mail.
package notice

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/internal/mail/report"
	"pixgate/queries"
)

const (
	maxMessage = 1000 // characters
	maxReason  = 1000
)

// The codes of refusals.
const (
	Unsubscribed   = "UNSUBSCRIBED"    // the customer wants no notifications
	MailSuppressed = "MAIL_SUPPRESSED" // the customer's mailbox refuses mail
)

// Refusal is a business rule that said no.
type Refusal struct {
	Field   []string
	Code    string
	Message string
}

// Queue takes mails over with the transaction of what they tell of.
type Queue interface {
	Notification(ctx context.Context, tx pgx.Tx, notificationID id.ID) error
}

// Security keeps what became of mails. It waits for nobody.
type Security interface {
	Record(i audit.Incident)
}

// Reports reads what SES reports: see [report.Reader.Read].
type Reports interface {
	Read(ctx context.Context, post []byte) (report.Report, error)
}

// Options are what Notices work with; all are required.
type Options struct {
	DB         *pgxpool.Pool
	Tenants    *account.Tenants
	Audit      *audit.Log
	Queue      Queue
	Sender     mail.Sender
	Reports    Reports
	Security   Security
	PublicURLs []string // the origins that we answer under
	Now        func() time.Time
	Log        *slog.Logger
}

// Notices are the notifications of all studios.
type Notices struct{ Options }

// New returns Notices.
func New(o Options) *Notices { return &Notices{o} }

// JobReady tells the customer of a job, with the transaction that makes it ready. Where it
// is not any more when the mail would leave, none does.
func (n *Notices) JobReady(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID) error {
	return n.tell(ctx, tx, queries.InsertNotificationParams{TenantID: tenantID, JobID: jobID, Kind: string(mail.JobReady)})
}

// ExtrasSettled tells the customer of a job that the payment for so many pictures has come.
func (n *Notices) ExtrasSettled(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID, images int) error {
	return n.tell(ctx, tx, queries.InsertNotificationParams{TenantID: tenantID, JobID: jobID, Kind: string(mail.ExtrasSettled), Images: int32(images)})
}

func (n *Notices) tell(ctx context.Context, tx pgx.Tx, row queries.InsertNotificationParams) error {
	row.Now = n.Now()
	if row.ID == id.Nil {
		row.ID = id.New(row.Now)
	}
	if err := queries.New(tx).InsertNotification(ctx, row); err != nil {
		return fault.Database("write a notification", err)
	}
	return n.Queue.Notification(ctx, tx, row.ID)
}

// noticeValue is what the audit log keeps of a message: that there was one, and no word of it.
type noticeValue struct {
	Notification string `json:"notification"`
	Characters   int    `json:"characters"`
}

// Notify has the customer of a job read what the viewer writes, 1 to 1,000 characters in
// one or several lines. Admins only; leaves an audit entry. Refused where no mail would
// reach them.
func (n *Notices) Notify(ctx context.Context, v account.Viewer, jobID, message string) ([]Refusal, error) {
	if err := v.Require(account.Admin, n.Now()); err != nil {
		return nil, err
	}
	message = strings.TrimSpace(strings.ReplaceAll(message, "\r\n", "\n"))
	if wrong := fault.Text("input.message", strings.ReplaceAll(message, "\n", " "), 1, maxMessage); wrong != nil {
		return nil, fault.Invalid(wrong...)
	}
	named, ok := id.Job.Parse(jobID)
	if !ok {
		named = id.Nil // names nothing, and costs what an unknown one does
	}
	var refusals []Refusal
	err := pgx.BeginFunc(ctx, n.DB, func(tx pgx.Tx) error {
		to, err := queries.New(tx).CustomerToNotify(ctx, v.TenantID, named)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fault.Refused()
		case err != nil:
			return fault.Database("look up a job's customer", err)
		case to.Suppressed:
			refusals = refuse(MailSuppressed, "The customer's mailbox refuses mail. Ask for another address, or have it repaired and lift that.")
			return nil
		case to.Unsubscribed:
			refusals = refuse(Unsubscribed, "The customer wants no such mail. Ring them up.")
			return nil
		}
		row := queries.InsertNotificationParams{ID: id.New(n.Now()), TenantID: v.TenantID, JobID: named, Kind: string(mail.StudioMessage), Message: message}
		if err := n.tell(ctx, tx, row); err != nil {
			return err
		}
		return n.Audit.Append(ctx, tx, audit.Change{
			TenantID: v.TenantID, ActorID: &v.AccountID, Action: audit.CustomerNotified, JobID: &named,
			New: noticeValue{row.ID.String(), utf8.RuneCountInString(message)}, RequestID: v.RequestID,
		})
	})
	return refusals, fault.Database("notify a customer", err)
}

func refuse(code, message string) []Refusal {
	return []Refusal{{Field: []string{"input", "jobId"}, Code: code, Message: message}}
}
