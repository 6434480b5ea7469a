package audit_test

import (
	"context"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

// A hundred thousand refusals in about a second: few rows, every one counted, and no
// more memory than before.
func TestAFloodMakesFewRowsAndEveryIncidentCounts(t *testing.T) {
	t.Parallel()
	for name, addresses := range map[string]int{"from one address": 1, "from fifty": 50, "from sixty thousand": 60_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuardhouse(t, stage.Database(t))
			s := g.server(g.db.Pool, nil)
			const floods, each = 10, 10_000
			var flood sync.WaitGroup
			for n := range floods {
				flood.Go(func() {
					for i := range each {
						s.Record(g.failed((n*each + i) % addresses))
					}
				})
			}
			flood.Wait()
			if rows := s.Rows(); rows > min(addresses, 101) {
				t.Errorf("%d rows are held", rows)
			}
			if !s.Flush(t.Context()) {
				t.Fatal(g.log)
			}
			if rows := g.number("SELECT count(*) FROM security_event"); rows > 101 || addresses <= 100 && rows != int64(addresses) {
				t.Errorf("%d rows", rows)
			}
			if got := g.stored(); got != floods*each || g.tally.recorded.Load() != floods*each || g.tally.dropped.Load() != 0 {
				t.Errorf("%d stored, %d recorded, %d dropped; want %d", got, g.tally.recorded.Load(), g.tally.dropped.Load(), floods*each)
			}
			if backwards := g.number("SELECT count(*) FROM security_event WHERE last_at < first_at OR first_at > now()"); backwards != 0 {
				t.Errorf("%d rows are not in time", backwards)
			}
		})
	}
}

func TestOneEventsFloodDoesNotHideAnother(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, nil)
	for n := range 1000 {
		flood := g.failed(n)
		flood.Event, flood.Detail = audit.RateLimitBlocked, "PUBLIC_API"
		s.Record(flood)
	}
	foreign := g.failed(7)
	foreign.Event, foreign.TenantID = audit.RateLimitBlocked, &g.ForeignTenantID
	s.Record(foreign)
	quiet := g.failed(7)
	quiet.AccountID = &g.Owner.AccountID
	s.Record(quiet)
	s.Flush(t.Context())
	if n := g.number("SELECT count(*) FROM security_event WHERE event = 'login_failed' AND account_id = $1 AND address_key IS NOT NULL", g.Owner.AccountID); n != 1 {
		t.Errorf("%d rows tell of the account and its address", n)
	}
	if n := g.number("SELECT count(*) FROM security_event WHERE tenant_id = $1 AND address_key IS NOT NULL", g.ForeignTenantID); n != 1 {
		t.Errorf("%d rows tell of the foreign studio's", n)
	}
	if n := g.number("SELECT count FROM security_event WHERE event = 'rate_limit_blocked' AND address_key IS NULL AND detail = 'PUBLIC_API'"); n != 900 {
		t.Errorf("%d were not told apart, want 900", n)
	}
}

func TestMemoryStaysFlatHoweverManyKindsThereAre(t *testing.T) {
	g := newGuardhouse(t, stage.Database(t)) // not parallel: it measures the heap
	s := g.server(g.db.Pool, nil)
	long := strings.Repeat("x", 1<<16)
	flood := func() {
		for n := range 50_000 {
			one := g.failed(n)
			one.Detail = hex.EncodeToString([]byte{byte(n), byte(n >> 8)}) + long[:1000*(n%10)] // no caller of ours does that
			one.RequestID = long
			s.Record(one)
		}
	}
	flood()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	flood()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 || s.Rows() > 4000 {
		t.Errorf("%d bytes more, %d rows", grown, s.Rows())
	}
	s.Flush(t.Context())
	if got, dropped := g.stored(), g.tally.dropped.Load(); got+dropped != 100_000 || dropped == 0 || got < 4000 {
		t.Errorf("%d stored and %d dropped of 100000", got, dropped)
	}
	if !strings.Contains(g.log.String(), "security events were lost") {
		t.Error("the log does not tell")
	}
}

func TestADatabaseThatIsAwayHoldsNobodyUpAndLosesNothing(t *testing.T) {
	t.Parallel()
	db, postgres := stage.PrivateDatabase(t)
	g := newGuardhouse(t, db)
	s := g.server(db.Pool, nil)
	run(t, s)
	if err := postgres.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for round := range 3 { // over several tries to write
		start := time.Now()
		for n := range 5000 {
			s.Record(g.failed(n % 80))
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("round %d: 5000 incidents took %v", round, took)
		}
		time.Sleep(1100 * time.Millisecond)
	}
	if err := postgres.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the events of the outage", func() bool { return g.stored() == 15_000 })
	if n := g.tally.dropped.Load(); n != 0 {
		t.Errorf("%d dropped", n)
	}
	if rows := g.number("SELECT count(*) FROM security_event"); rows > 200 {
		t.Errorf("%d rows", rows)
	}
	if n := strings.Count(g.log.String(), "wait for the database"); n != 1 {
		t.Errorf("the log tells %d times within a minute", n)
	}
}

