package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"

	"pixgate/internal/picture/proof"
)

// kind is an image format that we deliver.
type kind struct {
	contentType, name string
	// open reads the structure of a file, and no pixels.
	open     func(ctx context.Context, data []byte) (*opened, error)
	trailers bool // whether cameras and programs append to it
}

// opened is a file whose structure is known.
type opened struct {
	width, height int   // pixels, as they lie in the file; 1 or more
	most          int64 // pixels that this format can be opened with; 0: any number
	end           int   // where the picture's own bytes end
	exif          []byte
	notes         [][]byte // what is in the picture's bytes besides pixels and their tables
	decode        func(ctx context.Context) (image.Image, error)
}

var (
	jpegKind = &kind{"image/jpeg", "JPEG", openJPEG, true}
	pngKind  = &kind{"image/png", "PNG", openPNG, false}
	webpKind = &kind{"image/webp", "WebP", openWebP, false}
)

// unsupported are the image formats that photographers do send: telling them
// which one it is helps more than "not a picture". The patterns hold '?' for any
// byte.
var unsupported = []struct{ magic, name string }{
	{"????ftypheic", heic}, {"????ftypheix", heic}, {"????ftyphevc", heic}, {"????ftyphevx", heic},
	{"????ftypheim", heic}, {"????ftypheis", heic}, {"????ftypmif1", heic}, {"????ftypmsf1", heic},
	{"????ftypavif", "AVIF"}, {"????ftypavis", "AVIF"}, {"????ftypcrx ", "Camera raw (CR3)"},
	{"GIF87a", "GIF"}, {"GIF89a", "GIF"}, {"BM????\x00\x00\x00\x00", "BMP"}, {"8BPS\x00", "Photoshop's PSD"},
	{"II*\x00", "TIFF or camera raw"}, {"MM\x00*", "TIFF or camera raw"}, {"FUJIFILMCCD-RAW", "Camera raw (RAF)"},
	{"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"}, {"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"},
}

const heic = "HEIC"

// sniff tells the kind of a file from its first bytes.
func sniff(head []byte) (*kind, error) {
	switch {
	case len(head) == 0:
		return nil, refuse(Empty, nil)
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return jpegKind, nil
	case bytes.HasPrefix(head, []byte(pngMagic)):
		return pngKind, nil
	case matches(head, "RIFF????WEBP"):
		return webpKind, nil
	}
	for _, u := range unsupported {
		switch {
		case !matches(head, u.magic):
		case u.name == heic:
			return nil, refuse(HEIC, nil)
		default:
			return nil, refuse(UnsupportedType, nil, u.name)
		}
	}
	return nil, refuse(NotAPicture, nil)
}

func matches(head []byte, magic string) bool {
	if len(head) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != head[i] {
			return false
		}
	}
	return true
}

// refuse sorts the errors of decoders.
func (k *kind) refuse(err error) *Refusal {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r
	}
	_, unsupportedJPEG := errors.AsType[proof.Unsupported](err)
	_, unsupportedPNG := errors.AsType[png.UnsupportedError](err)
	_, laborious := errors.AsType[proof.Laborious](err)
	_, foreign := errors.AsType[proof.Foreign](err)
	switch {
	case unsupportedJPEG || unsupportedPNG:
		return refuse(UnsupportedVariant, err, k.name)
	case laborious:
		return refuse(TooLaborious, err)
	case foreign:
		return refuse(Polyglot, err)
	}
	return refuse(Truncated, err)
}
