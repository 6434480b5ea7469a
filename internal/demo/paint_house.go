package demo

// house is a home from outside.
func (s *scene) house() {
	h := s.hour()
	side := one(s, -1.0, 1.0)
	s.cam = camera{at: vec{side * s.between(7, 9.5), s.between(1.6, 2.6), -13}, yaw: -side * s.between(0.40, 0.52), zoom: s.between(2050, 2350), horizon: s.between(1010, 1120)}
	s.sky(h)
	s.meadow(h, one(s, hex(0x6f9a45), hex(0x7fa14e)), one(s, hex(0x557f38), hex(0x8a9c4a)))
	s.hedge(-24, 24, 19, 2.4, h)
	for range 3 {
		s.tree(vec{s.between(-17, 17), 0, s.between(13, 17)}, s.between(6.5, 10), h)
	}
	light := 0.30 + 0.70*h.ground
	wall := one(s, hex(0xf2eee4), hex(0xe6d9c0), hex(0xd9dcdc), hex(0xf7f5ef), hex(0xe2c9a6), hex(0xb9c4c4)).times(light)
	accent := one(s, hex(0x9a6b45), hex(0x4a4f55), hex(0x7d3f2f), hex(0x6e7c84)).times(light)

	// The drive, up to the door.
	drive := hex(0xb3aca2).times(light)
	poly := s.cam.project([]vec{{-1.2, 0, -12}, {1.4, 0, -12}, {1.0, 0, 0}, {-0.6, 0, 0}})
	s.fill(poly, rough(down(drive, drive.times(0.9), poly), 7, 0.35), 1)
	s.shadow(0, -8, -1, 8, 9, 0.5)
	if s.dice.IntN(2) == 0 {
		s.cube(h, wall, accent)
	} else {
		s.gable(h, wall, accent)
	}
	for range 5 {
		at := s.spot(vec{s.between(-7, 7), 0.35, s.between(-1.6, -0.5)})
		s.foliage(at, s.between(45, 80), s.between(32, 50), hex(0x5c8242).times(light))
	}
	s.tree(vec{-side * s.between(9, 11), 0, s.between(-3, 1)}, s.between(5, 7.5), h)
}

// cube is a modern house: two storeys of flat roofs, the upper one shifted.
func (s *scene) cube(h hour, wall, accent rgb) {
	s.box(vec{-6.5, 0, 0}, vec{6, 3, 8}, wall)
	front := wallAt(-0.01)
	s.rect(front, -6.5, 0, -3.9, 3, accent, accent.times(0.9))
	s.pane(front, -3.4, 0.1, -1.2, 2.5, h, 2)
	s.rect(front, -0.5, 0, 0.7, 2.35, accent.times(0.7), accent.times(0.6))
	s.pane(front, 1.3, 0.1, 5.4, 2.5, h, 3)
	s.sides(-6.5, 6, 0, 8, 0.8, 2.4, h)
	shift := one(s, -1.0, 1.2)
	s.box(vec{-5 + shift, 3, -1}, vec{5 + shift, 5.9, 7.5}, wall.times(1.03))
	s.box(vec{-5.2 + shift, 5.9, -1.2}, vec{5.2 + shift, 6.15, 7.7}, accent.times(0.7))
	under := s.quad(wallAt(-0.02), -5+shift, 2.6, 5+shift, 3)
	s.fill(under, plain(rgb{}), 0.35)
	up := wallAt(-1.01)
	s.pane(up, -4.3+shift, 3.5, -1.6+shift, 5.3, h, 2)
	s.pane(up, -0.7+shift, 3.2, 1.1+shift, 5.3, h, 1)
	s.pane(up, 2+shift, 3.5, 4.4+shift, 5.3, h, 2)
	s.sides(-5+shift, 5+shift, -1, 7.5, 3.7, 5.3, h)
}

