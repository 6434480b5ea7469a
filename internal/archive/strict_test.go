package archive_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"testing"

	"pixgate/internal/archive"
)

const all16, all32 = 0xffff, 0xffffffff

// sheet reads fields one after another, from a place in an archive.
type sheet struct {
	io.ReaderAt
	at  int64
	err error
}

func (s *sheet) bytes(n int) []byte {
	b := make([]byte, n)
	if got, err := s.ReadAt(b, s.at); got < n && s.err == nil {
		s.err = fmt.Errorf("at %d: %w", s.at, err)
	}
	s.at += int64(n)
	return b
}

func (s *sheet) u16() uint64 { return uint64(binary.LittleEndian.Uint16(s.bytes(2))) }
func (s *sheet) u32() uint64 { return uint64(binary.LittleEndian.Uint32(s.bytes(4))) }
func (s *sheet) u64() uint64 { return binary.LittleEndian.Uint64(s.bytes(8)) }

func (s *sheet) want(what string, got, want uint64) {
	if got != want && s.err == nil {
		s.err = fmt.Errorf("%s before %d: %#x, want %#x", what, s.at, got, want)
	}
}

// extra are the two fields that an entry may have: ZIP64, and a timestamp.
func (s *sheet) extra(length uint64, zip64 ...uint64) {
	end := s.at + int64(length)
	if len(zip64) > 0 {
		s.want("ZIP64 extra", s.u16(), 1)
		s.want("its length", s.u16(), uint64(8*len(zip64)))
		for _, value := range zip64 {
			s.want("its value", s.u64(), value)
		}
	}
	if s.at < end {
		s.want("timestamp extra", s.u16(), 0x5455)
		s.want("its length", s.u16(), 5)
		s.want("its flags", uint64(s.bytes(1)[0]), 1)
		s.u32()
	}
	s.want("length of extras", uint64(s.at), uint64(end))
}

// shared reads the 26 bytes that both records of an entry have.
func (s *sheet) shared(e archive.Entry, start int64) (raw []byte, extra uint64) {
	from, version := s.at, uint64(20)
	if e.Size >= all32 || start >= all32 {
		version = 45
	}
	s.want("version needed", s.u16(), version)
	s.want("flags", s.u16(), 0x800)
	s.want("method", s.u16(), 0)
	s.want("time", s.u16(), 15<<11|9<<5|27/2)
	s.want("date", s.u16(), (2026-1980)<<9|6<<5|14)
	s.want("CRC-32", s.u32(), uint64(e.CRC32))
	s.want("compressed size", s.u32(), min(uint64(e.Size), all32))
	s.want("size", s.u32(), min(uint64(e.Size), all32))
	s.want("length of the name", s.u16(), uint64(len(e.Name)))
	extra = s.u16()
	again := sheet{ReaderAt: s.ReaderAt, at: from}
	return again.bytes(26), extra
}

// strictly walks an archive as its most suspicious readers do: from the front by
// the local headers alone, then through the directory, which must repeat them to
// the letter, to an end that follows at once and is the end. It returns where
// the directory begins.
func strictly(s *sheet, entries []archive.Entry, size int64, readData bool) int64 {
	starts, headers := make([]int64, len(entries)), make([][]byte, len(entries))
	for i, e := range entries {
		var extra uint64
		starts[i] = s.at
		s.want("local header", s.u32(), 0x04034b50)
		headers[i], extra = s.shared(e, starts[i])
		if name := s.bytes(len(e.Name)); string(name) != e.Name && s.err == nil {
			s.err = fmt.Errorf("local name %q, want %q", name, e.Name)
		}
		if e.Size >= all32 {
			s.extra(extra, uint64(e.Size), uint64(e.Size))
		} else {
			s.extra(extra)
		}
		if readData {
			sum := crc32.NewIEEE()
			io.Copy(sum, io.NewSectionReader(s, s.at, e.Size))
			s.want("the data's CRC-32", uint64(sum.Sum32()), uint64(e.CRC32))
		}
		if s.at += e.Size; s.err != nil {
			return 0
		}
	}
	directory := s.at
	for i, e := range entries {
		s.want("directory record", s.u32(), 0x02014b50)
		s.want("made by", s.u16(), 3<<8|63)
		shared, extra := s.shared(e, starts[i])
		if s.want("length of extras, as in the header", min(extra, 9), min(uint64(headers[i][24]), 9)); !bytes.Equal(shared[:24], headers[i][:24]) && s.err == nil {
			s.err = fmt.Errorf("%q: the directory does not repeat the header", e.Name)
		}
		s.want("length of the comment", s.u16(), 0)
		s.want("disk", s.u16(), 0)
		s.want("internal attributes", s.u16(), 0)
		s.want("external attributes", s.u32(), 0o100644<<16)
		s.want("offset", s.u32(), min(uint64(starts[i]), all32))
		if name := s.bytes(len(e.Name)); string(name) != e.Name && s.err == nil {
			s.err = fmt.Errorf("listed name %q, want %q", name, e.Name)
		}
		var zip64 []uint64
		if e.Size >= all32 {
			zip64 = append(zip64, uint64(e.Size), uint64(e.Size))
		}
		if starts[i] >= all32 {
			zip64 = append(zip64, uint64(starts[i]))
		}
		if s.extra(extra, zip64...); s.err != nil {
			return directory
		}
	}
	s.end(uint64(len(entries)), directory, size)
	return directory
}

