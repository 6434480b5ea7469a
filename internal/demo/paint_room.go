package demo

import "math"

// room is an empty room: its size in metres, and what covers it.
type room struct {
	left, right, back, height float64
	wall, floor               rgb
	light                     rgb // what comes in from outside
}

// interior paints an empty room with a window, and puts the camera into it.
func (s *scene) interior(tiles bool) room {
	r := room{
		left: -s.between(2.3, 2.9), right: s.between(2.3, 2.9), back: s.between(4.9, 5.6), height: s.between(2.5, 2.8),
		wall:  one(s, hex(0xf3efe7), hex(0xe9e4da), hex(0xe4e8e8), hex(0xefe6d6), hex(0xdfe3da), hex(0xf5f4f1)),
		floor: one(s, hex(0xb98b5e), hex(0x9c7450), hex(0xcaa57a), hex(0x7d5d45), hex(0xbfae98)),
		light: one(s, hex(0xfff4dc), hex(0xf0f6ff), hex(0xffe6bd)),
	}
	s.cam = camera{at: vec{s.between(-0.7, 0.7), s.between(1.25, 1.5), 0}, yaw: s.between(-0.2, 0.2), zoom: s.between(1640, 1820), horizon: s.between(840, 900)}
	ceiling := mix(r.wall, rgb{255, 255, 255}, 0.6)
	s.rect(floorAt(r.height), r.left, -1, r.right, r.back, ceiling.times(0.94), ceiling.times(0.84))
	if tiles {
		s.tiled(floorAt(0), r.left, -1, r.right, r.back, 0.6, one(s, hex(0xb9b4ab), hex(0x8f8d88), hex(0xd8d3c8)))
	} else {
		s.planks(r)
	}
	back := s.quad(wallAt(r.back), r.left, 0, r.right, r.height)
	s.fill(back, rough(down(r.wall, r.wall.times(0.9), back), 300, 0.05), 1)
	for _, x := range []float64{r.left, r.right} {
		poly := s.quad(sideAt(x), -1, 0, r.back, r.height)
		a, b := s.spot(vec{x, 1, 0.8}), s.spot(vec{x, 1, r.back})
		dim := 0.80
		if x == r.left {
			dim = 0.88
		}
		s.fill(poly, rough(linear(r.wall.times(dim), r.wall.times(dim+0.1), a, b), 300, 0.05), 1)
	}
	skirting := mix(r.wall, rgb{255, 255, 255}, 0.5)
	s.rect(wallAt(r.back-0.01), r.left, 0, r.right, 0.09, skirting, skirting.times(0.9))
	s.rect(sideAt(r.left+0.01), -1, 0, r.back, 0.09, skirting.times(0.9), skirting.times(0.85))
	s.rect(sideAt(r.right-0.01), -1, 0, r.back, 0.09, skirting.times(0.85), skirting.times(0.8))
	return r
}

func (s *scene) planks(r room) {
	for x := r.left; x < r.right; x += 0.19 {
		cut := s.between(-1.8, 0.2)
		for z := -1.0 + cut; z < r.back; z += 1.9 {
			c := r.floor.times(s.between(0.9, 1.09))
			if poly := s.quad(floorAt(0), x, max(z, -1), min(x+0.184, r.right), min(z+1.89, r.back)); len(poly) > 2 {
				n := s.between(0, 60)
				grain := func(px, py float64) rgb {
					gx, gz := s.ground(px, py)
					return c.times(0.93 + 0.14*noise(n+gx*26, n+gz*1.6))
				}
				s.fill(poly, grain, 1)
			}
		}
	}
}

// tiled lays tiles with joints on a plane.
func (s *scene) tiled(p plane, u0, v0, u1, v1, size float64, c rgb) {
	s.rect(p, u0, v0, u1, v1, c.times(0.72), c.times(0.72))
	for u := u0; u < u1; u += size {
		for v := v0; v < v1; v += size {
			t := c.times(s.between(0.95, 1.04))
			s.rect(p, u+size*0.012, v+size*0.012, min(u+size*0.988, u1), min(v+size*0.988, v1), t.times(1.02), t.times(0.97))
		}
	}
}

