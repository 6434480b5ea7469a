package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// mostMemory is what the server may grow by for a file that it refuses.
const mostMemory = 64 << 20

// hostile are files made to cost memory, by name; each is refused.
func hostile(tb testing.TB) map[string]struct {
	file io.Reader
	want Code
} {
	photo, plan := jpegOf(tb, quarters(640, 480)), pngOf(tb, quarters(640, 480))
	bomb, pixels := zeroBomb(tb), pngChunk("IDAT", zlibOf(tb, make([]byte, 4000*(1+3*6000))))
	zeros := zlibOf(tb, make([]byte, 1<<20))
	header := func(w, h int, depth, colour, interlaced byte) []byte {
		size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
		return append([]byte(pngMagic), pngChunk("IHDR", append(size, depth, colour, 0, 0, interlaced))...)
	}
	jpeg := func(sof byte, w, h int) []byte { // sound in all but its coded data
		out := resized(photo, sof, w, h)
		scan := bytes.Index(out, []byte{0xff, 0xda})
		if sof == 0xc2 { // an outline of zeros, for a progressive frame
			out[scan+12], out[scan+13] = 0, 0
		}
		return append(append(out[:scan+14], make([]byte, 2000)...), 0xff, 0xd9)
	}
	vp8x := []byte{0, 0, 0, 0, 0xff, 0x3f, 0, 0xff, 0x3f, 0}
	lossless := webpOf(2800, 2800, quarter[0], nil)
	type attack = struct {
		file io.Reader
		want Code
	}
	of := func(want Code, parts ...[]byte) attack { return attack{bytes.NewReader(bytes.Join(parts, nil)), want} }
	return map[string]attack{
		"endless JPEG":                     {io.MultiReader(bytes.NewReader(photo[:len(photo)-2]), endless{}), TooLarge},
		"endless PNG":                      {io.MultiReader(bytes.NewReader(plan[:60]), endless{}), TooLarge},
		"endless WebP":                     {io.MultiReader(bytes.NewReader(lossless), endless{}), TooLarge},
		"endless text":                     {io.MultiReader(strings.NewReader("<?php"), endless{}), NotAPicture},
		"65,535 × 65,535 JPEG":             of(TooManyPixels, resized(photo, 0xc0, 65535, 65535)),
		"65,535 × 65,535 progressive JPEG": of(TooManyPixels, resized(photo, 0xc2, 65535, 65535)),
		"65,535 × 65,535 PNG":              of(TooManyPixels, header(65535, 65535, 8, 6, 0), pngChunk("IDAT", zeros), pngChunk("IEND", nil)),
		"2,147,483,647 wide PNG":           of(TooManyPixels, header(1<<31-1, 4, 8, 0, 0), pngChunk("IDAT", zeros), pngChunk("IEND", nil)),
		"16,384 × 16,384 WebP":             of(TooManyPixels, riffChunk("RIFF", append([]byte("WEBP"), riffChunk("VP8X", vp8x)...))),
		"16,384 × 16,384 lossless WebP":    of(TooManyPixels, webpOf(16384, 16384, quarter[0], nil)),
		"24 megapixels, lossless WebP":     of(TooManyPixels, webpOf(6000, 4000, quarter[0], nil)),
		"24 megapixels, PNG, a checksum":   of(Truncated, header(6000, 4000, 8, 2, 0), flipped(pixels, len(pixels)-1), pngChunk("IEND", nil)),
		"WebP larger than it says":         of(Truncated, riffChunk("RIFF", slices.Concat([]byte("WEBP"), riffChunk("VP8X", make([]byte, 10)), webpOf(2800, 2800, quarter[0], nil)[12:]))),
		"150 megapixels, damaged":          of(Truncated, jpeg(0xc0, 12247, 12247)),
		"64 megapixels, damaged outline":   of(Truncated, jpeg(0xc2, 8000, 8000)),
		"64 with all colours, damaged":     of(Truncated, bytes.Replace(jpeg(0xc2, 8000, 8000), []byte("\x01\x22\x00\x02"), []byte("\x01\x11\x00\x02"), 1)),
		"100 megapixels in scans":          of(TooManyPixels, jpeg(0xc2, 10_000, 10_000)),
		"half size with all colours":       of(Truncated, bytes.Replace(jpeg(0xc2, 5112, 5112), []byte("\x01\x22\x00\x02"), []byte("\x01\x11\x00\x02"), 1)),
		"64 megapixels in 16 bits, PNG":    of(TooManyPixels, header(8000, 8000, 16, 6, 1), pngChunk("IDAT", zeros), pngChunk("IEND", nil)),
		"a row of 32 megapixels, PNG":      of(UnsupportedVariant, header(32_000_000, 1, 1, 0, 0), pngChunk("IDAT", zlibOf(tb, make([]byte, 4_000_001))), pngChunk("IEND", nil)),
		"a column of 32 megapixels, PNG":   of(UnsupportedVariant, header(1, 32_000_000, 1, 0, 0), pngChunk("IDAT", zlibOf(tb, make([]byte, 64_000_000))), pngChunk("IEND", nil)),
		"300,000 Huffman tables":           of(TooLaborious, photo[:2], bytes.Repeat(segment(0xc4, bytes.Repeat(slices.Concat([]byte{0, 2}, make([]byte, 15), []byte{7, 8}), 3000)), 100), photo[2:]),
		"31 megapixels of nothing, PNG":    of(Truncated, header(5600, 5600, 16, 6, 0), pngChunk("IDAT", zeros), pngChunk("IEND", nil)),
		"64 interlaced, PNG":               of(Truncated, header(8000, 8000, 8, 6, 1), pngChunk("IDAT", zeros), pngChunk("IEND", nil)),
		"lossless WebP, damaged":           of(Truncated, riffChunk("RIFF", append([]byte("WEBP"), riffChunk("VP8L", append(bytes.Clone(lossless[20:26]), 0x55, 0xaa, 0x55))...))),
		"zTXt of 64 MiB":                   of(Inflated, plan[:33], pngChunk("zTXt", append([]byte("a\x00\x00"), bomb...)), plan[33:]),
		"iCCP of 64 MiB":                   of(Inflated, plan[:33], pngChunk("iCCP", append([]byte("a\x00\x00"), bomb...)), plan[33:]),
		"10,000 scans":                     of(TooLaborious, photo[:len(photo)-2], bytes.Repeat(segment(0xda, make([]byte, 10)), 10_000), photo[len(photo)-2:]),
		"a million segments":               of(TooLaborious, photo[:2], bytes.Repeat(segment(0xfe, nil), 1<<20), photo[2:]),
		"a million chunks":                 of(TooLaborious, plan[:33], bytes.Repeat(pngChunk("teSt", nil), 1<<20), plan[33:]),
		"a million pictures behind":        of(Polyglot, photo, bytes.Repeat([]byte{0xff, 0xd8, 0xff, 0xd9}, 1<<20)),
		"50,000 × 50,000 JPEG behind":      of(Polyglot, photo, jpeg(0xc0, 50_000, 50_000)),
		"150 megapixels in scans, behind":  of(Polyglot, photo, bytes.Replace(jpeg(0xc2, 12247, 12247), []byte("\x01\x22\x00\x02"), []byte("\x01\x11\x00\x02"), 1)),
		"JPEG and a ZIP of 15 MB":          of(Polyglot, photo, grain(15<<20), zipOf(tb)),
		"JPEG and 15 MB of HTML":           of(Polyglot, photo, bytes.Repeat([]byte("<html>"), 15<<20/6)),
		"PNG and 15 MB":                    of(Polyglot, plan, grain(15<<20)),
		"half a JPEG of 15 MB":             of(Truncated, photo[:len(photo)-2], bytes.Repeat([]byte{1}, 15<<20)),
		"SVG":                              of(NotAPicture, []byte("<svg>"), grain(15<<20)),
		"HEIC":                             of(HEIC, []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), grain(15<<20)),
	}
}

