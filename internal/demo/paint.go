// Package demo makes a studio to try things with: people, jobs, and pictures
// painted by this package itself, so that nobody's home is shown and nothing
// has to be downloaded.
package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
)

// The size of every painted picture, in pixels: five megapixels.
const (
	PaintWidth  = 2736
	PaintHeight = 1824
)

// motif is what a picture shows. A seed's motif is seed % motifs.
type motif int

const (
	house motif = iota
	livingRoom
	kitchen
	bedroom
	bathroom
	garden
	floorPlan
	motifs
)

// Paint writes a JPEG that looks like a photograph of a property: a house, a
// room, a garden or a floor plan, the same for the same seed and another one
// for every other. It weighs one to three megabytes and carries EXIF as cameras
// write it: capture time, make, model, serial number and a place (GPS). The seed
// must not be negative. It fails only where w does.
func Paint(w io.Writer, seed int) error {
	s := newScene(seed)
	switch motif(seed % int(motifs)) {
	case house:
		s.house()
	case livingRoom:
		s.livingRoom()
	case kitchen:
		s.kitchen()
	case bedroom:
		s.bedroom()
	case bathroom:
		s.bathroom()
	case garden:
		s.garden()
	case floorPlan:
		s.floorPlan()
	}
	s.develop()

	var file bytes.Buffer
	if err := jpeg.Encode(&file, s.m, &jpeg.Options{Quality: 87}); err != nil {
		return fmt.Errorf("encode painting %d: %w", seed, err)
	}
	return writeTaken(w, file.Bytes(), seed)
}

// writeTaken writes a JPEG with the EXIF of a seed.
func writeTaken(w io.Writer, file []byte, seed int) error {
	const start = 2 // behind the start-of-image marker
	for _, part := range [][]byte{file[:start], exifSegment(seed), file[start:]} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("write painting %d: %w", seed, err)
		}
	}
	return nil
}

// scene is a picture in the making: pixels, a camera, and the dice that make it
// differ from all others.
type scene struct {
	m    *image.RGBA
	dice *rand.Rand
	seed int
	cam  camera

	cross   []float64               // scratch of fill
	changes [PaintWidth + 2]float64 // likewise; all zero between calls
}

func newScene(seed int) *scene {
	return &scene{
		m:    image.NewRGBA(image.Rect(0, 0, PaintWidth, PaintHeight)),
		dice: rand.New(rand.NewPCG(uint64(seed), 0x706978676174)),
		seed: seed,
	}
}

// between throws the dice.
func (s *scene) between(lo, hi float64) float64 { return lo + (hi-lo)*s.dice.Float64() }

// one picks from a list.
func one[T any](s *scene, of ...T) T { return of[s.dice.IntN(len(of))] }
