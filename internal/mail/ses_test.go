package mail_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/stage"
	"pixgate/internal/mail"
)

func open(t *testing.T, endpoint, key, secret string) *mail.SES {
	t.Helper()
	ses, err := mail.OpenSES(t.Context(), mail.SESOptions{
		Region: "eu-central-1", Endpoint: endpoint, AccessKeyID: key, SecretAccessKey: secret, From: "pix.immo <no-reply@pix.immo>",
	})
	if err != nil {
		t.Fatal(err)
	}
	return ses
}

func TestSESSendsPlainText(t *testing.T) {
	t.Parallel()
	box := stage.Mailbox(t)
	ses := open(t, box.Endpoint(), box.AccessKeyID(), box.SecretAccessKey())
	if err := ses.Send(t.Context(), mail.Message{To: "somebody@example.com", Subject: "Grüße", Text: "Zeile eins\nÄ\n"}); err != nil {
		t.Fatal(err)
	}
	if err := ses.Send(t.Context(), mail.Message{From: "Höfe & Söhne <studio@example.com>", To: "somebody@example.com", Subject: "s", Text: "t\n"}); err != nil {
		t.Fatal(err)
	}
	got := box.Messages()
	if len(got) != 2 {
		t.Fatalf("%d mails, want 2", len(got))
	}
	senders := map[string]bool{got[0].From: true, got[1].From: true}
	if !senders["pix.immo <no-reply@pix.immo>"] || !senders["=?utf-8?b?SMO2ZmUgJiBTw7ZobmU=?= <studio@example.com>"] {
		t.Errorf("senders %v", senders)
	}
	for _, m := range got {
		if m.HTML != "" || len(m.To) != 1 || m.To[0] != "somebody@example.com" {
			t.Errorf("to %v, %d bytes of HTML", m.To, len(m.HTML))
		}
		if m.Subject == "Grüße" && m.Text != "Zeile eins\nÄ\n" {
			t.Error("the text came out changed")
		}
	}
}

func TestSESFailuresThatPassAreToldFromThoseThatStay(t *testing.T) {
	t.Parallel()
	message := mail.Message{To: "somebody@example.com", Subject: "s", Text: "t\n"}
	for _, mode := range []mailbox.Mode{mailbox.Down, mailbox.Broken, mailbox.Throttle, mailbox.Lose} {
		box := stage.Mailbox(t)
		ses := open(t, box.Endpoint(), box.AccessKeyID(), box.SecretAccessKey())
		box.Fail(mode)
		if err := ses.Send(t.Context(), message); err == nil || errors.Is(err, mail.ErrRefused) {
			t.Errorf("mode %d: %v, want one that may pass", mode, err)
		}
	}
	for _, try := range []struct {
		status int
		code   string
		final  bool
	}{
		{400, "MessageRejected", true}, {400, "BadRequestException", true},
		{400, "MailFromDomainNotVerifiedException", false}, {400, "AccountSuspendedException", false}, {400, "SendingPausedException", false},
		{403, "AccessDeniedException", false}, {403, "ExpiredTokenException", false}, {400, "LimitExceededException", false},
		{429, "TooManyRequestsException", false}, {500, "InternalFailure", false}, {503, "ServiceUnavailable", false},
	} {
		answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Amzn-Errortype", try.code)
			w.WriteHeader(try.status)
			fmt.Fprint(w, `{"message": "Email address is not verified: somebody@example.com"}`)
		}))
		t.Cleanup(answers.Close)
		err := open(t, answers.URL, "id", "key").Send(t.Context(), message)
		if err == nil || errors.Is(err, mail.ErrRefused) != try.final {
			t.Errorf("%d %s: %v, final is %t", try.status, try.code, err, try.final)
		}
		if err != nil && (strings.Contains(err.Error(), "somebody") || !strings.Contains(err.Error(), try.code)) {
			t.Errorf("%s: the error tells the mailbox, or not the code", try.code)
		}
	}
}

func TestSESGivesUpWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	box := stage.Mailbox(t)
	box.Fail(mailbox.Hang)
	t.Cleanup(box.Recover)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := open(t, box.Endpoint(), box.AccessKeyID(), box.SecretAccessKey()).Send(ctx, mail.Message{To: "a@example.com", Subject: "s", Text: "t"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's end", err)
	}
}

func TestHeaderInjectionIsRefused(t *testing.T) {
	t.Parallel()
	box := stage.Mailbox(t)
	ses := open(t, box.Endpoint(), box.AccessKeyID(), box.SecretAccessKey())
	good := mail.Message{From: "a@example.com", To: "b@example.com", Subject: "s", Text: "t"}
	for _, change := range []func(*mail.Message){
		func(m *mail.Message) { m.To = "b@example.com\r\nBcc: c@example.com" },
		func(m *mail.Message) { m.To = "b@example.com, c@example.com" },
		func(m *mail.Message) { m.To = "B <b@example.com>" },
		func(m *mail.Message) { m.To = "" },
		func(m *mail.Message) { m.From = "a@example.com\nBcc: c@example.com" },
		func(m *mail.Message) { m.From = "a@example.com, c@example.com" },
		func(m *mail.Message) { m.Subject = "s\r\nBcc: c@example.com" },
		func(m *mail.Message) { m.Subject = "s\x00" },
		func(m *mail.Message) { m.Unsubscribe = "https://a.example/\r\nBcc: c@example.com" },
		func(m *mail.Message) { m.Unsubscribe = "https://a.example/>,<mailto:c@example.com" },
	} {
		m := good
		change(&m)
		if err := ses.Send(t.Context(), m); !errors.Is(err, mail.ErrRefused) {
			t.Errorf("from %q to %q, subject %q: %v", m.From, m.To, m.Subject, err)
		}
	}
	if n := len(box.Messages()); n != 0 {
		t.Errorf("%d mails, want none", n)
	}
}

func TestOpenSESNamesNoValues(t *testing.T) {
	t.Parallel()
	_, err := mail.OpenSES(t.Context(), mail.SESOptions{Region: "eu-central-1", SecretAccessKey: "very-secret", From: "nonsense"})
	if err == nil || strings.Contains(err.Error(), "secret ") || strings.Contains(err.Error(), "nonsense") {
		t.Errorf("%v", err)
	}
	_, err = mail.OpenSES(t.Context(), mail.SESOptions{Region: "eu-central-1", SecretAccessKey: "very-secret", From: "a@example.com"})
	if err == nil || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("%v", err)
	}
}
