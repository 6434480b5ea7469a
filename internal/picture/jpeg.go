package picture

import (
	"bytes"
	"context"
	"image"

	"pixgate/internal/picture/proof"
)

// maxProgressive bounds pixels times colours of JPEGs that come in several scans:
// their decoder keeps a quarter of a byte for each until the last.
const maxProgressive = 3 * 64_000_000

func openJPEG(_ context.Context, data []byte) (*opened, error) {
	j, err := proof.Parse(data)
	if err != nil {
		return nil, err
	}
	if j.Width == 0 {
		return nil, proof.Damaged("no frame")
	}
	o := &opened{width: j.Width, height: j.Height, end: j.End, notes: j.Notes()}
	if j.Progressive {
		o.most = int64(maxProgressive / j.Colours)
	}
	for _, note := range o.notes {
		if tiff, is := bytes.CutPrefix(note, []byte("Exif\x00\x00")); is && o.exif == nil {
			o.exif = tiff
		}
	}
	o.decode = func(ctx context.Context) (image.Image, error) { return j.Decode(ctx, MediumEdge) }
	return o, nil
}
