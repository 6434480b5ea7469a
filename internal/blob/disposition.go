package blob

import (
	"mime"
	"strings"
	"unicode/utf8"
)

// Attachment is the Content-Disposition that makes a browser save the answer
// under filename, in RFC 6266 form: names beyond ASCII are sent as
// filename*=utf-8”…. Whatever filename holds, the result is one header line
// with one parameter; an empty one leaves the name to the browser.
func Attachment(filename string) string {
	if filename == "" {
		return "attachment"
	}
	if !utf8.ValidString(filename) {
		filename = strings.ToValidUTF8(filename, "_")
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": filename})
}
