package archive_test

import (
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pixgate/internal/archive"
)

// zeros are size bytes of nothing, without holding them.
type zeros int64

func (z zeros) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= int64(z) {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), int64(z)-offset))
	clear(p[:n])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// store is an archive with data behind it: what a server is to it.
type store struct {
	*archive.Layout
	entries []archive.Entry
	data    []io.ReaderAt
}

// ReadAt serves a range the way a server does: from the parts alone.
func (s *store) ReadAt(p []byte, offset int64) (int, error) {
	n := 0
	for part := range s.Parts(offset, int64(len(p))) {
		into := p[n : n+int(part.Length)]
		if part.Entry < 0 {
			copy(into, part.Literal)
		} else if got, err := s.data[part.Entry].ReadAt(into, part.Offset); got < len(into) {
			return n, err
		}
		n += int(part.Length)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// writeTo writes the whole archive, and says what it wrote.
func (s *store) writeTo(w io.Writer) (int64, error) {
	written := int64(0)
	for part := range s.Parts(0, s.Size()) {
		if part.Entry < 0 {
			n, err := w.Write(part.Literal)
			if written += int64(n); err != nil {
				return written, err
			}
			continue
		}
		n, err := io.Copy(w, io.NewSectionReader(s.data[part.Entry], part.Offset, part.Length))
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

var taken = time.Date(2026, 6, 14, 15, 9, 27, 0, time.UTC) // an odd second: MS-DOS cannot tell it

// file is an entry with grainy data of a size, and that data.
func file(name string, size int) (archive.Entry, string) {
	grain := rand.New(rand.NewPCG(uint64(size), uint64(len(name))))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(grain.Uint32())
	}
	return archive.Entry{Name: name, Size: int64(size), CRC32: crc32.ChecksumIEEE(data), Modified: taken}, string(data)
}

func pack(t testing.TB, names []string, size func(i int) int) *store {
	t.Helper()
	s := &store{}
	for i, name := range names {
		entry, data := file(name, size(i))
		s.entries = append(s.entries, entry)
		s.data = append(s.data, strings.NewReader(data))
	}
	s.lay(t)
	return s
}

func (s *store) lay(t testing.TB) {
	t.Helper()
	layout, err := archive.New(s.entries)
	if err != nil {
		t.Fatal(err)
	}
	s.Layout = layout
}

func (s *store) names() []string {
	names := make([]string, len(s.entries))
	for i, e := range s.entries {
		names[i] = e.Name
	}
	return names
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("picture %05d.jpg", i+1)
	}
	return names
}

// hard are names that readers trip over.
var hard = []string{
	"Küche.jpg", "Straße Süd – 1. OG.jpg", "Ku\u0308che, zerlegt.jpg", "日本語.jpg", "Кухня.jpg",
	"👨\u200d👩\u200d👧.jpg", "🏠 Haus 🏡.jpg",
	"IMG_0001.JPG", "IMG_0001.jpg", "img_0001.jpg", "KÜCHE.jpg",
	strings.Repeat("long", 74) + ".jpg", strings.Repeat("ä", 296) + ".jpg", // 300 characters
	"no ending", "two.dots.jpg", "space at the end .jpg", "-rf", "%s%n.jpg", "'quoted'.jpg", "~.jpg", "#1.jpg", "a&b;c.jpg",
	"folder/in/folder.jpg",
}

// shapes are the archives that every reader must accept.
func shapes(t testing.TB) map[string]*store {
	return map[string]*store{
		"one":        pack(t, numbered(1), func(int) int { return 4711 }),
		"two":        pack(t, numbered(2), func(i int) int { return 100_000 * i }),
		"200":        pack(t, numbered(200), func(i int) int { return 1000 + 97*i }),
		"70,000":     pack(t, numbered(70_000), func(i int) int { return i % 3 }),
		"hard names": pack(t, hard, func(i int) int { return i % 5 * 1000 }),
		"all empty":  pack(t, numbered(3), func(int) int { return 0 }),
	}
}
