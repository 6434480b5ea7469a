package demo

import (
	"math"
	"slices"
	"sync"
)

// rgb is a colour, each part from 0 to 255.
type rgb struct{ r, g, b float64 }

func hex(v int) rgb { return rgb{float64(v >> 16), float64(v >> 8 & 255), float64(v & 255)} }

func mix(a, b rgb, t float64) rgb {
	t = min(max(t, 0), 1)
	return rgb{a.r + (b.r-a.r)*t, a.g + (b.g-a.g)*t, a.b + (b.b-a.b)*t}
}

func (c rgb) times(f float64) rgb { return rgb{c.r * f, c.g * f, c.b * f} }

func level(v float64) uint8 { return uint8(int(min(v+0.5, 255))) }

// pt is a point on the picture, in pixels.
type pt struct{ x, y float64 }

// shade gives the colour of a pixel.
type shade func(x, y float64) rgb

func plain(c rgb) shade { return func(_, _ float64) rgb { return c } }

// linear runs from a at p to b at q.
func linear(a, b rgb, p, q pt) shade {
	dx, dy := q.x-p.x, q.y-p.y
	n := dx*dx + dy*dy
	return func(x, y float64) rgb { return mix(a, b, ((x-p.x)*dx+(y-p.y)*dy)/n) }
}

// down runs from the top of a polygon to its bottom.
func down(a, b rgb, poly []pt) shade {
	lo, hi := poly[0].y, poly[0].y
	for _, p := range poly {
		lo, hi = min(lo, p.y), max(hi, p.y)
	}
	return linear(a, b, pt{0, lo}, pt{0, hi + 1})
}

// rough lays noise of a size in pixels over a shade.
func rough(of shade, size, strength float64) shade {
	return func(x, y float64) rgb { return of(x, y).times(1 + strength*(noise(x/size, y/size)-0.5)) }
}

// fill paints a polygon with soft edges, alpha from 0 to 1. Every row of pixels
// is cut by a few lines; between two crossings a line is inside. What a pixel is
// covered by comes from adding up, from the left, where coverage changes.
func (s *scene) fill(poly []pt, of shade, alpha float64) {
	const lines = 4
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, p := range poly {
		top, bottom = min(top, p.y), max(bottom, p.y)
	}
	for y := max(int(math.Floor(top)), 0); y < min(int(math.Ceil(bottom)), PaintHeight); y++ {
		from, to := PaintWidth, 0
		for line := range lines {
			s.cross = crossings(s.cross[:0], poly, float64(y)+(float64(line)+0.5)/lines)
			for i := 0; i+1 < len(s.cross); i += 2 {
				a, b := min(max(s.cross[i], 0), PaintWidth), min(max(s.cross[i+1], 0), PaintWidth)
				from, to = min(from, int(a)), max(to, int(b)+1)
				s.change(a, 1.0/lines)
				s.change(b, -1.0/lines)
			}
		}
		covered := 0.0
		for x := from; x <= to; x++ {
			if d := s.changes[x]; d != 0 {
				covered += d
				s.changes[x] = 0
				if covered > 0.998 {
					covered = 1
				}
			}
			if covered > 0.002 && x < PaintWidth {
				s.blend(x, y, of(float64(x), float64(y)), alpha*covered)
			}
		}
	}
}

// change notes that coverage changes by v at x, which may lie within a pixel.
func (s *scene) change(x, v float64) {
	i := int(x)
	part := x - float64(i)
	s.changes[i] += v * (1 - part)
	s.changes[i+1] += v * part
}

// crossings appends where a polygon's edges cross the line at y, in order.
func crossings(list []float64, poly []pt, y float64) []float64 {
	b := pt{}
	if len(poly) > 0 {
		b = poly[len(poly)-1]
	}
	for _, a := range poly {
		if (a.y <= y) != (b.y <= y) {
			list = append(list, a.x+(y-a.y)*(b.x-a.x)/(b.y-a.y))
		}
		b = a
	}
	slices.Sort(list)
	return list
}

func (s *scene) blend(x, y int, c rgb, alpha float64) {
	p := s.m.Pix[4*(y*PaintWidth+x):][:4:4]
	if alpha < 1 {
		c = mix(rgb{float64(p[0]), float64(p[1]), float64(p[2])}, c, alpha)
	}
	p[0], p[1], p[2], p[3] = level(c.r), level(c.g), level(c.b), 255
}

