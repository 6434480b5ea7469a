package archive_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"pixgate/internal/archive"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := archive.Entry{Name: "a", Size: 1, CRC32: 7}
	for problem, entries := range map[string][]archive.Entry{
		"no name":          {{Size: 1}},
		"65536 bytes":      {{Name: strings.Repeat("n", 65_536)}},
		"no clean path":    {{Name: "\xff.jpg"}},
		"no data, but":     {{Name: "a", CRC32: 1}},
		"size of -1":       {{Name: "a", Size: -1}},
		"too large":        {good, {Name: "b", Size: math.MaxInt64}},
		"0 and 2 are both": {good, {Name: "A"}, good},
		"entry 1: no name": {good, {}},
	} {
		if layout, err := archive.New(entries); err == nil || layout != nil || !strings.Contains(err.Error(), problem) || len(err.Error()) > 200 {
			t.Errorf("%s: %v", problem, err)
		}
	}
	for _, name := range []string{
		"nul\x00.jpg", `back\slash.jpg`, "/rooted.jpg", "..", ".", "../up.jpg", "a/../b.jpg", "a/..", "a/./b.jpg", "a//b.jpg", "folder/",
		"\xed\xa0\x80.jpg", "cut\xc3",
	} {
		if _, err := archive.New([]archive.Entry{{Name: name}}); err == nil || !strings.Contains(err.Error(), "no clean path") {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"..a", "a..", "...", "a/b/c.jpg", " ", "\r\n", strings.Repeat("n", 65_535)} {
		if _, err := archive.New([]archive.Entry{{Name: name}}); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	if _, err := archive.New([]archive.Entry{{Name: "a", Size: 1 << 61}, {Name: "b", Size: 1 << 61}}); err == nil {
		t.Error("more than 2^62 bytes were laid out")
	}
}

// Sum tells archives apart that differ in anything, and no others.
func TestSum(t *testing.T) {
	t.Parallel()
	base := func() []archive.Entry {
		return []archive.Entry{{Name: "a", Size: 3, CRC32: 9, Modified: taken}, {Name: "b", Size: 4, CRC32: 8, Modified: taken}}
	}
	sum := func(entries []archive.Entry) [32]byte {
		layout, err := archive.New(entries)
		if err != nil {
			t.Fatal(err)
		}
		return layout.Sum()
	}
	seen := map[[32]byte]string{sum(base()): "nothing"}
	for what, change := range map[string]func(e []archive.Entry) []archive.Entry{
		"a name":         func(e []archive.Entry) []archive.Entry { e[0].Name = "c"; return e },
		"a size":         func(e []archive.Entry) []archive.Entry { e[0].Size = 4; return e },
		"a CRC-32":       func(e []archive.Entry) []archive.Entry { e[1].CRC32++; return e },
		"a time":         func(e []archive.Entry) []archive.Entry { e[1].Modified = taken.Add(time.Second); return e },
		"a SHA-256":      func(e []archive.Entry) []archive.Entry { e[1].SHA256[31] = 1; return e },
		"the order":      func(e []archive.Entry) []archive.Entry { e[0], e[1] = e[1], e[0]; return e },
		"the last entry": func(e []archive.Entry) []archive.Entry { return e[:1] },
		"all entries":    func(e []archive.Entry) []archive.Entry { return nil },
		"one more":       func(e []archive.Entry) []archive.Entry { return append(e, archive.Entry{Name: "z"}) },
	} {
		got := sum(change(base()))
		if other, twice := seen[got]; twice {
			t.Errorf("changing %s makes the sum of changing %s", what, other)
		}
		seen[got] = what
	}
	same := base()
	same[0].Modified = taken.Add(time.Millisecond).In(time.FixedZone("", 3600))
	if seen[sum(same)] != "nothing" {
		t.Error("what is not written changes the sum")
	}
}

// The bytes themselves are a promise: a download begun before an update of the
// server goes on after it. Whoever changes them on purpose changes this sum.
func TestBytesStay(t *testing.T) {
	t.Parallel()
	s := holes(t, 5, 0, 1<<32, 7)
	for i, want := range map[int]string{1: "4ca2a79c", 4: "f7026680"} {
		cut := &store{entries: s.entries[:i], data: s.data}
		cut.lay(t)
		sum := crc32.NewIEEE()
		for part := range cut.Parts(0, cut.Size()) {
			sum.Write(part.Literal)
		}
		if got := fmt.Sprintf("%08x", sum.Sum32()); got != want {
			t.Errorf("%d entries: the literals' CRC-32 is %s, want %s", i, got, want)
		}
	}
}

// joined is what parts make up together: neighbours that belong together are one.
func joined(parts []archive.Part) []archive.Part {
	var all []archive.Part
	for _, p := range parts {
		last := len(all) - 1
		switch {
		case last >= 0 && p.Entry == all[last].Entry && p.Entry < 0:
			all[last].Literal = append(all[last].Literal, p.Literal...)
		case last >= 0 && p.Entry == all[last].Entry && p.Offset == all[last].Offset+all[last].Length:
		default:
			all = append(all, archive.Part{Entry: p.Entry, Offset: p.Offset, Literal: bytes.Clone(p.Literal)})
			last++
		}
		all[last].Length += p.Length
	}
	return all
}

func same(a, b []archive.Part) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d parts, want %d", len(a), len(b))
	}
	for i := range a {
		if a[i].Entry != b[i].Entry || a[i].Offset != b[i].Offset || a[i].Length != b[i].Length || !bytes.Equal(a[i].Literal, b[i].Literal) {
			return fmt.Errorf("part %d is %v, want %v", i, a[i], b[i])
		}
	}
	return nil
}

