package gate_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pixgate/internal/dev/redis"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

func server(t testing.TB) *redis.Server {
	t.Helper()
	s, err := redis.Start(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// changes are what OnChange was told, in order.
type changes struct {
	mu   sync.Mutex
	told []bool
}

func (c *changes) add(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, away)
}

func (c *changes) are(want ...bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.told, want) {
		return fmt.Errorf("OnChange was told %v, want %v", c.told, want)
	}
	return nil
}

// alternate checks that they were told in turns, so many at least, and that Redis was
// back in the end.
func (c *changes) alternate(least int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, away := range c.told {
		if away != (i%2 == 0) {
			return fmt.Errorf("OnChange was told %v", c.told)
		}
	}
	if len(c.told) < least || len(c.told)%2 != 0 {
		return fmt.Errorf("OnChange was told %v, want %d at least", c.told, least)
	}
	return nil
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

// crowd knocks two hundred times a second, each time as somebody new and as one
// caller who never tires.
type crowd struct {
	mu    sync.Mutex
	knock []knock
	stop  func()
}

type knock struct {
	at, took time.Duration // since the beginning
	tireless bool
	allowed  bool
}

func start(t *testing.T, l *gate.Limiter) *crowd {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	c := &crowd{stop: func() { cancel(); all.Wait() }}
	began := time.Now()
	all.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			for _, who := range []string{"the tireless", fmt.Sprint("newcomer ", i)} {
				all.Go(func() {
					at := time.Now()
					r, err := l.Take(context.WithoutCancel(ctx), gate.PublicAPI, who)
					k := knock{at.Sub(began), time.Since(at), who == "the tireless", r.Allowed}
					if err != nil || !k.tireless && !k.allowed {
						t.Errorf("%s: %+v, %v", who, r, err)
					}
					c.mu.Lock()
					defer c.mu.Unlock()
					c.knock = append(c.knock, k)
				})
			}
		}
	})
	t.Cleanup(c.stop)
	return c
}

// took is how many calls there were within a time, how long the one in the middle took, and how
// long all but the slowest hundredth.
func (c *crowd) took(from, to time.Duration) (n int, middle, p99 time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var took []time.Duration
	for _, k := range c.knock {
		if k.at >= from && k.at < to {
			took = append(took, k.took)
		}
	}
	slices.Sort(took)
	if len(took) == 0 {
		return 0, 0, 0
	}
	return len(took), took[len(took)/2], took[len(took)*99/100]
}

