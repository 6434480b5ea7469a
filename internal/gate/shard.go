package gate

import (
	"encoding/binary"
	"sync"
	"time"
)

// shard is a part of a memory: a hash table over slots that also stand in a ring, from
// the newest use to the oldest. Go's own map would grow on with keys that come and go.
type shard struct {
	mu    sync.Mutex
	most  int     // slots in use, at most
	used  int     // slots in use
	heads []int32 // by hash, the first slot of a chain
	slots []slot  // the first is the ring's knot and no bucket's
	free  int32   // the first slot of the chain of unused ones
}

// slot is one bucket. Its neighbours are slots by number, so that the garbage
// collector has nothing to follow.
type slot struct {
	bucket       bucket
	until        time.Duration // since the limiter's start; nothing is owed from then on
	told         bool          // by Redis
	newer, older int32         // in the ring
	next         int32         // in the chain
}

// knot is where the ring is closed: older than it is the newest, newer than it the
// oldest. As a slot's next it means that there is none.
const knot = 0

// head is where the chain of a bucket begins. Its bytes are a keyed hash: nobody
// outside can choose them to be alike.
func (s *shard) head(b bucket) *int32 {
	return &s.heads[binary.BigEndian.Uint32(b[1:])%uint32(len(s.heads))]
}

// find returns the slot of a bucket, or knot.
func (s *shard) find(b bucket) int32 {
	at := *s.head(b)
	for at != knot && s.slots[at].bucket != b {
		at = s.slots[at].next
	}
	return at
}

// add makes room for a bucket. Each new one sweeps up to two that owe nothing any
// more, so those never pile up; where all owe something, the one that has been silent
// for longest is forgotten.
func (s *shard) add(b bucket, now time.Duration) int32 {
	for range 2 {
		if oldest := s.slots[knot].newer; oldest != knot && s.slots[oldest].until <= now {
			s.remove(oldest)
		}
	}
	if s.used >= s.most {
		s.remove(s.slots[knot].newer)
	}
	at := s.free
	if at != knot {
		s.free = s.slots[at].next
	} else {
		at = int32(len(s.slots))
		s.slots = append(s.slots, slot{})
	}
	head := s.head(b)
	s.slots[at] = slot{bucket: b, next: *head}
	*head = at
	s.used++
	s.link(at)
	return at
}

func (s *shard) remove(at int32) {
	s.unlink(at)
	from := s.head(s.slots[at].bucket)
	for *from != at {
		from = &s.slots[*from].next
	}
	*from = s.slots[at].next
	s.slots[at].next, s.free = s.free, at
	s.used--
}

// touch makes a bucket the newest.
func (s *shard) touch(at int32) {
	s.unlink(at)
	s.link(at)
}

func (s *shard) link(at int32) {
	second := s.slots[knot].older
	s.slots[at].newer, s.slots[at].older = knot, second
	s.slots[second].newer, s.slots[knot].older = at, at
}

func (s *shard) unlink(at int32) {
	newer, older := s.slots[at].newer, s.slots[at].older
	s.slots[newer].older, s.slots[older].newer = older, newer
}