// A database that hangs is worse than one that is away: it answers late, or after
// we have given up.
func TestADatabaseThatHangsHoldsNobodyUpAndCountsNothingTwice(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, nil)
	run(t, s)
	tx, err := g.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE security_event IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	for range 7 { // longer than a write may take
		start := time.Now()
		for n := range 1000 {
			s.Record(g.failed(n % 80))
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("1000 incidents took %v", took)
		}
		time.Sleep(time.Second)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the events", func() bool { return g.stored() >= 7000 })
	if got, dropped := g.stored(), g.tally.dropped.Load(); got != 7000 || dropped != 0 {
		t.Errorf("%d stored, %d dropped", got, dropped)
	}
}

func TestAWriteWhoseAnswerWasLostCountsOnce(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, nil)
	for n := range 10 {
		s.Record(g.failed(n % 2))
	}
	if err := s.FlushTwice(t.Context()); err != nil || g.stored() != 10 {
		t.Errorf("%d stored, %v", g.stored(), err)
	}
}

func TestTheEndWritesWhatIsLeft(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, map[audit.Event]int{audit.LoginWrong: 10})
	stop := run(t, s)
	for n := range 500 {
		s.Record(g.failed(n % 20))
	}
	stop()
	if got := g.stored(); got != 500 || g.tally.dropped.Load() != 0 || g.alerts() != 1 {
		t.Errorf("%d stored, %d dropped, %d alerts", got, g.tally.dropped.Load(), g.alerts())
	}
}

func TestAnEndWithoutADatabaseIsSoonAndCountsWhatItLoses(t *testing.T) {
	t.Parallel()
	db, postgres := stage.PrivateDatabase(t)
	g := newGuardhouse(t, db)
	s := g.server(db.Pool, nil)
	stop := run(t, s)
	if err := postgres.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range 700 {
		s.Record(g.failed(n % 20))
	}
	time.Sleep(1200 * time.Millisecond) // some are held for another try
	for n := range 300 {
		s.Record(g.failed(n % 20))
	}
	start := time.Now()
	stop()
	if took := time.Since(start); took > 7*time.Second {
		t.Errorf("the end took %v", took)
	}
	if n := g.tally.dropped.Load(); n != 1000 {
		t.Errorf("%d dropped, want 1000", n)
	}
	if !strings.Contains(g.log.String(), "security events were lost") || !strings.Contains(g.log.String(), "events=1000") {
		t.Errorf("the log says %s", g.log)
	}
}

// Whoever reads the database, its tasks, the log or the metrics learns no address.
func TestNothingStoredTellsWhoItWas(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, map[audit.Event]int{audit.LoginWrong: 1})
	addresses := []string{"203.0.113.77", "::ffff:203.0.113.77", "2001:db8:77:1::1", "2001:db8:77:1:ffff::2", "2001:db8:77:2::1", "fe80::77%eth0"}
	for i, address := range addresses {
		s.Record(audit.Incident{
			Event: audit.LoginWrong, TenantID: &g.TenantID, AccountID: &g.Owner.AccountID, IP: netip.MustParseAddr(address),
			Route: "/graphql", Detail: string(rune('a' + i)), RequestID: "r",
		})
	}
	s.Flush(t.Context())
	told := append(g.texts(), g.log.String())
	g.tally.names.Range(func(name, _ any) bool { told = append(told, name.(string)); return true })
	if len(told) < len(addresses)+3 {
		t.Fatalf("only %d texts", len(told))
	}
	for _, text := range told {
		for _, address := range addresses {
			ip := netip.MustParseAddr(address).WithZone("")
			for _, form := range []string{address, ip.Unmap().String(), hex.EncodeToString(ip.AsSlice()), hex.EncodeToString(ip.Unmap().AsSlice()), "2001:db8:77", "20010db80077"} {
				if strings.Contains(text, form) {
					t.Errorf("%q tells of %s", text, address)
				}
			}
		}
		for _, private := range []string{g.Owner.Email, g.Owner.Token, g.Owner.Device} {
			if strings.Contains(text, private) {
				t.Errorf("%q tells of a person", text)
			}
		}
	}
	keys := func(detail string) (key string) {
		if err := g.db.Owner.QueryRow(t.Context(), "SELECT encode(address_key, 'hex') FROM security_event WHERE detail = $1", detail).Scan(&key); err != nil {
			t.Fatal(err)
		}
		return key
	}
	if a, b := keys("a"), keys("b"); a != b || len(a) != 32 {
		t.Errorf("an IPv4 address and itself, mapped: %s and %s", a, b)
	}
	if c, d, e := keys("c"), keys("d"), keys("e"); c != d || c == e {
		t.Errorf("two of one /64: %s and %s, one of another: %s", c, d, e)
	}
}

