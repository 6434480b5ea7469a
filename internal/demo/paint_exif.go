package demo

import (
	"encoding/binary"
	"time"
)

// exifSegment is the APP1 segment of a painted picture. The place is a point in
// the Wannsee for all of them, so that it can be looked for and is nobody's.
func exifSegment(seed int) []byte {
	taken := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC).Add(time.Duration(seed) * 97 * time.Second)
	tiff := exifTIFF(taken.Format("2006:01:02 15:04:05"))
	segment := []byte{0xff, 0xe1}
	segment = binary.BigEndian.AppendUint16(segment, uint16(2+len("Exif\x00\x00")+len(tiff)))
	return append(append(segment, "Exif\x00\x00"...), tiff...)
}

// CameraSerial is the serial number in every painted picture's EXIF: tests look
// for it where it must not be.
const CameraSerial = "PXG-0815-4711"

// field is one entry of an EXIF directory.
type field struct {
	tag, kind uint16
	count     int
	value     []byte
}

func asciiField(tag uint16, text string) field {
	return field{tag, 2, len(text) + 1, append([]byte(text), 0)}
}

func shortField(tag, v uint16) field {
	return field{tag, 3, 1, binary.LittleEndian.AppendUint16(nil, v)}
}

func longField(tag uint16, v int) field {
	return field{tag, 4, 1, binary.LittleEndian.AppendUint32(nil, uint32(v))}
}

// anglesField holds degrees, minutes and seconds as fractions.
func anglesField(tag uint16, parts ...uint32) field {
	f := field{tag: tag, kind: 5, count: len(parts)}
	for _, p := range parts {
		f.value = binary.LittleEndian.AppendUint32(f.value, p)
		f.value = binary.LittleEndian.AppendUint32(f.value, 1)
	}
	return f
}

// exifTIFF writes three directories one behind the other: the picture's, the
// camera's and the place's. The first points to the others, whose offsets are
// known once it has been written with any.
func exifTIFF(taken string) []byte {
	camera := []field{asciiField(0x9003, taken), asciiField(0x9011, "+02:00"), asciiField(0xa431, CameraSerial)}
	place := []field{asciiField(1, "N"), anglesField(2, 52, 26, 37), asciiField(3, "E"), anglesField(4, 13, 9, 12)}
	write := func(cameraAt, placeAt int) (tiff []byte, ends [2]int) {
		tiff = appendIFD([]byte("II*\x00\x08\x00\x00\x00"), []field{
			asciiField(0x010f, "pixgate"), asciiField(0x0110, "Demo Camera"), shortField(0x0112, 1), asciiField(0x0131, "pixgate demo"),
			longField(0x8769, cameraAt), longField(0x8825, placeAt),
		})
		ends[0] = len(tiff)
		tiff = appendIFD(tiff, camera)
		ends[1] = len(tiff)
		return appendIFD(tiff, place), ends
	}
	_, at := write(0, 0)
	tiff, _ := write(at[0], at[1])
	return tiff
}

// appendIFD appends a directory and, behind it, the values that do not fit into
// its entries. Offsets count from the start of tiff.
func appendIFD(tiff []byte, fields []field) []byte {
	const entry, room = 12, 4
	behind := len(tiff) + 2 + entry*len(fields) + 4
	var values []byte
	tiff = binary.LittleEndian.AppendUint16(tiff, uint16(len(fields)))
	for _, f := range fields {
		tiff = binary.LittleEndian.AppendUint16(tiff, f.tag)
		tiff = binary.LittleEndian.AppendUint16(tiff, f.kind)
		tiff = binary.LittleEndian.AppendUint32(tiff, uint32(f.count))
		if len(f.value) <= room {
			tiff = append(tiff, append(f.value, make([]byte, room-len(f.value))...)...)
			continue
		}
		tiff = binary.LittleEndian.AppendUint32(tiff, uint32(behind+len(values)))
		values = append(values, f.value...)
	}
	return append(append(tiff, 0, 0, 0, 0), values...)
}