// window opens a wall to a garden, and lets its light in.
func (s *scene) window(r room, p plane, u0, v0, u1, v1 float64, bars int) {
	white := rgb{244, 244, 240}
	s.rect(p, u0-0.08, v0-0.08, u1+0.08, v1+0.08, white, white.times(0.92))
	poly := s.quad(p, u0, v0, u1, v1)
	if len(poly) < 3 {
		return
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, q := range poly {
		lo, hi = min(lo, q.y), max(hi, q.y)
	}
	sky, n := mix(hex(0xa9cdea), r.light, 0.45), s.between(0, 60)
	s.fill(poly, func(x, y float64) rgb {
		t := (y - lo) / (hi - lo)
		edge := 0.55 + 0.22*(noise(n+x/90, 2)-0.5)
		green := mix(hex(0x8fae6a), hex(0x5f8347), (t-edge)*3).times(0.85 + 0.5*noise(n+x/26, y/20))
		return mix(mix(sky, rgb{252, 252, 250}, t), green, (t-edge)*14)
	}, 1)
	for i := 1; i < bars; i++ {
		u := u0 + (u1-u0)*float64(i)/float64(bars)
		s.rect(p, u-0.035, v0, u+0.035, v1, white, white.times(0.93))
	}
	mid := s.cam.project([]vec{p.at((u0+u1)/2, (v0+v1)/2), p.at(u1, v1), p.at(u0, v1)})
	s.glow(mid[0], (hi-lo)*1.3, (hi-lo)*1.1, r.light, 0.28)
}

// curtain hangs beside a window on the back wall.
func (s *scene) curtain(z, u0, u1, top float64, c rgb) {
	const folds = 7
	for i := range folds {
		a, b := u0+(u1-u0)*float64(i)/folds, u0+(u1-u0)*float64(i+1)/folds
		poly := s.quad(wallAt(z-0.06), a, 0.03, b, top)
		s.fill(poly, linear(c.times(1.05), c.times(0.78), poly[0], poly[1]), 0.96)
	}
}

// sunlight falls through a window onto the floor.
func (s *scene) sunlight(r room, x, z float64) {
	for i := range 2 {
		dx := float64(i) * 0.95
		poly := s.cam.project([]vec{{x + dx, 0.001, z}, {x + dx + 0.8, 0.001, z}, {x + dx + 0.2, 0.001, z - 1.7}, {x + dx - 0.6, 0.001, z - 1.7}})
		s.fill(poly, plain(mix(r.light, rgb{255, 255, 255}, 0.3)), 0.30)
	}
}

// painting hangs on the back wall.
func (s *scene) painting(z, u, v, w, h float64) {
	frame := one(s, hex(0x2f2c2a), hex(0xd8c9a8), hex(0xfafafa))
	s.rect(wallAt(z-0.02), u-0.03, v-0.03, u+w+0.03, v+h+0.03, frame, frame.times(0.85))
	poly := s.quad(wallAt(z-0.02), u, v, u+w, v+h)
	a, b, n := one(s, hex(0xd9b38c), hex(0x7f9bb0), hex(0xe8e0d0)), one(s, hex(0x3f5b6e), hex(0xb5654a), hex(0x6f7f5a)), s.between(0, 60)
	s.fill(poly, func(x, y float64) rgb {
		return mix(a, b, math.Floor(noise(n+x/90, n+y/60)*9-2)/4)
	}, 1)
}

// plant stands on the floor in a pot.
func (s *scene) plant(at vec, height float64) {
	s.shadow(0, at.x-0.25, at.z-0.2, at.x+0.25, at.z+0.3, 0.5)
	pot := one(s, hex(0xe7e2d8), hex(0x4a4d50), hex(0xb06a48))
	s.box(vec{at.x - 0.16, 0, at.z - 0.16}, vec{at.x + 0.16, 0.36, at.z + 0.16}, pot)
	root, top := s.spot(vec{at.x, 0.36, at.z}), s.spot(vec{at.x, height, at.z})
	size := root.y - top.y
	for range 60 {
		lean := s.between(-0.95, 0.95)
		length := size * s.between(0.45, 1) * (1 - 0.3*math.Abs(lean))
		tip := pt{root.x + math.Sin(lean)*length*0.75, root.y - math.Cos(lean)*length}
		mid := pt{(root.x + tip.x) / 2, (root.y + tip.y) / 2}
		angle := math.Atan2(tip.y-root.y, tip.x-root.x)
		leaf := pt{mid.x + (tip.x-mid.x)*0.75, mid.y + (tip.y-mid.y)*0.75}
		s.fill(ellipse(leaf, length*0.24, length*0.075, angle), plain(hex(0x4f7d46).times(s.between(0.6, 1.15))), 0.95)
	}
}

// lamp hangs from the ceiling and glows.
func (s *scene) lamp(at vec, drop float64) {
	s.box(vec{at.x - 0.006, at.y - drop, at.z}, vec{at.x + 0.006, at.y, at.z + 0.01}, hex(0x3a3a3a))
	c := s.spot(vec{at.x, at.y - drop, at.z})
	r := s.cam.zoom * 0.15 / (at.z - s.cam.at.z)
	shade := one(s, hex(0x2e3134), hex(0xd9a24a), hex(0xf0ece2))
	poly := []pt{{c.x - r*0.35, c.y - r*0.9}, {c.x + r*0.35, c.y - r*0.9}, {c.x + r, c.y}, {c.x - r, c.y}}
	s.fill(poly, linear(shade.times(1.1), shade.times(0.75), poly[3], poly[2]), 1)
	s.fill(ellipse(c, r*0.92, r*0.16, 0), plain(hex(0xfff1cf)), 1)
	s.glow(pt{c.x, c.y + r}, r*4.5, r*4, hex(0xffe3a8), 0.35)
}
