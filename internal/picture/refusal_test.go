package picture

import (
	"bytes"
	"context"
	"testing"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	photo := jpegOf(t, quarters(640, 480))
	plan := pngOf(t, quarters(640, 480))
	scan := bytes.LastIndex(photo, []byte{0xff, 0xda})
	bomb := zlibOf(t, make([]byte, maxInflated+1))
	for name, c := range map[string]struct {
		data []byte
		want Code
	}{
		"nothing":            {nil, Empty},
		"svg":                {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), NotAPicture},
		"html":               {[]byte("<!DOCTYPE html><title>x</title>"), NotAPicture},
		"php":                {[]byte("<?php system($_GET[0]);"), NotAPicture},
		"pdf":                {[]byte("%PDF-1.7\n"), NotAPicture},
		"zip":                {zipOf(t), NotAPicture},
		"video":              {video(), NotAPicture},
		"text":               {[]byte("\xff\xd8 but no JPEG"), NotAPicture},
		"heic":               {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), HEIC},
		"gif":                {[]byte("GIF89a\x01\x00\x01\x00"), UnsupportedType},
		"tiff":               {exif{orientation: 1}.tiff(), UnsupportedType},
		"arithmetic jpeg":    {append(append([]byte{0xff, 0xd8}, segment(0xc9, make([]byte, 15))...), 0xff, 0xd9), UnsupportedVariant},
		"animated webp":      {riffChunk("RIFF", append([]byte("WEBP"), riffChunk("VP8X", []byte{2, 0, 0, 0, 9, 0, 0, 9, 0, 0})...)), Animated},
		"scan bomb":          {insert(photo, len(photo)-2, bytes.Repeat(photo[scan:scan+14], 1000)), TooLaborious},
		"half a jpeg":        {photo[:len(photo)/2], Truncated},
		"jpeg without end":   {photo[:len(photo)-2], Truncated},
		"jpeg cut, end kept": {append(bytes.Clone(photo[:scan+40]), 0xff, 0xd9), Truncated},
		"only a header":      {photo[:20], Truncated},
		"empty jpeg":         {[]byte{0xff, 0xd8, 0xff, 0xd9}, Truncated},
		"half a png":         {plan[:len(plan)/2], Truncated},
		"png, a bit turned":  {flipped(plan, len(plan)/2), Truncated},
		"half a webp":        {webpOf(100, 100, quarter[2], nil)[:30], Truncated},
		"heif":               {[]byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic"), HEIC},
		"gifar":              {append([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x3b"), zipOf(t)...), UnsupportedType},
		"12-bit jpeg":        {deep(photo), UnsupportedVariant},
		"lossless jpeg":      {append(append([]byte{0xff, 0xd8}, segment(0xc3, make([]byte, 15))...), 0xff, 0xd9), UnsupportedVariant},
		"nameless cmyk":      {bytes.ReplaceAll(library(t, "video-001.cmyk.jpeg"), []byte("Adobe"), []byte("Anybd")), UnsupportedVariant},
		"apng":               {insert(plan, 33, pngChunk("acTL", make([]byte, 8))), Animated},
		"webp frames":        {withChunks(webpOf(64, 64, quarter[0], nil), riffChunk("ANMF", make([]byte, 24))), Animated},
		"segment bomb":       {insert(photo, 2, bytes.Repeat(segment(0xfe, nil), 1<<20)), TooLaborious},
		"chunk bomb":         {insert(plan, 33, bytes.Repeat(pngChunk("teSt", nil), 1<<20)), TooLaborious},
		"riff bomb":          {withChunks(webpOf(64, 64, quarter[0], nil), bytes.Repeat(riffChunk("teSt", nil), 1<<20)), TooLaborious},
		"zTXt bomb":          {insert(plan, 33, pngChunk("zTXt", append([]byte("a\x00\x00"), bomb...))), Inflated},
		"iTXt bomb":          {insert(plan, 33, pngChunk("iTXt", append([]byte("a\x00\x01\x00de\x00b\x00"), bomb...))), Inflated},
		"iCCP bomb":          {insert(plan, 33, pngChunk("iCCP", append([]byte("a\x00\x00"), bomb...))), Inflated},
		"many small bombs":   {insert(plan, 33, bytes.Repeat(pngChunk("zTXt", append([]byte("a\x00\x00"), zlibOf(t, make([]byte, 1<<20))...)), 20)), Inflated},
		"note, a bit turned": {flipped(insert(plan, 33, pngChunk("tEXt", []byte("Comment\x00hello"))), 50), Truncated},
		"too few pixel rows": {insert(plan[:33], 33, pngChunk("IDAT", zlibOf(t, make([]byte, 100))), pngChunk("IEND", nil)), Truncated},
		"no restart marker":  {bytes.Replace(library(t, "video-001.restart2.jpeg"), []byte("\xff\xd1"), []byte("\xff\xd5"), 1), Truncated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, c.data, Options{}, c.want)
		})
	}
	refused(t, photo, Options{Bytes: int64(len(photo)) - 1}, TooLarge)
	refused(t, photo, Options{Pixels: 640*480 - 1}, TooManyPixels)
	refused(t, plan, Options{Pixels: 640*480 - 1}, TooManyPixels)
	if _, err := Inspect(context.Background(), bytes.NewReader(photo), Options{Bytes: int64(len(photo)), Pixels: 640 * 480}); err != nil {
		t.Errorf("at its limits exactly: %v", err)
	}
}

