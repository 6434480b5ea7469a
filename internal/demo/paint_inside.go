package demo

// livingRoom has a sofa, a rug, a table, a sideboard, and light from the garden.
func (s *scene) livingRoom() {
	r := s.interior(false)
	x := s.between(-0.9, 0.5)
	s.window(r, wallAt(r.back-0.02), x, 0.15, x+2.1, 2.2, 3)
	cloth := one(s, hex(0xe9e2d4), hex(0xb8c1c0), hex(0xd8c3a5), hex(0xcfd6c8))
	s.curtain(r.back, x-0.55, x-0.06, 2.4, cloth)
	s.curtain(r.back, x+2.16, x+2.6, 2.4, cloth)
	s.sunlight(r, x+0.3, r.back-0.5)
	s.painting(r.back, r.left+0.35, 1.25, 0.75, 0.95)
	s.plant(vec{r.right - 0.5, 0, r.back - 0.6}, s.between(1.3, 1.8))

	rug := one(s, hex(0xd9cdb8), hex(0x8f9aa0), hex(0xb98a72), hex(0xe6e1d6))
	poly := s.quad(floorAt(0.004), -1.5, 1.9, 1.4, r.back-1.5)
	s.fill(poly, rough(plain(rug), 4, 0.35), 1)
	inner := s.quad(floorAt(0.005), -1.35, 2.05, 1.25, r.back-1.65)
	s.fill(inner, rough(plain(rug.times(0.93)), 3, 0.4), 1)

	wood := one(s, hex(0x8a6242), hex(0xc9a77c), hex(0xf2f0ec), hex(0x3c3a38))
	s.shadow(0, r.right-0.5, 2.4, r.right, 4.3, 0.5)
	s.box(vec{r.right - 0.46, 0.15, 2.4}, vec{r.right - 0.02, 0.72, 4.3}, wood)
	for _, z := range []float64{2.44, 3.07, 3.7} {
		s.rect(sideAt(r.right-0.465), z, 0.18, z+0.58, 0.69, wood.times(0.82), wood.times(0.74))
	}
	s.sofa(r.left+0.12, r.back-2.5)
	s.shadow(0, -0.75, 2.5, 0.75, 3.3, 0.5)
	for _, leg := range []vec{{-0.62, 0, 3.1}, {0.56, 0, 3.1}, {-0.62, 0, 2.55}, {0.56, 0, 2.55}} {
		s.box(leg, leg.add(vec{0.06, 0.36, 0.06}), wood.times(0.8))
	}
	s.box(vec{-0.7, 0.36, 2.5}, vec{0.7, 0.41, 3.2}, wood)
	at := s.spot(vec{s.between(-0.3, 0.3), 0.52, 2.85})
	s.foliage(at, 52, 40, one(s, hex(0x7f9a63), hex(0xd9c7a0), hex(0xb56b6b)))
	if s.dice.IntN(2) == 0 {
		s.lamp(vec{s.between(-0.4, 0.4), r.height, 3.0}, 0.95)
	}
}

// sofa stands along the left wall.
func (s *scene) sofa(x, z float64) {
	c := one(s, hex(0x9aa3a6), hex(0xd9d2c4), hex(0x5f7a7c), hex(0xb7936b), hex(0x6a7a5c), hex(0x4f5a68))
	const length, depth = 2.2, 0.95
	z = max(z-length, 1.75)
	s.shadow(0, x, z-0.1, x+depth+0.2, z+length+0.1, 0.55)
	s.box(vec{x, 0.12, z + length - 0.2}, vec{x + depth, 0.62, z + length}, c)
	s.box(vec{x, 0.12, z}, vec{x + 0.26, 0.86, z + length}, c)
	s.box(vec{x, 0.12, z + 0.1}, vec{x + depth, 0.33, z + length - 0.1}, c.times(0.95))
	const seat = (length - 0.4) / 2
	for _, from := range []float64{z + 0.2 + seat, z + 0.2} {
		s.box(vec{x + 0.24, 0.33, from + 0.015}, vec{x + depth + 0.03, 0.47, from + seat - 0.015}, c.times(1.06))
	}
	for i := range 3 {
		cushion := one(s, hex(0xd8a25f), hex(0xe8e4dc), hex(0x7f949c), hex(0xa85a48), hex(0x8a9a74))
		at := z + length - 0.55 - 0.5*float64(i)
		s.box(vec{x + 0.24, 0.47, at}, vec{x + 0.42, 0.83, at + 0.38}, cushion)
	}
	s.box(vec{x, 0.12, z}, vec{x + depth, 0.62, z + 0.2}, c)
}

