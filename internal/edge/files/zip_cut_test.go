package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// cut reads n bytes of an answer and hangs up.
func (d *depot) cut(t testing.TB, client *http.Client, path string, n int64, into io.Writer, headers ...string) error {
	t.Helper()
	answer, err := d.askBy(t, client, "GET "+path, headers...)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusPartialContent {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	_, err = io.CopyN(into, answer.Body, n)
	return err
}

// resumed downloads an archive that is cut at random places, and returns the hash
// of what came together.
func (d *depot) resumed(t testing.TB, client *http.Client, path string, size int64, etag string, random *rand.Rand) ([32]byte, error) {
	t.Helper()
	sum := sha256.New()
	for at := int64(0); at < size; {
		n := min(1+random.Int64N(size), size-at)
		headers := []string{d.as(d.Owner)}
		if at > 0 {
			headers = append(headers, fmt.Sprintf("Range: bytes=%d-", at), "If-Range: "+etag)
		}
		if err := d.cut(t, client, path, n, sum, headers...); err != nil {
			return [32]byte{}, fmt.Errorf("from %d: %w", at, err)
		}
		at += n
	}
	return [32]byte(sum.Sum(nil)), nil
}

func TestFiftyCutDownloadsComeTogether(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 200, 200_000)
	whole, etag := d.whole(t, p.path(), d.Owner)
	if err := holds(whole, p, upTo(200)...); err != nil {
		t.Fatal(err)
	}
	want, size := sha256.Sum256(whole), int64(len(whole))
	var all sync.WaitGroup
	for n := range 50 {
		client := []*http.Client{d.old, d.new}[n%2]
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 50))
			var got [32]byte
			var err error
			for { // four at once are a customer's limit
				if got, err = d.resumed(t, client, p.path(), size, etag, random); err == nil || !strings.Contains(err.Error(), "429") {
					break
				}
				runtime.Gosched()
			}
			if err != nil || got != want {
				t.Errorf("download %d: %v, the same bytes: %t", n, err, got == want)
			}
		})
		if n%3 == 2 { // three at once
			all.Wait()
		}
	}
	all.Wait()
	eventually(t, "the ends of all records", func() bool { return d.count(t, "SELECT count(*) FROM delivery WHERE state = 'STARTED'") == 0 })
	if n := d.count(t, "SELECT count(*) FROM delivery WHERE state = 'CUT' AND resumed"); n == 0 {
		t.Error("no record says that a download was resumed and cut")
	}
	if n := d.count(t, "SELECT count(*) FROM image WHERE job_id = $1 AND delivered_at IS NULL", p.job); n != 0 {
		t.Errorf("%d pictures are not marked", n)
	}
}

// damages are the security events of pictures that the storage has damaged, by their
// detail. Each must say whose download it was.
func (d *depot) damages(t testing.TB) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, one := range d.records.Incidents() {
		if one.Event != audit.ArchiveDamaged {
			continue
		}
		all[one.Detail]++
		if one.TenantID == nil || *one.TenantID != d.TenantID || one.AccountID == nil || *one.AccountID != d.Owner.AccountID || one.IP.IsValid() || len(one.RequestID) != 32 {
			t.Errorf("%+v", one)
		}
	}
	return all
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// isObject reports whether a request is for an original, and for which of the pack.
func (p *pack) isObject(r *http.Request) (picture int, ok bool) {
	for i, key := range p.keys {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, key) {
			return i, true
		}
	}
	return 0, false
}

