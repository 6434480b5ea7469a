// Package report reads what Amazon SES reports of mails that have left, bounces and
// complaints, as Amazon SNS posts them: it finds out whether a post is SNS's own, of a
// topic that is listed, and of now, and what it says. Everybody may post; nothing of a
// post is believed, and nobody is asked about it, before that.
package report

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"pixgate/internal/fault"
)

const (
	// MaxAge is how old a post may be. One that comes again within it is known by its id.
	MaxAge = time.Hour

	ahead     = 5 * time.Minute // of our clock
	maxPostID = 100             // bytes
)

// Cause is what became of a mail.
type Cause string

// The causes. The words are stored: they are never changed.
const (
	Bounced    Cause = "BOUNCE"    // for good: there is no such mailbox, or it refuses us
	Complained Cause = "COMPLAINT" // somebody called it spam
)

// Fate is what became of the mail to a mailbox.
type Fate struct {
	Mailbox string // as SES writes it; somebody else's words
	Cause   Cause
}

// Report is a post that is SNS's own.
type Report struct {
	ID    string // the same for each time that it is posted, 1 to 100 bytes
	Fates []Fate // none: it tells of something else, such as a passing trouble
}

// Options are what a Reader works with; all are required.
type Options struct {
	Topics []string // the ARNs of those that are listened to; none: nothing is read
	// Fetch reads a document of Amazon's by https, with TLS verified and no redirect followed.
	Fetch func(ctx context.Context, url string) ([]byte, error)
	Now   func() time.Time
}

// Reader reads posts. It is safe for use by many goroutines.
type Reader struct {
	Options
	keys keys
}

// New returns a Reader.
func New(o Options) *Reader { return &Reader{Options: o, keys: keys{known: map[string]key{}}} }

// post is what SNS sends, as far as it is read.
type post struct {
	Type             string
	MessageID        string `json:"MessageId"`
	TopicArn         string
	Subject          *string
	Message          string
	Timestamp        string
	Token            string
	SubscribeURL     string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
}

// Read reads a post. VALIDATION_FAILED: it is no such thing. FORBIDDEN: it is not SNS's, of
// another topic, or not of now. UNAVAILABLE: no topic is listed, or Amazon could not be
// asked; it may be posted again. A subscription of a listed topic is confirmed.
func (r *Reader) Read(ctx context.Context, body []byte) (Report, error) {
	if len(r.Topics) == 0 {
		return Report{}, fault.New(fault.Unavailable, "Reports of mails are not listened to: SES_TOPIC_ARNS is not set.")
	}
	p, err := parse(body)
	if err != nil {
		return Report{}, err
	}
	sent, err := time.Parse(time.RFC3339, p.Timestamp)
	now := r.Now()
	if err != nil || now.Sub(sent) > MaxAge || sent.Sub(now) > ahead || !slices.Contains(r.Topics, p.TopicArn) {
		return Report{}, fault.Refused()
	}
	host, ok := certificateHost(p.SigningCertURL, p.TopicArn)
	if !ok {
		return Report{}, fault.Refused()
	}
	if err := r.verify(ctx, p, host); err != nil {
		return Report{}, err
	}
	switch p.Type {
	case "Notification":
		return Report{ID: p.MessageID, Fates: fates(p.Message)}, nil
	case "SubscriptionConfirmation":
		return Report{ID: p.MessageID}, r.confirm(ctx, p, host)
	}
	return Report{ID: p.MessageID}, nil // it was unsubscribed
}

func parse(body []byte) (post, error) {
	var p post
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	if err := decoder.Decode(&p); err != nil {
		return p, malformed(fault.InvalidJSON)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return p, malformed(fault.InvalidJSON)
	}
	if !slices.Contains([]string{"Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"}, p.Type) || p.MessageID == "" || len(p.MessageID) > maxPostID {
		return p, malformed(fault.InvalidValue)
	}
	return p, nil
}

func malformed(code fault.FieldCode) error {
	return fault.Invalid(fault.Field{Path: "body", Code: code, Message: "This is no post of Amazon SNS."})
}

// confirm says that we want the topic.
func (r *Reader) confirm(ctx context.Context, p post, host string) error {
	u, err := url.Parse(p.SubscribeURL)
	if err != nil || u.Scheme != "https" || u.Host != host || u.User != nil || u.Path != "/" || u.Query().Get("Action") != "ConfirmSubscription" || u.Query().Get("TopicArn") != p.TopicArn {
		return fault.Refused()
	}
	if _, err := r.Fetch(ctx, p.SubscribeURL); err != nil {
		return fault.Away("Amazon SNS", err)
	}
	return nil
}

// feedback is what SES says of a mail, as a notification or as an event.
type feedback struct {
	NotificationType string
	EventType        string
	Bounce           struct {
		BounceType        string
		BouncedRecipients []recipient
	}
	Complaint struct {
		ComplaintFeedbackType string
		ComplainedRecipients  []recipient
	}
}

type recipient struct{ EmailAddress string }

// fates are what a message tells for good; none for what it is not understood of.
func fates(message string) (all []Fate) {
	var f feedback
	if json.Unmarshal([]byte(message), &f) != nil {
		return nil // such as the words with which SES tries a topic out
	}
	said, cause := []recipient(nil), Bounced
	switch kind := f.NotificationType + f.EventType; {
	case kind == "Bounce" && f.Bounce.BounceType == "Permanent":
		said = f.Bounce.BouncedRecipients
	case kind == "Complaint" && f.Complaint.ComplaintFeedbackType != "not-spam":
		said, cause = f.Complaint.ComplainedRecipients, Complained
	}
	for _, one := range said {
		all = append(all, Fate{one.EmailAddress, cause})
	}
	return all
}
