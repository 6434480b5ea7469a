package demo

import "math"

// hour is the light of a time of day.
type hour struct {
	zenith, horizon rgb // the sky
	sun             rgb // its glow near the horizon
	ground          float64
	lamps           float64 // how far the light is on inside, 0 to 1
	clouds          float64
}

var hours = []hour{
	{hex(0x2f6fb4), hex(0xbfdcee), hex(0xfff6e0), 1.00, 0.0, 0.75}, // noon
	{hex(0x5a93c8), hex(0xf3e6cf), hex(0xffe7b0), 0.95, 0.1, 0.50}, // morning
	{hex(0x8fa3b3), hex(0xd9dee0), hex(0xf2f2ee), 0.85, 0.3, 1.00}, // overcast
	{hex(0x3c5a91), hex(0xf2b07a), hex(0xffc98a), 0.72, 0.8, 0.60}, // golden hour
	{hex(0x14224a), hex(0xc77b7a), hex(0xffa27a), 0.45, 1.0, 0.40}, // dusk
	{hex(0x0c1736), hex(0x4a5c8c), hex(0x8b93b8), 0.34, 1.0, 0.30}, // blue hour
}

// hour goes with the seed, so that a job has them all.
func (s *scene) hour() hour { return hours[(s.seed/int(motifs)+s.seed%int(motifs))%len(hours)] }

// sky paints everything above the horizon, and hills or a wood along it.
func (s *scene) sky(h hour) {
	y := s.cam.horizon
	at := pt{s.between(0.1, 0.9) * PaintWidth, y * s.between(0.75, 1)}
	drift := s.between(0, 64)
	s.fill([]pt{{0, 0}, {PaintWidth, 0}, {PaintWidth, y + 40}, {0, y + 40}}, func(px, py float64) rgb {
		t := py / y
		c := mix(h.zenith, h.horizon, t*t*(1.6-0.6*t))
		// Clouds lie flat: the nearer to the horizon, the thinner.
		deep := 1.15 - t*0.85
		n := noise(drift+px/520/deep, drift+py/150/deep+3)
		if n -= 0.62 - 0.10*h.clouds; n > 0 {
			c = mix(c, mix(h.horizon, rgb{255, 255, 255}, 0.35+0.3*h.ground).times(0.55+0.45*h.ground), min(n*4.2, 0.85)*h.clouds)
		}
		return c
	}, 1)
	s.glow(at, 1500, 620, h.sun, 0.55)
	s.ridge(h, y-110, 90, 0.35)
	s.ridge(h, y-30, 60, 0.65)
}

func (s *scene) ridge(h hour, y, height, near float64) {
	poly := []pt{{0, s.cam.horizon + 60}}
	shift := s.between(0, 64)
	for x := 0.0; x <= PaintWidth+12; x += 12 {
		poly = append(poly, pt{x, y - height*(noise(shift+x/420, near*9)-0.4)*2 - 9*noise(shift+x/16, 4)})
	}
	poly = append(poly, pt{PaintWidth, s.cam.horizon + 60})
	c := mix(h.horizon, hex(0x2f4a2a).times(h.ground), near)
	s.fill(poly, rough(down(c, c.times(0.8), poly), 26, 0.35*near), 1)
}

// meadow paints all ground as lawn, mown in stripes.
func (s *scene) meadow(h hour, a, b rgb) {
	stripes := s.between(0.9, 1.6)
	s.fill([]pt{{0, s.cam.horizon + 8}, {PaintWidth, s.cam.horizon + 8}, {PaintWidth, PaintHeight}, {0, PaintHeight}}, func(x, y float64) rgb {
		gx, gz := s.ground(x, y)
		far := min(gz/60, 1)
		blades := noise(gx*9, gz*9) - 0.5
		patches := noise(gx*0.5+7, gz*0.5) - 0.5
		mown := 0.035 * math.Copysign(1-far, math.Sin(gx*math.Pi/stripes))
		return mix(a, b, 0.5+patches).times(h.ground * (1 + 0.30*blades*(1-0.7*far) + mown))
	}, 1)
}

// tree paints a trunk and a crown of many leaves, dark below, lit from above.
func (s *scene) tree(at vec, height float64, h hour) {
	foot, top := s.spot(at), s.spot(at.add(vec{0, height, 0}))
	size := foot.y - top.y
	leaf := one(s, hex(0x4d7a34), hex(0x5f8a3c), hex(0x3f6b3a), hex(0x7a8f3e), hex(0x557f45)).times(0.35 + 0.65*h.ground)
	s.glow(pt{foot.x + size*0.1, foot.y}, size*0.5, size*0.07+6, rgb{}, 0.5)
	w := size * 0.028
	trunk := []pt{{foot.x - w, foot.y}, {foot.x - w*0.6, top.y + size*0.3}, {foot.x + w*0.6, top.y + size*0.3}, {foot.x + w, foot.y}}
	s.fill(trunk, linear(hex(0x5b4a3a).times(h.ground+0.1), hex(0x2c231c).times(h.ground+0.1), trunk[0], trunk[3]), 1)
	s.foliage(pt{foot.x, top.y + size*0.36}, size*0.30, size*0.37, leaf)
}

