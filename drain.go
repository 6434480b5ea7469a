package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// drain is how long requests and tasks that are under way have when we stop.
	drain = 15 * time.Second
	// lastWords is how long those that were cut off have to write down how they ended,
	// before the database is closed.
	lastWords = 3 * time.Second
)

// count makes a server count the requests that are under way, also those whose
// connection is gone: it knows of connections alone.
func count(server *http.Server) *atomic.Int64 {
	var running atomic.Int64
	handler := server.Handler
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Add(-1)
		handler.ServeHTTP(w, r)
	})
	return &running
}

// finish lets the requests that are under way end until the deadline. What has not ended
// by then is cut off, so that no client takes a part for the whole.
func finish(server *http.Server, running *atomic.Int64, deadline time.Time) error {
	draining, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	err := server.Shutdown(draining)
	if err == nil {
		return nil
	}
	err = errors.Join(fmt.Errorf("requests were cut off: %w", err), server.Close())
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(lastWords); running.Load() > 0 && time.Now().Before(end); {
		<-tick.C
	}
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
