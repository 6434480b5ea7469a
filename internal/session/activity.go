package session

import (
	"context"
	"sync"
	"time"

	"pixgate/internal/id"
	"pixgate/queries"
)

const (
	activityEvery = 10 * time.Second // between two looks for what is to be written
	activityGrain = time.Minute      // between two writes about one device
	activityMost  = 100_000          // devices held in memory, some 100 bytes each; more are noted at a later request
)

// activity gathers when devices were seen, off the path of their requests. Each request
// counts, to the microsecond; of each device one a minute is written, and the last one
// before it falls silent.
type activity struct {
	mu   sync.Mutex
	held map[id.ID]sighting // by device; those of which the database has not the latest
}

// sighting is when a device was seen.
type sighting struct {
	latest time.Time
	stored time.Time // as the database has it
}

// note remembers that a device was seen now.
func (a *activity) note(device id.ID, stored, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, held := a.held[device]
	if !held && len(a.held) >= activityMost {
		return
	}
	a.held[device] = sighting{latest: later(before.latest, now), stored: later(before.stored, stored)}
}

// due returns the devices of which what the database has is a minute old, or, at the
// end, anything but the latest.
func (a *activity) due(now time.Time, end bool) (devices []id.ID, seen []time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for device, one := range a.held {
		switch {
		case !one.latest.After(one.stored): // another server knew
			delete(a.held, device)
		case end || now.Sub(one.stored) >= activityGrain:
			devices, seen = append(devices, device), append(seen, one.latest)
		}
	}
	return devices, seen
}

// written hears what the database has now. Devices that were seen meanwhile stay.
func (a *activity) written(devices []id.ID, seen []time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, device := range devices {
		if one := a.held[device]; one.latest.After(seen[i]) {
			a.held[device] = sighting{latest: one.latest, stored: seen[i]}
			continue
		}
		delete(a.held, device)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Run writes down when devices were seen: every ten seconds what is due, and everything
// when ctx ends. Call it once, and close the database after it has returned.
func (s *Service) Run(ctx context.Context) {
	ticker := time.NewTicker(activityEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.writeActivity(ctx, false)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			s.writeActivity(last, true)
			return
		}
	}
}

// writeActivity keeps what it can't write for the next time.
func (s *Service) writeActivity(ctx context.Context, end bool) {
	devices, seen := s.seen.due(s.now(), end)
	if len(devices) == 0 {
		return
	}
	if err := queries.New(s.db).TouchDevices(ctx, devices, seen); err != nil {
		s.log.WarnContext(ctx, "could not write when devices were seen", "devices", len(devices), "error", err)
		return
	}
	s.seen.written(devices, seen)
}
