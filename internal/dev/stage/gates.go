package stage

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

// Limits counts in memory; limits that are not given never refuse anybody in a test.
func Limits(t testing.TB, given map[gate.Name]gate.Limit) *gate.Limiter {
	t.Helper()
	return SharedLimits(t, "", given)
}

// SharedLimits counts in a Redis, as Limits does, with all others that do.
func SharedLimits(t testing.TB, url string, given map[gate.Name]gate.Limit) *gate.Limiter {
	t.Helper()
	limits := map[gate.Name]gate.Limit{}
	for name := range gate.Defaults() {
		limits[name] = gate.Limit{Most: 1_000_000, Period: time.Minute}
		if limit, ok := given[name]; ok {
			limits[name] = limit
		}
	}
	l, err := gate.New(gate.Options{Redis: secret.Value(url), Key: secret.NewKey("key of the limits of a test"), Limits: limits, Now: time.Now})
	if err != nil {
		t.Fatalf("stage limits: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-ended })
	return l
}

// Records keeps what is recorded and counted about requests.
type Records struct {
	mu        sync.Mutex
	incidents []audit.Incident
	requests  int

	streams, resynced int
}

// Record keeps an incident.
func (r *Records) Record(i audit.Incident) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.incidents = append(r.incidents, i)
}

// Request counts a request.
func (r *Records) Request(string, string, int, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
}

// Incidents are those recorded so far.
func (r *Records) Incidents() []audit.Incident {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.incidents)
}

// Requests is how many were counted so far.
func (r *Records) Requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// StreamsOpen keeps how many streams are open.
func (r *Records) StreamsOpen(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.streams = n
}

// StreamsResynced counts streams that were told to look again.
func (r *Records) StreamsResynced(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resynced += n
}

// Streams is how many are open, and how many were told to look again so far.
func (r *Records) Streams() (open, resynced int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.streams, r.resynced
}
