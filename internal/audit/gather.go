package audit

import (
	"net/netip"
	"sync"
	"time"

	"pixgate/internal/id"
)

// How much of what happens between two writes is told apart. A flood from
// everywhere makes a hundred rows a second for its event and studio, and one more for
// the rest.
const (
	mostNamed    = 100   // of each event of a studio: with account and source
	mostAllNamed = 2_000 // of all
	mostRows     = 4_000 // with those that have neither
)

// likeness is what incidents that become one row have in common.
type likeness struct {
	event           Event
	tenant, account id.ID // nil ids: none
	source          netip.Prefix
	route, detail   string
}

// row is incidents of one likeness.
type row struct {
	likeness
	id          id.ID
	requestID   string // of the first
	count       int64
	first, last time.Time
}

// gathered is what happened since the last write.
type gathered struct {
	mu    sync.Mutex
	rows  map[likeness]*row
	named map[matter]int // rows that tell accounts and sources apart
}

func newGathered() gathered {
	return gathered{rows: map[likeness]*row{}, named: map[matter]int{}}
}

// add counts an incident, and reports whether there was room.
func (g *gathered) add(one likeness, requestID string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	about := matter{one.tenant, one.event}
	held := g.rows[one]
	if held == nil && (g.named[about] >= mostNamed || len(g.rows) >= mostAllNamed) {
		one.account, one.source = id.Nil, netip.Prefix{}
		held = g.rows[one]
	}
	if held != nil {
		held.count++
		if now.After(held.last) { // goroutines don't come in the order of their clocks
			held.last = now
		}
		if now.Before(held.first) {
			held.first = now
		}
		return true
	}
	if len(g.rows) >= mostRows {
		return false
	}
	if one.account != id.Nil || one.source.IsValid() {
		g.named[about]++
	}
	g.rows[one] = &row{likeness: one, id: id.New(now), requestID: brief(requestID), count: 1, first: now, last: now}
	return true
}

// take empties the set.
func (g *gathered) take() []*row {
	g.mu.Lock()
	defer g.mu.Unlock()
	rows := make([]*row, 0, len(g.rows))
	for _, one := range g.rows {
		rows = append(rows, one)
	}
	clear(g.rows)
	clear(g.named)
	return rows
}
