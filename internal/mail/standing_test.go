package mail_test

import (
	"errors"
	"testing"

	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/stage"
	"pixgate/internal/mail"
)

// The mailbox or its domain, whichever is verified, is what SES goes by.
func TestTheStandingOfASender(t *testing.T) {
	t.Parallel()
	box := stage.Mailbox(t)
	ses, err := mail.OpenSES(t.Context(), mail.SESOptions{
		Region: box.Region(), Endpoint: box.Endpoint(), AccessKeyID: box.AccessKeyID(), SecretAccessKey: box.SecretAccessKey(), From: "pix.immo <no-reply@pix.immo>",
	})
	if err != nil {
		t.Fatal(err)
	}
	account := mailbox.Standing{SendingEnabled: true, ProductionAccessEnabled: true, EnforcementStatus: "HEALTHY", Max24HourSend: 200, SentLast24Hours: 50}
	for _, c := range []struct {
		verified []string
		want     bool
	}{{[]string{"PIX.immo"}, true}, {[]string{"no-reply@pix.immo"}, true}, {[]string{"immo", "other@pix.immo", "mail.pix.immo"}, false}, {[]string{}, false}} {
		standing := account
		standing.Verified = c.verified
		box.Stand(standing)
		want := mail.Standing{Sending: true, Production: true, Health: "HEALTHY", Left: 150, Sender: c.want, Signed: c.want}
		if got, err := ses.Standing(t.Context()); err != nil || got != want {
			t.Errorf("with %q verified: %+v, %v", c.verified, got, err)
		}
	}
	box.Stand(mailbox.Standing{Secret: true})
	if _, err := ses.Standing(t.Context()); !errors.Is(err, mail.ErrMayNotAsk) {
		t.Errorf("a key without the right to ask: %v", err)
	}
	box.Fail(mailbox.Down)
	if _, err := ses.Standing(t.Context()); err == nil || errors.Is(err, mail.ErrMayNotAsk) {
		t.Errorf("SES is away: %v", err)
	}
	if n := len(box.Messages()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}
