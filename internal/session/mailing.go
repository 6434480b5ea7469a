package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/queries"
)

// MailCode sends the mail of a code, if it still should go out: the code is live,
// no decoy, and its mail has not left yet. nil means that nothing is left to
// do; after an error the same call should be made again, which sends the same
// code. A crash between sending and noting it sends the mail twice, never a
// code past its expiry.
func (s *Service) MailCode(ctx context.Context, codeID id.ID) error {
	q, now := queries.New(s.db), s.now()
	code, err := q.CodeToMail(ctx, codeID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // purged long ago
	}
	if err != nil {
		return fault.Database("look up a code to mail", err)
	}
	left := code.ExpiresAt.Sub(now)
	switch {
	case code.Decoy || code.MailedAt != nil || code.ConsumedAt != nil:
		return nil
	case left <= 0:
		s.log.ErrorContext(ctx, "sign-in mail not sent: its code has expired", "code_id", codeID)
		return nil
	}
	message, err := s.compose(ctx, q, code, left)
	if err != nil || message == nil {
		return err
	}
	sending, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	err = s.sender.Send(sending, *message)
	if errors.Is(err, mail.ErrRefused) {
		s.log.ErrorContext(ctx, "sign-in mail refused for good", "code_id", codeID, "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("send a sign-in mail: %w", err)
	}
	return fault.Database("note a mail", q.MarkMailed(ctx, codeID, s.now()))
}

// compose writes the mail; nil when the key that derives the code is gone, so
// that no code would be right.
func (s *Service) compose(ctx context.Context, q *queries.Queries, code queries.LoginCode, left time.Duration) (*mail.Message, error) {
	key, ok := s.codes.ByID(code.KeyID)
	if !ok {
		s.log.ErrorContext(ctx, "sign-in mail not sent: its key is gone", "code_id", code.ID, "key", code.KeyID)
		return nil, nil
	}
	tenant, err := s.tenants.ByID(ctx, code.TenantID)
	if err != nil {
		return nil, err
	}
	own, err := s.ownWording(ctx, q, code)
	if err != nil {
		return nil, err
	}
	message := mail.LoginCode{
		From: tenant.MailFrom, To: code.Email, Studio: tenant.Name, Locale: mail.Locale(code.Locale),
		Digits: derive(key, code.ID), Valid: left, Own: own,
	}.Message()
	return &message, nil
}

// ownWording returns the studio's own words for the mail; nil where it has none
// that can be used.
func (s *Service) ownWording(ctx context.Context, q *queries.Queries, code queries.LoginCode) (*mail.Wording, error) {
	row, err := q.TenantText(ctx, code.TenantID, "login_code", code.Locale)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Database("look up a studio's wording", err)
	}
	own := mail.Wording{Subject: row.Subject, Body: row.Body}
	if err := own.Check(); err != nil {
		s.log.ErrorContext(ctx, "a studio's wording of the sign-in mail can't be used", "tenant", code.TenantID, "locale", code.Locale, "error", err)
		return nil, nil
	}
	return &own, nil
}