// most is how often the tireless was let through within any one period.
func (c *crowd) most(period time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	var let []time.Duration
	for _, k := range c.knock {
		if k.tireless && k.allowed {
			let = append(let, k.at+k.took)
		}
	}
	slices.Sort(let)
	most, first := 0, 0
	for i, at := range let {
		for at-let[first] >= period {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func TestLimitsAndPaceHoldWhileRedisComesAndGoes(t *testing.T) {
	t.Parallel()
	const most, period = 100, 4 * time.Second
	s := server(t)
	var told changes
	l := run(t, gate.New, gate.Options{
		Redis: secret.Value(s.URL(0)), OnChange: told.add, Limits: map[gate.Name]gate.Limit{gate.PublicAPI: {Most: most, Period: period}},
	})
	c := start(t, l)
	began := time.Now()
	phase := func(name string, where gate.Place, change func()) {
		change()
		from := time.Since(began)
		eventually(t, name+": limits are in "+string(where), func() bool { return l.Where() == where && (l.Degraded() == gate.Memory) == (where == gate.Memory) })
		there := time.Since(began)
		time.Sleep(2 * time.Second) // newcomers wait up to a second for a Redis that was lost just now; then the crowd is watched for one
		n, middle, p99 := c.took(there+time.Second, there+2*time.Second)
		t.Logf("%-22s limits are in %s after %8s; then %d calls in the middle %8s, p99 %8s", name, where, (there - from).Round(10*time.Microsecond), n, middle.Round(10*time.Microsecond), p99.Round(10*time.Microsecond))
		if where == gate.Memory && (n < 50 || p99 >= 50*time.Millisecond) {
			t.Errorf("%s: p99 of %d calls after the first second is %s: they wait for a Redis that is away", name, n, p99)
		}
	}
	phase("all well", gate.Redis, func() {})
	phase("killed", gate.Memory, s.Kill)
	phase("started again, empty", gate.Redis, func() {
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	phase("hanging", gate.Memory, s.Pause)
	phase("answering again", gate.Redis, s.Resume)
	c.stop()

	got := c.most(period)
	t.Logf("of 200 a second %d were let through within the worst %s; the limit is %d", got, period, most)
	if got > 2*most || got < most {
		t.Errorf("%d within %s, want at most twice %d", got, period, most)
	}
	// A machine that is busy with other tests may lose Redis for a moment in between.
	eventually(t, "each change is told, in turns", func() bool { return told.alternate(4) == nil })
}

// A machine that is busy takes Redis for lost now and then. A server that has just started
// knows nothing of what callers have used: it waits for Redis, rather than to give them all anew.
func TestAServerThatHasHeardNothingWaitsForASlowRedis(t *testing.T) {
	t.Parallel()
	s := server(t)
	o := gate.Options{Redis: secret.Value(s.URL(0)), Limits: map[gate.Name]gate.Limit{gate.Form: {Most: 5, Period: time.Hour}}}
	before, fresh := run(t, gate.NewPatient, o), run(t, gate.New, o)
	for range 5 {
		if r, err := before.Take(t.Context(), gate.Form, "anna"); err != nil || !r.Allowed {
			t.Fatal(r, err)
		}
	}
	if _, err := fresh.Take(t.Context(), gate.Form, "ben"); err != nil { // the connection is there
		t.Fatal(err)
	}
	s.Pause()
	asked := make(chan gate.Result)
	go func() {
		r, err := fresh.Take(t.Context(), gate.Form, "anna")
		if err != nil {
			t.Error(err)
		}
		asked <- r
	}()
	eventually(t, "Redis is lost", func() bool { return fresh.Where() == gate.Memory })
	known, err := fresh.Take(t.Context(), gate.Form, "ben")
	if err != nil || !known.Allowed || known.Remaining != 3 {
		t.Errorf("ben, who is known, is told %+v, %v", known, err)
	}
	s.Resume()
	if r := <-asked; r.Allowed {
		t.Errorf("anna has used all that there is, and gets from a server that has just started: %+v", r)
	}
}

func TestEachChangeIsToldOnce(t *testing.T) {
	t.Parallel()
	s := server(t)
	var told changes
	l := limiter(t, gate.Options{Redis: secret.Value(s.URL(0)), OnChange: told.add})
	var want []bool
	for range 2 {
		s.Kill()
		eventually(t, "Redis is lost", func() bool { asker(t, l)(1, gate.Form, rand.Text()); return l.Where() == gate.Memory })
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		want = append(want, true, false)
		eventually(t, "both are told", func() bool { return told.are(want...) == nil })
		if l.Where() != gate.Redis {
			t.Error("Redis is told to be back and is away")
		}
	}
}

// Who has used up a limit must not get another for each of Redis's lives.
func TestARedisThatForgotGivesNobodyAFreshStart(t *testing.T) {
	t.Parallel()
	s := server(t)
	l := limiter(t, gate.Options{Redis: secret.Value(s.URL(0)), Limits: map[gate.Name]gate.Limit{gate.Auth: {Most: 5, Period: 15 * time.Minute}}})
	take := asker(t, l)
	allowed := 0
	count := func() {
		for range 3 {
			if take(1, gate.Auth, "anna").Allowed {
				allowed++
			}
		}
	}
	count()
	s.Kill()
	eventually(t, "Redis is lost", func() bool { take(1, gate.AuthIP, rand.Text()); return l.Where() == gate.Memory })
	count()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Redis is found", func() bool { return l.Where() == gate.Redis })
	count()
	if allowed != 5 {
		t.Errorf("%d were allowed over a restart, want 5", allowed)
	}
}

// Another server's uses count here as well, also once Redis is gone.
func TestWhatAnotherServerCountedIsKeptWhenRedisGoes(t *testing.T) {
	t.Parallel()
	s := server(t)
	limits := map[gate.Name]gate.Limit{gate.Auth: {Most: 5, Period: 15 * time.Minute}}
	here := limiter(t, gate.Options{Redis: secret.Value(s.URL(0)), Limits: limits})
	there := limiter(t, gate.Options{Redis: secret.Value(s.URL(0)), Limits: limits})
	for range 4 {
		asker(t, there)(1, gate.Auth, "anna")
	}
	if r := asker(t, here)(0, gate.Auth, "anna"); r.Remaining != 1 {
		t.Errorf("Redis tells of %+v", r)
	}
	s.Kill()
	if r := asker(t, here)(1, gate.Auth, "anna"); !r.Allowed || r.Remaining != 0 {
		t.Errorf("the fifth, from memory: %+v", r)
	}
	if r := asker(t, here)(1, gate.Auth, "anna"); r.Allowed {
		t.Errorf("a sixth: %+v", r)
	}
}

func TestACallerWhoHangsUpIsCountedAndEndsNothing(t *testing.T) {
	t.Parallel()
	s := server(t)
	l := limiter(t, gate.Options{Redis: secret.Value(s.URL(0))})
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	for range 3 {
		if r, err := l.Take(gone, gate.Form, "anna"); err != nil || !r.Allowed {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if l.Where() != gate.Redis {
		t.Error("a caller who hung up took Redis with them")
	}
	if r := asker(t, l)(0, gate.Form, "anna"); r.Remaining != 2 {
		t.Errorf("three were taken: %+v", r)
	}
}

// A Redis that answers and does not count, for one that it may not write, is away.
func TestARedisThatOnlyAnswersIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := server(t)
	var told changes
	l := limiter(t, gate.Options{Redis: secret.Value(s.URL(0)), OnChange: told.add})
	admin := client(t, s.URL(0))
	if err := admin.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		asker(t, l)(1, gate.Form, rand.Text())
		time.Sleep(10 * time.Millisecond)
	}
	if err := told.are(true); err != nil {
		t.Error(err)
	}
	if err := admin.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Redis is found", func() bool { return l.Where() == gate.Redis })
}

func TestAServerStartsWithoutItsRedis(t *testing.T) {
	t.Parallel()
	s := server(t)
	s.Kill()
	l := limiter(t, gate.Options{Redis: secret.Value(s.URL(0))})
	if r := asker(t, l)(1, gate.Form, "anna"); !r.Allowed || r.Remaining != 4 {
		t.Errorf("%+v", r)
	}
	if l.Degraded() != gate.Memory {
		t.Error("not degraded")
	}
}

func TestMemoryAloneIsNotDegraded(t *testing.T) {
	t.Parallel()
	l := limiter(t, gate.Options{})
	if l.Where() != gate.Memory || l.Degraded() != "" {
		t.Errorf("%q, degraded %q", l.Where(), l.Degraded())
	}
}

// A crowd that finds Redis gone at the same time turns away from it once.
func TestManyFailuresAreOneChange(t *testing.T) {
	t.Parallel()
	s := server(t)
	var told changes
	l := run(t, gate.New, gate.Options{Redis: secret.Value(s.URL(0)), OnChange: told.add})
	asker(t, l)(1, gate.Form, "anna")
	s.Pause()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			began := time.Now()
			if r := asker(t, l)(1, gate.Form, rand.Text()); !r.Allowed || r.Remaining != 4 {
				t.Errorf("%+v", r)
			}
			if took := time.Since(began); took > gate.Patience+gate.Moment+750*time.Millisecond {
				t.Errorf("a call waited %s for a Redis that hangs", took)
			}
		})
	}
	all.Wait()
	eventually(t, "the change is told", func() bool { return told.are(true) == nil })
	s.Resume()
	eventually(t, "the change back is told", func() bool { return told.are(true, false) == nil })
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, away := range []bool{false, true} {
		s := server(t)
		l, err := gate.New(gate.Options{Redis: secret.Value(s.URL(0)), Key: key, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.Run(ctx)
		}()
		if away {
			s.Kill()
		}
		asker(t, l)(1, gate.Form, "anna")
		stop()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Fatal("Run goes on")
		}
		if r := asker(t, l)(1, gate.Form, "anna"); !r.Allowed || r.Remaining != 3 || l.Where() != gate.Memory {
			t.Errorf("afterwards: %+v in %s", r, l.Where())
		}
	}
}