// gable is a house with a pitched roof of tiles.
func (s *scene) gable(h hour, wall, accent rgb) {
	const eaves, ridge, depth = 3.4, 6.6, 8.0
	s.box(vec{-6, 0, 0}, vec{6, eaves, depth}, wall)
	for _, x := range []float64{-6, 6} {
		if (x < 0) == (s.cam.at.x < 0) {
			poly := s.cam.project([]vec{{x, eaves, 0}, {x, eaves, depth}, {x, ridge, depth / 2}})
			s.fill(poly, plain(wall.times(0.76)), 1)
		}
	}
	s.sides(-6, 6, 0, depth, 0.9, 2.3, h)
	front := wallAt(-0.01)
	s.pane(front, -5.1, 0.9, -3.3, 2.4, h, 2)
	s.pane(front, -2.6, 0.9, -1.2, 2.4, h, 1)
	s.rect(front, -0.5, 0, 0.65, 2.4, accent, accent.times(0.85))
	s.pane(front, 1.4, 0.1, 5, 2.4, h, 3)
	// The roof, row by row.
	tile := one(s, hex(0x8a4a36), hex(0x4a4c50), hex(0x6d5a4c), hex(0x9a5a40)).times(0.3 + 0.7*h.ground)
	const rows = 18
	for i := range rows {
		t0, t1 := float64(i)/rows, float64(i+1)/rows
		y0, y1 := eaves-0.3+(ridge-eaves+0.3)*t0, eaves-0.3+(ridge-eaves+0.3)*t1
		z0, z1 := -0.6+(depth/2+0.6)*t0, -0.6+(depth/2+0.6)*t1
		poly := s.cam.project([]vec{{-6.6, y0, z0}, {6.6, y0, z0}, {6.6, y1, z1}, {-6.6, y1, z1}})
		s.fill(poly, rough(down(tile.times(1.08), tile.times(0.78), poly), 5, 0.35), 1)
	}
	for range 2 {
		x := s.between(-4.5, 4.5)
		poly := s.cam.project([]vec{{x, 4.3, 0.75}, {x + 1, 4.3, 0.75}, {x + 1, 5.4, 2.15}, {x, 5.4, 2.15}})
		s.fill(poly, down(mix(h.zenith, rgb{255, 255, 255}, 0.2), h.horizon.times(0.9), poly), 1)
	}
	s.box(vec{2.6, 5.4, 3.2}, vec{3.3, 7.3, 3.9}, hex(0x8a5a48).times(0.3+0.7*h.ground))
}

// sides puts windows on the side wall that is seen.
func (s *scene) sides(x0, x1, z0, z1, v0, v1 float64, h hour) {
	wall := sideAt(x0 - 0.01)
	if s.cam.at.x > x1 {
		wall = sideAt(x1 + 0.01)
	} else if s.cam.at.x > x0 {
		return
	}
	third := (z1 - z0) / 3
	s.pane(wall, z0+third*0.4, v0, z0+third*1.1, v1, h, 1)
	s.pane(wall, z0+third*1.7, v0, z0+third*2.5, v1, h, 2)
}

// pane is a window or glass door on a wall: frame, glass, and in it the sky, or
// the lamp inside.
func (s *scene) pane(p plane, u0, v0, u1, v1 float64, h hour, bars int) {
	frame := one(s, hex(0x33373b), hex(0xf1efe9), hex(0x4b4a46)).times(0.3 + 0.7*h.ground)
	const f = 0.07
	s.rect(p, u0-f, v0-f, u1+f, v1+f, frame, frame.times(0.9))
	poly := s.quad(p, u0, v0, u1, v1)
	if len(poly) < 3 {
		return
	}
	day := down(mix(h.zenith, rgb{30, 40, 50}, 0.35), mix(h.horizon, rgb{40, 50, 50}, 0.45).times(0.8), poly)
	lit := down(hex(0xffd792), hex(0xe9a650), poly)
	n := s.between(0, 60)
	on := h.lamps * one(s, 0.35, 0.9, 1, 1)
	s.fill(poly, func(x, y float64) rgb {
		return mix(day(x, y).times(0.85+0.4*noise(n+x/140, n+y/70)), lit(x, y).times(0.75+0.45*noise(n+x/60, y/220)), on)
	}, 1)
	for i := 1; i < bars; i++ {
		u := u0 + (u1-u0)*float64(i)/float64(bars)
		s.rect(p, u-f/2, v0, u+f/2, v1, frame, frame.times(0.9))
	}
	if on > 0.5 {
		at := s.cam.project([]vec{p.at((u0+u1)/2, v0), p.at((u0+u1)/2, v0), p.at(u1, v1)})
		s.glow(at[0], 40+40*(u1-u0), 50, hex(0xffc878), 0.25*on)
	}
}
