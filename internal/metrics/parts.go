package metrics

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Part is something that the server needs.
type Part struct {
	Name  string // such as "database"
	Check func(context.Context) error
}

const (
	checkEvery   = 10 * time.Second
	checkTimeout = 2 * time.Second
)

// state is how a part is.
type state struct {
	Name  string    `json:"name"`
	OK    bool      `json:"ok"`
	Since time.Time `json:"since"` // of when it has been so
}

// parts looks at each Part again and again, and remembers. Whoever asks waits for no
// part, and makes no work for any.
type parts struct {
	list []Part // of the goroutine that runs Run
	now  func() time.Time
	log  *slog.Logger

	mu     sync.Mutex
	states []state // of those that were looked at, in the order of list
}

func newParts(o Options) *parts { return &parts{now: o.Now, log: o.Log} }

// Run looks at the parts that the server needs every ten seconds until ctx ends. Call
// it once.
func (m *Metrics) Run(ctx context.Context, needed ...Part) {
	m.parts.list = needed
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		m.parts.look(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// look checks all parts at once, and writes into the log how they are when that is
// news, as it is the first time.
func (p *parts) look(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	found := make([]error, len(p.list))
	var all sync.WaitGroup
	for i, part := range p.list {
		all.Go(func() { found[i] = part.Check(limited) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return // the server ends, and tells nothing about its parts
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.states == nil
	if first {
		p.states = make([]state, len(p.list))
	}
	for i, part := range p.list {
		is, ok := &p.states[i], found[i] == nil
		if !first && is.OK == ok {
			continue
		}
		*is = state{Name: part.Name, OK: ok, Since: p.now().UTC()}
		switch {
		case !ok:
			p.log.WarnContext(ctx, "a part is away", "part", part.Name, "error", found[i])
		case first:
			p.log.InfoContext(ctx, "a part is there", "part", part.Name)
		default:
			p.log.InfoContext(ctx, "a part is back", "part", part.Name)
		}
	}
}

func (p *parts) all() []state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]state{}, p.states...)
}

// ServeHTTP tells how each part is: 200 where all are well, else 503.
func (p *parts) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	states, status := p.all(), http.StatusOK
	for _, one := range states {
		if !one.OK {
			status = http.StatusServiceUnavailable
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"parts": states}) // a client that has gone needs no answer
}

var partUp = prometheus.NewDesc("pixgate_part_up", "1 while a part that the server needs is there.", []string{"part"}, nil)

// Describe names what Collect gives.
func (p *parts) Describe(to chan<- *prometheus.Desc) { to <- partUp }

// Collect gives how each part is.
func (p *parts) Collect(to chan<- prometheus.Metric) {
	for _, one := range p.all() {
		to <- prometheus.MustNewConstMetric(partUp, prometheus.GaugeValue, map[bool]float64{true: 1}[one.OK], one.Name)
	}
}
