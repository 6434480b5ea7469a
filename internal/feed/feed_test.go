package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

func TestWhatChangesIsToldAndWhatNobodySeesIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	s, other := w.watch(w.Feed, w.Owner, w.of(w.Package)), w.watch(w.Feed, w.Owner, w.of(w.All))
	p := w.Package
	for _, one := range []struct {
		sql    string
		args   []any
		kind   Kind // empty: nothing is told
		images []id.ID
	}{
		{"UPDATE image SET selection_state = 'INCLUDED' WHERE id = ANY($1)", []any{images(p, job.None, job.ExtraPending)}, SelectionChanged, images(p, job.None, job.ExtraPending)},
		{"UPDATE image SET selection_state = 'INCLUDED' WHERE id = ANY($1)", []any{images(p, job.None, job.ExtraPending)}, "", nil},
		{"UPDATE image SET etag = 'another', position = position + 10 WHERE job_id = $1", []any{p.ID}, "", nil},
		{"UPDATE image SET delivered_at = now() WHERE id = ANY($1)", []any{images(p, job.Included)}, ImagesDelivered, images(p, job.Included)},
		{"UPDATE image SET selection_state = 'BLOCKED', delivered_at = NULL WHERE id = ANY($1)", []any{images(p, job.Included)}, SelectionChanged, images(p, job.Included)},
		{"UPDATE job SET title = 'Haus am See' WHERE id = $1", []any{p.ID}, JobChanged, nil},
		{"UPDATE job SET title = 'Haus am See' WHERE id = $1", []any{p.ID}, "", nil},
		{"UPDATE job SET status = 'CLOSED' WHERE id = $1", []any{p.ID}, JobChanged, nil},
		{"UPDATE job SET included_images = 50 WHERE id = $1", []any{p.ID}, JobChanged, nil},
		{"UPDATE job SET all_images_included = true WHERE id = $1", []any{p.ID}, JobChanged, nil},
		{"UPDATE job SET sells_extras = true WHERE id = $1", []any{p.ID}, JobChanged, nil},
		{"UPDATE job SET customer_uploads = true WHERE id = $1", []any{p.ID}, JobChanged, nil},
		{"UPDATE job SET status = 'DELIVERED' WHERE id = $1", []any{p.ID}, JobChanged, nil},
		{"UPDATE job SET upload_count = upload_count + 1, upload_bytes = upload_bytes + 1, image_bytes = image_bytes + 1 WHERE id = $1", []any{p.ID}, "", nil},
		{"UPDATE job SET photographer_id = $2 WHERE id = $1", []any{p.ID, w.Idle.AccountID}, JobChanged, nil},
		{"UPDATE job SET image_count = image_count + 1, delivered_count = delivered_count + 1 WHERE id = $1", []any{p.ID}, "", nil},
		{"UPDATE image SET selection_state = 'NONE' WHERE job_id = $1", []any{w.OtherJob.ID}, "", nil},
	} {
		w.Exec(t, one.sql, one.args...)
		if one.kind == "" {
			continue // the next event would be this one
		}
		event := w.next(s)
		if event.Kind != one.kind || !slices.Equal(event.ImageIDs, one.images) || event.At.IsZero() {
			t.Errorf("%s: told %v, want %s of %v", one.sql, event, one.kind, one.images)
		}
	}
	added := w.Image(t, w.TenantID, p.ID, 50, job.None)
	if event := w.next(s); event.Kind != ImagesAdded || !slices.Equal(event.ImageIDs, []id.ID{added}) {
		t.Errorf("a picture was taken in: %v", event)
	}
	w.Exec(t, "UPDATE job SET title = 'x' WHERE id = $1", w.All.ID)
	if event := w.next(other); event.Kind != JobChanged || event.ImageIDs != nil {
		t.Errorf("who watches another job is told %v", event)
	}
}

// An import or a grant of many is told in several events, each within what PostgreSQL takes.
func TestManyPicturesAreToldInPieces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	s := w.watch(w.Feed, w.Admin, w.of(w.Package))
	const many = 250
	w.Exec(t, `INSERT INTO image SELECT gen_random_uuid(), $1, $2, 100 + n, 'a', 'image/jpeg', 1, 1, 1, NULL, sha256(n::text::bytea), 1, 'many-' || n, 'e', 's', 'm', 'k', 'e', 'NONE', NULL, now()
		FROM generate_series(1, $3::integer) n`, w.TenantID, w.Package.ID, many)
	told := map[id.ID]bool{}
	for len(told) < many {
		event := w.next(s)
		if event.Kind != ImagesAdded || len(event.ImageIDs) == 0 || len(event.ImageIDs) > MostNamed {
			t.Fatalf("told %s of %d", event.Kind, len(event.ImageIDs))
		}
		for _, one := range event.ImageIDs {
			told[one] = true
		}
	}
}

func TestWhatIsRolledBackIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	s := w.watch(w.Feed, w.Owner, w.of(w.Package))
	undone := errors.New("undone")
	if err := pgx.BeginFunc(t.Context(), w.db.Owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "UPDATE image SET selection_state = 'EXTRA_PAID' WHERE job_id = $1", w.Package.ID); err != nil {
			return err
		}
		return undone
	}); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	w.Exec(t, "UPDATE job SET title = 'x' WHERE id = $1", w.Package.ID)
	if event := w.next(s); event.Kind != JobChanged {
		t.Errorf("told %v", event)
	}
}

