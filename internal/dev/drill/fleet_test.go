package drill_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/dev/process"
	"pixgate/internal/dev/stage"
)

// fleet is several servers of one house behind a balancer.
type fleet struct {
	*house
	balancer *balancer
	servers  []*server
	kills    int

	mu       sync.Mutex
	answers  map[string]int // what clients were told, by what they asked for
	failures []string       // what must never be
}

const fleetSize = 3

// newFleet runs the servers; all that they share is the database, the bucket and the Redis.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	h := newHouse(t)
	h.env["REDIS_URL"] = stage.Redis(t)
	h.env["RATE_LIMIT_UPLOAD"], h.env["RATE_LIMIT_DOWNLOAD"] = "100000/1m", "100000/1m"
	h.env["RATE_LIMIT_PUBLIC_API"] = fmt.Sprintf("%d/1m", knocksAMinute)
	h.front.DialContext = narrow(h.front.DialContext)
	h.fill(t)
	f := &fleet{house: h, answers: map[string]int{}}
	var addresses []string
	for n := range fleetSize {
		port, err := process.Free(10_000 + rand.IntN(20_000))
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, fmt.Sprintf("127.0.0.1:%d", port))
		f.servers = append(f.servers, nil)
		f.run(t, n, addresses[n])
	}
	f.balancer = newBalancer(t, h.env["ADDR"], addresses)
	return f
}

// run starts the n-th server and waits until it answers.
func (f *fleet) run(t *testing.T, n int, addr string) {
	t.Helper()
	built, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	f.servers[n] = f.serve(t, built, addr)
	eventually(t, "the server answers", patience, func() bool { return alive(f.servers[n].url) })
}

// told counts what a client got, and reports whether it was an answer.
func (f *fleet) told(what string, a *answer, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err != nil:
		f.answers[what+": cut"]++
	case a.status == http.StatusOK && a.find("errors") == nil:
		f.answers[what+": ok"]++
		return true
	case a.status == http.StatusBadGateway, a.status == http.StatusServiceUnavailable:
		f.answers[fmt.Sprintf("%s: %d", what, a.status)]++
	default:
		f.answers[what+": "+a.code()]++
		f.failures = append(f.failures, fmt.Sprintf("%s is answered with %s", what, a))
	}
	return false
}

func (f *fleet) must(ok bool, format string, args ...any) {
	if ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

// duration is how long the drill takes: PIXGATE_FLEET_SECONDS.
func duration(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("PIXGATE_FLEET_SECONDS")
	if text == "" {
		return 15 * time.Second
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 5 {
		t.Fatalf("PIXGATE_FLEET_SECONDS=%s: at least 5", text)
	}
	return time.Duration(seconds) * time.Second
}

// Three servers, one of which is killed every few seconds, while people sign in, look,
// choose, download, upload and watch. Nothing that was confirmed is lost, nobody gets a
// mail twice without a reason, no limit is passed, and a download goes on elsewhere.
func TestAFleetLosesNothing(t *testing.T) { //nolint:paralleltest // it wants the machine for itself
	f := newFleet(t)
	seed := uint64(time.Now().UnixNano())
	dice := rand.New(rand.NewPCG(seed, 0))
	load := f.prepare(t)
	ctx, stop := context.WithTimeout(t.Context(), duration(t))
	defer stop()
	var crowd sync.WaitGroup
	for _, work := range load.work() {
		crowd.Go(func() { work(ctx) })
	}
	for ctx.Err() == nil { // one after another, each of them when the one before is back
		select {
		case <-time.After(time.Duration(1500+dice.IntN(1500)) * time.Millisecond): // the moment is what is drawn
		case <-ctx.Done():
			continue
		}
		n := dice.IntN(fleetSize)
		addr := strings.TrimPrefix(f.servers[n].url, "http://")
		f.servers[n].child.Kill()
		f.kills++
		f.run(t, n, addr)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); crowd.Wait() }()
	eventually(t, "everybody is gone", 2*patience, func() bool {
		load.rescue(t)
		select {
		case <-gone:
			return true
		default:
			return false
		}
	})
	load.judge(t)
	for _, s := range f.servers {
		f.end(t, s)
	}
	code, out, problems := f.command(t, f.environment(), "audit", "verify")
	f.must(code == 0, "audit verify ends with %d: %s%s", code, out, problems)
	f.fail(t)
	f.report(t, seed, load)
}

// fail tells of what must never be.
func (f *fleet) fail(t *testing.T) {
	t.Helper()
	for _, failure := range f.failures[:min(len(f.failures), 20)] {
		t.Error(f.mask(failure))
	}
}

func (f *fleet) report(t *testing.T, seed uint64, l *throng) {
	t.Helper()
	var lines strings.Builder
	fmt.Fprintf(&lines, "fleet: %d servers for %s, seed %d\n", fleetSize, duration(t), seed)
	fmt.Fprintf(&lines, "  kills                   %d\n", f.kills)
	fmt.Fprintf(&lines, "  requests                %d, of which %d were asked of another server, too\n", f.balancer.requests.Load(), f.balancer.again.Load())
	for _, what := range slices.Sorted(maps.Keys(f.answers)) {
		fmt.Fprintf(&lines, "  %-23s %d\n", what, f.answers[what])
	}
	fmt.Fprintf(&lines, "  archives                %d whole, gone on with %d times, and waited for %d times\n", l.archives, l.resumed, l.waited)
	fmt.Fprintf(&lines, "  uploads                 %d pictures\n", l.uploaded)
	fmt.Fprintf(&lines, "  events of jobs          %d, in %d streams\n", l.heard, l.streams)
	fmt.Fprintf(&lines, "  mails                   %d, of which %d came twice\n", l.mails, l.doubled)
	fmt.Fprintf(&lines, "  searches let through    %d, by a limit of 30 a minute\n", l.searched)
	l.pushers.report(&lines)
	fmt.Fprintf(&lines, "  confirmed               %d choices, %d acts of admins, %d bookings, %d sign-ins\n", len(l.chosen), len(l.acts), len(l.booked), len(l.tokens))
	fmt.Fprintf(&lines, "  lost                    %d\n", l.lost)
	_, _ = io.WriteString(os.Stdout, lines.String())
}
