package proof

import (
	"bytes"
	"image/jpeg"
	"testing"
)

// BenchmarkDecode prints what a preview's pixels cost beside the library's
// decoder, which makes all of them: 24 megapixels, 8 MB.
func BenchmarkDecode(b *testing.B) {
	data := encoded(b, photo(6000, 4000), 92)
	b.Run("library", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, edge := range map[string]int{"all": 6000, "half": 3000, "quarter": 1500, "eighth": 750} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode(data, edge); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
