package booking_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
)

func TestABookingIsTheViewersWithThePackageAsItIsNow(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	w := s.wish()
	w.Address, w.Notes = "  "+w.Address+" ", "Schlüssel beim Nachbarn.\r\nHund im Garten.\r\n"
	made, refusals, err := s.bookings.Create(t.Context(), viewer(s.Other), w)
	if err != nil || refusals != nil {
		t.Fatalf("%v %v", refusals, err)
	}
	s.Exec(t, "UPDATE package SET name = 'Other', included_images = 99, extra_price = NULL, active = false")
	found, err := s.bookings.ByIDs(t.Context(), viewer(s.Other), ids(made))
	if err != nil || len(found) != 1 || !reflect.DeepEqual(found[0].Package, made.Package) {
		t.Fatalf("%+v %v", found, err)
	}
	want := s.wish()
	got := found[0]
	if got.AccountID != s.Other.AccountID || got.Status != booking.Requested || got.Address != want.Address || got.Notes != want.Notes || got.ContactPhone != want.ContactPhone ||
		!slices.EqualFunc(got.PreferredDates, want.PreferredDates, time.Time.Equal) || got.ConfirmedDate != nil || got.Message != nil || got.PhotographerID != nil {
		t.Errorf("booked %+v", got)
	}
	if p := got.Package; p.Key != cast.PackageKey || p.Name != "Small" || p.IncludedImages != 10 || p.AllImagesIncluded || p.ExtraPrice == nil || *p.ExtraPrice != 1500 || p.Currency != "EUR" {
		t.Errorf("with the package %+v", p)
	}
	if n := s.count(t, "SELECT count(*) FROM booking_event WHERE booking_id = $1 AND account_id = $2 AND state = 'REQUESTED' AND number = 1", made.ID, s.Other.AccountID); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestWhatCannotBeBooked(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	long := strings.Repeat("ä", 4001)
	for name, one := range map[string]struct {
		change func(*booking.Wish)
		path   string
	}{
		"no address":                  {func(w *booking.Wish) { w.Address = " " }, "input.address"},
		"an address of two lines":     {func(w *booking.Wish) { w.Address = "See 1\r\nBcc: evil@example.com" }, "input.address"},
		"an address with a link":      {func(w *booking.Wish) { w.Address = "See 1, https://evil.example" }, "input.address"},
		"an address that is a site":   {func(w *booking.Wish) { w.Address = "WWW.evil.example" }, "input.address"},
		"a long address":              {func(w *booking.Wish) { w.Address = long[:1002] }, "input.address"},
		"an address of another code":  {func(w *booking.Wish) { w.Address = "See \xff" }, "input.address"},
		"no package":                  {func(w *booking.Wish) { w.Package = "" }, "input.package"},
		"a package with a nul":        {func(w *booking.Wish) { w.Package = "small\x00" }, "input.package"},
		"no day":                      {func(w *booking.Wish) { w.PreferredDates = nil }, "input.preferredDates"},
		"six days":                    {func(w *booking.Wish) { w.PreferredDates = days(s.today(), 6) }, "input.preferredDates"},
		"a day twice":                 {func(w *booking.Wish) { w.PreferredDates[1] = w.PreferredDates[0] }, "input.preferredDates.1"},
		"yesterday":                   {func(w *booking.Wish) { w.PreferredDates[1] = s.today().AddDate(0, 0, -1) }, "input.preferredDates.1"},
		"a day beyond two years":      {func(w *booking.Wish) { w.PreferredDates[0] = s.today().AddDate(2, 0, 1) }, "input.preferredDates.0"},
		"long notes":                  {func(w *booking.Wish) { w.Notes = long }, "input.notes"},
		"notes with a bell":           {func(w *booking.Wish) { w.Notes = "ring \a" }, "input.notes"},
		"notes with a lone return":    {func(w *booking.Wish) { w.Notes = "a\rBcc: evil@example.com" }, "input.notes"},
		"a number with letters":       {func(w *booking.Wish) { w.ContactPhone = "+49 CALL ME" }, "input.contactPhone"},
		"a number with a line":        {func(w *booking.Wish) { w.ContactPhone = "+49 30\n1234567" }, "input.contactPhone"},
		"a short number":              {func(w *booking.Wish) { w.ContactPhone = "12345" }, "input.contactPhone"},
		"a long number":               {func(w *booking.Wish) { w.ContactPhone = "1234567890123456" }, "input.contactPhone"},
		"a number with a plus within": {func(w *booking.Wish) { w.ContactPhone = "0049+3012345" }, "input.contactPhone"},
		"a number of marks":           {func(w *booking.Wish) { w.ContactPhone = strings.Repeat("-", 40) + "123456" }, "input.contactPhone"},
		"a number in other digits":    {func(w *booking.Wish) { w.ContactPhone = "٠١٢٣٤٥٦٧" }, "input.contactPhone"},
	} {
		w := s.wish()
		one.change(&w)
		_, _, err := s.bookings.Create(t.Context(), viewer(s.Owner), w)
		if got := paths(err); !slices.Equal(got, []string{one.path}) {
			t.Errorf("%s: %v is about %q, want %s", name, err, got, one.path)
		}
	}
	for name, key := range map[string]string{"unknown": "large", "malformed": "Größe!", "no longer offered": cast.PackageKey} {
		if name == "no longer offered" {
			s.Exec(t, "UPDATE package SET active = false WHERE tenant_id = $1", s.TenantID)
		}
		w := s.wish()
		w.Package = key
		if made, refusals, err := s.bookings.Create(t.Context(), viewer(s.Owner), w); err != nil || made != nil || codeOf(refusals) != booking.NotFound {
			t.Errorf("a package that is %s: %v %v", name, refusals, err)
		}
	}
	if n := s.count(t, "SELECT count(*) FROM booking WHERE account_id = $1", s.Owner.AccountID); n != 1 {
		t.Errorf("%d bookings, want the one of before", n)
	}
	if n := s.count(t, "SELECT count(*) FROM task.river_job"); n != 0 {
		t.Errorf("%d mails are queued for what was not booked", n)
	}
}

func days(from time.Time, n int) (all []time.Time) {
	for i := range n {
		all = append(all, from.AddDate(0, 0, i))
	}
	return all
}

// Half an hour before midnight in UTC it is tomorrow already in Berlin.
func TestTodayIsTheStudiosDay(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "UPDATE tenant SET time_zone = 'America/New_York' WHERE id = $1", s.ForeignTenantID)
	s.now = time.Date(2027, 6, 1, 23, 30, 0, 0, time.UTC)
	book := func(who *cast.Person, day int) error {
		w := s.wish()
		w.PreferredDates = []time.Time{time.Date(2027, 6, day, 0, 0, 0, 0, time.UTC)}
		_, _, err := s.bookings.Create(t.Context(), viewer(who), w)
		return err
	}
	if err := book(s.Owner, 1); !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("the day that is over in Berlin: %v", err)
	}
	if err := book(s.Owner, 2); err != nil {
		t.Errorf("today in Berlin: %v", err)
	}
	if err := book(s.Foreigner, 1); err != nil {
		t.Errorf("today in New York: %v", err)
	}
}

