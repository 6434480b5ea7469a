// Package proof reads JPEGs of strangers, and decodes them at an eighth, a
// quarter, half or all of their size, as a contact sheet wants them.
//
// The standard library decodes every pixel, keeps all of them, and passes over
// what stands between segments. Here most of the inverse transform is never
// computed, a picture of 150 megapixels takes a few MiB, a context ends the work
// between two rows, and bytes that belong to nothing are an error. Everything
// that encoders in use write is read: baseline, extended and progressive
// Huffman coding in 8 bits, in grey, YCbCr, RGB and Adobe's CMYK and YCCK.
package proof

import (
	"bytes"
	"encoding/binary"
)

const (
	// maxSegments bounds the list of them: a depth map of 100 MB takes 1,600.
	maxSegments = 10_000
	// maxScans and maxWork, scans times pixels, bound the time that a progressive
	// JPEG can ask for: encoders write about ten scans, and a few bytes can demand
	// another walk over all blocks.
	maxScans = 100
	maxWork  = 3_000_000_000
	// maxTables bounds how often a Huffman table is given: each costs more to set up
	// than to write down, and a scan needs eight.
	maxTables = 8 * maxScans
	// maxStray is how many bytes may belong to nothing, in all: encoders round up
	// buffers, and decoders pass over it.
	maxStray = 1024
)

// Damaged is the error for a file that is no whole JPEG.
type Damaged string

// Error returns what is wrong.
func (d Damaged) Error() string { return "proof: damaged: " + string(d) }

// Unsupported is the error for a JPEG of a kind that is not read here.
type Unsupported string

// Error returns what is not read.
func (u Unsupported) Error() string { return "proof: unsupported: " + string(u) }

// Laborious is the error for a JPEG that asks for more work than its size excuses.
type Laborious string

// Error returns what there is too much of.
func (l Laborious) Error() string { return "proof: laborious: " + string(l) }

// Foreign is the error for a JPEG with more than a little data in it that is
// none of a JPEG's.
type Foreign string

// Error returns how much it is.
func (f Foreign) Error() string { return "proof: foreign data: " + string(f) }

// JPEG is a file whose segments have been read, but no pixel.
type JPEG struct {
	Width, Height int  // pixels, as they lie in the file
	Colours       int  // 1, 3 or 4
	Progressive   bool // coefficients come in several scans and must be kept
	End           int  // offset behind the end-of-image marker
	Segments      []Segment

	data []byte
	frame
	stray, scans int
}

// Segment is a part of the file.
type Segment struct {
	Marker  byte   // the byte behind 0xff
	Payload []byte // without marker and length
	coded   []byte // what follows a start of scan
}

// The markers that mean something here.
const (
	markerSOF0, markerSOF1, markerSOF2 = 0xc0, 0xc1, 0xc2
	markerDHT, markerSOI, markerEOI    = 0xc4, 0xd8, 0xd9
	markerSOS, markerDQT, markerDRI    = 0xda, 0xdb, 0xdd
	markerAPP0, markerAPP14            = 0xe0, 0xee
	markerCOM                          = 0xfe
)

func isRestart(marker byte) bool { return 0xd0 <= marker && marker <= 0xd7 }

// Parse reads the segments of the JPEG that data begins with, and keeps data.
// What stands behind the JPEG's end is not looked at. Errors are Damaged,
// Unsupported or Laborious.
func Parse(data []byte) (*JPEG, error) {
	if !bytes.HasPrefix(data, []byte{0xff, markerSOI}) {
		return nil, Damaged("no start of image")
	}
	j := &JPEG{data: data}
	for pos := 2; ; {
		start, marker, after := nextMarker(data, pos)
		if after > len(data) {
			return nil, Damaged("no end of image")
		}
		j.stray += start - pos
		pos = after
		if isRestart(marker) { // some encoders end with one
			continue
		}
		if marker == markerEOI {
			j.End = after
			return j, nil
		}
		if len(j.Segments) == maxSegments {
			return nil, Laborious("segments")
		}
		if len(data)-pos < 2 {
			return nil, Damaged("cut off in a segment")
		}
		end := pos + int(binary.BigEndian.Uint16(data[pos:]))
		if end < pos+2 || end > len(data) {
			return nil, Damaged("cut off in a segment")
		}
		segment := Segment{Marker: marker, Payload: data[pos+2 : end]}
		pos = end
		switch {
		case marker == markerSOS:
			pos = codedEnd(data, end)
			segment.coded = data[end:pos]
			if j.scans++; j.scans > maxScans {
				return nil, Laborious("scans")
			}
		case isFrame(marker):
			if err := j.readFrame(marker, segment.Payload); err != nil {
				return nil, err
			}
		case marker < 0xc0 || marker == markerSOI || 0xf0 <= marker && marker <= 0xfd:
			return nil, Damaged("unknown marker")
		}
		j.Segments = append(j.Segments, segment)
	}
}

// nextMarker finds the next marker from pos on: where its 0xff stand, what it
// is, and the offset behind it, which lies behind the data where there is none.
func nextMarker(data []byte, pos int) (start int, marker byte, after int) {
	for pos < len(data) {
		i := bytes.IndexByte(data[pos:], 0xff)
		if i < 0 {
			break
		}
		start = pos + i
		for pos = start + 1; pos < len(data) && data[pos] == 0xff; pos++ {
		}
		if pos < len(data) && data[pos] != 0 {
			return start, data[pos], pos + 1
		}
	}
	return len(data), 0, len(data) + 1
}

// codedEnd is where entropy-coded data ends: at a marker other than a restart.
func codedEnd(data []byte, pos int) int {
	for {
		start, marker, after := nextMarker(data, pos)
		if after > len(data) || !isRestart(marker) {
			return start
		}
		pos = after
	}
}

// Notes are the contents of application segments and comments: all that is said
// in the file besides pixels and their tables.
func (j *JPEG) Notes() [][]byte {
	var notes [][]byte
	for _, s := range j.Segments {
		if s.Marker >= markerAPP0 {
			notes = append(notes, s.Payload)
		}
	}
	return notes
}
