package archive

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"pixgate/internal/picture"
)

const (
	maxName   = 255 // bytes, what common file systems take
	maxEnding = 16  // a longer one is no ending, but a name with a dot
	numbering = len(" (2147483647)")
)

// Names makes safe names, one for each, in the same order: cleaned as
// picture.Filename does it, so in NFC, of at most 255 bytes, and without anything
// that a file system refuses or that misleads; and no two that a file system
// might take for one, whatever their case. Of names that are the same, the first
// keeps it and the others are numbered, "name (2).jpg", by the least number that
// is free. A name without a double is the same whatever other names there are, and
// the same list gives the same names.
func Names(names []string) []string {
	safe := make([]string, len(names))
	taken := make(map[string]bool, len(names))
	var doubles []int
	for i, name := range names {
		safe[i] = picture.Filename(name)
		if key := folded(safe[i]); taken[key] {
			doubles = append(doubles, i)
		} else {
			taken[key] = true
		}
	}
	next := make(map[string]int, len(doubles))
	for _, i := range doubles {
		stem, ending := split(safe[i])
		series := folded(stem + ending)
		for n := max(next[series], 2); ; n++ {
			name := stem + " (" + strconv.Itoa(n) + ")" + ending
			if key := folded(name); !taken[key] {
				taken[key], next[series], safe[i] = true, n+1, name
				break
			}
		}
	}
	return safe
}

// split parts a name's stem from its ending, and cuts the stem, at a rune, so
// that there is room for a number between them.
func split(name string) (stem, ending string) {
	if ending = path.Ext(name); len(ending) > maxEnding {
		ending = ""
	}
	stem = strings.TrimSuffix(name, ending)
	if cut := maxName - numbering - len(ending); len(stem) > cut {
		for ; !utf8.RuneStart(stem[cut]); cut-- {
		}
		stem = stem[:cut]
	}
	return strings.TrimRight(stem, " "), ending
}

// folded is equal for names that some file system may take for the same: those
// that differ in case (some compare by Unicode's folding, some by capitals), in
// normal form, or in characters that cannot be seen.
func folded(name string) string {
	capitals := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
			return -1
		}
		return unicode.ToUpper(r)
	}, name)
	return norm.NFC.String(cases.Fold().String(capitals))
}
