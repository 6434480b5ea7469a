package sheet_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pixgate/internal/sheet"
)

func preview(t testing.TB, canvas image.Image) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, canvas, nil); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func coloured(width, height int) image.Image {
	canvas := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			canvas.Set(x, y, color.RGBA{uint8(x), uint8(y), 90, 255})
		}
	}
	return canvas
}

var head = sheet.Head{Studio: "Studio Ö", Title: "Villa am See, Straße 7 (Łódź)", Note: "Kreuze an.", Page: func(n int) string { return fmt.Sprintf("Seite %d", n) }}

func draw(t testing.TB, w io.Writer, n int, p sheet.Picture) {
	t.Helper()
	s := sheet.New(w, head)
	for i := range n {
		p.Name = fmt.Sprintf("Küche %d.jpg", i)
		if err := s.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(fmt.Sprintf("Ende: %d", n)); err != nil {
		t.Fatal(err)
	}
}

var (
	objectStart = regexp.MustCompile(`^(\d+) 0 obj\n`)
	bfchar      = regexp.MustCompile(`<([0-9A-F]{4})> <([0-9A-F]{4})>`)
	shownText   = regexp.MustCompile(`/([RB]) [0-9.]+ Tf [0-9. -]+ Td <([0-9A-F]*)> Tj`)
	flate       = regexp.MustCompile(`(?s)<< /Length (\d+) /Filter /FlateDecode ([^\n]*)>>\nstream\n`)
)

// readBack checks that every object stands where the file says, and returns the texts that a reader
// would copy, page by page.
func readBack(t testing.TB, pdf []byte) (pages []string) {
	t.Helper()
	tail := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(pdf)
	if tail == nil || !bytes.HasPrefix(pdf, []byte("%PDF-1.5\n")) {
		t.Fatalf("no PDF: %.40q", pdf)
	}
	start, _ := strconv.Atoi(string(tail[1]))
	lines := strings.Split(string(pdf[start:]), "\n")
	for i, line := range lines[3:] {
		if !strings.HasSuffix(line, " 00000 n ") {
			if want := fmt.Sprintf("0 %d", i+1); lines[1] != want {
				t.Errorf("the table says %q, and has %d", lines[1], i)
			}
			break
		}
		offset, _ := strconv.Atoi(line[:10])
		if found := objectStart.FindSubmatch(pdf[offset:]); found == nil || string(found[1]) != strconv.Itoa(i+1) {
			t.Fatalf("object %d is not at %d: %.30q", i+1, offset, pdf[offset:])
		}
	}
	var names []map[string]rune // of the glyphs, by font, in their order
	var contents []string
	for _, at := range flate.FindAllSubmatchIndex(pdf, -1) {
		length, _ := strconv.Atoi(string(pdf[at[2]:at[3]]))
		z, err := zlib.NewReader(bytes.NewReader(pdf[at[1] : at[1]+length]))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case bytes.Contains(text, []byte("begincmap")):
			glyphs := map[string]rune{}
			for _, pair := range bfchar.FindAllStringSubmatch(string(text), -1) {
				char, _ := strconv.ParseUint(pair[2], 16, 16)
				glyphs[pair[1]] = rune(char)
			}
			names = append(names, glyphs)
		case bytes.Contains(text, []byte(" Tj ET")):
			contents = append(contents, string(text))
		}
	}
	if len(names) != 2 {
		t.Fatalf("%d fonts", len(names))
	}
	fonts := map[string]map[string]rune{"R": names[0], "B": names[1]}
	for _, content := range contents {
		var page strings.Builder
		for _, shown := range shownText.FindAllStringSubmatch(content, -1) {
			for hex := shown[2]; hex != ""; hex = hex[4:] {
				page.WriteRune(fonts[shown[1]][hex[:4]])
			}
			page.WriteByte('\n')
		}
		pages = append(pages, page.String())
	}
	return pages
}

