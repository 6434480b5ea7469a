package picture

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
)

const (
	// maxPNG bounds the pixels, which the decoder keeps in 4 bytes each, and maxDeep
	// those of 16 bits a colour, which take 8. Interlaced ones take half as much again.
	maxPNG   = 64_000_000
	maxDeep  = 32_000_000
	pngMagic = "\x89PNG\r\n\x1a\n"
	// maxNotes bounds the list of chunks that are not pixels.
	maxNotes = 10_000
	// maxInflated is what notes and profiles may unpack to, in all: the largest
	// colour profiles for print have 2 MB.
	maxInflated = 16 << 20
	// unproven is how much memory a PNG's pixels may take before its data is known
	// to be sound.
	unproven = 32 << 20
)

// openPNG walks the chunks up to IEND and proves their checksums. What readers of
// the file would have to unpack besides pixels is unpacked, and thrown away.
func openPNG(ctx context.Context, data []byte) (*opened, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	o := &opened{width: config.Width, height: config.Height, most: maxPNG}
	if depth := data[len(pngMagic)+16]; depth == 16 {
		o.most = maxDeep
	}
	inflated := int64(0)
	for c := range pngChunks(data) {
		if crc32.ChecksumIEEE(data[c.at+4:c.end-4]) != binary.BigEndian.Uint32(data[c.end-4:]) {
			return nil, refuse(Truncated, fmt.Errorf("png: checksum of %q", c.name))
		}
		switch c.name {
		case "acTL", "fcTL", "fdAT":
			return nil, refuse(Animated, nil)
		case "IEND":
			o.end = c.end
		case "IHDR", "PLTE", "IDAT":
			continue
		case "eXIf":
			o.exif = c.data
		}
		if len(o.notes) == maxNotes {
			return nil, refuse(TooLaborious, errors.New("png: chunks"))
		}
		o.notes = append(o.notes, c.data)
		if inflated += c.inflated(ctx, maxInflated-inflated+1); inflated > maxInflated {
			return nil, refuse(Inflated, fmt.Errorf("png: %q", c.name))
		}
	}
	if o.end == 0 {
		return nil, refuse(Truncated, errors.New("png: no IEND chunk"))
	}
	o.decode = func(ctx context.Context) (image.Image, error) {
		if int64(o.width)*int64(o.height)*4 > unproven {
			if err := provePNG(ctx, data[:o.end]); err != nil {
				return nil, err
			}
		}
		return png.Decode(reader{ctx, bytes.NewReader(data[:o.end])})
	}
	return o, nil
}

// chunk is one of a PNG's.
type chunk struct {
	name    string
	data    []byte
	at, end int // offsets of its length and behind its checksum
}

// pngChunks walks the chunks up to IEND, as far as they are whole.
func pngChunks(data []byte) func(func(chunk) bool) {
	return func(yield func(chunk) bool) {
		for pos := len(pngMagic); len(data)-pos >= 12; {
			length := int(binary.BigEndian.Uint32(data[pos:]))
			if length > len(data)-pos-12 {
				return
			}
			c := chunk{name: string(data[pos+4 : pos+8]), data: data[pos+8 : pos+8+length], at: pos, end: pos + 12 + length}
			if !yield(c) || c.name == "IEND" {
				return
			}
			pos = c.end
		}
	}
}

// inflated is what a note or profile unpacks to, counted up to most bytes. What
// can't be unpacked, nobody unpacks.
func (c chunk) inflated(ctx context.Context, most int64) int64 {
	rest := c.data
	switch c.name {
	case "zTXt", "iCCP": // name, 0, method
		_, rest, _ = bytes.Cut(rest, []byte{0})
		rest = rest[min(1, len(rest)):]
	case "iTXt": // name, 0, compressed, method, language, 0, translation, 0
		_, rest, _ = bytes.Cut(rest, []byte{0})
		if len(rest) < 2 || rest[0] == 0 {
			return 0
		}
		_, rest, _ = bytes.Cut(rest[2:], []byte{0})
		_, rest, _ = bytes.Cut(rest, []byte{0})
	default:
		return 0
	}
	z, err := zlib.NewReader(reader{ctx, bytes.NewReader(rest)})
	if err != nil {
		return 0
	}
	n, _ := io.Copy(io.Discard, io.LimitReader(z, most))
	return n
}

// provePNG unpacks the pixels and throws them away: what is cut off or damaged is
// refused before memory is taken for all of them.
func provePNG(ctx context.Context, data []byte) error {
	z, err := zlib.NewReader(reader{ctx, &idat{data: data[len(pngMagic):]}})
	if err != nil {
		return fmt.Errorf("png: %w", err)
	}
	want := pngBytes(data)
	if n, err := io.Copy(io.Discard, io.LimitReader(z, want+1)); err != nil || n != want {
		return refuse(Truncated, fmt.Errorf("png: %d bytes of pixels, want %d: %w", n, want, err))
	}
	return nil
}

// idat reads what stands in the IDAT chunks.
type idat struct {
	data []byte // from a chunk's beginning on
	part []byte
}

func (i *idat) Read(b []byte) (int, error) {
	for len(i.part) == 0 {
		if len(i.data) < 12 {
			return 0, io.EOF
		}
		length := int(binary.BigEndian.Uint32(i.data))
		if string(i.data[4:8]) == "IDAT" {
			i.part = i.data[8 : 8+length]
		}
		i.data = i.data[12+length:]
	}
	n := copy(b, i.part)
	i.part = i.part[n:]
	return n, nil
}

// pngBytes is how much the pixels unpack to: each row has its bits, rounded up,
// and a byte for its filter. Interlaced ones come as seven pictures.
func pngBytes(data []byte) int64 {
	header := data[len(pngMagic)+8:]
	w, h := int64(binary.BigEndian.Uint32(header)), int64(binary.BigEndian.Uint32(header[4:]))
	bits := int64(header[8]) * int64(map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[header[9]])
	rows := func(w, h int64) int64 {
		if w <= 0 {
			return 0
		}
		return h * (1 + (w*bits+7)/8)
	}
	if header[12] == 0 {
		return rows(w, h)
	}
	total := int64(0)
	for _, p := range [7]struct{ x, y, dx, dy int64 }{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		total += rows((w-p.x+p.dx-1)/p.dx, (h-p.y+p.dy-1)/p.dy)
	}
	return total
}
