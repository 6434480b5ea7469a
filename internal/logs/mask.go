package logs

import (
	"encoding/json"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

const masked = "[redacted]"

// secretNames are fields whose values never appear, however they are spelled: in
// lower case and without - and _. A name that ends in one of them counts as well.
var secretNames = []string{
	"password", "passwd", "pwd", "smtppass", "passphrase", "token", "apikey", "secret", "credential", "credentials", "privatekey", "accesskey",
	"authorization", "cookie", "signature", "otp", "ticket", "dsn",
}

// pattern finds a secret within a text. The needle is there because most texts
// hold none: it is looked for first.
type pattern struct {
	needle string
	find   *regexp.Regexp
	put    string
}

var patterns = []pattern{
	{"PRIVATE KEY", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`), masked},
	{"pgs_", regexp.MustCompile(`pgs_[A-Za-z0-9_-]+`), "pgs_" + masked},
	{"whsec_", regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`), "whsec_" + masked},
	{"eyJ", regexp.MustCompile(`(eyJ[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`), "$1." + masked}, // a JWT keeps its header
	{"://", regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/?#@"]*):[^\s"]*@`), "$1:" + masked + "@"},  // a connection string its user
	{"=", regexp.MustCompile(`(?i)\b((?:x-amz-)?(?:signature|credential|security-token)|sig|ticket|token|code|otp|password|passwd|pwd|secret|api_?key)=("[^"]*"|'[^']*'|[^\s&"',;]+)`), "$1=" + masked},
	{"earer ", regexp.MustCompile(`([Bb]earer )[A-Za-z0-9._~+/=-]+`), "$1" + masked},
	{"AKIA", regexp.MustCompile(`\bAKIA[A-Z0-9]{16}\b`), masked},
	{"@", regexp.MustCompile(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}`), "[address]"},
}

// Text masks what must not stand in a log within a text.
func Text(s string) string {
	for _, p := range patterns {
		if strings.Contains(s, p.needle) {
			s = p.find.ReplaceAllString(s, p.put)
		}
	}
	return s
}

// mask judges each attribute that is about to be written, with the groups that
// it stands in.
func mask(groups []string, a slog.Attr) slog.Attr {
	if isSecret(a.Key) || slices.ContainsFunc(groups, isSecret) {
		return slog.String(a.Key, masked)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Text(a.Value.String()))
	case slog.KindAny:
		switch value := a.Value.Any().(type) {
		case *slog.Source, slog.Level:
		case error:
			a.Value = slog.StringValue(Text(value.Error()))
		default:
			a.Value = slog.AnyValue(plain(value))
		}
	}
	return a
}

// plain turns a value into what its JSON says, masked. What has no JSON is not
// written at all.
func plain(value any) any {
	encoded, err := json.Marshal(value)
	if err != nil {
		return masked
	}
	var decoded any
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		return masked
	}
	return walk(decoded)
}

func walk(value any) any {
	switch value := value.(type) {
	case string:
		return Text(value)
	case []any:
		for i := range value {
			value[i] = walk(value[i])
		}
	case map[string]any:
		for name := range value {
			if isSecret(name) {
				value[name] = masked
			} else {
				value[name] = walk(value[name])
			}
		}
	}
	return value
}

var spelling = strings.NewReplacer("-", "", "_", "", ".", "")

func isSecret(name string) bool {
	if name == "" {
		return false
	}
	plainName := spelling.Replace(strings.ToLower(name))
	for _, secret := range secretNames {
		if strings.HasSuffix(plainName, secret) {
			return true
		}
	}
	return false
}
