package transfer

import (
	"sync"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
)

// How many archives may be on their way at once, in this process. Each holds at
// most the prefetch window in memory: see window.
const (
	archivesOfAccount = 4
	archivesInAll     = 64
)

// slots counts the archives that are on their way.
type slots struct {
	mu      sync.Mutex
	running map[id.ID]int // by account
	all     int
}

// take takes a slot; give gives it back, once.
func (s *slots) take(accountID id.ID) (give func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[accountID] >= archivesOfAccount {
		return nil, fault.TooMany("Four archives are being downloaded already. Please wait until one is done.", 15*time.Second)
	}
	if s.all >= archivesInAll {
		return nil, fault.TooMany("Too many archives are being downloaded right now. Please try again in a moment.", 15*time.Second)
	}
	s.running[accountID]++
	s.all++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.running[accountID]--; s.running[accountID] == 0 {
			delete(s.running, accountID)
		}
	}), nil
}
