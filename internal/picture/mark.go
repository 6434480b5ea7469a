package picture

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// How a mark looks: light with a dark edge, so that it shows on snow and at night, and
// the picture behind it all the same.
var (
	markLight = image.NewUniform(color.NRGBA{R: 255, G: 255, B: 255, A: 92})
	markDark  = image.NewUniform(color.NRGBA{A: 76})
)

var markFont = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(gobold.TTF) })

// mark writes a text over the whole of a preview, in rows that begin where the one above
// is between two words. An empty text leaves it as it is.
func mark(dst *image.RGBA, text string) error {
	if text == "" {
		return nil
	}
	parsed, err := markFont()
	if err != nil {
		return fmt.Errorf("picture: read the font of marks: %w", err)
	}
	size := math.Max(10, float64(max(dst.Rect.Dx(), dst.Rect.Dy()))/22)
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		return fmt.Errorf("picture: size the font of marks: %w", err)
	}
	defer face.Close()
	edge := max(1, int(size/18))
	step := font.MeasureString(face, text).Ceil() + int(3*size)
	for row, y := 0, int(1.5*size); y < dst.Rect.Dy(); row, y = row+1, y+int(4*size) {
		for x := -row % 2 * step / 2; x < dst.Rect.Dx(); x += step {
			write(dst, face, markDark, text, x+edge, y+edge)
			write(dst, face, markLight, text, x, y)
		}
	}
	return nil
}

func write(dst *image.RGBA, face font.Face, ink image.Image, text string, x, y int) {
	d := font.Drawer{Dst: dst, Src: ink, Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}
