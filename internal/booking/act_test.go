package booking_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/job"
)

func TestConfirmingADayAndAnother(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	b := s.book(t, s.Owner)
	confirm := func(w booking.Word) *booking.Booking {
		t.Helper()
		done, refusals, err := s.bookings.Confirm(t.Context(), viewer(s.Admin), b.PublicID(), w)
		if err != nil || refusals != nil {
			t.Fatalf("%v %v", refusals, err)
		}
		return done
	}
	monday, tuesday := s.today().AddDate(0, 0, 9), s.today().AddDate(0, 0, 10)
	first := confirm(booking.Word{Date: monday, Message: "Bis dann!\r\nIhr Studio", Reason: "frei"})
	if first.Status != booking.Confirmed || !first.ConfirmedDate.Equal(monday) || first.Message == nil || *first.Message != "Bis dann!\nIhr Studio" {
		t.Errorf("%+v", first)
	}
	confirm(booking.Word{Date: monday, Message: "Bis dann!\nIhr Studio"}) // so already
	if n := s.count(t, "SELECT count(*) FROM audit_entry WHERE action = 'booking.confirmed' AND reason = 'frei' AND account_id = $1", s.Owner.AccountID); n != 1 {
		t.Errorf("%d entries", n)
	}
	if second := confirm(booking.Word{Date: tuesday}); !second.ConfirmedDate.Equal(tuesday) || second.Message != nil {
		t.Errorf("%+v", second)
	}
	if n := s.count(t, "SELECT count(*) FROM booking_event WHERE booking_id = $1", b.ID); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
	if n := s.count(t, "SELECT count(*) FROM audit_entry WHERE coalesce(old_value, '') || coalesce(new_value, '') ~ '(Haus|example.com|dann)'"); n != 0 {
		t.Errorf("%d entries of the chain hold what tells of a person or a place", n)
	}
	for name, w := range map[string]booking.Word{"yesterday": {Date: s.today().AddDate(0, 0, -1)}, "in three years": {Date: s.today().AddDate(3, 0, 0)}, "on no day": {}} {
		if _, _, err := s.bookings.Confirm(t.Context(), viewer(s.Admin), b.PublicID(), w); !slices.Equal(paths(err), []string{"input.date"}) {
			t.Errorf("confirmed %s: %v", name, err)
		}
	}
	long := booking.Word{Date: monday, Message: strings.Repeat("a", 1001), Reason: "a\nb"}
	if _, _, err := s.bookings.Confirm(t.Context(), viewer(s.Admin), b.PublicID(), long); !slices.Equal(paths(err), []string{"input.message", "input.reason"}) {
		t.Errorf("%v", err)
	}
}

