package drill_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/redis"
)

// knocks is how many requests a second come in while Redis is away, and greedy how many
// of them are of one address that sends far more than it may.
const (
	knocks = 200
	greedy = 20
	few60  = 60 // a minute is what an address may send
)

// rush sends requests at an even pace, whatever becomes of them.
type rush struct {
	h      *house
	people []*cast.Person
	glut   *caller
	end    chan struct{}
	all    sync.WaitGroup

	mu     sync.Mutex
	phase  string
	since  time.Time
	took   map[string][]time.Duration // by phase, but for its first second
	wrong  []string
	passed []time.Time // the greedy one's requests that were let through
	past   int         // and those that were not
}

func newRush(t *testing.T, h *house) *rush {
	t.Helper()
	r := &rush{h: h, glut: h.app(), end: make(chan struct{}), took: map[string][]time.Duration{}, phase: "calm", since: time.Now()}
	for range 30 {
		p, _ := h.customer(t)
		r.people = append(r.people, p)
	}
	r.all.Go(func() {
		tick := time.NewTicker(time.Second / knocks)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				r.all.Go(func() { r.one(i) })
			case <-r.end:
				return
			}
		}
	})
	return r
}

// one sends a request: of the greedy one, of somebody signed in, or of a stranger.
func (r *rush) one(i int) {
	c, isGreedy := r.h.as(r.people[i%len(r.people)]), i%(knocks/greedy) == 0
	switch {
	case isGreedy:
		c = r.glut
	case i%3 == 0:
		c = r.h.app()
	}
	a, err := c.send(http.MethodPost, "/graphql", envelope("{ viewer { id } }", nil), plain)
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil:
		r.wrong = append(r.wrong, err.Error())
		return
	case isGreedy && a.status == http.StatusTooManyRequests:
		r.past++
	case a.status != http.StatusOK || a.header.Get("RateLimit-Limit") == "":
		r.wrong = append(r.wrong, fmt.Sprintf("%s: %s", r.phase, a))
	case isGreedy:
		r.passed = append(r.passed, now)
	}
	if now.Sub(r.since) > time.Second {
		r.took[r.phase] = append(r.took[r.phase], a.took)
	}
}

// enter begins a phase and lets it last.
func (r *rush) enter(phase string, lasts time.Duration) {
	r.mu.Lock()
	r.phase, r.since = phase, time.Now()
	r.mu.Unlock()
	time.Sleep(lasts)
}

// most is how many requests of the greedy one passed within any minute.
func (r *rush) most() (most int) {
	for first, last := 0, 0; last < len(r.passed); last++ {
		for r.passed[last].Sub(r.passed[first]) > time.Minute {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// Redis is killed, comes back empty, hangs and goes on, while requests come in: nobody is
// answered otherwise, and nobody gets more than twice what they may.
func TestRedisIsAway(t *testing.T) {
	t.Parallel()
	s, err := redis.Start(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	h := newHouse(t)
	h.env["REDIS_URL"], h.env["RATE_LIMIT_PUBLIC_API"] = h.note("Redis URL", s.URL(0)), fmt.Sprintf("%d/1m", few60)
	h.people(t)
	ready := func(want string) func() bool {
		return func() bool {
			a, err := h.app().send(http.MethodGet, "/readyz", nil, nil)
			return err == nil && a.status == http.StatusOK && string(a.body) == want
		}
	}
	r := newRush(t, h)
	const phase, away = 4 * time.Second, 6 * time.Second // for longer than a moment
	r.enter("calm", phase)
	eventually(t, "readiness", patience, ready("ok\n"))
	s.Kill()
	r.enter("killed", away)
	eventually(t, "degraded without Redis", patience, ready("degraded\n"))
	restart(t, s)
	r.enter("back, empty", phase)
	eventually(t, "readiness after the restart", patience, ready("ok\n"))
	s.Pause()
	r.enter("hangs", away)
	eventually(t, "degraded beside a Redis that hangs", patience, ready("degraded\n"))
	s.Resume()
	r.enter("goes on", phase)
	eventually(t, "readiness after all", patience, ready("ok\n"))
	close(r.end)
	r.all.Wait()

	for i, wrong := range r.wrong {
		if i < 10 {
			t.Errorf("wrong: %s", h.mask(wrong))
		}
	}
	if most := r.most(); most < few60 || most > 2*few60 || r.past == 0 {
		t.Errorf("the greedy one got %d requests through within a minute, %d were refused; want %d to %d", most, r.past, few60, 2*few60)
	}
	for _, phase := range slices.Sorted(maps.Keys(r.took)) {
		took := r.took[phase]
		slices.Sort(took)
		t.Logf("%-12s %4d requests, median %s, 99%% within %s", phase, len(took), took[len(took)/2].Round(100*time.Microsecond), took[len(took)*99/100].Round(100*time.Microsecond))
	}
	t.Logf("the greedy one: %d within a minute at most, %d refused", r.most(), r.past)
	for _, event := range []string{"limiter_fallback", "limiter_restored"} {
		eventually(t, "both "+event, patience, func() bool {
			return h.count(t, "SELECT coalesce(sum(count), 0) FROM security_event WHERE event = $1 AND tenant_id IS NULL AND address_key IS NULL", event) >= 2
		})
	}
	eventually(t, "metrics that say where limits are counted", patience, func() bool {
		return strings.Contains(h.watched(t, "/metrics"), "pixgate_limiter_degraded 0\n")
	})
}