// kitchen has a row of cupboards, a worktop, tiles, and an island in front.
func (s *scene) kitchen() {
	r := s.interior(one(s, true, false))
	front := one(s, hex(0xf4f3ef), hex(0x6c7d74), hex(0x3f4a57), hex(0xd8c4a4), hex(0xb5beb9), hex(0x8f5f4a))
	top := one(s, hex(0x4a4744), hex(0xc69c6d), hex(0xe8e5df), hex(0x2e2e30))
	z := r.back - 0.62
	s.tiled(wallAt(r.back-0.012), r.left+0.05, 0.9, r.right-0.05, 1.5, 0.15, one(s, hex(0xeceae4), hex(0xbfd0cf), hex(0xd9c9b4), hex(0x93a7a3)))
	wx := s.between(-0.5, 0.3)
	s.window(r, wallAt(r.back-0.02), wx, 1.05, wx+1.2, 2.1, 2)

	// Below: doors, an oven, the worktop with sink and hob.
	s.shadow(0, r.left, z-0.1, r.right, z+0.3, 0.45)
	s.box(vec{r.left + 0.02, 0.1, z}, vec{r.right - 0.02, 0.87, r.back}, front.times(0.92))
	doors := int((r.right - r.left) / 0.6)
	width := (r.right - r.left - 0.06) / float64(doors)
	oven := s.dice.IntN(doors-2) + 1
	face := wallAt(z - 0.012)
	for i := range doors {
		u := r.left + 0.03 + width*float64(i)
		s.rect(face, u+0.012, 0.13, u+width-0.012, 0.85, front.times(1.02), front.times(0.93))
		s.rect(wallAt(z-0.02), u+width*0.3, 0.775, u+width*0.7, 0.79, hex(0x6f6d69), hex(0xb5b2ad))
		if i == oven {
			s.rect(wallAt(z-0.021), u+0.03, 0.2, u+width-0.03, 0.82, hex(0x2a2b2d), hex(0x191a1b))
			s.rect(wallAt(z-0.022), u+0.07, 0.27, u+width-0.07, 0.62, hex(0x48494c), hex(0x303133))
			s.rect(wallAt(z-0.022), u+0.07, 0.67, u+width-0.07, 0.69, hex(0xd5d5d5), hex(0x9a9a9a))
		}
	}
	s.box(vec{r.left + 0.02, 0.87, z - 0.03}, vec{r.right - 0.02, 0.91, r.back}, top)
	u := r.left + 0.03 + width*float64(oven)
	s.rect(floorAt(0.912), u+0.04, z+0.08, u+width-0.04, z+0.54, hex(0x141517), hex(0x2c2d30))
	s.rect(floorAt(0.913), wx+0.3, z+0.1, wx+0.9, z+0.48, hex(0xb9bdbf), hex(0x7f8486))
	s.box(vec{wx + 0.58, 0.91, z + 0.5}, vec{wx + 0.62, 1.2, z + 0.54}, hex(0xd0d3d5))
	s.box(vec{wx + 0.58, 1.18, z + 0.26}, vec{wx + 0.62, 1.21, z + 0.54}, hex(0xd0d3d5))
	for range 5 {
		at := s.between(r.left+0.3, wx-0.2)
		c := one(s, hex(0xe8e2d6), hex(0xb6673f), hex(0x6f8a78), hex(0xd9b25f))
		s.box(vec{at, 0.91, r.back - 0.25}, vec{at + 0.1, 0.91 + s.between(0.1, 0.26), r.back - 0.15}, c)
	}

	// Above, left and right of the window.
	for _, span := range [][2]float64{{r.left + 0.03, wx - 0.2}, {wx + 1.4, r.right - 0.03}} {
		n := int((span[1] - span[0]) / 0.5)
		for i := range n {
			w := (span[1] - span[0]) / float64(n)
			a := span[0] + w*float64(i)
			s.box(vec{a, 1.5, r.back - 0.36}, vec{a + w, 2.25, r.back}, front.times(0.97))
			s.rect(wallAt(r.back-0.372), a+0.012, 1.512, a+w-0.012, 2.238, front.times(1.03), front.times(0.95))
		}
		s.glow(s.spot(vec{(span[0] + span[1]) / 2, 1.42, r.back - 0.1}), 420, 90, hex(0xfff0cc), 0.35)
	}

	// The island.
	x0, x1 := -s.between(0.9, 1.2), s.between(0.6, 1.0)
	s.shadow(0, x0-0.1, 2.2, x1+0.1, 3.2, 0.55)
	island := one(s, front, hex(0xf2efe9), hex(0x54605c))
	s.box(vec{x0, 0.08, 2.3}, vec{x1, 0.88, 3.1}, island)
	s.box(vec{x0 - 0.06, 0.88, 2.15}, vec{x1 + 0.06, 0.93, 3.15}, top)
	bowl := s.spot(vec{(x0 + x1) / 2, 0.97, 2.6})
	s.fill(ellipse(bowl, 105, 38, 0), linear(hex(0xf2efe8), hex(0xa9a49b), pt{bowl.x - 105, 0}, pt{bowl.x + 105, 0}), 1)
	fruit := one(s, hex(0xd98a2e), hex(0xc94a3a), hex(0x9ab04a))
	for range 7 {
		c := pt{bowl.x + s.between(-60, 60), bowl.y - s.between(14, 44)}
		s.fill(ellipse(c, 30, 29, 0), linear(fruit.times(1.15), fruit.times(0.65), pt{c.x - 20, c.y - 25}, pt{c.x + 18, c.y + 28}), 1)
	}
	for i := range 3 {
		s.lamp(vec{x0 + (x1-x0)*(0.15+0.35*float64(i)), r.height, 2.7}, 0.85)
	}
}

