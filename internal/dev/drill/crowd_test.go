package drill_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/job"
)

// What an account may have running at once, on all servers together, and how often an
// address may ask.
const (
	archivesAtOnce = 4
	streamsAtOnce  = 10
	knocksAMinute  = 60
)

// gauge is how many of something run at the moment, as their client sees it: between the
// first byte and the end. The server has each of them for longer than that.
type gauge struct{ now, most, opened, refused atomic.Int64 }

// in counts one more, until out.
func (g *gauge) in() (out func()) {
	g.opened.Add(1)
	for now := g.now.Add(1); ; {
		if most := g.most.Load(); now <= most || g.most.CompareAndSwap(most, now) {
			break
		}
	}
	return sync.OnceFunc(func() { g.now.Add(-1) })
}

// pushers try all the time to have more than they may.
type pushers struct {
	f        *fleet
	person   *cast.Person
	watched  *cast.Job
	archive  string // path
	archives gauge
	streams  gauge
	knocks   atomic.Int64 // that were let through
}

// newPushers makes somebody with a job that is watched, and another with the pictures of a folder.
func (f *fleet) newPushers(t *testing.T, folder string, pictures int) *pushers {
	t.Helper()
	p := &pushers{f: f, person: f.Person(t, f.TenantID, "tireless@example.com", account.Customer)}
	f.know(p.person)
	p.watched = f.Job(t, p.person, f.Photographer, true)
	f.Image(t, f.TenantID, p.watched.ID, 500, job.None)
	p.archive = "/jobs/" + f.filled(t, p.person, folder, pictures) + "/download.zip"
	return p
}

// work is what they do at the same time: as many as could be served if each server counted
// for itself.
func (p *pushers) work() []func(context.Context) {
	all := []func(context.Context){p.knock, p.knock}
	for range fleetSize * archivesAtOnce {
		all = append(all, p.pull)
	}
	for range fleetSize * streamsAtOnce {
		all = append(all, p.listen)
	}
	return all
}

// knock asks from one address, signed out.
func (p *pushers) knock(ctx context.Context) {
	c := p.f.app().calling("82.0.0.7")
	for ctx.Err() == nil {
		a, err := c.graphql("{ viewer { id } }", nil)
		switch {
		case err != nil || a.status >= 500:
		case a.status == http.StatusOK:
			p.knocks.Add(1)
		default:
			p.f.must(a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "", "a knock is answered with %s", a)
		}
		pause(ctx, 40*time.Millisecond)
	}
}

// pull opens archives and leaves them before their end.
func (p *pushers) pull(ctx context.Context) {
	c := p.f.as(p.person)
	for ctx.Err() == nil {
		// Not by ctx: its end would cut what is still counted.
		got, status, after, err := p.f.read(context.WithoutCancel(ctx), c, p.archive, func(body io.Reader) error {
			defer p.archives.in()()
			for end := time.Now().Add(time.Second); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 20*time.Millisecond) {
				if _, err := io.CopyN(io.Discard, body, 64<<10); err != nil { // far from all of it in a second
					return err
				}
			}
			return nil
		})
		p.f.must(err != nil || status >= 500 || status == http.StatusOK && got || status == http.StatusTooManyRequests && after > 0 && after <= 5*time.Second,
			"an archive too many is answered with %d, Retry-After %s", status, after)
		if status == http.StatusTooManyRequests {
			p.archives.refused.Add(1)
		}
		pause(ctx, 150*time.Millisecond)
	}
}

// read asks for a path and has an answer with a body read; got says that there was one. The
// answer ends when it has been read as far as it was.
func (f *fleet) read(ctx context.Context, c *caller, path string, body func(io.Reader) error, headers ...string) (got bool, status int, after time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, http.NoBody)
	if err != nil {
		return false, 0, 0, err
	}
	r.Header = c.header.Clone()
	r.Header.Set(fromHeader, c.from)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	answer, err := f.front.RoundTrip(r)
	if err != nil {
		return false, 0, 0, err
	}
	defer answer.Body.Close()
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		after = time.Duration(seconds) * time.Second
	}
	if answer.StatusCode >= 300 {
		return false, answer.StatusCode, after, nil
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(answer.Body, first); err != nil {
		return false, answer.StatusCode, after, err
	}
	return true, answer.StatusCode, after, body(io.MultiReader(bytes.NewReader(first), answer.Body))
}

// listen opens streams and leaves them a moment later.
func (p *pushers) listen(ctx context.Context) {
	c := p.f.as(p.person)
	for ctx.Err() == nil {
		w, err := c.watch(p.watched)
		if err != nil {
			pause(ctx, 50*time.Millisecond)
			continue
		}
		if w.status == http.StatusOK && w.next() != "" {
			out := p.streams.in()
			enough, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
			context.AfterFunc(enough, func() { out(); w.leave() })
			for w.next() != "" {
			}
			out()
			cancel()
		} else if w.status == http.StatusTooManyRequests {
			p.streams.refused.Add(1)
		}
		p.f.must(w.status == http.StatusOK || w.status == http.StatusTooManyRequests || w.status >= 500, "a stream too many is answered with %d", w.status)
		w.leave()
		pause(ctx, 250*time.Millisecond)
	}
}

