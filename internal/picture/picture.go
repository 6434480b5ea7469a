// Package picture says what a file is, judged by its content alone: whether it
// is a photograph we can deliver, how large it is, when it was taken, and what
// its previews look like. Names, endings and declared types count for nothing.
package picture

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
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

// Limits bounds what Inspect takes on. A zero field means its default.
type Limits struct {
	Bytes  int64 // of the file; default 256 MiB
	Pixels int64 // width times height, read from the header before any pixel; default 150 million
}

// Default limits.
const (
	DefaultBytes  = 256 << 20
	DefaultPixels = 150_000_000
)

// sniffed is how much of a file Inspect reads before it knows the file's kind.
const sniffed = 512

// Inspect reads r once, to its end. What is not a whole picture of a supported
// type within limits comes back as a *Refusal, a failing reader as its error.
//
// The file is held in memory, since decoding needs it: count on twice the file's
// size and 4 bytes a pixel, for PNG, WebP and progressive JPEG on 8 to 15. One
// call keeps one processor busy; callers bound how many run at once.
func Inspect(r io.Reader, limits Limits) (*Picture, error) {
	if limits.Bytes == 0 {
		limits.Bytes = DefaultBytes
	}
	if limits.Pixels == 0 {
		limits.Pixels = DefaultPixels
	}
	p := &Picture{}
	data, kind, err := p.read(r, limits.Bytes)
	if err != nil {
		return nil, err
	}
	p.ContentType = kind.contentType
	config, err := kind.config(bytes.NewReader(data))
	if err != nil {
		return nil, kind.refuse(err)
	}
	if config.Width <= 0 || config.Height <= 0 {
		return nil, refuse(Truncated, nil)
	}
	if int64(config.Width) > limits.Pixels/int64(config.Height) {
		return nil, refuse(TooManyPixels, nil, config.Width, config.Height, limits.Pixels/1e6)
	}
	end, err := kind.end(data)
	if err != nil {
		return nil, err
	}
	if err := kind.judgeTail(data, end); err != nil {
		return nil, err
	}
	pixels, err := kind.decode(bytes.NewReader(data[:end]))
	if err != nil {
		return nil, kind.refuse(err)
	}
	p.Orientation, p.CapturedAt = kind.metadata(data[:end])
	p.Width, p.Height = config.Width, config.Height
	if p.Orientation >= 5 {
		p.Width, p.Height = config.Height, config.Width
	}
	if p.Medium, p.Small, err = renditions(pixels, p.Orientation); err != nil {
		return nil, err
	}
	return p, nil
}

// read fills in what needs every byte, and gives up as soon as the beginning
// shows that there is nothing to gain from the rest.
func (p *Picture) read(r io.Reader, limit int64) ([]byte, *kind, error) {
	sha, crc := sha256.New(), crc32.NewIEEE()
	var buf bytes.Buffer
	in := io.TeeReader(io.LimitReader(r, limit+1), io.MultiWriter(&buf, sha, crc))

	if _, err := io.CopyN(io.Discard, in, sniffed); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("picture: read: %w", err)
	}
	kind, err := sniff(buf.Bytes())
	if err != nil {
		return nil, nil, err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return nil, nil, fmt.Errorf("picture: read: %w", err)
	}
	if p.Size = int64(buf.Len()); p.Size > limit {
		return nil, nil, refuse(TooLarge, nil, limit>>20)
	}
	sha.Sum(p.SHA256[:0])
	p.CRC32 = crc.Sum32()
	return buf.Bytes(), kind, nil
}
