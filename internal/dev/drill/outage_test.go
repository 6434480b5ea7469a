package drill_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/stage"
)

// rate is how many requests a second the load sends, come what may.
const rate = 50

// load asks mixed questions and judges every answer: whole, honestly
// UNAVAILABLE, or wrong.
type load struct {
	kinds []kind
	end   context.CancelFunc
	all   sync.WaitGroup

	mu      sync.Mutex
	phase   string
	counts  map[string]map[string]int // by phase
	wrong   []string
	refused int
	cuts    int
	whole   int
	streak  time.Time // since when every answer was whole
}

// kind is one question and what its whole answer is like.
type kind struct {
	name  string
	ask   func() (*answer, error)
	whole func(*answer) bool
}

func newLoad(t *testing.T, kinds []kind) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{kinds: kinds, end: cancel, counts: map[string]map[string]int{}, phase: "calm", streak: time.Now()}
	l.all.Go(func() {
		tick := time.NewTicker(time.Second / rate)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				l.all.Go(func() { l.one(kinds[i%len(kinds)]) })
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(l.stop)
	return l
}

func (l *load) stop() {
	l.end()
	l.all.Wait()
}

func (l *load) one(k kind) {
	a, err := k.ask()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts[l.phase] == nil {
		l.counts[l.phase] = map[string]int{}
	}
	verdict := judge(k, a, err)
	l.counts[l.phase][verdict]++
	switch verdict {
	case "whole":
		l.whole++
		return
	case "UNAVAILABLE":
		l.refused++
	case "cut":
		l.cuts++
	default:
		l.wrong = append(l.wrong, fmt.Sprintf("%s, %s: %s", l.phase, k.name, verdict))
	}
	l.streak = time.Now()
}

func judge(k kind, a *answer, err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF): // its client knows that it is none
		return "cut"
	case err != nil:
		return "no answer: " + err.Error()
	case a.status < 400 && k.whole(a):
		return "whole"
	case a.status != http.StatusServiceUnavailable:
		return a.String()
	case a.header.Get("Retry-After") == "" || a.header.Get("Retry-After") == "0":
		return "503 without Retry-After"
	case k.name != "HEAD" && a.code() != "UNAVAILABLE":
		return a.String()
	case a.find("data") != nil:
		return "503 with data: " + a.String()
	}
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if want := map[bool]string{true: "application/problem+json", false: mediaGraphQL}[strings.HasPrefix(k.name, "route") || k.name == "HEAD"]; media != want && (media != mediaJSON || !strings.HasSuffix(k.name, "json")) {
		return "503 as " + media
	}
	return "UNAVAILABLE"
}

func (l *load) enter(phase string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase, l.refused, l.whole, l.streak = phase, 0, 0, time.Now()
}

// well reports whether for a second every answer was whole, and there were many.
func (l *load) well() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.whole >= rate/2 && time.Since(l.streak) > time.Second
}