// Whoever is not signed in, or not in good standing, books nothing: also not with a viewer
// that was read before the block.
func TestOnlyPeopleInGoodStandingBook(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "UPDATE account SET verified_at = NULL WHERE id = $1", s.Idle.AccountID)
	long := time.Now().Add(-time.Hour)
	blocked, over := viewer(s.Owner), viewer(s.Owner)
	blocked.BlockedAt, over.ValidUntil = &long, &long
	astray := viewer(s.Foreigner)
	astray.TenantID = s.TenantID
	for name, one := range map[string]struct {
		v    account.Viewer
		code fault.Code
	}{
		"signed out":                      {account.Viewer{}, fault.Unauthenticated},
		"signed out at a studio":          {account.Viewer{TenantID: s.TenantID, AccountID: s.Owner.AccountID, Role: account.Customer}, fault.Unauthenticated},
		"blocked":                         {blocked, fault.AccountBlocked},
		"over":                            {over, fault.MembershipExpired},
		"blocked since the request began": {viewer(s.Blocked), fault.AccountBlocked},
		"over since then":                 {viewer(s.Expired), fault.MembershipExpired},
		"with a mailbox never proven":     {viewer(s.Idle), fault.Forbidden},
		"of another studio":               {astray, fault.Forbidden},
	} {
		before := s.count(t, "SELECT count(*) FROM booking")
		if made, _, err := s.bookings.Create(t.Context(), one.v, s.wish()); !fault.Is(err, one.code) || made != nil {
			t.Errorf("somebody %s: %v, want %s", name, err, one.code)
		}
		if after := s.count(t, "SELECT count(*) FROM booking"); after != before {
			t.Errorf("somebody %s has a booking", name)
		}
	}
}

