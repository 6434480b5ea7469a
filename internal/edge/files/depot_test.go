package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/dossier"
	"pixgate/internal/edge"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/logs"
	"pixgate/internal/secret"
	"pixgate/internal/session"
	"pixgate/internal/transfer"
	"pixgate/queries"
)

const (
	api = "https://api.pix.test" // the host of every request
	web = "https://pix.test"     // the one listed origin

	csrfSecret = "csrf secret of a test, long enough"
)

// depot is the way of an archive on real parts: database, sessions, an S3 server
// that can be disturbed, the chain, and a server that speaks both versions of HTTP.
type depot struct {
	*cast.Cast
	db       *stage.DB
	store    *blob.Store // not by way of the disturbance
	archives *transfer.Archives
	handler  http.Handler
	server   *httptest.Server
	old, new *http.Client // HTTP/1.1 and HTTP/2

	log     *safeBuffer
	records stage.Records
	later   atomic.Int64 // how far the clock is ahead, in nanoseconds

	read    atomic.Int64 // bytes that came from the store
	mu      sync.Mutex
	disturb disturbance

	finished finished
}

// disturbance stands between us and the store. It answers, or passes on.
type disturbance func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc)

type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (d *depot) now() time.Time { return time.Now().Add(time.Duration(d.later.Load())) }

func (d *depot) disturbWith(f disturbance) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.disturb = f
}

// counted counts what the store sends.
type counted struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n.Add(int64(n))
	return n, err
}

func (c counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func newDepot(t testing.TB, change ...func(*http.Server)) *depot {
	t.Helper()
	return newDepotWith(t, func(*edge.Options) {}, change...)
}

// newDepotWith is newDepot with other options.
func newDepotWith(t testing.TB, other func(*edge.Options), change ...func(*http.Server)) *depot {
	t.Helper()
	d := &depot{db: stage.Database(t), log: &safeBuffer{}}
	d.Cast = cast.New(t, d.db.Owner)
	bucket := stage.Bucket(t)
	target, err := url.Parse(bucket.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}
	forward := &httputil.ReverseProxy{
		Transport: transport, ErrorLog: log.New(io.Discard, "", 0), FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
	}
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		disturb := d.disturb
		d.mu.Unlock()
		out := counted{w, &d.read}
		if disturb == nil {
			forward.ServeHTTP(out, r)
			return
		}
		disturb(out, r, forward.ServeHTTP)
	}))
	t.Cleanup(func() { between.Close(); transport.CloseIdleConnections() })
	open := func(endpoint string) *blob.Store {
		s, err := blob.Open(t.Context(), blob.Options{
			Endpoint: endpoint, Region: bucket.Region, Bucket: bucket.Bucket, AccessKeyID: bucket.AccessKeyID, SecretAccessKey: bucket.SecretAccessKey,
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	d.store = open(bucket.Endpoint)
	log := logs.New(d.log, slog.LevelDebug)
	tenants := account.NewTenants(d.db.Pool, "studio", d.now)
	jobs := job.NewJobs(d.db.Pool, audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), d.now), d.now)
	sessions := session.New(session.Options{DB: d.db.Pool, Tenants: tenants, Codes: secret.NewRing("otp secret of a test, long enough", ""), Now: d.now, Log: log})
	store := open(between.URL)
	limits := stage.Limits(t, nil)
	d.archives = transfer.NewArchives(transfer.ArchiveOptions{
		DB: d.db.Pool, Jobs: jobs, Store: store, Sessions: sessions, Security: &d.records, Places: limits.Places(gate.Archives), Tickets: secret.NewRing("ticket secret of a test, long enough", ""), Now: d.now, Log: log,
		Heralds: []transfer.Herald{&d.finished},
	})
	options := edge.Options{
		Log: log, Now: d.now, Secure: true, PublicURLs: []string{api}, Origins: []string{web},
		CSRF:   secret.NewRing(csrfSecret, ""),
		Limits: limits, Security: &d.records, Meter: &d.records,
		Tenants: tenants, Sessions: sessions, Downloads: transfer.NewDownloads(d.db.Pool, jobs, store.Presigner(), time.Minute, d.now), Archives: d.archives,
		Journal:  journal.New(journal.Options{DB: d.db.Pool, Tenants: tenants, Sessions: sessions, Now: d.now}),
		Dossiers: dossier.New(dossier.Options{DB: d.db.Pool, Tenants: tenants, Sessions: sessions, Now: d.now, Log: log}),
		Ready:    d.db.Pool.Ping, GraphQL: http.NotFoundHandler(), Playground: http.NotFoundHandler(),
	}
	other(&options)
	d.handler = edge.New(options)
	d.server = httptest.NewUnstartedServer(d.handler)
	d.server.EnableHTTP2 = true
	d.server.Config.ErrorLog = nil
	for _, c := range change {
		c(d.server.Config)
	}
	d.server.StartTLS()
	t.Cleanup(d.server.Close)
	d.new = d.server.Client()
	plain := d.new.Transport.(*http.Transport).Clone()
	plain.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	plain.TLSClientConfig.NextProtos = []string{"http/1.1"}
	plain.ForceAttemptHTTP2 = false
	d.old = &http.Client{Transport: plain}
	t.Cleanup(d.old.CloseIdleConnections)
	return d
}

