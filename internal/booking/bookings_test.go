package booking_test

import (
	"slices"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
)

func TestListsHoldWhatIsTheViewersAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	both := s.Booked(t, s.Photographer, s.Photographer)                     // booked by whom it is assigned to: listed once
	demoted := s.Person(t, s.TenantID, "was@example.com", account.Customer) // a photographer once
	s.Booked(t, s.Other, demoted)
	lates := s.count(t, "SELECT count(*) FROM booking WHERE tenant_id = $1", s.TenantID)
	for _, row := range []struct {
		who  *cast.Person
		want []*cast.Booking
		n    int
	}{
		{s.Owner, []*cast.Booking{s.Booking}, 1},
		{s.Other, []*cast.Booking{s.OtherBooking}, 2},
		{s.Photographer, []*cast.Booking{s.Booking, both}, 2},
		{s.Idle, nil, 0},
		{demoted, nil, 0},
		{s.Admin, []*cast.Booking{s.Booking, s.OtherBooking, s.BlockedBooking, s.ExpiredBooking, s.RemovedBooking, both}, lates},
		{s.Foreigner, []*cast.Booking{s.ForeignBooking}, 1},
		{s.ForeignAdmin, []*cast.Booking{s.ForeignBooking}, 1},
	} {
		got, more, err := s.bookings.List(t.Context(), viewer(row.who), booking.Filter{}, page.Window{Size: 50})
		if err != nil || more || len(got) != row.n {
			t.Fatalf("%s: %d, want %d (%v, %v)", row.who.Email, len(got), row.n, more, err)
		}
		for _, want := range row.want {
			if !slices.ContainsFunc(got, func(b *booking.Booking) bool { return b.ID == want.ID }) {
				t.Errorf("%s: a booking is missing", row.who.Email)
			}
		}
		if n, err := s.bookings.Count(t.Context(), viewer(row.who), booking.Filter{}); err != nil || n != row.n {
			t.Errorf("%s: counts %d, want %d (%v)", row.who.Email, n, row.n, err)
		}
	}
	for _, v := range []account.Viewer{{}, viewer(s.Blocked)} {
		if v.SignedIn() {
			v.BlockedAt = new(time.Now())
		}
		if _, _, err := s.bookings.List(t.Context(), v, booking.Filter{}, page.Window{Size: 50}); err == nil {
			t.Error("somebody who may nothing gets a list")
		}
		if _, err := s.bookings.Count(t.Context(), v, booking.Filter{}); err == nil {
			t.Error("somebody who may nothing gets a count")
		}
		if _, err := s.bookings.ByIDs(t.Context(), v, nil); err == nil {
			t.Error("somebody who may nothing gets an answer")
		}
	}
}

func TestPagesFollowOneAnotherByState(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for range 7 {
		s.confirm(t, s.book(t, s.Owner))
	}
	for _, who := range []*cast.Person{s.Owner, s.Admin} {
		for _, filter := range []booking.Filter{{}, {Status: new(booking.Confirmed)}} {
			var seen []id.ID
			w := page.Window{Size: 3}
			for {
				got, more, err := s.bookings.List(t.Context(), viewer(who), filter, w)
				if err != nil {
					t.Fatal(err)
				}
				for _, b := range got {
					if slices.Contains(seen, b.ID) || filter.Status != nil && b.Status != *filter.Status {
						t.Errorf("%s: %s twice, or in another state", who.Email, b.PublicID())
					}
					seen = append(seen, b.ID)
				}
				if !more {
					break
				}
				w.After = new(got[len(got)-1].Cursor())
			}
			n, err := s.bookings.Count(t.Context(), viewer(who), filter)
			if err != nil || n != len(seen) || len(seen) < 7 || filter.Status != nil && n != 7 {
				t.Errorf("%s: %d seen, %d counted (%v)", who.Email, len(seen), n, err)
			}
		}
	}
}

