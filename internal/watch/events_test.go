package watch_test

import (
	"slices"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/internal/watch"
)

// noon is when the events of these tests begin; one follows each second.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// shelf is a list of events of three owners.
type shelf struct {
	*cast.Cast
	events *watch.Events
	n      int
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	db := stage.Database(t)
	return &shelf{Cast: cast.New(t, db.Owner), events: watch.NewEvents(db.Pool, time.Now)}
}

// put adds an event, a second after the one before; a nil studio is the installation.
func (s *shelf) put(t *testing.T, tenant *id.ID, event audit.Event) id.ID {
	t.Helper()
	made, at := id.New(noon), noon.Add(time.Duration(s.n)*time.Second)
	s.n++
	s.Exec(t, "INSERT INTO security_event VALUES ($1, $2, $3, NULL, NULL, '/graphql', '', 'r', 1, $4, $4)", made, tenant, event, at)
	return made
}

func viewer(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, Role: p.Role}
}

// read pages through a list.
func (s *shelf) read(t *testing.T, v account.Viewer, filter watch.Filter, size int) (ids []id.ID) {
	t.Helper()
	for w := (page.Window{Size: size}); ; {
		events, more, err := s.events.List(t.Context(), v, filter, w)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			ids = append(ids, event.ID)
		}
		if !more {
			return ids
		}
		w.After = new(events[len(events)-1].Cursor())
	}
}

func TestAdminsReadTheirStudiosEventsAndOperatorsTheInstallationsToo(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	own := []id.ID{s.put(t, &s.TenantID, audit.LoginWrong)}
	foreign := []id.ID{s.put(t, &s.ForeignTenantID, audit.LoginWrong)}
	nobodys := []id.ID{s.put(t, nil, audit.LoginWrong)}
	own = append(own, s.put(t, &s.TenantID, audit.CSRFBlocked))
	nobodys = append(nobodys, s.put(t, nil, audit.IPAccessDenied))
	for who, want := range map[*cast.Person][]id.ID{
		s.Admin: {own[1], own[0]}, s.Operator: {nobodys[1], own[1], nobodys[0], own[0]}, s.ForeignAdmin: foreign,
	} {
		for _, size := range []int{1, 2, 3, 100} {
			if got := s.read(t, viewer(who), watch.Filter{}, size); !slices.Equal(got, want) {
				t.Errorf("%s by pages of %d: %v, want %v", who.Email, size, got, want)
			}
		}
	}
	for _, who := range []*cast.Person{s.Owner, s.Photographer} {
		if _, _, err := s.events.List(t.Context(), viewer(who), watch.Filter{}, page.Window{Size: 1}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s lists events: %v", who.Email, err)
		}
		if _, err := s.events.ByID(t.Context(), viewer(who), own[0]); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s reads an event: %v", who.Email, err)
		}
	}
	if _, _, err := s.events.List(t.Context(), account.Viewer{}, watch.Filter{}, page.Window{Size: 1}); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("nobody lists events: %v", err)
	}
}

func TestEventsAreFilteredByKindAndTime(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	var all []id.ID // 0 to 5, of two kinds in turn
	for i := range 6 {
		all = append(all, s.put(t, &s.TenantID, []audit.Event{audit.LoginWrong, audit.CSRFBlocked}[i%2]))
	}
	at := func(second int) *time.Time { return new(noon.Add(time.Duration(second) * time.Second)) }
	failed := audit.LoginWrong
	for name, try := range map[string]struct {
		filter watch.Filter
		want   []int
	}{
		"from": {watch.Filter{From: at(4)}, []int{5, 4}}, "to": {watch.Filter{To: at(2)}, []int{1, 0}}, "span": {watch.Filter{From: at(1), To: at(3)}, []int{2, 1}},
		"kind": {watch.Filter{Event: &failed}, []int{4, 2, 0}}, "kind and span": {watch.Filter{Event: &failed, From: at(1), To: at(4)}, []int{2}},
		"before the dawn": {watch.Filter{To: new(time.Time{})}, nil}, "after the end": {watch.Filter{From: at(6)}, nil},
		"everything": {watch.Filter{From: new(time.Time{}), To: new(time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC))}, []int{5, 4, 3, 2, 1, 0}},
	} {
		var want []id.ID
		for _, i := range try.want {
			want = append(want, all[i])
		}
		for _, size := range []int{1, 100} {
			if got := s.read(t, viewer(s.Operator), try.filter, size); !slices.Equal(got, want) {
				t.Errorf("%s by pages of %d: %d events, want %v", name, size, len(got), try.want)
			}
		}
	}
}
