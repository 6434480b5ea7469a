package proof

import (
	"bytes"
	"encoding/binary"
)

// frame is how the picture is cut into blocks.
type frame struct {
	components []component
	mcusX      int // minimum coded units in a row
	mcusY      int
	maxH, maxV int
	baseline   bool
}

// component is one of the picture's channels.
type component struct {
	id, quant        byte
	h, v             int // sampling: blocks of it in a unit
	blocksX, blocksY int // that hold pixels; a lone component's scan has no others

	// sizeX and sizeY are what of a block's 8 × 8 samples is computed, upX and upY
	// how often each is repeated: subsampled chroma is decoded larger, where it can
	// be, instead of being enlarged.
	sizeX, sizeY, upX, upY int

	samples []byte // sizeX × sizeY for each block
	stride  int

	place    [64]int8 // of a coefficient in a block's kept ones, in zigzag order; -1: not kept
	kept     []int16  // progressive only: sizeX × sizeY for each block
	nonzero  []uint64 // of a progressive block's coefficients, kept or not
	seen     bool     // has had a scan
	blocksIn int      // in a row of units
}

func isFrame(marker byte) bool {
	return 0xc0 <= marker && marker <= 0xcf && marker != markerDHT && marker != 0xc8 && marker != 0xcc
}

func (j *JPEG) readFrame(marker byte, b []byte) error {
	switch {
	case j.components != nil:
		return Damaged("second frame")
	case marker > markerSOF2:
		return Unsupported("lossless or arithmetic coding")
	case len(b) < 6 || len(b) != 6+3*int(b[5]):
		return Damaged("length of a frame's header")
	case b[0] != 8:
		return Unsupported("more than 8 bits a colour")
	}
	j.baseline, j.Progressive = marker == markerSOF0, marker == markerSOF2
	j.Height, j.Width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if j.Height == 0 || j.Width == 0 {
		return Damaged("no size")
	}
	if n := b[5]; n != 1 && n != 3 && n != 4 {
		return Unsupported("number of colours")
	}
	j.Colours = int(b[5])
	j.components = make([]component, j.Colours)
	for i := range j.components {
		c, raw := &j.components[i], b[6+3*i:]
		c.id, c.h, c.v, c.quant = raw[0], int(raw[1]>>4), int(raw[1]&15), raw[2]
		if c.quant > 3 {
			return Damaged("number of a quantisation table")
		}
		for _, n := range []int{c.h, c.v} {
			if n != 1 && n != 2 && n != 4 {
				return Unsupported("sampling")
			}
		}
		for _, before := range j.components[:i] {
			if before.id == c.id {
				return Damaged("two components of one name")
			}
		}
		if len(j.components) == 1 { // one block is a unit, whatever is said
			c.h, c.v = 1, 1
		}
		j.maxH, j.maxV = max(j.maxH, c.h), max(j.maxV, c.v)
	}
	j.mcusX, j.mcusY = above(j.Width, 8*j.maxH), above(j.Height, 8*j.maxV)
	for i := range j.components {
		c := &j.components[i]
		c.blocksX, c.blocksY = above(above(j.Width*c.h, j.maxH), 8), above(above(j.Height*c.v, j.maxV), 8)
		c.blocksIn = j.mcusX * c.h
	}
	return nil
}

// above divides and rounds up.
func above(a, b int) int { return (a + b - 1) / b }

// layOut makes room for the picture with size of every 8 samples a side.
func (j *JPEG) layOut(size int) {
	for i := range j.components {
		c := &j.components[i]
		c.sizeX, c.upX = fit(size * j.maxH / c.h)
		c.sizeY, c.upY = fit(size * j.maxV / c.v)
		for k, natural := range unzig {
			c.place[k] = -1
			if x, y := int(natural&7), int(natural>>3); x < c.sizeX && y < c.sizeY {
				c.place[k] = int8(y*c.sizeX + x)
			}
		}
		blocks := c.blocksIn * j.mcusY * c.v
		c.stride = c.blocksIn * c.sizeX
		if j.Progressive {
			c.kept = make([]int16, blocks*c.sizeX*c.sizeY)
			c.nonzero = make([]uint64, blocks)
		} else {
			c.samples = make([]byte, blocks*c.sizeX*c.sizeY)
		}
	}
}

func fit(size int) (kept, up int) {
	if size > 8 {
		return 8, size / 8
	}
	return size, 1
}

// unzig has the place of each coefficient of the file's order in a block.
var unzig = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// tables are what segments say about those that follow.
type tables struct {
	quant     [4][64]int32 // in zigzag order
	hasQuant  [4]bool
	dc, ac    [4]huffman
	given     int // Huffman tables, those that were replaced included
	restart   int // units between restart markers, 0: none
	jfif      bool
	adobe     bool
	transform byte // Adobe's: 0 none, 1 YCbCr, 2 YCCK
}

func (t *tables) read(s Segment) error {
	switch s.Marker {
	case markerDQT:
		return t.readQuant(s.Payload)
	case markerDHT:
		return t.readHuffman(s.Payload)
	case markerDRI:
		if len(s.Payload) != 2 {
			return Damaged("length of a restart interval")
		}
		t.restart = int(binary.BigEndian.Uint16(s.Payload))
	case markerAPP0:
		t.jfif = t.jfif || bytes.HasPrefix(s.Payload, []byte("JFIF\x00"))
	case markerAPP14:
		if len(s.Payload) >= 12 && bytes.HasPrefix(s.Payload, []byte("Adobe")) {
			t.adobe, t.transform = true, s.Payload[11]
		}
	}
	return nil
}

func (t *tables) readQuant(b []byte) error {
	for len(b) > 0 {
		wide, n := int(b[0]>>4), b[0]&15
		if wide > 1 || n > 3 || len(b) < 1+64*(1+wide) {
			return Damaged("quantisation table")
		}
		t.hasQuant[n] = true
		for k := range t.quant[n] {
			if wide == 1 {
				t.quant[n][k] = int32(binary.BigEndian.Uint16(b[1+2*k:]))
			} else {
				t.quant[n][k] = int32(b[1+k])
			}
		}
		b = b[1+64*(1+wide):]
	}
	return nil
}
