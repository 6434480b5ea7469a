package gate

import (
	"context"
	"sync"
	"time"
)

// How long to wait between two questions to a Redis that is away. It doubles from
// the shortest to the longest, and starts again once Redis has been well for a while:
// one that comes and goes is not believed as often.
const (
	shortestWait = 50 * time.Millisecond
	longestWait  = 700 * time.Millisecond // with patience, under a second
	wellFor      = 10 * time.Second
)

// lose turns away from a Redis that has failed. Of all calls that failed with it, the
// first one does; one that comes late can't turn away from its successor.
func (l *Limiter) lose(failed *shared) {
	l.losing.Lock()
	defer l.losing.Unlock()
	if l.redis.CompareAndSwap(failed, nil) {
		l.absent = &absence{until: time.Now().Add(moment), over: make(chan struct{})}
		l.lost <- failed // never waits: there is no other one until Run has taken this
	}
}

// moment is how long whoever can wait does so for a Redis that has just failed: one that is
// only slow is back within it.
const moment = time.Second

// absence is a time without Redis.
type absence struct {
	until time.Time     // nobody waits for longer
	over  chan struct{} // closed when Redis is back
}

// awaited is Redis, or nil when it has been away for longer than a moment. It waits as long
// as the caller stays.
func (l *Limiter) awaited(ctx context.Context) *shared {
	if redis := l.redis.Load(); redis != nil {
		return redis
	}
	l.losing.Lock()
	absent := l.absent
	l.losing.Unlock()
	if absent == nil {
		return nil
	}
	wait := time.NewTimer(time.Until(absent.until))
	defer wait.Stop()
	select {
	case <-absent.over:
	case <-wait.C:
	case <-ctx.Done():
	}
	return l.redis.Load()
}

// Run watches over Redis and renews this server's places until ctx ends: without it, a
// Redis that fails stays away. There must be one. It returns at once where there is no
// Redis, and closes the connections to it in the end; the limiter then counts in memory.
func (l *Limiter) Run(ctx context.Context) {
	if l.open == nil {
		return
	}
	var keeping sync.WaitGroup
	keeping.Go(func() { l.keep(ctx) })
	defer keeping.Wait()
	wait, found := shortestWait, time.Time{}
	for {
		select {
		case failed := <-l.lost:
			failed.close()
		case <-ctx.Done():
			l.end()
			return
		}
		l.losing.Lock()
		absent := l.absent // no other one begins before this is over
		l.losing.Unlock()
		l.tell(true)
		if time.Since(found) > wellFor {
			wait = shortestWait
		}
		next := l.find(ctx, &wait)
		if next == nil {
			return
		}
		found = time.Now()
		l.redis.Store(next)
		close(absent.over)
		l.tell(false)
	}
}

// find asks until Redis counts again, or returns nil when ctx ends.
func (l *Limiter) find(ctx context.Context, wait *time.Duration) *shared {
	timer := time.NewTimer(*wait)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		*wait = min(2**wait, longestWait)
		next := l.open()
		if next.ready(ctx) && l.renew(next) == nil {
			return next
		}
		next.close()
		timer.Reset(*wait)
	}
}

func (l *Limiter) tell(away bool) {
	if l.onChange != nil {
		l.onChange(away)
	}
}

// end closes the last connections. Whoever turned away first has left them to us.
func (l *Limiter) end() {
	if last := l.redis.Swap(nil); last != nil {
		last.close()
		return
	}
	(<-l.lost).close()
}

// Place is where limits are counted.
type Place string

// The places.
const (
	Redis  Place = "redis"  // for all servers
	Memory Place = "memory" // for this one
)

// Where reports where limits are counted right now.
func (l *Limiter) Where() Place {
	if l.redis.Load() != nil {
		return Redis
	}
	return Memory
}

// Degraded reports [Memory] while there is a Redis and it is away, and nothing
// otherwise.
func (l *Limiter) Degraded() Place {
	if l.open == nil || l.redis.Load() != nil {
		return ""
	}
	return Memory
}