func (l *load) refusals() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// questions are of every kind, by token and by cookie, under both media types.
func (h *house) questions(t *testing.T) []kind {
	t.Helper()
	cookie := h.browser(t).signIn(t, h.Owner.Email, 1, "")
	old := h.as(h.Owner).with("Accept", mediaJSON)
	ask := func(c *caller, query string, variables map[string]any) func() (*answer, error) {
		return func() (*answer, error) { return c.graphql(query, variables) }
	}
	route := func(c *caller, method string) func() (*answer, error) {
		return func() (*answer, error) {
			return c.send(method, "/images/"+h.All.Image("INCLUDED")+"/download", nil, nil)
		}
	}
	viewer := func(a *answer) bool {
		return a.text("data", "viewer", "email") == h.Owner.Email && a.find("errors") == nil
	}
	pictures := func(a *answer) bool {
		links := 0
		for i := range 6 {
			if a.text("data", "job", "images", "nodes", i, "downloadUrl") != "" {
				links++
			}
		}
		return links == 5 && len(a.list("errors")) == 1 && a.code() == "FORBIDDEN" && a.find("data", "job", "images", "totalCount") == 6.0
	}
	redirect := func(a *answer) bool { return a.status == http.StatusSeeOther }
	all := map[string]any{"id": h.All.PublicID()}
	one := map[string]any{"id": h.Package.Image("EXTRA_PAID")}
	return []kind{
		{"viewer", ask(h.as(h.Owner), "{ viewer { email } }", nil), viewer},
		{"viewer by cookie", ask(cookie, "{ viewer { email } }", nil), viewer},
		{"viewer by cookie, json", ask(cookie.with("Accept", mediaJSON), "{ viewer { email } }", nil), viewer},
		{"jobs, json", ask(old, "{ jobs { totalCount nodes { id images(first: 2) { nodes { id } } } } }", nil), func(a *answer) bool {
			return len(a.list("data", "jobs", "nodes")) == 2 && len(a.list("data", "jobs", "nodes", 0, "images", "nodes")) == 2 && a.find("errors") == nil
		}},
		{"gallery", ask(h.as(h.Owner), gallery, all), pictures},
		{"gallery, json", ask(old, gallery, all), pictures},
		{"gallery by cookie", ask(cookie, gallery, all), pictures},
		{"image, json", ask(old, "query($id: ID!) { image(id: $id) { downloadUrl } }", one), func(a *answer) bool {
			return a.text("data", "image", "downloadUrl") != "" && a.find("errors") == nil
		}},
		{"route", route(h.as(h.Owner), http.MethodGet), redirect},
		{"route by cookie", route(cookie, http.MethodGet), redirect},
		{"HEAD", route(h.as(h.Owner), http.MethodHead), redirect},
		{"requestOtp", func() (*answer, error) {
			n := addresses.Add(1)
			return h.app().graphql(requestOtp, map[string]any{"input": map[string]any{"email": fmt.Sprintf("somebody-%d@customer.test", n)}})
		}, func(a *answer) bool { return a.text("data", "requestOtp", "challengeId") != "" }},
	}
}

// breakAll breaks every connection of the server's role but the one that asks.
const breakAll = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"

// PostgreSQL goes away in three ways while requests come in. In between there is
// 503 and nothing else; then everything works again by itself.
func TestPostgresIsAway(t *testing.T) {
	t.Parallel()
	h, pg := alone(t)
	h.exec(t, "UPDATE image SET delivered_at = now() WHERE job_id = $1 AND selection_state <> 'INCLUDED'", h.All.ID)
	l := newLoad(t, h.questions(t))
	eventually(t, "calm", patience, l.well)
	for _, outage := range []struct {
		name string
		away func()
		back func()
	}{
		{"stopped", func() {
			if err := pg.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, func() { restart(t, pg) }},
		{"killed", pg.Kill, func() { restart(t, pg) }},
	} {
		l.enter(outage.name)
		outage.away()
		eventually(t, "503", patience, func() bool { return l.refusals() > 2*rate })
		if ready := h.app().get(t, http.MethodGet, "/readyz"); ready.status != 503 {
			t.Errorf("%s: ready says %d", outage.name, ready.status)
		}
		if healthy := h.app().get(t, http.MethodGet, "/healthz"); healthy.status != 200 {
			t.Errorf("%s: health says %d", outage.name, healthy.status)
		}
		outage.back()
		l.enter("after " + outage.name)
		took := eventually(t, "service after "+outage.name, 30*time.Second, l.well)
		t.Logf("%s: answers were whole %s after it was back", outage.name, (took - time.Second).Round(10*time.Millisecond))
	}
	l.enter("all connections broken")
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for range 40 {
		<-again.C
		if _, err := h.db.Pool.Exec(t.Context(), breakAll); err != nil {
			t.Fatal(err)
		}
	}
	took := eventually(t, "service after broken connections", 30*time.Second, l.well)
	t.Logf("connections broken: answers were whole %s later", (took - time.Second).Round(10*time.Millisecond))
	l.enter("connections hang")
	thaw := freeze(t, h)
	eventually(t, "503 for whoever had one of them", 15*time.Second, func() bool { return l.refusals() > 0 })
	took = eventually(t, "service beside connections that hang", 30*time.Second, l.well)
	thaw()
	t.Logf("connections hang: answers were whole %s later, beside them", (took - time.Second).Round(10*time.Millisecond))
	l.stop()
	for _, phase := range slices.Sorted(maps.Keys(l.counts)) {
		t.Logf("%s: %d whole, %d UNAVAILABLE", phase, l.counts[phase]["whole"], l.counts[phase]["UNAVAILABLE"])
	}
	for i, wrong := range l.wrong {
		if i < 20 {
			t.Errorf("wrong: %s", h.mask(wrong))
		}
	}
	if len(l.wrong) > 0 {
		t.Errorf("%d wrong answers", len(l.wrong))
	}
	// The server cuts none. What is cut before it is the drill's own doing, and told.
	if n := h.calls.cut.Load(); n > 0 {
		t.Errorf("the server cut %d answers", n)
	}
	if t.Logf("%d answers were cut on the way", l.cuts); l.cuts > 2 {
		t.Errorf("%d answers were cut on the way", l.cuts)
	}

	// Tasks go on as well.
	const email = "afterwards@customer.test"
	h.app().challenge(t, email)
	h.mailed(t, email, 1)
}

// freeze makes every connection of the server hang, until the function it returns
// is called: what a broken network looks like.
func freeze(t *testing.T, h *house) (thaw func()) {
	t.Helper()
	rows, err := h.db.Owner.Query(t.Context(), "SELECT pid FROM pg_stat_activity WHERE usename = 'pixgate_server' AND application_name = 'pixgate'")
	if err != nil {
		t.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(pids) == 0 {
		t.Fatalf("%d connections, %v", len(pids), err)
	}
	thaw = func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
		}
	}
	t.Cleanup(thaw)
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	return thaw
}

