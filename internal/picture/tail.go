package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"pixgate/internal/picture/proof"
)

// isOther reports whether programs that open documents or archives find one in
// data, whatever stands in front: readers of PDF look through the first 1024
// bytes, those of ZIP at the end.
func isOther(data []byte) bool {
	return hasZIP(data) || bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-"))
}

// judgeAround refuses a file that is a picture in front and something else
// behind or in between: other programs read ZIPs, documents and scripts from the
// end or from anywhere, and would see another file than we do.
//
// Phones and photo programs append to JPEGs in good faith, so behind a JPEG's
// end may stand, in this order and nothing else: padding, JPEGs that can be
// opened and have at most pixels in all (MPF previews, gain maps), a video of
// whole ISO boxes (motion photos), and the framed trailers of Samsung, Canon and
// Photo Mechanic. PNG and WebP are left with padding. Nothing of it reaches a
// preview.
func (k *kind) judgeAround(ctx context.Context, data []byte, o *opened, pixels int64) error {
	if hasActive(o.notes...) {
		return refuse(Polyglot, nil)
	}
	tail := data[o.end:]
	if k.trailers {
		framed := tail
		tail = withoutFramed(tail)
		if hasActive(framed[len(tail):]) {
			return refuse(Polyglot, nil)
		}
		for range maxBehind {
			tail = unpadded(tail)
			j, err := proof.Parse(tail)
			if err != nil || hasActive(j.Notes()...) {
				break
			}
			if pixels -= int64(j.Width) * int64(j.Height); pixels < 0 || j.Progressive && j.Width*j.Height*j.Colours > maxProgressive {
				break
			}
			if _, err := j.Decode(ctx, 1); err != nil {
				break
			}
			tail = tail[j.End:]
		}
		tail = tail[videoEnd(tail):]
	}
	if len(unpadded(tail)) > 0 {
		return refuse(Polyglot, nil)
	}
	return nil
}

// maxBehind is how many JPEGs may stand behind the first.
const maxBehind = 32

// unpadded leaves out what files are filled up with, bytes that mean nothing in
// any format, up to a JPEG or a video: these begin with such bytes themselves.
func unpadded(tail []byte) []byte {
	for i, c := range tail {
		filler := c == 0 || c == 0xff || c == ' ' || c == '\t' || c == '\r' || c == '\n'
		if !filler || matches(tail[i:], "\xff\xd8") || matches(tail[i:], "????ftyp") {
			return tail[i:]
		}
	}
	return nil
}

// withoutFramed cuts off the trailers that end in a signature and the length of
// what belongs to it.
func withoutFramed(tail []byte) []byte {
	for {
		n := 0
		for _, size := range []func([]byte) int{samsungSize, canonSize, photoMechanicSize} {
			n = max(n, size(tail))
		}
		if n == 0 {
			return tail
		}
		tail = tail[:len(tail)-n]
	}
}

// samsungSize: data blocks, a directory "SEFH", version, count and entries
// (type, distance back from SEFH, length), the directory's length, "SEFT".
func samsungSize(tail []byte) int {
	if !bytes.HasSuffix(tail, []byte("SEFT")) || len(tail) < 8+12 {
		return 0
	}
	directory := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	start := int64(len(tail)) - 8 - directory
	if start < 0 || directory < 12 || string(tail[start:start+4]) != "SEFH" ||
		directory != 12+12*int64(binary.LittleEndian.Uint32(tail[start+8:])) {
		return 0
	}
	farthest := int64(0)
	for at := start + 12; at < start+directory; at += 12 {
		back, length := int64(binary.LittleEndian.Uint32(tail[at+4:])), int64(binary.LittleEndian.Uint32(tail[at+8:]))
		if back > start || length > back {
			return 0
		}
		farthest = max(farthest, back)
	}
	return int(int64(len(tail)) - start + farthest)
}

// canonSize: header (28 bytes) and footer (64 bytes) begin with one signature,
// and the footer has the length of what lies between.
func canonSize(tail []byte) int {
	const signature, header, footer = "CANON OPTIONAL DATA\x00", 28, 64
	if len(tail) < header+footer || !bytes.HasPrefix(tail[len(tail)-footer:], []byte(signature)) {
		return 0
	}
	between := int64(binary.BigEndian.Uint32(tail[len(tail)-footer+len(signature):]))
	size := header + between + footer
	if size > int64(len(tail)) || !bytes.HasPrefix(tail[int64(len(tail))-size:], []byte(signature)) {
		return 0
	}
	return int(size)
}

// photoMechanicSize: data, its length, "cbipcbbl".
func photoMechanicSize(tail []byte) int {
	const signature, footer = "cbipcbbl", 12
	if len(tail) < footer || !bytes.HasSuffix(tail, []byte(signature)) {
		return 0
	}
	size := int64(binary.BigEndian.Uint32(tail[len(tail)-footer:])) + footer
	if size > int64(len(tail)) {
		return 0
	}
	return int(size)
}

// hasActive looks for what runs when a part, whose inside nobody can judge, is
// read as another format.
func hasActive(parts ...[]byte) bool {
	for _, part := range parts {
		for i := range max(len(part)-1, 0) {
			if part[i] != '<' && part[i] != '%' {
				continue
			}
			sign := active[part[i+1]|0x20] // one to compare with, or 200 MB of "<" take a quarter of a minute
			if sign != "" && len(part)-i >= len(sign) && strings.EqualFold(string(part[i:i+len(sign)]), sign) {
				return true
			}
		}
	}
	return false
}

// active are the signs of what runs, by their second letters.
var active = [256]string{'?': "<?php", 's': "<script", 'h': "<html", '!': "<!doctype", 'i': "<iframe", 'p': "%pdf-"}

// videoEnd returns the length of the ISO boxes that tail begins with, 0 where
// the first of them is not a file type box.
func videoEnd(tail []byte) int {
	pos := 0
	for len(tail)-pos >= 8 {
		size, name := uint64(binary.BigEndian.Uint32(tail[pos:])), string(tail[pos+4:pos+8])
		if pos == 0 && name != "ftyp" {
			return 0
		}
		if size == 1 && len(tail)-pos >= 16 {
			size = binary.BigEndian.Uint64(tail[pos+8:])
		}
		if size < 8 || size > uint64(len(tail)-pos) {
			break
		}
		pos += int(size)
	}
	return pos
}

// hasZIP reports whether a ZIP reader may find files in data: these look for an
// end of central directory in the last 64 KiB. Where the directory is then taken
// from differs, so one anywhere counts.
func hasZIP(data []byte) bool {
	const record = 22
	end := bytes.LastIndex(data[max(0, len(data)-record-1<<16):], []byte("PK\x05\x06"))
	return end >= 0 && bytes.Contains(data, []byte("PK\x01\x02"))
}
