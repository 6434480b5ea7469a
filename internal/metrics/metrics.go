// Package metrics tells how the server is, to Prometheus and to whoever looks: how
// many requests and security events there were, and how each part that it needs is.
// No label holds anything that a caller can choose, nor anything about a person.
package metrics

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options are what Metrics tell of.
type Options struct {
	Events []string // the security events that there are; others are not counted
	Pool   Pool     // of the database
	Now    func() time.Time
	Log    *slog.Logger
}

// Metrics counts. It is safe for use by many goroutines; its methods wait for nobody.
type Metrics struct {
	registry *prometheus.Registry
	parts    *parts
	events   map[string]prometheus.Counter
	dropped  prometheus.Counter
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	degraded prometheus.Gauge
	secrets  *prometheus.GaugeVec
	tasks    *prometheus.GaugeVec
	streams  prometheus.Gauge
	resyncs  prometheus.Counter
	bounces  prometheus.Gauge
	spam     prometheus.Gauge
}

// New returns Metrics at zero. Its [Metrics.Run] looks after the parts; without it
// everything else works.
func New(o Options) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		parts:    newParts(o),
		events:   map[string]prometheus.Counter{},
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "pixgate_security_events_dropped_total", Help: "Security events that could not be stored.",
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pixgate_http_requests_total", Help: "Requests by route template, method and status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pixgate_http_request_seconds", Help: "How long requests took, by route template.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		degraded: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "pixgate_limiter_degraded", Help: "1 while limits live in the memory of each server, because Redis is away.",
		}),
		secrets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "pixgate_secret_health", Help: "1 for each state that a secret is in, by its variable.",
		}, []string{"secret", "state"}),
		tasks: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "pixgate_tasks", Help: "Background tasks that did not go well: dead for good, or retrying.",
		}, []string{"state"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "pixgate_streams_open", Help: "Subscriptions that are open.",
		}),
		resyncs: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "pixgate_stream_resyncs_total", Help: "Subscribers who were told to look again: when they began, and when they may have missed something.",
		}),
		bounces: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "pixgate_mail_bounce_rate", Help: "Of the mails of the last 14 days, those that bounced for good: 0 to 1. SES stops who is past 0.05.",
		}),
		spam: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "pixgate_mail_complaint_rate", Help: "Of the same mails, those that were called spam: 0 to 1. SES stops who is past 0.001.",
		}),
	}
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "pixgate_security_events_total", Help: "Security events by kind.",
	}, []string{"event"})
	for _, event := range o.Events { // all from the start, at zero: a rate needs a value before the first
		m.events[event] = events.WithLabelValues(event)
	}
	m.registry.MustRegister(events, m.dropped, m.requests, m.seconds, m.degraded, m.secrets, m.tasks, m.streams, m.resyncs, m.bounces, m.spam, m.parts, pool{o.Pool},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// SecurityEvent counts an event.
func (m *Metrics) SecurityEvent(event string) {
	if counter, known := m.events[event]; known {
		counter.Inc()
	}
}

// SecurityEventsDropped counts events that could not be stored.
func (m *Metrics) SecurityEventsDropped(n int64) { m.dropped.Add(float64(n)) }

// Request counts a request that is over. Route is the template of a route, empty for
// a request that none takes; method is one of a few.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// LimiterDegraded says whether limits live in memory.
func (m *Metrics) LimiterDegraded(degraded bool) {
	m.degraded.Set(map[bool]float64{true: 1}[degraded])
}

// SecretHealth says whether a secret is in a state. Both are names of the program's.
func (m *Metrics) SecretHealth(name, state string, is bool) {
	m.secrets.WithLabelValues(name, state).Set(map[bool]float64{true: 1}[is])
}

// Tasks says how many background tasks are in a state, a name of the program's.
func (m *Metrics) Tasks(state string, n int) { m.tasks.WithLabelValues(state).Set(float64(n)) }

// StreamsOpen says how many subscriptions are open.
func (m *Metrics) StreamsOpen(n int) { m.streams.Set(float64(n)) }

// StreamsResynced counts subscribers who were told to look again.
func (m *Metrics) StreamsResynced(n int) { m.resyncs.Add(float64(n)) }

// MailRates says how much of the mail of late was refused, and how much called spam, 0 to 1.
func (m *Metrics) MailRates(bounced, complained float64) {
	m.bounces.Set(bounced)
	m.spam.Set(complained)
}

// Handler answers for whoever watches the server: /metrics for Prometheus, /parts for
// people. It asks nobody who they are: it is meant for a listener of its own.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.Handle("GET /parts", m.parts)
	return mux
}