// bitten answers as the store does, with one byte of the body changed, or with
// less of it than is promised.
func bitten(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc, bite func(body []byte) []byte) {
	rec := &recorder{header: http.Header{}, status: 200}
	pass(rec, r)
	for name, values := range rec.header {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.status)
	body := bite(rec.body.Bytes())
	_, _ = w.Write(body)
	if len(body) < rec.body.Len() {
		panic(http.ErrAbortHandler)
	}
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// faults are what can befall an object, or the way to it. Some are overcome, none
// may come through as something else.
var faults = []struct {
	name string
	do   func(random *rand.Rand, w http.ResponseWriter, r *http.Request, pass http.HandlerFunc)
}{
	{"gone", func(_ *rand.Rand, w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
	}},
	{"replaced", func(_ *rand.Rand, w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.WriteHeader(http.StatusPreconditionFailed)
	}},
	{"replaced, by a store that minds no If-Match", func(_ *rand.Rand, w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		rec := &recorder{header: http.Header{}, status: 200}
		pass(rec, r)
		for name, values := range rec.header {
			w.Header()[name] = values
		}
		w.Header().Set("ETag", `"another"`)
		w.WriteHeader(rec.status)
		_, _ = w.Write(rec.body.Bytes())
	}},
	{"altered", func(random *rand.Rand, w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		bitten(w, r, pass, func(body []byte) []byte {
			if len(body) > 0 {
				body[random.IntN(len(body))] ^= 1 << random.IntN(8)
			}
			return body
		})
	}},
	{"shorter", func(_ *rand.Rand, w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		rec := &recorder{header: http.Header{}, status: 200}
		pass(rec, r)
		for name, values := range rec.header {
			w.Header()[name] = values
		}
		body := rec.body.Bytes()
		body = body[:len(body)*2/3]
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(rec.status)
		_, _ = w.Write(body)
	}},
	{"503", func(_ *rand.Rand, w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}},
	{"slow", func(random *rand.Rand, w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		select {
		case <-time.After(time.Duration(random.IntN(20)) * time.Millisecond):
		case <-r.Context().Done():
		}
		pass(w, r)
	}},
	{"reset", func(_ *rand.Rand, _ http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		panic(http.ErrAbortHandler)
	}},
	{"reset in mid-body", func(random *rand.Rand, w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		bitten(w, r, pass, func(body []byte) []byte { return body[:random.IntN(len(body)+1)] })
	}},
}

// TestNoFaultMakesAnArchiveThatLacksOrAltersAPicture injects a fault into each of a
// thousand downloads, some once and some for good, some of them cut and resumed.
func TestNoFaultMakesAnArchiveThatLacksOrAltersAPicture(t *testing.T) {
	t.Parallel()
	const shares, runs = 10, 100
	for share := range shares {
		t.Run(fmt.Sprint(share), func(t *testing.T) {
			t.Parallel()
			d := newDepot(t)
			p := d.pack(t, 8, 3000)
			d.add(t, p, "large.jpg", bytes.Repeat([]byte("0123456789abcdef"), 50_000)) // of several blocks
			whole, etag := d.whole(t, p.path(), d.Owner)
			came, refused, cut := map[string]int{}, map[string]int{}, map[string]int{}
			for run := share * runs; run < (share+1)*runs; run++ {
				fault := faults[run%len(faults)]
				got, told := d.faulty(t, p, run, int64(len(whole)), etag)
				sound := holds(got, p, upTo(9)...)
				switch {
				case sound == nil && !told && bytes.Equal(got, whole):
					came[fault.name]++
				case wellFormed(got):
					t.Errorf("run %d, %s: a well-formed archive, told %t: %v", run, fault.name, told, sound)
				case !told && run%3 != 0: // of two parts put together only the end is known
					t.Errorf("run %d, %s: %d bytes that are no archive, and the client was not told: %v", run, fault.name, len(got), sound)
				case len(got) == 0:
					refused[fault.name]++
				default:
					cut[fault.name]++
				}
			}
			t.Logf("whole: %v; refused before the first byte: %v; cut: %v", came, refused, cut)
			d.disturbWith(nil)
			if data, _ := d.whole(t, p.path(), d.Owner); !bytes.Equal(data, whole) {
				t.Error("afterwards the archive is another one")
			}
			for _, detail := range []string{"checksum", "changed", "missing"} {
				if d.damages(t)[detail] == 0 {
					t.Errorf("no security event for a picture that is damaged: %s", detail)
				}
			}
		})
	}
}

// faulty downloads with a fault injected, every third time in two parts, and
// returns what came and whether the client was told that it is not the whole.
func (d *depot) faulty(t testing.TB, p *pack, run int, size int64, etag string) (got []byte, told bool) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(run), 7))
	victim, always := random.IntN(len(p.keys)), random.IntN(2) == 0
	var once atomic.Bool
	d.disturbWith(func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if n, ok := p.isObject(r); ok && n == victim && (always || !once.Swap(true)) {
			faults[run%len(faults)].do(rand.New(rand.NewPCG(uint64(run), 8)), w, r, pass)
			return
		}
		pass(w, r)
	})
	client := []*http.Client{d.old, d.new}[run/len(faults)%2]
	var body bytes.Buffer
	if run%3 != 0 {
		err := d.whence(t, client, p.path(), &body)
		return body.Bytes(), err != nil
	}
	at := 1 + random.Int64N(size-1)
	err := d.cut(t, client, p.path(), at, &body, d.as(d.Owner))
	if err == nil {
		err = d.cut(t, client, p.path(), size-at, &body, d.as(d.Owner), fmt.Sprintf("Range: bytes=%d-", at), "If-Range: "+etag)
	}
	return body.Bytes(), err != nil
}

