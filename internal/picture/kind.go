package picture

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"github.com/bep/imagemeta"
	"golang.org/x/image/webp"
)

// kind is an image format that we deliver.
type kind struct {
	contentType string
	format      imagemeta.ImageFormat
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
	end         func(data []byte) (int, error) // where the image's own bytes end
	trailers    bool                           // whether cameras and programs append to it
}

var (
	jpegKind = &kind{"image/jpeg", imagemeta.JPEG, jpeg.DecodeConfig, jpeg.Decode, jpegEnd, true}
	pngKind  = &kind{"image/png", imagemeta.PNG, png.DecodeConfig, png.Decode, pngEnd, false}
	webpKind = &kind{"image/webp", imagemeta.WebP, webp.DecodeConfig, webp.Decode, webpEnd, false}
)

// unsupported are the image formats that photographers do send: telling them
// which one it is helps more than "not a picture". HEIC has no decoder in Go
// that somebody keeps up. The patterns hold '?' for any byte.
var unsupported = []struct{ magic, name string }{
	{"????ftypheic", "HEIC"}, {"????ftypheix", "HEIC"}, {"????ftyphevc", "HEIC"}, {"????ftyphevx", "HEIC"},
	{"????ftypheim", "HEIC"}, {"????ftypheis", "HEIC"}, {"????ftypmif1", "HEIF"}, {"????ftypmsf1", "HEIF"},
	{"????ftypavif", "AVIF"}, {"????ftypavis", "AVIF"}, {"????ftypcrx ", "Camera raw (CR3)"},
	{"GIF87a", "GIF"}, {"GIF89a", "GIF"}, {"BM????\x00\x00\x00\x00", "BMP"}, {"8BPS\x00", "Photoshop's PSD"},
	{"II*\x00", "TIFF or camera raw"}, {"MM\x00*", "TIFF or camera raw"}, {"FUJIFILMCCD-RAW", "Camera raw (RAF)"},
	{"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"}, {"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"},
}

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
		if matches(head, u.magic) {
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

// refuse sorts a decoder's error: variants of a format that Go does not read
// are unsupported, all else is damage.
func (k *kind) refuse(err error) *Refusal {
	_, j := errors.AsType[jpeg.UnsupportedError](err)
	_, p := errors.AsType[png.UnsupportedError](err)
	if j || p {
		return refuse(UnsupportedType, err, "This variant of "+strings.ToUpper(strings.TrimPrefix(k.contentType, "image/")))
	}
	return refuse(Truncated, err)
}
