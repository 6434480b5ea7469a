package notice

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/queries"
)

// Path is where a token is spent; see [Notices.Unsubscribe].
const Path = "/unsubscribe"

// Mail mails a notification, unless its customer wants or takes none. nil means that nothing is
// left to do; after an error the same call should be made again. A crash between sending a
// mail and noting it sends it twice, each with a token of its own.
func (n *Notices) Mail(ctx context.Context, notificationID id.ID) error {
	q := queries.New(n.DB)
	row, err := q.Notification(ctx, notificationID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // purged long ago
	}
	if err != nil {
		return fault.Database("look up a notification", err)
	}
	if row.MailedAt != nil || row.Blocked || row.Kind == string(mail.JobReady) && row.Status != "DELIVERED" {
		return nil
	}
	if _, ok := account.ParseAddress(row.Email); !ok {
		return nil // who was erased has none
	}
	tenant, err := n.Tenants.ByID(ctx, row.TenantID)
	if err != nil {
		return err
	}
	locale := mail.Locale(tenant.Locale)
	if row.Locale != nil {
		locale = mail.Locale(*row.Locale)
	}
	own, err := n.ownWording(ctx, q, tenant.ID, mail.NoticeKind(row.Kind), locale)
	if err != nil {
		return err
	}
	token, wanted, err := n.newToken(ctx, notificationID, row.EmailKey)
	if err != nil || !wanted {
		return err
	}
	err = n.Sender.Send(ctx, mail.Notice{
		From: tenant.MailFrom, To: row.Email, Studio: tenant.Name, Locale: locale, Kind: mail.NoticeKind(row.Kind), Title: row.Title,
		Images: int(row.Images), Told: row.Message, Unsubscribe: n.wayOut(tenant, token), Own: own,
	}.Message())
	if errors.Is(err, mail.ErrRefused) {
		n.Log.ErrorContext(ctx, "a notification was refused for good", "notification_id", notificationID, "error", err)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("send a notification: %w", err)
	}
	return fault.Database("note a notification", q.MarkNotified(ctx, notificationID, n.Now()))
}

// newToken makes the token of a mail to an address; wanted is false where none may go
// there. Nobody is erased meanwhile: of somebody who was a moment ago, nothing is written.
func (n *Notices) newToken(ctx context.Context, notificationID id.ID, key string) (token string, wanted bool, err error) {
	var secret [32]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(secret[:])
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	err = pgx.BeginFunc(ctx, n.DB, func(tx pgx.Tx) error {
		q := queries.New(tx)
		row, err := q.Notification(ctx, notificationID)
		if err != nil {
			return fault.Database("look up a notification", err)
		}
		if err := q.LockAddress(ctx, account.LockOf(row.TenantID, key)); err != nil {
			return fault.Database("lock an address", err)
		}
		if row, err = q.Notification(ctx, notificationID); err != nil {
			return fault.Database("look up a notification", err)
		}
		if row.EmailKey != key {
			return nil
		}
		made, err := q.InsertUnsubscribeToken(ctx, queries.InsertUnsubscribeTokenParams{TokenHash: hashOf(token), TenantID: row.TenantID, EmailKey: key, Now: n.Now()})
		wanted = made == 1
		return fault.Database("make a way to unsubscribe", err)
	})
	return token, wanted, err
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// wayOut is the link of a token: under the studio's own name where it has one, in the
// spelling of PUBLIC_URLS where that has it, too.
func (n *Notices) wayOut(tenant account.Tenant, token string) string {
	base := n.PublicURLs[0]
	if len(tenant.Hosts) > 0 {
		scheme, _, _ := strings.Cut(base, "://")
		base = scheme + "://" + tenant.Hosts[0]
		if at := slices.IndexFunc(n.PublicURLs, func(public string) bool {
			u, err := url.Parse(public)
			return err == nil && slices.Contains(tenant.Hosts, u.Hostname())
		}); at >= 0 {
			base = n.PublicURLs[at]
		}
	}
	return base + Path + "?token=" + token
}

// ownWording returns the studio's own words for a mail; nil where it has none that can be
// used.
func (n *Notices) ownWording(ctx context.Context, q *queries.Queries, tenantID id.ID, kind mail.NoticeKind, locale mail.Locale) (*mail.Wording, error) {
	if locale != mail.English {
		locale = mail.German
	}
	row, err := q.TenantText(ctx, tenantID, string(kind), string(locale))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Database("look up a studio's wording", err)
	}
	own := mail.Wording{Subject: row.Subject, Body: row.Body}
	if err := own.CheckNotice(); err != nil {
		n.Log.ErrorContext(ctx, "a studio's wording of a notification can't be used", "tenant", tenantID, "kind", kind, "locale", locale, "error", err)
		return nil, nil
	}
	return &own, nil
}
