package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

// servers count places in memory, where there is one, or in a Redis that they share. The
// tests below hold for both alike.
func onServers(t *testing.T, test func(t *testing.T, servers []*gate.Limiter)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, []*gate.Limiter{limiter(t, gate.Options{})})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		url := secret.Value(stage.Redis(t))
		var servers []*gate.Limiter
		for range 3 {
			servers = append(servers, limiter(t, gate.Options{Redis: url}))
		}
		test(t, servers)
		for _, l := range servers {
			if l.Where() != gate.Redis {
				t.Error("Redis was lost: nothing has been tested")
			}
		}
	})
}

// enter takes one of four places of somebody's archives.
func enter(t testing.TB, l *gate.Limiter, who string) func() {
	t.Helper()
	leave, err := l.Places(gate.Archives).Enter(t.Context(), who, 4)
	if err != nil {
		t.Fatalf("%s is not let in: %v", who, err)
	}
	return leave
}

// refused wants somebody refused, and returns when they may come back.
func refused(t testing.TB, l *gate.Limiter, who string) time.Duration {
	t.Helper()
	leave, err := l.Places(gate.Archives).Enter(t.Context(), who, 4)
	if err == nil {
		leave()
		t.Fatalf("%s is let in beyond four", who)
	}
	wait := fault.As(err).RetryAfter
	if !fault.Is(err, fault.RateLimited) || wait <= 0 || wait > gate.Lease {
		t.Fatalf("%s is refused with %v, for %s", who, err, wait)
	}
	return wait
}

func mayEnter(l *gate.Limiter, who string) bool {
	leave, err := l.Places(gate.Archives).Enter(context.Background(), who, 4)
	if err == nil {
		leave()
	}
	return err == nil
}

func TestSoManyPlacesAndNoMore(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, servers []*gate.Limiter) {
		here, there := servers[0], servers[len(servers)-1]
		var leave []func()
		for n := range 4 {
			leave = append(leave, enter(t, servers[n%len(servers)], "anna"))
		}
		refused(t, here, "anna")
		refused(t, there, "anna")
		enter(t, there, "ben")()
		if another, err := here.Places(gate.Streams).Enter(t.Context(), "anna", 1); err != nil {
			t.Errorf("streams take the places of archives: %v", err)
		} else {
			another()
		}
		leave[0]()
		leave[0]() // gives nothing back any more
		last := enter(t, there, "anna")
		refused(t, here, "anna")
		last()
		for _, leave := range leave[1:] {
			leave()
		}
		for range 4 {
			defer enter(t, here, "anna")()
		}
	})
}

func TestFiftyAtOnceTakeExactlyThePlaces(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, servers []*gate.Limiter) {
		var let atomic.Int32
		var all sync.WaitGroup
		for n := range 50 {
			all.Go(func() {
				if _, err := servers[n%len(servers)].Places(gate.Archives).Enter(t.Context(), "anna", 4); err == nil {
					let.Add(1)
				} else if !fault.Is(err, fault.RateLimited) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if let.Load() != 4 {
			t.Errorf("%d of fifty are in, want 4", let.Load())
		}
	})
}

// Fifty come and go without pausing: there are never more inside than there may be, and
// when all have left there is nothing left of them.
func TestACrowdIsNeverTooMany(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, servers []*gate.Limiter) {
		var inside, let, most atomic.Int32
		var all sync.WaitGroup
		for n := range 50 {
			all.Go(func() {
				for round := range 100 {
					leave, err := servers[(n+round)%len(servers)].Places(gate.Archives).Enter(t.Context(), "anna", 4)
					if err != nil {
						continue
					}
					let.Add(1)
					if now := inside.Add(1); now > most.Load() {
						most.Store(now)
					}
					inside.Add(-1)
					leave()
				}
			})
		}
		all.Wait()
		if most.Load() > 4 || let.Load() < 100 {
			t.Errorf("%d came in, %d of them at once, want 4 at most", let.Load(), most.Load())
		}
		for n := range 4 {
			defer enter(t, servers[n%len(servers)], "anna")()
		}
	})
}

