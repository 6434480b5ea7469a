package standard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pixgate/internal/egress"
)

const userAgent = "pixgate-webhook/1"

// longestWait bounds what a receiver can ask for, so that no number is too large to count with.
const longestWait = 30 * 24 * time.Hour

// Answer is what a receiver said. Of its body nothing is read: it could be anything, of any length.
type Answer struct {
	Status     int
	RetryAfter time.Duration // when to come again, at most 30 days; 0: not said
}

// Accepted reports whether the receiver has taken the message: only 2xx says so.
func (a Answer) Accepted() bool { return a.Status >= 200 && a.Status <= 299 }

// Gone reports whether the receiver wants to be asked no more, for good.
func (a Answer) Gone() bool { return a.Status == http.StatusGone }

// Poster posts messages. It is safe for use by many goroutines.
type Poster struct{ client *http.Client }

// NewPoster returns a Poster on a client of [egress.Dialer.Client], which bounds how long
// a receiver may take, follows no redirect and connects to public addresses alone.
func NewPoster(client *http.Client) *Poster { return &Poster{client: client} }

// Post posts a message to a URL that [egress.URL] takes, signed by each of secrets. Every
// status is an [Answer]; an error means that none came: a message that can't be signed, a
// target that is refused ([egress.WhyBlocked] tells, a redirect is one), or one that could
// not be reached or took too long. No error holds the URL's path: it may be a secret too.
func (p *Poster) Post(ctx context.Context, target string, m Message, secrets ...Secret) (Answer, error) {
	if err := m.check(); err != nil {
		return Answer{}, err
	}
	signature := Sign(m, secrets...)
	if signature == "" {
		return Answer{}, errors.New("standard: no secret to sign with")
	}
	to, err := egress.URL(target, false)
	if err != nil {
		return Answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(m.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("standard: post: %w", bare(err))
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Webhook-Id", m.ID)
	r.Header.Set("Webhook-Timestamp", m.timestamp())
	r.Header.Set("Webhook-Signature", signature)
	answer, err := p.client.Do(r)
	if err != nil {
		return Answer{}, fmt.Errorf("standard: post: %w", bare(err))
	}
	_ = answer.Body.Close() // unread: what it holds is nobody's business
	return Answer{Status: answer.StatusCode, RetryAfter: retryAfter(answer.Header.Get("Retry-After"), m.At)}, nil
}

// bare is an error without the URL that net/http puts before it.
func bare(err error) error {
	if named, ok := errors.AsType[*url.Error](err); ok {
		return named.Err
	}
	return err
}

// retryAfter reads seconds, or a date, and is 0 for anything else and for what is past.
func retryAfter(header string, now time.Time) time.Duration {
	if header != "" && strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseInt(header, 10, 64)
		if err != nil || seconds > int64(longestWait/time.Second) {
			return longestWait
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestWait)
}
