package feed

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// world is a feed on a database of its own.
type world struct {
	*cast.Cast
	*Feed
	t      testing.TB
	db     *stage.DB
	meter  *stage.Records
	limits *gate.Limiter
}

// never is longer than any test.
const never = time.Hour

func newWorld(t testing.TB, o Options) *world {
	t.Helper()
	w := &world{t: t, db: stage.Database(t), meter: &stage.Records{}, limits: stage.Limits(t, nil)}
	w.Cast = cast.New(t, w.db.Owner)
	w.Feed = w.another(o)
	return w
}

// another is the feed of another process.
func (w *world) another(o Options) *Feed {
	w.t.Helper()
	o.DB, o.Meter, o.Places, o.Now, o.Log = w.db.Pool, w.meter, w.limits.Places(gate.Streams), time.Now, slog.New(slog.DiscardHandler)
	f := New(o)
	ctx, stop := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() { f.Run(ctx) })
	w.t.Cleanup(func() { stop(); ended.Wait() })
	return f
}

// by is somebody as their session proves them.
func by(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Role: p.Role}
}

// of is a job of the owner's.
func (w *world) of(j *cast.Job) *job.Job {
	return &job.Job{ID: j.ID, TenantID: w.TenantID, CustomerID: &w.Owner.AccountID, PhotographerID: &w.Photographer.AccountID}
}

// watch opens a stream, and takes its first event.
func (w *world) watch(f *Feed, p *cast.Person, j *job.Job) *Stream {
	w.t.Helper()
	s, err := f.Watch(w.t.Context(), by(p), j)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Close)
	if first := w.next(s); first.Kind != Resync {
		w.t.Fatalf("a stream begins with %v", first)
	}
	return s
}

func (w *world) next(s *Stream) Event {
	w.t.Helper()
	event, err := w.await(s)
	if err != nil {
		w.t.Fatalf("instead of an event: %v", err)
	}
	return event
}

// patient is how long anything may take.
const patient = 20 * time.Second

func (w *world) await(s *Stream) (Event, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patient)
	defer cancel()
	return s.Next(ctx)
}

// ending is why a stream ends, whatever it tells before.
func (w *world) ending(s *Stream) error {
	w.t.Helper()
	for {
		if _, err := w.await(s); err != nil {
			return err
		}
	}
}

// until waits for something that another goroutine does.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patient); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patient)
		}
	}
}

func images(j *cast.Job, states ...job.SelectionState) (ids []id.ID) {
	for _, state := range states {
		ids = append(ids, j.Images[state])
	}
	return ids
}
