package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pixgate/internal/picture/proof"
)

func inspect(tb testing.TB, data []byte) *Picture {
	tb.Helper()
	p, err := Inspect(context.Background(), bytes.NewReader(data), Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func refused(tb testing.TB, data []byte, limits Options, want Code) {
	tb.Helper()
	_, err := Inspect(context.Background(), bytes.NewReader(data), limits)
	r, ok := errors.AsType[*Refusal](err)
	if !ok || r.Code != want {
		tb.Errorf("have %v, want %s", err, want)
	} else if !strings.HasSuffix(r.Message, ".") || strings.Contains(r.Message, "%!") {
		tb.Errorf("%s: no sentence: %q", want, r.Message)
	}
}

func decoded(tb testing.TB, r Rendition) image.Image {
	tb.Helper()
	m, err := jpeg.Decode(bytes.NewReader(r.Data))
	if err != nil {
		tb.Fatal(err)
	}
	if size := m.Bounds().Size(); size != image.Pt(r.Width, r.Height) {
		tb.Fatalf("rendition is %v, said to be %dx%d", size, r.Width, r.Height)
	}
	return m
}

// near reports whether the colour at a point is c but for JPEG's losses.
func near(m image.Image, x, y int, c color.RGBA) bool {
	r, g, b, _ := m.At(x, y).RGBA()
	off := func(have uint32, want uint8) int { return max(int(have>>8)-int(want), int(want)-int(have>>8)) }
	return off(r, c.R) < 24 && off(g, c.G) < 24 && off(b, c.B) < 24
}

func TestInspect(t *testing.T) {
	t.Parallel()
	tiff := exif{orientation: 1, taken: "2026:07:01 18:30:05", offset: "+02:00"}.tiff()
	for name, c := range map[string]struct {
		data []byte
		kind string
	}{
		"jpeg": {withEXIF(jpegOf(t, quarters(1600, 1200)), tiff), "image/jpeg"},
		"png":  {insert(pngOf(t, quarters(1600, 1200)), 33, pngChunk("eXIf", tiff)), "image/png"},
		"webp": {webpOf(1600, 1200, quarter[0], tiff), "image/webp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := inspect(t, c.data)
			if p.Size != int64(len(c.data)) || p.SHA256 != sha256.Sum256(c.data) || p.CRC32 != crc32.ChecksumIEEE(c.data) {
				t.Error("size or sums are wrong")
			}
			if p.ContentType != c.kind || p.Width != 1600 || p.Height != 1200 || p.Orientation != 1 {
				t.Errorf("%s %dx%d, orientation %d", p.ContentType, p.Width, p.Height, p.Orientation)
			}
			if want := time.Date(2026, 7, 1, 16, 30, 5, 0, time.UTC); !p.CapturedAt.Equal(want) {
				t.Errorf("captured at %v, want %v", p.CapturedAt, want)
			}
			if p.Medium.Width != 1280 || p.Medium.Height != 960 || p.Small.Width != 480 || p.Small.Height != 360 {
				t.Errorf("renditions are %dx%d and %dx%d", p.Medium.Width, p.Medium.Height, p.Small.Width, p.Small.Height)
			}
			for _, r := range []Rendition{p.Medium, p.Small} {
				if m := decoded(t, r); !near(m, r.Width/4, r.Height/4, quarter[0]) {
					t.Errorf("the preview's colour is %v", m.At(r.Width/4, r.Height/4))
				}
			}
		})
	}
}

// Every way a camera may be held gives the same upright picture. The table is
// EXIF's own: where row 0 and column 0 of the stored pixels belong.
func TestOrientation(t *testing.T) {
	t.Parallel()
	const w, h = 300, 200
	sides := []struct{ row0, column0 string }{
		1: {"top", "left"}, {"top", "right"}, {"bottom", "right"}, {"bottom", "left"},
		{"left", "top"}, {"right", "top"}, {"right", "bottom"}, {"left", "bottom"},
	}
	seen := quarters(w, h)
	for o := 1; o <= 8; o++ {
		size := image.Pt(w, h)
		if o >= 5 {
			size = image.Pt(h, w)
		}
		stored := image.NewRGBA(image.Rectangle{Max: size})
		for row := range size.Y {
			for column := range size.X {
				at := map[string]image.Point{
					"top": {0, 0}, "bottom": {0, h - 1}, "left": {0, 0}, "right": {w - 1, 0},
				}[sides[o].row0].Add(map[string]image.Point{
					"top": {0, 0}, "bottom": {0, h - 1}, "left": {0, 0}, "right": {w - 1, 0},
				}[sides[o].column0])
				at = at.Add(step(sides[o].row0).Mul(row)).Add(step(sides[o].column0).Mul(column))
				stored.Set(column, row, seen.At(at.X, at.Y))
			}
		}
		p := inspect(t, withEXIF(jpegOf(t, stored), exif{orientation: uint16(o)}.tiff()))
		if p.Orientation != o || p.Width != w || p.Height != h {
			t.Errorf("orientation %d: %dx%d, read as %d", o, p.Width, p.Height, p.Orientation)
			continue
		}
		m := decoded(t, p.Small)
		for i, c := range quarter {
			if x, y := w/4+i%2*w/2, h/4+i/2*h/2; !near(m, x, y, c) {
				t.Errorf("orientation %d: quarter %d is %v", o, i, m.At(x, y))
			}
		}
	}
}

// step is the way one takes into the picture from a side of it.
func step(side string) image.Point {
	return map[string]image.Point{"top": {0, 1}, "bottom": {0, -1}, "left": {1, 0}, "right": {-1, 0}}[side]
}

func TestCapturedAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		taken, offset string
		want          time.Time
	}{
		{"2026:02:28 23:59:59", "", time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC)},
		{"2026:02:28 23:59:59", "-05:30", time.Date(2026, 3, 1, 5, 29, 59, 0, time.UTC)},
		{"2026:02:28 23:59:59", "nonsense", time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC)},
		{"0000:00:00 00:00:00", "+01:00", time.Time{}},
		{"2026:02:30 10:00:00", "", time.Time{}},
		{"yesterday", "", time.Time{}},
		{"", "+01:00", time.Time{}},
	} {
		p := inspect(t, withEXIF(jpegOf(t, quarters(16, 16)), exif{1, c.taken, c.offset}.tiff()))
		if !p.CapturedAt.Equal(c.want) {
			t.Errorf("%q %q: %v, want %v", c.taken, c.offset, p.CapturedAt, c.want)
		}
	}
}

