package picture

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"
)

// A studio's mark lies over both previews, all over them, and over nothing else.
func TestAMarkLiesOverThePreviews(t *testing.T) {
	t.Parallel()
	wall := image.NewGray(image.Rect(0, 0, 1600, 1200))
	for i := range wall.Pix {
		wall.Pix[i] = 128
	}
	file := jpegOf(t, wall)
	plain, err := Inspect(t.Context(), bytes.NewReader(file), Options{})
	if err != nil {
		t.Fatal(err)
	}
	marked, err := Inspect(t.Context(), bytes.NewReader(file), Options{Mark: "© Büro Nord"})
	if err != nil {
		t.Fatal(err)
	}
	if plain.SHA256 != marked.SHA256 || plain.CRC32 != marked.CRC32 || plain.Size != marked.Size {
		t.Error("a mark changes what the original is")
	}
	for name, both := range map[string][2]Rendition{"small": {plain.Small, marked.Small}, "medium": {plain.Medium, marked.Medium}} {
		without, with := pixelsOf(t, both[0]), pixelsOf(t, both[1])
		if without.Bounds() != with.Bounds() {
			t.Fatalf("%s: %v, marked %v", name, without.Bounds(), with.Bounds())
		}
		// In each of 4 by 4 fields something is written, so that no part can be cut out.
		b := with.Bounds()
		for field := range 16 {
			r := image.Rect(field%4*b.Dx()/4, field/4*b.Dy()/4, (field%4+1)*b.Dx()/4, (field/4+1)*b.Dy()/4)
			if n := unlike(without, with, r); n < r.Dx()*r.Dy()/100 {
				t.Errorf("%s, %v: %d pixels are marked", name, r, n)
			}
		}
	}
}

// unlike counts the pixels that differ by more than a coder's rounding.
func unlike(a, b image.Image, within image.Rectangle) int {
	n := 0
	for y := within.Min.Y; y < within.Max.Y; y++ {
		for x := within.Min.X; x < within.Max.X; x++ {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			if max(r1, r2)-min(r1, r2) > 20<<8 || max(g1, g2)-min(g1, g2) > 20<<8 || max(b1, b2)-min(b1, b2) > 20<<8 {
				n++
			}
		}
	}
	return n
}

func pixelsOf(t *testing.T, r Rendition) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(r.Data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
