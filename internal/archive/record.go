package archive

import (
	"encoding/binary"
	"math"
	"time"
)

// record is an entry in its place. Numbers of sections in this file are those of
// PKWARE's APPNOTE.TXT, version 6.3.
type record struct {
	name     string
	size     int64
	start    int64 // of the local header, in the archive
	listed   int64 // of the central directory's record, in the archive
	modified int64 // seconds since 1970, UTC
	crc      uint32
}

const (
	headerSignature    = 0x04034b50
	listingSignature   = 0x02014b50
	end64Signature     = 0x06064b50
	locator64Signature = 0x07064b50
	endSignature       = 0x06054b50

	plainVersion = 20 // needed to read: 2.0
	zip64Version = 45
	madeBy       = 3<<8 | 63 // on Unix, after version 6.3, the first with UTF-8

	utf8Flag   = 1 << 11
	attributes = 0o100644 << 16 // a regular file with mode 0644

	zip64Extra     = 0x0001
	timestampExtra = 0x5455
	timestampSize  = 9

	// The greatest values stand for: see the ZIP64 record.
	max16, max32 = math.MaxUint16, math.MaxUint32
)

var le = binary.LittleEndian

// appendHeader appends the local file header, section 4.3.7.
func (r *record) appendHeader(b []byte) []byte {
	wide := r.wideSizes()
	b = le.AppendUint32(b, headerSignature)
	b = r.appendShared(b, wide)
	b = append(b, r.name...)
	return r.appendExtra(b, wide)
}

// appendListing appends the central directory's record, section 4.3.12.
func (r *record) appendListing(b []byte) []byte {
	wide := r.wideSizes()
	if r.start >= max32 {
		wide = append(wide, uint64(r.start))
	}
	b = le.AppendUint32(b, listingSignature)
	b = le.AppendUint16(b, madeBy)
	b = r.appendShared(b, wide)
	b = append(b, 0, 0, 0, 0, 0, 0) // comment's length, disk, internal attributes
	b = le.AppendUint32(b, attributes)
	b = le.AppendUint32(b, uint32(min(r.start, max32)))
	b = append(b, r.name...)
	return r.appendExtra(b, wide)
}

// wideSizes are the sizes, plain and compressed, when 32 bits cannot hold them.
func (r *record) wideSizes() []uint64 {
	if r.size < max32 {
		return nil
	}
	return []uint64{uint64(r.size), uint64(r.size)}
}

// appendShared appends the 26 bytes that both records of an entry have.
func (r *record) appendShared(b []byte, wide []uint64) []byte {
	version, extra := uint16(plainVersion), 0
	if r.size >= max32 || r.start >= max32 {
		version = zip64Version
	}
	if len(wide) > 0 {
		extra = 4 + 8*len(wide)
	}
	if r.stamped() {
		extra += timestampSize
	}
	date, clock := dosTime(r.modified)
	b = le.AppendUint16(b, version)
	b = le.AppendUint16(b, utf8Flag)
	b = le.AppendUint16(b, 0) // stored
	b = le.AppendUint16(b, clock)
	b = le.AppendUint16(b, date)
	b = le.AppendUint32(b, r.crc)
	b = le.AppendUint32(b, uint32(min(r.size, max32)))
	b = le.AppendUint32(b, uint32(min(r.size, max32)))
	b = le.AppendUint16(b, uint16(len(r.name)))
	return le.AppendUint16(b, uint16(extra))
}

// appendExtra appends the extra fields: section 4.5.3, and Info-ZIP's timestamp.
func (r *record) appendExtra(b []byte, wide []uint64) []byte {
	if len(wide) > 0 {
		b = le.AppendUint16(b, zip64Extra)
		b = le.AppendUint16(b, uint16(8*len(wide)))
		for _, value := range wide {
			b = le.AppendUint64(b, value)
		}
	}
	if r.stamped() {
		b = le.AppendUint16(b, timestampExtra)
		b = le.AppendUint16(b, timestampSize-4)
		b = append(b, 1) // it has a time of modification, and no other
		b = le.AppendUint32(b, uint32(r.modified))
	}
	return b
}

var (
	firstDOS = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastDOS  = time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC).Unix()
)

// stamped says whether the extended timestamp can tell the time: before 1980 it
// would contradict the other field, and its 32 bits are signed to some readers.
func (r *record) stamped() bool { return r.modified >= firstDOS && r.modified <= math.MaxInt32 }

// dosTime is the nearest time not later that MS-DOS could tell, section 4.4.6.
func dosTime(seconds int64) (date, clock uint16) {
	t := time.Unix(min(max(seconds, firstDOS), lastDOS), 0).UTC()
	date = uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	return date, clock
}

// appendEnd appends what stands behind the directory: sections 4.3.14 to 4.3.16.
func (l *Layout) appendEnd(b []byte) []byte {
	entries, length := uint64(len(l.records)), uint64(l.end-l.directory)
	if entries >= max16 || length >= max32 || l.directory >= max32 {
		b = le.AppendUint32(b, end64Signature)
		b = le.AppendUint64(b, 44) // of this record, from here
		b = le.AppendUint16(b, madeBy)
		b = le.AppendUint16(b, zip64Version)
		b = le.AppendUint64(b, 0) // disks
		b = le.AppendUint64(b, entries)
		b = le.AppendUint64(b, entries)
		b = le.AppendUint64(b, length)
		b = le.AppendUint64(b, uint64(l.directory))

		b = le.AppendUint32(b, locator64Signature)
		b = le.AppendUint32(b, 0) // disk
		b = le.AppendUint64(b, uint64(l.end))
		b = le.AppendUint32(b, 1) // disks in all
	}
	b = le.AppendUint32(b, endSignature)
	b = le.AppendUint32(b, 0) // disks
	b = le.AppendUint16(b, uint16(min(entries, max16)))
	b = le.AppendUint16(b, uint16(min(entries, max16)))
	b = le.AppendUint32(b, uint32(min(length, max32)))
	b = le.AppendUint32(b, uint32(min(l.directory, max32)))
	return le.AppendUint16(b, 0) // comment's length
}
