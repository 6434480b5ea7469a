package picture

import (
	"encoding/binary"
	"strings"
	"time"
)

// The tags of EXIF that we read. Place, serial numbers and names we leave alone.
const (
	tagOrientation  = 0x0112
	tagCameraFolder = 0x8769 // where the two below stand
	tagTaken        = 0x9003
	tagTakenOffset  = 0x9011
)

// readEXIF finds how a picture lies and when it was taken, in a TIFF structure.
// Metadata that is missing or damaged is no reason to refuse a picture: what
// can't be read counts as not there. It follows two pointers, whatever the file
// says, so that no circle and no count can keep it.
func readEXIF(data []byte) (orientation int, capturedAt time.Time) {
	t := tiff{data: data, order: binary.LittleEndian}
	if len(data) < 8 {
		return 1, time.Time{}
	}
	switch string(data[:4]) {
	case "II*\x00":
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return 1, time.Time{}
	}
	first := t.folder(t.order.Uint32(data[4:]), tagOrientation, tagCameraFolder)
	camera := t.folder(first[tagCameraFolder].number, tagTaken, tagTakenOffset)
	orientation = 1
	if o := first[tagOrientation].number; 1 <= o && o <= 8 {
		orientation = int(o)
	}
	return orientation, captured(camera[tagTaken].text, camera[tagTakenOffset].text)
}

// tiff is a structure of folders whose offsets count from its beginning.
type tiff struct {
	data  []byte
	order binary.ByteOrder
}

type value struct {
	number uint32 // of a SHORT or LONG, else 0
	text   string // of an ASCII of at most 64 bytes, else empty
}

// folder reads the wanted tags of the folder at an offset; the first of each
// counts.
func (t tiff) folder(offset uint32, wanted ...uint16) map[uint16]value {
	found := map[uint16]value{}
	rest := t.from(offset)
	if offset == 0 || len(rest) < 2 {
		return found
	}
	count := int(t.order.Uint16(rest))
	for rest = rest[2:]; count > 0 && len(rest) >= 12; count, rest = count-1, rest[12:] {
		tag := t.order.Uint16(rest)
		for _, w := range wanted {
			if _, double := found[tag]; tag == w && !double {
				found[tag] = t.value(rest[2:12])
			}
		}
	}
	return found
}

func (t tiff) value(entry []byte) value {
	const ascii, short, long, longest = 2, 3, 4, 64
	kind, count := t.order.Uint16(entry), t.order.Uint32(entry[2:])
	switch {
	case kind == short && count == 1:
		return value{number: uint32(t.order.Uint16(entry[6:]))}
	case kind == long && count == 1:
		return value{number: t.order.Uint32(entry[6:])}
	case kind == ascii && count <= longest:
		text := entry[6:]
		if count > 4 {
			text = t.from(t.order.Uint32(text))
		}
		if int(count) <= len(text) {
			s, _, _ := strings.Cut(string(text[:count]), "\x00")
			return value{text: s}
		}
	}
	return value{}
}

func (t tiff) from(offset uint32) []byte {
	return t.data[min(int64(offset), int64(len(t.data))):]
}

// captured reads EXIF's "2006:01:02 15:04:05" and "+02:00". A year that RFC 3339 can't
// write, as some get by their offset, is none.
func captured(taken, offset string) time.Time {
	taken, offset = strings.TrimSpace(taken), strings.TrimSpace(offset)
	t, err := time.Parse("2006:01:02 15:04:05-07:00", taken+offset)
	if err != nil {
		t, err = time.Parse("2006:01:02 15:04:05", taken)
	}
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
