package proof

import "context"

// scan is one walk over some components' blocks.
type scan struct {
	*JPEG
	*tables
	parts       []part
	first, last int // coefficients, in zigzag order
	high, low   int // bit before this scan's, this scan's
	bits        bits
	rest        []byte // coded data behind the current interval
	upcoming    byte   // the restart marker between them
	eobRun      int32  // blocks without further details
}

// part is a component's share in a scan.
type part struct {
	*component
	dc, ac  *huffman
	quant   *[64]int32
	predict int32
}

func (j *JPEG) newScan(t *tables, s Segment) (*scan, error) {
	b := s.Payload
	if j.components == nil || len(b) < 6 || len(b) != 4+2*int(b[0]) || int(b[0]) > len(j.components) {
		return nil, Damaged("header of a scan")
	}
	sc := &scan{JPEG: j, tables: t, last: 63, rest: s.coded}
	n, units := int(b[0]), 0
	for i := range n {
		p := part{}
		for c := range j.components {
			if j.components[c].id == b[1+2*i] {
				p.component = &j.components[c]
			}
		}
		dc, ac := b[2+2*i]>>4, b[2+2*i]&15
		if p.component == nil || dc > 3 || ac > 3 {
			return nil, Damaged("header of a scan")
		}
		for _, other := range sc.parts {
			if other.component == p.component {
				return nil, Damaged("a component twice in a scan")
			}
		}
		if !t.hasQuant[p.component.quant] {
			return nil, Damaged("no quantisation table")
		}
		p.dc, p.ac, p.quant = &t.dc[dc], &t.ac[ac], &t.quant[p.component.quant]
		units += p.h * p.v
		sc.parts = append(sc.parts, p)
	}
	if n > 1 && units > 10 {
		return nil, Damaged("too many blocks in a unit")
	}
	if j.Progressive {
		sc.first, sc.last, sc.high, sc.low = int(b[1+2*n]), int(b[2+2*n]), int(b[3+2*n]>>4), int(b[3+2*n]&15)
	}
	return sc, sc.check()
}

func (s *scan) check() error {
	if s.first > s.last || s.last > 63 || s.first == 0 && s.last != 0 && s.Progressive || s.first > 0 && len(s.parts) > 1 ||
		s.low > 13 || s.high != 0 && s.high != s.low+1 {
		return Damaged("bounds of a scan")
	}
	for _, p := range s.parts {
		if p.seen && !s.Progressive {
			return Damaged("a component in two scans")
		}
		if s.first > 0 && !p.seen {
			return Damaged("details before the outline")
		}
		p.seen = true
		if s.first == 0 && s.high == 0 && !p.dc.given || s.last > 0 && !p.ac.given {
			return Damaged("no Huffman table")
		}
	}
	return nil
}

// run decodes the scan's blocks.
func (s *scan) run(ctx context.Context) error {
	s.upcoming = s.interval()
	across, down := s.mcusX, s.mcusY
	alone := len(s.parts) == 1
	if alone {
		across, down = s.parts[0].blocksX, s.parts[0].blocksY
	}
	units, marker := 0, byte(0xd0)
	for y := range down {
		if err := ctx.Err(); err != nil {
			return err
		}
		for x := range across {
			if s.restart > 0 && units == s.restart {
				if !s.restartAt(marker) {
					return Damaged("restart marker")
				}
				marker, units = 0xd0|(marker+1)&7, 0
			}
			units++
			if alone {
				if !s.block(&s.parts[0], x, y) {
					return Damaged("coded data")
				}
				continue
			}
			for i := range s.parts {
				p := &s.parts[i]
				for b := range p.h * p.v {
					if !s.block(p, x*p.h+b%p.h, y*p.v+b/p.h) {
						return Damaged("coded data")
					}
				}
			}
		}
	}
	s.stray += s.bits.unread() + len(s.rest)
	return nil
}

// interval begins to read what stands before the next restart marker.
func (s *scan) interval() (marker byte) {
	end, marker, after := nextMarker(s.rest, 0)
	s.bits = bits{data: s.rest[:end]}
	s.rest = s.rest[min(after, len(s.rest)):]
	return marker
}

// restartAt begins anew behind the restart marker that must stand here.
func (s *scan) restartAt(want byte) bool {
	s.stray += s.bits.unread()
	if s.upcoming != want {
		return false
	}
	s.upcoming = s.interval()
	s.eobRun = 0
	for i := range s.parts {
		s.parts[i].predict = 0
	}
	return true
}
