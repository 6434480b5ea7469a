package config

import (
	"fmt"
	"strings"

	"pixgate/internal/secret"
)

// What a secret must have at least. The secrets are keys of HMAC-SHA-256, for
// which 32 characters of a random text are enough.
const (
	minSecretLength  = 32
	minSecretVariety = 10 // different characters; a random hexadecimal text of 32 has 14
)

// weakWords are parts of what people write in place of a secret.
var weakWords = []string{"change", "secret", "password", "passwort", "default", "example", "placeholder", "pixgate", "insecure", "12345678", "abcdefgh", "qwert"}

const howToMakeSecrets = "the output of: openssl rand -base64 32"

type named struct {
	variable string
	value    string
}

// secret reads a secret of our own making and the one before it.
func (r *reader) secret(variable string) (current, previous secret.Value) {
	current = r.strong(variable, r.required(variable, howToMakeSecrets))
	if old := variable + "_PREVIOUS"; r.isSet(old) {
		previous = r.strong(old, r.optional(old, ""))
	}
	return current, previous
}

// lastingSecret reads a secret whose work is kept for good, and all that were
// before it.
func (r *reader) lastingSecret(variable string) (current secret.Value, previous []secret.Value) {
	current = r.strong(variable, r.required(variable, howToMakeSecrets))
	if strings.Contains(string(current), ",") {
		r.wrong(variable, "holds a comma, which will separate it from others once it is a previous one", howToMakeSecrets)
	}
	old := variable + "_PREVIOUS"
	if !r.isSet(old) {
		return current, nil
	}
	for value := range strings.SplitSeq(r.optional(old, ""), ",") {
		if value = strings.TrimSpace(value); value == "" {
			r.wrong(old, "has an empty entry", "the secrets that were before, newest first, separated by commas")
			continue
		}
		previous = append(previous, r.strong(old, value))
	}
	return current, previous
}

// strong judges a secret. It can't measure randomness; it finds what nobody who
// drew a random text would have. The same text twice means that whoever learns
// one secret has two, or that a rotation was none.
func (r *reader) strong(variable, value string) secret.Value {
	if value == "" {
		return "" // reported already
	}
	if wrong := weakness(value); wrong != "" {
		r.wrong(variable, wrong, howToMakeSecrets)
	}
	for _, other := range r.secrets {
		if other.value == value {
			r.wrong(variable, "is the same as "+other.variable, howToMakeSecrets)
		}
	}
	r.secrets = append(r.secrets, named{variable, value})
	return secret.Value(value)
}

func weakness(value string) string {
	if len(value) < minSecretLength {
		return fmt.Sprintf("is too short, it needs %d characters", minSecretLength) // and has so many: that is nobody's business
	}
	different := map[rune]bool{}
	for _, c := range value {
		different[c] = true
	}
	if len(different) < minSecretVariety || repeats(value) {
		return "is too simple"
	}
	for _, word := range weakWords {
		if strings.Contains(strings.ToLower(value), word) {
			return "looks like an example, not like a random text"
		}
	}
	return ""
}

// repeats reports whether value is one text written several times.
func repeats(value string) bool {
	return strings.Contains((value + value)[1:2*len(value)-1], value)
}