// pack is a job with pictures whose objects exist.
type pack struct {
	job    id.ID
	images []id.ID
	names  []string
	data   [][]byte
	keys   []string
}

func (p *pack) path() string { return "/jobs/" + id.Job.Format(p.job) + "/download.zip" }

func (p *pack) named(n ...int) string {
	query := url.Values{}
	for _, i := range n {
		query.Add("image", id.Image.Format(p.images[i]))
	}
	return p.path() + "?" + query.Encode()
}

// pack makes a job of the owner's with n released pictures of about size bytes.
func (d *depot) pack(t testing.TB, n, size int) *pack {
	t.Helper()
	p := &pack{job: id.New(time.Now())}
	d.Exec(t, `INSERT INTO job (id, tenant_id, account_id, customer_email_key, customer_email, title, included_images, all_images_included, created_at)
		VALUES ($1, $2, $3, $4, $4, 'Häuser am Süd/West "7"', 1000, false, '2026-05-04T10:00:00Z')`, p.job, d.TenantID, d.Owner.AccountID, d.Owner.Email)
	random := rand.New(rand.NewPCG(uint64(n), uint64(size)))
	for i := range n {
		data := make([]byte, size+random.IntN(size/4+1))
		for at := range data {
			data[at] = byte(random.Uint32())
		}
		d.add(t, p, fmt.Sprintf("Küche %03d.jpg", i), data)
	}
	return p
}

// add puts a picture into a pack.
func (d *depot) add(t testing.TB, p *pack, name string, data []byte) {
	t.Helper()
	sum := sha256.Sum256(data)
	key := fmt.Sprintf("tenants/studio/jobs/%s/%x/original", p.job, sum)
	object, err := d.store.Put(context.Background(), key, "image/jpeg", data)
	if err != nil {
		t.Fatal(err)
	}
	made := id.New(time.Now())
	taken := time.Date(2026, 5, 4, 10, len(p.images)%60, 0, 0, time.UTC)
	if _, err := queries.New(d.db.Owner).InsertImage(context.Background(), queries.InsertImageParams{
		ID: made, TenantID: d.TenantID, JobID: p.job, Position: int32(len(p.images)), Filename: name, ContentType: "image/jpeg",
		Size: int64(len(data)), Width: 3000, Height: 2000, CapturedAt: &taken, Sha256: sum[:], Crc32: int64(crc32.ChecksumIEEE(data)),
		ObjectKey: key, Etag: object.ETag, SmallKey: key + "s", MediumKey: key + "m", SourceKey: key, SourceEtag: object.ETag, Now: time.Now(),
	}); err != nil {
		t.Fatal(err)
	}
	d.Exec(t, "UPDATE image SET selection_state = 'INCLUDED' WHERE id = $1", made)
	p.images, p.names, p.data, p.keys = append(p.images, made), append(p.names, name), append(p.data, data), append(p.keys, key)
}

// ask sends "METHOD /path", by HTTP/2, with headers given as "Name: value".
func (d *depot) ask(t testing.TB, line string, headers ...string) *http.Response {
	t.Helper()
	answer, err := d.askBy(t, d.new, line, headers...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func (d *depot) askBy(t testing.TB, client *http.Client, line string, headers ...string) (*http.Response, error) {
	t.Helper()
	verb, path, _ := strings.Cut(line, " ")
	r, err := http.NewRequestWithContext(t.Context(), verb, d.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "api.pix.test"
	r.Header.Set("Accept-Encoding", "identity")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	return client.Do(r)
}

func (d *depot) as(p *cast.Person) string { return "Authorization: Bearer " + p.Token }

// whole downloads an archive that must come whole.
func (d *depot) whole(t testing.TB, path string, who *cast.Person) (data []byte, etag string) {
	t.Helper()
	answer := d.ask(t, "GET "+path, d.as(who))
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d, %d bytes, %v\n%s", answer.StatusCode, len(data), err, d.log)
	}
	return data, answer.Header.Get("ETag")
}

func (d *depot) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := d.db.Owner.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits for what another goroutine brings about.
func eventually(t testing.TB, what string, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !happened(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
