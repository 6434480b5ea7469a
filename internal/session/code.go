package session

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"pixgate/internal/id"
	"pixgate/internal/secret"
)

const (
	codeDigits   = 6
	codeLife     = 10 * time.Minute
	codeCooldown = time.Minute // between two mails to an address
)

// derive returns the six digits of a code. They are nowhere stored: whoever
// holds the database but not the key can't tell them. Of 64 bits modulo 10^6 no
// digits are likelier than others by more than one in 10^13.
func derive(key secret.Key, codeID id.ID) string {
	mac := key.MAC("login code", codeID[:])
	return fmt.Sprintf("%0*d", codeDigits, binary.BigEndian.Uint64(mac[:8])%1_000_000)
}

// matches reports whether digits is the code. It takes as long for a wrong
// code as for a right one, and for one whose key is gone.
func (s *Service) matches(codeID id.ID, keyID, digits string) bool {
	key, known := s.codes.ByID(keyID)
	if !known {
		key = s.codes.Current()
	}
	same := subtle.ConstantTimeCompare([]byte(derive(key, codeID)), []byte(digits)) == 1
	return same && known
}

// parseCode reads what somebody typed: exactly six ASCII digits, outer spaces
// aside.
func parseCode(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if len(text) != codeDigits || strings.Trim(text, "0123456789") != "" {
		return "", false
	}
	return text, true
}