func TestDecliningNeedsAReasonForTheClient(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	b := s.book(t, s.Owner)
	if _, _, err := s.bookings.Decline(t.Context(), viewer(s.Admin), b.PublicID(), booking.Word{Message: " \n"}); !slices.Equal(paths(err), []string{"input.message"}) {
		t.Errorf("without one: %v", err)
	}
	done, _, err := s.bookings.Decline(t.Context(), viewer(s.Admin), b.PublicID(), booking.Word{Message: "Zu weit weg."})
	if err != nil || done.Status != booking.Declined || *done.Message != "Zu weit weg." {
		t.Fatalf("%+v %v", done, err)
	}
	if _, refusals, err := s.bookings.Cancel(t.Context(), viewer(s.Owner), b.PublicID(), booking.Word{}); err != nil || codeOf(refusals) != booking.Over {
		t.Errorf("cancelled what was declined: %v %v", refusals, err)
	}
	if _, refusals, err := s.bookings.Decline(t.Context(), viewer(s.Admin), b.PublicID(), booking.Word{Message: "Noch weiter."}); err != nil || refusals != nil {
		t.Errorf("declined again: %v %v", refusals, err)
	}
	if n := s.count(t, "SELECT count(*) FROM booking_event WHERE booking_id = $1", b.ID); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

// Fifty at once confirm, decline and cancel: what happened is a path through the states,
// each step once, and the audit log has the studio's steps.
func TestFiftyAtOnceMoveABookingAlongItsStates(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for range 4 {
		b := s.book(t, s.Owner)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				var err error
				switch i % 4 {
				case 0:
					_, _, err = s.bookings.Confirm(t.Context(), viewer(s.Admin), b.PublicID(), booking.Word{Date: s.today().AddDate(0, 0, 5)})
				case 1:
					_, _, err = s.bookings.Decline(t.Context(), viewer(s.Operator), b.PublicID(), booking.Word{Message: "x"})
				case 2:
					_, _, err = s.bookings.Cancel(t.Context(), viewer(s.Owner), b.PublicID(), booking.Word{})
				case 3:
					_, _, err = s.bookings.Cancel(t.Context(), viewer(s.Admin), b.PublicID(), booking.Word{})
				}
				if err != nil {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		all.Wait()
		var path string
		if err := s.db.Owner.QueryRow(t.Context(), "SELECT string_agg(state, ' ' ORDER BY number) FROM booking_event WHERE booking_id = $1", b.ID).Scan(&path); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains([]string{"REQUESTED CONFIRMED CANCELLED", "REQUESTED DECLINED", "REQUESTED CANCELLED"}, path) {
			t.Errorf("fifty at once: %s", path)
		}
		last := path[strings.LastIndex(path, " ")+1:]
		if n := s.count(t, "SELECT count(*) FROM booking WHERE id = $1 AND state = $2", b.ID, last); n != 1 {
			t.Errorf("the last event says %s, the booking something else", last)
		}
		if entries, acts := s.count(t, "SELECT count(*) FROM audit_entry WHERE new_value LIKE '%' || $1 || '%'", b.PublicID()),
			s.count(t, "SELECT count(*) FROM booking_event e JOIN account a ON a.id = e.account_id WHERE booking_id = $1 AND a.role <> 'CUSTOMER'", b.ID); entries != acts {
			t.Errorf("%d entries for %d acts of the studio", entries, acts)
		}
	}
}

func TestABookingBecomesOneJob(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	b := s.book(t, s.Owner)
	if _, refusals, err := s.jobs.CreateFromBooking(t.Context(), viewer(s.Admin), b.PublicID(), "", ""); err != nil || len(refusals) != 1 || refusals[0].Code != booking.NotConfirmed {
		t.Errorf("before it is confirmed: %v %v", refusals, err)
	}
	s.confirm(t, b)
	s.Exec(t, "UPDATE booking SET photographer_id = $2 WHERE id = $1", b.ID, s.Photographer.AccountID)
	s.Exec(t, "UPDATE package SET included_images = 1, all_images_included = true, extra_price = NULL")
	for name, who := range map[string]*cast.Person{"the client": s.Owner, "the photographer": s.Photographer, "another studio's admin": s.ForeignAdmin} {
		if _, _, err := s.jobs.CreateFromBooking(t.Context(), viewer(who), b.PublicID(), "", ""); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s makes it: %v", name, err)
		}
	}
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		made = map[string]*job.Job{}
	)
	for range 50 {
		all.Go(func() {
			one, refusals, err := s.jobs.CreateFromBooking(t.Context(), viewer(s.Admin), b.PublicID(), "", "gebucht")
			if err != nil || refusals != nil {
				t.Errorf("%v %v", refusals, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			made[one.PublicID()] = one
		})
	}
	all.Wait()
	if n := s.count(t, "SELECT count(*) FROM job WHERE booking_id = $1", b.ID); n != 1 || len(made) != 1 {
		t.Fatalf("fifty at once made %d jobs and answered %d", n, len(made))
	}
	for _, j := range made {
		if *j.CustomerID != s.Owner.AccountID || *j.PhotographerID != s.Photographer.AccountID || j.Title != b.Address || j.IncludedImages != 10 || j.AllImagesIncluded || !j.SellsExtras || *j.BookingID != b.ID {
			t.Errorf("made %+v of %+v", j, b)
		}
	}
	if n := s.count(t, "SELECT count(*) FROM audit_entry WHERE action = 'job.created' AND reason = 'gebucht' AND new_value LIKE '%' || $1 || '%'", b.PublicID()); n != 1 {
		t.Errorf("%d entries", n)
	}
	if _, refusals, err := s.bookings.Cancel(t.Context(), viewer(s.Owner), b.PublicID(), booking.Word{}); err != nil || codeOf(refusals) != booking.HasJob {
		t.Errorf("the client cancels the job's booking: %v %v", refusals, err)
	}
	found, err := s.jobs.ByBookings(t.Context(), viewer(s.Other), ids(b))
	if err != nil || len(found) != 0 {
		t.Errorf("another client finds the job: %v %v", found, err)
	}
}

// A booking is cancelled and made a job at once: one of the two happens.
func TestNoJobOfACancelledBooking(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for range 10 {
		b := s.confirm(t, s.book(t, s.Owner))
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if i%2 == 0 {
					_, _, err := s.jobs.CreateFromBooking(t.Context(), viewer(s.Admin), b.PublicID(), "", "")
					if err != nil {
						t.Error(err)
					}
					return
				}
				if _, _, err := s.bookings.Cancel(t.Context(), viewer(s.Owner), b.PublicID(), booking.Word{}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := s.count(t, "SELECT count(*) FROM job j JOIN booking b ON b.id = j.booking_id WHERE b.id = $1 AND b.state = 'CANCELLED'", b.ID); n != 0 {
			t.Error("a cancelled booking is a job")
		}
	}
}

func TestAssigningABookingAndItsJob(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	b := s.confirm(t, s.book(t, s.Owner))
	name, foto, idle := b.PublicID(), s.Photographer.Email, s.Idle.Email
	assign := func(a job.Assignment) (job.Assigned, string) {
		t.Helper()
		done, refusals, err := s.jobs.Assign(t.Context(), viewer(s.Admin), a)
		if err != nil {
			t.Fatal(err)
		}
		if refusals != nil {
			return done, refusals[0].Code
		}
		return done, ""
	}
	sees := func(who *cast.Person) bool {
		t.Helper()
		found, err := s.bookings.ByIDs(t.Context(), viewer(who), ids(b))
		if err != nil {
			t.Fatal(err)
		}
		return len(found) == 1
	}
	if done, code := assign(job.Assignment{BookingID: &name, PhotographerEmail: &foto}); code != "" || done.JobID != nil || *done.BookingID != b.ID || !sees(s.Photographer) {
		t.Errorf("a booking: %v %s", done, code)
	}
	made, _, err := s.jobs.CreateFromBooking(t.Context(), viewer(s.Admin), name, "Haus", "")
	if err != nil {
		t.Fatal(err)
	}
	jobName := made.PublicID()
	if done, code := assign(job.Assignment{JobID: &jobName, PhotographerEmail: &idle}); code != "" || *done.JobID != made.ID || *done.BookingID != b.ID || sees(s.Photographer) || !sees(s.Idle) {
		t.Errorf("a job: %v %s", done, code)
	}
	both := "SELECT count(*) FROM job j JOIN booking b ON b.id = j.booking_id WHERE b.id = $1 AND b.photographer_id IS NOT DISTINCT FROM j.photographer_id"
	if s.count(t, both, b.ID) != 1 {
		t.Error("the job is another one's than its booking")
	}
	entries := "SELECT count(*) FROM audit_entry WHERE action IN ('booking.photographer_set', 'job.photographer_set')"
	if n := s.count(t, entries); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
	assign(job.Assignment{BookingID: &name, PhotographerEmail: &idle}) // so already
	if n := s.count(t, entries); n != 3 {
		t.Errorf("nothing changed, and there are %d entries", n)
	}
	if done, code := assign(job.Assignment{BookingID: &name}); code != "" || *done.JobID != made.ID || sees(s.Idle) || s.count(t, both, b.ID) != 1 {
		t.Errorf("to nobody: %v %s", done, code)
	}
	alone := s.OtherJob.PublicID()
	if done, code := assign(job.Assignment{JobID: &alone, PhotographerEmail: &foto}); code != "" || done.BookingID != nil || *done.JobID != s.OtherJob.ID {
		t.Errorf("a job without a booking: %v %s", done, code)
	}
	customer, stranger := s.Other.Email, "nobody@example.org"
	if _, code := assign(job.Assignment{BookingID: &name, PhotographerEmail: &customer}); code != job.WrongRole {
		t.Errorf("to a client: %s", code)
	}
	if _, code := assign(job.Assignment{BookingID: &name, PhotographerEmail: &stranger}); code != job.NotFound {
		t.Errorf("to a stranger: %s", code)
	}
	over := s.book(t, s.Owner)
	if _, _, err := s.bookings.Cancel(t.Context(), viewer(s.Owner), over.PublicID(), booking.Word{}); err != nil {
		t.Fatal(err)
	}
	overName := over.PublicID()
	if _, code := assign(job.Assignment{BookingID: &overName, PhotographerEmail: &foto}); code != booking.Over {
		t.Errorf("a cancelled booking: %s", code)
	}
	for what, one := range map[string]struct {
		who  *cast.Person
		a    job.Assignment
		code fault.Code
	}{
		"a client assigns":              {s.Owner, job.Assignment{BookingID: &name}, fault.Forbidden},
		"the photographer assigns":      {s.Photographer, job.Assignment{BookingID: &name, PhotographerEmail: &foto}, fault.Forbidden},
		"another studio's admin does":   {s.ForeignAdmin, job.Assignment{BookingID: &name}, fault.Forbidden},
		"another studio's admin, a job": {s.ForeignAdmin, job.Assignment{JobID: &jobName}, fault.Forbidden},
		"a job as a booking":            {s.Admin, job.Assignment{BookingID: &jobName}, fault.Forbidden},
		"neither":                       {s.Admin, job.Assignment{}, fault.ValidationFailed},
		"both":                          {s.Admin, job.Assignment{BookingID: &name, JobID: &jobName}, fault.ValidationFailed},
		"no address":                    {s.Admin, job.Assignment{BookingID: &name, PhotographerEmail: new("a\nb@c.de")}, fault.ValidationFailed},
	} {
		if _, _, err := s.jobs.Assign(t.Context(), viewer(one.who), one.a); !fault.Is(err, one.code) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Fifty assign a booking by itself and by its job, while it becomes one: both end up with
// the same photographer, and nobody waits for ever.
func TestFiftyAssignAtOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	b := s.confirm(t, s.book(t, s.Owner))
	made, _, err := s.jobs.CreateFromBooking(t.Context(), viewer(s.Admin), b.PublicID(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	name, jobName := b.PublicID(), made.PublicID()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			a := job.Assignment{PhotographerEmail: &[]string{s.Photographer.Email, s.Idle.Email}[i/2%2]}
			if i%2 == 0 {
				a.BookingID = &name
			} else {
				a.JobID = &jobName
			}
			if _, refusals, err := s.jobs.Assign(t.Context(), viewer(s.Admin), a); err != nil || refusals != nil {
				t.Errorf("%v %v", refusals, err)
			}
		})
	}
	all.Wait()
	if s.count(t, "SELECT count(*) FROM job j JOIN booking b ON b.id = j.booking_id WHERE b.id = $1 AND b.photographer_id = j.photographer_id", b.ID) != 1 {
		t.Error("the job is another one's than its booking")
	}
	if bookings, jobs := s.count(t, "SELECT count(*) FROM audit_entry WHERE action = 'booking.photographer_set'"), s.count(t, "SELECT count(*) FROM audit_entry WHERE action = 'job.photographer_set'"); bookings != jobs {
		t.Errorf("%d and %d entries", bookings, jobs)
	}
}
