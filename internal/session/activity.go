package session

import (
	"context"
	"sync"
	"time"

	"pixgate/internal/id"
	"pixgate/queries"
)

const (
	activityEvery = 10 * time.Second // between two writes
	activityGrain = time.Minute      // how exactly a device's last-seen is kept
	activityMost  = 10_000           // devices held in memory; more are noted at a later request
)

// activity gathers when devices were seen, off the path of their requests.
type activity struct {
	mu     sync.Mutex
	latest map[id.ID]time.Time // by device
}

// note remembers that a device was seen now, where what is stored is over a
// minute old.
func (a *activity) note(device id.ID, stored, now time.Time) {
	if now.Sub(stored) <= activityGrain {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, held := a.latest[device]; held || len(a.latest) < activityMost {
		a.latest[device] = now
	}
}

// take empties the set.
func (a *activity) take() (devices []id.ID, seen []time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for device, at := range a.latest {
		devices, seen = append(devices, device), append(seen, at)
	}
	clear(a.latest)
	return devices, seen
}

// Run writes down when devices were seen, every ten seconds and a last time when
// ctx ends. Call it once, and close the database after it has returned.
func (s *Service) Run(ctx context.Context) {
	ticker := time.NewTicker(activityEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.writeActivity(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			s.writeActivity(last)
			return
		}
	}
}

// writeActivity loses what it can't write: the devices' next requests bring it again.
func (s *Service) writeActivity(ctx context.Context) {
	devices, seen := s.seen.take()
	if len(devices) == 0 {
		return
	}
	if err := queries.New(s.db).TouchDevices(ctx, devices, seen); err != nil {
		s.log.WarnContext(ctx, "could not write when devices were seen", "devices", len(devices), "error", err)
	}
}