// whence downloads as a browser would, to the end or to the error.
func (d *depot) whence(t testing.TB, client *http.Client, path string, into io.Writer) error {
	t.Helper()
	answer, err := d.askBy(t, client, "GET "+path, d.as(d.Owner))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	_, err = io.Copy(into, answer.Body)
	return err
}

func TestWhatIsMissingAtTheStartIsNamedAndNothingLeaves(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 5, 2000)
	for name, spoil := range map[string]func(){
		"gone":    func() { _ = d.store.Delete(t.Context(), p.keys[3]) },
		"shorter": func() { _, _ = d.store.Put(t.Context(), p.keys[3], "image/jpeg", []byte("short")) },
		"altered": func() {
			_, _ = d.store.Put(t.Context(), p.keys[3], "image/jpeg", bytes.Repeat([]byte("x"), len(p.data[3])))
		},
	} {
		spoil()
		answer := d.ask(t, "GET "+p.path(), d.as(d.Owner))
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" || answer.Header.Get("Content-Disposition") != "" ||
			!strings.Contains(string(body), "Küche 003.jpg") || !strings.Contains(string(body), id.Image.Format(p.images[3])) || !strings.Contains(string(body), `"UNAVAILABLE"`) {
			t.Errorf("%s: %d %s", name, answer.StatusCode, body)
		}
		if n := d.count(t, "SELECT count(*) FROM delivery") + d.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 0 {
			t.Errorf("%s: something was delivered", name)
		}
		// A continuation is refused where it touches the picture, before its first byte if that comes first.
		if got := d.ask(t, "GET "+p.named(3, 4), d.as(d.Owner), "Range: bytes=50-"); got.StatusCode != 503 {
			t.Errorf("%s, a range: %d", name, got.StatusCode)
		}
	}
	if got := d.damages(t); got["missing"] != 2 || got["changed"] != 4 || len(got) != 2 { // by the list and by the range
		t.Errorf("security events %v", got)
	}
}

