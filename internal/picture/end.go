package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// maxScans bounds the work a progressive JPEG can ask for: encoders write
// about ten scans, and a few bytes can demand another walk over all pixels.
const maxScans = 100

// jpegEnd walks the markers of the JPEG that data begins with and returns the
// offset behind its end-of-image marker.
func jpegEnd(data []byte) (int, error) {
	if !bytes.HasPrefix(data, []byte("\xff\xd8")) {
		return 0, refuse(Truncated, errors.New("jpeg: no start of image"))
	}
	for pos, scans := 2, 0; ; {
		marker, after := nextMarker(data, pos)
		switch {
		case after > len(data):
			return 0, refuse(Truncated, errors.New("jpeg: no end of image"))
		case marker == 0xd9:
			return after, nil
		case marker == 0x01, 0xd0 <= marker && marker <= 0xd7: // markers without a segment
			pos = after
			continue
		case marker == 0xd8:
			return 0, refuse(Truncated, errors.New("jpeg: second start of image"))
		}
		if len(data)-after < 2 {
			return 0, refuse(Truncated, errors.New("jpeg: cut off in a segment"))
		}
		if marker == 0xda {
			if scans++; scans > maxScans {
				return 0, refuse(UnsupportedType, nil, fmt.Sprintf("A JPEG of more than %d scans", maxScans))
			}
		}
		pos = after + int(binary.BigEndian.Uint16(data[after:]))
	}
}

// nextMarker finds the next marker from pos on, passing over what is not one:
// entropy-coded data with its stuffed zeros, fill bytes, and the stray bytes
// that decoders pass over too. Without one, after lies behind the data.
func nextMarker(data []byte, pos int) (marker byte, after int) {
	for pos < len(data) {
		i := bytes.IndexByte(data[pos:], 0xff)
		if i < 0 {
			break
		}
		for pos += i + 1; pos < len(data) && data[pos] == 0xff; pos++ {
		}
		if pos < len(data) && data[pos] != 0 {
			return data[pos], pos + 1
		}
	}
	return 0, len(data) + 1
}

const pngMagic = "\x89PNG\r\n\x1a\n"

// pngEnd returns the offset behind the IEND chunk.
func pngEnd(data []byte) (int, error) {
	for pos := len(pngMagic); len(data)-pos >= 12; {
		length, name := int(binary.BigEndian.Uint32(data[pos:])), string(data[pos+4:pos+8])
		if length > len(data)-pos-12 {
			break
		}
		if pos += 12 + length; name == "IEND" {
			return pos, nil
		}
	}
	return 0, refuse(Truncated, errors.New("png: no IEND chunk"))
}

// webpEnd returns the offset behind the RIFF container.
func webpEnd(data []byte) (int, error) {
	const header, animated = 20, 0x02
	end := 8 + int(binary.LittleEndian.Uint32(data[4:]))
	if end < header || end > len(data) {
		return 0, refuse(Truncated, errors.New("webp: shorter than it says"))
	}
	if string(data[12:16]) == "VP8X" && end > header && data[header]&animated != 0 {
		return 0, refuse(UnsupportedType, nil, "An animated WebP")
	}
	return end, nil
}
