package demo

import "math"

// vec is a place in the room, in metres: x to the right, y up, z away.
type vec struct{ x, y, z float64 }

func (a vec) add(b vec) vec              { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) times(f float64) vec        { return vec{a.x * f, a.y * f, a.z * f} }
func (a vec) along(d vec, f float64) vec { return a.add(d.times(f)) }

// camera stands somewhere and looks straight ahead, turned by yaw (radians, to
// the right). As architects do, it never tilts: what stands, stands.
type camera struct {
	at      vec
	yaw     float64
	zoom    float64 // focal length, in pixels
	horizon float64 // pixels from the top
}

const near = 0.15

// project finds the polygon that corners make on the picture, cut off where
// they lie behind the camera.
func (c camera) project(corners []vec) []pt {
	sin, cos := math.Sincos(c.yaw)
	seen := make([]vec, len(corners))
	for i, v := range corners {
		x, z := v.x-c.at.x, v.z-c.at.z
		seen[i] = vec{x*cos - z*sin, v.y - c.at.y, x*sin + z*cos}
	}
	var poly []pt
	for i, a := range seen {
		b := seen[(i+1)%len(seen)]
		if a.z >= near {
			poly = append(poly, c.flat(a))
		}
		if (a.z < near) != (b.z < near) {
			poly = append(poly, c.flat(a.along(vec{b.x - a.x, b.y - a.y, b.z - a.z}, (near-a.z)/(b.z-a.z))))
		}
	}
	return poly
}

func (c camera) flat(v vec) pt {
	return pt{PaintWidth/2 + c.zoom*v.x/v.z, c.horizon - c.zoom*v.y/v.z}
}

// spot is where a place is seen; it must lie before the camera.
func (s *scene) spot(v vec) pt { return s.cam.project([]vec{v, v, v})[0] }

// ground finds the place on the floor that a pixel below the horizon shows.
func (s *scene) ground(x, y float64) (gx, gz float64) {
	sin, cos := math.Sincos(s.cam.yaw)
	z := s.cam.zoom * s.cam.at.y / max(y-s.cam.horizon, 1)
	x = (x - PaintWidth/2) * z / s.cam.zoom
	return s.cam.at.x + x*cos + z*sin, s.cam.at.z - x*sin + z*cos
}

// plane is a flat thing to paint on: a wall, a floor, the front of a cupboard.
type plane struct{ o, u, v vec }

func (p plane) at(u, v float64) vec { return p.o.along(p.u, u).along(p.v, v) }

func floorAt(y float64) plane { return plane{vec{0, y, 0}, vec{1, 0, 0}, vec{0, 0, 1}} }
func wallAt(z float64) plane  { return plane{vec{0, 0, z}, vec{1, 0, 0}, vec{0, 1, 0}} }
func sideAt(x float64) plane  { return plane{vec{x, 0, 0}, vec{0, 0, 1}, vec{0, 1, 0}} }

// quad is the seen polygon of a rectangle on a plane.
func (s *scene) quad(p plane, u0, v0, u1, v1 float64) []pt {
	return s.cam.project([]vec{p.at(u0, v0), p.at(u1, v0), p.at(u1, v1), p.at(u0, v1)})
}

// rect paints a rectangle on a plane, from a at its far or upper edge to b.
func (s *scene) rect(p plane, u0, v0, u1, v1 float64, a, b rgb) {
	if poly := s.quad(p, u0, v0, u1, v1); len(poly) > 2 {
		s.fill(poly, down(a, b, poly), 1)
	}
}

// box paints the sides of a box that the camera sees, lit from above: its top
// brightest, its side darkest.
func (s *scene) box(lo, hi vec, c rgb) {
	if hi.y < s.cam.at.y {
		s.rect(floorAt(hi.y), lo.x, lo.z, hi.x, hi.z, c.times(1.08), c.times(1.14))
	}
	if s.cam.at.x < lo.x {
		s.rect(sideAt(lo.x), lo.z, lo.y, hi.z, hi.y, c.times(0.80), c.times(0.70))
	}
	if s.cam.at.x > hi.x {
		s.rect(sideAt(hi.x), lo.z, lo.y, hi.z, hi.y, c.times(0.80), c.times(0.70))
	}
	s.rect(wallAt(lo.z), lo.x, lo.y, hi.x, hi.y, c, c.times(0.88))
}

// shadow darkens the floor where something stands on it.
func (s *scene) shadow(y, x0, z0, x1, z1, alpha float64) {
	poly := s.quad(floorAt(y), x0, z0, x1, z1)
	if len(poly) < 3 {
		return
	}
	lo, hi := poly[0], poly[0]
	for _, p := range poly {
		lo, hi = pt{min(lo.x, p.x), min(lo.y, p.y)}, pt{max(hi.x, p.x), max(hi.y, p.y)}
	}
	s.glow(pt{(lo.x + hi.x) / 2, (lo.y + hi.y) / 2}, (hi.x-lo.x)*0.62, (hi.y-lo.y)*0.75+14, rgb{}, alpha)
}
