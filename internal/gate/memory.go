package gate

import "time"

const (
	keysOfLimit = 1 << 16 // of one limit in memory, at most
	shards      = 16      // parts of a memory with a lock each
)

// memory keeps for each bucket of one limit until when something is owed. It is
// bounded, and its parts are locked one by one: hashes spread evenly over them.
type memory struct{ shards [shards]shard }

func newMemory(most int) *memory {
	m := &memory{}
	each := max(most/shards, 1)
	for i := range m.shards {
		m.shards[i] = shard{most: each, heads: make([]int32, each), slots: make([]slot, 1)}
	}
	return m
}

func (m *memory) shardOf(b bucket) *shard { return &m.shards[b[0]%shards] }

// take takes n, 0 or 1, at a time since the limiter's start. told says that Redis has told
// of what is owed; else what others have let through is not known here.
func (m *memory) take(b bucket, l Limit, now time.Duration, n int) (r Result, told bool) {
	s := m.shardOf(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.find(b)
	switch {
	case at == knot && n == 0:
		_, r = l.take(0, 0)
		return r, false
	case at == knot:
		at = s.add(b, now)
	}
	told = s.slots[at].told && s.slots[at].until > now
	owed, r := l.take(s.slots[at].until-now, n)
	s.slots[at].until, s.slots[at].told = now+owed, told
	s.touch(at)
	return r, told
}

// learn takes over what Redis has told. Where Redis refused, its word is exact. Where
// it allowed, it may have lost what it knew, and the larger debt counts.
func (m *memory) learn(b bucket, now time.Duration, told Result) {
	if told.ResetAfter <= 0 {
		return
	}
	s := m.shardOf(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.find(b)
	if at == knot {
		at = s.add(b, now)
	}
	until := now + told.ResetAfter
	if told.Allowed {
		until = max(until, s.slots[at].until)
	}
	s.slots[at].until, s.slots[at].told = until, true
	s.touch(at)
}
