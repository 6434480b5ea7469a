package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/sync/errgroup"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/job"
	"pixgate/internal/secret"
	"pixgate/internal/transfer"
)

const (
	batch  = 12 // pictures before it is the other's turn
	atOnce = 2  // pictures side by side, for both
)

// BenchmarkTakeIn compares an import with a plain loop that reads the same
// objects from the same storage, hashes them, and makes the same two previews
// with the standard library and its quickest scaler; it stores nothing. Both take
// turns in one run, two pictures side by side; the storage's processor time, which
// runs in this process, counts for both. PICTURES=1000 takes in a thousand of 8 MB;
// without it there are 24.
func BenchmarkTakeIn(b *testing.B) {
	total := 2 * batch
	if n, err := strconv.Atoi(os.Getenv("PICTURES")); err == nil {
		total = max(n, batch)
	}
	h := newBench(b)
	file := camera(b)
	var imports, plain spent
	var early, late uint64
	taken := 0
	for b.Loop() {
		for done := 0; done < total; done += batch {
			prefix := fmt.Sprintf("bench/%d", taken)
			keys := h.lay(b, prefix, file, taken)
			taken += len(keys)
			made, refusals, err := h.jobs.Create(b.Context(), h.admin, job.New{CustomerEmail: h.Owner.Email, Title: "Bench", IncludedImages: 2})
			if err != nil || refusals != nil {
				b.Fatal(refusals, err)
			}
			run, refusals, err := h.imports.Start(b.Context(), h.admin, made.PublicID(), prefix, "")
			if err != nil || refusals != nil {
				b.Fatal(refusals, err)
			}
			turns := []func(){
				func() {
					defer imports.measure()()
					if err := h.imports.Run(b.Context(), run.ID); err != nil {
						b.Fatal(err)
					}
				},
				func() {
					defer plain.measure()()
					h.plain(b, keys)
				},
			}
			if done/batch%2 == 1 {
				turns[0], turns[1] = turns[1], turns[0]
			}
			turns[0]()
			turns[1]()
			after, err := h.imports.ByID(b.Context(), h.admin, run.ID)
			if err != nil || after.Taken != len(keys) {
				b.Fatalf("%+v, %v", after, err)
			}
			h.clear(b)
			if late = heap(); done <= total/10 {
				early = late
			}
		}
	}
	per := func(d time.Duration) float64 { return float64(d.Milliseconds()) / float64(taken) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(per(imports.wall), "ms/picture")
	b.ReportMetric(per(plain.wall), "plain-ms/picture")
	b.ReportMetric(float64(plain.wall)/float64(imports.wall), "speed-to-plain")
	b.ReportMetric(per(imports.cpu), "cpu-ms/picture")
	b.ReportMetric(per(plain.cpu), "plain-cpu-ms/picture")
	b.ReportMetric(float64(plain.cpu)/float64(imports.cpu), "speed-per-core-to-plain")
	b.ReportMetric(float64(early)/(1<<20), "heap-at-10%-MiB")
	b.ReportMetric(float64(late)/(1<<20), "heap-at-end-MiB")
}

// spent is time by the clock and by the processor.
type spent struct{ wall, cpu time.Duration }

func (s *spent) measure() (done func()) {
	began, cpu := time.Now(), processor()
	return func() {
		s.wall += time.Since(began)
		s.cpu += processor() - cpu
	}
}

func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap is what lives now, without the buffers that wait for their next use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

type bench struct {
	*cast.Cast
	store   *blob.Store
	jobs    *job.Jobs
	imports *transfer.Imports
	admin   account.Viewer
}

func newBench(b *testing.B) *bench {
	b.Helper()
	db := stage.Database(b)
	h := &bench{Cast: cast.New(b, db.Owner)}
	bucket := stage.Bucket(b)
	var err error
	if h.store, err = blob.Open(b.Context(), blob.Options{
		Endpoint: bucket.Endpoint, Region: bucket.Region, Bucket: bucket.Bucket, AccessKeyID: bucket.AccessKeyID, SecretAccessKey: bucket.SecretAccessKey,
	}); err != nil {
		b.Fatal(err)
	}
	chain := audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), time.Now)
	h.jobs = job.NewJobs(db.Pool, chain, time.Now)
	h.imports = transfer.NewImports(transfer.ImportOptions{
		DB: db.Pool, Jobs: h.jobs, Store: h.store, Tenants: account.NewTenants(db.Pool, "studio", time.Now), Audit: chain, Queue: &queue{},
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	h.admin = viewer(h.Admin)
	return h
}

// lay puts a batch of pictures into the studio's incoming folder, each another
// one by the number in its comment.
func (h *bench) lay(b *testing.B, prefix string, file []byte, first int) []string {
	b.Helper()
	keys := make([]string, batch)
	for i := range keys {
		keys[i] = fmt.Sprintf("tenants/studio/incoming/%s/%03d.jpg", prefix, i)
		other := append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 10}, binary.BigEndian.AppendUint64(nil, uint64(first+i))...)
		if _, err := h.store.Put(b.Context(), keys[i], "image/jpeg", append(other, file[2:]...)); err != nil {
			b.Fatal(err)
		}
	}
	return keys
}

// clear empties the storage, so that a thousand pictures fit on any disk.
func (h *bench) clear(b *testing.B) {
	b.Helper()
	for object, err := range h.store.List(b.Context(), "tenants/") {
		if err == nil {
			err = h.store.Delete(b.Context(), object.Key)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func (h *bench) plain(b *testing.B, keys []string) {
	b.Helper()
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(atOnce)
	for _, key := range keys {
		group.Go(func() error { return h.plainOne(ctx, key) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

func (h *bench) plainOne(ctx context.Context, key string) error {
	body, _, err := h.store.Get(ctx, key, blob.GetOptions{})
	if err != nil {
		return err
	}
	defer body.Close()
	data, err := io.ReadAll(io.TeeReader(body, io.MultiWriter(sha256.New(), crc32.NewIEEE())))
	if err != nil {
		return err
	}
	whole, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	medium, small := image.NewRGBA(image.Rect(0, 0, 1280, 853)), image.NewRGBA(image.Rect(0, 0, 480, 320))
	draw.ApproxBiLinear.Scale(medium, medium.Rect, whole, whole.Bounds(), draw.Src, nil)
	draw.CatmullRom.Scale(small, small.Rect, medium, medium.Rect, draw.Src, nil)
	for m, quality := range map[*image.RGBA]int{medium: 82, small: 80} {
		if err := jpeg.Encode(io.Discard, m, &jpeg.Options{Quality: quality}); err != nil {
			return err
		}
	}
	return nil
}

// camera is a JPEG of 24 megapixels and 8 MB.
func camera(b *testing.B) []byte {
	b.Helper()
	grain, m := rand.New(rand.NewPCG(1, 2)), image.NewRGBA(image.Rect(0, 0, 6000, 4000))
	for i := 0; i < len(m.Pix); i += 4 {
		n, x, y := grain.IntN(24), i/4%6000, i/4/6000
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = uint8(x/33+n), uint8(y/22+n), uint8((x+y)/66+n), 255
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, m, &jpeg.Options{Quality: 92}); err != nil {
		b.Fatal(err)
	}
	return file.Bytes()
}