// bedroom has a bed with linen, night tables and lamps.
func (s *scene) bedroom() {
	r := s.interior(false)
	z, x := r.back-2.15, s.between(-0.45, 0.25)
	accent := one(s, hex(0x8fa3a0), hex(0xc7a98c), hex(0x6d7f92), hex(0xb9a7a0), hex(0x7d8a6c))
	poly := s.quad(wallAt(r.back-0.01), r.left, 0.09, r.right, r.height)
	s.fill(poly, rough(down(accent, accent.times(0.9), poly), 240, 0.06), 1)
	s.window(r, sideAt(r.left+0.02), r.back-3.4, 0.7, r.back-1.7, 2.25, 2)
	s.painting(r.back, x-0.55, 1.5, 1.1, 0.65)
	wood := one(s, hex(0xa87f57), hex(0xe9e4da), hex(0x5a4636), hex(0xcdb08a))
	for _, side := range []float64{-1.5, 1.05} {
		s.shadow(0, x+side, r.back-0.45, x+side+0.45, r.back, 0.5)
		s.box(vec{x + side, 0.1, r.back - 0.42}, vec{x + side + 0.45, 0.5, r.back - 0.02}, wood)
		lamp := s.spot(vec{x + side + 0.22, 0.78, r.back - 0.2})
		s.box(vec{x + side + 0.2, 0.5, r.back - 0.22}, vec{x + side + 0.24, 0.68, r.back - 0.18}, hex(0x6f6a62))
		s.fill([]pt{{lamp.x - 32, lamp.y - 34}, {lamp.x + 32, lamp.y - 34}, {lamp.x + 50, lamp.y + 30}, {lamp.x - 50, lamp.y + 30}}, plain(hex(0xfff0cf)), 1)
		s.glow(lamp, 330, 300, hex(0xffdfa0), 0.45)
	}
	rug := one(s, hex(0xe3dccf), hex(0xa9b0b0), hex(0xc9b59a))
	carpet := s.quad(floorAt(0.004), x-1.5, z-0.9, x+1.5, r.back-0.8)
	s.fill(carpet, rough(plain(rug), 4, 0.4), 1)
	s.shadow(0, x-1, z-0.2, x+1, r.back, 0.55)
	s.box(vec{x - 1.05, 0.2, r.back - 0.12}, vec{x + 1.05, 1.15, r.back - 0.02}, accent.times(0.72))
	s.box(vec{x - 0.95, 0.12, z}, vec{x + 0.95, 0.3, r.back - 0.1}, wood)
	linen := one(s, hex(0xf6f4ef), hex(0xeae6de), hex(0xdfe5e8))
	s.box(vec{x - 0.93, 0.3, z + 0.02}, vec{x + 0.93, 0.56, r.back - 0.12}, linen)
	quilt := one(s, hex(0x8fa0a8), hex(0xd9c8ae), hex(0xb98a78), hex(0x7c8b74), hex(0xe6e0d4))
	s.box(vec{x - 0.97, 0.34, z - 0.02}, vec{x + 0.97, 0.61, r.back - 0.95}, quilt)
	for i := range 9 {
		u := x - 0.9 + 0.2*float64(i)
		s.rect(floorAt(0.612), u, z, u+0.02, r.back-0.97, quilt.times(0.95), quilt.times(1.0))
	}
	s.box(vec{x - 0.97, 0.6, r.back - 1.15}, vec{x + 0.97, 0.64, r.back - 0.9}, linen)
	for _, u := range []float64{-0.85, 0.05} {
		s.box(vec{x + u, 0.56, r.back - 0.5}, vec{x + u + 0.8, 0.86, r.back - 0.22}, linen.times(1.02))
	}
	s.box(vec{x - 0.3, 0.6, r.back - 0.72}, vec{x + 0.3, 0.84, r.back - 0.54}, quilt.times(0.8))
	s.box(vec{r.right - 0.6, 0.02, 2.2}, vec{r.right - 0.01, 2.2, 4}, mix(r.wall, rgb{255, 255, 255}, 0.4))
	for _, from := range []float64{2.22, 2.82, 3.42} {
		s.rect(sideAt(r.right-0.605), from, 0.06, from+0.57, 2.16, r.wall.times(0.93), r.wall.times(0.86))
	}
	s.sunlight(r, r.left+1, r.back-2.3)
}