// A customer who reads nothing must not make us read everything.
func TestASlowClientHoldsNoMoreThanTheWindow(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 40, 1)
	for i := range 40 {
		d.add(t, p, fmt.Sprintf("large %d.jpg", i), bytes.Repeat([]byte{byte(i), 1, 2, 3}, 500_000))
	}
	d.read.Store(0)
	answer, err := d.askBy(t, d.old, "GET "+p.path(), d.as(d.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	last, still := int64(-1), 0
	eventually(t, "the stream to stand still", func() bool {
		if now := d.read.Load(); now != last {
			last, still = now, 0
		} else {
			still++
		}
		return still > 100
	})
	// The window, and what the sockets of three connections and five to the store hold.
	if most := int64(45 << 20); last > most || last < 1<<20 {
		t.Errorf("%d bytes of %d were read ahead", last, answer.ContentLength)
	}
	rest, err := io.Copy(io.Discard, answer.Body)
	if err != nil || rest != answer.ContentLength {
		t.Errorf("afterwards: %d bytes of %d, %v", rest, answer.ContentLength, err)
	}
}

// The limits that a server puts on requests must not end a long download.
func TestALongDownloadOutlivesTheLimitsOfRequests(t *testing.T) {
	t.Parallel()
	d := newDepot(t, func(s *http.Server) { s.ReadTimeout, s.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond })
	p := d.pack(t, 12, 20_000)
	d.disturbWith(func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if n, ok := p.isObject(r); ok && n > 0 {
			select {
			case <-time.After(300 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
		pass(w, r)
	})
	for name, client := range map[string]*http.Client{"HTTP/1.1": d.old, "HTTP/2": d.new} {
		var got bytes.Buffer
		began := time.Now()
		if err := d.whence(t, client, p.path(), &got); err != nil || holds(got.Bytes(), p, upTo(12)...) != nil {
			t.Errorf("%s: %v after %s\n%s", name, err, time.Since(began), d.log)
		}
		if time.Since(began) < 600*time.Millisecond {
			t.Errorf("%s: it took only %s", name, time.Since(began))
		}
	}
}

func TestRevocationEndsAStreamWithinAFewFiles(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(d *depot, p *pack){
		"the session is revoked": func(d *depot, _ *pack) {
			d.Exec(t, "UPDATE session SET revoked_at = now() WHERE id = $1", d.Owner.SessionID)
		},
		"the account is blocked": func(d *depot, _ *pack) {
			d.Exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", d.Owner.AccountID)
		},
		"the membership ends": func(d *depot, _ *pack) {
			d.Exec(t, "UPDATE account SET valid_until = now() WHERE id = $1", d.Owner.AccountID)
		},
		"the device is removed": func(d *depot, _ *pack) {
			d.Exec(t, "UPDATE device SET removed_at = now() WHERE id = $1", d.Owner.DeviceID)
		},
		"the job gets another one": func(d *depot, p *pack) {
			d.Exec(t, "UPDATE job SET account_id = $2 WHERE id = $1", p.job, d.Other.AccountID)
		},
		"a picture is withdrawn": func(d *depot, p *pack) {
			d.Exec(t, "UPDATE image SET selection_state = 'BLOCKED' WHERE id = $1", p.images[39])
		},
	} {
		for version := range 2 {
			t.Run(fmt.Sprintf("%s, HTTP/%d", name, version+1), func(t *testing.T) {
				t.Parallel()
				d := newDepot(t)
				p := d.pack(t, 40, 5000)
				client := []*http.Client{d.old, d.new}[version]
				const changeAt = 10
				arrived, done := make(chan struct{}), make(chan struct{})
				var last atomic.Int64
				var once sync.Once
				d.disturbWith(func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
					if n, ok := p.isObject(r); ok {
						last.Store(max(last.Load(), int64(n)))
						if n >= changeAt {
							once.Do(func() { close(arrived) })
							<-done
						}
					}
					pass(w, r)
				})
				go func() {
					<-arrived
					change(d, p)
					close(done)
				}()
				var got bytes.Buffer
				err := d.whence(t, client, p.path(), &got)
				files := bytes.Count(got.Bytes(), []byte("PK\x03\x04"))
				if err == nil || wellFormed(got.Bytes()) || files > changeAt+6 {
					t.Errorf("%v after %d files", err, files)
				}
				if n := d.count(t, "SELECT count(*) FROM delivery WHERE state = 'FINISHED'"); n != 0 {
					t.Errorf("%d records say that it came whole", n)
				}
			})
		}
	}
}

// The fifth at once waits; what was waited for comes.
func TestFourArchivesAtOnce(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p, q := d.pack(t, 3, 1000), d.pack(t, 2, 1000)
	held, first := make(chan struct{}), make(chan struct{}, 100)
	d.disturbWith(func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if _, ok := p.isObject(r); ok {
			first <- struct{}{}
			<-held
		}
		pass(w, r)
	})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var got bytes.Buffer
			if err := d.whence(t, d.new, p.path(), &got); err != nil || holds(got.Bytes(), p, 0, 1, 2) != nil {
				t.Errorf("one of four: %v", err)
			}
		})
	}
	for range 4 * 3 {
		<-first
	}
	fifth := d.ask(t, "GET "+q.path(), d.as(d.Owner))
	if body, _ := io.ReadAll(fifth.Body); fifth.StatusCode != 429 || fifth.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "RATE_LIMITED") {
		t.Errorf("the fifth: %d %s", fifth.StatusCode, body)
	}
	if got := d.ask(t, "HEAD "+q.path(), d.as(d.Owner)); got.StatusCode != 200 {
		t.Errorf("HEAD counts: %d", got.StatusCode)
	}
	if got := d.ask(t, "GET "+q.path(), d.as(d.Admin)); got.StatusCode != 200 {
		t.Errorf("somebody else's first: %d", got.StatusCode)
	}
	close(held)
	all.Wait()
	eventually(t, "a free slot", func() bool { return d.ask(t, "GET "+q.path(), d.as(d.Owner)).StatusCode == 200 })
}

