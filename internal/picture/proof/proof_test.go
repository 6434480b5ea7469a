package proof

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// samples are the standard library's own test pictures: each way to subsample,
// to order scans, to restart, grey, RGB, CMYK.
func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	root, err := exec.CommandContext(tb.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		tb.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "src/image/testdata/*.jpeg"))
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
			if part == 1 && (mean > 0.5 || most > 8) || mean > 4 {
				t.Errorf("%s, 1/%d: off by %.2f, at most %d", name, part, mean, most)
			}
		}
	}
}

// with puts more behind the first n bytes of file.
func with(file []byte, n int, more ...[]byte) []byte {
	return bytes.Join([][]byte{file[:n], bytes.Join(more, nil), file[n:]}, nil)
}

func segment(marker byte, data ...byte) []byte {
	return append([]byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}, data...)
}

// at is where a marker stands first.
func at(file []byte, marker byte) int { return bytes.Index(file, []byte{0xff, marker}) }

func set(file []byte, offset int, v ...byte) []byte {
	out := bytes.Clone(file)
	copy(out[offset:], v)
	return out
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// What is cut off, altered or not a JPEG's is no picture, whichever byte it is.
func TestRefuses(t *testing.T) {
	t.Parallel()
	whole := encoded(t, photo(64, 48), 90)
	frame, scan, coded, end := at(whole, 0xc0), at(whole, 0xda), at(whole, 0xda)+14, len(whole)-2
	grey := encoded(t, image.NewGray(image.Rect(0, 0, 64, 48)), 90)
	coloured := with(set(grey, at(grey, 0xc0)+3, 17), at(grey, 0xc0)+13, []byte{2, 0x11, 0, 3, 0x11, 0}) // with two more, in its frame alone
	coloured[at(grey, 0xc0)+9] = 3
	progressive := samples(t)["video-001.progressive.jpeg"]
	first := at(progressive, 0xda)
	damaged, unread, foreign, laborious := is[Damaged], is[Unsupported], is[Foreign], is[Laborious]
	for name, c := range map[string]struct {
		data []byte
		want func(error) bool
	}{
		"nothing":                        {nil, damaged},
		"another file":                   {[]byte("GIF89a"), damaged},
		"no frame":                       {[]byte{0xff, 0xd8, 0xff, 0xd9}, damaged},
		"no end":                         {whole[:end], damaged},
		"cut in the coded data":          {append(bytes.Clone(whole[:coded+100]), 0xff, 0xd9), damaged},
		"cut by its last block":          {append(bytes.Clone(whole[:end-3]), 0xff, 0xd9), damaged},
		"segment over the end":           {set(whole, frame+2, 0xff, 0xff), damaged},
		"segment of length 1":            {set(whole, 4, 0, 1), damaged},
		"second start":                   {with(whole, 2, []byte{0xff, 0xd8}), damaged},
		"second frame":                   {with(whole, scan, whole[frame:frame+19]), damaged},
		"no height":                      {set(whole, frame+5, 0, 0), damaged},
		"two components of one name":     {set(whole, frame+13, 1), damaged},
		"scan before the frame":          {with(whole, 2, whole[scan:scan+14]), damaged},
		"scan of an unknown component":   {set(whole, scan+5, 9), damaged},
		"scan of a component twice":      {set(whole, scan+7, 1), damaged},
		"a component in two scans":       {with(whole, end, whole[scan:end]), damaged},
		"only one colour":                {coloured, damaged},
		"no Huffman table":               {append(bytes.Clone(whole[:at(whole, 0xc4)]), whole[scan:]...), damaged},
		"more codes than there are":      {set(whole, at(whole, 0xc4)+5, 3), damaged},
		"no quantisation table":          {append([]byte{0xff, 0xd8}, whole[frame:]...), damaged},
		"12 bits":                        {set(whole, frame+4, 12), unread},
		"lossless":                       {set(whole, frame+1, 0xc3), unread},
		"arithmetic":                     {set(whole, frame+1, 0xc9), unread},
		"hierarchic":                     {set(whole, frame+1, 0xc5), unread},
		"sampling by three":              {set(whole, frame+11, 0x31), unread},
		"a tail behind the coded data":   {with(whole, end, bytes.Repeat([]byte{'x'}, maxStray+1)), foreign},
		"a text between segments":        {with(whole, 2, bytes.Repeat([]byte{'x'}, maxStray+1)), foreign},
		"a little in many places":        {with(with(whole, end, bytes.Repeat([]byte{'x'}, maxStray/2+50)), 2, bytes.Repeat([]byte{'x'}, maxStray/2)), foreign},
		"restart markers with a message": {with(whole, end, bytes.Repeat([]byte("\xff\xd0hidden"), 200)), foreign},
		"101 scans":                      {with(progressive, first, bytes.Repeat(segment(0xda, 1, 1, 0, 0, 0, 0), 101)), laborious},
		"21 scans of 150 megapixels":     {set(with(progressive, first, bytes.Repeat(segment(0xda, 1, 1, 0, 0, 0, 0), 21)), at(progressive, 0xc2)+5, 0x2f, 0xd7, 0x2f, 0xd7), laborious},
		"details before the outline":     {with(progressive, first, segment(0xda, 1, 1, 0, 1, 5, 0)), damaged},
		"bounds the wrong way round":     {with(progressive, first, segment(0xda, 1, 1, 0, 9, 5, 0)), damaged},
		"bits that do not follow":        {with(progressive, first, segment(0xda, 1, 1, 0, 0, 0, 0x53)), damaged},
	} {
		_, err := decode(c.data, 8)
		if !c.want(err) {
			t.Errorf("%s: have %v", name, err)
		}
	}
	for name, data := range map[string][]byte{
		"rounded-up buffers":        with(with(whole, end, make([]byte, maxStray/2)), 2, make([]byte, maxStray/2)),
		"a last restart marker":     with(whole, end, []byte{0xff, 0xd0}),
		"fill bytes before the end": with(whole, end, []byte{0xff, 0xff, 0xff}),
	} {
		if _, err := decode(data, 8); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Between any two rows the work can be given up.
func TestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"video-001.jpeg", "video-001.progressive.jpeg"} {
		j, err := Parse(samples(t)[name])
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if m, err := j.Decode(ctx, 100); m != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, %v", name, m != nil, err)
		}
	}
}

// A picture of many pixels takes memory for its preview's only.
func TestTakesMemoryForThePreviewOnly(t *testing.T) {
	whole := encoded(t, image.NewGray(image.Rect(0, 0, 8000, 6000)), 80)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := decode(whole, 900); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
		t.Errorf("%d bytes for 1000 × 750 of 48 megapixels", used)
	}
}

// Whatever comes in, nothing panics, and nothing that the library finds cut off
// is taken for whole.
func FuzzDecode(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data, 40)
	}
	f.Add(encoded(f, photo(33, 17), 60), 8)
	f.Fuzz(func(t *testing.T, data []byte, edge int) {
		j, err := Parse(data)
		if err != nil || j.Width*j.Height > 1<<18 {
			return
		}
		m, err := j.Decode(t.Context(), edge)
		if err != nil {
			return
		}
		size := m.Bounds().Size()
		if size.X < above(j.Width, 8) || size.Y < above(j.Height, 8) || size.X > j.Width || size.Y > j.Height {
			t.Fatalf("%dx%d became %v", j.Width, j.Height, size)
		}
		m.At(size.X-1, size.Y-1)
		if _, err := jpeg.Decode(bytes.NewReader(data)); errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut off, and taken: %v", err)
		}
	})
}
