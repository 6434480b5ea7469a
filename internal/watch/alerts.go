package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/queries"
)

// AlertOptions are what Alerts work with. All but Mailbox are required.
type AlertOptions struct {
	DB      queries.DBTX
	Tenants *account.Tenants
	Sender  mail.Sender
	Mailbox string // gets every alert (ALERT_EMAIL); empty: there is none
	Log     *slog.Logger
}

// Alerts tells people that events of a kind are many.
type Alerts struct{ AlertOptions }

// NewAlerts returns Alerts.
func NewAlerts(o AlertOptions) *Alerts { return &Alerts{o} }

// recipient is somebody who is told.
type recipient struct {
	id       id.ID // the nil id: Mailbox
	tenantID id.ID
	address  string
}

// Mail mails an alert to everybody whom it concerns at this moment and who has not
// got it. nil means that nothing is left to do; after an error the same call should be
// made again. A crash between sending a mail and noting it sends that mail twice. One
// mailbox that refuses mail does not keep it from the others.
func (a *Alerts) Mail(ctx context.Context, alertID id.ID) error {
	q := queries.New(a.DB)
	row, err := q.SecurityAlert(ctx, alertID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // a later one of the same kind has taken its place
	}
	if err != nil {
		return fault.Database("look up a security alert", err)
	}
	alert := row.SecurityAlert
	recipients, err := a.recipients(ctx, q, alert)
	if err != nil {
		return err
	}
	var failed error
	for _, to := range recipients {
		if slices.Contains(alert.Mailed, to.id) {
			continue
		}
		failed = errors.Join(failed, a.send(ctx, q, alert, to))
	}
	if len(recipients) == 0 {
		a.Log.ErrorContext(ctx, "a security alert has nobody to go to: set ALERT_EMAIL", "event", alert.Event, "alert_id", alertID)
	}
	return failed
}

// recipients are the studio's admins and operators, or for the installation all
// operators; and Mailbox, unless it is one of theirs.
func (a *Alerts) recipients(ctx context.Context, q *queries.Queries, alert queries.SecurityAlert) ([]recipient, error) {
	var all []recipient
	if alert.TenantID != nil {
		staff, err := q.StaffToAlert(ctx, *alert.TenantID)
		if err != nil {
			return nil, fault.Database("look up whom to alert", err)
		}
		for _, row := range staff {
			all = append(all, recipient{row.ID, row.TenantID, row.Email})
		}
	} else {
		operators, err := q.OperatorsToAlert(ctx)
		if err != nil {
			return nil, fault.Database("look up whom to alert", err)
		}
		for _, row := range operators {
			all = append(all, recipient{row.ID, row.TenantID, row.Email})
		}
	}
	box := recipient{address: a.Mailbox}
	if alert.TenantID != nil {
		box.tenantID = *alert.TenantID
	}
	if box.address != "" && !slices.ContainsFunc(all, func(one recipient) bool { return strings.EqualFold(one.address, box.address) }) {
		all = append(all, box)
	}
	return all, nil
}

func (a *Alerts) send(ctx context.Context, q *queries.Queries, alert queries.SecurityAlert, to recipient) error {
	message, err := a.compose(ctx, alert, to)
	if err != nil {
		return err
	}
	err = a.Sender.Send(ctx, message)
	if errors.Is(err, mail.ErrRefused) {
		a.Log.ErrorContext(ctx, "a security alert was refused for good", "event", alert.Event, "account_id", to.id, "error", err)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("send a security alert: %w", err)
	}
	return fault.Database("note an alert's mail", q.MarkAlertMailed(ctx, alert.ID, to.id))
}

// compose writes the mail, in the language and from the sender of the recipient's
// studio; a mailbox of none gets the installation's.
func (a *Alerts) compose(ctx context.Context, alert queries.SecurityAlert, to recipient) (mail.Message, error) {
	within := alert.RaisedAt.Sub(alert.Since)
	m := mail.SecurityAlert{To: to.address, Event: alert.Event, Seen: alert.Seen, Within: within, AtLeast: alert.Seen >= audit.MostCounted}
	if to.tenantID != id.Nil {
		tenant, err := a.Tenants.ByID(ctx, to.tenantID)
		if err != nil {
			return mail.Message{}, err
		}
		m.From, m.Locale = tenant.MailFrom, mail.Locale(tenant.Locale)
		if alert.TenantID != nil {
			m.Studio = tenant.Name
		}
	} else if tenant, err := a.Tenants.For(ctx, "", ""); err == nil { // the default studio, where there is one
		m.Locale = mail.Locale(tenant.Locale)
	}
	return m.Message(), nil
}
