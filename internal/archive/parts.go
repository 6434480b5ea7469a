package archive

import (
	"iter"
	"sort"
)

// MaxLiteral is the most bytes that a literal part has: a stretch of the central
// directory, ended by a record with the longest of names and the end's records.
const MaxLiteral = stretch + 1<<16 + 256

// stretch is how long a literal part gets before the next one begins.
const stretch = 32 << 10

// Part is a piece of an archive: literal bytes, or bytes of an entry's data.
type Part struct {
	Entry   int    // index of the entry whose data it is; -1 for a literal
	Literal []byte // never empty for a literal, else nil; the receiver's to keep

	// Offset, within the entry's data, and Length of the piece in bytes. Length
	// is positive, and also set for literals.
	Offset, Length int64

	// Whole says that the piece is all of the entry's data, so that the entry's
	// CRC-32 can be checked against it.
	Whole bool
}

// Parts is what makes up the range of length bytes from offset, in order and
// without gaps; what of it lies outside of the archive is left out. An empty
// entry has no part of its own. The same range always has the same parts.
func (l *Layout) Parts(offset, length int64) iter.Seq[Part] {
	at, to := max(offset, 0), l.size
	if length = max(length, 0); length < l.size-at {
		to = offset + length // can't overflow: it is less than the size
	}
	return func(yield func(Part) bool) {
		for next := at; next < to; {
			part := l.part(next, to)
			if !yield(part) {
				return
			}
			next += part.Length
		}
	}
}

// part is the first part of the range that begins at and ends before to.
func (l *Layout) part(at, to int64) Part {
	if at >= l.directory {
		return l.directoryPart(at, to)
	}
	i := l.last(func(r *record) bool { return r.start <= at })
	r, behind := &l.records[i], l.directory
	if i+1 < len(l.records) {
		behind = l.records[i+1].start
	}
	data := behind - r.size
	if at < data {
		return literal(r.appendHeader(make([]byte, 0, data-r.start)), at-r.start, to-r.start)
	}
	length := min(behind, to) - at
	return Part{Entry: i, Offset: at - data, Length: length, Whole: length == r.size}
}

// directoryPart is part for what lies behind the entries.
func (l *Layout) directoryPart(at, to int64) Part {
	i, start := len(l.records), l.end
	if at < l.end {
		i = l.last(func(r *record) bool { return r.listed <= at })
		start = l.records[i].listed
	}
	b := make([]byte, 0, min(to-start, stretch)+512)
	for ; i < len(l.records) && len(b) < stretch && start+int64(len(b)) < to; i++ {
		b = l.records[i].appendListing(b)
	}
	if i == len(l.records) {
		b = l.appendEnd(b)
	}
	return literal(b, at-start, to-start)
}

// last is the index of the last record that lies before a place. The first one
// always does.
func (l *Layout) last(before func(*record) bool) int {
	return sort.Search(len(l.records), func(i int) bool { return !before(&l.records[i]) }) - 1
}

// literal is the part made of b[from:to], or of what b has of it.
func literal(b []byte, from, to int64) Part {
	b = b[from:min(to, int64(len(b)))]
	return Part{Entry: -1, Literal: b, Length: int64(len(b))}
}
