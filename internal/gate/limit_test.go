package gate_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

var key = secret.NewKey("the key that hides who knocks")

// place is where limits are counted: the tests below hold for each alike.
type place struct {
	take  func(n int, name gate.Name, key ...string) gate.Result
	pass  func(time.Duration) // lets time pass
	blurs time.Duration       // how far a duration may be beside what it should be
}

func everywhere(t *testing.T, limits map[gate.Name]gate.Limit, test func(*testing.T, place)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
		l := limiter(t, gate.Options{Limits: limits, Now: c.Now})
		test(t, place{take: asker(t, l), pass: c.Pass})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		l := limiter(t, gate.Options{Limits: limits, Redis: secret.Value(stage.Redis(t))})
		take := func(n int, name gate.Name, key ...string) gate.Result {
			r, err := l.InRedis(t.Context(), name, n, key...)
			if err != nil {
				t.Error(err)
			}
			return r
		}
		test(t, place{take: take, pass: time.Sleep, blurs: 150 * time.Millisecond})
	})
	t.Run("redis and memory", func(t *testing.T) {
		t.Parallel()
		l := limiter(t, gate.Options{Limits: limits, Redis: secret.Value(stage.Redis(t))})
		test(t, place{take: asker(t, l), pass: time.Sleep, blurs: 150 * time.Millisecond})
		if l.Where() != gate.Redis {
			t.Error("Redis was lost: nothing has been tested")
		}
	})
}

// limiter is one whose Redis is away only when it really is.
func limiter(t testing.TB, o gate.Options) *gate.Limiter {
	t.Helper()
	return run(t, gate.NewPatient, o)
}

func run(t testing.TB, made func(gate.Options) (*gate.Limiter, error), o gate.Options) *gate.Limiter {
	t.Helper()
	o.Key = key
	if o.Now == nil {
		o.Now = time.Now
	}
	l, err := made(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
	return l
}

func asker(t testing.TB, l *gate.Limiter) func(n int, name gate.Name, key ...string) gate.Result {
	return func(n int, name gate.Name, key ...string) gate.Result {
		ask := l.Take
		if n == 0 {
			ask = l.Look
		}
		r, err := ask(t.Context(), name, key...)
		if err != nil {
			t.Error(err)
		}
		return r
	}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func near(got, want, blurs time.Duration) bool { return got <= want && got >= want-blurs }

func TestABurstIsExactAndTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	everywhere(t, map[gate.Name]gate.Limit{gate.Form: {Most: 5, Period: 10 * time.Minute}}, func(t *testing.T, p place) {
		const each = 2 * time.Minute
		if r := p.take(0, gate.Form, "anna"); !r.Allowed || r.Limit != 5 || r.Remaining != 5 || r.ResetAfter != 0 || r.RetryAfter != 0 || r.Err() != nil {
			t.Errorf("before the first: %+v", r)
		}
		for i := 1; i <= 5; i++ {
			r := p.take(1, gate.Form, "anna")
			if !r.Allowed || r.Limit != 5 || r.Remaining != 5-i || !near(r.ResetAfter, time.Duration(i)*each, p.blurs) || r.RetryAfter != 0 {
				t.Errorf("use %d: %+v", i, r)
			}
		}
		for i := range 20 { // refusals cost nothing, or the last would wait for longest
			r := p.take(i%2, gate.Form, "anna")
			if r.Allowed || r.Limit != 5 || r.Remaining != 0 || !near(r.ResetAfter, 5*each, p.blurs) || !near(r.RetryAfter, each, p.blurs) {
				t.Errorf("past the limit: %+v", r)
			}
			if refusal := fault.As(r.Err()); refusal.Code != fault.RateLimited || refusal.RetryAfter != r.RetryAfter {
				t.Errorf("Err: %v", refusal)
			}
		}
	})
}

func TestWhoWaitsAsToldIsLetThroughOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, map[gate.Name]gate.Limit{gate.Form: {Most: 3, Period: 1200 * time.Millisecond}}, func(t *testing.T, p place) {
		for range 3 {
			p.take(1, gate.Form, "anna")
		}
		refused := p.take(1, gate.Form, "anna")
		if refused.Allowed {
			t.Fatalf("a fourth: %+v", refused)
		}
		p.pass(refused.RetryAfter)
		if r := p.take(1, gate.Form, "anna"); !r.Allowed {
			t.Errorf("after RetryAfter: %+v", r)
		}
		again := p.take(1, gate.Form, "anna")
		if again.Allowed {
			t.Errorf("twice after RetryAfter: %+v", again)
		}
		p.pass(again.ResetAfter + time.Millisecond)
		if r := p.take(0, gate.Form, "anna"); r.Remaining != 3 || r.ResetAfter != 0 {
			t.Errorf("after ResetAfter: %+v", r)
		}
	})
}

