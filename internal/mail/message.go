// Package mail writes the texts that pixgate mails, in German and English, and
// sends them through Amazon SES.
package mail

import (
	"context"
	"errors"
	"log/slog"
)

// ErrRefused is within the error of a mail that will never go out, however
// often it is tried: the service refuses its content, its sender or its recipient.
var ErrRefused = errors.New("mail refused for good")

// Sender sends one mail. An error that holds ErrRefused is final, any other one
// may pass: the same mail should be tried again.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Message is a plain text mail to one mailbox. It may carry a code: it prints
// as "[mail]" wherever it is formatted or logged.
type Message struct {
	From    string // "Name <mailbox>" or a bare mailbox; empty: the installation's sender
	To      string // a bare mailbox
	Subject string // one line
	Text    string // lines end with \n
	// Unsubscribe is a link by which its recipient gets no more of such mail, also by one
	// click in the mail program (RFC 8058); empty: there is none.
	Unsubscribe string
}

// String hides the mail.
func (Message) String() string { return "[mail]" }

// GoString hides the mail from %#v.
func (Message) GoString() string { return "[mail]" }

// LogValue hides the mail from slog.
func (Message) LogValue() slog.Value { return slog.StringValue("[mail]") }