func TestASheetCanBeRead(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	draw(t, &file, 41, sheet.Picture{Mark: "nicht gewählt", Preview: preview(t, coloured(48, 36))})
	pages := readBack(t, file.Bytes())
	if len(pages) != 3 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, page := range pages {
		if !strings.Contains(page, head.Title) || !strings.Contains(page, fmt.Sprintf("Seite %d\n", i+1)) || !strings.Contains(page, "Studio Ö") {
			t.Errorf("page %d: %s", i+1, page)
		}
	}
	if !strings.Contains(pages[2], "Küche 40.jpg\nnicht gewählt\n") || !strings.Contains(pages[2], "Ende: 41") || strings.Contains(pages[1], "Küche 40.jpg") {
		t.Errorf("%q", pages)
	}
	if n := bytes.Count(file.Bytes(), []byte("/DCTDecode")); n != 41 {
		t.Errorf("%d pictures", n)
	}
}

// Names may be anything that a photographer's camera, or a customer, makes up: nothing of one
// is read as part of the file, and a long one ends in its cell.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		") Tj ET /I1 Do BT (", "> Tj <0041", "endstream\nendobj\n1 0 obj", "a\x00b\u202egpj.exe", "家.jpg", "🏠.jpg", strings.Repeat("W", 5000), strings.Repeat("é", 300), "\xff\xfe", "",
	} {
		var file bytes.Buffer
		s := sheet.New(&file, sheet.Head{Title: name, Studio: name, Note: name, Page: func(int) string { return name }})
		if err := s.Add(sheet.Picture{Name: name, Mark: name, Missing: name}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(name); err != nil {
			t.Fatal(err)
		}
		pages := readBack(t, file.Bytes())
		if len(pages) != 1 || file.Len() > 250_000 || bytes.Contains(file.Bytes(), []byte("Tj ET")) {
			t.Errorf("%.20q: %d pages, %d bytes", name, len(pages), file.Len())
		}
		if len(name) > 1000 && (strings.Contains(pages[0], name) || !strings.Contains(pages[0], "W…")) {
			t.Error("a long name runs out of its cell")
		}
	}
}

func TestPreviews(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data []byte
		fine bool
	}{
		"colours":    {preview(t, coloured(30, 20)), true},
		"gray":       {preview(t, image.NewGray(image.Rect(0, 0, 8, 8))), true},
		"missing":    {nil, true},
		"no JPEG":    {[]byte("<svg/>"), false},
		"cut":        {preview(t, coloured(30, 20))[:40], false},
		"no bytes":   {[]byte{}, false},
		"a PNG":      {[]byte("\x89PNG\r\n\x1a\n"), false},
		"hostile":    {[]byte("\xff\xd8endstream endobj"), false},
		"half a PDF": {[]byte("%PDF-1.4"), false},
	} {
		s := sheet.New(io.Discard, head)
		if err := s.Add(sheet.Picture{Preview: c.data, Missing: "fehlt"}); (err == nil) != c.fine || err != nil && !errors.Is(err, sheet.ErrPreview) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// failing takes so many bytes and no more.
type failing struct{ left int }

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// Wherever the client goes away, whoever draws learns it: half a sheet is none.
func TestAClientThatGoesAway(t *testing.T) {
	t.Parallel()
	var whole bytes.Buffer
	p := sheet.Picture{Preview: preview(t, coloured(30, 20))}
	draw(t, &whole, 25, p)
	for left := 0; left < whole.Len(); left += whole.Len()/23 + 1 {
		s := sheet.New(&failing{left: left}, head)
		var err error
		for i := 0; i < 25 && err == nil; i++ {
			p.Name = fmt.Sprintf("Küche %d.jpg", i)
			err = s.Add(p)
		}
		if err == nil {
			err = s.Close("Ende: 25")
		}
		if !errors.Is(err, errFull) {
			t.Fatalf("after %d bytes: %v", left, err)
		}
	}
}

// BenchmarkSheet draws a hundred pages; what stays in memory must not grow with them.
func BenchmarkSheet(b *testing.B) {
	p := sheet.Picture{Mark: "nicht gewählt", Preview: preview(b, coloured(480, 360))}
	for _, n := range []int{20, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				draw(b, io.Discard, n, p)
			}
		})
	}
}
