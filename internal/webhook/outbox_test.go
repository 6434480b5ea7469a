package webhook_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/internal/transfer"
	"pixgate/internal/webhook"
)

func (w *world) finished(t testing.TB, f transfer.Finished) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), w.db.Pool, func(tx pgx.Tx) error { return w.outbox.DownloadFinished(t.Context(), tx, f) }); err != nil {
		t.Error(err)
	}
}

// A download manager asks for the end of an archive by fifty connections.
func TestADownloadIsToldOnceAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.DownloadFinished)
	one := transfer.Finished{TenantID: w.TenantID, JobID: w.Package.ID, AccountID: w.Owner.AccountID, Images: 3}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { w.finished(t, one) })
	}
	all.Wait()
	events := w.events(t, w.TenantID)
	if len(events) != 1 || events[0].Data.Account != w.Owner.PublicID() || events[0].Data.Job != w.Package.PublicID() || string(events[0].Data.Images) != "3" {
		t.Fatalf("told %d times: %+v", len(events), events)
	}
	another, other := one, one
	another.Images, other.AccountID = 1, w.Other.AccountID
	w.finished(t, another)
	w.finished(t, other)
	if n := len(w.events(t, w.TenantID)); n != 2 {
		t.Errorf("some of the same pictures, and another person: told %d times", n)
	}
	w.wait(61 * time.Minute)
	w.finished(t, one)
	w.finished(t, one)
	if n := len(w.events(t, w.TenantID)); n != 3 {
		t.Errorf("after an hour: told %d times", n)
	}
}

// unread is where nothing is counted.
type unread struct{}

func (unread) SecurityEvent(string)        {}
func (unread) SecurityEventsDropped(int64) {}

func TestAnAlertIsToldToItsStudioWithTheTransactionThatRaisesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.SecurityAlert)
	w.create(t, w.ForeignAdmin, "https://other.example/", webhook.SecurityAlert)
	security := audit.NewSecurity(audit.SecurityOptions{
		DB: w.db.Pool, Keys: secret.NewRing(auditSecret), Tally: unread{}, Queue: w.outbox, Now: time.Now, Log: w.log,
		Rule: audit.Rule{Window: 5 * time.Minute, Cooldown: 15 * time.Minute, Thresholds: map[audit.Event]int{audit.LoginWrong: 25, audit.LimiterFallback: 1}},
	})
	for range 31 {
		security.Record(audit.Incident{Event: audit.LoginWrong, TenantID: &w.TenantID, AccountID: &w.Owner.AccountID, Detail: "code"})
	}
	security.Record(audit.Incident{Event: audit.LimiterFallback}) // the installation's, which no studio hears of
	ended, end := context.WithCancel(t.Context())
	end()
	security.Run(ended)
	events := w.events(t, w.TenantID)
	if len(events) != 1 || !strings.HasSuffix(events[0].body, `,"data":{"event":"login_failed","studio":"studio","seen":31,"withinSeconds":300,"atLeast":false}}`) || !strings.HasPrefix(events[0].body, `{"type":"security.alert",`) {
		t.Errorf("told %+v", events)
	}
	if n := w.count(t, "SELECT count(*) FROM webhook_event WHERE tenant_id <> $1", w.TenantID); n != 0 {
		t.Errorf("%d events at another studio", n)
	}
	if n := w.count(t, "SELECT count(*) FROM security_alert WHERE event = 'limiter_fallback'"); n != 1 {
		t.Errorf("%d alerts of the installation", n)
	}
	if events[0].ID == id.Nil {
		t.Error("it has no id")
	}
}
