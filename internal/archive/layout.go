// Package archive lays a ZIP file out before a byte of it is read. From the
// names, sizes, CRC-32 sums and times of its entries, known beforehand, every
// byte of the archive that is not an entry's own is a pure function. So the
// archive's exact length, a strong validator for it and the content of any
// range of it are known without touching an entry's data, and a download that
// was cut goes on where it ended, on another server or another day.
//
// A [Layout] holds no data, reads none and writes none. Its [Layout.Parts]
// names, in order, what a range is made of: literal bytes, and stretches of the
// entries' data, which the caller brings from where it has them:
//
//	layout, err := archive.New(entries)
//	…
//	for part := range layout.Parts(offset, length) {
//		if part.Entry < 0 {
//			_, err = w.Write(part.Literal)
//		} else {
//			err = copyRange(w, objects[part.Entry], part.Offset, part.Length)
//		}
//		…
//	}
//
// The caller answers for the data being what the entries say. Only a part that
// is Whole can be held against the entry's CRC-32; of other parts nothing but
// the length can be judged.
//
// # Format
//
// Entries are stored, never deflated: photographs and films do not shrink, and a
// deflated entry's length is not known before it was read. There are no data
// descriptors, since sums and sizes are known; so programs that read an archive
// from its front, without the directory at its end, understand it too. Names
// are UTF-8 and flagged as such. Entries are regular files that everybody may
// read (Unix mode 0644). An entry has no comment, nor has the archive.
//
// ZIP64 records appear where they are needed and nowhere else, for there are
// readers that do not expect them: for an entry of 4 GiB-1 or more, for one that
// begins at or beyond that offset, and at the end of an archive whose directory
// does, or that has 65,535 entries or more.
//
// Times are told twice. The field that all readers know counts local time in
// steps of two seconds; it holds UTC, from 1980 to 2107, times beyond held to the
// nearer end. The extended timestamp, whole seconds of UTC, corrects it for
// those that know it. It is left out before 1980 and after 2038-01-19, where
// readers do not agree on it.
//
// # Costs
//
// A Layout takes some 60 bytes an entry, beside the names. Parts finds the first
// part of a range in O(log n) and keeps nothing but the part at hand, which for
// literals is at most [MaxLiteral] bytes. What a range costs depends on the
// parts it has, not on the archive's size nor on where the range lies.
package archive

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// Entry is a file of an archive.
type Entry struct {
	// Name is a path of valid UTF-8 as io/fs has them: elements divided by single
	// slashes, none of them "." or "..". It has neither NUL nor backslash and at
	// most 65,535 bytes. Names makes such names, and safer ones.
	Name string

	Size     int64     // bytes
	CRC32    uint32    // IEEE, of the data; 0 when Size is
	Modified time.Time // zero for unknown; it counts to the second

	// SHA256 of the data, where it is known. It is not written, but goes into
	// Sum: data may be forged to have a given CRC-32.
	SHA256 [sha256.Size]byte
}

// Layout is where everything lies in an archive. It does not change, and may be
// used from several goroutines at once.
type Layout struct {
	records   []record
	directory int64 // where the central directory begins
	end       int64 // where the records behind the directory begin
	size      int64
	sum       [sha256.Size]byte
}

// maxSize keeps sums of offsets within an int64.
const maxSize = 1 << 62

// New lays out an archive of these entries, in this order. No entries make an
// empty archive, which is a valid one. An error is about the entries: a name
// that Entry does not allow or that an earlier entry has (compared byte by
// byte), a negative size, a sum without data, or more than 2^62 bytes in all.
func New(entries []Entry) (*Layout, error) {
	l := &Layout{records: make([]record, len(entries))}
	seen := make(map[string]int, len(entries))
	digest := sha256.New()
	var literal []byte

	at := int64(0)
	for i, e := range entries {
		if err := judge(e, maxSize-at); err != nil {
			return nil, fmt.Errorf("archive: entry %d: %w", i, err)
		}
		if first, twice := seen[e.Name]; twice {
			return nil, fmt.Errorf("archive: entries %d and %d are both named %.80q", first, i, e.Name)
		}
		seen[e.Name] = i

		l.records[i] = record{name: e.Name, size: e.Size, crc: e.CRC32, modified: e.Modified.Unix(), start: at}
		literal = l.records[i].appendHeader(literal[:0])
		digest.Write(literal)
		digest.Write(e.SHA256[:])
		at += int64(len(literal)) + e.Size
	}
	l.directory = at
	for i := range l.records {
		l.records[i].listed = at
		literal = l.records[i].appendListing(literal[:0])
		digest.Write(literal)
		at += int64(len(literal))
	}
	l.end = at
	literal = l.appendEnd(literal[:0])
	digest.Write(literal)
	l.size = at + int64(len(literal))
	digest.Sum(l.sum[:0])
	return l, nil
}

// Size is the archive's length in bytes.
func (l *Layout) Size() int64 { return l.size }

// Entries is how many entries there are.
func (l *Layout) Entries() int { return len(l.records) }

// Sum is the SHA-256 of all that determines the archive's bytes: of every
// literal byte, and of the entries' SHA256. Equal sums mean equal archives, as
// far as the data is what the entries say, so it makes a strong ETag. A later
// version of this package that writes other bytes has other sums.
func (l *Layout) Sum() [sha256.Size]byte { return l.sum }
