package login

import (
	"net/url"
	"strings"
	"unicode"
)

const (
	// Home is where somebody goes who names no other place: the playground.
	Home = "/playground"

	maxRedirect = 2000 // bytes
)

// ownPath returns the place that a visitor wants to go on to, if every browser
// takes it for a path of this very host, and home otherwise. What a browser might
// read as another host's name, or might tidy into one, is not argued with: a slash
// or backslash more than needed, raw or encoded however often, dot segments,
// control characters, anything that is not plain ASCII, a fragment.
func ownPath(wanted string) string {
	if len(wanted) > maxRedirect || !strings.HasPrefix(wanted, "/") || strings.ContainsFunc(wanted, notPlain) {
		return Home
	}
	path, query, _ := strings.Cut(wanted, "?")
	if !isEscaped(path) || !isEscaped(query) || !isTidy(path) || strings.ContainsFunc(unescape(query), unicode.IsControl) {
		return Home
	}
	// Each round takes one encoding off: what is hidden twice is found in the second.
	for hidden, slashes := path, strings.Count(path, "/"); ; {
		shown := unescape(hidden)
		if shown == hidden {
			return wanted
		}
		if !isTidy(shown) || strings.Count(shown, "/") != slashes {
			return Home
		}
		hidden = shown
	}
}

// notPlain are the characters that no link of ours holds without encoding.
func notPlain(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\\#\"<>^`{|}", r) }

// isTidy reports whether a browser would leave the path as it is.
func isTidy(path string) bool {
	if strings.Contains(path, "//") || strings.Contains(path, `\`) || strings.ContainsFunc(path, unicode.IsControl) {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// isEscaped reports whether every per cent sign begins an encoded byte.
func isEscaped(text string) bool {
	_, err := url.PathUnescape(text)
	return err == nil
}

// unescape takes one encoding off. A per cent sign that encodes nothing stands for
// itself.
func unescape(text string) string {
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		if i+2 < len(text) {
			if decoded, err := url.PathUnescape(text[i : i+3]); err == nil && text[i] == '%' {
				plain.WriteString(decoded)
				i += 2
				continue
			}
		}
		plain.WriteByte(text[i])
	}
	return plain.String()
}
