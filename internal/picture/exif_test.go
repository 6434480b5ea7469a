package picture

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

// raw is a TIFF structure of one folder with the given entries: tag, kind, count
// and value.
func raw(order binary.AppendByteOrder, entries ...[4]uint32) []byte {
	b := []byte("II*\x00")
	if order == binary.BigEndian {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint16(order.AppendUint32(b, 8), uint16(len(entries)))
	for _, e := range entries {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, uint16(e[0])), uint16(e[1])), e[2])
		if e[1] == 3 && e[2] == 1 {
			b = order.AppendUint16(order.AppendUint16(b, uint16(e[3])), 0)
		} else {
			b = order.AppendUint32(b, e[3])
		}
	}
	return order.AppendUint32(b, 8) // the next folder is this one again
}

// Whatever EXIF says, the picture comes in, lies as it lies, and nobody waits.
func TestHostileEXIF(t *testing.T) {
	t.Parallel()
	little := binary.LittleEndian
	for name, tiff := range map[string][]byte{
		"nothing":             {},
		"only a beginning":    []byte("II*\x00\x08\x00\x00"),
		"another beginning":   []byte("II+\x00\x08\x00\x00\x00\x00\x00"),
		"folder behind":       []byte("II*\x00\xff\xff\xff\xff"),
		"folder of 65,535":    []byte("II*\x00\x08\x00\x00\x00\xff\xff\x12\x01\x03"),
		"circle":              raw(little, [4]uint32{tagCameraFolder, 4, 1, 8}),
		"circles":             raw(little, [4]uint32{tagCameraFolder, 4, 1, 8}, [4]uint32{tagCameraFolder, 4, 1, 8}, [4]uint32{0x8825, 4, 1, 8}, [4]uint32{0x014a, 4, 1, 8}),
		"camera folder at 0":  raw(little, [4]uint32{tagCameraFolder, 4, 1, 0}),
		"orientation 0":       raw(little, [4]uint32{tagOrientation, 3, 1, 0}),
		"orientation 9":       raw(little, [4]uint32{tagOrientation, 3, 1, 9}),
		"orientation 255":     raw(little, [4]uint32{tagOrientation, 3, 1, 255}),
		"orientation 4.2e9":   raw(little, [4]uint32{tagOrientation, 4, 1, 1<<32 - 1}),
		"4.2e9 orientations":  raw(little, [4]uint32{tagOrientation, 3, 1<<32 - 1, 8}),
		"orientation in text": raw(little, [4]uint32{tagOrientation, 2, 1, '6'}),
		"endless date":        raw(little, [4]uint32{tagCameraFolder, 4, 1, 8}, [4]uint32{tagTaken, 2, 1<<32 - 1, 8}),
		"date of 100 bytes":   append(raw(little, [4]uint32{tagCameraFolder, 4, 1, 8}, [4]uint32{tagTaken, 2, 100, 38}), append([]byte("2026:07:01 18:30:05\x00"), make([]byte, 80)...)...),
		"date behind":         raw(little, [4]uint32{tagCameraFolder, 4, 1, 8}, [4]uint32{tagTaken, 2, 20, 1<<32 - 1}),
	} {
		for kind, data := range map[string][]byte{
			"jpeg": withEXIF(jpegOf(t, quarters(32, 16)), tiff),
			"png":  insert(pngOf(t, quarters(32, 16)), 33, pngChunk("eXIf", tiff)),
			"webp": webpOf(32, 16, quarter[0], tiff),
		} {
			if p := inspect(t, data); p.Orientation != 1 || p.Width != 32 || !p.CapturedAt.IsZero() {
				t.Errorf("%s in %s: orientation %d, %d wide, taken at %v", name, kind, p.Orientation, p.Width, p.CapturedAt)
			}
		}
	}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, kind := range []uint32{3, 4} {
			if o, _ := readEXIF(raw(order, [4]uint32{tagOrientation, kind, 1, 6})); o != 6 {
				t.Errorf("orientation in %v as %d: %d", order, kind, o)
			}
		}
	}
}

// The first of two answers counts, in the previews and in what other programs
// show alike, and the thumbnail's folder has no say.
func TestFirstOrientationCounts(t *testing.T) {
	t.Parallel()
	tiff := raw(binary.LittleEndian, [4]uint32{tagOrientation, 3, 1, 3}, [4]uint32{tagOrientation, 3, 1, 6})
	data := insert(jpegOf(t, quarters(32, 16)), 2,
		segment(0xe1, append([]byte("Exif\x00\x00"), tiff...)), segment(0xe1, append([]byte("Exif\x00\x00"), exif{orientation: 8}.tiff()...)))
	if p := inspect(t, data); p.Orientation != 3 {
		t.Errorf("orientation %d", p.Orientation)
	}
}

func FuzzEXIF(f *testing.F) {
	f.Add(exif{6, "2026:07:01 18:30:05", "+02:00"}.tiff())
	f.Add(raw(binary.BigEndian, [4]uint32{tagCameraFolder, 4, 1, 8}, [4]uint32{tagTaken, 2, 20, 8}))
	f.Add(exif{1, "9999:12:31 23:59:59", "-14:00"}.tiff())
	f.Add(exif{1, "0000:01:01 00:00:00", "+14:00"}.tiff())
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		o, at := readEXIF(data)
		if o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
		if !at.IsZero() && (at.Location() != time.UTC || at.Year() < 1 || at.Year() > 9999 || strings.Contains(at.String(), "m=")) {
			t.Fatalf("taken at %v", at)
		}
		if !bytes.Equal(data, before) {
			t.Fatal("the original was changed")
		}
	})
}
