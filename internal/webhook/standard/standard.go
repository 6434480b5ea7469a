// Package standard sends webhooks as https://www.standardwebhooks.com says: how a secret
// looks, how a message is signed, and one POST of it.
package standard

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pixgate/internal/secret"
)

const prefix = "whsec_"

// Secret is what sender and receiver share. It prints as redacted.
type Secret struct{ value secret.Value }

// NewSecret returns 32 random bytes.
func NewSecret() Secret {
	var raw [32]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(raw[:])
	return Secret{secret.Value(raw[:])}
}

// ParseSecret reads "whsec_" and base64 of 24 to 64 bytes.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, prefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(raw) < 24 || len(raw) > 64 {
		return Secret{}, errors.New("standard: not whsec_ and base64 of 24 to 64 bytes")
	}
	return Secret{secret.Value(raw)}, nil
}

// Reveal returns the text that [ParseSecret] reads.
func (s Secret) Reveal() string {
	return prefix + base64.StdEncoding.EncodeToString([]byte(s.value.Reveal()))
}

// Message is what is posted.
type Message struct {
	ID   string    // the same in every attempt
	At   time.Time // of this attempt
	Body []byte
}

// Sign returns the header webhook-signature, with a signature by each of the secrets.
func Sign(m Message, secrets ...Secret) string {
	signatures := make([]string, len(secrets))
	for i, one := range secrets {
		mac := hmac.New(sha256.New, []byte(one.value.Reveal()))
		// A hash never fails to write.
		_, _ = fmt.Fprintf(mac, "%s.%d.%s", m.ID, m.At.Unix(), m.Body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}

// Answer is what came back.
type Answer struct {
	Status     int
	RetryAfter time.Duration // 0: not said
}

// Poster posts messages.
type Poster struct{ client *http.Client }

// NewPoster returns a poster by a client of [pixgate/internal/egress.Dialer.Client].
func NewPoster(client *http.Client) *Poster { return &Poster{client} }

// Post posts a message once. An error means that no answer came; any status is an answer.
func (p *Poster) Post(ctx context.Context, url string, m Message, secrets ...Secret) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(m.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("post a webhook: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", m.ID)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(m.At.Unix(), 10))
	r.Header.Set("Webhook-Signature", Sign(m, secrets...))
	answer, err := p.client.Do(r)
	if err != nil {
		return Answer{}, fmt.Errorf("post a webhook: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // its status has been said; what follows is not ours to judge
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		seconds = 0
	}
	return Answer{Status: answer.StatusCode, RetryAfter: time.Duration(seconds) * time.Second}, nil
}
