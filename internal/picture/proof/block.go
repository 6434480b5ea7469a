package proof

// block decodes one block of a component; false means that the data is damaged.
func (s *scan) block(p *part, x, y int) bool {
	at := y*p.blocksIn + x
	switch {
	case !s.Progressive:
		return s.whole(p, x, y)
	case s.first == 0 && s.high == 0:
		if !s.outline(p) {
			return false
		}
		p.kept[at*p.sizeX*p.sizeY] = int16(p.predict << s.low)
		return true
	case s.first == 0:
		if s.bits.get(1) == 1 {
			p.kept[at*p.sizeX*p.sizeY] |= 1 << s.low
		}
		return !s.bits.overrun()
	case s.high == 0:
		return s.details(p, at)
	}
	return s.refine(p, at)
}

// outline reads a block's mean, as its difference from the block before.
func (s *scan) outline(p *part) bool {
	size := s.bits.next(p.dc)
	if size < 0 || size > 16 {
		return false
	}
	p.predict += s.bits.signed(size)
	return !s.bits.overrun()
}

// whole reads a block that comes in one scan, and draws it.
func (s *scan) whole(p *part, x, y int) bool {
	if !s.outline(p) {
		return false
	}
	var block [64]int32
	block[0] = dequantised(p.predict, p.quant[0])
	b, ac, flat := &s.bits, p.ac, true
	for k := 1; k < 64; k++ {
		symbol := b.next(ac)
		if symbol < 0 {
			return false
		}
		size := symbol & 15
		if size == 0 {
			if symbol != 0xf0 {
				break
			}
			k += 15
			continue
		}
		if k += symbol >> 4; k > 63 {
			return false
		}
		if place := p.place[k]; place >= 0 {
			block[place], flat = dequantised(b.signed(size), p.quant[k]), false
		} else {
			b.n -= size // next left at least 16 bits
		}
	}
	p.draw(x, y, &block, flat)
	return !b.overrun()
}

// details reads the first bits of a band of a progressive block's coefficients.
func (s *scan) details(p *part, at int) bool {
	if s.eobRun > 0 {
		s.eobRun--
		return true
	}
	b := &s.bits
	for k := s.first; k <= s.last; k++ {
		symbol := b.next(p.ac)
		if symbol < 0 {
			return false
		}
		run, size := symbol>>4, symbol&15
		if size == 0 {
			if run < 15 {
				s.eobRun = 1<<run + b.get(run) - 1
				break
			}
			k += 15
			continue
		}
		if k += run; k > s.last {
			return false
		}
		s.set(p, at, k, b.signed(size)<<s.low)
	}
	return !b.overrun()
}

func (s *scan) set(p *part, at, k int, value int32) {
	p.nonzero[at] |= 1 << k
	if place := p.place[k]; place >= 0 {
		p.kept[at*p.sizeX*p.sizeY+int(place)] = int16(value)
	}
}

// refine reads one more bit of those coefficients of a band that are not zero,
// and those that begin with it.
func (s *scan) refine(p *part, at int) bool {
	b, k := &s.bits, s.first
	for ; s.eobRun == 0 && k <= s.last; k++ {
		symbol := b.next(p.ac)
		if symbol < 0 {
			return false
		}
		run, size, value := symbol>>4, symbol&15, int32(0)
		switch {
		case size > 1:
			return false
		case size == 1:
			if value = 1 << s.low; b.get(1) == 0 {
				value = -value
			}
		case run < 15:
			s.eobRun = 1<<run + b.get(run)
			run = -1
		}
		if run < 0 {
			break
		}
		if k = s.correct(p, at, k, run); k > s.last {
			return false
		}
		if value != 0 {
			s.set(p, at, k, value)
		}
	}
	if s.eobRun > 0 {
		s.eobRun--
		s.correct(p, at, k, 64)
	}
	return !b.overrun()
}

// correct reads a bit for each coefficient from k on that is not zero, passes
// over zeros, and returns where the next zero stands.
func (s *scan) correct(p *part, at, k, zeros int) int {
	all := p.nonzero[at]
	for ; k <= s.last; k++ {
		if all>>k == 0 { // nothing but zeros from here on
			return k + zeros
		}
		if all>>k&1 == 0 {
			if zeros == 0 {
				return k
			}
			zeros--
			continue
		}
		if s.bits.get(1) == 0 {
			continue
		}
		if place := p.place[k]; place >= 0 {
			if c := &p.kept[at*p.sizeX*p.sizeY+int(place)]; *c >= 0 {
				*c += 1 << s.low
			} else {
				*c -= 1 << s.low
			}
		}
	}
	return k
}
