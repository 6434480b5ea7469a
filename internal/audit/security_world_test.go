package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/secret"
	"pixgate/internal/task"
)

// guardhouse is a database and what its servers record.
type guardhouse struct {
	*cast.Cast
	t     *testing.T
	db    *stage.DB
	clock atomic.Pointer[time.Time] // nil: the real one
	log   *lines
	tally *tally
}

func newGuardhouse(t *testing.T, db *stage.DB) *guardhouse {
	t.Helper()
	return &guardhouse{Cast: cast.New(t, db.Owner), t: t, db: db, log: &lines{}, tally: &tally{}}
}

// server is one of several that record.
func (g *guardhouse) server(pool *pgxpool.Pool, thresholds map[audit.Event]int) *audit.Security {
	g.t.Helper()
	queue, err := task.NewQueue(pool)
	if err != nil {
		g.t.Fatal(err)
	}
	return audit.NewSecurity(audit.SecurityOptions{
		DB: pool, Keys: secret.NewRing(auditSecret, ""), Tally: g.tally, Queue: queue, Now: g.now, Log: slog.New(slog.NewTextHandler(g.log, nil)),
		Rule: audit.Rule{Window: 5 * time.Minute, Cooldown: 15 * time.Minute, Thresholds: thresholds},
	})
}

func (g *guardhouse) now() time.Time {
	if set := g.clock.Load(); set != nil {
		return *set
	}
	return time.Now()
}

func (g *guardhouse) at(now time.Time) { g.clock.Store(&now) }

// number is the one that a query returns.
func (g *guardhouse) number(sql string, args ...any) (n int64) {
	g.t.Helper()
	if err := g.db.Owner.QueryRow(g.t.Context(), sql, args...).Scan(&n); err != nil {
		g.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (g *guardhouse) stored() int64 {
	g.t.Helper()
	return g.number("SELECT coalesce(sum(count), 0)::bigint FROM security_event")
}

func (g *guardhouse) alerts() int64 {
	g.t.Helper()
	return g.number("SELECT count(*) FROM task.river_job WHERE kind = 'security_alert'")
}

// failed is a wrong code at the studio, from one of many addresses.
func (g *guardhouse) failed(address int) audit.Incident {
	return audit.Incident{
		Event: audit.LoginWrong, TenantID: &g.TenantID, IP: netip.AddrFrom4([4]byte{203, 0, byte(address >> 8), byte(address)}), Route: "/graphql", RequestID: "first",
	}
}

// run runs a server's writer until the returned function has ended it.
func run(t *testing.T, s *audit.Security) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

// until waits for something that other goroutines bring about.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// texts are all values of all columns, as text, of what events leave behind.
func (g *guardhouse) texts() (all []string) {
	g.t.Helper()
	for _, table := range []string{"security_event", "security_alert", "task.river_job"} {
		rows, err := g.db.Owner.Query(g.t.Context(), fmt.Sprintf("SELECT to_jsonb(r)::text FROM %s r", table))
		if err != nil {
			g.t.Fatal(err)
		}
		some, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			g.t.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}

// tally counts as the metrics do.
type tally struct {
	recorded, dropped atomic.Int64
	names             sync.Map
}

func (c *tally) SecurityEvent(event string) {
	c.recorded.Add(1)
	c.names.Store(event, true)
}

func (c *tally) SecurityEventsDropped(n int64) { c.dropped.Add(n) }

// lines is a log.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
