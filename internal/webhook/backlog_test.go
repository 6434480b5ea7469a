package webhook_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/task"
	"pixgate/internal/webhook"
)

// works has a runner of tasks work deliveries off, as in the server.
func (w *world) works(t *testing.T) {
	t.Helper()
	none := func(context.Context, id.ID) error { return errors.New("not of this test") }
	runner, err := task.NewRunner(w.db.Pool, task.Work{
		LoginMail: none, Import: none, GiveUp: none, SecurityAlert: none, TakeUpload: none, AlertWebhook: none, BookingMail: none, Notification: none, Webhook: w.hooks.Deliver,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = runner.Stop(ctx) // what hangs is ended
	})
}

// flood queues as many events as pictures, each with one of them.
func (w *world) flood(t *testing.T, tenantID, jobID id.ID, events int) {
	t.Helper()
	var pictures []id.ID
	for n := range events {
		pictures = append(pictures, w.Image(t, tenantID, jobID, 1000+n, job.None))
	}
	err := pgx.BeginFunc(t.Context(), w.db.Pool, func(tx pgx.Tx) error {
		for _, one := range pictures {
			if err := w.outbox.ImagesReleased(t.Context(), tx, tenantID, jobID, []job.Released{{ID: one, State: job.Included}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within half a minute: %s", what)
		}
	}
}

// Many events at once reach a receiver that takes them as fast as it takes them, and not by
// as many rounds of the tasks.
func TestWhoTakesEventsFastGetsThemFast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.ImageReleased)
	w.flood(t, w.TenantID, w.Package.ID, 400)
	w.works(t)
	w.eventually(t, "all 400 events", func() bool {
		return w.count(t, "SELECT count(*) FROM webhook_delivery WHERE state = 'DELIVERED'") == 400
	})
	if twice := w.count(t, "SELECT count(*) FROM webhook_delivery WHERE attempts > 1"); twice > 0 || len(w.received()) != 400 {
		t.Errorf("%d were posted more than once", twice)
	}
}

// A studio whose receivers hang, and for whom ten thousand deliveries wait, does not keep another
// one's waiting.
func TestABacklogKeepsNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	released := make(chan struct{})
	w.answers(func(out http.ResponseWriter, r *http.Request) {
		if r.Host == "hangs.example" {
			<-released
		}
		out.WriteHeader(http.StatusNoContent)
	})
	t.Cleanup(func() { close(released) })
	for range 10 {
		w.create(t, w.ForeignAdmin, "https://hangs.example/", webhook.ImageReleased)
	}
	w.flood(t, w.ForeignTenantID, w.ForeignJob.ID, 1000)
	own, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.ready(t)
	w.works(t)
	w.eventually(t, "another studio's event", func() bool { return w.states(t, own)[0] == "DELIVERED 1 204" })
}

// Go takes it for an answer, and the table for none.
func TestAStatusBelowAHundredIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.answers(func(out http.ResponseWriter, _ *http.Request) {
		conn, rw, err := out.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n")
		_ = rw.Flush()
	})
	w.ready(t)
	w.attempt(t, w.queued(t)[0])
	if got := w.states(t, hook); got[0] != "PENDING 1 unreachable" {
		t.Errorf("%v", got)
	}
}

// What waits for a webhook is bounded, and it says so when something was dropped.
func TestWhatIsTooMuchIsDroppedAndTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	full, _ := w.create(t, w.Admin, "https://full.example/", webhook.JobReady)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.ready(t)
	w.Exec(t, `INSERT INTO webhook_delivery (id, tenant_id, webhook_id, event_id, state, attempts, created_at)
		SELECT gen_random_uuid(), tenant_id, webhook_id, event_id, 'PENDING', 0, now() FROM webhook_delivery, generate_series(1, 9999) WHERE webhook_id = $1`, full.ID)
	w.ready(t)
	if n := w.count(t, "SELECT count(*) FROM webhook_delivery WHERE webhook_id = $1", full.ID); n != 10_000 {
		t.Errorf("%d wait for a webhook, want 10,000", n)
	}
	if n := w.count(t, "SELECT count(*) FROM webhook_delivery WHERE webhook_id = $1", hook.ID); n != 2 {
		t.Errorf("%d wait for the other one, want 2", n)
	}
	if w.hook(t, w.Admin, full).DroppedAt == nil || w.hook(t, w.Admin, hook).DroppedAt != nil {
		t.Error("the webhook for which something was dropped says so, and no other")
	}
}