func restart(t *testing.T, part interface{ Restart(context.Context) error }) {
	t.Helper()
	if err := part.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The storage goes away: links are still signed, and an import goes on later.
func TestTheStorageIsAway(t *testing.T) {
	t.Parallel()
	s, bucket := ownStore(t)
	h := newHouseOn(t, stage.Database(t), bucket)
	h.people(t)
	admin := h.as(h.Admin)
	for i := range 3 {
		h.put(t, fmt.Sprintf("villa/%d.jpg", i), photo(t, i))
	}
	s.Kill()
	started := admin.ask(t, importImages, map[string]any{"input": map[string]any{"jobId": h.All.PublicID(), "prefix": "villa"}}).fine(t)
	seen := h.as(h.Owner).ask(t, gallery, map[string]any{"id": h.All.PublicID()})
	if seen.status != 200 || len(seen.list("errors")) != 1 || seen.text("data", "job", "images", "nodes", 1, "downloadUrl") == "" {
		t.Errorf("without a storage: %s", seen)
	}
	if a := h.as(h.Owner).get(t, http.MethodGet, "/images/"+h.All.Image("INCLUDED")+"/download"); a.status != 303 {
		t.Errorf("the route without a storage: %s", a)
	}
	eventually(t, "the import has failed once", patience, func() bool {
		return h.count(t, "SELECT coalesce(max(cardinality(errors)), 0) FROM task.river_job WHERE kind = 'image_import'") > 0
	})
	restart(t, s)
	start := time.Now()
	run := started.text("data", "importImages", "import", "id")
	var last *answer
	eventually(t, "the import is done", patience, func() bool {
		last = admin.ask(t, `query($id: ID!) { node(id: $id) { ... on Import { state taken } } }`, map[string]any{"id": run}).fine(t)
		return last.text("data", "node", "state") != "RUNNING"
	})
	if last.text("data", "node", "state") != "DONE" || last.find("data", "node", "taken") != 3.0 {
		t.Errorf("the import: %s", last)
	}
	t.Logf("the import was done %s after the storage was back", time.Since(start).Round(10*time.Millisecond))
}
