package booking

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/queries"
)

// NewsOptions are what News works with; all are required.
type NewsOptions struct {
	DB      queries.DBTX
	Tenants *account.Tenants
	Sender  mail.Sender
	Log     *slog.Logger
}

// News tells clients and studios by mail what happens to bookings.
type News struct{ NewsOptions }

// NewNews returns News.
func NewNews(o NewsOptions) *News { return &News{o} }

// recipient is somebody who is told, and of what.
type recipient struct {
	accountID id.ID
	address   string
	locale    mail.Locale
	kind      mail.BookingKind
}

// Mail mails an event to everybody whom it concerns and who has not got it. nil means that
// nothing is left to do; after an error the same call should be made again. A crash between
// sending a mail and noting it sends that mail twice. An event that is not the last word
// any more is not mailed: what came after it has a mail of its own. Nor is one of a booking
// whose client was erased since: there is nobody, and nothing of it, to tell. One mailbox that
// refuses mail does not keep it from the others.
func (n *News) Mail(ctx context.Context, eventID id.ID) error {
	q := queries.New(n.DB)
	news, err := q.BookingNews(ctx, eventID)
	if err != nil {
		return fault.Database("look up what happened to a booking", err)
	}
	if news.Number < news.Events || news.ErasedAt != nil {
		return nil
	}
	tenant, err := n.Tenants.ByID(ctx, news.TenantID)
	if err != nil {
		return err
	}
	recipients, err := n.recipients(ctx, q, news, tenant)
	if err != nil {
		return err
	}
	var failed error
	for _, to := range recipients {
		if !slices.Contains(news.Mailed, to.accountID) {
			failed = errors.Join(failed, n.send(ctx, q, eventID, news, tenant, to))
		}
	}
	return failed
}

// recipients are whoever booked, and for what the client did the studio's people, too.
func (n *News) recipients(ctx context.Context, q *queries.Queries, news queries.BookingNewsRow, tenant account.Tenant) ([]recipient, error) {
	client := recipient{accountID: news.AccountID, address: news.Email, locale: mail.Locale(tenant.Locale)}
	if news.Locale != nil {
		client.locale = mail.Locale(*news.Locale)
	}
	var toStudio mail.BookingKind
	switch byClient := news.ActorID == news.AccountID; State(news.State) {
	case Requested:
		client.kind, toStudio = mail.BookingReceived, mail.BookingRequested
	case Confirmed:
		client.kind = mail.BookingConfirmed
	case Declined:
		client.kind = mail.BookingDeclined
	case Cancelled:
		if client.kind = mail.BookingCancelled; byClient {
			toStudio = mail.BookingWithdrawn
		}
	default:
		return nil, fmt.Errorf("there are no words for a booking that is %s", news.State)
	}
	all := []recipient{client}
	if toStudio == "" {
		return all, nil
	}
	staff, err := q.StaffToAlert(ctx, news.TenantID)
	if err != nil {
		return nil, fault.Database("look up whom to tell of a booking", err)
	}
	for _, one := range staff {
		if one.ID != client.accountID {
			all = append(all, recipient{one.ID, one.Email, mail.Locale(tenant.Locale), toStudio})
		}
	}
	return all, nil
}

func (n *News) send(ctx context.Context, q *queries.Queries, eventID id.ID, news queries.BookingNewsRow, tenant account.Tenant, to recipient) error {
	own, err := n.ownWording(ctx, q, tenant.ID, to)
	if err != nil {
		return err
	}
	err = n.Sender.Send(ctx, mail.Booking{
		From: tenant.MailFrom, To: to.address, Studio: tenant.Name, Locale: to.locale, Kind: to.kind, Address: news.Address, Package: news.PackageName,
		Wanted: news.PreferredDates, Date: news.ConfirmedDate, Told: news.Message, Own: own,
	}.Message())
	if errors.Is(err, mail.ErrRefused) {
		n.Log.ErrorContext(ctx, "a mail about a booking was refused for good", "booking_id", news.BookingID, "account_id", to.accountID, "error", err)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("send a mail about a booking: %w", err)
	}
	return fault.Database("note a mail about a booking", q.MarkBookingMailed(ctx, eventID, to.accountID))
}

// ownWording returns the studio's own words for a mail; nil where it has none that can be
// used.
func (n *News) ownWording(ctx context.Context, q *queries.Queries, tenantID id.ID, to recipient) (*mail.Wording, error) {
	locale := mail.German
	if to.locale == mail.English {
		locale = mail.English
	}
	row, err := q.TenantText(ctx, tenantID, string(to.kind), string(locale))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Database("look up a studio's wording", err)
	}
	own := mail.Wording{Subject: row.Subject, Body: row.Body}
	if err := own.CheckBooking(); err != nil {
		n.Log.ErrorContext(ctx, "a studio's wording of a mail about a booking can't be used", "tenant", tenantID, "kind", to.kind, "locale", locale, "error", err)
		return nil, nil
	}
	return &own, nil
}