// bathroom is tiled, with a tub, a basin and a mirror.
func (s *scene) bathroom() {
	r := s.interior(true)
	tile := one(s, hex(0xe6e3dc), hex(0xa9bdbb), hex(0xcfc4b4), hex(0x7f949a), hex(0xdde3e2))
	s.tiled(wallAt(r.back-0.012), r.left, 0, r.right, r.height*0.86, one(s, 0.2, 0.3, 0.4), tile)
	s.tiled(sideAt(r.left+0.012), -0.5, 0, r.back, 1.2, 0.3, tile.times(0.94))
	s.window(r, wallAt(r.back-0.02), r.right-1.5, 1.25, r.right-0.5, 2.1, 2)

	// Mirror and basin, on the left.
	x := r.left + 0.5
	wood := one(s, hex(0xb98e62), hex(0x6e5138), hex(0xf0eee9), hex(0x47515a))
	glass := s.quad(wallAt(r.back-0.03), x, 1.15, x+1.3, 2.05)
	s.rect(wallAt(r.back-0.025), x-0.02, 1.13, x+1.32, 2.07, hex(0x3a3d40), hex(0x2c2e30))
	s.fill(glass, linear(mix(r.wall, r.light, 0.5), r.wall.times(0.66), glass[3], glass[1]), 1)
	s.glow(s.spot(vec{x + 0.65, 2.2, r.back - 0.1}), 520, 170, hex(0xfff3d8), 0.5)
	s.shadow(0, x, r.back-0.5, x+1.3, r.back, 0.5)
	s.box(vec{x, 0.32, r.back - 0.5}, vec{x + 1.3, 0.8, r.back}, wood)
	s.rect(wallAt(r.back-0.505), x+0.02, 0.55, x+1.28, 0.56, wood.times(0.6), wood.times(0.6))
	s.box(vec{x - 0.02, 0.8, r.back - 0.53}, vec{x + 1.32, 0.9, r.back}, hex(0xf7f7f5))
	s.rect(floorAt(0.902), x+0.25, r.back-0.44, x+1.05, r.back-0.14, hex(0xc9ccce), hex(0xe9ebec))
	s.box(vec{x + 0.62, 0.9, r.back - 0.12}, vec{x + 0.68, 1.08, r.back - 0.06}, hex(0xc9cdd0))
	for i := range 3 {
		at := x + 0.08 + 0.06*float64(i)
		s.box(vec{at, 0.9, r.back - 0.2}, vec{at + 0.045, 0.98 + s.between(0, 0.09), r.back - 0.15}, one(s, hex(0xd9b25f), hex(0xe6e6e2), hex(0x6b8a8f)))
	}

	// The tub, on the right.
	l, z0 := r.right-0.85, r.back-2.1
	tub := hex(0xf8f8f6)
	s.shadow(0, l-0.1, z0-0.1, r.right, r.back, 0.5)
	s.box(vec{l, 0, z0}, vec{r.right - 0.02, 0.58, r.back - 0.03}, tub.times(0.97))
	s.rect(floorAt(0.585), l+0.08, z0+0.1, r.right-0.1, r.back-0.13, hex(0xb9c6ca), hex(0xdfe7e9))
	s.rect(floorAt(0.586), l+0.14, z0+0.2, r.right-0.16, r.back-0.22, hex(0xa5bcc4), hex(0xcfdfe4))
	towel := one(s, hex(0x8fa6a0), hex(0xd9c3a0), hex(0xa9614f), hex(0xf0ede6))
	s.box(vec{l - 0.02, 0.25, z0 + 0.5}, vec{l + 0.05, 0.62, z0 + 0.95}, towel)
	s.plant(vec{l - 0.45, 0, r.back - 0.35}, s.between(0.8, 1.2))
	mat := s.quad(floorAt(0.004), l-0.95, z0+0.3, l-0.1, z0+1.5)
	s.fill(mat, rough(plain(towel.times(0.95)), 4, 0.5), 1)
	s.lamp(vec{s.between(-0.3, 0.3), r.height, 3}, 0.35)
}
