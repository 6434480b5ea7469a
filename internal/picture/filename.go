package picture

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxFilename is the longest name that common file systems take, in bytes.
const maxFilename = 255

// Filename is the display name for a file that came in under a foreign object
// key: the last element of its path, in NFC, safe to save on any system. It has
// no control, direction-changing or reserved characters (<>:"/\|?*), no leading
// dot, no trailing dot or space, no name that Windows takes for a device, at
// most 255 bytes of valid UTF-8 with the ending kept, and it is never empty.
// Cleaning a clean name changes nothing; two keys may get the same name.
func Filename(key string) string {
	name := key[strings.LastIndexByte(key, '/')+1:]
	name = norm.NFC.String(strings.Map(cleaned, strings.ToValidUTF8(name, "_")))
	name = strings.TrimLeftFunc(strings.TrimRight(name, ". "), func(r rune) bool { return r == '.' || unicode.IsSpace(r) })

	ending := path.Ext(name)
	if len(ending) > 16 {
		ending = ""
	}
	stem := strings.TrimSuffix(name, ending)
	if isDevice(stem) {
		stem = "_" + stem
	}
	if cut := maxFilename - len(ending); len(stem) > cut {
		for ; !utf8.RuneStart(stem[cut]); cut-- {
		}
		stem = strings.TrimRight(stem[:cut], ". ")
	}
	if name = stem + ending; name == "" {
		return "picture"
	}
	return name
}

// cleaned maps a rune to what may stand for it in a name; -1 drops it.
func cleaned(r rune) rune {
	switch {
	case unicode.IsControl(r), r == '\ufeff', r == '\u2028', r == '\u2029', unicode.Is(unicode.Bidi_Control, r):
		return -1 // invisible, and able to make a name read as another
	case r == utf8.RuneError, strings.ContainsRune(`<>:"/\|?*`, r):
		return '_'
	}
	return r
}

// isDevice reports whether Windows opens a device, not a file, under a name
// that begins with stem: what counts is the part before the first dot.
func isDevice(stem string) bool {
	stem, _, _ = strings.Cut(stem, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, isPort := strings.CutPrefix(stem, "COM")
	if !isPort {
		port, isPort = strings.CutPrefix(stem, "LPT")
	}
	return isPort && utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}
