package bench_test

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"pixgate/internal/blob"
	"pixgate/internal/dev/bench"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
)

// copyEnv makes this test binary a process that sends objects of a store one after
// another: as they are, and by archive/zip as most programs do.
const copyEnv = "PIXGATE_BENCH_COPY_ADDR"

func serveCopies(addr string) {
	store, err := blob.Open(context.Background(), blob.Options{
		Endpoint: os.Getenv("S3_ENDPOINT"), Region: os.Getenv("S3_REGION"), Bucket: os.Getenv("S3_BUCKET"),
		AccessKeyID: os.Getenv("S3_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("S3_SECRET_ACCESS_KEY"),
	})
	if err != nil {
		panic(err)
	}
	each := func(r *http.Request, send func(name string, body io.Reader) error) {
		for object, err := range store.List(r.Context(), r.URL.Query().Get("prefix")) {
			if err != nil {
				panic(err)
			}
			body, _, err := store.Get(r.Context(), object.Key, blob.GetOptions{})
			if err != nil {
				panic(err)
			}
			err = send(object.Key, body)
			body.Close()
			if err != nil {
				panic(http.ErrAbortHandler)
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/copy", func(w http.ResponseWriter, r *http.Request) {
		each(r, func(_ string, body io.Reader) error {
			_, err := io.Copy(w, body)
			return err
		})
	})
	mux.HandleFunc("/zip", func(w http.ResponseWriter, r *http.Request) {
		archive := zip.NewWriter(w)
		each(r, func(name string, body io.Reader) error {
			entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
			if err != nil {
				return err
			}
			_, err = io.Copy(entry, body)
			return err
		})
		_ = archive.Close()
	})
	panic(http.ListenAndServe(addr, mux))
}

// depot is a server and a copier over the same pictures.
type depot struct {
	*cast.Cast
	server, copier *bench.Process
	bucket         *stage.Store
	store          *blob.Store
}

func newDepot(b *testing.B) *depot {
	b.Helper()
	db := stage.Database(b)
	d := &depot{Cast: cast.New(b, db.Owner), bucket: stage.Bucket(b)}
	target, err := url.Parse(d.bucket.Endpoint)
	if err != nil {
		b.Fatal(err)
	}
	late := httptest.NewServer(&httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), FlushInterval: -1, Transport: &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			time.Sleep(30 * time.Millisecond)
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
	})
	b.Cleanup(late.Close)
	endpoint := d.bucket.Endpoint
	if strings.HasSuffix(b.Name(), "Latency") {
		endpoint = late.URL
	}
	if d.store, err = blob.Open(b.Context(), blob.Options{
		Endpoint: d.bucket.Endpoint, Region: d.bucket.Region, Bucket: d.bucket.Bucket, AccessKeyID: d.bucket.AccessKeyID, SecretAccessKey: d.bucket.SecretAccessKey,
	}); err != nil {
		b.Fatal(err)
	}
	env := []string{
		"S3_ENDPOINT=" + endpoint, "S3_REGION=" + d.bucket.Region, "S3_BUCKET=" + d.bucket.Bucket,
		"S3_ACCESS_KEY_ID=" + d.bucket.AccessKeyID, "S3_SECRET_ACCESS_KEY=" + d.bucket.SecretAccessKey,
	}
	d.server = startServer(b, db, env...)
	at := addr(b)
	if d.copier, err = bench.Start("http://"+at, "/", append(env, copyEnv+"="+at), os.Args[0]); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(d.copier.Stop)
	return d
}

