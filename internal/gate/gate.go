// Package gate decides whether a caller may knock: how often ([Limiter]), how many times
// at once ([Places]) and from where ([Lists]). It knows nothing of HTTP, of settings or of who is signed in.
//
// # Limits
//
// A [Limiter] is made once by [New]; its [Limiter.Run] belongs to whoever made it
// and runs until the program stops. Each request then takes one from each limit
// that it is under:
//
//	result, err := limiter.Take(ctx, gate.PublicAPI, gate.KeyOfIP(client))
//	if err != nil { … }                      // a mistake in the program: answer INTERNAL
//	if err := result.Err(); err != nil { … } // RATE_LIMITED, with when to come back
//
// Limits that count failures are asked by [Limiter.Look] before the attempt and
// charged by [Limiter.Take] after it failed. Attempts that run side by side have
// all looked before any was charged: a limit that must be exact belongs into the
// database, as those of one-time codes do.
//
// Limits count by GCRA (the generic cell rate algorithm): a limit of 60 a minute
// lets 60 through at once, and from then on one more each second. It refills while
// it counts, so a first minute may see up to 119, and no minute more: whatever
// period one looks at, no more than twice the limit passes.
//
// # Redis and memory
//
// Where there is a Redis, it counts for all servers. Every server also keeps in
// memory what Redis last told it. So a key that is known to have nothing left is
// refused without asking, a Redis that comes back empty gives nobody a fresh start,
// and when Redis fails or takes longer than 250 ms the very same call is answered
// from memory, which goes on where Redis stopped. Of keys that Redis has told this server
// nothing of, as after a start, it knows nothing: they wait for a Redis that was lost just
// now, up to a second. From then on nobody waits for
// Redis; [Limiter.Run] asks it, at least once a second, and turns back to it when it
// counts again. While it is away each server counts for itself: behind a balancer
// callers then have up to one limit for each server.
//
// # Places
//
// What takes its time is counted while it runs:
//
//	leave, err := limiter.Places(gate.Archives).Enter(ctx, account, 4)
//	if err != nil { … } // RATE_LIMITED, with when to come back
//	defer leave()
//
// A place is a lease of five seconds in Redis, which [Limiter.Run] renews every second. A
// server that is killed loses its places with their leases; a Redis that has lost its data
// is told of all that are held within a second. No server ever has more than there may be,
// and all together have no more while Redis is there. One that fails is waited for, up to a
// second: what runs for long may begin late. While it is away for longer each server enters
// by its own count, and by what it was told of the others' for the length of a lease: all
// together may then come to have as many as there may be on each. What has entered is
// never cut off; nobody new enters until enough have left.
//
// # Bounds
//
// Memory is bounded: 65,536 keys a limit, some 60 bytes each. Past that the key that has
// been silent for longest is forgotten.
package gate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"pixgate/internal/secret"
)

// Options are what [New] needs.
type Options struct {
	// Redis is the URL of the Redis that counts for all servers, redis://… or
	// rediss://…; memory alone when empty.
	Redis secret.Value
	// Key hides what is counted: Redis and memory hold keyed hashes only. All servers
	// that share a Redis need the same. With a new one, counting starts anew.
	Key secret.Key
	// Limits replace those of [Defaults] that they name.
	Limits map[Name]Limit
	// Now is the clock of what is counted in memory; Redis has its own.
	Now func() time.Time
	// OnChange, unless nil, is told by [Limiter.Run] when Redis is away and when it is
	// back: in turns, and never by two goroutines at once. Redis is not asked again
	// before it returns.
	OnChange func(away bool)
}

// Limiter counts who does what how often. It is safe for use by many goroutines.
type Limiter struct {
	counts map[Name]*count
	key    secret.Key
	now    func() time.Time
	start  time.Time
	hall   hall

	open     func() *shared         // nil: there is no Redis
	redis    atomic.Pointer[shared] // nil while Redis is away
	lost     chan *shared           // the one that failed, for Run
	losing   sync.Mutex
	absent   *absence // the last one; nil: there was none
	onChange func(away bool)
}

// count is one limit and who has used it.
type count struct {
	Limit
	purpose string
	known   *memory
}

// New returns a limiter. It fails without a key, for a limit that does not exist or
// allows nothing, and for a URL that can't be read. It does not ask whether Redis is
// there: the first call does.
func New(o Options) (*Limiter, error) { return newLimiter(o, patience) }

func newLimiter(o Options, patience time.Duration) (*Limiter, error) {
	l := &Limiter{counts: map[Name]*count{}, key: o.Key, now: o.Now, start: o.Now(), lost: make(chan *shared, 1), onChange: o.OnChange, hall: newHall(rand.Text() + ".")}
	if o.Key.ID() == "" {
		return nil, errors.New("limits need a key to hide whom they count")
	}
	for name := range o.Limits {
		if _, known := defaults[name]; !known {
			return nil, fmt.Errorf("there is no limit %q", name)
		}
	}
	limits := Defaults()
	maps.Copy(limits, o.Limits)
	for name, limit := range limits {
		if limit.Most < 1 || limit.interval() < time.Microsecond {
			return nil, fmt.Errorf("limit %s: %d in %s can't be counted", name, limit.Most, limit.Period)
		}
		l.counts[name] = &count{Limit: limit, purpose: purpose(name, limit), known: newMemory(keysOfLimit)}
	}
	if o.Redis != "" {
		open, err := opener(o.Redis, patience)
		if err != nil {
			return nil, err
		}
		l.open = open
		l.redis.Store(open())
	}
	return l, nil
}

// ErrNoKey says that a limit was asked about nobody. It is a mistake in the program:
// all of such callers would share one count, or have none.
var ErrNoKey = errors.New("a limit needs a key, and each part of it")

// Take counts one use of a limit by whoever the parts of key name, and says whether
// it was allowed. A refused one costs nothing. It is counted even if ctx has ended.
//
// The error is never Redis's: it is [ErrNoKey], or says that there is no such limit.
func (l *Limiter) Take(ctx context.Context, name Name, key ...string) (Result, error) {
	return l.ask(ctx, name, key, 1)
}

// Look says whether [Limiter.Take] would be allowed, and takes nothing.
func (l *Limiter) Look(ctx context.Context, name Name, key ...string) (Result, error) {
	return l.ask(ctx, name, key, 0)
}

// since is the time since the limiter's start.
func (l *Limiter) since() time.Duration { return l.now().Sub(l.start) }

func (l *Limiter) ask(ctx context.Context, name Name, key []string, n int) (Result, error) {
	c, known := l.counts[name]
	if !known {
		return Result{}, fmt.Errorf("there is no limit %q", name)
	}
	b, err := bucketOf(l.key, c.purpose, key)
	if err != nil {
		return Result{}, err
	}
	now := l.since()
	kept, heard := c.known.take(b, c.Limit, now, n)
	if !kept.Allowed {
		return kept, nil
	}
	for range 2 {
		redis := l.redis.Load()
		if !heard {
			redis = l.awaited(ctx)
		}
		if redis == nil {
			break
		}
		told, err := redis.take(ctx, name, b, c.Limit, n)
		if err != nil {
			l.lose(redis)
			continue
		}
		c.known.learn(b, now, told)
		return stricter(kept, told), nil
	}
	return kept, nil
}