// deep says of a JPEG that its colours have 12 bits.
func deep(photo []byte) []byte {
	at := bytes.Index(photo, []byte{0xff, 0xc0})
	out := bytes.Clone(photo)
	out[at+1], out[at+4] = 0xc1, 12
	return out
}

func flipped(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 1
	return data
}

// Behind a picture nothing may hide that another program would run or unpack;
// what phones and photo programs append is no reason to refuse.
func TestTails(t *testing.T) {
	t.Parallel()
	photo, second := jpegOf(t, quarters(64, 64)), jpegOf(t, quarters(32, 32))
	plan, pic := pngOf(t, quarters(64, 64)), webpOf(64, 64, quarter[2], nil)
	script := []byte("<script>alert(1)</script>")
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

	for name, data := range map[string][]byte{
		"padding":                join(photo, make([]byte, 4096), []byte("\r\n")),
		"preview behind (MPF)":   join(photo, second),
		"two, with padding":      join(photo, make([]byte, 7), second, []byte{0xff, 0}, second),
		"motion photo":           join(photo, second, video()),
		"Samsung":                join(photo, samsung([]byte("\x00\x00\x30\x0aMotionPhoto_Data"))),
		"Samsung motion photo":   join(photo, samsung(join([]byte("MotionPhoto_Data"), video()))),
		"Canon, Photo Mechanic":  join(photo, second, canon([]byte("recipe")), photoMechanic([]byte("stars"))),
		"png with padding":       join(plan, make([]byte, 100)),
		"webp with padding":      join(pic, []byte{0}),
		"fill bytes before ends": insert(photo, len(photo)-2, []byte{0xff, 0xff, 0xff}),
	} {
		if _, err := Inspect(context.Background(), bytes.NewReader(data), Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{
		"zip":                        join(photo, zipOf(t)),
		"zip behind png":             join(plan, zipOf(t)),
		"zip behind webp":            join(pic, zipOf(t)),
		"zip and padding":            join(photo, zipOf(t), make([]byte, 1000)),
		"zip in a comment":           insert(photo, 2, segment(0xfe, zipOf(t))),
		"zip in a Samsung frame":     join(photo, samsung(zipOf(t))),
		"zip as a video":             join(photo, video(), zipOf(t)),
		"zip of 64 bits":             insert(photo, 2, segment(0xfe, bytes.Replace(zipOf(t), []byte("PK\x05\x06"), []byte("PK\x06\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00PK\x05\x06"), 1))),
		"zip that lies of its size":  insert(photo, 2, segment(0xfe, flipped(zipOf(t), len(zipOf(t))-10))),
		"jar in the coded data":      insert(photo, len(photo)-2, zipOf(t)),
		"html in the coded data":     insert(photo, len(photo)-2, bytes.Repeat([]byte("<html>"), 400)),
		"text between segments":      insert(photo, 2+2+0x84, bytes.Repeat([]byte("text"), 400)),
		"html in a comment":          insert(photo, 2, segment(0xfe, append([]byte("*/ "), script...))),
		"html in a second picture":   join(photo, insert(second, 2, segment(0xfe, script))),
		"pdf in a comment":           insert(photo, 2, segment(0xfe, []byte("%PDF-1.4\n1 0 obj"))),
		"pdf between segments":       insert(photo, 2+2+0x84, []byte("%PDF-1.4\n")),
		"php in exif":                withEXIF(photo, append(exif{orientation: 1}.tiff(), "<?php system($_GET[0]);"...)),
		"php in a png's text":        insert(plan, 33, pngChunk("tEXt", []byte("Comment\x00<?php system($_GET[0]);"))),
		"html in a webp's xmp":       withChunks(pic, riffChunk("XMP ", script)),
		"html behind png":            join(plan, script),
		"html behind webp":           join(pic, script),
		"text in a second picture":   join(photo, insert(second, 2+2+0x84, bytes.Repeat([]byte("text"), 400))),
		"html as coded data behind":  join(photo, []byte{0xff, 0xd8}, segment(0xda, make([]byte, 6)), []byte("<html>"), script, []byte{0xff, 0xd9}),
		"html in a frame behind":     join(photo, second[:bytes.Index(second, []byte{0xff, 0xda})+14], []byte("<html>"), script, []byte{0xff, 0xd9}),
		"pixel bomb behind":          join(photo, resized(second, 0xc0, 65535, 65535)),
		"33 pictures":                join(photo, bytes.Repeat(second, 33)),
		"html":                       join(photo, []byte("<html>"), script),
		"html behind padding":        join(photo, make([]byte, 5000), script),
		"php":                        join(photo, []byte("<?php system($_GET[0]);")),
		"php in a Samsung frame":     join(photo, samsung([]byte("<?PHP system($_GET[0]);"))),
		"script in a Canon frame":    join(photo, canon(script)),
		"pdf in Photo Mechanic's":    join(photo, photoMechanic([]byte("%PDF-1.4"))),
		"executable":                 join(photo, []byte("\x7fELF\x02\x01\x01\x00")),
		"cut second picture":         join(photo, second[:len(second)-40]),
		"one stray byte":             join(photo, []byte("x")),
		"jpeg behind png":            join(plan, photo),
		"lying Samsung frame":        join(photo, script, []byte("SEFH\x65\x00\x00\x00\x00\x00\x00\x00\x0c\x00\x00\x00SEFT")),
		"Samsung frame out of range": join(photo, bytes.Replace(samsung([]byte("abcd")), []byte("\x04\x00\x00\x00\x04"), []byte("\xff\xff\xff\x7f\x04"), 1)),
		"video box that runs over":   join(photo, []byte("\x00\x00\xff\xffftypmp42")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, data, Options{}, Polyglot)
		})
	}
}

