package gate

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"

	"pixgate/internal/secret"
)

// bucket names what is counted together: 16 bytes of a keyed hash.
type bucket [16]byte

// purpose is what a limit's keys are hashed for. The numbers are part of it, so that a
// limit which has been changed counts anew and not with what was owed to the other.
func purpose(name Name, limit Limit) string {
	return "limit " + string(name) + " " + strconv.Itoa(limit.Most) + "/" + limit.Period.String()
}

// bucketOf hashes a key under the limit that it is counted by.
func bucketOf(hidden secret.Key, purpose string, key []string) (bucket, error) {
	if len(key) == 0 || slices.Contains(key, "") {
		return bucket{}, ErrNoKey
	}
	parts := make([][]byte, len(key))
	for i, part := range key {
		parts[i] = []byte(part)
	}
	sum := hidden.MAC(purpose, parts...)
	return bucket(sum[:16]), nil
}

// Alias is a name for a key that may be stored: nobody can tell the key from it. It
// changes when the limiter's key does.
func (l *Limiter) Alias(key string) string {
	sum := l.key.MAC("alias of a key", []byte(key))
	return hex.EncodeToString(sum[:16])
}

// KeyOfIP is the key of a client by its address: IPv4 by the address, also where it
// is mapped, IPv6 by its /64, since a single client has all of that. The key of no
// address is empty, and so refused.
func KeyOfIP(addr netip.Addr) string {
	addr = plain(addr)
	if !addr.IsValid() {
		return ""
	}
	if addr.Is4() {
		return addr.String()
	}
	network, _ := addr.Prefix(64) // an IPv6 address has so many bits
	return network.String()
}

// plain is an address without the ways to write it differently.
func plain(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }
