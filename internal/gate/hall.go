package gate

import (
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"
)

// hall is which places this server has, and what it was told of the others'. It has as many
// rows as there are keys with a place here or, for the length of a lease, with a refusal.
type hall struct {
	lease, renewal time.Duration
	self           string // begins the name of every place here: no other process has it

	mu   sync.Mutex
	last uint64
	rows map[string]*row // by key

	// turn keeps those who leave, which may be some, from a renewal: one that is under way must
	// not bring back what was left after it was written.
	turn sync.RWMutex
	door chan struct{} // has room for leavingAtOnce
}

// row is who has places under one key.
type row struct {
	mine   map[string]standing
	others int           // places of other servers, when Redis last told
	until  time.Duration // since the limiter's start: from then on nobody knows of them
}

// standing is how it stands with a place.
type standing int

const (
	asked standing = iota // nobody has decided
	alone                 // entered; Redis may not know
	known                 // entered, and Redis knows
)

func newHall(self string) hall {
	return hall{lease: lease, renewal: renewal, self: self, rows: map[string]*row{}, door: make(chan struct{}, leavingAtOnce)}
}

// ask makes a place that is to be decided about; there is none where this server alone has
// as many as there may be.
func (h *hall) ask(key string, most int) (place string, free bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rows[key]
	if r == nil {
		r = &row{mine: map[string]standing{}}
		h.rows[key] = r
	}
	if len(r.mine) >= most {
		return "", false
	}
	h.last++
	place = h.self + strconv.FormatUint(h.last, 36)
	r.mine[place] = asked
	return place, true
}

// hear takes over what Redis has decided.
func (h *hall) hear(key, place string, a answer, now time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rows[key]
	delete(r.mine, place)
	if a.entered {
		r.mine[place] = known
	}
	r.know(a.taken, now+h.lease)
}

// know takes over how many places there are on all servers.
func (r *row) know(all int, until time.Duration) {
	for _, standing := range r.mine {
		if standing == known {
			all--
		}
	}
	r.others, r.until = max(all, 0), until
}

// decide decides about a place without Redis.
func (h *hall) decide(key, place string, most int, now time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, all := h.rows[key], 0
	if now < r.until {
		all = r.others
	}
	if all+len(r.mine) > most {
		h.remove(key, place)
		return false
	}
	r.mine[place] = alone
	return true
}

// forget ends a place.
func (h *hall) forget(key, place string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(key, place)
}

func (h *hall) remove(key, place string) {
	r := h.rows[key]
	if delete(r.mine, place); len(r.mine) == 0 && r.others == 0 {
		delete(h.rows, key)
	}
}

// sweep forgets the rows that say nothing any more.
func (h *hall) sweep(now time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, r := range h.rows {
		if len(r.mine) == 0 && now >= r.until {
			delete(h.rows, key)
		}
	}
}

// held are the keys with places here, some at a time.
func (h *hall) held(now time.Duration) iter.Seq[[]string] {
	h.sweep(now)
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := make([]string, 0, len(h.rows))
	for key, r := range h.rows {
		if len(r.mine) > 0 {
			keys = append(keys, key)
		}
	}
	return slices.Chunk(keys, renewedAtOnce)
}

// entered are the places under some keys that are decided, and the keys that have any.
func (h *hall) entered(some []string) (keys []string, places [][]string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range some {
		r := h.rows[key]
		if r == nil {
			continue
		}
		var mine []string
		for place, standing := range r.mine {
			if standing != asked {
				mine = append(mine, place)
			}
		}
		if len(mine) > 0 {
			keys, places = append(keys, key), append(places, mine)
		}
	}
	return keys, places
}

// renewed says that Redis knows these places, and how many it counts with them. None of them
// has ended meanwhile: that would have taken its turn.
func (h *hall) renewed(keys []string, places [][]string, taken []int64, now time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, key := range keys {
		r := h.rows[key]
		for _, place := range places[i] {
			r.mine[place] = known
		}
		r.know(int(taken[i]), now+h.lease)
	}
}
