package mailbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
)

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// client is the real one, without its retries.
func client(s *Server, change ...func(*sesv2.Options)) *sesv2.Client {
	return sesv2.New(sesv2.Options{
		Region: s.Region(), BaseEndpoint: aws.String(s.Endpoint()), RetryMaxAttempts: 1,
		Credentials: keys(s.AccessKeyID(), s.SecretAccessKey()),
	}, change...)
}

func keys(id, secret string) aws.CredentialsProviderFunc {
	return func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
	}
}

func letter(to, subject string) *sesv2.SendEmailInput {
	return &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("pix.immo <no-reply@pix.immo>"),
		Destination:      &types.Destination{ToAddresses: []string{to}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: &subject, Charset: aws.String("UTF-8")},
			Body:    &types.Body{Text: &types.Content{Data: aws.String("Grüße <b>fett</b>"), Charset: aws.String("UTF-8")}},
			Headers: []types.MessageHeader{{Name: aws.String("X-Kind"), Value: aws.String("test")}},
		}},
	}
}

func TestMailIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	sent, err := client(s).SendEmail(t.Context(), letter("Kundin@Example.org", "Hallo"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Wait(t.Context(), "kundin@example.org", 1)
	if err != nil {
		t.Fatal(err)
	}
	if m.ID != *sent.MessageId || m.From != "pix.immo <no-reply@pix.immo>" || m.Subject != "Hallo" ||
		m.Text != "Grüße <b>fett</b>" || m.Headers["X-Kind"] != "test" {
		t.Errorf("kept %+v", m)
	}
	s.Stop()
	again := start(t, Options{Dir: dir})
	if kept := again.Messages(); len(kept) != 1 || kept[0].ID != m.ID {
		t.Errorf("after a restart: %d mails", len(kept))
	}
	if again.Endpoint() != s.Endpoint() {
		t.Errorf("endpoint after a restart %s, want %s", again.Endpoint(), s.Endpoint())
	}
}

func TestWaitWakes(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	got := make(chan string)
	go func() {
		m, err := s.Wait(t.Context(), "a@example.org", 2)
		if err != nil {
			m.Subject = err.Error()
		}
		got <- m.Subject
	}()
	for _, mail := range []struct{ to, subject string }{{"a@example.org", "1"}, {"b@example.org", "2"}, {"A <a@example.org>", "3"}} {
		if _, err := client(s).SendEmail(t.Context(), letter(mail.to, mail.subject)); err != nil {
			t.Fatal(err)
		}
	}
	if subject := <-got; subject != "3" {
		t.Errorf("second mail to a@example.org: %s, want 3", subject)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, "a@example.org", 3); !errors.Is(err, context.Canceled) {
		t.Errorf("wait past its context: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	tests := []struct {
		name   string
		change func(*sesv2.SendEmailInput)
		option func(*sesv2.Options)
		code   string
	}{
		{"no recipient", func(l *sesv2.SendEmailInput) { l.Destination = nil }, nil, "BadRequestException"},
		{"no address", func(l *sesv2.SendEmailInput) { l.Destination.ToAddresses[0] = "kundin" }, nil, "BadRequestException"},
		{"no sender", func(l *sesv2.SendEmailInput) { l.FromEmailAddress = nil }, nil, "BadRequestException"},
		{"empty subject", func(l *sesv2.SendEmailInput) { l.Content.Simple.Subject.Data = aws.String("") }, nil, "BadRequestException"},
		{"empty body", func(l *sesv2.SendEmailInput) { l.Content.Simple.Body = &types.Body{} }, nil, "BadRequestException"},
		{"umlauts as ASCII", func(l *sesv2.SendEmailInput) { l.Content.Simple.Body.Text.Charset = nil }, nil, "BadRequestException"},
		{"raw", func(l *sesv2.SendEmailInput) {
			l.Content = &types.EmailContent{Raw: &types.RawMessage{Data: []byte("x")}}
		}, nil, "BadRequestException"},
		{"another key", nil, func(o *sesv2.Options) { o.Credentials = keys("other", s.SecretAccessKey()) }, "InvalidSignatureException"},
		{"another secret", nil, func(o *sesv2.Options) { o.Credentials = keys(s.AccessKeyID(), "other") }, "InvalidSignatureException"},
		{"another region", nil, func(o *sesv2.Options) { o.Region = "us-east-1" }, "InvalidSignatureException"},
		{"unsigned", nil, func(o *sesv2.Options) { o.Credentials = aws.AnonymousCredentials{} }, "MissingAuthenticationTokenException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := letter("a@example.org", "x")
			if test.change != nil {
				test.change(l)
			}
			var options []func(*sesv2.Options)
			if test.option != nil {
				options = append(options, test.option)
			}
			_, err := client(s, options...).SendEmail(t.Context(), l)
			if api := (smithy.APIError)(nil); !errors.As(err, &api) || api.ErrorCode() != test.code {
				t.Errorf("%v, want %s", err, test.code)
			}
		})
	}
	if n := len(s.Messages()); n != 0 {
		t.Errorf("%d refused mails were kept", n)
	}
}

func TestIllness(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		mode  Mode
		code  string // of SES; empty: no answer came
		taken int
	}{
		{"down", Down, "", 0},
		{"broken", Broken, "InternalServiceErrorException", 0},
		{"throttle", Throttle, "TooManyRequestsException", 0},
		{"hang", Hang, "", 0},
		{"lose", Lose, "", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			s.Fail(test.mode)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := client(s).SendEmail(ctx, letter("a@example.org", "x"))
			var api smithy.APIError
			switch {
			case err == nil:
				t.Error("an ill SES took a mail")
			case errors.As(err, &api) != (test.code != "") || api != nil && api.ErrorCode() != test.code:
				t.Errorf("%v, want code %q", err, test.code)
			case errors.Is(ctx.Err(), context.DeadlineExceeded) != (test.mode == Hang):
				t.Errorf("the client waited to its end: %t", ctx.Err() != nil)
			}
			if n := len(s.Messages()); n != test.taken {
				t.Errorf("%d mails taken, want %d", n, test.taken)
			}
			s.Recover()
			if _, err := client(s).SendEmail(t.Context(), letter("a@example.org", "x")); err != nil {
				t.Errorf("after Recover: %v", err)
			}
		})
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, subject := range []string{"first", "second"} {
		if _, err := client(s).SendEmail(t.Context(), letter("a@example.org", subject)); err != nil {
			t.Fatal(err)
		}
	}
	status, html := get(t, s, "")
	if status != 200 || strings.Contains(html, "<b>fett") || !strings.Contains(html, "Grüße &lt;b&gt;fett") {
		t.Errorf("status %d, or the text is not escaped", status)
	}
	first, second := strings.Index(html, "<h2>first"), strings.Index(html, "<h2>second")
	if second < 0 || first < second {
		t.Error("not newest first")
	}
	// DNS rebinding: a page elsewhere that points its name at us.
	if status, _ := get(t, s, "evil.example"); status != http.StatusMisdirectedRequest {
		t.Errorf("status %d for a foreign host name", status)
	}
}

func get(t *testing.T, s *Server, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Endpoint()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}
