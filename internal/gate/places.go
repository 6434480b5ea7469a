package gate

import (
	"context"
	"encoding/hex"
	"sync"
	"time"

	"pixgate/internal/fault"
)

// What is counted while it runs, and by whom.
const (
	Archives Name = "ARCHIVES" // files made on the way out, by account
	Streams  Name = "STREAMS"  // subscriptions, by account
)

const (
	// lease is how long a place is kept of which its server says nothing more: what a
	// server had that was killed is free after it.
	lease = 5 * time.Second
	// renewal is how often each server says which places it still has.
	renewal = time.Second
	// renewedAtOnce is of how many keys it says so by one call.
	renewedAtOnce = 100
	// leavingAtOnce is how many tell Redis side by side that they leave: a server that stops
	// has thousands of streams that do, and not as many connections.
	leavingAtOnce = 8
)

// Places count what runs at the same time.
type Places struct {
	limiter *Limiter
	name    Name
}

// Places returns those of a name. It needs no limit: whoever enters says how many there are.
func (l *Limiter) Places(name Name) *Places { return &Places{limiter: l, name: name} }

// Enter takes one of so many places of whoever the key names, 1 at least, which leave gives back;
// calling it again does nothing. RATE_LIMITED while all are taken, with when the first of them is
// free unless its server renews it. It is entered even if ctx has ended.
//
// Other errors are [ErrNoKey] alone. Redis's are none: while it is away, and for longer than the
// moment that is waited for it, this server counts its own places and, until their leases end,
// those of the others that it was told of.
func (p *Places) Enter(ctx context.Context, key string, most int) (leave func(), err error) {
	b, err := bucketOf(p.limiter.key, "places "+string(p.name), []string{key})
	if err != nil {
		return nil, err
	}
	return p.limiter.enter(ctx, "pixgate:"+string(p.name)+":"+hex.EncodeToString(b[:]), most)
}

func (l *Limiter) enter(ctx context.Context, key string, most int) (leave func(), err error) {
	h := &l.hall
	place, free := h.ask(key, most)
	if !free {
		return nil, full(h.lease)
	}
	for range 2 {
		redis := l.awaited(ctx)
		if redis == nil {
			break
		}
		answer, err := redis.enter(ctx, key, place, most, h.lease)
		if err != nil {
			l.lose(redis)
			continue
		}
		h.hear(key, place, answer, l.since())
		if !answer.entered {
			return nil, full(answer.wait)
		}
		return l.leaver(key, place), nil
	}
	if !h.decide(key, place, most, l.since()) {
		return nil, full(h.lease)
	}
	return l.leaver(key, place), nil
}

func full(wait time.Duration) error {
	return fault.TooMany("As many as may be are running already. Please wait until one is done.", wait)
}

// leaver gives a place back, and returns when the other servers may know.
func (l *Limiter) leaver(key, place string) func() {
	return sync.OnceFunc(func() {
		l.hall.door <- struct{}{}
		defer func() { <-l.hall.door }()
		l.hall.turn.RLock()
		defer l.hall.turn.RUnlock()
		l.hall.forget(key, place)
		if redis := l.redis.Load(); redis != nil {
			if err := redis.leave(key, place); err != nil {
				l.lose(redis) // it ends with its lease
			}
		}
	})
}

// keep renews this server's places until ctx ends. Whatever Redis has lost is in it again
// afterwards, and what was entered without it is, too.
func (l *Limiter) keep(ctx context.Context) {
	tick := time.NewTicker(l.hall.renewal)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		redis := l.redis.Load()
		if redis == nil {
			l.hall.sweep(l.since())
		} else if err := l.renew(redis); err != nil {
			l.lose(redis)
		}
	}
}

// renew tells a Redis of all places that this server has.
func (l *Limiter) renew(redis *shared) error {
	for keys := range l.hall.held(l.since()) {
		if err := l.renewSome(redis, keys); err != nil {
			return err
		}
	}
	return nil
}

func (l *Limiter) renewSome(redis *shared, keys []string) error {
	l.hall.turn.Lock() // what is left meanwhile would be put back
	defer l.hall.turn.Unlock()
	keys, places := l.hall.entered(keys)
	if len(keys) == 0 {
		return nil
	}
	taken, err := redis.renew(keys, places, l.hall.lease)
	if err != nil {
		return err
	}
	l.hall.renewed(keys, places, taken, l.since())
	return nil
}