// A block that is not committed yet, and fifty bookings: they wait for it, and none is made.
func TestABlockStopsBookingsUnderWay(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	tx, err := s.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "UPDATE account SET blocked_at = now() WHERE id = $1", s.Other.AccountID); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			w := s.wish()
			w.Address = strings.Repeat("x", i+1)
			if _, _, err := s.bookings.Create(t.Context(), viewer(s.Other), w); !fault.Is(err, fault.AccountBlocked) {
				t.Errorf("booking %d: %v", i, err)
			}
		})
	}
	until(t, "bookings wait for the block", func() bool {
		return s.count(t, "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0
	})
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if n := s.count(t, "SELECT count(*) FROM booking WHERE account_id = $1", s.Other.AccountID); n != 1 {
		t.Errorf("%d bookings, want the one of before the block", n)
	}
}

// A second click, fifty at once, and an app that lost the answer.
func TestTheSameBookingAgainIsTheSameBooking(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		seen = map[string]int{}
	)
	for range 50 {
		all.Go(func() {
			made, refusals, err := s.bookings.Create(t.Context(), viewer(s.Other), s.wish())
			if err != nil || refusals != nil {
				t.Errorf("%v %v", refusals, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seen[made.PublicID()]++
		})
	}
	all.Wait()
	if len(seen) != 1 {
		t.Fatalf("fifty clicks made %d bookings", len(seen))
	}
	if n := s.count(t, "SELECT count(*) FROM task.river_job"); n != 1 {
		t.Errorf("fifty clicks queued %d mails", n)
	}
	again := func(change func(*booking.Wish)) string {
		t.Helper()
		w := s.wish()
		change(&w)
		made, _, err := s.bookings.Create(t.Context(), viewer(s.Other), w)
		if err != nil {
			t.Fatal(err)
		}
		return made.PublicID()
	}
	same := func(*booking.Wish) {}
	var first string
	for name := range seen {
		first = name
	}
	if got := again(func(w *booking.Wish) { w.Address += " " }); got != first {
		t.Error("a space behind the address makes another booking")
	}
	for name, change := range map[string]func(*booking.Wish){
		"address": func(w *booking.Wish) { w.Address += "a" }, "notes": func(w *booking.Wish) { w.Notes = "" }, "phone": func(w *booking.Wish) { w.ContactPhone = "" },
		"days": func(w *booking.Wish) { w.PreferredDates = w.PreferredDates[:1] },
	} {
		if got := again(change); got == first {
			t.Errorf("another %s is the same booking", name)
		}
	}
	if made, _, err := s.bookings.Create(t.Context(), viewer(s.Removed), s.wish()); err != nil || made.PublicID() == first {
		t.Errorf("somebody else gets it: %v", err)
	}
	if _, _, err := s.bookings.Cancel(t.Context(), viewer(s.Other), first, booking.Word{}); err != nil {
		t.Fatal(err)
	}
	second := again(same)
	if second == first {
		t.Error("one that was cancelled stands for a new one")
	}
	s.now = s.now.Add(11 * time.Minute)
	if again(same) == second {
		t.Error("one of eleven minutes ago stands for a new one")
	}
}

// Somebody with a mailbox and a loop books and cancels, slowly enough for FORM and fifty at
// once: whoever runs the studio gets a bounded number of mails a day.
func TestNobodyFillsTheStudiosMailboxes(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	begun := s.now
	for range 20 {
		made := s.book(t, s.Other)
		if _, _, err := s.bookings.Cancel(t.Context(), viewer(s.Other), made.PublicID(), booking.Word{}); err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(time.Minute)
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			w := s.wish()
			w.Address = strings.Repeat("x", i+1)
			_, _, err := s.bookings.Create(t.Context(), viewer(s.Other), w)
			if wait := begun.Add(24 * time.Hour).Sub(s.now); err != nil && (!fault.Is(err, fault.RateLimited) || fault.As(err).RetryAfter > wait || fault.As(err).RetryAfter < wait-time.Second) {
				t.Errorf("booking %d: %v, to come back in %v and not %v", i, err, fault.As(err).RetryAfter, wait)
			}
		})
	}
	all.Wait()
	// One is the cast's own, of the same moment.
	if n := s.count(t, "SELECT count(*) FROM booking WHERE account_id = $1", s.Other.AccountID); n != 30 {
		t.Errorf("%d bookings within a day, want 30", n)
	}
	s.book(t, s.Removed) // others are not kept from booking
	s.now = begun.Add(24*time.Hour + time.Minute/2)
	s.book(t, s.Other)
}
