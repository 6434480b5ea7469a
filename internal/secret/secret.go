// Package secret holds values that must not be printed and makes keyed hashes
// with them. A secret may have a predecessor, so that changing it breaks nothing
// that was made before.
package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

const redacted = "[redacted]"

// Value is a secret text that prints as "[redacted]" wherever it is formatted,
// logged or marshalled.
type Value string

// String hides the secret.
func (Value) String() string { return redacted }

// GoString hides the secret from %#v.
func (Value) GoString() string { return redacted }

// LogValue hides the secret from slog.
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from encoders.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal returns the secret itself, for the one place that needs it.
func (v Value) Reveal() string { return string(v) }

// Key makes keyed hashes (HMAC-SHA-256, RFC 2104).
type Key struct {
	id    string
	bytes []byte
}

// NewKey returns the key of a secret. Its id is derived from the secret, so that
// it changes with it and tells nothing about it.
func NewKey(v Value) Key {
	sum := sha256.Sum256([]byte("pixgate key id\x00" + string(v)))
	return Key{id: hex.EncodeToString(sum[:4]), bytes: []byte(v)}
}

// ID names the key in stored rows: 8 hexadecimal digits.
func (k Key) ID() string { return k.id }

// String hides the key.
func (k Key) String() string { return redacted }

// GoString hides the key from %#v.
func (k Key) GoString() string { return redacted }

// MAC returns the keyed hash of the parts under a purpose: hashes for different
// purposes never coincide, nor do ("ab", "c") and ("a", "bc").
func (k Key) MAC(purpose string, parts ...[]byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, k.bytes)
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

// Ring is a key and the one it replaced.
type Ring struct {
	current  Key
	previous *Key
}

// NewRing returns the ring of a secret and, where it is not empty, its predecessor.
func NewRing(current, previous Value) Ring {
	ring := Ring{current: NewKey(current)}
	if previous != "" {
		old := NewKey(previous)
		ring.previous = &old
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
	if r.previous != nil && r.previous.id == id {
		return *r.previous, true
	}
	return Key{}, false
}