// end reads what stands behind the directory.
func (s *sheet) end(entries uint64, directory, size int64) {
	end := s.at
	length := uint64(end - directory)
	if entries >= all16 || length >= all32 || directory >= all32 {
		s.want("ZIP64 end", s.u32(), 0x06064b50)
		s.want("its length", s.u64(), 44)
		s.want("made by", s.u16(), 3<<8|63)
		s.want("version needed", s.u16(), 45)
		s.want("disks", s.u64(), 0)
		s.want("entries here", s.u64(), entries)
		s.want("entries", s.u64(), entries)
		s.want("length of the directory", s.u64(), length)
		s.want("offset of the directory", s.u64(), uint64(directory))
		s.want("ZIP64 locator", s.u32(), 0x07064b50)
		s.want("disk", s.u32(), 0)
		s.want("offset of the ZIP64 end", s.u64(), uint64(end))
		s.want("disks", s.u32(), 1)
	}
	s.want("end", s.u32(), 0x06054b50)
	s.want("disks", s.u32(), 0)
	s.want("entries here", s.u16(), min(entries, all16))
	s.want("entries", s.u16(), min(entries, all16))
	s.want("length of the directory", s.u32(), min(length, all32))
	s.want("offset of the directory", s.u32(), min(uint64(directory), all32))
	s.want("length of the comment", s.u16(), 0)
	s.want("length of the archive", uint64(s.at), uint64(size))
}

func TestStrictly(t *testing.T) {
	t.Parallel()
	for name, s := range shapes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var whole bytes.Buffer
			if n, err := s.writeTo(&whole); err != nil || n != s.Size() {
				t.Fatalf("%d of %d bytes written: %v", n, s.Size(), err)
			}
			sheet := &sheet{ReaderAt: bytes.NewReader(whole.Bytes())}
			if strictly(sheet, s.entries, s.Size(), true); sheet.err != nil {
				t.Error(sheet.err)
			}
		})
	}
}

// ZIP64 begins exactly where 32 or 16 bits end, neither before nor after.
func TestWhereZIP64Begins(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{all32 - 1, all32, all32 + 1} {
		t.Run(fmt.Sprintf("an entry of %d bytes", size), func(t *testing.T) {
			t.Parallel()
			judgeHoles(t, size, 0)
		})
	}
	const header = 30 + 1 + 9
	for _, start := range []int64{all32 - 1, all32, all32 + 1} {
		t.Run(fmt.Sprintf("an entry at %d", start), func(t *testing.T) {
			t.Parallel()
			judgeHoles(t, 1<<30, start-1<<30-2*header, 17, 3)
		})
		t.Run(fmt.Sprintf("a directory at %d", start), func(t *testing.T) {
			t.Parallel()
			judgeHoles(t, 1<<30, start-1<<30-2*header)
		})
	}
	for _, entries := range []int{all16 - 1, all16, all16 + 1} {
		t.Run(fmt.Sprintf("%d entries", entries), func(t *testing.T) {
			t.Parallel()
			judgeHoles(t, make([]int64, entries)...)
		})
	}
}

// holes is an archive of files of nothing but zeros, with wrong sums.
func holes(t testing.TB, sizes ...int64) *store {
	t.Helper()
	s := &store{}
	for i, size := range sizes {
		s.entries = append(s.entries, archive.Entry{Name: fmt.Sprint(i), Size: size, Modified: taken})
		s.data = append(s.data, zeros(size))
	}
	s.lay(t)
	return s
}

func judgeHoles(t *testing.T, sizes ...int64) {
	s := holes(t, sizes...)
	sheet := &sheet{ReaderAt: s}
	if strictly(sheet, s.entries, s.Size(), false); sheet.err != nil {
		t.Error(sheet.err)
	}
	readByGo(t, s, false)
}