// rangeOf collects the parts of a range, each of which must keep its contract.
func rangeOf(t testing.TB, s *store, offset, length int64) []archive.Part {
	t.Helper()
	var parts []archive.Part
	total := int64(0)
	for p := range s.Parts(offset, length) {
		bad := p.Length <= 0
		if p.Entry < 0 {
			bad = bad || p.Entry != -1 || int64(len(p.Literal)) != p.Length || p.Length > archive.MaxLiteral || p.Whole || p.Offset != 0
		} else {
			size := s.entries[p.Entry].Size
			bad = bad || p.Literal != nil || p.Offset < 0 || p.Offset+p.Length > size || p.Whole != (p.Length == size)
		}
		if bad {
			t.Fatalf("range %d+%d: a bad part: entry %d, %d+%d, %d literal bytes, whole %v", offset, length, p.Entry, p.Offset, p.Length, len(p.Literal), p.Whole)
		}
		total += p.Length
		parts = append(parts, p)
	}
	if want := min(offset+length, s.Size()) - offset; total != max(want, 0) {
		t.Fatalf("range %d+%d: %d bytes", offset, length, total)
	}
	return parts
}

// Every single split of small archives, and splits anywhere of large ones, join
// to the same bytes.
func TestSplits(t *testing.T) {
	t.Parallel()
	small := pack(t, hard[:9], func(i int) int { return i % 3 * 20 })
	for name, s := range map[string]*store{
		"small":   small,
		"large":   holes(t, 0, 1<<40, 3, 1<<33, 0, 0, 17),
		"many":    pack(t, numbered(3000), func(i int) int { return i % 2 }),
		"unnamed": pack(t, nil, nil),
		"long names": pack(t, []string{strings.Repeat("a", 65_535), strings.Repeat("b", 65_535), strings.Repeat("c", 30_000), "d"},
			func(int) int { return 10 }),
	} {
		whole := joined(rangeOf(t, s, 0, s.Size()))
		split := func(at int64) {
			t.Helper()
			halves := append(rangeOf(t, s, 0, at), rangeOf(t, s, at, s.Size()-at)...)
			if err := same(joined(halves), whole); err != nil {
				t.Fatalf("%s, split at %d of %d: %v", name, at, s.Size(), err)
			}
		}
		if s == small {
			for at := range s.Size() + 1 {
				split(at)
			}
		}
		random := rand.New(rand.NewPCG(4, 2))
		for range 50 {
			split(random.Int64N(s.Size() + 1))
			split(s.Size() - random.Int64N(min(s.Size(), 500)))
		}
		// In pieces of one length: what a client with small ranges sees.
		if s.Size() < 1<<20 {
			var pieces []archive.Part
			for at := int64(0); at < s.Size(); at += 999 {
				pieces = append(pieces, rangeOf(t, s, at, 999)...)
			}
			if err := same(joined(pieces), whole); err != nil {
				t.Fatalf("%s, in pieces: %v", name, err)
			}
		}
	}
}