// An interval that Redis can only write nearly, or that is no whole number of
// microseconds, must not cost a use.
func TestOddLimitsAreExactToo(t *testing.T) {
	t.Parallel()
	everywhere(t, map[gate.Name]gate.Limit{gate.Search: {Most: 7, Period: time.Hour}, gate.Email: {Most: 11, Period: 24 * time.Hour}, gate.Download: {Most: 611, Period: 24 * time.Hour}}, func(t *testing.T, p place) {
		for name, most := range map[gate.Name]int{gate.Search: 7, gate.Email: 11, gate.Download: 611} {
			for i := 1; i <= most; i++ {
				if r := p.take(1, name, "anna"); !r.Allowed || r.Remaining != most-i {
					t.Errorf("%s, use %d: %+v", name, i, r)
				}
			}
			if r := p.take(1, name, "anna"); r.Allowed {
				t.Errorf("%s, one more: %+v", name, r)
			}
		}
	})
}

func TestFiftyAtOnceGetExactlyTheBurst(t *testing.T) {
	t.Parallel()
	everywhere(t, map[gate.Name]gate.Limit{gate.AuthIP: {Most: 20, Period: time.Hour}}, func(t *testing.T, p place) {
		var allowed atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if p.take(1, gate.AuthIP, "192.0.2.1").Allowed {
					allowed.Add(1)
				}
			})
		}
		all.Wait()
		if allowed.Load() != 20 {
			t.Errorf("%d of 50 were allowed, want 20", allowed.Load())
		}
	})
}

func TestLimitsAndKeysDoNotShare(t *testing.T) {
	t.Parallel()
	one := gate.Limit{Most: 1, Period: time.Hour}
	everywhere(t, map[gate.Name]gate.Limit{gate.Upload: one, gate.UploadFailures: one}, func(t *testing.T, p place) {
		for _, name := range []gate.Name{gate.Upload, gate.UploadFailures} {
			for _, key := range [][]string{{"ab", "c"}, {"a", "bc"}, {"abc"}, {"c", "ab"}, {"ab", "c", "d"}} {
				if !p.take(1, name, key...).Allowed {
					t.Errorf("%s of %q shares with another", name, key)
				}
				if p.take(1, name, key...).Allowed {
					t.Errorf("%s of %q is no limit", name, key)
				}
			}
		}
	})
}

// GCRA refills while it counts: what a period sees is at most twice the limit.
func TestNoPeriodSeesMoreThanTwiceTheLimit(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Now()}
	l := limiter(t, gate.Options{Limits: map[gate.Name]gate.Limit{gate.PublicAPI: {Most: 60, Period: time.Minute}}, Now: c.Now})
	var allowed []time.Time
	for range 6000 { // ten a second for ten minutes
		if asker(t, l)(1, gate.PublicAPI, "192.0.2.1").Allowed {
			allowed = append(allowed, c.Now())
		}
		c.Pass(100 * time.Millisecond)
	}
	first := 0
	for first < len(allowed) && allowed[first].Sub(allowed[0]) < time.Minute {
		first++
	}
	if first < 110 || first > 119 {
		t.Errorf("the first minute saw %d", first)
	}
	if late := len(allowed) - first; late != 9*60 {
		t.Errorf("the nine minutes after it saw %d, want 60 each", late)
	}
}

// An empty key would be a count that all such callers share, or none.
func TestNobodyIsNoKey(t *testing.T) {
	t.Parallel()
	l := limiter(t, gate.Options{})
	for _, key := range [][]string{nil, {""}, {"session", ""}, {"", "192.0.2.1"}} {
		if r, err := l.Take(t.Context(), gate.Upload, key...); !errors.Is(err, gate.ErrNoKey) || r.Allowed {
			t.Errorf("Take of %q: %+v, %v", key, r, err)
		}
		if r, err := l.Look(t.Context(), gate.Upload, key...); !errors.Is(err, gate.ErrNoKey) || r.Allowed {
			t.Errorf("Look of %q: %+v, %v", key, r, err)
		}
	}
	if r, err := l.Take(t.Context(), "UPLOADS", "anna"); err == nil || r.Allowed {
		t.Errorf("a limit that does not exist: %+v, %v", r, err)
	}
}

func TestALimiterNeedsLimitsThatCanBeCounted(t *testing.T) {
	t.Parallel()
	for name, limit := range map[gate.Name]gate.Limit{
		gate.Auth: {Most: 0, Period: time.Minute}, gate.Form: {Most: -1, Period: time.Minute}, gate.Search: {Most: 1}, gate.Email: {Most: 1000, Period: time.Microsecond},
		"OTP_MAIL": {Most: 1, Period: time.Minute}, // the session room's, in PostgreSQL
	} {
		if _, err := gate.New(gate.Options{Key: key, Now: time.Now, Limits: map[gate.Name]gate.Limit{name: limit}}); err == nil {
			t.Errorf("%s = %v is taken", name, limit)
		}
	}
}

func TestALimiterNeedsAKeyToHideWhomItCounts(t *testing.T) {
	t.Parallel()
	if _, err := gate.New(gate.Options{Now: time.Now}); err == nil {
		t.Error("addresses are counted in clear")
	}
}

func TestSecondsAreRoundedUp(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int{0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, 90 * time.Second: 90} {
		if got := gate.Seconds(d); got != want {
			t.Errorf("Seconds(%s) = %d, want %d", d, got, want)
		}
	}
}