// A preview is pixels and nothing else: whoever may only look must not learn
// where a house stands or which camera was there. Everything that may hold it is
// filled with marks, in all three formats, and looked for byte by byte.
func TestRenditionsCarryNoMetadata(t *testing.T) {
	t.Parallel()
	tiff := exif{orientation: 6, taken: "2026:07:01 18:30:05"}.tiff()
	mark := func(where string) []byte { return []byte("<" + where + " " + serial + " " + place + ">") }
	xmp := append([]byte("http://ns.adobe.com/xap/1.0/\x00"), mark("x:xmpmeta")...)
	iptc := append([]byte("Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x40\x1c\x02\x5a\x00\x20"), mark("iptc")...)
	icc := append([]byte("ICC_PROFILE\x00\x01\x01"), mark("icc")...)
	thumbnail := withEXIF(jpegOf(t, quarters(16, 16)), exif{orientation: 1}.tiff())
	photo, plan := jpegOf(t, quarters(900, 600)), pngOf(t, quarters(900, 600))

	full := insert(withEXIF(photo, append(bytes.Clone(tiff), thumbnail...)), 2,
		segment(0xe1, xmp), segment(0xe2, icc), segment(0xed, iptc), segment(0xee, append([]byte("Adobe\x00\x64\x00\x00\x00\x00\x01"), mark("adobe")...)), segment(0xfe, mark("comment")))
	for name, data := range map[string][]byte{
		"jpeg": full,
		"png": insert(plan, 33, pngChunk("iCCP", append([]byte("profile\x00\x00"), zlibOf(t, mark("icc"))...)), pngChunk("eXIf", tiff),
			pngChunk("tEXt", append([]byte("Comment\x00"), mark("text")...)), pngChunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"), mark("xmp")...)),
			pngChunk("zTXt", append([]byte("Raw profile type iptc\x00\x00"), zlibOf(t, mark("iptc"))...)), pngChunk("prVT", mark("private"))),
		"webp":     withChunks(webpOf(900, 600, quarter[1], tiff), riffChunk("ICCP", mark("icc")), riffChunk("XMP ", mark("xmp")), riffChunk("priv", mark("private"))),
		"tiny":     withEXIF(jpegOf(t, quarters(8, 8)), tiff),
		"trailers": append(append(bytes.Clone(full), full...), samsung(mark("samsung"))...),
	} {
		if !bytes.Contains(data, []byte(serial)) || !bytes.Contains(data, []byte(place)) || !bytes.Contains(data, []byte(makerNote)) {
			t.Fatalf("%s: nothing to hide in the original", name)
		}
		p := inspect(t, data)
		if p.SHA256 != sha256.Sum256(data) || p.Size != int64(len(data)) {
			t.Errorf("%s: the original is not counted as it came", name)
		}
		for _, r := range []Rendition{p.Medium, p.Small} {
			for _, secret := range []string{serial, place, makerNote, "Studiokamera", "Exif", "ICC", "8BIM", "Adobe", "JFIF", "2026:07:01", "http"} {
				if bytes.Contains(r.Data, []byte(secret)) {
					t.Errorf("%s: the preview carries %q", name, secret)
				}
			}
			j, err := proof.Parse(r.Data)
			if err != nil || len(j.Notes()) > 0 || j.End != len(r.Data) {
				t.Errorf("%s: the preview says more than its pixels: %v", name, err)
			}
		}
	}
}

