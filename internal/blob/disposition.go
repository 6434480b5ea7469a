package blob

import "strings"

// Attachment is the Content-Disposition that makes a browser save the answer
// under filename, in RFC 6266 form: the very text of mime.FormatMediaType, at a
// fraction of its cost, since a list of pictures needs one for each. Names beyond
// printable ASCII are sent percent-encoded. Whatever filename holds, the
// result is one header line with one parameter; an empty filename leaves the
// name to the browser.
func Attachment(filename string) string {
	const token, plain, extended = "attachment; filename=", `attachment; filename="`, "attachment; filename*=utf-8''"
	if filename == "" {
		return "attachment"
	}
	filename = strings.ToValidUTF8(filename, "_")
	isToken, isASCII := true, true
	for i := 0; i < len(filename); i++ {
		c := filename[i]
		isToken = isToken && tokenChar[c]
		isASCII = isASCII && (' ' <= c && c <= '~' || c == '\t')
	}
	var room [512]byte
	switch {
	case isToken:
		return token + filename
	case isASCII:
		dst := append(room[:0], plain...)
		for i := 0; i < len(filename); i++ {
			if c := filename[i]; c == '"' || c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, filename[i])
		}
		return string(append(dst, '"'))
	}
	return string(appendEscaped(append(room[:0], extended...), filename, &attributeChar))
}

// Bytes that stand for themselves in a MIME token (RFC 2045), and in an
// extended parameter value (RFC 2231).
var (
	tokenChar     = setOf(letters + "!#$%&'*+-.^_`{|}~")
	attributeChar = setOf(letters + "!#$&+-.^_`{|}~")
)