// judge wants no more than so many times what is allowed, in the time that they had.
func (p *pushers) judge(times int, took time.Duration) {
	n := int64(times)
	p.f.must(p.archives.most.Load() <= n*archivesAtOnce, "%d archives of an account ran at once, %d are allowed", p.archives.most.Load(), archivesAtOnce)
	p.f.must(p.streams.most.Load() <= n*streamsAtOnce, "%d streams of an account ran at once, %d are allowed", p.streams.most.Load(), streamsAtOnce)
	p.f.must(p.archives.refused.Load() > 0 && p.streams.refused.Load() > 0, "nobody tried to have too many")
	may := n * (knocksAMinute + int64(took.Minutes()*knocksAMinute) + 1)
	p.f.must(p.knocks.Load() <= may, "%d knocks were let through, %d are allowed", p.knocks.Load(), may)
}

func (p *pushers) report(w io.Writer) {
	fmt.Fprintf(w, "  archives at once        %d at most, by a limit of %d; %d were opened, %d refused\n", p.archives.most.Load(), archivesAtOnce, p.archives.opened.Load(), p.archives.refused.Load())
	fmt.Fprintf(w, "  streams at once         %d at most, by a limit of %d; %d were opened, %d refused\n", p.streams.most.Load(), streamsAtOnce, p.streams.opened.Load(), p.streams.refused.Load())
	fmt.Fprintf(w, "  knocks let through      %d, by a limit of %d a minute\n", p.knocks.Load(), knocksAMinute)
	fmt.Fprintf(w, "  Redis passed by         %d times, for a moment\n", p.f.passedBy())
}

// passedBy is how often a server was too busy for Redis: for that moment it counted alone.
func (f *fleet) passedBy() int { return strings.Count(f.said.String(), "Redis is away") }

// Three servers of which none is killed, and people who want more than they may: what they
// get is all that they may have, and nothing more. Then a server dies under four downloads,
// and they go on at another one when they are told to.
func TestAFleetHoldsItsLimits(t *testing.T) { //nolint:paralleltest // it wants the machine for itself
	f := newFleet(t)
	f.fillFolder(t)
	p := f.newPushers(t, "fleet", fleetPictures)
	began := time.Now()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	var crowd sync.WaitGroup
	for _, work := range p.work() {
		crowd.Go(func() { work(ctx) })
	}
	crowd.Wait()
	times := 1
	if n := f.passedBy(); n > 0 {
		t.Logf("this machine was too busy for Redis %d times: the servers counted alone then, and up to twice as much is no mistake", n)
		times = 2
	}
	p.judge(times, time.Since(began))
	f.must(p.archives.most.Load() >= archivesAtOnce && p.streams.most.Load() >= streamsAtOnce, "not all that is allowed was given")
	var lines strings.Builder
	fmt.Fprintf(&lines, "fleet: %d servers, of which none is killed, for %s\n", fleetSize, time.Since(began).Round(time.Second))
	p.report(&lines)
	f.goOnElsewhere(t, p)
	for _, s := range f.servers[1:] {
		f.end(t, s)
	}
	f.fail(t)
	_, _ = io.WriteString(os.Stdout, lines.String())
}

// goOnElsewhere kills the first server under four downloads, and goes on with them at the second.
func (f *fleet) goOnElsewhere(t *testing.T, p *pushers) {
	t.Helper()
	whole := f.as(p.person).get(t, http.MethodGet, p.archive)
	first, second := f.as(p.person).at(f.servers[0].url), f.as(p.person).at(f.servers[1].url)
	f.house.mu.Lock()
	f.house.answers = nil // that one is no text
	f.house.mu.Unlock()
	const begun = 1 << 20
	var running, all sync.WaitGroup
	running.Add(archivesAtOnce)
	killed := make(chan struct{})
	for n := range archivesAtOnce {
		all.Go(func() {
			var got bytes.Buffer
			var once sync.Once
			defer once.Do(running.Done)
			_, status, _, err := f.read(t.Context(), first, p.archive, func(body io.Reader) error {
				_, err := io.CopyN(&got, body, begun)
				once.Do(running.Done)
				<-killed
				return err
			})
			if err != nil || status != http.StatusOK {
				t.Errorf("download %d begins with %d, %v", n, status, err)
				return
			}
			for refusals := 0; got.Len() < len(whole.body); {
				_, status, after, err := f.read(t.Context(), second, p.archive, func(body io.Reader) error {
					_, err := io.Copy(&got, body)
					return err
				}, fmt.Sprintf("Range: bytes=%d-", got.Len()), "If-Range: "+whole.header.Get("ETag"))
				if refusals++; err != nil || status != http.StatusPartialContent && (status != http.StatusTooManyRequests || after > 5*time.Second || refusals > 2) {
					t.Errorf("download %d goes on with %d, %v, Retry-After %s, refused %d times", n, status, err, after, refusals)
					return
				}
				if status == http.StatusTooManyRequests {
					pause(t.Context(), after)
				}
			}
			if !bytes.Equal(got.Bytes(), whole.body) {
				t.Errorf("download %d is another one", n)
			}
		})
	}
	running.Wait()
	if _, status, _, err := f.read(t.Context(), second, p.archive, func(io.Reader) error { return nil }); status != http.StatusTooManyRequests {
		t.Errorf("a fifth at another server: %d, %v", status, err)
	}
	f.servers[0].child.Kill()
	close(killed)
	all.Wait()
}