// Two processes share a database and nothing else.
func TestEveryProcessIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	there := w.another(Options{LookEvery: never})
	a, b := w.watch(w.Feed, w.Owner, w.of(w.Package)), w.watch(there, w.Photographer, w.of(w.Package))
	w.Exec(t, "UPDATE job SET title = 'x' WHERE id = $1", w.Package.ID)
	for _, s := range []*Stream{a, b} {
		if event := w.next(s); event.Kind != JobChanged {
			t.Errorf("told %v", event)
		}
	}
}

func TestOnlyWhoMaySeeAJobWatchesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	blocked := by(w.Owner)
	blocked.BlockedAt = new(time.Now())
	for name, one := range map[string]struct {
		err  error
		code fault.Code
	}{
		"another customer": {watchErr(w.Feed.Watch(t.Context(), by(w.Other), w.of(w.Package))), fault.Forbidden},
		"a photographer":   {watchErr(w.Feed.Watch(t.Context(), by(w.Idle), w.of(w.Package))), fault.Forbidden},
		"a foreign admin":  {watchErr(w.Feed.Watch(t.Context(), by(w.ForeignAdmin), w.of(w.Package))), fault.Forbidden},
		"nobody":           {watchErr(w.Feed.Watch(t.Context(), by(&cast.Person{}), w.of(w.Package))), fault.Unauthenticated},
		"a blocked one":    {watchErr(w.Feed.Watch(t.Context(), blocked, w.of(w.Package))), fault.AccountBlocked},
	} {
		if !fault.Is(one.err, one.code) {
			t.Errorf("%s: %v, want %s", name, one.err, one.code)
		}
	}
	if open, _ := w.meter.Streams(); open != 0 {
		t.Errorf("%d streams are open", open)
	}
}

func watchErr(_ *Stream, err error) error { return err }

func TestStreamsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never, MostOfAccount: 2, Most: 3})
	first := w.watch(w.Feed, w.Owner, w.of(w.Package))
	w.watch(w.Feed, w.Owner, w.of(w.All))
	if _, err := w.Feed.Watch(t.Context(), by(w.Owner), w.of(w.Package)); !fault.Is(err, fault.RateLimited) || fault.As(err).RetryAfter <= 0 {
		t.Errorf("one more than an account may: %v", err)
	}
	w.watch(w.Feed, w.Admin, w.of(w.Package))
	if _, err := w.another(Options{LookEvery: never, MostOfAccount: 2}).Watch(t.Context(), by(w.Owner), w.of(w.Package)); !fault.Is(err, fault.RateLimited) {
		t.Errorf("one more than an account may, at another server: %v", err)
	}
	for range 3 { // and it takes nothing for it
		if _, err := w.Feed.Watch(t.Context(), by(w.Photographer), w.of(w.Package)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("one more than the process takes: %v", err)
		}
	}
	first.Close()
	first.Close()
	w.watch(w.Feed, w.Photographer, w.of(w.Package)).Close()
	w.watch(w.Feed, w.Owner, w.of(w.Package))
	if open, _ := w.meter.Streams(); open != 3 {
		t.Errorf("%d streams are counted, 3 are open", open)
	}
}

func TestWhoReadsSlowlyIsToldToLookAgainAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	slow, quick := w.watch(w.Feed, w.Owner, w.of(w.Package)), w.watch(w.Feed, w.Admin, w.of(w.Package))
	for n := range 3 * mostPending { // kinds take turns, so that none takes another in
		w.Exec(t, "UPDATE job SET title = $2 WHERE id = $1", w.Package.ID, fmt.Sprint(n))
		if event := w.next(quick); event.Kind != JobChanged {
			t.Fatalf("told %v", event)
		}
		w.Exec(t, "UPDATE image SET delivered_at = now() WHERE id = $1", w.Package.Images[job.Included])
		if event := w.next(quick); event.Kind != ImagesDelivered {
			t.Fatalf("told %v", event)
		}
	}
	slow.mu.Lock()
	waiting := len(slow.pending)
	slow.mu.Unlock()
	if event := w.next(slow); waiting != 1 || event.Kind != Resync {
		t.Errorf("%d events wait for the slow one, the first is %v", waiting, event)
	}
	w.Exec(t, "UPDATE job SET title = 'after' WHERE id = $1", w.Package.ID)
	if event := w.next(slow); event.Kind != JobChanged {
		t.Errorf("after it was told to look again: %v", event)
	}
}

func TestALostConnectionMakesEverybodyLookAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	s := w.watch(w.Feed, w.Owner, w.of(w.Package))
	for range 3 {
		if _, err := w.db.Pool.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%feed' AND datname = current_database()"); err != nil {
			t.Fatal(err)
		}
		if event := w.next(s); event.Kind != Resync {
			t.Fatalf("after the connection was killed: %v", event)
		}
		if err := w.Feed.Check(t.Context()); err != nil {
			t.Errorf("check: %v", err)
		}
		w.Exec(t, "UPDATE job SET title = title || 'x' WHERE id = $1", w.Package.ID)
		if event := w.next(s); event.Kind != JobChanged {
			t.Errorf("after it was back: %v", event)
		}
	}
}

// What can't be heard is not promised.
func TestNobodyBeginsToWatchWhileNothingIsHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	deaf := New(w.Feed.Options)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := deaf.Watch(ctx, by(w.Owner), w.of(w.Package)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("watch: %v", err)
	}
	if deaf.Check(ctx) == nil {
		t.Error("the part says that all is well")
	}
}

func TestAFeedThatClosesEndsItsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	s := w.watch(w.Feed, w.Owner, w.of(w.Package))
	w.Feed.Close()
	if _, err := w.await(s); !errors.Is(err, ErrClosed) {
		t.Errorf("a running stream: %v", err)
	}
	if _, err := w.Feed.Watch(t.Context(), by(w.Owner), w.of(w.Package)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a new one: %v", err)
	}
}
