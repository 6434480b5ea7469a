package proof

import "encoding/binary"

// lookBits is how long codes may be that one look-up reads.
const lookBits = 10

// huffman is a code of symbols.
type huffman struct {
	look   [1 << lookBits]uint16 // length << 8 | symbol; 0: a longer code, or none
	limit  [17]int32             // first code that is not of this length any more, or -1
	offset [17]int32             // from a code of a length to its symbol
	symbol [256]byte
	given  bool
}

func (t *tables) readHuffman(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 || b[0]>>4 > 1 || b[0]&15 > 3 {
			return Damaged("Huffman table")
		}
		if t.given++; t.given > maxTables {
			return Laborious("Huffman tables")
		}
		h := &t.dc[b[0]&15]
		if b[0]>>4 == 1 {
			h = &t.ac[b[0]&15]
		}
		*h = huffman{given: true}
		code, total := int32(0), 0
		for length := 1; length <= 16; length++ {
			n := int(b[length])
			h.offset[length] = int32(total) - code
			total += n
			code += int32(n)
			if total > 256 || code > 1<<length {
				return Damaged("Huffman table with more codes than there are")
			}
			h.limit[length] = code
			code <<= 1
		}
		if total == 0 || len(b) < 17+total {
			return Damaged("Huffman table")
		}
		copy(h.symbol[:], b[17:17+total])
		h.fillLook(b[1:17])
		b = b[17+total:]
	}
	return nil
}

func (h *huffman) fillLook(counts []byte) {
	code, at := 0, 0
	for length := 1; length <= lookBits; length++ {
		for range counts[length-1] {
			first := code << (lookBits - length)
			for i := range 1 << (lookBits - length) {
				h.look[first+i] = uint16(length)<<8 | uint16(h.symbol[at])
			}
			code, at = code+1, at+1
		}
		code <<= 1
	}
}

// bits reads entropy-coded data between two markers. Behind its end it makes up
// zeros: overrun tells whether they were used.
type bits struct {
	data []byte
	pos  int
	acc  uint64 // its lowest n bits are unread
	n    int
	fake int // of these, made up
}

// fill sees to it that at least 32 bits can be read.
func (b *bits) fill() {
	if b.pos+8 <= len(b.data) {
		w := binary.BigEndian.Uint64(b.data[b.pos:])
		if x := ^w; (x-0x0101010101010101)&^x&0x8080808080808080 == 0 { // no byte of it is 0xff
			take := (64 - b.n) >> 3
			b.acc = b.acc<<(8*take) | w>>(64-8*take)
			b.pos += take
			b.n += 8 * take
			return
		}
	}
	for b.n <= 56 {
		var c byte
		if b.pos < len(b.data) {
			c = b.data[b.pos]
			if b.pos++; c == 0xff {
				b.pos++ // the stuffed zero
			}
		} else {
			b.fake += 8
		}
		b.acc = b.acc<<8 | uint64(c)
		b.n += 8
	}
}

func (b *bits) overrun() bool { return b.n < b.fake }

// unread is how many whole bytes are left.
func (b *bits) unread() int { return len(b.data) - b.pos + max(0, b.n-b.fake)/8 }

// get reads up to 16 bits.
func (b *bits) get(n int) int32 {
	if b.n < n {
		b.fill()
	}
	b.n -= n
	return int32(b.acc>>b.n) & (1<<n - 1)
}

// next reads a symbol; -1 is no code of h.
func (b *bits) next(h *huffman) int {
	if b.n < 32 {
		b.fill()
	}
	if e := h.look[b.acc>>(b.n-lookBits)&(1<<lookBits-1)]; e != 0 {
		b.n -= int(e >> 8)
		return int(e & 0xff)
	}
	return b.long(h)
}

func (b *bits) long(h *huffman) int {
	for length := lookBits + 1; length <= 16; length++ {
		if code := int32(b.acc>>(b.n-length)) & (1<<length - 1); code < h.limit[length] {
			b.n -= length
			return int(h.symbol[(h.offset[length]+code)&0xff])
		}
	}
	return -1
}

// signed reads a number of n bits, up to 16, as JPEG writes it: a leading 0
// means that it is negative.
func (b *bits) signed(n int) int32 {
	v := b.get(n)
	if n > 0 && v < 1<<(n-1) {
		v -= 1<<n - 1
	}
	return v
}
