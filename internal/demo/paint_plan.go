package demo

import (
	"fmt"
	"image"
	"image/color"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// floorPlan draws a flat from above, as a sheet of paper photographed flat.
func (s *scene) floorPlan() {
	s.fill([]pt{{0, 0}, {PaintWidth, 0}, {PaintWidth, PaintHeight}, {0, PaintHeight}}, rough(plain(hex(0xf7f5f0)), 9, 0.05), 1)
	const scale = 155.0 // pixels to a metre
	split, cross := s.between(4.6, 6.4), s.between(4.3, 5.2)
	hall := s.between(1.5, 1.9)
	const w, d = 13.0, 9.0
	left, top := (PaintWidth-w*scale)/2, (PaintHeight-d*scale)/2-30
	at := func(x, y float64) pt { return pt{left + x*scale, top + y*scale} }
	area := func(x0, y0, x1, y1 float64, c rgb) {
		s.fill([]pt{at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)}, plain(c), 1)
	}
	ink := hex(0x2b2f36)
	tint := one(s, hex(0xf3e3c3), hex(0xdfe9df), hex(0xe3e6ef), hex(0xf1dfd4))

	type space struct {
		name           string
		x0, y0, x1, y1 float64
	}
	bath := split + (w-split)*s.between(0.38, 0.5)
	spaces := []space{
		{"Wohnen / Essen", 0, 0, split, d - hall},
		{"Küche", split, 0, w, cross - hall},
		{"Flur", split, cross - hall, w, cross},
		{"Bad", split, cross, bath, d},
		{"Schlafen", bath, cross, w, d},
		{"Diele", 0, d - hall, split, d},
	}
	for i, r := range spaces {
		area(r.x0, r.y0, r.x1, r.y1, mix(tint, rgb{255, 255, 255}, 0.25+0.11*float64(i)))
	}
	const t = 0.11
	for _, r := range spaces {
		area(r.x0-t/2, r.y0-t/2, r.x1+t/2, r.y0+t/2, ink)
		area(r.x0-t/2, r.y1-t/2, r.x1+t/2, r.y1+t/2, ink)
		area(r.x0-t/2, r.y0-t/2, r.x0+t/2, r.y1+t/2, ink)
		area(r.x1-t/2, r.y0-t/2, r.x1+t/2, r.y1+t/2, ink)
	}
	area(-0.2, -0.2, w+0.2, 0.05, ink)
	area(-0.2, d-0.05, w+0.2, d+0.2, ink)
	area(-0.2, -0.2, 0.05, d+0.2, ink)
	area(w-0.05, -0.2, w+0.2, d+0.2, ink)
	paper := hex(0xf7f5f0)
	for _, x := range []float64{split * 0.25, split + 1, w - 2.6} {
		area(x, -0.22, x+1.6, 0.07, paper)
		area(x, -0.09, x+1.6, -0.05, ink)
		area(x, -0.20, x+1.6, -0.17, ink)
	}
	area(-0.22, 2, 0.07, 4.4, paper)
	area(-0.09, 2, -0.05, 4.4, ink)
	s.doors(at, paper, ink, [][3]float64{{split, cross - hall + 0.35, 1}, {split, d - hall + 0.4, 1}, {bath + 0.5, cross, 0}, {split + 0.6, cross, 0}, {w - 2.2, cross - hall, 0}, {1.2, d - hall, 0}})

	// Furniture, in outlines.
	thing := func(x, y, w, d float64) {
		area(x, y, x+w, y+d, ink.times(1.9))
		area(x+0.02, y+0.02, x+w-0.02, y+d-0.02, hex(0xfdfcf9))
	}
	thing(0.3, 0.9, 0.95, 2.4)
	thing(0.3, 0.9, 0.28, 2.4)
	thing(1.8, 1.5, 0.7, 1.2)
	thing(split-2.3, d-hall-2.1, 1.9, 0.95)
	thing(split+0.08, 0.08, w-split-0.16, 0.6)
	thing(split+0.7, 0.16, 0.5, 0.44)
	thing(split+2.1, 0.16, 0.6, 0.44)
	thing(w-2.1, d-2.2, 2.0, 1.9)
	thing(w-0.8, d-2.1, 0.6, 0.75)
	thing(w-0.8, d-1.15, 0.6, 0.75)
	thing(split+0.12, d-0.92, 1.75, 0.8)
	thing(split+0.2, d-0.84, 1.59, 0.64)
	thing(bath-0.55, cross+1.5, 0.45, 0.6)

	for _, r := range spaces {
		centre := at((r.x0+r.x1)/2, r.y0+(r.y1-r.y0)*0.42)
		s.text(centre.x, centre.y, 44, r.name)
		s.text(centre.x, centre.y+44, 32, fmt.Sprintf("%.1f m²", (r.x1-r.x0)*(r.y1-r.y0)))
	}
	foot := at(w/2, d)
	s.text(foot.x, foot.y+95, 46, fmt.Sprintf("Grundriss Wohnung %d · %.0f m²", s.seed%30+1, w*d))
	s.text(foot.x, foot.y+140, 28, "Beispiel, unmaßstäblich")
}

// doors draws openings at x, y with a leaf and its swing; the third number says
// whether the wall runs up the sheet.
func (s *scene) doors(at func(x, y float64) pt, paper, ink rgb, list [][3]float64) {
	const wide, half = 0.85, 0.08
	for _, d := range list {
		x, y, upright := d[0], d[1], d[2] == 1
		opening := []pt{at(x, y-half), at(x+wide, y-half), at(x+wide, y+half), at(x, y+half)}
		leaf := []pt{at(x, y), at(x+0.04, y), at(x+0.04, y+wide), at(x, y+wide)}
		if upright {
			opening = []pt{at(x-half, y), at(x+half, y), at(x+half, y+wide), at(x-half, y+wide)}
			leaf = []pt{at(x, y), at(x, y+0.04), at(x+wide, y+0.04), at(x+wide, y)}
		}
		s.fill(opening, plain(paper), 1)
		s.fill(leaf, plain(ink), 1)
		hinge := at(x, y)
		r := at(x+wide, y).x - hinge.x
		ring := ellipse(hinge, r, r, 0)[:8] // a quarter of a turn
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			s.fill([]pt{a, b, {b.x - 3, b.y - 3}, {a.x - 3, a.y - 3}}, plain(ink), 0.8)
		}
	}
}

// text is centred on x, its baseline at y; size in pixels.
func (s *scene) text(x, y, size float64, text string) {
	face, err := opentype.NewFace(goRegular(), &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		panic(err) // the font is part of the program
	}
	d := font.Drawer{Dst: s.m, Src: image.NewUniform(color.RGBA{43, 47, 54, 255}), Face: face}
	d.Dot = fixed.Point26_6{X: fixed.Int26_6(x*64) - d.MeasureString(text)/2, Y: fixed.Int26_6(y * 64)}
	d.DrawString(text)
}

var goRegular = sync.OnceValue(func() *opentype.Font {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	return f
})
