package account

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"pixgate/internal/id"
)

// maxAddress is the longest address that mail can carry (RFC 5321, 4.5.3.1.3: a
// path of 256 bytes with its brackets).
const maxAddress = 254

// Address is a mail address in one canonical spelling.
type Address struct {
	key     string // one for every spelling; what accounts and limits go by
	mailbox string // where mail goes: the local part as it was written
}

// Key returns the text that all spellings of the address share.
func (a Address) Key() string { return a.key }

// Mailbox returns the address to send to.
func (a Address) Mailbox() string { return a.mailbox }

// LockOf is the number that an address of a studio is locked by while a step
// depends on whether it is proven. Two addresses that share one wait for each
// other, nothing more.
func LockOf(tenantID id.ID, key string) int64 {
	sum := sha256.Sum256(append(tenantID[:], key...))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// ParseAddress reads a bare address such as "name@example.com". Outer ASCII
// spaces are trimmed, letters are folded to lower case for the key, the domain is
// put into its ASCII form (IDNA 2008). Everything else that a mail header would take is
// refused: display names, comments, lists, quoted local parts, address literals,
// control characters, a local part that is not ASCII. ok is false then.
func ParseAddress(text string) (address Address, ok bool) {
	text = strings.Trim(text, " ")
	at := strings.LastIndexByte(text, '@')
	if at < 1 || len(text) > 4*maxAddress {
		return Address{}, false
	}
	local := text[:at]
	if !isDotAtom(local) {
		return Address{}, false
	}
	domain, ok := parseDomain(text[at+1:])
	if !ok || len(local)+1+len(domain) > maxAddress {
		return Address{}, false
	}
	return Address{key: strings.ToLower(local) + "@" + domain, mailbox: local + "@" + domain}, true
}

// isDotAtom reports whether local is a dot-atom of RFC 5322, 3.2.3, of at most 64 bytes.
func isDotAtom(local string) bool {
	if len(local) > 64 || local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return false
	}
	for i := range len(local) {
		c := local[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", rune(c)) {
			return false
		}
	}
	return true
}

var domains = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.ValidateLabels(true),
)

func parseDomain(domain string) (string, bool) {
	if !utf8.ValidString(domain) || strings.HasSuffix(domain, ".") {
		return "", false
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil || len(ascii) > 253 || !strings.Contains(ascii, ".") {
		return "", false
	}
	// Some odd labels map to ones that are not valid themselves: only a spelling
	// that stands for itself can be a key.
	if again, err := domains.ToASCII(ascii); err != nil || again != ascii {
		return "", false
	}
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if strings.Trim(last, "0123456789") == "" { // an IPv4 address, not a domain
		return "", false
	}
	return ascii, true
}