func TestRangesOutside(t *testing.T) {
	t.Parallel()
	s := pack(t, numbered(2), func(int) int { return 10 })
	for _, test := range []struct{ offset, length, want int64 }{
		{0, math.MaxInt64, s.Size()},
		{10, math.MaxInt64, s.Size() - 10},
		{-10, 20, 10},
		{-10, math.MaxInt64, s.Size()},
		{-10, 10, 0},
		{math.MinInt64, math.MinInt64, 0},
		{-1, math.MinInt64, 0},
		{0, -1, 0},
		{5, 0, 0},
		{s.Size(), 1, 0},
		{math.MaxInt64, math.MaxInt64, 0},
		{s.Size() - 1, 2, 1},
	} {
		got := int64(0)
		for p := range s.Parts(test.offset, test.length) {
			got += p.Length
		}
		if got != test.want {
			t.Errorf("%d+%d: %d bytes, want %d", test.offset, test.length, got, test.want)
		}
	}
}

// Literals belong to whom they were given: parts are fetched ahead.
func TestLiteralsAreTheReceivers(t *testing.T) {
	t.Parallel()
	s := pack(t, numbered(2000), func(int) int { return 1 })
	want := joined(rangeOf(t, s, 0, s.Size()))
	for p := range s.Parts(0, s.Size()) {
		clear(p.Literal[:cap(p.Literal)])
	}
	if err := same(joined(rangeOf(t, s, 0, s.Size())), want); err != nil {
		t.Error(err)
	}
}

// What a New was given may change afterwards.
func TestLayoutKeepsNothingOfTheCaller(t *testing.T) {
	t.Parallel()
	s := pack(t, numbered(3), func(int) int { return 1 })
	want := joined(rangeOf(t, s, 0, s.Size()))
	entries := append([]archive.Entry(nil), s.entries...)
	clear(s.entries)
	s.entries = entries
	if err := same(joined(rangeOf(t, s, 0, s.Size())), want); err != nil {
		t.Error(err)
	}
}

// Neither does a range's cost grow with the archive, nor is more than a part of
// it in memory at any time.
func TestMemoryIsConstant(t *testing.T) {
	for _, n := range []int{100, 100_000} {
		s := &store{}
		for _, name := range numbered(n) {
			s.entries = append(s.entries, archive.Entry{Name: name, Size: 1 << 30, Modified: taken})
		}
		s.lay(t)
		if allocations := testing.AllocsPerRun(100, func() {
			for range s.Parts(s.Size()-22, 22) {
			}
		}); allocations > 4 {
			t.Errorf("%d entries: the last bytes take %v allocations", n, allocations)
		}
		if allocations := testing.AllocsPerRun(100, func() {
			for range s.Parts(s.Size()/2, 1<<31) {
			}
		}); allocations > 10 {
			t.Errorf("%d entries: two gigabytes take %v allocations", n, allocations)
		}
	}
	s := &store{}
	for _, name := range numbered(200_000) {
		s.entries = append(s.entries, archive.Entry{Name: name, Modified: taken})
	}
	s.lay(t)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	i := 0
	for range s.Parts(0, s.Size()) {
		if i++; i%20_000 == 0 || i > 200_000 && i%100 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}
	if most > before.HeapAlloc+1<<20 {
		t.Errorf("%d bytes of memory more than before", most-before.HeapAlloc)
	}
	runtime.KeepAlive(s)
}

func TestStopping(t *testing.T) {
	t.Parallel()
	s := pack(t, numbered(5), func(int) int { return 1 })
	n := 0
	for range s.Parts(0, s.Size()) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d parts", n)
	}
}
