package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
)

// sendTimeout is how long one call may take, connecting included.
const sendTimeout = 8 * time.Second

// SESOptions says which Amazon SES v2 to send through, and as whom.
type SESOptions struct {
	Region          string // such as eu-central-1
	Endpoint        string // empty: Amazon's own for the region
	AccessKeyID     string
	SecretAccessKey string
	From            string // "Name <mailbox>" or a bare mailbox, for messages without a sender
}

// SES sends through Amazon SES v2. It is safe for use by many goroutines.
type SES struct {
	client *sesv2.Client
	from   string
}

// OpenSES makes a SES. It checks o and sends nothing. The error names settings,
// never their values.
func OpenSES(_ context.Context, o SESOptions) (*SES, error) {
	from, err := sender(o.From)
	switch {
	case err != nil:
		return nil, errors.New("mail: the sender is not a mail address")
	case o.Region == "" || o.AccessKeyID == "" || o.SecretAccessKey == "":
		return nil, errors.New("mail: region, access key id and secret access key are required")
	}
	options := sesv2.Options{
		Region: o.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: o.AccessKeyID, SecretAccessKey: o.SecretAccessKey}, nil
		}),
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(sendTimeout).
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = 3 * time.Second }),
		Retryer: aws.NopRetryer{}, // the caller tries again, and outlives this process
	}
	if o.Endpoint != "" {
		options.BaseEndpoint = aws.String(o.Endpoint)
	}
	return &SES{client: sesv2.New(options), from: from}, nil
}

// Send hands one mail to SES. SES keeps no idempotency token: sending a message
// again mails it again. The error tells neither mailbox nor content.
func (s *SES) Send(ctx context.Context, m Message) error {
	from := s.from
	if m.From != "" {
		var err error
		if from, err = sender(m.From); err != nil {
			return fmt.Errorf("%w: the sender is not a mail address", ErrRefused)
		}
	}
	if to, err := netmail.ParseAddress(m.To); err != nil || to.Address != m.To {
		return fmt.Errorf("%w: the recipient is not a bare mailbox", ErrRefused)
	}
	if m.Subject != oneLine(m.Subject) {
		return fmt.Errorf("%w: the subject is not one line", ErrRefused)
	}
	if strings.ContainsFunc(m.Unsubscribe, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
		return fmt.Errorf("%w: the link to unsubscribe is no URL", ErrRefused)
	}
	_, err := s.client.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: &from,
		Destination:      &types.Destination{ToAddresses: []string{m.To}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: text(m.Subject),
			Body:    &types.Body{Text: text(m.Text)},
			Headers: headers(m),
		}},
	})
	return judge(err)
}

// headers are those of RFC 8058.
func headers(m Message) []types.MessageHeader {
	if m.Unsubscribe == "" {
		return nil
	}
	return []types.MessageHeader{
		{Name: aws.String("List-Unsubscribe"), Value: aws.String("<" + m.Unsubscribe + ">")},
		{Name: aws.String("List-Unsubscribe-Post"), Value: aws.String("List-Unsubscribe=One-Click")},
	}
}

// sender returns the spelling of a sender that fits a header: a single address as it
// was written, its name encoded (RFC 2047) where it isn't printable ASCII.
func sender(text string) (string, error) {
	parsed, err := netmail.ParseAddress(text)
	if err != nil {
		return "", err
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return parsed.String(), nil
	}
	return text, nil
}

func text(data string) *types.Content {
	return &types.Content{Data: aws.String(data), Charset: aws.String("UTF-8")}
}

// judge tells what may pass (throttling, a paused or unpaid account, rights, SES
// or the network away) from what stays (SES refuses this mail). SES repeats
// mailboxes in its sentences, so only its codes are passed on.
func judge(err error) error {
	if err == nil {
		return nil
	}
	answer, answered := errors.AsType[*awshttp.ResponseError](err)
	refusal, named := errors.AsType[smithy.APIError](err)
	if !answered || answer.HTTPStatusCode() == 0 || !named {
		return fmt.Errorf("reach SES: %w", err)
	}
	_, rejected := errors.AsType[*types.MessageRejected](err)
	_, malformed := errors.AsType[*types.BadRequestException](err)
	if answer.HTTPStatusCode() == http.StatusBadRequest && (rejected || malformed) {
		return fmt.Errorf("%w: SES answers %s", ErrRefused, refusal.ErrorCode())
	}
	return fmt.Errorf("SES answers %d %s", answer.HTTPStatusCode(), refusal.ErrorCode())
}
