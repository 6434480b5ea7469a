package webhook

import (
	"sync"
	"time"

	"pixgate/internal/id"
)

const (
	mostOfWebhook = 2 // deliveries at a time, of this process
	mostOfStudio  = 8 // likewise; the tasks have 20 places for all studios
	spacing       = 200 * time.Millisecond
	longestWait   = 10 * time.Minute // who has a turn goes on with what waits; nobody but the slow are kept waiting
)

// turns keep one slow receiver from taking all places: what comes too much is put off, each
// a little later than the one before, so that asking again costs little however many wait.
type turns struct {
	mu      *sync.Mutex
	running map[id.ID]int       // of webhooks, and of studios
	later   map[id.ID]time.Time // when the last that was put off comes again, by webhook
}

func newTurns() turns {
	return turns{new(sync.Mutex), map[id.ID]int{}, map[id.ID]time.Time{}}
}

// take returns what gives the turn back, or nil and after how long to ask again.
func (t turns) take(webhookID, studioID id.ID, now time.Time) (give func(), wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running[webhookID] >= mostOfWebhook || t.running[studioID] >= mostOfStudio {
		next := now
		if t.later[webhookID].After(now) {
			next = t.later[webhookID]
		}
		if next = next.Add(spacing); next.Sub(now) > longestWait {
			return nil, longestWait
		}
		t.later[webhookID] = next
		return nil, next.Sub(now)
	}
	if !t.later[webhookID].After(now) {
		delete(t.later, webhookID)
	}
	t.running[webhookID]++
	t.running[studioID]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, one := range []id.ID{webhookID, studioID} {
			if t.running[one]--; t.running[one] == 0 {
				delete(t.running, one)
			}
		}
	}, 0
}