// pack makes a job with n released pictures of size bytes, and returns its id.
func (d *depot) pack(b *testing.B, n, size int) id.ID {
	b.Helper()
	made := id.New(time.Now())
	d.Exec(b, `INSERT INTO job (id, tenant_id, account_id, customer_email_key, customer_email, title, included_images, all_images_included, created_at)
		VALUES ($1, $2, $3, $4, $4, 'Bench', 0, true, now())`, made, d.TenantID, d.Owner.AccountID, d.Owner.Email)
	data := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = random.Read(data) // never fails
	for i := range n {
		copy(data, fmt.Sprintf("picture %06d", i))
		sum := sha256.Sum256(data)
		key := fmt.Sprintf("tenants/studio/jobs/%s/%x/original", made, sum)
		object, err := d.store.Put(context.Background(), key, "image/jpeg", data)
		if err != nil {
			b.Fatal(err)
		}
		d.Exec(b, `INSERT INTO image (id, tenant_id, job_id, position, filename, content_type, size, width, height, sha256, crc32, object_key, etag,
			small_key, medium_key, source_key, source_etag, created_at) VALUES ($1, $2, $3, $4, $5, 'image/jpeg', $6, 1, 1, $7, $8, $9, $10, 's', 'm', 's', 'e', now())`,
			id.New(time.Now()), d.TenantID, made, i, fmt.Sprintf("Villa am See %d.jpg", i), size, sum[:], int64(crc32.ChecksumIEEE(data)), key, object.ETag)
	}
	return made
}

// fetched is what a download cost.
type fetched struct {
	bytes       int64
	first, took time.Duration
	cpu         time.Duration // of the server
	etag        string
}

func (f fetched) rate() float64 { return float64(f.bytes) / 1e6 / f.took.Seconds() }
func (f fetched) perGB() float64 {
	return f.cpu.Seconds() / (float64(f.bytes) / 1e9)
}

func (d *depot) fetch(b *testing.B, p *bench.Process, path string, headers ...string) fetched {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, p.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.Owner.Token)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	before, err := p.CPU()
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	buffer := make([]byte, 1<<20)
	n, err := answer.Body.Read(buffer[:1])
	if err != nil && n == 0 {
		b.Fatal(err)
	}
	got := fetched{first: time.Since(began), etag: answer.Header.Get("ETag")}
	rest, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, answer.Body, buffer)
	if err != nil || answer.StatusCode >= 300 || answer.ContentLength >= 0 && rest+1 != answer.ContentLength {
		b.Fatalf("%d, %d bytes of %d: %v", answer.StatusCode, rest+1, answer.ContentLength, err)
	}
	got.took, got.bytes = time.Since(began), rest+1
	after, err := p.CPU()
	if err != nil {
		b.Fatal(err)
	}
	got.cpu = after - before
	return got
}

func zipOf(job id.ID) string { return "/jobs/" + id.Job.Format(job) + "/download.zip" }

func prefixOf(job id.ID) string { return "?prefix=tenants/studio/jobs/" + job.String() + "/" }

// BenchmarkZIP sends 200 pictures, 4.5 GB, as the server does, beside copying them
// and beside archive/zip, in turns within one run; then it cuts and resumes. It
// wants the server's memory to grow by less than 64 MiB.
func BenchmarkZIP(b *testing.B) {
	d := newDepot(b)
	small := d.pack(b, 4, 1<<20)
	d.fetch(b, d.server, zipOf(small))
	memory := peak(b, d.server)
	job := d.pack(b, 200, 22_500_000)
	var ours, copied, others fetched
	for _, one := range []struct {
		into *fetched
		from *bench.Process
		path string
	}{
		{&ours, d.server, zipOf(job)}, {&copied, d.copier, "/copy" + prefixOf(job)}, {&others, d.copier, "/zip" + prefixOf(job)},
		{&ours, d.server, zipOf(job)}, {&copied, d.copier, "/copy" + prefixOf(job)}, {&others, d.copier, "/zip" + prefixOf(job)},
	} {
		got := d.fetch(b, one.from, one.path)
		one.into.bytes += got.bytes
		one.into.took += got.took
		one.into.cpu += got.cpu
		one.into.etag = got.etag
	}
	for name, one := range map[string]fetched{"server": ours, "io.Copy": copied, "CreateHeader": others} {
		b.Logf("%-12s %.0f MB/s, %.3f CPU seconds a GB", name, one.rate(), one.perGB())
	}
	b.ReportMetric(ours.perGB()/copied.perGB(), "x-cpu-copy")
	b.ReportMetric(ours.perGB()/others.perGB(), "x-cpu-createheader")
	b.ReportMetric(ours.perGB(), "cpu-s/GB")
	b.ReportMetric(ours.rate(), "MB/s")

	// The same at both ends and in the middle, of a small archive and of a large one.
	small200 := d.pack(b, 200, 20_000)
	size, size200 := ours.bytes/2, d.fetch(b, d.server, zipOf(small200)).bytes
	first := func(path, etag string, at int64) time.Duration {
		least := time.Hour
		for range 5 {
			least = min(least, d.fetch(b, d.server, path, fmt.Sprintf("Range: bytes=%d-%d", at, at+1000), "If-Range: "+etag).first)
		}
		return least
	}
	tag200 := d.fetch(b, d.server, zipOf(small200)).etag
	b.ReportMetric(float64(first(zipOf(job), ours.etag, size/2).Microseconds())/1000, "ms-to-continue-4.5GB")
	b.ReportMetric(float64(first(zipOf(small200), tag200, size200/2).Microseconds())/1000, "ms-to-continue-4MB")
	b.ReportMetric(float64(d.fetch(b, d.server, zipOf(small200)).first.Microseconds())/1000, "ms-to-start")
	grown := peak(b, d.server) - memory
	b.ReportMetric(float64(grown)/(1<<20), "MiB-grown")
	if grown > 64<<20 {
		b.Errorf("the server's memory grew by %d MiB", grown>>20)
	}
	b.ReportMetric(0, "ns/op") // one run is the whole measurement
}

