package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
)

// The longer sides of the two renditions, in pixels. Smaller pictures are never
// enlarged.
const (
	SmallEdge  = 480
	MediumEdge = 1280
)

// renditions makes the previews of a picture that lies w × h pixels large in its
// file, from pixels of at least the size of the larger one, with a mark over each.
func renditions(pixels image.Image, w, h, orientation int, over string) (medium, small Rendition, err error) {
	m := scaled(pixels, fit(w, h, MediumEdge))
	s := scaled(m, fit(w, h, SmallEdge))
	if medium, err = finished(upright(m, orientation), over, 82); err != nil {
		return
	}
	small, err = finished(upright(s, orientation), over, 80)
	return
}

func finished(m *image.RGBA, over string, quality int) (Rendition, error) {
	if err := mark(m, over); err != nil {
		return Rendition{}, err
	}
	return encoded(m, quality)
}

// upright turns stored pixels the way EXIF's orientation asks.
func upright(src *image.RGBA, orientation int) *image.RGBA {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	if orientation == 1 {
		return src
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		dst = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			var i int
			switch orientation {
			case 2:
				i = dst.PixOffset(w-1-x, y)
			case 3:
				i = dst.PixOffset(w-1-x, h-1-y)
			case 4:
				i = dst.PixOffset(x, h-1-y)
			case 5:
				i = dst.PixOffset(y, x)
			case 6:
				i = dst.PixOffset(h-1-y, x)
			case 7:
				i = dst.PixOffset(h-1-y, w-1-x)
			case 8:
				i = dst.PixOffset(y, w-1-x)
			}
			copy(dst.Pix[i:i+4], src.Pix[src.PixOffset(x, y):])
		}
	}
	return dst
}

func encoded(m *image.RGBA, quality int) (Rendition, error) {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, m, &jpeg.Options{Quality: quality}); err != nil {
		return Rendition{}, fmt.Errorf("picture: encode rendition: %w", err)
	}
	return Rendition{Data: buf.Bytes(), Width: m.Rect.Dx(), Height: m.Rect.Dy()}, nil
}
