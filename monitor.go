package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/config"
)

// monitor opens the listener for whoever watches the server: /metrics and /parts. It
// is opened first and stopped last, so that a server that drains can be watched. At an
// empty address there is none.
func monitor(ctx context.Context, addr string, handler http.Handler, log *slog.Logger) (stop func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on METRICS_ADDR, %s: %w", addr, err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 15 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends by stop, and only so
	}()
	log.Info("metrics", "address", listener.Addr().String())
	return func() {
		_ = server.Close() // nobody's work is lost with it
		<-ended
	}, nil
}

// together runs all of work until ctx ends and each has returned.
func together(work ...func(context.Context)) func(context.Context) {
	return func(ctx context.Context) {
		var all sync.WaitGroup
		for _, one := range work {
			all.Go(func() { one(ctx) })
		}
		all.Wait()
	}
}

// alertRule is when the settings want people to be told of security events.
func alertRule(settings config.Config) audit.Rule {
	rule := audit.Rule{Window: settings.SecurityWindow, Cooldown: settings.SecurityCooldown, Thresholds: map[audit.Event]int{}}
	for event, most := range settings.SecurityThresholds {
		rule.Thresholds[audit.Event(event)] = most
	}
	return rule
}

// eventNames are the security events that are counted.
func eventNames() []string {
	var names []string
	for _, event := range audit.Events() {
		names = append(names, string(event))
	}
	return names
}
