package webhook_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/internal/webhook"
)

func TestAWebhookLeadsToTheOpenInternetByTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	for _, url := range []string{
		"", "http://hook.example/", "ftp://hook.example/", "hook.example", "//hook.example/", "https://hook.example:8443/", "https://user:pw@hook.example/", "https://user@hook.example/",
		"https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://169.254.169.254/latest", "https://redis.internal/", "https://printer.local/",
		"https://hook/", "https://hook.example\\@127.0.0.1/", "https://hook.example/ x", "https://hook.example/" + strings.Repeat("a", 2000), "javascript:alert(1)", "https://", "https:///path",
	} {
		_, _, _, err := w.hooks.Create(t.Context(), viewer(w.Admin), webhook.NewWebhook{URL: url, Events: []webhook.Type{webhook.JobReady}})
		if !isAbout(err, "input.url") {
			t.Errorf("create %.60q: %v", url, err)
		}
		if _, err := w.hooks.Set(t.Context(), viewer(w.Admin), hook.PublicID(), webhook.Change{URL: &url}); !isAbout(err, "input.url") {
			t.Errorf("set %.60q: %v", url, err)
		}
	}
	for url, want := range map[string]string{
		"https://HOOK.example:443/a?b=c#d": "https://hook.example/a?b=c", "https://93.184.215.14/": "https://93.184.215.14/", "https://höfe.example/": "https://xn--hfe-sna.example/",
	} {
		if made, _ := w.create(t, w.Admin, url, webhook.JobReady); made.URL != want {
			t.Errorf("%s is kept as %s, want %s", url, made.URL, want)
		}
	}
	for _, events := range [][]webhook.Type{nil, {}, {webhook.Test}, {webhook.JobReady, "job.lost"}} {
		if _, _, _, err := w.hooks.Create(t.Context(), viewer(w.Admin), webhook.NewWebhook{URL: "https://hook.example/", Events: events}); !isAbout(err, "input.events") {
			t.Errorf("events %v: %v", events, err)
		}
	}
	twice, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady, webhook.ImageReleased, webhook.JobReady)
	if !slices.Equal(twice.Events, []webhook.Type{webhook.ImageReleased, webhook.JobReady}) {
		t.Errorf("%v", twice.Events)
	}
}

func isAbout(err error, path string) bool {
	return fault.Is(err, fault.ValidationFailed) && len(fault.As(err).Fields) == 1 && fault.As(err).Fields[0].Path == path
}

// Fifty at once make webhooks: the studio has ten then.
func TestAStudioHasTenWebhooksHoweverManyAreMadeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made, refused atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, _, refusals, err := w.hooks.Create(t.Context(), viewer(w.Admin), webhook.NewWebhook{URL: "https://hook.example/", Events: webhook.Types})
			switch {
			case err != nil:
				t.Error(err)
			case refusals != nil && refusals[0].Code == webhook.TooMany:
				refused.Add(1)
			default:
				made.Add(1)
			}
		})
	}
	all.Wait()
	if n := w.count(t, "SELECT count(*) FROM webhook WHERE tenant_id = $1", w.TenantID); made.Load() != webhook.Most || refused.Load() != 40 || n != webhook.Most {
		t.Errorf("made %d, refused %d, there are %d", made.Load(), refused.Load(), n)
	}
	w.create(t, w.ForeignAdmin, "https://hook.example/", webhook.JobReady)
}

// Customers, photographers and other studios' admins get the same answer for a webhook that there
// is and for one that there is not, and change nothing.
func TestWebhooksAreTheStudiosAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.ready(t)
	delivery := w.queued(t)[0]
	w.attempt(t, delivery)
	before := w.count(t, "SELECT count(*) FROM audit_entry")
	rows := w.content(t)
	calls := map[string]func(v account.Viewer, hook, delivery string) error{
		"set": func(v account.Viewer, hook, _ string) error {
			_, err := w.hooks.Set(t.Context(), v, hook, webhook.Change{Enabled: new(false)})
			return err
		},
		"remove": func(v account.Viewer, hook, _ string) error { return w.hooks.Remove(t.Context(), v, hook, "") },
		"rotate": func(v account.Viewer, hook, _ string) error {
			_, _, err := w.hooks.Rotate(t.Context(), v, hook, "")
			return err
		},
		"test": func(v account.Viewer, hook, _ string) error {
			_, _, err := w.hooks.Test(t.Context(), v, hook)
			return err
		},
		"redeliver": func(v account.Viewer, _, delivery string) error {
			_, _, err := w.hooks.Redeliver(t.Context(), v, delivery, "")
			return err
		},
		"read": func(v account.Viewer, hook, _ string) error {
			named, _ := id.Webhook.Parse(hook)
			_, err := w.hooks.ByID(t.Context(), v, named)
			return err
		},
		"read a delivery": func(v account.Viewer, _, delivery string) error {
			named, _ := id.Delivery.Parse(delivery)
			_, err := w.hooks.DeliveryByID(t.Context(), v, named)
			return err
		},
	}
	for name, call := range calls {
		for _, who := range []*cast.Person{w.Owner, w.Other, w.Photographer, w.Foreigner, w.ForeignAdmin} {
			there, not := call(viewer(who), hook.PublicID(), id.Delivery.Format(delivery)), call(viewer(who), id.Webhook.Format(id.Nil), id.Delivery.Format(id.Nil))
			if !fault.Is(there, fault.Forbidden) || there.Error() != not.Error() {
				t.Errorf("%s by %s: %v; of none: %v", name, who.Email, there, not)
			}
		}
		for _, odd := range []string{"", "whk_", hook.ID.String(), strings.ToUpper(hook.PublicID())} {
			if err := call(viewer(w.Admin), odd, odd); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s of %q: %v", name, odd, err)
			}
		}
	}
	for _, who := range []*cast.Person{w.Owner, w.Photographer, w.Foreigner} {
		if _, err := w.hooks.List(t.Context(), viewer(who)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("listed by %s: %v", who.Email, err)
		}
		if _, _, err := w.hooks.Deliveries(t.Context(), viewer(who), hook.ID, page.Window{Size: 10}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("deliveries listed by %s: %v", who.Email, err)
		}
	}
	if foreign, _, err := w.hooks.Deliveries(t.Context(), viewer(w.ForeignAdmin), hook.ID, page.Window{Size: 10}); err != nil || len(foreign) != 0 {
		t.Errorf("another studio's admin lists %v, %v", foreign, err)
	}
	if w.content(t) != rows || w.count(t, "SELECT count(*) FROM audit_entry") != before {
		t.Error("somebody changed something")
	}
}

