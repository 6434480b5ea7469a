package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/secret"
	"pixgate/internal/webhook"
	"pixgate/internal/webhook/standard"
)

func TestWhatHappensArrivesSignedAndNamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, shown := w.create(t, w.Admin, "https://hook.example/in?token=abc", webhook.ImageReleased, webhook.JobReady)
	w.release(t, w.Admin, w.Package, job.ExtraFree, w.Package.Images[job.None])
	if _, err := w.jobs.SetStatus(t.Context(), viewer(w.Admin), w.Package.PublicID(), job.Delivered, ""); err != nil {
		t.Fatal(err)
	}
	got := w.deliver(t)
	if len(got) != 2 {
		t.Fatalf("got %d, want 2: %v", len(got), got)
	}
	for _, one := range got {
		if one.host != "hook.example" || one.path != "/in?token=abc" || !strings.HasPrefix(one.id, "evt_") || !signs(t, one, shown) {
			t.Errorf("%+v", one)
		}
		for _, private := range []string{"@", "Job of", "Küche", "https://", ".jpg", w.Owner.Email} {
			if strings.Contains(one.body, private) {
				t.Errorf("%s tells %q", one.body, private)
			}
		}
	}
	if want := `"type":"image.released"`; !strings.Contains(got[0].body, want) || !strings.Contains(got[0].body, w.Package.PublicID()) || !strings.Contains(got[0].body, w.Package.Image(job.None)) {
		t.Errorf("%s", got[0].body)
	}
	if want := `"data":{"jobId":"` + w.Package.PublicID() + `","status":"DELIVERED"}}`; !strings.HasSuffix(got[1].body, want) {
		t.Errorf("%s", got[1].body)
	}
	if again := w.deliver(t); len(again) != 0 {
		t.Errorf("delivered once more: %v", again)
	}
}

// The same event at two webhooks, and in each attempt, has one id and the same bytes.
func TestAnEventIsTheSameInEveryAttemptAndAtEveryWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, one := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	_, another := w.create(t, w.Admin, "https://other.example/", webhook.JobReady)
	if one == another {
		t.Fatal("two webhooks share a secret")
	}
	w.answers(status(http.StatusInternalServerError))
	w.ready(t)
	first := w.deliver(t)
	w.wait(time.Minute)
	w.answers(nil)
	second := w.deliver(t)
	if len(first) != 2 || len(second) != 2 {
		t.Fatalf("%d and %d", len(first), len(second))
	}
	for _, got := range slices.Concat(first, second) {
		if got.id != first[0].id || got.body != first[0].body {
			t.Errorf("%+v is not %+v", got, first[0])
		}
		if by := map[string]string{"hook.example": one, "other.example": another}; !signs(t, got, by[got.host]) || signs(t, got, by["hook.example"]) && signs(t, got, by["other.example"]) {
			t.Errorf("%s: signed by %q", got.host, got.signature)
		}
	}
	if first[0].at == second[0].at {
		t.Error("an attempt a minute later has the time of the first: receivers would take it for a replay")
	}
}

func (w *world) ready(t testing.TB) {
	t.Helper()
	for _, status := range []job.Status{job.Open, job.Delivered} {
		if _, err := w.jobs.SetStatus(t.Context(), viewer(w.Admin), w.Package.PublicID(), status, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnotherStudioHearsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, _ := w.create(t, w.Admin, "https://hook.example/", webhook.Types...)
	foreign, _ := w.create(t, w.ForeignAdmin, "https://other.example/", webhook.Types...)
	w.ready(t)
	w.release(t, w.Admin, w.Package, job.ExtraFree, w.Package.Images[job.None])
	for _, got := range w.deliver(t) {
		if got.host != "hook.example" {
			t.Errorf("%s heard %s", got.host, got.body)
		}
	}
	if n := len(w.states(t, mine)); n != 2 || len(w.states(t, foreign)) != 0 {
		t.Errorf("%d deliveries to the studio, %d to the other one", n, len(w.states(t, foreign)))
	}
}

func TestWhatIsRolledBackIsToldToNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.Types...)
	w.Exec(t, "REVOKE INSERT ON audit_entry FROM pixgate_server")
	_, _, err := w.jobs.SetState(t.Context(), viewer(w.Admin), []string{w.Package.Image(job.None)}, job.ExtraFree, "")
	if err == nil {
		t.Fatal("released without an audit entry")
	}
	if n := len(w.queued(t)) + len(w.events(t, w.TenantID)); n != 0 {
		t.Errorf("told %d times of what did not happen", n)
	}
}

// A change that can't be told does not happen: receivers may rely on hearing of all.
func TestWhatCannotBeToldDoesNotHappen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.Types...)
	w.Exec(t, "REVOKE INSERT ON webhook_event FROM pixgate_server")
	if _, _, err := w.jobs.SetState(t.Context(), viewer(w.Admin), []string{w.Package.Image(job.None)}, job.ExtraFree, ""); err == nil {
		t.Error("released without telling")
	}
	if n := w.count(t, "SELECT count(*) FROM image WHERE id = $1 AND selection_state = 'NONE'", w.Package.Images[job.None]); n != 1 {
		t.Error("the picture is released")
	}
}

func TestAWebhookHearsOnlyWhatItAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.SecurityAlert, webhook.DownloadFinished)
	w.ready(t)
	w.release(t, w.Admin, w.Package, job.ExtraFree, w.Package.Images[job.None])
	if n := len(w.queued(t)) + len(w.events(t, w.TenantID)); n != 0 {
		t.Errorf("told %d times of what nobody wants", n)
	}
}

func TestNothingArrivesAtAWebhookThatIsOffOrGone(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, w *world, hook *webhook.Webhook){
		"switched off": func(t *testing.T, w *world, hook *webhook.Webhook) {
			if _, err := w.hooks.Set(t.Context(), viewer(w.Admin), hook.PublicID(), webhook.Change{Enabled: new(false)}); err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, w *world, hook *webhook.Webhook) {
			if err := w.hooks.Remove(t.Context(), viewer(w.Admin), hook.PublicID(), ""); err != nil {
				t.Fatal(err)
			}
		},
		"switched off while an event was written": func(t *testing.T, w *world, hook *webhook.Webhook) {
			w.Exec(t, "UPDATE webhook SET disabled_at = now(), disabled_why = 'ADMIN' WHERE id = $1", hook.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
			w.ready(t) // it waits
			end(t, w, hook)
			w.ready(t)
			if got := w.deliver(t); len(got) != 0 {
				t.Errorf("got %v", got)
			}
			if n := w.count(t, "SELECT count(*) FROM webhook_delivery WHERE state = 'PENDING'"); n != 0 {
				t.Errorf("%d deliveries still wait", n)
			}
		})
	}
}

// What waited for a webhook that was switched off does not come when it is switched on again.
func TestAWebhookThatIsSwitchedOnAgainBeginsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.ready(t)
	for _, on := range []bool{false, true} {
		if _, err := w.hooks.Set(t.Context(), viewer(w.Admin), hook.PublicID(), webhook.Change{Enabled: &on}); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.deliver(t); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	w.ready(t)
	if got := w.deliver(t); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestAReceiverThatFailsIsTriedForThreeDaysAndThenSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/secret-path?token=abc", webhook.JobReady)
	w.answers(status(http.StatusInternalServerError))
	w.ready(t)
	delivery := w.queued(t)[0]
	posts, waited := 0, time.Duration(0)
	for range 20 {
		again, err := w.hooks.Deliver(t.Context(), delivery)
		if err != nil {
			t.Fatal(err)
		}
		posts += len(w.received())
		if again == 0 {
			break
		}
		if soon, err := w.hooks.Deliver(t.Context(), delivery); err != nil || soon <= 0 || len(w.received()) != 0 {
			t.Errorf("tried again before its time: %v, %v", soon, err)
		}
		w.wait(again)
		waited += again
	}
	if posts != 10 || waited < 75*time.Hour || waited > 91*time.Hour {
		t.Errorf("%d attempts within %v", posts, waited)
	}
	if got := w.states(t, hook); !slices.Equal(got, []string{"DEAD 10 500 status"}) {
		t.Errorf("%v", got)
	}
	now := w.hook(t, w.Admin, hook)
	if now.DisabledAt == nil || *now.DisabledReason != webhook.Failing {
		t.Errorf("%+v", now)
	}
	w.checkSwitchedOff(t, "FAILING")
}

// checkSwitchedOff wants that the studio was told, and that its audit log holds no token.
func (w *world) checkSwitchedOff(t *testing.T, why string) {
	t.Helper()
	told := 0
	for _, one := range w.records.Incidents() {
		if one.Event == audit.WebhookOff && *one.TenantID == w.TenantID && one.Detail == why {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the studio was told %d times that a webhook is off for %s", told, why)
	}
	if n := w.count(t, "SELECT count(*) FROM audit_entry WHERE action = 'webhook.disabled' AND tenant_id = $1 AND actor_id IS NULL", w.TenantID); n != 1 {
		t.Errorf("%d entries of it", n)
	}
	if n := w.count(t, "SELECT count(*) FROM audit_entry WHERE concat(old_value, new_value, canonical) LIKE ANY ('{%token%,%secret-path%,%whsec%}')"); n != 0 {
		t.Errorf("%d entries hold the address or a secret", n)
	}
}

func TestSomethingThatArrivesKeepsAWebhookOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.answers(status(http.StatusInternalServerError))
	w.ready(t)
	dying := w.queued(t)[0]
	w.attempt(t, dying)
	if w.hook(t, w.Admin, hook).FailingSince == nil {
		t.Error("nobody sees that it fails")
	}
	w.Exec(t, "UPDATE webhook_delivery SET attempts = 9, next_at = now() + interval '90 hours' WHERE id = $1", dying)
	w.wait(80 * time.Hour)
	w.answers(nil)
	w.ready(t)
	w.attempt(t, w.queued(t)[1])
	if since := w.hook(t, w.Admin, hook).FailingSince; since != nil {
		t.Errorf("it fails since %v, and something has just arrived", since)
	}
	w.answers(status(http.StatusInternalServerError))
	w.Exec(t, "UPDATE webhook_delivery SET next_at = NULL WHERE id = $1", dying)
	w.attempt(t, dying)
	if got := w.states(t, hook); !slices.Equal(got, []string{"DEAD 10 500 status", "DELIVERED 1 204"}) {
		t.Errorf("%v", got)
	}
	if w.hook(t, w.Admin, hook).DisabledAt != nil {
		t.Error("switched off although something had just arrived")
	}
	w.wait(71 * time.Hour) // since that failed
	w.ready(t)
	last := w.queued(t)[2]
	w.Exec(t, "UPDATE webhook_delivery SET attempts = 9 WHERE id = $1", last)
	if w.attempt(t, last); w.hook(t, w.Admin, hook).DisabledAt != nil {
		t.Error("switched off before three days were over")
	}
}

func (w *world) attempt(t testing.TB, delivery id.ID) time.Duration {
	t.Helper()
	again, err := w.hooks.Deliver(t.Context(), delivery)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestGoneSwitchesAWebhookOffAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	other, _ := w.create(t, w.Admin, "https://other.example/", webhook.JobReady)
	w.answers(func(out http.ResponseWriter, r *http.Request) {
		if r.Host == "hook.example" {
			out.WriteHeader(http.StatusGone)
		}
	})
	w.ready(t)
	w.ready(t)
	for _, one := range w.queued(t) {
		if w.attempt(t, one); w.hook(t, w.Admin, hook).DisabledAt != nil {
			break
		}
	}
	if n := w.count(t, "SELECT count(*) FROM webhook_delivery WHERE webhook_id = $1 AND state = 'PENDING'", hook.ID); n != 0 {
		t.Errorf("%d still wait for what is off: an admin who switches it on again gets them", n)
	}
	w.deliver(t)
	if n := w.count(t, "SELECT count(*) FROM webhook_delivery WHERE webhook_id = $1 AND state = 'DELIVERED'", other.ID); n != 2 {
		t.Errorf("the other one got %d", n)
	}
	if got := w.states(t, hook); !slices.Equal(got, []string{"DEAD 1 410 status", "DEAD 0 disabled"}) {
		t.Errorf("%v", got)
	}
	if now := w.hook(t, w.Admin, hook); now.DisabledAt == nil || *now.DisabledReason != webhook.Gone {
		t.Errorf("%+v", now)
	}
	if w.hook(t, w.Admin, other).DisabledAt != nil {
		t.Error("the other one is off, too")
	}
	w.checkSwitchedOff(t, "GONE")
}

// The name of a webhook may lead inside later: it is looked up at each attempt, and nothing
// there is even connected to.
func TestAWebhookThatLeadsInsideIsNotReached(t *testing.T) {
	t.Parallel()
	for _, inside := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"} {
		t.Run(inside, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
			w.addresses["hook.example"] = inside
			w.ready(t)
			if got := w.deliver(t); len(got) != 0 || len(w.connected) != 0 {
				t.Errorf("connected to %v, posted %v", w.connected, got)
			}
			if got := w.states(t, hook); !slices.Equal(got, []string{"DEAD 1 private"}) {
				t.Errorf("%v", got)
			}
			incidents := w.records.Incidents()
			if len(incidents) != 1 || incidents[0].Event != audit.WebhookBlocked || *incidents[0].TenantID != w.TenantID || incidents[0].Detail != "not_public" {
				t.Errorf("recorded %+v", incidents)
			}
		})
	}
}

func TestWhatFailsIsTriedAgainAndNotFollowed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer      func(http.ResponseWriter, *http.Request)
		address     string
		want        string
		least, most time.Duration
	}{
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/", http.StatusTemporaryRedirect)
		}, "", "PENDING 1 redirect", 5 * time.Second, 6 * time.Second},
		"too many, says when": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}, "", "PENDING 1 429 status", time.Hour, time.Hour},
		"too many, for ever": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "999999999")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, "", "PENDING 1 503 status", 24 * time.Hour, 24 * time.Hour},
		"a fault that says when": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusInternalServerError)
		}, "", "PENDING 1 500 status", 5 * time.Second, 6 * time.Second},
		"not found":      {status(http.StatusNotFound), "", "PENDING 1 404 status", 5 * time.Second, 6 * time.Second},
		"no answer":      {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "", "PENDING 1 timeout", 5 * time.Second, 6 * time.Second},
		"no such host":   {nil, "none", "PENDING 1 unreachable", 5 * time.Second, 6 * time.Second},
		"it hangs up":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", "PENDING 1 unreachable", 5 * time.Second, 6 * time.Second},
		"a huge answer":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }, "", "DELIVERED 1 200", 0, 0},
		"accepted, 202":  {status(http.StatusAccepted), "", "DELIVERED 1 202", 0, 0},
		"another's cert": {nil, "cert", "PENDING 1 unreachable", 5 * time.Second, 6 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			url := "https://hook.example/"
			if c.address == "cert" {
				url = "https://third.example/"
			} else {
				w.addresses["hook.example"] = c.address
			}
			hook, _ := w.create(t, w.Admin, url, webhook.JobReady)
			w.answers(c.answer)
			w.ready(t)
			again := w.attempt(t, w.queued(t)[0])
			if got := w.states(t, hook); !slices.Equal(got, []string{c.want}) || again < c.least || again > c.most {
				t.Errorf("%v, again in %v; want %s, from %v to %v", got, again, c.want, c.least, c.most)
			}
			if n := len(w.received()); n > 1 {
				t.Errorf("%d requests: it was followed", n)
			}
		})
	}
}

// Killed in the middle: the receiver has it, and we don't know.
func TestWhatWasCutOffIsPostedAgainUnderTheSameID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.ready(t)
	var log bytes.Buffer
	w.hooks.Log = slog.New(slog.NewTextHandler(&log, nil))
	ctx, kill := context.WithCancel(t.Context())
	w.answers(func(http.ResponseWriter, *http.Request) { kill(); <-ctx.Done() })
	if _, err := w.hooks.Deliver(ctx, w.queued(t)[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got := w.states(t, hook); !slices.Equal(got, []string{"PENDING 0"}) {
		t.Errorf("our stop counts against the receiver: %v", got)
	}
	if log.Len() > 0 {
		t.Errorf("our stop is told of as the receiver's fault: %s", log.String())
	}
	w.answers(nil)
	if again := w.attempt(t, w.queued(t)[0]); again <= 0 || again > 30*time.Second {
		t.Errorf("it may be posted by another run right now, and is looked at again in %v", again)
	}
	w.wait(31 * time.Second)
	got := slices.Concat(w.received(), w.deliver(t))
	if len(got) != 2 || got[0].id != got[1].id || got[0].body != got[1].body {
		t.Errorf("%+v", got)
	}
}

// Fifty runs of one delivery, as after a crash of many servers: it is noted once.
func TestManyRunsOfADeliveryNoteItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.answers(status(http.StatusInternalServerError))
	w.ready(t)
	delivery := w.queued(t)[0]
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := w.hooks.Deliver(t.Context(), delivery); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := w.states(t, hook); !slices.Equal(got, []string{"PENDING 1 500 status"}) {
		t.Errorf("%v", got)
	}
}

func TestASlowReceiverGetsTwoAtATimeAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.create(t, w.ForeignAdmin, "https://other.example/", webhook.ImageReleased)
	proceed, arrived := make(chan struct{}), make(chan struct{}, 100)
	var now, most atomic.Int64
	w.answers(func(_ http.ResponseWriter, r *http.Request) {
		if r.Host != "hook.example" {
			return
		}
		n := now.Add(1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		arrived <- struct{}{}
		<-proceed
		now.Add(-1)
	})
	for range 20 {
		w.ready(t)
	}
	waiting := w.queued(t)
	var slow sync.WaitGroup
	for _, one := range waiting[:2] {
		slow.Go(func() { _, _ = w.hooks.Deliver(t.Context(), one) })
	}
	<-arrived
	<-arrived
	last := time.Duration(0)
	for _, one := range waiting[2:] {
		again := w.attempt(t, one)
		if again <= last-100*time.Millisecond || again <= 0 {
			t.Errorf("put off for %v, the one before for %v: they come back all at once", again, last)
		}
		last = again
	}
	w.releaseForeign(t)
	foreign := w.queued(t)[len(waiting):]
	if len(foreign) != 1 {
		t.Fatalf("%d", len(foreign))
	}
	if again := w.attempt(t, foreign[0]); again != 0 {
		t.Errorf("the other studio waits %v for a slow receiver that is not its own", again)
	}
	close(proceed)
	slow.Wait()
	if most.Load() != 2 {
		t.Errorf("%d at a time", most.Load())
	}
	if again := w.attempt(t, waiting[2]); again != 0 {
		t.Errorf("nobody gives turns back: %v", again)
	}
}

