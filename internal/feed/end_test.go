package feed

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/fault"
)

// ends are the ways in which somebody loses the right to watch.
var ends = map[string]struct {
	sql  string
	code fault.Code
}{
	"blocked":            {"UPDATE account SET blocked_at = now() WHERE id = @account", fault.AccountBlocked},
	"membership over":    {"UPDATE account SET valid_until = now() - interval '1 second' WHERE id = @account", fault.MembershipExpired},
	"signed out":         {"UPDATE session SET revoked_at = now() WHERE id = @session", fault.Unauthenticated},
	"session shortened":  {"UPDATE session SET expires_at = now(), created_at = now() - interval '1 hour' WHERE id = @session", fault.Unauthenticated},
	"device removed":     {"UPDATE device SET removed_at = now() WHERE id = @device", fault.Unauthenticated},
	"role changed":       {"UPDATE account SET role = 'CUSTOMER' WHERE id = @account", fault.Unauthenticated},
	"another takes over": {"UPDATE job SET photographer_id = NULL WHERE id = @job", fault.Forbidden},
}

// testEnds does each of them to the photographer of a job, who must hear of it, and the
// owner must not.
func testEnds(t *testing.T, every time.Duration, prepare string) {
	t.Helper()
	for name, one := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Options{LookEvery: every})
			s, stays := w.watch(w.Feed, w.Photographer, w.of(w.Package)), w.watch(w.Feed, w.Owner, w.of(w.Package))
			until(t, "the first look", func() bool { return w.knowsEnd(s) && w.knowsEnd(stays) })
			w.Exec(t, prepare)
			if _, err := w.db.Owner.Exec(t.Context(), one.sql, pgx.NamedArgs{
				"account": w.Photographer.AccountID, "session": w.Photographer.SessionID, "device": w.Photographer.DeviceID, "job": w.Package.ID,
			}); err != nil {
				t.Fatal(err)
			}
			if err := w.ending(s); !fault.Is(err, one.code) {
				t.Errorf("ended with %v, want %s", err, one.code)
			}
			until(t, "the end", func() bool { open, _ := w.meter.Streams(); return open == 1 })
			w.Exec(t, "SELECT pg_notify('pixgate_job', 'JOB_CHANGED "+w.Package.ID.String()+"')")
			if event := w.next(stays); event.Kind != JobChanged {
				t.Errorf("who may still watch is told %v", event)
			}
		})
	}
}

func (w *world) knowsEnd(s *Stream) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !s.until.IsZero()
}

func TestStreamsEndAtOnceByWhatTheDatabaseTells(t *testing.T) {
	t.Parallel()
	testEnds(t, never, "SELECT")
}

// Nothing tells of it, as where a trigger was switched off or a row was written by hand.
func TestStreamsEndByTheLookThatIsTakenNowAndThen(t *testing.T) {
	t.Parallel()
	testEnds(t, 20*time.Millisecond, "ALTER TABLE account DISABLE TRIGGER USER; ALTER TABLE session DISABLE TRIGGER USER; ALTER TABLE device DISABLE TRIGGER USER; ALTER TABLE job DISABLE TRIGGER USER")
}

// A session, and a membership, come to their end by themselves: nothing changes then.
func TestStreamsEndWithTheirSessionAndTheMembership(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		sql  string
		code fault.Code
	}{
		"session":    {"UPDATE session SET expires_at = now() + interval '200 milliseconds' WHERE id = $1", fault.Unauthenticated},
		"membership": {"UPDATE account SET valid_until = now() + interval '200 milliseconds' WHERE id = (SELECT account_id FROM session WHERE id = $1)", fault.MembershipExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Options{LookEvery: never})
			w.Exec(t, one.sql, w.Owner.SessionID)
			s, err := w.Feed.Watch(t.Context(), by(w.Owner), w.of(w.Package))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			if err := w.ending(s); !fault.Is(err, one.code) {
				t.Errorf("ended with %v, want %s", err, one.code)
			}
		})
	}
}

// An admin's membership has no end.
func TestAnAdminWatchesPastTheirMembership(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: 10 * time.Millisecond})
	w.Exec(t, "UPDATE account SET valid_until = now() - interval '1 hour' WHERE id = $1", w.Admin.AccountID)
	s := w.watch(w.Feed, w.Admin, w.of(w.Package))
	until(t, "the first look", func() bool { return w.knowsEnd(s) })
	w.Exec(t, "UPDATE job SET title = 'x' WHERE id = $1", w.Package.ID)
	if event := w.next(s); event.Kind != JobChanged {
		t.Errorf("told %v", event)
	}
}