// resized says that a JPEG is of another kind and size than it is.
func resized(photo []byte, sof byte, w, h int) []byte {
	out := bytes.Clone(photo)
	at := bytes.Index(out, []byte{0xff, 0xc0})
	out[at+1] = sof
	binary.BigEndian.PutUint16(out[at+5:], uint16(h))
	binary.BigEndian.PutUint16(out[at+7:], uint16(w))
	return out
}

// zeroBomb is 64 MiB of nothing, packed.
func zeroBomb(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	z, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.CopyN(z, endless{}, 64<<20); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// grain is what can't be packed, and holds none of the signs of a format.
func grain(n int) []byte { return someGrain()[:n] }

var someGrain = sync.OnceValue(func() []byte {
	b := make([]byte, 0, inMemory+2<<20)
	for r := rand.New(rand.NewPCG(3, 4)); len(b)+8 <= cap(b); {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64()&0x1f1f1f1f1f1f1f1f|0x8080808080808080)
	}
	return b
})

type endless struct{}

func (endless) Read(b []byte) (int, error) { clear(b); return len(b), nil }

var alone = flag.Bool("alone", false, "judge what comes in, alone in the process, and print what the process grew by")

// Nobody can make the server grow by sending what it will refuse. Each file is
// judged in a process of its own, and what counts is all that this ever took
// from the system, not what it has left.
func TestRefusedFilesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	attacks := hostile(t)
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestAlone$", "-alone")
			cmd.Stdin = attacks[name].file
			cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // or each waits a second where races are looked for
			out, err := cmd.CombinedOutput()
			var code Code
			var grown int64
			if _, scanErr := fmt.Sscanf(string(out), "grown %d refused %s", &grown, &code); err != nil || scanErr != nil {
				t.Fatalf("%v, %v: %s", err, scanErr, out)
			}
			t.Logf("%.1f MiB, %s", float64(grown)/(1<<20), code)
			if code != attacks[name].want {
				t.Errorf("refused as %s, want %s", code, attacks[name].want)
			}
			if grown > mostMemory {
				t.Errorf("the server grew by %d MiB", grown>>20)
			}
		})
	}
}

func TestAlone(t *testing.T) { // not parallel: it is the only one in its process
	if !*alone {
		t.Skip("run by TestRefusedFilesTakeLittleMemory")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Inspect(t.Context(), os.Stdin, Options{})
	runtime.ReadMemStats(&after)
	r, ok := errors.AsType[*Refusal](err)
	if !ok {
		t.Fatalf("not refused: %v", err)
	}
	fmt.Printf("grown %d refused %s\n", after.Sys-before.Sys, r.Code)
}