func (w *world) releaseForeign(t testing.TB) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), w.db.Pool, func(tx pgx.Tx) error {
		return w.outbox.ImagesReleased(t.Context(), tx, w.ForeignTenantID, w.ForeignJob.ID, []job.Released{{ID: w.ForeignJob.Images[job.None], State: job.None}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestASecretThatWasReplacedSignsForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, first := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	_, second, err := w.hooks.Rotate(t.Context(), viewer(w.Admin), hook.PublicID(), "leaked")
	if err != nil || first == second {
		t.Fatalf("%v; the same secret: %t", err, first == second)
	}
	w.ready(t)
	w.attempt(t, w.queued(t)[0])
	w.wait(25 * time.Hour)
	w.ready(t)
	w.attempt(t, w.queued(t)[1])
	got := w.received()
	if len(got) != 2 || !signs(t, got[0], first) || !signs(t, got[0], second) {
		t.Error("on the same day both secrets sign")
	}
	if signs(t, got[1], first) || !signs(t, got[1], second) {
		t.Error("after a day the new secret alone signs")
	}
}

// Nobody who reads the database can sign, and nobody who writes it can move a secret.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, shown := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	own, _ := w.create(t, w.ForeignAdmin, "https://other.example/", webhook.ImageReleased)
	for _, table := range []string{"webhook", "audit_entry", "webhook_event", "webhook_delivery"} {
		if n := w.count(t, "SELECT count(*) FROM "+table+" x WHERE x::text LIKE '%' || $1 || '%' OR x::text LIKE '%' || encode($1::text::bytea, 'hex') || '%'", strings.TrimPrefix(shown, "whsec_")); n != 0 {
			t.Errorf("%s holds the secret", table)
		}
	}
	w.Exec(t, "UPDATE webhook SET secret = (SELECT secret FROM webhook WHERE id = $1) WHERE id = $2", hook.ID, own.ID)
	w.releaseForeign(t)
	if _, err := w.hooks.Deliver(t.Context(), w.queued(t)[0]); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("signed with the secret of another webhook: %v", err)
	}
	if got := w.received(); len(got) != 0 {
		t.Errorf("posted %v", got)
	}
	// After AUDIT_SECRET was changed, with the old one kept.
	later := webhook.New(webhook.Options{
		DB: w.db.Pool, Outbox: w.outbox, Audit: audit.NewLog(secret.NewRing("another audit secret, long enough", auditSecret), w.now),
		Keys: secret.NewRing("another audit secret, long enough", auditSecret), Poster: answering{}, Security: w.records, Now: w.now, Log: w.log,
	})
	w.ready(t)
	if _, err := later.Deliver(t.Context(), w.queued(t)[1]); err != nil {
		t.Errorf("after a new AUDIT_SECRET: %v", err)
	}
}

// answering takes everything.
type answering struct{}

func (answering) Post(context.Context, string, standard.Message, ...standard.Secret) (standard.Answer, error) {
	return standard.Answer{Status: http.StatusNoContent}, nil
}

func TestWhatIsOldIsPurged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.ready(t)
	w.wait(29 * 24 * time.Hour)
	w.ready(t)
	w.wait(25 * time.Hour)
	for range 2 {
		if err := w.hooks.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if events, deliveries := len(w.events(t, w.TenantID)), len(w.states(t, hook)); events != 1 || deliveries != 1 {
			t.Errorf("%d events and %d deliveries are left, want those of yesterday", events, deliveries)
		}
	}
	if got := w.deliver(t); len(got) != 1 {
		t.Errorf("the task of what was purged: %v", got)
	}
}

// The receiver moves: the old place says that it is gone while the admin names the new one.
func TestWhatTheOldAddressSaysDoesNotCountAgainstTheNewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.answers(func(out http.ResponseWriter, r *http.Request) {
		if r.Host != "hook.example" {
			return
		}
		if _, err := w.hooks.Set(context.Background(), viewer(w.Admin), hook.PublicID(), webhook.Change{URL: new("https://other.example/")}); err != nil {
			t.Error(err)
		}
		out.WriteHeader(http.StatusGone)
	})
	w.ready(t)
	again := w.attempt(t, w.queued(t)[0])
	if w.hook(t, w.Admin, hook).DisabledAt != nil || again <= 0 {
		t.Errorf("switched off by what the old address said, or dropped: again in %v", again)
	}
	w.wait(again)
	w.deliver(t)
	if got := w.states(t, hook); !slices.Equal(got, []string{"DELIVERED 2 200"}) {
		t.Errorf("%v", got)
	}
}
