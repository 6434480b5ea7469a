package edge_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/logs"
	"pixgate/internal/metrics"
	"pixgate/internal/secret"
)

// What lists, limits in Redis, events and metrics cost each request, beside the same
// handler without them: one that passes, and one that is refused. Both take turns in one
// run. CPU is this process's alone, writing events down included.
func BenchmarkWatch(b *testing.B) {
	db := stage.Database(b)
	if _, err := db.Owner.Exec(b.Context(), "INSERT INTO tenant (id, slug, name, created_at) VALUES ($1, 'pix', 'Pix', now())", id.ID{1}); err != nil {
		b.Fatal(err)
	}
	meter := metrics.New(metrics.Options{Pool: db.Pool, Now: time.Now, Log: logs.New(io.Discard, 0)})
	security := audit.NewSecurity(audit.SecurityOptions{
		DB: db.Pool, Keys: secret.NewRing("audit secret of a test, long enough", ""), Tally: meter, Queue: unalarmed{}, Now: time.Now, Log: logs.New(io.Discard, 0),
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); security.Run(ctx) }()
	b.Cleanup(func() { stop(); <-ended })
	limits := stage.SharedLimits(b, stage.Redis(b), nil)
	networks := func(third int) (all []netip.Prefix) {
		for n := range 100 {
			all = append(all, netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, byte(third), byte(n)}), 32))
		}
		return all
	}
	f := &fake{}
	o := edge.Options{
		Log: logs.New(io.Discard, 0), Now: time.Now, Secure: true, PublicURLs: []string{api}, Origins: []string{web},
		CSRF: secret.NewRing(csrfSecret, ""), Limits: limits, Security: security, Meter: meter,
		Lists:   gate.Lists{Blocked: networks(1), Allowed: map[gate.Surface][]netip.Prefix{gate.Admin: networks(2)}},
		Tenants: f, Sessions: f, Downloads: f, GraphQL: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	}
	watched, bare := edge.New(o), edge.NewUnwatched(o)
	for _, c := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"passes", append([]string{withCookie, fromWeb}, proof...), http.StatusOK},
		{"passes signed out", []string{fromWeb}, http.StatusOK},
		{"is refused", []string{withCookie, "Origin: https://evil.test"}, http.StatusForbidden},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := knock("POST /graphql", peer, c.headers...)
			r.Body = http.NoBody
			const turn = 500
			turns := func(h http.Handler) time.Duration {
				before := used()
				for range turn {
					f.asked = f.asked[:0]
					w := httptest.NewRecorder()
					if h.ServeHTTP(w, r); w.Code != c.status {
						b.Fatalf("status %d", w.Code)
					}
				}
				return used() - before
			}
			turns(watched)
			turns(bare)
			var with, without time.Duration
			rounds := 0
			for b.Loop() {
				with += turns(watched)
				without += turns(bare)
				rounds++
			}
			micros := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(rounds*turn) }
			b.ReportMetric(micros(with), "cpu-µs/watched")
			b.ReportMetric(micros(without), "cpu-µs/bare")
			b.ReportMetric(micros(with-without), "cpu-µs/extra")
			b.ReportMetric(float64(with)/float64(without), "ratio")
			b.ReportMetric(0, "ns/op")
			if limits.Where() != gate.Redis {
				b.Error("Redis was lost: its cost was not measured")
			}
		})
	}
}

// used is how much processor time this process has used.
func used() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // fails for a wrong argument only
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

type unalarmed struct{}

func (unalarmed) SecurityAlert(context.Context, pgx.Tx, id.ID) error { return nil }

// What all gates together cost a request of a listed page with a cookie.
func BenchmarkChain(b *testing.B) {
	f := &fake{}
	h := edge.New(edge.Options{
		Log: logs.New(io.Discard, 0), Now: clock, Secure: true, PublicURLs: []string{api}, Origins: []string{web},
		CSRF: secret.NewRing(csrfSecret, ""), Limits: stage.Limits(b, nil), Security: &f.records, Meter: &f.records,
		Tenants: f, Sessions: f, Downloads: f, GraphQL: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	})
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", http.NoBody)
	r.Host = "api.pix.test"
	r.Header.Set("Origin", web)
	r.Header.Set("Cookie", "__Host-pixgate="+cookieToken+"; __Host-pixgate-device=abc")
	for _, header := range proof {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.asked = f.asked[:0]
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
