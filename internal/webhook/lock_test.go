package webhook_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pixgate/internal/id"
	"pixgate/internal/webhook"
)

// meeting is two who take many of the same deliveries, from different sides: the second while the
// first stands still in the midst of them.
func (w *world) meeting(t *testing.T, hook *webhook.Webhook, position int, first, second func() error) {
	t.Helper()
	tx, err := w.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "SELECT FROM webhook_delivery WHERE webhook_id = $1 ORDER BY id LIMIT 1 OFFSET $2 FOR UPDATE", hook.ID, position); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	for n, do := range []func() error{first, second} {
		go func() { ended <- do() }()
		w.waiting(t, n+1)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("one of two who met at delivery %d: %v", position, err)
		}
	}
}

// waiting waits until so many wait for a lock.
func (w *world) waiting(t *testing.T, n int) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); w.count(t, "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()") < n; <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%d do not wait for a lock", n)
		}
	}
}

// A purge takes deliveries by their events, whoever removes a webhook or switches it off takes them
// by the webhook. A deadlock would be INTERNAL for the admin, or a purge that fails.
func TestAPurgeDeadlocksWithNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const deliveries = 40
	purge := func() error { return w.hooks.Purge(t.Context()) }
	for name, of := range map[string]func(hook *webhook.Webhook) error{
		"remove": func(hook *webhook.Webhook) error {
			return w.hooks.Remove(t.Context(), viewer(w.Admin), hook.PublicID(), "")
		},
		"switch off": func(hook *webhook.Webhook) error {
			_, err := w.hooks.Set(t.Context(), viewer(w.Admin), hook.PublicID(), webhook.Change{Enabled: new(false)})
			return err
		},
		"drop what waits for one that is off": func(hook *webhook.Webhook) error {
			var one id.ID
			err := w.db.Owner.QueryRow(t.Context(), "SELECT id FROM webhook_delivery WHERE webhook_id = $1 ORDER BY id DESC LIMIT 1", hook.ID).Scan(&one)
			if err == nil {
				_, err = w.hooks.Deliver(t.Context(), one)
			}
			return err
		},
	} {
		for round := range 8 {
			t.Run(fmt.Sprintf("%s, %d", name, round), func(t *testing.T) {
				hook, _ := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
				w.fill(t, hook, deliveries, round/2%2 == 1)
				if name == "drop what waits for one that is off" {
					w.Exec(t, "UPDATE webhook SET disabled_at = now(), disabled_why = 'ADMIN' WHERE id = $1", hook.ID)
				}
				do := func() error { return of(hook) }
				first, second := purge, do
				if round%2 == 1 {
					first, second = do, purge
				}
				w.meeting(t, hook, 5+4*round, first, second)
				if left := w.count(t, "SELECT count(*) FROM webhook_event"); left != 0 {
					t.Errorf("%d events are left", left)
				}
				w.Exec(t, "DELETE FROM webhook WHERE id = $1", hook.ID)
			})
		}
	}
}

// fill gives a webhook so many deliveries of events that are old, which wait; reversed says that they lie
// the other way round than the events.
func (w *world) fill(t *testing.T, hook *webhook.Webhook, n int, reversed bool) {
	t.Helper()
	at := w.now().Add(-40 * 24 * time.Hour)
	var events []id.ID
	for k := range n {
		one := id.New(at.Add(time.Duration(k) * time.Hour))
		w.Exec(t, "INSERT INTO webhook_event VALUES ($1, $2, 'job.ready', '{}', '', $3)", one, w.TenantID, at)
		events = append(events, one)
	}
	if reversed {
		slices.Reverse(events)
	}
	for k, event := range events {
		w.Exec(t, "INSERT INTO webhook_delivery VALUES ($1, $2, $3, $4, 'PENDING', 0, NULL, NULL, NULL, NULL, $5)",
			id.New(at.Add(time.Duration(k)*time.Hour)), w.TenantID, hook.ID, event, at)
	}
}
