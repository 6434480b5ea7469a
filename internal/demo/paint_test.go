package demo

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"pixgate/internal/picture"
)

func painted(tb testing.TB, seed int) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := Paint(&b, seed); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// Each painting is what a photographer's camera would have written, as the
// server judges it, and no preview of it keeps what the camera noted.
func TestPaint(t *testing.T) {
	t.Parallel()
	gps := []byte{52, 0, 0, 0, 1, 0, 0, 0, 26, 0, 0, 0, 1, 0, 0, 0}
	seen := map[[32]byte]int{}
	for seed := range int(motifs) + 1 {
		data := painted(t, seed)
		p, err := picture.Inspect(t.Context(), bytes.NewReader(data), picture.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if other, double := seen[p.SHA256]; double {
			t.Errorf("seeds %d and %d paint the same", other, seed)
		}
		seen[p.SHA256] = seed
		if p.Width*p.Height < 4_000_000 || p.Size < 900<<10 || p.Size > 3<<20 {
			t.Errorf("seed %d: %dx%d, %d bytes", seed, p.Width, p.Height, p.Size)
		}
		if want := time.Date(2026, 5, 4, 7, 0, 0, 0, time.UTC).Add(time.Duration(seed) * 97 * time.Second); !p.CapturedAt.Equal(want) {
			t.Errorf("seed %d: captured at %v, want %v", seed, p.CapturedAt, want)
		}
		for _, secret := range [][]byte{gps, []byte(CameraSerial), []byte("Demo Camera"), []byte("Exif")} {
			if !bytes.Contains(data, secret) {
				t.Errorf("seed %d: the original lacks %q", seed, secret)
			}
			if bytes.Contains(p.Medium.Data, secret) || bytes.Contains(p.Small.Data, secret) {
				t.Errorf("seed %d: a preview carries %q", seed, secret)
			}
		}
	}
	if !bytes.Equal(painted(t, 2), painted(t, 2)) {
		t.Error("one seed painted two pictures")
	}
}

// The large job's pictures are small, sound, and all different.
func TestSeries(t *testing.T) {
	t.Parallel()
	all, err := newSeries(300)
	if err != nil {
		t.Fatal(err)
	}
	seen, keys := map[[32]byte]bool{}, map[string]bool{}
	for n, key := range seriesNames() {
		var file bytes.Buffer
		if err := all.write(&file, n, 300+n); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(file.Bytes()); seen[sum] || keys[key] {
			t.Errorf("picture %d, %s, is there twice", n, key)
		} else {
			seen[sum], keys[key] = true, true
		}
		if n >= int(motifs) {
			continue
		}
		p, err := picture.Inspect(t.Context(), &file, picture.Options{})
		if err != nil || p.Width*p.Height > 1_000_000 || p.CapturedAt.IsZero() {
			t.Errorf("picture %d: %+v, %v", n, p, err)
		}
	}
}

type full struct{}

var errFull = errors.New("disk is full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestPaintReportsWriter(t *testing.T) {
	t.Parallel()
	if err := Paint(full{}, 6); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
}

// The names fit what is painted under them, and are as awkward as promised.
func TestNames(t *testing.T) {
	t.Parallel()
	words := map[motif][]string{
		house:      {"außen", "straße", "fassade", "haus"},
		livingRoom: {"wohnzimmer", "wohnen"},
		kitchen:    {"küche"},
		bedroom:    {"schlaf", "zimmer"},
		bathroom:   {"bad", "wc"},
		garden:     {"garten", "terrasse"},
		floorPlan:  {"grundriss"},
	}
	umlauts, cases, doubles, decomposed := 0, 0, 0, 0
	for i, want := range []int{24, 22, 20} {
		names := Names()[i]
		if len(names) != want {
			t.Errorf("job %d has %d pictures, want %d", i, len(names), want)
		}
		keys, folded, shown := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for k, key := range names {
			name := path.Base(key)
			if keys[key] {
				t.Errorf("%q stands there twice", key)
			}
			if folded[strings.ToLower(key)] {
				cases++
			}
			if shown[name] {
				doubles++
			}
			if !norm.NFC.IsNormalString(name) {
				decomposed++
			}
			if strings.ContainsAny(name, "äöüßÄÖÜ") {
				umlauts++
			}
			keys[key], folded[strings.ToLower(key)], shown[name] = true, true, true

			fits := strings.HasPrefix(strings.ToLower(name), "img_") || strings.HasPrefix(name, "DSC")
			for _, word := range words[motif((i*100+k)%int(motifs))] {
				fits = fits || strings.Contains(strings.ToLower(norm.NFC.String(name)), word)
			}
			if !fits {
				t.Errorf("job %d: picture %d is called %q", i, k, key)
			}
		}
	}
	if umlauts < 20 || cases < 3 || doubles < 5 || decomposed < 1 {
		t.Errorf("%d umlauts, %d that differ in case, %d doubles, %d decomposed", umlauts, cases, doubles, decomposed)
	}
}

// BenchmarkPaint64 paints a demo's worth on all processors.
func BenchmarkPaint64(b *testing.B) {
	for b.Loop() {
		seeds := make(chan int)
		var painters sync.WaitGroup
		for range runtime.NumCPU() {
			painters.Go(func() {
				for seed := range seeds {
					if err := Paint(io.Discard, seed); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for seed := range 64 {
			seeds <- seed
		}
		close(seeds)
		painters.Wait()
	}
}