func TestNeverEnlarged(t *testing.T) {
	t.Parallel()
	p := inspect(t, pngOf(t, quarters(301, 77)))
	for _, r := range []Rendition{p.Medium, p.Small} {
		if r.Width != 301 || r.Height != 77 {
			t.Errorf("%dx%d", r.Width, r.Height)
		}
	}
	if p := inspect(t, pngOf(t, quarters(5000, 2))); p.Small.Width != 480 || p.Small.Height != 1 {
		t.Errorf("a line became %dx%d", p.Small.Width, p.Small.Height)
	}
}

func TestTransparencyIsWhite(t *testing.T) {
	t.Parallel()
	p := inspect(t, pngOf(t, image.NewNRGBA(image.Rect(0, 0, 600, 600))))
	if m := decoded(t, p.Small); !near(m, 100, 100, color.RGBA{255, 255, 255, 255}) {
		t.Errorf("transparent became %v", m.At(100, 100))
	}
}

func TestReaderErrorIsNoRefusal(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	data := jpegOf(t, quarters(400, 400))
	for _, n := range []int{0, 100, 600} {
		_, err := Inspect(context.Background(), io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken)), Options{})
		if _, refused := errors.AsType[*Refusal](err); refused || !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// What is no picture is not read to its end either.
func TestStopsReadingEarly(t *testing.T) {
	t.Parallel()
	in := strings.NewReader("<svg>" + strings.Repeat(" ", 1<<20))
	if _, err := Inspect(context.Background(), in, Options{}); err == nil || in.Len() < 1<<19 {
		t.Errorf("%v, %d bytes left unread", err, in.Len())
	}
}

// cancelling gives what it has and then cancels, before anything is decoded.
type cancelling struct {
	io.Reader
	cancel context.CancelFunc
}

func (c cancelling) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err == io.EOF {
		c.cancel()
	}
	return n, err
}

// A picture that takes long to open is given up with the request or the server
// that wanted it, and that is no verdict on the picture.
func TestDecodingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"jpeg": jpegOf(t, quarters(400, 400)), "png": pngOf(t, quarters(400, 400)), "webp": webpOf(400, 400, quarter[0], nil),
		"progressive": library(t, "video-001.progressive.jpeg"),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		p, err := Inspect(ctx, cancelling{bytes.NewReader(data), cancel}, Options{})
		if _, refused := errors.AsType[*Refusal](err); p != nil || refused || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, %v", name, p != nil, err)
		}
	}
}

// What printers' and web programs write is shown in its colours.
func TestKindsOfJPEG(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cmyk", "rgb", "progressive", "q50.411", "q50.440.progressive", "restart2", "separate.dc.progression.progressive"} {
		data := library(t, "video-001."+name+".jpeg")
		want, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		p := inspect(t, data)
		m := decoded(t, p.Medium)
		if p.Width != 150 || p.Height != 103 {
			t.Errorf("%s: %dx%d", name, p.Width, p.Height)
		}
		for _, at := range []image.Point{{20, 20}, {75, 50}, {130, 90}} {
			r, g, b, _ := want.At(at.X, at.Y).RGBA()
			if c := (color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}); !near(m, at.X, at.Y, c) {
				t.Errorf("%s: %v at %v, want %v", name, m.At(at.X, at.Y), at, c)
			}
		}
	}
}
