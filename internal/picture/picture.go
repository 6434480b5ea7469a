// Package picture says what a file is, judged by its content alone: whether it
// is a photograph we can deliver, how large it is, when it was taken, and what
// its previews look like. Names, endings and declared types count for nothing.
package picture

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"time"
)

// Picture is what Inspect found out about a file.
type Picture struct {
	Size        int64 // bytes
	SHA256      [sha256.Size]byte
	CRC32       uint32 // IEEE, as ZIP wants it
	ContentType string // image/jpeg, image/png or image/webp

	Width, Height int // pixels of the upright picture
	Orientation   int // EXIF 1 to 8: how the stored pixels lie; already applied to Width, Height and previews

	// CapturedAt is EXIF's DateTimeOriginal, zero when unknown. Without an
	// OffsetTimeOriginal the camera's clock is read as if it were UTC.
	CapturedAt time.Time

	Small  Rendition // at most SmallEdge on its longer side
	Medium Rendition // at most MediumEdge
}

// Rendition is an upright JPEG preview. It carries no metadata of any kind: no
// place, no serial number, no name, no embedded thumbnail.
type Rendition struct {
	Data          []byte
	Width, Height int // pixels
}

// Options bound what Inspect takes on, and say how previews look. A zero field means its
// default.
type Options struct {
	Bytes  int64  // of the file; default 256 MiB
	Pixels int64  // width times height, read from the header before any pixel; default 150 million. PNG and WebP have lower ones of their own
	Mark   string // written over the previews; default nothing
}

// Default limits.
const (
	DefaultBytes  = 256 << 20
	DefaultPixels = 150_000_000
)

// maxSide is how long a side may be, in pixels, as no JPEG's can be longer. A row of all
// the pixels that are allowed takes gigabytes to scale, since nothing halves it.
const maxSide = 65_535

// Inspect reads r once, to its end. What is not a whole picture of a supported
// type within limits comes back as a *Refusal, a failing reader as its error, the
// end of ctx, which ends decoding too, as the context's error.
//
// The first 16 MiB of the file are held in memory, a larger one lies in a
// nameless file of the system's folder for such. A JPEG takes a few MiB more,
// since only the pixels of previews are made (a progressive one a byte a pixel), a
// PNG or WebP 5 bytes a pixel. One call keeps one processor busy; callers bound
// how many run at once.
func Inspect(ctx context.Context, r io.Reader, o Options) (*Picture, error) {
	if o.Bytes == 0 {
		o.Bytes = DefaultBytes
	}
	if o.Pixels == 0 {
		o.Pixels = DefaultPixels
	}
	p := &Picture{}
	file, kind, err := p.hold(ctx, r, o.Bytes)
	if err != nil {
		return nil, err
	}
	defer file.release()
	p.ContentType = kind.contentType
	if err := p.judge(ctx, kind, file.data, o); err != nil {
		if ctx.Err() != nil { // whatever a decoder made of it
			return nil, ctx.Err()
		}
		return nil, err
	}
	return p, nil
}

// judge goes from what costs nothing to what costs most: structure, size, what
// hides around the picture, and only then its pixels.
func (p *Picture) judge(ctx context.Context, kind *kind, data []byte, o Options) error {
	if isOther(data) {
		return refuse(Polyglot, nil)
	}
	opened, err := kind.open(ctx, data)
	if err != nil {
		return kind.refuse(err)
	}
	w, h := opened.width, opened.height
	most := o.Pixels
	if opened.most > 0 {
		most = min(most, opened.most)
	}
	if int64(w) > most/int64(h) {
		return refuse(TooManyPixels, nil, w, h, kind.name, most/1e6)
	}
	if max(w, h) > maxSide {
		return refuse(UnsupportedVariant, fmt.Errorf("picture: %d × %d pixels", w, h), kind.name)
	}
	if err := kind.judgeAround(ctx, data, opened, o.Pixels); err != nil {
		return err
	}
	pixels, err := opened.decode(ctx)
	if err != nil {
		return kind.refuse(err)
	}
	p.Orientation, p.CapturedAt = readEXIF(opened.exif)
	p.Width, p.Height = w, h
	if p.Orientation >= 5 {
		p.Width, p.Height = h, w
	}
	p.Medium, p.Small, err = renditions(pixels, w, h, p.Orientation, o.Mark)
	return err
}