func TestNobodyHasNoPlace(t *testing.T) {
	t.Parallel()
	l := limiter(t, gate.Options{})
	if _, err := l.Places(gate.Archives).Enter(t.Context(), "", 4); !errors.Is(err, gate.ErrNoKey) {
		t.Errorf("nobody enters: %v", err)
	}
	enter(t, l, "anna")()
	if n := l.Rows(); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestWhoHangsUpWhileEnteringIsCounted(t *testing.T) {
	t.Parallel()
	url := secret.Value(stage.Redis(t))
	here, there := limiter(t, gate.Options{Redis: url}), limiter(t, gate.Options{Redis: url})
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	for range 4 {
		if _, err := here.Places(gate.Archives).Enter(gone, "anna", 4); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, there, "anna")
	if here.Where() != gate.Redis {
		t.Error("a caller who hung up took Redis with them")
	}
}

// What runs for longer than a lease has its place for as long as it runs.
func TestALeaseIsRenewed(t *testing.T) {
	t.Parallel()
	url := secret.Value(stage.Redis(t))
	const lease = time.Second
	here, there := run(t, gate.NewHurried(lease, lease/20), gate.Options{Redis: url}), run(t, gate.NewHurried(lease, lease/20), gate.Options{Redis: url})
	for range 4 {
		defer enter(t, here, "anna")()
	}
	for end := time.Now().Add(5 * lease / 2); time.Now().Before(end); time.Sleep(lease / 20) {
		refused(t, there, "anna")
	}
}

// Three downloads run, their server is killed, and all three go on at another one, where a
// fourth runs: they are told when, and then they do.
func TestTheDeadLeaveTheirPlacesAsTold(t *testing.T) {
	t.Parallel()
	url := secret.Value(stage.Redis(t))
	dead, err := gate.NewPatient(gate.Options{Redis: url, Key: key, Now: time.Now}) // it never runs
	if err != nil {
		t.Fatal(err)
	}
	there := run(t, gate.NewHurried(gate.Lease, 3*gate.Lease/5), gate.Options{Redis: url}) // no renewal at the end of a lease
	for range 3 {
		enter(t, dead, "anna")
	}
	defer enter(t, there, "anna")()
	refused(t, there, "anna")
	for n := range 3 {
		leave, err := there.Places(gate.Archives).Enter(t.Context(), "anna", 4)
		if err != nil {
			time.Sleep(fault.As(err).RetryAfter)
			leave, err = there.Places(gate.Archives).Enter(t.Context(), "anna", 4)
		}
		if err != nil {
			t.Fatalf("the place of download %d is not free when it was said to be: %v", n, err)
		}
		defer leave()
	}
	refused(t, there, "anna")
}

func TestARedisThatForgotIsToldAgain(t *testing.T) {
	t.Parallel()
	url := stage.Redis(t)
	hurried := gate.NewHurried(gate.Lease, 20*time.Millisecond)
	here, there := run(t, hurried, gate.Options{Redis: secret.Value(url)}), run(t, hurried, gate.Options{Redis: secret.Value(url)})
	for range 3 {
		defer enter(t, here, "anna")()
	}
	defer enter(t, there, "anna")()
	if err := client(t, url).FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all four are counted again", func() bool { return !mayEnter(here, "anna") && !mayEnter(there, "anna") })
	refused(t, here, "anna")
	refused(t, there, "anna")
}

// Nobody enters a Redis that came back empty before it knows who is inside.
func TestARedisThatIsBackIsToldFirst(t *testing.T) {
	t.Parallel()
	s := server(t)
	never := gate.NewHurried(time.Hour, time.Hour)
	here := run(t, never, gate.Options{Redis: secret.Value(s.URL(0))})
	for range 2 {
		defer enter(t, here, "anna")()
	}
	s.Kill()
	for range 2 { // the first of them loses Redis
		defer enter(t, here, "anna")()
	}
	if here.Where() != gate.Memory || mayEnter(here, "anna") {
		t.Error("Redis was not lost, or a fifth is let in without it")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Redis is found", func() bool { return here.Where() == gate.Redis })
	there := run(t, never, gate.Options{Redis: secret.Value(s.URL(0))})
	if mayEnter(there, "anna") {
		t.Error("a fifth is let in by a Redis that knows of nobody")
	}
}

// While Redis is away a server goes on with what it was told of the others, and knows
// nothing of them when their leases are over.
func TestWhatOthersHaveIsKeptForALease(t *testing.T) {
	t.Parallel()
	s := server(t)
	c := &clock{now: time.Now()}
	here, there := limiter(t, gate.Options{Redis: secret.Value(s.URL(0)), Now: c.Now}), limiter(t, gate.Options{Redis: secret.Value(s.URL(0))})
	for range 2 {
		enter(t, there, "anna")
	}
	enter(t, here, "anna")
	s.Kill()
	enter(t, here, "anna")
	refused(t, here, "anna")
	c.Pass(gate.Lease)
	enter(t, here, "anna")
	enter(t, here, "anna")
	refused(t, here, "anna")
}

// A machine that is busy takes Redis for lost now and then. A server that knows of nobody
// waits for it then, rather than to give away what others have.
func TestARedisThatIsSlowForAMomentIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := server(t)
	there, here := limiter(t, gate.Options{Redis: secret.Value(s.URL(0))}), run(t, gate.New, gate.Options{Redis: secret.Value(s.URL(0))})
	for range 4 {
		enter(t, there, "anna")
	}
	if _, err := here.Take(t.Context(), gate.Form, "ben"); err != nil { // the connection is there
		t.Fatal(err)
	}
	s.Pause()
	entered := make(chan bool)
	go func() { entered <- mayEnter(here, "anna") }()
	eventually(t, "Redis is lost", func() bool { return here.Where() == gate.Memory })
	s.Resume()
	if <-entered {
		t.Error("a fifth is let in while Redis was slow")
	}
}

// A refusal is kept as well: who is past the places of all servers does not get those of
// one as soon as Redis is slow.
func TestWhoWasRefusedIsRefusedWithoutRedis(t *testing.T) {
	t.Parallel()
	s := server(t)
	here, there := limiter(t, gate.Options{Redis: secret.Value(s.URL(0))}), limiter(t, gate.Options{Redis: secret.Value(s.URL(0))})
	for range 4 {
		enter(t, there, "anna")
	}
	refused(t, here, "anna")
	s.Kill()
	for range 10 {
		refused(t, here, "anna")
	}
	if here.Where() != gate.Memory {
		t.Error("Redis was not lost")
	}
}

// A renewal that is under way must not bring a place back that is left meanwhile.
func TestARenewalBringsNothingBack(t *testing.T) {
	t.Parallel()
	url := stage.Redis(t)
	l := run(t, gate.NewHurried(time.Hour, time.Microsecond), gate.Options{Redis: secret.Value(url)})
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			for range 200 {
				enter(t, l, fmt.Sprint("caller ", n))()
			}
		})
	}
	all.Wait()
	if l.Where() != gate.Redis {
		t.Fatal("Redis was lost: nothing has been tested")
	}
	if left := client(t, url).Keys(t.Context(), "pixgate:"+string(gate.Archives)+":*").Val(); len(left) != 0 {
		t.Errorf("%d callers have places who have left", len(left))
	}
}