// foliage fills an ellipse with leaves.
func (s *scene) foliage(at pt, rx, ry float64, leaf rgb) {
	s.fill(ellipse(at, rx*0.82, ry*0.82, 0), rough(plain(leaf.times(0.55)), 14, 0.5), 1)
	for range 260 {
		a, d := s.between(0, 2*math.Pi), math.Sqrt(s.between(0, 1))
		x, y := math.Cos(a)*d, math.Sin(a)*d
		light := 0.78 - 0.34*y + 0.14*x + s.between(-0.14, 0.14)
		r := (rx + ry) * s.between(0.045, 0.10)
		s.fill(ellipse(pt{at.x + x*rx, at.y + y*ry}, r, r*s.between(0.5, 0.9), s.between(0, 3)), plain(leaf.times(light)), 0.88)
	}
}

// hedge is a row of bushes along x.
func (s *scene) hedge(x0, x1, z, height float64, h hour) {
	for x := x0; x <= x1; x += height * 0.55 {
		at := s.spot(vec{x, height * 0.45, z})
		top := s.spot(vec{x, height, z})
		r := at.y - top.y
		s.foliage(at, r*1.1, r*0.95, hex(0x4a7436).times((0.35+0.65*h.ground)*s.between(0.88, 1.1)))
	}
}

// garden is what lies behind the house: terrace, lawn, trees, a table set.
func (s *scene) garden() {
	h := s.hour()
	h.ground = max(h.ground, 0.55) // lamps on the terrace
	s.cam = camera{at: vec{s.between(-1.5, 1.5), 1.75, -6}, yaw: s.between(-0.18, 0.18), zoom: s.between(1500, 1800), horizon: s.between(820, 960)}
	s.sky(h)
	s.meadow(h, one(s, hex(0x74a048), hex(0x86a651)), one(s, hex(0x5a863b), hex(0x8d9f4b)))
	light := 0.30 + 0.70*h.ground
	s.hedge(-22, 22, 16, 2.8, h)
	for range 6 {
		s.tree(vec{s.between(-14, 14), 0, s.between(8, 14)}, s.between(4.5, 8), h)
	}
	for range 14 {
		at := s.spot(vec{s.between(-8, 8), 0.3, s.between(5.5, 7)})
		r := s.between(35, 70)
		s.foliage(at, r*1.3, r*0.8, hex(0x4f7a3a).times(light))
		bloom := one(s, hex(0xd96a8a), hex(0xf2e3b0), hex(0xb985d6), hex(0xf2f2f2), hex(0xe8883f)).times(light)
		for range 26 {
			s.fill(ellipse(pt{at.x + s.between(-r, r)*1.2, at.y + s.between(-r, r)*0.7}, 7, 6, 0), plain(bloom.times(s.between(0.8, 1.1))), 0.95)
		}
	}
	wood := one(s, hex(0xa98058), hex(0x8c8880), hex(0x9a6a44)).times(light)
	s.rect(floorAt(0.01), -9, -6, 9, -0.6, wood.times(0.45), wood.times(0.4))
	for x := -9.0; x < 9; x += 0.16 {
		c := wood.times(s.between(0.9, 1.08))
		s.rect(floorAt(0.02), x, -6, x+0.148, -0.6, c.times(0.95), c)
	}
	s.rect(wallAt(-0.6), -9, -0.12, 9, 0.02, wood.times(0.6), wood.times(0.45))
	s.furniture(s.between(-1.2, 1.2), light)
}

// furniture is a garden table, two benches and a parasol or none.
func (s *scene) furniture(x, light float64) {
	wood := one(s, hex(0xb58a5c), hex(0x6c6f70), hex(0xe8e4da)).times(light)
	const z = -1.9
	s.shadow(0.02, x-1.4, z-0.8, x+1.4, z+1.2, 0.45)
	s.bench(x, z+0.9, wood.times(0.9))
	for _, leg := range []float64{-0.95, 0.87} {
		s.box(vec{x + leg, 0.02, z + 0.3}, vec{x + leg + 0.08, 0.72, z + 0.38}, wood.times(0.8))
	}
	s.box(vec{x - 1.1, 0.72, z - 0.1}, vec{x + 1.1, 0.77, z + 0.7}, wood)
	if s.dice.IntN(2) == 0 {
		cloth := one(s, hex(0xe9dfc8), hex(0xb4574a), hex(0x5f7f8c)).times(light)
		s.box(vec{x - 0.03, 0.77, z + 0.28}, vec{x + 0.03, 2.5, z + 0.34}, wood.times(0.7))
		edge := []vec{{x - 1.7, 2.1, z - 1}, {x + 1.7, 2.1, z - 1}, {x + 1.7, 2.1, z + 1.6}, {x - 1.7, 2.1, z + 1.6}}
		for i, shade := range []float64{1, 0.9, 0.82, 0.9} {
			poly := s.cam.project([]vec{edge[i], edge[(i+1)%4], {x, 2.75, z + 0.3}})
			s.fill(poly, plain(cloth.times(shade)), 1)
		}
	}
	s.bench(x, z-0.75, wood.times(0.95))
	at := s.spot(vec{x, 0.85, z + 0.3})
	s.foliage(at, 34, 26, hex(0x6c8f4a).times(light))
}

func (s *scene) bench(x, z float64, wood rgb) {
	for _, leg := range []float64{-0.95, 0.85} {
		s.box(vec{x + leg, 0.02, z + 0.05}, vec{x + leg + 0.1, 0.4, z + 0.3}, wood.times(0.75))
	}
	s.box(vec{x - 1.1, 0.4, z}, vec{x + 1.1, 0.45, z + 0.35}, wood)
}
