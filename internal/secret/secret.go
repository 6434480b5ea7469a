// Package secret holds values that must not be printed and makes keyed hashes
// with them. A secret may have predecessors, so that changing it breaks nothing
// that was made before.
package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

func hide(f fmt.State) {
	_, _ = io.WriteString(f, redacted) // whoever formats sees that writing fails
}

// Value is a secret text that prints as "[redacted]" wherever it is formatted,
// logged or marshalled.
type Value string

// String hides the secret.
func (Value) String() string { return redacted }

// Format hides the secret from every verb of fmt.
func (Value) Format(f fmt.State, _ rune) { hide(f) }

// LogValue hides the secret from slog.
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from encoders.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal returns the secret itself, for the one place that needs it.
func (v Value) Reveal() string { return string(v) }

// Key makes keyed hashes (HMAC-SHA-256, RFC 2104).
type Key struct {
	id string
	// Behind a function, because fmt prints what lies in unexported fields of a
	// struct that holds a key without asking the key.
	bytes func() []byte
}

// NewKey returns the key of a secret. Its id is derived from the secret, so that
// it changes with it and tells nothing about it.
func NewKey(v Value) Key {
	sum := sha256.Sum256([]byte("pixgate key id\x00" + string(v)))
	material := []byte(v)
	return Key{id: hex.EncodeToString(sum[:4]), bytes: func() []byte { return material }}
}

// ID names the key in stored rows: 8 hexadecimal digits.
func (k Key) ID() string { return k.id }

// Format hides the key from every verb of fmt.
func (Key) Format(f fmt.State, _ rune) { hide(f) }

// MAC returns the keyed hash of the parts under a purpose: hashes for different
// purposes never coincide, nor do ("ab", "c") and ("a", "bc").
func (k Key) MAC(purpose string, parts ...[]byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, k.bytes())
	writePart(mac.Write, []byte(purpose))
	for _, part := range parts {
		writePart(mac.Write, part)
	}
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	return sum
}

func writePart(write func([]byte) (int, error), part []byte) {
	n := len(part)
	// A hash never fails to write.
	_, _ = write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	_, _ = write(part)
}

// Ring is a key and those that it replaced.
type Ring struct {
	current  Key
	previous []Key // newest first
}

// Format hides the keys from every verb of fmt.
func (Ring) Format(f fmt.State, _ rune) { hide(f) }

// NewRing returns the ring of a secret and its predecessors, newest first; those
// that are empty are none.
func NewRing(current Value, previous ...Value) Ring {
	ring := Ring{current: NewKey(current)}
	for _, old := range previous {
		if old != "" {
			ring.previous = append(ring.previous, NewKey(old))
		}
	}
	return ring
}

// Current is the key that new hashes are made with.
func (r Ring) Current() Key { return r.current }

// ByID returns the key that made an older hash, if the ring still holds it.
func (r Ring) ByID(id string) (Key, bool) {
	if r.current.id == id {
		return r.current, true
	}
	for _, old := range r.previous {
		if old.id == id {
			return old, true
		}
	}
	return Key{}, false
}

// All are the ring's keys, the current one first.
func (r Ring) All() []Key { return append([]Key{r.current}, r.previous...) }