func TestWhatIsKnownOfPlacesIsForgotten(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Now()}
	url := secret.Value(stage.Redis(t))
	here, there := run(t, gate.NewHurried(gate.Lease, time.Millisecond), gate.Options{Redis: url, Now: c.Now}), limiter(t, gate.Options{Redis: url})
	for n := range 10 {
		who := fmt.Sprint("caller ", n)
		for range 4 {
			enter(t, there, who)
		}
		refused(t, here, who)
	}
	if n := here.Rows(); n != 10 {
		t.Errorf("%d rows of ten refused", n)
	}
	c.Pass(gate.Lease)
	eventually(t, "the refusals are forgotten", func() bool { return here.Rows() == 0 })
}

// Redis holds nothing that says who runs what, and nothing of those who are gone.
func TestPlacesTellNobodysName(t *testing.T) {
	t.Parallel()
	url := stage.Redis(t)
	l, redis := limiter(t, gate.Options{Redis: secret.Value(url)}), client(t, url)
	leave := enter(t, l, "anna@kunde.example")
	for _, name := range redis.Keys(t.Context(), "*").Val() {
		text := name + strings.Join(redis.ZRange(t.Context(), name, 0, -1).Val(), " ")
		if strings.Contains(text, "anna") || strings.Contains(text, "kunde") {
			t.Errorf("Redis knows of %s", text)
		}
		if ttl := redis.PTTL(t.Context(), name).Val(); ttl <= 0 || ttl > gate.Lease {
			t.Errorf("%s stays for %s", name, ttl)
		}
	}
	leave()
	if n := redis.DBSize(t.Context()).Val(); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

// What a server has itself it knows without Redis, whatever that has lost.
func TestNoServerHasMoreByItselfThanThereMayBe(t *testing.T) {
	t.Parallel()
	url := stage.Redis(t)
	l := run(t, gate.NewHurried(time.Hour, time.Hour), gate.Options{Redis: secret.Value(url)})
	for range 4 {
		defer enter(t, l, "anna")()
	}
	if err := client(t, url).FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if mayEnter(l, "anna") {
		t.Error("a fifth is let in by a Redis that knows of nobody")
	}
}
