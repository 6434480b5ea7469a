package picture

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Files to judge are made here, byte by byte where no encoder would.

// quarters paints four colours: red, green, blue and white, from the left top.
func quarters(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, quarter[y*2/h*2+x*2/w])
		}
	}
	return m
}

var quarter = [4]color.RGBA{{220, 20, 20, 255}, {20, 200, 20, 255}, {20, 20, 220, 255}, {250, 250, 250, 255}}

func jpegOf(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// webpOf writes a lossless WebP of one colour: each of its five prefix codes
// has one symbol, so that pixels take no bits at all.
func webpOf(w, h int, c color.RGBA, exif []byte) []byte {
	var bits []byte
	n := 0
	put := func(v, width int) {
		for i := range width {
			if n%8 == 0 {
				bits = append(bits, 0)
			}
			bits[n/8] |= byte(v>>i&1) << (n % 8)
			n++
		}
	}
	put(0x2f, 8)
	put(w-1, 14)
	put(h-1, 14)
	put(0, 1+3) // alpha unused, version
	put(0, 3)   // no transform, no colour cache, no meta codes
	for _, symbol := range []uint8{c.G, c.R, c.B, 255, 0} {
		put(1, 1) // simple code
		put(0, 1) // of one symbol
		put(1, 1) // that has eight bits
		put(int(symbol), 8)
	}
	body := []byte("WEBP")
	if exif != nil {
		body = append(body, riffChunk("VP8X", []byte{8, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), 0, byte(h - 1), byte((h - 1) >> 8), 0})...)
	}
	body = append(body, riffChunk("VP8L", bits)...)
	if exif != nil {
		body = append(body, riffChunk("EXIF", exif)...)
	}
	return riffChunk("RIFF", body)
}

// withChunks puts more chunks behind a WebP's own.
func withChunks(webp []byte, chunks ...[]byte) []byte {
	return riffChunk("RIFF", append(bytes.Clone(webp[8:]), bytes.Join(chunks, nil)...))
}

func riffChunk(name string, data []byte) []byte {
	chunk := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
	chunk = append(chunk, data...)
	if len(data)%2 == 1 {
		chunk = append(chunk, 0)
	}
	return chunk
}

func zlibOf(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// library is one of the Go library's own test pictures.
func library(tb testing.TB, name string) []byte {
	tb.Helper()
	root, err := exec.CommandContext(tb.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src/image/testdata", name))
	if err != nil {
		tb.Skipf("Go's own test pictures are not here: %v", err)
	}
	return data
}

func pngChunk(name string, data []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(append(chunk, name...), data...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
}

func segment(marker byte, data []byte) []byte {
	s := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(data)))
	return append(s, data...)
}

// insert puts more behind the first n bytes of file.
func insert(file []byte, n int, more ...[]byte) []byte {
	out := bytes.Clone(file[:n])
	for _, m := range more {
		out = append(out, m...)
	}
	return append(out, file[n:]...)
}

func withEXIF(jpeg, exif []byte) []byte {
	return insert(jpeg, 2, segment(0xe1, append([]byte("Exif\x00\x00"), exif...)))
}

// exif holds what cameras write and nobody else should read.
type exif struct {
	orientation   uint16
	taken, offset string
}

const serial, place, makerNote = "SN-4711-0815", "GPSPLACE", "Makers own words"

// tiff spells e the way cameras do: IFD0, the Exif IFD and the GPS IFD.
func (e exif) tiff() []byte {
	type entry struct {
		tag, kind uint16
		value     []byte
	}
	const ascii, short, long = 2, 3, 4
	str := func(tag uint16, s string) entry { return entry{tag, ascii, append([]byte(s), 0)} }
	write := func(b []byte, entries []entry) []byte { // offsets count from the start of b
		rest := len(b) + 2 + 12*len(entries) + 4
		var values []byte
		b = binary.LittleEndian.AppendUint16(b, uint16(len(entries)))
		for _, en := range entries {
			count := len(en.value)
			switch en.kind {
			case short:
				count /= 2
			case long:
				count /= 4
			}
			b = binary.LittleEndian.AppendUint16(b, en.tag)
			b = binary.LittleEndian.AppendUint16(b, en.kind)
			b = binary.LittleEndian.AppendUint32(b, uint32(count))
			if len(en.value) <= 4 {
				b = append(b, append(bytes.Clone(en.value), 0, 0, 0, 0)[:4]...)
			} else {
				b = binary.LittleEndian.AppendUint32(b, uint32(rest+len(values)))
				values = append(values, en.value...)
			}
		}
		return append(append(b, 0, 0, 0, 0), values...)
	}
	ifd0 := func(exifAt, gpsAt int) []byte {
		return write([]byte("II*\x00\x08\x00\x00\x00"), []entry{
			str(0x010f, "Studiokamera"), {0x0112, short, binary.LittleEndian.AppendUint16(nil, e.orientation)},
			{0x8769, long, binary.LittleEndian.AppendUint32(nil, uint32(exifAt))}, {0x8825, long, binary.LittleEndian.AppendUint32(nil, uint32(gpsAt))},
		})
	}
	var camera []entry
	if e.taken != "" {
		camera = append(camera, str(0x9003, e.taken))
	}
	if e.offset != "" {
		camera = append(camera, str(0x9011, e.offset))
	}
	camera = append(camera, str(0x927c, makerNote), str(0xa431, serial))
	exifAt := len(ifd0(0, 0))
	gpsAt := len(write(ifd0(0, 0), camera))
	return write(write(ifd0(exifAt, gpsAt), camera), []entry{str(0x0001, "N"), str(0x001d, place)})
}

func zipOf(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("evil.html")
	if err == nil {
		_, err = f.Write([]byte("content"))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func samsung(block []byte) []byte {
	dir := []byte("SEFH\x65\x00\x00\x00\x01\x00\x00\x00\x00\x00\x30\x0a")
	dir = binary.LittleEndian.AppendUint32(dir, uint32(len(block)))
	dir = binary.LittleEndian.AppendUint32(dir, uint32(len(block)))
	out := append(bytes.Clone(block), dir...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(dir))), "SEFT"...)
}

func canon(data []byte) []byte {
	size := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out := append([]byte("CANON OPTIONAL DATA\x00\x00\x01\x00\x00"), size...)
	out = append(append(out, data...), "CANON OPTIONAL DATA\x00"...)
	return append(append(out, size...), make([]byte, 40)...)
}

func photoMechanic(data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(bytes.Clone(data), uint32(len(data))), "cbipcbbl"...)
}

func video() []byte {
	box := func(name string, data string) []byte {
		return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(data))), name...), data...)
	}
	return append(box("ftyp", "mp42\x00\x00\x00\x00isommp42"), box("mdat", "moving pictures")...)
}
