package transfer

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
)

const (
	// archivesOfAccount is how many archives an account may have on their way at once.
	archivesOfAccount = 4
	// archivesByLink is past how many nobody gets in by a link alone: whoever was handed one can't
	// lock out the person whose account it is.
	archivesByLink = 3
	// archivesInAll is how many this process sends at once. Each holds at most the
	// prefetch window in memory: see window.
	archivesInAll = 64
)

// Places count what runs at once for whom, on all servers together. RATE_LIMITED says when to
// come back; what has entered leaves once, by leave.
type Places interface {
	Enter(ctx context.Context, key string, most int) (leave func(), err error)
}

// slots are where archives may be on their way.
type slots struct {
	places Places
	all    atomic.Int64 // in this process
}

// take takes a slot; give gives it back, once. linked says that a link alone told who asks.
func (s *slots) take(ctx context.Context, accountID id.ID, linked bool) (give func(), err error) {
	most, full := archivesOfAccount, "Four archives are being downloaded already. Please wait until one is done."
	if linked {
		most, full = archivesByLink, "Three archives are being downloaded already, and links get no further. Please sign in, or wait until one is done."
	}
	if s.all.Add(1) > archivesInAll {
		s.all.Add(-1)
		return nil, fault.TooMany("Too many archives are being downloaded right now. Please try again in a moment.", 15*time.Second)
	}
	leave, err := s.places.Enter(ctx, accountID.String(), most)
	if err != nil {
		s.all.Add(-1)
		if fault.Is(err, fault.RateLimited) {
			err = fault.TooMany(full, fault.As(err).RetryAfter)
		}
		return nil, err
	}
	return sync.OnceFunc(func() { leave(); s.all.Add(-1) }), nil
}