func TestWordsFitTheirColumns(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, nil)
	for _, word := range []string{strings.Repeat("ä", 60), "a\xffb\x00c", strings.Repeat("a", 99) + "é", strings.Repeat("\xff", 300), ""} {
		s.Record(audit.Incident{Event: audit.QueryRejected, Route: word, Detail: word, RequestID: word})
	}
	s.Record(audit.Incident{Event: audit.LimiterFallback, AccountID: &g.Owner.AccountID}) // of no studio: nobody's account
	if !s.Flush(t.Context()) || g.stored() != 6 {
		t.Errorf("%d stored: %s", g.stored(), g.log)
	}
	if n := g.number("SELECT count(*) FROM security_event WHERE tenant_id IS NOT NULL OR account_id IS NOT NULL OR address_key IS NOT NULL"); n != 0 {
		t.Errorf("%d rows have an owner or an address", n)
	}
}

// What the database will never take is not tried for ever, and takes nothing else along.
func TestRowsThatAreRefusedAreCountedAsLost(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, nil)
	s.Record(audit.Incident{Event: "made_up", TenantID: &g.TenantID})
	unknown := id.New(time.Now())
	s.Record(audit.Incident{Event: audit.AuthBlocked, TenantID: &unknown})
	s.Record(audit.Incident{Event: audit.AuthBlocked, TenantID: &g.TenantID, AccountID: &g.Foreigner.AccountID})
	s.Record(g.failed(1)) // what comes along with them is stored
	s.Flush(t.Context())
	s.Record(g.failed(1))
	if !s.Flush(t.Context()) || g.stored() != 2 || g.tally.dropped.Load() != 3 {
		t.Errorf("%d stored, %d dropped", g.stored(), g.tally.dropped.Load())
	}
}

func TestOldEventsArePurged(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, nil)
	now := time.Now()
	insert := func(age time.Duration, n int) {
		for range n {
			g.Exec(t, "INSERT INTO security_event VALUES ($1, NULL, 'csrf_blocked', NULL, NULL, '', '', 'r', 1, $2, $2)", id.New(now.Add(-age)), now.Add(-age))
		}
	}
	const ninety = 90 * 24 * time.Hour
	insert(ninety+time.Minute, 3)
	insert(ninety-time.Minute, 2)
	g.Exec(t, `INSERT INTO security_event SELECT overlay(gen_random_uuid()::text placing '00000000-0000' from 1 for 13)::uuid, NULL, 'csrf_blocked', NULL, NULL, '', '', 'r', 1, 'epoch', 'epoch'
		FROM generate_series(1, 20001)`)
	for range 2 {
		if err := s.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := g.stored(); n != 2 {
			t.Errorf("%d left, want 2", n)
		}
	}
}

// unwritten is a Security for benchmarks, which nothing is written of.
func unwritten(b *testing.B) *audit.Security {
	b.Helper()
	b.ReportAllocs()
	return audit.NewSecurity(audit.SecurityOptions{
		Keys: secret.NewRing(auditSecret, ""), Tally: deaf{}, Queue: deaf{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

// deaf costs nothing, so that a benchmark measures what is ours.
type deaf struct{}

func (deaf) SecurityAlert(context.Context, pgx.Tx, id.ID) error { return nil }
func (deaf) SecurityEvent(string)                               {}
func (deaf) SecurityEventsDropped(int64)                        {}

func BenchmarkRecord(b *testing.B) {
	tenantID := id.New(time.Now())
	incident := func(n int) audit.Incident {
		return audit.Incident{
			Event: audit.RateLimitBlocked, TenantID: &tenantID, IP: netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)}), Route: "/graphql", Detail: "PUBLIC_API",
			RequestID: "4bf92f3577b34da6a3ce929d0e0e4736",
		}
	}
	b.Run("one source", func(b *testing.B) {
		s := unwritten(b)
		for b.Loop() {
			s.Record(incident(1))
		}
	})
	b.Run("many sources", func(b *testing.B) {
		s, n := unwritten(b), 0
		for b.Loop() {
			n++
			s.Record(incident(n))
		}
	})
	b.Run("many callers", func(b *testing.B) {
		s := unwritten(b)
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n++ {
				s.Record(incident(n % 50))
			}
		})
	})
}
