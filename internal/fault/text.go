package fault

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text says what is wrong with a text of an input at path, in a list of one: nil
// for valid UTF-8 of least to most characters, none of them control characters.
func Text(path, text string, least, most int) []Field {
	switch length := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		return []Field{{Path: path, Code: InvalidValue, Message: "Send valid UTF-8."}}
	case length == 0 && least > 0:
		return []Field{{Path: path, Code: Required, Message: "This is needed."}}
	case length < least || length > most:
		return []Field{{Path: path, Code: InvalidValue, Message: fmt.Sprintf("Use %d to %d characters.", least, most)}}
	case strings.ContainsFunc(text, unicode.IsControl):
		return []Field{{Path: path, Code: InvalidValue, Message: "Leave control characters out."}}
	}
	return nil
}
