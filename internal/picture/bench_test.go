package picture

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/draw"
)

// photo is 24 megapixels with enough grain to weigh what a camera's file does.
func photo(b *testing.B) []byte {
	grain, m := rand.New(rand.NewPCG(1, 2)), image.NewRGBA(image.Rect(0, 0, 6000, 4000))
	for i := 0; i < len(m.Pix); i += 4 {
		n, x, y := grain.IntN(24), i/4%6000, i/4/6000
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = uint8(x/33+n), uint8(y/22+n), uint8((x+y)/66+n), 255
	}
	return jpegOf(b, m)
}

func BenchmarkInspect(b *testing.B) {
	data := photo(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		inspect(b, data)
	}
}

// BenchmarkPlain is the yardstick: decode, scale once with the library alone.
func BenchmarkPlain(b *testing.B) {
	data := photo(b)
	for name, scaler := range map[string]draw.Scaler{"ApproxBiLinear": draw.ApproxBiLinear, "CatmullRom": draw.CatmullRom} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				m, err := jpeg.Decode(bytes.NewReader(data))
				if err != nil {
					b.Fatal(err)
				}
				dst := image.NewRGBA(image.Rect(0, 0, MediumEdge, 853))
				scaler.Scale(dst, dst.Rect, m, m.Bounds(), draw.Src, nil)
				var out bytes.Buffer
				if err := jpeg.Encode(&out, dst, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
