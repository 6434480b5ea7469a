package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"golang.org/x/image/draw"
)

// seriesSize is how many pictures the demo's large job has.
const seriesSize = 240

// seriesNames are the object keys of the large job, below its folder.
func seriesNames() []string {
	names := make([]string, seriesSize)
	for i := range names {
		names[i] = fmt.Sprintf("Wohnung %02d/%s %d.jpg", i/int(motifs)+1, []string{"Haus", "Wohnen", "Küche", "Schlafen", "Bad", "Garten", "Grundriss"}[i%int(motifs)], i/int(motifs)+1)
	}
	return names
}

// series is each motif painted once, at a third of its width, as JPEGs without EXIF.
// A picture of it costs no painting: it is told from the others of its motif by when
// it was taken.
type series [motifs][]byte

// newSeries paints a series, beginning at a seed.
func newSeries(seed int) (*series, error) {
	made := &series{}
	for i := range made {
		var large bytes.Buffer
		if err := Paint(&large, seed-seed%int(motifs)+i); err != nil {
			return nil, err
		}
		painted, err := jpeg.Decode(&large)
		if err != nil {
			return nil, fmt.Errorf("read painting %d: %w", seed+i, err)
		}
		small := image.NewRGBA(image.Rect(0, 0, PaintWidth/3, PaintHeight/3))
		draw.ApproxBiLinear.Scale(small, small.Rect, painted, painted.Bounds(), draw.Src, nil)
		var file bytes.Buffer
		if err := jpeg.Encode(&file, small, &jpeg.Options{Quality: 90}); err != nil {
			return nil, fmt.Errorf("encode painting %d: %w", seed+i, err)
		}
		made[i] = file.Bytes()
	}
	return made, nil
}

// write writes picture n of the series, with the EXIF of a seed.
func (s *series) write(w io.Writer, n, seed int) error { return writeTaken(w, s[n%int(motifs)], seed) }
