package main

import (
	"sync"
	"time"
)

// How long Redis must be away until it is an event, which wakes people: a moment, of a
// busy machine or a restart, costs no accuracy. Moments that come one after the other are
// added up.
const (
	longAway  = 5 * time.Second
	longThere = time.Minute // then what was before is forgotten
)

// absence finds out when something has been away for long. It is safe for use by many goroutines.
type absence struct {
	tell  func(away bool)             // away for long; and, only then, back
	now   func() time.Time            // [time.Now] outside tests
	after func(time.Duration, func()) // [time.AfterFunc] likewise

	mu    sync.Mutex
	since time.Time     // when it went; zero: it is there
	back  time.Time     // when it last came
	spent time.Duration // how long it was away, but for the moment
	told  bool
}

// newAbsence returns an absence of something that is there.
func newAbsence(tell func(away bool)) *absence {
	return &absence{tell: tell, now: time.Now, after: func(d time.Duration, f func()) { time.AfterFunc(d, f) }}
}

// change says that it went, or that it came back; each in turn.
func (a *absence) change(away bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if away {
		if now.Sub(a.back) >= longThere {
			a.spent = 0
		}
		a.since = now
		a.after(longAway-a.spent, func() { a.long(now) })
		return
	}
	a.spent += now.Sub(a.since)
	a.since, a.back = time.Time{}, now
	if a.told {
		a.told, a.spent = false, 0
		a.tell(false)
	}
}

// long tells, unless what went at that time has come back meanwhile.
func (a *absence) long(since time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since.Equal(since) {
		a.told = true
		a.tell(true)
	}
}
