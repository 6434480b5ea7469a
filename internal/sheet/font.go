package sheet

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf16"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The Go fonts: Latin, Greek and Cyrillic. They come with golang.org/x/image under its BSD
// license, which lets us put them into files that others get.
var (
	regularFont = mustParse("GoRegular", goregular.TTF)
	boldFont    = mustParse("GoBold", gobold.TTF)
)

// typeface is a font that is read.
type typeface struct {
	name string
	ttf  []byte
	font *sfnt.Font
	em   fixed.Int26_6
}

func mustParse(name string, ttf []byte) *typeface {
	parsed, err := sfnt.Parse(ttf)
	if err != nil {
		panic(err) // it is part of the program
	}
	return &typeface{name: name, ttf: ttf, font: parsed, em: fixed.Int26_6(parsed.UnitsPerEm())}
}

// writing is a typeface within one file: it notes which glyphs are used.
type writing struct {
	*typeface
	number int
	buffer sfnt.Buffer
	used   map[sfnt.GlyphIndex]glyph
}

type glyph struct {
	width int // thousandths of the font's size
	char  rune
}

func newWriting(face *typeface, number int) *writing {
	return &writing{typeface: face, number: number, used: map[sfnt.GlyphIndex]glyph{}}
}

// shown is a text as its glyphs, in hexadecimal, and how wide it is, in thousandths of its size. What
// the font has not got is a box; what has no shape is left out.
func (t *writing) shown(text string) (hex []byte, width int) {
	for _, char := range text {
		if !unicode.IsPrint(char) {
			continue
		}
		index, err := t.font.GlyphIndex(&t.buffer, char)
		if err != nil {
			index = 0
		}
		known, seen := t.used[index]
		if !seen {
			advance, err := t.font.GlyphAdvance(&t.buffer, index, t.em, font.HintingNone)
			if err != nil {
				advance = t.em / 2
			}
			known = glyph{width: int(advance) * 1000 / int(t.em), char: char}
			t.used[index] = known
		}
		width += known.width
		hex = fmt.Appendf(hex, "%04X", uint16(index))
	}
	return hex, width
}

// fitted is the text, cut where it is wider than width points at a size.
func (t *writing) fitted(text string, size, width float64) []byte {
	hex, wide := t.shown(text)
	room := int(width * 1000 / size)
	if wide <= room {
		return hex
	}
	dots, left := t.shown("…")
	hex = hex[:0]
	for _, char := range text {
		one, wide := t.shown(string(char))
		if left += wide; left > room {
			break
		}
		hex = append(hex, one...)
	}
	return append(hex, dots...)
}

// write puts the font into the file: whole, since a text may be edited, with the widths of
// what was used, and what to copy when its text is copied.
func (t *writing) write(f *file) {
	descendant, descriptor, program, unicodes := f.number(), f.number(), f.number(), f.number()
	f.object(t.number, "<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", t.name, descendant, unicodes)
	var widths, names bytes.Buffer
	indexes := slices.Sorted(maps.Keys(t.used))
	for _, index := range indexes {
		fmt.Fprintf(&widths, "%d [%d] ", index, t.used[index].width)
	}
	for part := range slices.Chunk(indexes, 100) { // at most so many at once
		fmt.Fprintf(&names, "%d beginbfchar\n", len(part))
		for _, index := range part {
			fmt.Fprintf(&names, "<%04X> <", index)
			for _, unit := range utf16.Encode([]rune{t.used[index].char}) {
				fmt.Fprintf(&names, "%04X", unit)
			}
			names.WriteString(">\n")
		}
		names.WriteString("endbfchar\n")
	}
	f.object(descendant, "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /CIDToGIDMap /Identity /DW 600 /W [%s] >>", t.name, descriptor, widths.Bytes())
	f.object(descriptor, "<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [-250 -300 1200 1100] /ItalicAngle 0 /Ascent 940 /Descent -220 /CapHeight 700 /StemV 80 /FontFile2 %d 0 R >>", t.name, program)
	f.packed(program, fmt.Sprintf("/Length1 %d", len(t.ttf)), t.ttf)
	f.packed(unicodes, "", fmt.Appendf(nil, `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
%sendcmap
CMapName currentdict /CMap defineresource pop
end
end
`, names.Bytes()))
}
