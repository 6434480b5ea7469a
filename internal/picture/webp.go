package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"

	"golang.org/x/image/webp"
)

const (
	// maxWebP bounds the pixels, which the decoder keeps before it knows that
	// their data is sound, in 1.5 bytes each.
	maxWebP = 32_000_000
	// maxLossless is the bound of those that are lossless or transparent, and take
	// 4 to 7.
	maxLossless = 8_000_000

	vp8xAnimated = 2
)

// openWebP walks the chunks of the RIFF container.
func openWebP(_ context.Context, data []byte) (*opened, error) {
	o := &opened{most: maxWebP, end: 8 + int(binary.LittleEndian.Uint32(data[4:]))}
	if o.end < 20 || o.end > len(data) {
		return nil, refuse(Truncated, errors.New("webp: shorter than it says"))
	}
	for pos := 12; o.end-pos >= 8; {
		name, length := string(data[pos:pos+4]), int(binary.LittleEndian.Uint32(data[pos+4:]))
		if length > o.end-pos-8 {
			return nil, refuse(Truncated, errors.New("webp: a chunk runs over the end"))
		}
		chunk := data[pos+8 : pos+8+length]
		switch name {
		case "ANIM", "ANMF":
			return nil, refuse(Animated, nil)
		case "VP8X":
			if length > 0 && chunk[0]&vp8xAnimated != 0 {
				return nil, refuse(Animated, nil)
			}
		case "VP8 ":
		case "VP8L", "ALPH":
			o.most = maxLossless
		default:
			if len(o.notes) == maxNotes {
				return nil, refuse(TooLaborious, errors.New("webp: chunks"))
			}
			o.notes = append(o.notes, chunk)
			if name == "EXIF" && o.exif == nil {
				o.exif = bytes.TrimPrefix(chunk, []byte("Exif\x00\x00"))
			}
		}
		pos += 8 + length + length%2
	}
	config, err := webp.DecodeConfig(bytes.NewReader(data[:o.end]))
	if err != nil {
		return nil, err
	}
	if o.width, o.height = config.Width, config.Height; o.width < 1 || o.height < 1 {
		return nil, refuse(Truncated, errors.New("webp: no size"))
	}
	o.decode = func(ctx context.Context) (image.Image, error) {
		return webp.Decode(reader{ctx, bytes.NewReader(data[:o.end])})
	}
	return o, nil
}