func (w *world) content(t testing.TB) (hash string) {
	t.Helper()
	if err := w.db.Owner.QueryRow(t.Context(), `
		SELECT (SELECT string_agg(x::text, '|' ORDER BY id) FROM webhook x) || (SELECT string_agg(x::text, '|' ORDER BY id) FROM webhook_delivery x) || (SELECT count(*) FROM task.river_job)`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestADeliveryIsBegunAnewWhenItIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.ready(t)
	delivery := id.Delivery.Format(w.queued(t)[0])
	if _, refusals, err := w.hooks.Redeliver(t.Context(), viewer(w.Admin), delivery, ""); err != nil || len(refusals) != 1 || refusals[0].Code != webhook.DeliveryPending {
		t.Errorf("while it waits: %v, %v", refusals, err)
	}
	first := w.deliver(t)
	var begun atomic.Int64
	var all sync.WaitGroup
	for range 50 { // fifty clicks
		all.Go(func() {
			queued, refusals, err := w.hooks.Redeliver(t.Context(), viewer(w.Admin), delivery, "")
			if err != nil {
				t.Error(err)
			}
			if refusals == nil && queued.State == webhook.Pending {
				begun.Add(1)
			}
		})
	}
	all.Wait()
	second := w.deliver(t)
	if len(first) != 1 || len(second) != 1 || begun.Load() != 1 || first[0].id != second[0].id || first[0].body != second[0].body {
		t.Errorf("begun %d times: %+v, %+v", begun.Load(), first, second)
	}
	queued, refusals, err := w.hooks.Test(t.Context(), viewer(w.Admin), hook.PublicID())
	if err != nil || refusals != nil || queued.Type != webhook.Test {
		t.Fatal(refusals, err)
	}
	if got := w.deliver(t); len(got) != 1 || !strings.HasSuffix(got[0].body, `"data":{"webhookId":"`+hook.PublicID()+`"}}`) || got[0].id != queued.EventID {
		t.Errorf("%+v", got)
	}
	listed, more, err := w.hooks.Deliveries(t.Context(), viewer(w.Admin), hook.ID, page.Window{Size: 1})
	if err != nil || !more || len(listed) != 1 || listed[0].ID != queued.ID {
		t.Fatalf("%v %v %v", listed, more, err)
	}
	after := listed[0].Cursor()
	if rest, more, err := w.hooks.Deliveries(t.Context(), viewer(w.Admin), hook.ID, page.Window{Size: 1, After: &after}); err != nil || more || len(rest) != 1 || rest[0].PublicID() != delivery {
		t.Errorf("%v %v %v", rest, more, err)
	}
	if _, err := w.hooks.Set(t.Context(), viewer(w.Admin), hook.PublicID(), webhook.Change{Enabled: new(false)}); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() ([]webhook.Refusal, error){
		"redeliver": func() (r []webhook.Refusal, err error) {
			_, r, err = w.hooks.Redeliver(t.Context(), viewer(w.Admin), delivery, "")
			return r, err
		},
		"test": func() (r []webhook.Refusal, err error) {
			_, r, err = w.hooks.Test(t.Context(), viewer(w.Admin), hook.PublicID())
			return r, err
		},
	} {
		if refusals, err := call(); err != nil || len(refusals) != 1 || refusals[0].Code != webhook.IsDisabled {
			t.Errorf("%s of one that is off: %v, %v", name, refusals, err)
		}
	}
}

// Webhooks are made, switched and removed while fifty others act on jobs: nobody fails by it.
func TestRemovingAWebhookMakesNobodyFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var acts, hooks sync.WaitGroup
	ended := make(chan struct{})
	hooks.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
			}
			made, _, refusals, err := w.hooks.Create(t.Context(), viewer(w.Admin), webhook.NewWebhook{URL: "https://hook.example/", Events: webhook.Types})
			if err == nil && refusals == nil {
				_, err = w.hooks.Set(t.Context(), viewer(w.Admin), made.PublicID(), webhook.Change{Enabled: new(false)})
			}
			if err == nil && refusals == nil {
				_, err = w.hooks.Set(t.Context(), viewer(w.Admin), made.PublicID(), webhook.Change{Enabled: new(true)})
			}
			if err == nil && refusals == nil {
				err = w.hooks.Remove(t.Context(), viewer(w.Admin), made.PublicID(), "")
			}
			if err != nil || refusals != nil {
				t.Error(refusals, err)
				return
			}
		}
	})
	for range 50 {
		acts.Go(func() {
			for range 4 {
				for _, all := range []bool{true, false} {
					if _, err := w.jobs.SetAllImagesIncluded(t.Context(), viewer(w.Admin), w.Package.PublicID(), all, ""); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	acts.Wait()
	close(ended)
	hooks.Wait()
}
