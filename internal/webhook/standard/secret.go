package standard

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// How long a secret may be, and how long ours are, in bytes.
const (
	leastSecret = 24
	mostSecret  = 64
	ownSecret   = 32
)

const (
	secretPrefix = "whsec_"
	redacted     = "[redacted]"
)

// Secret signs messages. It prints as "[redacted]" wherever it is formatted, logged or
// marshalled. The zero Secret is none: it signs nothing.
type Secret struct {
	// Behind a function, because fmt prints what lies in unexported fields of a struct
	// that holds a secret without asking the secret.
	key func() []byte
}

// NewSecret returns a secret of 32 random bytes.
func NewSecret() Secret {
	key := make([]byte, ownSecret)
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(key)
	return newSecret(key)
}

func newSecret(key []byte) Secret { return Secret{key: func() []byte { return key }} }

// ParseSecret reads what [Secret.Reveal] writes: "whsec_" and the base64, with its
// padding, of 24 to 64 bytes. The error does not hold the text.
func ParseSecret(text string) (Secret, error) {
	encoded, prefixed := strings.CutPrefix(text, secretPrefix)
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !prefixed || err != nil || strings.ContainsAny(encoded, "\r\n") { // which the decoder passes over
		return Secret{}, errors.New(`standard: a secret is "whsec_" followed by base64`)
	}
	if len(key) < leastSecret || len(key) > mostSecret {
		return Secret{}, fmt.Errorf("standard: a secret has %d to %d bytes", leastSecret, mostSecret)
	}
	return newSecret(key), nil
}

// Reveal returns the secret as people hand it on, for the one place that needs it; the
// zero Secret's is empty.
func (s Secret) Reveal() string {
	if s.key == nil {
		return ""
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(s.key())
}

// String hides the secret.
func (Secret) String() string { return redacted }

// Format hides the secret from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redacted) // whoever formats sees that writing fails
}

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// sign is one signature of what is to be signed.
func (s Secret) sign(content []byte) string {
	mac := hmac.New(sha256.New, s.key())
	_, _ = mac.Write(content) // a hash never fails to write
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
