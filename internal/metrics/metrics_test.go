package metrics

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
)

func newMetrics(t *testing.T, log io.Writer) *Metrics {
	t.Helper()
	return New(Options{
		Events: []string{"login_failed", "csrf_blocked"}, Pool: stage.Database(t).Pool, Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
}

func get(m *Metrics, path string) (status int, body string) {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestWhatHappenedIsTold(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, io.Discard)
	m.SecurityEvent("login_failed")
	m.SecurityEvent("owner@example.com") // nothing that anybody has declared
	m.SecurityEventsDropped(3)
	m.Request("/images/{id}/download", http.MethodGet, 303, 20*time.Millisecond)
	m.Request("", "other", 404, time.Millisecond)
	m.LimiterDegraded(true)
	m.SecretHealth("OTP_SECRET", "OK", false)
	m.SecretHealth("OTP_SECRET", "EXPIRED", true)
	m.Tasks("dead", 3)
	m.StreamsOpen(7)
	m.StreamsResynced(2)
	m.MailRates(0.25, 0.5)
	status, body := get(m, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	for _, line := range []string{
		`pixgate_security_events_total{event="login_failed"} 1`,
		`pixgate_security_events_total{event="csrf_blocked"} 0`,
		`pixgate_security_events_dropped_total 3`,
		`pixgate_http_requests_total{method="GET",route="/images/{id}/download",status="303"} 1`,
		`pixgate_http_requests_total{method="other",route="none",status="404"} 1`,
		`pixgate_http_request_seconds_bucket{route="/images/{id}/download",le="0.025"} 1`,
		`pixgate_limiter_degraded 1`,
		`pixgate_secret_health{secret="OTP_SECRET",state="OK"} 0`,
		`pixgate_secret_health{secret="OTP_SECRET",state="EXPIRED"} 1`,
		`pixgate_tasks{state="dead"} 3`,
		`pixgate_streams_open 7`,
		`pixgate_stream_resyncs_total 2`,
		`pixgate_mail_bounce_rate 0.25`,
		`pixgate_mail_complaint_rate 0.5`,
		`pixgate_database_connections_max 32`,
		`pixgate_database_connections{state="idle"} `,
		"go_goroutines ", "process_open_fds ",
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("no line %s", line)
		}
	}
	if strings.Contains(body, "example.com") {
		t.Error("a word of a caller's became a label")
	}
	m.LimiterDegraded(false)
	if _, body := get(m, "/metrics"); !strings.Contains(body, "\npixgate_limiter_degraded 0\n") {
		t.Error("limits are still in memory")
	}
}

func TestEachPartsStateIsToldAndItsChangesLogged(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	var log bytes.Buffer
	m := newMetrics(t, &log)
	m.parts.list = []Part{{"database", func(context.Context) error { return nil }}, {"storage", func(context.Context) error {
		if away.Load() {
			return errors.New("no route to host")
		}
		return nil
	}}}
	m.parts.look(t.Context())
	if status, body := get(m, "/parts"); status != http.StatusOK || !strings.Contains(body, `"name":"storage","ok":true`) || strings.Count(log.String(), "a part is there") != 2 {
		t.Errorf("all well: %d %s, the log says %q", status, body, log.String())
	}
	away.Store(true)
	m.parts.look(t.Context())
	m.parts.look(t.Context())
	if status, body := get(m, "/parts"); status != http.StatusServiceUnavailable || !strings.Contains(body, `"name":"storage","ok":false`) ||
		!strings.Contains(body, `"name":"database","ok":true`) {
		t.Errorf("storage away: %d %s", status, body)
	}
	if _, body := get(m, "/metrics"); !strings.Contains(body, `pixgate_part_up{part="storage"} 0`) || !strings.Contains(body, `pixgate_part_up{part="database"} 1`) {
		t.Error("the metrics don't tell of the storage")
	}
	away.Store(false)
	m.parts.look(t.Context())
	if said := log.String(); strings.Count(said, "a part is away") != 1 || strings.Count(said, "a part is back") != 1 || !strings.Contains(said, "no route to host") {
		t.Errorf("the log says %q", said)
	}
}

func TestAPartThatHangsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	hangs := make(chan struct{})
	m := newMetrics(t, io.Discard)
	storage := Part{"storage", func(ctx context.Context) error {
		close(hangs)
		<-ctx.Done()
		return ctx.Err()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Run(ctx, storage)
	}()
	<-hangs
	if status, body := get(m, "/parts"); status != http.StatusOK || body != "{\"parts\":[]}\n" {
		t.Errorf("%d %q", status, body)
	}
	cancel()
	<-ended
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, io.Discard)
	for _, path := range []string{"/", "/debug/pprof/", "/graphql", "/metrics/x"} {
		if status, _ := get(m, path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func BenchmarkSecurityEvent(b *testing.B) {
	m := New(Options{Events: []string{"login_failed"}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	b.ReportAllocs()
	for b.Loop() {
		m.SecurityEvent("login_failed")
	}
}

func BenchmarkRequest(b *testing.B) {
	m := New(Options{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	b.ReportAllocs()
	for b.Loop() {
		m.Request("/graphql", http.MethodPost, 200, time.Millisecond)
	}
}
