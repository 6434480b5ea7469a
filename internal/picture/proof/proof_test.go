package proof

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// samples are the standard library's own test pictures: each way to subsample,
// to order scans, to restart, grey, RGB, CMYK.
func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(runtime.GOROOT(), "src/image/testdata/*.jpeg"))
	if err != nil || len(names) == 0 {
		tb.Skipf("Go's own test pictures are not here: %v", err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		all[filepath.Base(name)] = data
	}
	return all
}

// photo has soft light, an edge and some grain.
func photo(w, h int) image.Image {
	grain, m := rand.New(rand.NewPCG(1, 2)), image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			n := grain.IntN(24)
			c := color.RGBA{uint8(x*200/w + n), uint8(y*200/h + n), uint8((x+y)*100/(w+h) + n), 255}
			if x > w/2 && y > h/3 {
				c.R, c.B = c.B, c.R
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func encoded(tb testing.TB, m image.Image, quality int) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func decode(data []byte, edge int) (image.Image, error) {
	j, err := Parse(data)
	if err != nil {
		return nil, err
	}
	return j.Decode(context.Background(), edge)
}

// average is src at a part of its size by plain averages.
func average(src image.Image, part int) *image.RGBA {
	size := src.Bounds().Size()
	dst := image.NewRGBA(image.Rect(0, 0, size.X/part, size.Y/part))
	for y := range dst.Rect.Dy() {
		for x := range dst.Rect.Dx() {
			var r, g, b uint32
			for i := range part * part {
				pr, pg, pb, _ := src.At(x*part+i%part, y*part+i/part).RGBA()
				r, g, b = r+pr>>8, g+pg>>8, b+pb>>8
			}
			n := uint32(part * part)
			dst.SetRGBA(x, y, color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255})
		}
	}
	return dst
}

// distance is the mean and the greatest difference of two pictures' colours.
func distance(a, b image.Image, w, h int) (mean float64, most int) {
	sum := 0
	for y := range h {
		for x := range w {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			for _, d := range []int{int(ar>>8) - int(br>>8), int(ag>>8) - int(bg>>8), int(ab>>8) - int(bb>>8)} {
				d = max(d, -d)
				sum, most = sum+d, max(most, d)
			}
		}
	}
	return float64(sum) / float64(3*w*h), most
}

// In full size the standard library's picture comes out, but for rounding; in
// parts, about the averages of its pixels.
func TestDecodesWhatTheLibraryDoes(t *testing.T) {
	t.Parallel()
	all := samples(t)
	all["photo"] = encoded(t, photo(203, 117), 92)
	for name, data := range all {
		want, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		size := want.Bounds().Size()
		for part := 1; part <= 8; part *= 2 {
			have, err := decode(data, above(max(size.X, size.Y), part))
			if err != nil {
				t.Errorf("%s, 1/%d: %v", name, part, err)
				continue
			}
			if s := have.Bounds().Size(); s != image.Pt(above(size.X, part), above(size.Y, part)) {
				t.Errorf("%s, 1/%d: is %v of %v", name, part, s, size)
			}
			mean, most := distance(have, average(want, part), size.X/part, size.Y/part)
			t.Logf("%s 1/%d %.2f %d %T", name, part, mean, most, have)
			if part == 1 && (mean > 0.5 || most > 8) || mean > 4 {
				t.Errorf("%s, 1/%d: off by %.2f, at most %d", name, part, mean, most)
			}
		}
	}
}

var _ = errors.Is
