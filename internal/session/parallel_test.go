package session_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/session"
)

// Whatever mix of budgets is spent at once: none gives more than it has, and only
// uses that were granted count.
func TestBudgetsAreExactUnderParallelUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const most = 7
	names := []string{"a", "b", "c", "d", "e"}
	var mu sync.Mutex
	granted := make(map[string]int)
	for _, err := range parallel(150, func(i int) error {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		var mix []string
		for _, n := range random.Perm(len(names))[:1+random.IntN(3)] {
			mix = append(mix, names[n])
		}
		ok, err := w.service.SpendForTest(t.Context(), most, mix...)
		if ok {
			mu.Lock()
			defer mu.Unlock()
			for _, name := range mix {
				granted[name]++
			}
		}
		return err
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	uses := 0
	for name, n := range granted {
		if n > most {
			t.Errorf("budget %s granted %d times, has %d", name, n, most)
		}
		uses += n
	}
	if used := w.count("SELECT sum(used) FROM budget"); used != uses || uses == 0 {
		t.Errorf("%d uses counted, %d granted", used, uses)
	}
}

// Sign-ins, wrong guesses, requests, last-seen times and the purge take the same
// rows. Nobody may end in a deadlock, which would be INTERNAL.
func TestNothingThatRunsAtOnceDeadlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := device(0)
	in := w.signIn(w.network(0), victim, known)
	for range 8 {
		w.clock.pass(2 * time.Minute)
		w.exec("UPDATE budget SET resets_at = now() - interval '1 hour'") // so that the purge has something to do
		challenge := w.ask(w.network(1), victim, nil)
		code := w.mails.code(t, victim)
		for _, err := range parallel(24, func(i int) (err error) {
			switch i % 6 {
			case 0:
				_, err = w.verify(w.network(1), challenge.ID, code, known)
			case 1:
				_, err = w.verify(w.network(2+i), challenge.ID, wrong(code, i), known)
			case 2:
				_, err = w.service.RequestCode(t.Context(), w.network(30+i), session.CodeRequest{Email: victim, Device: &known})
			case 3:
				_, err = w.authenticate(in.Token)
			case 4:
				w.service.WriteActivity(t.Context())
			case 5:
				err = w.service.Purge(t.Context())
			}
			return err
		}) {
			if err != nil && fault.As(err).Code == fault.Internal {
				t.Fatal(err)
			}
		}
	}
}

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	w := &world{t: t, clock: &clock{now: time.Now()}, mails: &mailRoom{}, log: &safeBuffer{}}
	db, postgres := stage.PrivateDatabase(t)
	w.db = db
	w.studio = w.addStudio("studio", true)
	w.rotate(codeSecret)
	in := w.signIn(w.network(0), victim, device(0))
	w.clock.pass(2 * time.Minute)
	challenge := w.ask(w.network(0), victim, nil)
	code := w.mails.code(t, victim)
	w.clock.pass(2 * time.Minute)

	if err := postgres.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the first one finds a connection that broke, the next ones none
		want(t, w.request(w.network(0), victim, nil), fault.Unavailable)
		_, err := w.verify(w.network(0), challenge.ID, code, device(0))
		want(t, err, fault.Unavailable)
		_, err = w.authenticate(in.Token)
		want(t, err, fault.Unavailable)
		want(t, w.service.End(t.Context(), in.Viewer), fault.Unavailable)
	}
	if err := postgres.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.authenticate(in.Token); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	if _, err := w.verify(w.network(0), challenge.ID, code, device(0)); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

func TestLastSeenWaitsForNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn(w.network(0), victim, device(0))
	for _, table := range []string{"account", "device"} {
		w.clock.pass(2 * time.Minute)
		if _, err := w.authenticate(in.Token); err != nil {
			t.Fatal(err)
		}
		tx, err := w.db.Owner.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "SELECT FROM "+table+" FOR NO KEY UPDATE"); err != nil { // as a sign-in does
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		w.service.WriteActivity(ctx)
		if ctx.Err() != nil {
			t.Errorf("waited for the row of table %s", table)
		}
		cancel()
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
