package gate

import (
	"context"
	"time"
)

// Patience is how long a call waits for Redis, and Moment for its return.
const (
	Patience = patience
	Moment   = moment
)

// NewPatient is New for a machine that may be too busy for an answer in time: it waits
// for Redis as long as it takes.
func NewPatient(o Options) (*Limiter, error) { return newLimiter(o, 10*time.Second) }

// InRedis takes n from a limit in Redis alone, past what the limiter keeps itself.
func (l *Limiter) InRedis(ctx context.Context, name Name, n int, key ...string) (Result, error) {
	c := l.counts[name]
	b, err := bucketOf(l.key, c.purpose, key)
	if err != nil {
		return Result{}, err
	}
	return l.redis.Load().take(ctx, name, b, c.Limit, n)
}

// Kept is how many keys of a limit are in memory.
func (l *Limiter) Kept(name Name) int { return l.counts[name].known.len() }

// NewMemory is a memory of so many keys.
func NewMemory(most int) *TestMemory { return &TestMemory{newMemory(most)} }

// TestMemory is a memory by itself.
type TestMemory struct{ m *memory }

// Take takes one at a time since the start.
func (m *TestMemory) Take(b [16]byte, l Limit, now time.Duration) Result {
	r, _ := m.m.take(b, l, now, 1)
	return r
}

// Look takes nothing.
func (m *TestMemory) Look(b [16]byte, l Limit, now time.Duration) Result {
	r, _ := m.m.take(b, l, now, 0)
	return r
}

// Len is how many keys there are.
func (m *TestMemory) Len() int { return m.m.len() }

// len is how many buckets are kept.
func (m *memory) len() int {
	n := 0
	for i := range m.shards {
		m.shards[i].mu.Lock()
		n += m.shards[i].used
		m.shards[i].mu.Unlock()
	}
	return n
}

// NewHurried is NewPatient with leases and renewals of so long.
func NewHurried(lease, renewal time.Duration) func(Options) (*Limiter, error) {
	return func(o Options) (*Limiter, error) {
		l, err := NewPatient(o)
		if err == nil {
			l.hall.lease, l.hall.renewal = lease, renewal
		}
		return l, err
	}
}

// Lease is how long a place is kept of which its server says nothing more.
const Lease = lease

// Rows is of how many keys the places are known.
func (l *Limiter) Rows() int {
	l.hall.mu.Lock()
	defer l.hall.mu.Unlock()
	return len(l.hall.rows)
}

// Renew tells Redis of all places, now.
func (l *Limiter) Renew() error { return l.renew(l.redis.Load()) }