// Whoever was handed a link holds three places of its account: the owner's own archive comes
// nevertheless, be it by a link, too.
func TestLinksDoNotLockTheirOwnerOut(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p, q := d.pack(t, 3, 1000), d.pack(t, 2, 1000)
	held, first := make(chan struct{}), make(chan struct{}, 100)
	d.disturbWith(func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if _, ok := p.isObject(r); ok {
			first <- struct{}{}
			<-held
		}
		pass(w, r)
	})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			answer, err := d.askBy(t, d.new, "GET "+d.ticketed(p, d.Owner))
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			if got, err := io.ReadAll(answer.Body); err != nil || holds(got, p, 0, 1, 2) != nil {
				t.Errorf("one of three by a link: %d, %v", answer.StatusCode, err)
			}
		})
	}
	for range 3 * 3 {
		<-first
	}
	for name, c := range map[string]struct {
		path    string
		headers []string
		status  int
	}{
		"a fourth by a link":                              {d.ticketed(q, d.Owner), nil, 429},
		"a fourth by a link, for somebody else's session": {d.ticketed(q, d.Owner), []string{d.as(d.Other)}, 429},
		"a contact sheet by a link":                       {d.archives.SheetLink(viewerOf(d.Owner), &job.Job{ID: q.job, TenantID: d.TenantID}), nil, 429},
		"the owner's own":                                 {q.path(), []string{d.as(d.Owner)}, 200},
		"the owner's own, by a link":                      {d.ticketed(q, d.Owner), []string{d.as(d.Owner)}, 200},
	} {
		status := func() int {
			answer := d.ask(t, "GET "+c.path, c.headers...)
			_, _ = io.Copy(io.Discard, answer.Body)
			return answer.StatusCode
		}
		if c.status == http.StatusOK { // the one before may not have left yet
			eventually(t, name, func() bool { return status() == c.status })
		} else if got := status(); got != c.status {
			t.Errorf("%s: %d, want %d", name, got, c.status)
		}
	}
	close(held)
	all.Wait()
}

// Who goes away leaves nothing running.
func TestAClientThatLeavesEndsTheReading(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 20, 2000)
	reached := make(chan struct{})
	var once sync.Once
	d.disturbWith(func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if n, ok := p.isObject(r); ok && n == 6 {
			once.Do(func() { close(reached) })
			<-r.Context().Done() // the store says nothing more
			return
		}
		pass(w, r)
	})
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.server.URL+p.path(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "api.pix.test"
	r.Header.Set("Authorization", "Bearer "+d.Owner.Token)
	go func() { <-reached; leave() }()
	answer, err := d.new.Do(r)
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	eventually(t, "the record of a cut download", func() bool { return d.count(t, "SELECT count(*) FROM delivery WHERE state = 'CUT'") == 1 })
}

// The end of an altered picture never leaves, so that no program can take it for
// whole.
func TestTheEndOfAnAlteredPictureIsHeldBack(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 3, 2000)
	d.add(t, p, "large.jpg", bytes.Repeat([]byte("0123456789abcdef"), 100_000))
	whole, _ := d.whole(t, p.path(), d.Owner)
	end := bytes.Index(whole, p.data[3]) + len(p.data[3])
	d.disturbWith(func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if n, ok := p.isObject(r); ok && n == 3 {
			bitten(w, r, pass, func(body []byte) []byte { body[0]++; return body })
			return
		}
		pass(w, r)
	})
	for name, client := range map[string]*http.Client{"HTTP/1.1": d.old, "HTTP/2": d.new} {
		var got bytes.Buffer
		if err := d.whence(t, client, p.path(), &got); err == nil || got.Len() >= end || got.Len() < end-(256<<10) {
			t.Errorf("%s: %v after %d bytes; the picture ends at %d", name, err, got.Len(), end)
		}
	}
	if got := d.damages(t); got["checksum"] != 2 || len(got) != 1 {
		t.Errorf("security events %v, want 2 of checksum", got)
	}
	eventually(t, "two events of cut answers", func() bool { return strings.Count(d.log.String(), `"aborted":true`) == 2 })
}