// The rule itself, whatever a query finds.
func TestWhoSeesABooking(t *testing.T) {
	t.Parallel()
	now := time.Now()
	past, tenant, other, person, photographer := now.Add(-time.Second), id.New(now), id.New(now), id.New(now), id.New(now)
	b := &booking.Booking{ID: id.New(now), TenantID: tenant, AccountID: person, PhotographerID: &photographer}
	who := func(role account.Role, accountID id.ID) account.Viewer {
		return account.Viewer{TenantID: tenant, AccountID: accountID, SessionID: id.New(now), Role: role}
	}
	with := func(v account.Viewer, change func(*account.Viewer)) account.Viewer { change(&v); return v }
	for name, one := range map[string]struct {
		v    account.Viewer
		sees bool
	}{
		"who booked":                      {who(account.Customer, person), true},
		"another client":                  {who(account.Customer, id.New(now)), false},
		"the photographer":                {who(account.Photographer, photographer), true},
		"another photographer":            {who(account.Photographer, id.New(now)), false},
		"a photographer of once":          {who(account.Customer, photographer), false},
		"an admin":                        {who(account.Admin, id.New(now)), true},
		"an operator":                     {who(account.Operator, id.New(now)), true},
		"another studio's admin":          {with(who(account.Admin, id.New(now)), func(v *account.Viewer) { v.TenantID = other }), false},
		"who booked, in another studio":   {with(who(account.Customer, person), func(v *account.Viewer) { v.TenantID = other }), false},
		"who booked, blocked":             {with(who(account.Customer, person), func(v *account.Viewer) { v.BlockedAt = &past }), false},
		"who booked, over":                {with(who(account.Customer, person), func(v *account.Viewer) { v.ValidUntil = &past }), false},
		"who booked, signed out":          {with(who(account.Customer, person), func(v *account.Viewer) { v.SessionID = id.Nil }), false},
		"nobody":                          {account.Viewer{}, false},
		"somebody with an unknown role":   {who("GOD", id.New(now)), false},
		"a blocked admin":                 {with(who(account.Admin, id.New(now)), func(v *account.Viewer) { v.BlockedAt = &past }), false},
		"the photographer, being blocked": {with(who(account.Photographer, photographer), func(v *account.Viewer) { v.BlockedAt = &past }), false},
	} {
		if got := booking.See(one.v, b, now); got != one.sees {
			t.Errorf("%s sees it: %t", name, got)
		}
	}
	b.PhotographerID = nil
	if booking.See(who(account.Photographer, id.Nil), b, now) {
		t.Error("a photographer sees what is assigned to nobody")
	}
}

func TestWhoActsOnABooking(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	b := s.confirm(t, s.book(t, s.Owner))
	s.Exec(t, "UPDATE booking SET photographer_id = $2 WHERE id = $1", b.ID, s.Photographer.AccountID)
	w := booking.Word{Date: s.today(), Message: "x"}
	blocked := viewer(s.Owner)
	blocked.BlockedAt = new(time.Now())
	for name, one := range map[string]struct {
		v         account.Viewer
		acts      fault.Code // of confirm and decline
		cancelled fault.Code
		ofNothing fault.Code
	}{
		"signed out":             {account.Viewer{}, fault.Unauthenticated, fault.Unauthenticated, fault.Unauthenticated},
		"a blocked one":          {blocked, fault.AccountBlocked, fault.AccountBlocked, fault.AccountBlocked},
		"another client":         {viewer(s.Other), fault.Forbidden, fault.Forbidden, fault.Forbidden},
		"the photographer":       {viewer(s.Photographer), fault.Forbidden, fault.Forbidden, fault.Forbidden},
		"another studio's admin": {viewer(s.ForeignAdmin), fault.Forbidden, fault.Forbidden, fault.Forbidden},
	} {
		if _, _, err := s.bookings.Confirm(t.Context(), one.v, b.PublicID(), w); !fault.Is(err, one.acts) {
			t.Errorf("%s confirms: %v", name, err)
		}
		if _, _, err := s.bookings.Decline(t.Context(), one.v, b.PublicID(), w); !fault.Is(err, one.acts) {
			t.Errorf("%s declines: %v", name, err)
		}
		bare := booking.Word{}
		if _, _, err := s.bookings.Cancel(t.Context(), one.v, b.PublicID(), bare); !fault.Is(err, one.cancelled) {
			t.Errorf("%s cancels: %v", name, err)
		}
		for _, unknown := range []string{"", id.Booking.Format(id.New(time.Now())), id.Job.Format(b.ID), "bkg_zz"} {
			if _, _, err := s.bookings.Cancel(t.Context(), one.v, unknown, bare); !fault.Is(err, one.ofNothing) {
				t.Errorf("%s cancels %q: %v", name, unknown, err)
			}
		}
	}
	if _, _, err := s.bookings.Confirm(t.Context(), viewer(s.Owner), b.PublicID(), w); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the client confirms: %v", err)
	}
	if n := s.count(t, "SELECT count(*) FROM booking_event WHERE booking_id = $1", b.ID); n != 2 {
		t.Errorf("%d events, want two of before", n)
	}
	if _, _, err := s.bookings.Cancel(t.Context(), viewer(s.Owner), b.PublicID(), booking.Word{Message: "x", Reason: "y"}); !slices.Equal(paths(err), []string{"input.message", "input.reason"}) {
		t.Errorf("the client speaks for the studio: %v", err)
	}
	if done, _, err := s.bookings.Cancel(t.Context(), viewer(s.Owner), b.PublicID(), booking.Word{}); err != nil || done.Status != booking.Cancelled {
		t.Errorf("the client cancels: %v", err)
	}
	if n := s.count(t, "SELECT count(*) FROM audit_entry WHERE action LIKE 'booking.%'"); n != 1 {
		t.Errorf("%d entries in the audit log, want the admin's confirmation alone", n)
	}
}
