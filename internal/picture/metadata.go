package picture

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"github.com/bep/imagemeta"
)

// metadata reads the two things we want from EXIF. Metadata that is missing or
// damaged is no reason to refuse a picture.
func (k *kind) metadata(data []byte) (orientation int, capturedAt time.Time) {
	format := k.format
	if k == webpKind {
		data, format = webpEXIF(data), imagemeta.TIFF
	}
	wanted := map[string]any{"Orientation": nil, "DateTimeOriginal": nil, "OffsetTimeOriginal": nil}
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(data), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			_, ok := wanted[tag.Tag]
			return ok && strings.HasPrefix(tag.Namespace, "IFD0") // not the thumbnail's
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			wanted[tag.Tag] = tag.Value
			return nil
		},
	})
	orientation = 1
	if v, ok := wanted["Orientation"].(uint16); ok && 1 <= v && v <= 8 {
		orientation = int(v)
	}
	taken, _ := wanted["DateTimeOriginal"].(string)
	offset, _ := wanted["OffsetTimeOriginal"].(string)
	return orientation, captured(taken, offset)
}

// captured reads EXIF's "2006:01:02 15:04:05" and "+02:00".
func captured(taken, offset string) time.Time {
	taken, offset = strings.TrimSpace(taken), strings.TrimSpace(offset)
	if t, err := time.Parse("2006:01:02 15:04:05-07:00", taken+offset); err == nil {
		return t.UTC()
	}
	t, err := time.Parse("2006:01:02 15:04:05", taken)
	if err != nil {
		return time.Time{}
	}
	return t
}

// webpEXIF returns the TIFF structure in a WebP's EXIF chunk. imagemeta v1.0.1
// loses its way behind a chunk of odd length, which every second one has.
func webpEXIF(data []byte) []byte {
	for pos := 12; len(data)-pos >= 8; {
		length := int(binary.LittleEndian.Uint32(data[pos+4:]))
		if length > len(data)-pos-8 {
			return nil
		}
		if string(data[pos:pos+4]) == "EXIF" {
			return bytes.TrimPrefix(data[pos+8:pos+8+length], []byte("Exif\x00\x00"))
		}
		pos += 8 + length + length%2
	}
	return nil
}
