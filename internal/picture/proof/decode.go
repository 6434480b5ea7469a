package proof

import (
	"context"
	"image"
	"image/color"
	"strconv"
)

// Decode decodes the picture, once, in the smallest of an eighth, a quarter, half and
// all of its size that has at least edge pixels on its longer side, or in all of
// it. The picture lies as it does in the file, its sides are rounded up. It is an
// *image.Gray, an *image.YCbCr without subsampling, an *image.RGBA or an
// *image.CMYK. Errors are the context's or of this package.
func (j *JPEG) Decode(ctx context.Context, edge int) (image.Image, error) {
	if j.components == nil {
		return nil, Damaged("no frame")
	}
	if j.scans*j.Width*j.Height > maxWork {
		return nil, Laborious("scans of so many pixels")
	}
	size := 1
	for size < 8 && above(max(j.Width, j.Height)*size, 8) < edge {
		size *= 2
	}
	j.layOut(size)
	t := &tables{}
	for _, s := range j.Segments {
		if s.Marker != markerSOS {
			if err := t.read(s); err != nil {
				return nil, err
			}
			continue
		}
		sc, err := j.newScan(t, s)
		if err != nil {
			return nil, err
		}
		if err := sc.run(ctx); err != nil {
			return nil, err
		}
	}
	if j.stray > maxStray {
		return nil, Foreign(strconv.Itoa(j.stray) + " bytes")
	}
	for i := range j.components {
		if !j.components[i].seen {
			return nil, Damaged("a colour without a scan")
		}
	}
	if j.Progressive {
		if err := j.develop(ctx, t); err != nil {
			return nil, err
		}
	}
	return j.picture(t, above(j.Width*size, 8), above(j.Height*size, 8))
}

// develop draws the blocks whose coefficients came in several scans.
func (j *JPEG) develop(ctx context.Context, t *tables) error {
	for i := range j.components {
		c := &j.components[i]
		quant, n := &t.quant[c.quant], c.sizeX*c.sizeY
		c.samples = make([]byte, len(c.kept))
		var factor [64]int32
		for k, place := range c.place {
			if place >= 0 {
				factor[place] = quant[k]
			}
		}
		for y := range j.mcusY * c.v {
			if err := ctx.Err(); err != nil {
				return err
			}
			for x := range c.blocksIn {
				at := y*c.blocksIn + x
				var block [64]int32
				for k, v := range c.kept[at*n : at*n+n] {
					block[k] = dequantised(int32(v), factor[k])
				}
				c.draw(x, y, &block, c.nonzero[at] == 0)
			}
		}
		c.kept, c.nonzero = nil, nil
	}
	return nil
}

// picture makes an image of the channels' samples.
func (j *JPEG) picture(t *tables, w, h int) (image.Image, error) {
	whole, c := image.Rect(0, 0, w, h), j.components
	switch {
	case len(c) == 1:
		return &image.Gray{Pix: c[0].samples, Stride: c[0].stride, Rect: whole}, nil
	case len(c) == 4 && !t.adobe:
		return nil, Unsupported("four colours that it does not name")
	}
	for i := range c {
		c[i].enlarge(w, h)
	}
	ycc := &image.YCbCr{
		Y: c[0].samples, Cb: c[1].samples, Cr: c[2].samples,
		YStride: w, CStride: w, SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: whole,
	}
	switch {
	case len(c) == 3 && j.isRGB(t):
		m := image.NewRGBA(whole)
		for i := range w * h {
			m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3] = c[0].samples[i], c[1].samples[i], c[2].samples[i], 255
		}
		return m, nil
	case len(c) == 3:
		return ycc, nil
	}
	m := image.NewCMYK(whole) // Adobe writes it inverted
	for i := range w * h {
		cyan, magenta, yellow := 255-c[0].samples[i], 255-c[1].samples[i], 255-c[2].samples[i]
		if t.transform != 0 {
			cyan, magenta, yellow = color.YCbCrToRGB(c[0].samples[i], c[1].samples[i], c[2].samples[i])
		}
		m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3] = cyan, magenta, yellow, 255-c[3].samples[i]
	}
	return m, nil
}

func (j *JPEG) isRGB(t *tables) bool {
	c := j.components
	return !t.jfif && (t.adobe && t.transform == 0 || c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B')
}

// enlarge makes samples w × h exactly.
func (c *component) enlarge(w, h int) {
	if c.stride == w && c.upX == 1 && c.upY == 1 {
		return
	}
	out := make([]byte, w*h)
	for y := range h {
		from, to := c.samples[y/c.upY*c.stride:], out[y*w:][:w]
		if c.upX == 1 {
			copy(to, from)
			continue
		}
		for x := range to {
			to[x] = from[x/c.upX]
		}
	}
	c.samples, c.stride = out, w
}