// BenchmarkZIPResumed downloads 200 pictures, 4.5 GB, fifty times, each cut at random
// places and resumed: the same SHA-256 each time, while the server's memory grows by
// less than 64 MiB and it writes nothing to disk.
func BenchmarkZIPResumed(b *testing.B) {
	d := newDepot(b)
	d.fetch(b, d.server, zipOf(d.pack(b, 4, 1<<20)))
	memory := peak(b, d.server)
	path := zipOf(d.pack(b, 200, 22_500_000))
	whole := sha256.New()
	size, etag := d.part(b, path, whole, 0, 1<<62)
	want, random, cuts := [32]byte(whole.Sum(nil)), rand.New(rand.NewPCG(1, 2)), 0
	for range 50 {
		sum, at := sha256.New(), int64(0)
		for at < size {
			n, _ := d.part(b, path, sum, at, 1+random.Int64N(size), "If-Range: "+etag)
			at += n
			cuts++
		}
		if [32]byte(sum.Sum(nil)) != want {
			b.Fatal("what came together is another file")
		}
	}
	grown := peak(b, d.server) - memory
	written, err := d.server.Written()
	if err != nil || written > 0 || grown > 64<<20 {
		b.Errorf("memory grew by %d MiB, %d bytes written to disk, %v", grown>>20, written, err)
	}
	b.ReportMetric(float64(grown)/(1<<20), "MiB-grown")
	b.ReportMetric(float64(written), "B-written")
	b.ReportMetric(float64(cuts), "parts")
	b.ReportMetric(0, "ns/op")
}

// part reads at most n bytes of a file from at, and hangs up.
func (d *depot) part(b *testing.B, path string, into io.Writer, at, n int64, headers ...string) (read int64, etag string) {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, d.server.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.Owner.Token)
	if at > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", at))
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if want := map[bool]int{false: http.StatusOK, true: http.StatusPartialContent}[at > 0]; answer.StatusCode != want {
		b.Fatalf("status %d", answer.StatusCode)
	}
	read, err = io.CopyBuffer(struct{ io.Writer }{into}, io.LimitReader(answer.Body, n), make([]byte, 1<<20))
	if err != nil {
		b.Fatal(err)
	}
	return read, answer.Header.Get("ETag")
}

// BenchmarkZIPLatency is the same on a store that takes 30 ms to its first byte,
// beside reading one object after another.
func BenchmarkZIPLatency(b *testing.B) {
	d := newDepot(b)
	job := d.pack(b, 200, 300_000)
	ours, copied := d.fetch(b, d.server, zipOf(job)), d.fetch(b, d.copier, "/copy"+prefixOf(job))
	b.Logf("server %.1f MB/s, one after another %.1f MB/s", ours.rate(), copied.rate())
	b.ReportMetric(ours.rate()/copied.rate(), "x-speed")
	b.ReportMetric(ours.rate(), "MB/s")
	b.ReportMetric(0, "ns/op")
}

// peak is the most memory that a process has used, in bytes.
func peak(b *testing.B, p *bench.Process) int64 {
	b.Helper()
	most, err := p.Memory()
	if err != nil {
		b.Fatal(err)
	}
	return most
}
