package main

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pixgate/internal/audit"
	"pixgate/internal/config"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
)

// monitored is where the program tells how it is; empty where it does not.
func (p *program) monitored() string {
	for line := range strings.Lines(p.log.String()) {
		var told struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &told) == nil && told.Msg == "metrics" {
			return "http://" + told.Address
		}
	}
	return ""
}

func (p *program) watched(t *testing.T, path string) (status int, body string) {
	t.Helper()
	there := program{url: p.monitored()}
	return there.get(t, path)
}

func TestTheMonitorTellsHowTheServerIsAndNothingOfAnybody(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	p := start(t, settings(t, db, nil))
	p.ask(t, `{ viewer { email } }`, nil, "Authorization: Bearer "+people.Owner.Token)
	p.ask(t, `mutation { requestOtp(input: { email: "owner@example.com" }) { challengeId } }`, nil)
	p.get(t, "/owner@example.com/"+people.Owner.Token)
	var metrics string
	until(t, "the metrics", func() bool { // a request is counted when it is over, which is after its answer
		_, metrics = p.watched(t, "/metrics")
		return strings.Contains(metrics, `pixgate_http_requests_total{method="POST",route="/graphql",status="200"} 2`) &&
			strings.Contains(metrics, `pixgate_http_requests_total{method="GET",route="none",status="404"} 1`) &&
			strings.Contains(metrics, `pixgate_part_up{part="tasks"} 1`)
	})
	for _, name := range []string{
		`pixgate_security_events_total{event="archive_damaged"} 0`, "pixgate_security_events_dropped_total 0", "pixgate_limiter_degraded 0",
		`pixgate_http_request_seconds_count{route="/graphql"} 2`, "pixgate_database_connections_max 16", "go_goroutines ",
	} {
		if !strings.Contains(metrics, name) {
			t.Errorf("no %s", name)
		}
	}
	for _, private := range []string{"example.com", people.Owner.Token, people.Owner.AccountID.String(), "127.0.0.1"} {
		if strings.Contains(metrics, private) {
			t.Errorf("the metrics tell %q", private)
		}
	}
	if status, body := p.watched(t, "/parts"); status != http.StatusOK || strings.Count(body, `"ok":true`) != 4 {
		t.Errorf("/parts: %d %s", status, body)
	}
	for _, path := range []string{"/metrics", "/parts"} {
		if status, _ := p.get(t, path); status != http.StatusNotFound {
			t.Errorf("%s stands open to everybody: %d", path, status)
		}
	}
	if status, _ := p.watched(t, "/graphql"); status != http.StatusNotFound {
		t.Errorf("the monitor serves the API: %d", status)
	}
}

func TestAPartThatIsAwayIsNamedToTheMonitorOnly(t *testing.T) {
	t.Parallel()
	db, postgres := stage.PrivateDatabase(t)
	cast.New(t, db.Owner)
	p := start(t, settings(t, db, nil))
	if err := postgres.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the news", func() bool {
		status, body := p.watched(t, "/parts")
		return status == http.StatusServiceUnavailable && strings.Contains(body, `"name":"database","ok":false`) && strings.Contains(body, `"name":"storage","ok":true`)
	})
	if status, body := p.get(t, "/readyz"); status != http.StatusServiceUnavailable || body != "degraded\n" {
		t.Errorf("/readyz: %d %q", status, body)
	}
	if !strings.Contains(p.log.String(), `"msg":"a part is away","part":"database"`) {
		t.Error("the log does not name it")
	}
	if err := postgres.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the part to come back", func() bool { return strings.Contains(p.log.String(), `"msg":"a part is back","part":"database"`) })
}

func TestTheMonitorCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	p := start(t, settings(t, db, map[string]string{"METRICS_ADDR": "off"}))
	if at := p.monitored(); at != "" {
		t.Errorf("it listens on %s", at)
	}
}

func TestAMonitorsAddressThatIsTakenStopsTheStart(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = run(t.Context(), nil, settings(t, stage.Database(t), map[string]string{"METRICS_ADDR": taken.Addr().String()}), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "METRICS_ADDR") {
		t.Errorf("got %v", err)
	}
}

// The settings know the events by names of their own: they must be the same.
func TestEveryEventHasItsThreshold(t *testing.T) {
	t.Parallel()
	settings, err := config.Load(settings(t, stage.Database(t), nil))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(settings.SecurityThresholds)), slices.Sorted(slices.Values(eventNames())); !slices.Equal(got, want) {
		t.Errorf("thresholds for %q, events %q", got, want)
	}
	if rule := alertRule(settings); rule.Thresholds[audit.RateLimitBlocked] != 50 || rule.Thresholds[audit.LoginWrong] != 25 {
		t.Errorf("%+v", rule)
	}
}
