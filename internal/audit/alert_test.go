package audit_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
)

var threshold = map[audit.Event]int{audit.LoginWrong: 25}

// Fifty goroutines on two servers, both writing at once: one alert.
func TestOfSeveralServersExactlyOneRaisesTheAlert(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	servers := []*audit.Security{g.server(g.db.Pool, threshold), g.server(g.db.Pool, threshold)}
	for range 5 { // again and again within the cool-down
		var storm sync.WaitGroup
		for n := range 50 {
			storm.Go(func() { servers[n%2].Record(g.failed(n)) })
		}
		storm.Wait()
		for _, s := range servers {
			storm.Go(func() { s.Flush(t.Context()) })
		}
		storm.Wait()
	}
	if got := g.stored(); got != 250 || g.alerts() != 1 {
		t.Errorf("%d events, %d alerts, want 250 and 1", got, g.alerts())
	}
	if n := strings.Count(g.log.String(), "msg=\"security alert\""); n != 1 {
		t.Errorf("the log tells of %d alerts", n)
	}
}

// Neither server has seen enough; both together have, in whatever order they write.
func TestServersCountTogether(t *testing.T) {
	t.Parallel()
	for range 5 {
		g := newGuardhouse(t, stage.Database(t))
		var storm sync.WaitGroup
		for range 2 {
			s := g.server(g.db.Pool, threshold)
			for n := range 13 {
				s.Record(g.failed(n))
			}
			storm.Go(func() { s.Flush(t.Context()) })
		}
		storm.Wait()
		if g.alerts() != 1 {
			t.Errorf("%d alerts, want 1", g.alerts())
		}
	}
}

func TestAlertsKeepToWindowAndCooldown(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, threshold)
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		at     time.Duration
		events int
		alerts int64 // in all
	}{
		{0, 24, 0}, {5*time.Minute + time.Second, 24, 0}, // never 25 within five minutes
		{9 * time.Minute, 1, 1}, {10 * time.Minute, 100, 1}, {23 * time.Minute, 100, 1}, {23*time.Minute + 59*time.Second, 1, 1},
		{24 * time.Minute, 1, 2},                              // fifteen minutes after the last
		{25 * time.Minute, 500, 2}, {45 * time.Minute, 24, 2}, // over, but too few
		{46 * time.Minute, 1, 3},
	} {
		g.at(noon.Add(step.at))
		for n := range step.events {
			s.Record(g.failed(n))
		}
		s.Flush(t.Context())
		if got := g.alerts(); got != step.alerts {
			t.Errorf("after %v: %d alerts, want %d", step.at, got, step.alerts)
		}
	}
	if n := g.number("SELECT count(*) FROM security_alert"); n != 1 {
		t.Errorf("%d rows, want one for the event of the studio", n)
	}
	if n := g.number("SELECT seen FROM security_alert"); n != 25 {
		t.Errorf("the last alert tells of %d events, want 25", n)
	}
}

func TestStudiosEventsAndTheInstallationAreCountedApart(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, map[audit.Event]int{audit.LoginWrong: 25, audit.CSRFBlocked: 25, audit.LimiterRestored: 0})
	record := func(times int, change func(*audit.Incident)) {
		for n := range times {
			one := g.failed(n)
			change(&one)
			s.Record(one)
		}
		s.Flush(t.Context())
	}
	record(24, func(*audit.Incident) {})
	record(24, func(i *audit.Incident) { i.TenantID = &g.ForeignTenantID })
	record(24, func(i *audit.Incident) { i.TenantID = nil })
	record(24, func(i *audit.Incident) { i.Event = audit.CSRFBlocked })
	record(500, func(i *audit.Incident) { i.Event = audit.LimiterRestored })
	record(500, func(i *audit.Incident) { i.Event = audit.AuthBlocked }) // has no threshold
	if n := g.alerts(); n != 0 {
		t.Errorf("%d alerts too soon", n)
	}
	record(1, func(i *audit.Incident) { i.TenantID = nil })
	if n := g.number("SELECT count(*) FROM security_alert WHERE tenant_id IS NULL"); n != 1 || g.alerts() != 1 {
		t.Errorf("%d of %d alerts are the installation's", n, g.alerts())
	}
	record(2, func(i *audit.Incident) { i.TenantID = &g.ForeignTenantID })
	if n := g.number("SELECT count(*) FROM security_alert WHERE tenant_id = $1", g.ForeignTenantID); n != 1 || g.alerts() != 2 {
		t.Errorf("%d of %d alerts are the foreign studio's", n, g.alerts())
	}
}

// An outage between writing and judging delays an alert, and does not lose it.
func TestAnAlertThatCouldNotBeRaisedIsRaisedLater(t *testing.T) {
	t.Parallel()
	g := newGuardhouse(t, stage.Database(t))
	s := g.server(g.db.Pool, threshold)
	g.Exec(t, "REVOKE INSERT ON security_alert FROM pixgate_server")
	for n := range 30 {
		s.Record(g.failed(n))
	}
	if s.Flush(t.Context()) || g.stored() != 30 {
		t.Errorf("%d stored, and all is well", g.stored())
	}
	g.Exec(t, "GRANT INSERT ON security_alert TO pixgate_server")
	if !s.Flush(t.Context()) || g.alerts() != 1 || g.stored() != 30 {
		t.Errorf("%d stored, %d alerts: %s", g.stored(), g.alerts(), g.log)
	}
}