// glow lays a soft ellipse of light, or of shadow, over the picture.
func (s *scene) glow(at pt, rx, ry float64, c rgb, alpha float64) {
	for y := max(int(at.y-ry), 0); y < min(int(at.y+ry), PaintHeight); y++ {
		for x := max(int(at.x-rx), 0); x < min(int(at.x+rx), PaintWidth); x++ {
			dx, dy := (float64(x)-at.x)/rx, (float64(y)-at.y)/ry
			if d := 1 - dx*dx - dy*dy; d > 0 {
				s.blend(x, y, c, alpha*d*d)
			}
		}
	}
}

// ellipse is a polygon, turned by an angle in radians.
func ellipse(at pt, rx, ry, turn float64) []pt {
	const corners = 28
	sin, cos := math.Sincos(turn)
	poly := make([]pt, corners)
	for i := range poly {
		b, a := math.Sincos(2 * math.Pi * float64(i) / corners)
		poly[i] = pt{at.x + rx*a*cos - ry*b*sin, at.y + rx*a*sin + ry*b*cos}
	}
	return poly
}

// develop gives the picture what a lens and a sensor do: light that falls off
// to the corners, and grain.
func (s *scene) develop() {
	state := uint64(s.seed)*0x9e3779b97f4a7c15 + 1
	iso := s.between(0.75, 1.25)
	const cx, cy = PaintWidth / 2, PaintHeight / 2
	for y := range PaintHeight {
		row := s.m.Pix[y*s.m.Stride:][:4*PaintWidth]
		dy := float64(y-cy) / cy
		for x := 0; x < PaintWidth; x++ {
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
			dx := float64(x-cx) / cx
			light := 1 - 0.075*(dx*dx+dy*dy)
			grain := float64(state&15) + float64(state>>8&15) - 15
			p := row[4*x : 4*x+4 : 4*x+4]
			for i := range 3 {
				p[i] = uint8(min(max(float64(p[i])*light+grain*iso, 0), 255))
			}
		}
	}
}

// noise is smooth, between 0 and 1, of a grain of about one unit with finer ones
// in it, and repeats after 64 units.
func noise(x, y float64) float64 {
	const scale = noiseSize / 64
	x, y = x*scale, y*scale
	fx, fy := math.Floor(x), math.Floor(y)
	i, j := int(fx), int(fy)
	tx, ty := float32(x-fx), float32(y-fy)
	field := noiseField()
	at := func(i, j int) float32 { return field[(j&(noiseSize-1))*noiseSize+i&(noiseSize-1)] }
	a := at(i, j) + (at(i+1, j)-at(i, j))*tx
	b := at(i, j+1) + (at(i+1, j+1)-at(i, j+1))*tx
	return float64(a + (b-a)*ty)
}

const noiseSize = 512

var noiseField = sync.OnceValue(func() []float32 {
	field := make([]float32, noiseSize*noiseSize)
	lattice := func(i, j, period, octave int) float32 {
		h := uint64(i%period)*0x9e3779b97f4a7c15 ^ uint64(j%period)*0xc2b2ae3d27d4eb4f ^ uint64(octave)*0x165667b19e3779f9
		h ^= h >> 29
		h *= 0xbf58476d1ce4e5b9
		h ^= h >> 32
		return float32(h&0xffff) / 0xffff
	}
	smooth := func(t float32) float32 { return t * t * (3 - 2*t) }
	weight := float32(0.5)
	for octave, period := 0, 64; period <= noiseSize; octave, period, weight = octave+1, period*2, weight/2 {
		cell := noiseSize / period
		for y := range noiseSize {
			j, ty := y/cell, smooth(float32(y%cell)/float32(cell))
			for x := range noiseSize {
				i, tx := x/cell, smooth(float32(x%cell)/float32(cell))
				a := lattice(i, j, period, octave)
				a += (lattice(i+1, j, period, octave) - a) * tx
				b := lattice(i, j+1, period, octave)
				b += (lattice(i+1, j+1, period, octave) - b) * tx
				field[y*noiseSize+x] += weight * (a + (b-a)*ty)
			}
		}
	}
	return field
})
