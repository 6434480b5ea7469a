package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/transfer"
)

// depot is a house where pictures come in, with a clock of its own.
type depot struct {
	*house
	uploads *transfer.Uploads
	servers [2]*transfer.Uploads // uploads, and those of another server on the same database
	records *stage.Records
	photog  account.Viewer
	owner   account.Viewer

	mu     sync.Mutex
	queued []id.ID
	aheads []int // of those
	failed int
	ahead  time.Duration
}

func (d *depot) TakeUpload(_ context.Context, _ pgx.Tx, uploadID id.ID, ahead int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queued, d.aheads = append(d.queued, uploadID), append(d.aheads, ahead)
	return nil
}

// Count counts a failure.
func (d *depot) Count(_ context.Context, sessionID id.ID, address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if sessionID != id.Nil && address == "somewhere" {
		d.failed++
	}
}

func (d *depot) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Add(d.ahead)
}

func (d *depot) later(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ahead += by
}

// newDepot lets files above 5 MiB up in parts of that size, the smallest that a store allows.
func newDepot(t *testing.T) *depot {
	t.Helper()
	d := &depot{house: newHouse(t), records: &stage.Records{}}
	d.photog, d.owner = viewer(d.Photographer), viewer(d.Owner)
	o := transfer.UploadOptions{
		DB: d.db.Pool, Jobs: d.jobs, Store: d.store, Tenants: account.NewTenants(d.db.Pool, "studio", time.Now), Queue: d, Security: d.records, Failures: d,
		Now: d.now, Log: slog.New(slog.DiscardHandler), Single: blob.MinPart, Part: blob.MinPart,
	}
	d.uploads = transfer.NewUploads(o)
	o.Jobs = job.NewJobs(d.db.Pool, nil, time.Now)
	d.servers = [2]*transfer.Uploads{d.uploads, transfer.NewUploads(o)}
	return d
}

func (d *depot) announcement(data []byte) transfer.Announcement {
	sum := sha256.Sum256(data)
	return transfer.Announcement{
		JobID: d.Package.PublicID(), Filename: "Küche.jpg", ContentType: "image/jpeg", Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]), Address: "somewhere",
	}
}

// announce announces data for the owner's package as somebody.
func (d *depot) announce(t *testing.T, v account.Viewer, data []byte) *transfer.Upload {
	t.Helper()
	u, refusals, err := d.uploads.Create(t.Context(), v, d.announcement(data))
	if err != nil || refusals != nil {
		t.Fatalf("announce: %+v, %v", refusals, err)
	}
	return u
}

// send puts a body to a link and returns the status; 499 where the store hung up.
func send(t *testing.T, url string, headers []blob.Header, body []byte) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		r.Header.Set(h.Name, h.Value)
	}
	answer, err := storeClient.Do(r)
	if err != nil {
		return 499
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

var storeClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// put sends data by the upload's own link.
func (d *depot) put(t *testing.T, u *transfer.Upload, data []byte) int {
	t.Helper()
	link, err := d.uploads.Link(u)
	if err != nil || link == nil {
		t.Fatalf("no link: %v", err)
	}
	return send(t, link.URL, link.Headers, data)
}

func (d *depot) complete(t *testing.T, v account.Viewer, u *transfer.Upload) (*transfer.Upload, []job.Refusal) {
	t.Helper()
	done, refusals, err := d.uploads.Complete(t.Context(), v, u.PublicID())
	if err != nil {
		t.Fatalf("complete: %v", err)
	}
	return done, refusals
}

// take takes an upload in and returns it as it is then.
func (d *depot) take(t *testing.T, u *transfer.Upload) *transfer.Upload {
	t.Helper()
	if err := d.uploads.Take(t.Context(), u.ID); err != nil {
		t.Fatalf("take: %v", err)
	}
	return d.read(t, u)
}

func (d *depot) read(t *testing.T, u *transfer.Upload) *transfer.Upload {
	t.Helper()
	uploads, err := d.uploads.ByIDs(t.Context(), d.admin, []id.ID{u.ID})
	if err != nil || len(uploads) != 1 {
		t.Fatalf("read: %v, %v", uploads, err)
	}
	return uploads[0]
}

// uploaded walks a picture from its announcement to its end.
func (d *depot) uploaded(t *testing.T, v account.Viewer, data []byte) *transfer.Upload {
	t.Helper()
	u := d.announce(t, v, data)
	if status := d.put(t, u, data); status != http.StatusOK {
		t.Fatalf("put: %d", status)
	}
	if _, refusals := d.complete(t, v, u); refusals != nil {
		t.Fatalf("complete: %+v", refusals)
	}
	return d.take(t, u)
}

func (d *depot) sweep(t *testing.T) {
	t.Helper()
	if err := d.uploads.Sweep(t.Context()); err != nil {
		t.Fatalf("sweep: %v", err)
	}
}

// keys are those of all objects under a prefix.
func (d *depot) keys(t *testing.T, prefix string) (all []string) {
	t.Helper()
	for o, err := range d.store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o.Key)
	}
	return all
}

func (d *depot) begun(t *testing.T) (n int) {
	t.Helper()
	for _, err := range d.store.Multiparts(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func (d *depot) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := d.db.Owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// events are how often each kind was recorded.
func (d *depot) events() map[string]int {
	all := map[string]int{}
	for _, i := range d.records.Incidents() {
		all[string(i.Event)+" "+i.Detail]++
	}
	return all
}

// large is a JPEG of more than so many bytes: comments stand between its head and its picture.
func large(t *testing.T, shade uint8, size int) []byte {
	t.Helper()
	small := photo(t, shade)
	out := bytes.NewBuffer(append([]byte{}, small[:2]...))
	comment := append([]byte{0xff, 0xfe, 0xff, 0xff}, bytes.Repeat([]byte{'x'}, 0xffff-2)...)
	for out.Len() < size {
		out.Write(comment)
	}
	out.Write(small[2:])
	return out.Bytes()
}

// sign returns the link of a part.
func (d *depot) sign(t *testing.T, v account.Viewer, u *transfer.Upload, number int, piece []byte) transfer.PartLink {
	t.Helper()
	sum := sha256.Sum256(piece)
	links, refusals, err := d.uploads.SignParts(t.Context(), v, "somewhere", u.PublicID(), []transfer.AnnouncedPart{{Number: number, SHA256: hex.EncodeToString(sum[:])}})
	if err != nil || refusals != nil || len(links) != 1 {
		t.Fatalf("sign: %+v, %v", refusals, err)
	}
	return links[0]
}

func pieces(data []byte) (all [][]byte) {
	for len(data) > 0 {
		n := min(len(data), blob.MinPart)
		all, data = append(all, data[:n]), data[n:]
	}
	return all
}
