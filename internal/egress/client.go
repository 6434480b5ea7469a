package egress

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"time"
)

// ErrTooLarge says that an answer was longer than its reader takes.
var ErrTooLarge = errors.New("egress: the answer is too large")

// Client returns a client for one request at a time to https URLs of other people's. timeout is for
// all of a request, its answer's body included; of the body at most maxBody bytes can be
// read, then [ErrTooLarge]. Redirects are blocked: who is meant to be asked is named, and
// a signed body must not go on to somebody else. No proxy, no cookies, no credentials.
func (d *Dialer) Client(timeout time.Duration, maxBody int64) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: guarded{maxBody: maxBody, next: &http.Transport{
			DialContext:            d.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: d.roots},
			TLSHandshakeTimeout:    dialTimeout,
			MaxResponseHeaderBytes: 64 << 10,
			DisableKeepAlives:      true, // each request is looked up anew
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return &Blocked{Reason: Redirected} },
	}
}

// guarded refuses what [URL] does, and cuts what is too long.
type guarded struct {
	next    http.RoundTripper
	maxBody int64
}

// RoundTrip implements [http.RoundTripper].
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := URL(r.URL.String(), false); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // nothing of it was sent
		}
		return nil, err
	}
	answer, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{ReadCloser: answer.Body, left: g.maxBody}
	return answer, nil
}

// bounded reads so much and no more.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}