// Whatever comes in, Inspect neither panics nor says yes to half a thing.
func FuzzInspect(f *testing.F) {
	tiff := exif{3, "2026:07:01 18:30:05", "+02:00"}.tiff()
	photo := withEXIF(jpegOf(f, quarters(40, 24)), tiff)
	f.Add(photo)
	f.Add(pngOf(f, quarters(17, 5)))
	f.Add(webpOf(9, 9, quarter[0], tiff))
	f.Add(append(bytes.Clone(photo), samsung(photo)...))
	f.Add(append(bytes.Clone(photo), append(video(), canon(photo)...)...))
	f.Add(append(bytes.Clone(photo), zipOf(f)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Inspect(context.Background(), bytes.NewReader(data), Options{Bytes: 1 << 20, Pixels: 1 << 18})
		if err != nil {
			return
		}
		if p.Width < 1 || p.Height < 1 || p.Width*p.Height > 1<<18 || p.Orientation < 1 || p.Orientation > 8 {
			t.Fatalf("%dx%d, orientation %d", p.Width, p.Height, p.Orientation)
		}
		for _, r := range []Rendition{p.Medium, p.Small} {
			if r.Width > MediumEdge || r.Height > MediumEdge {
				t.Fatalf("a rendition of %dx%d", r.Width, r.Height)
			}
			decoded(t, r)
		}
	})
}
