package archive_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/archive"
)

// sizeOf makes a size of a byte: up to 223 bytes, or around a power of two up to
// 2^46, where the fields get too narrow.
func sizeOf(b byte) int64 {
	if b < 224 {
		return int64(b)
	}
	return int64(1)<<(31+(b-224)/2) - int64(b%2)
}

// FuzzLayout lays out any list of names and sizes. What it takes must be as long
// as it says, hold what it was given, and join to the same bytes wherever it is
// split.
func FuzzLayout(f *testing.F) {
	f.Add("a.jpg\nb.jpg", []byte{3, 0}, int64(0), uint64(31), uint64(200))
	f.Add(strings.Join(hard, "\n"), []byte{0, 1, 100, 223}, int64(1<<40), uint64(1), uint64(1<<20))
	f.Add("1\n2\n3\n4", []byte{226, 227, 254, 0}, int64(-1), uint64(1<<32-1), uint64(1<<45))
	f.Add("a\na\n", []byte{}, int64(-62135596800), uint64(0), uint64(0))
	f.Add("../a\n\\\n/", []byte{255}, int64(1781449767), uint64(5), uint64(4))
	f.Fuzz(func(t *testing.T, list string, sizes []byte, seconds int64, cut, cut2 uint64) {
		s, small := &store{}, true
		for i, name := range strings.Split(list, "\n") {
			size := int64(0)
			if len(sizes) > 0 {
				size = sizeOf(sizes[i%len(sizes)])
			}
			small = small && size < 224
			e, data := file(name, int(min(size, 224)))
			if e.Size = size; size >= 224 {
				s.data = append(s.data, zeros(size))
			} else {
				s.data = append(s.data, strings.NewReader(data))
			}
			e.Modified = time.Unix(seconds, 0)
			s.entries = append(s.entries, e)
		}
		layout, err := archive.New(s.entries)
		if err != nil {
			// Then the names were wrong, and Names makes them right.
			for i, name := range archive.Names(s.names()) {
				s.entries[i].Name = name
			}
			if layout, err = archive.New(s.entries); err != nil {
				t.Fatal(err)
			}
		}
		s.Layout = layout

		whole := joined(rangeOf(t, s, 0, s.Size())) // checks the length, too
		size := uint64(s.Size())
		first, second := int64(min(cut%(size+1), cut2%(size+1))), int64(max(cut%(size+1), cut2%(size+1)))
		thirds := slices.Concat(rangeOf(t, s, 0, first), rangeOf(t, s, first, second-first), rangeOf(t, s, second, s.Size()-second))
		if err := same(joined(thirds), whole); err != nil {
			t.Fatalf("split at %d and %d of %d: %v", first, second, size, err)
		}
		var written bytes.Buffer
		if small {
			if n, err := s.writeTo(&written); err != nil || n != s.Size() || int64(written.Len()) != n {
				t.Fatalf("%d of %d bytes written: %v", n, s.Size(), err)
			}
		}

		r, err := zip.NewReader(s, s.Size())
		if err != nil || len(r.File) != len(s.entries) {
			t.Fatalf("archive/zip: %v", err)
		}
		for i, f := range r.File {
			e := s.entries[i]
			if f.Name != e.Name || f.UncompressedSize64 != uint64(e.Size) || f.CRC32 != e.CRC32 {
				t.Fatalf("%+v, want %+v", f.FileHeader, e)
			}
			if e.Size >= 224 {
				continue
			}
			data, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, data); n != e.Size || err != nil {
				t.Fatalf("%q: %d bytes: %v", e.Name, n, err)
			}
		}
	})
}
