package archive_test

import (
	"fmt"
	"testing"

	"pixgate/internal/archive"
)

func photographs(n int) []archive.Entry {
	entries := make([]archive.Entry, n)
	for i, name := range numbered(n) {
		entries[i] = archive.Entry{Name: name, Size: 22_500_000, CRC32: uint32(i), Modified: taken}
	}
	return entries
}

var counts = []int{200, 10_000, 200_000}

func perEntry(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/entry")
}

// BenchmarkNew is the price of laying out: once for each request.
func BenchmarkNew(b *testing.B) {
	for _, n := range counts {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			entries := photographs(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := archive.New(entries); err != nil {
					b.Fatal(err)
				}
			}
			perEntry(b, n)
		})
	}
}

// BenchmarkParts goes through a whole archive.
func BenchmarkParts(b *testing.B) {
	for _, n := range counts {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := &store{entries: photographs(n)}
			s.lay(b)
			b.ReportAllocs()
			for b.Loop() {
				for range s.Parts(0, s.Size()) {
				}
			}
			perEntry(b, n)
		})
	}
}

// BenchmarkTail is a range at the end: it costs the same whatever lies before.
func BenchmarkTail(b *testing.B) {
	for _, n := range counts {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := &store{entries: photographs(n)}
			s.lay(b)
			b.ReportAllocs()
			for b.Loop() {
				for range s.Parts(s.Size()-1000, 1000) {
				}
			}
		})
	}
}

func BenchmarkNames(b *testing.B) {
	for _, n := range []int{200, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			names := numbered(n)
			b.ReportAllocs()
			for b.Loop() {
				archive.Names(names)
			}
			perEntry(b, n)
		})
	}
}
