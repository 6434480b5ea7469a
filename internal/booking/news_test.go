package booking_test

import (
	"slices"
	"strings"
	"testing"

	"pixgate/internal/booking"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/id"
)

// told waits until no mail is left to send, and returns them as "mailbox: subject", sorted.
func (s *studio) told(t *testing.T) (all []string) {
	t.Helper()
	until(t, "the mails are out", func() bool {
		return s.count(t, "SELECT count(*) FROM task.river_job WHERE kind = 'booking_mail' AND state <> 'completed'") == 0
	})
	for _, m := range s.box.Messages() {
		if m.HTML != "" || m.Subject == "" || len(m.To) != 1 || len(m.Headers) != 0 {
			t.Errorf("a mail with %d recipients, markup or headers of its own: %q", len(m.To), m.Subject)
		}
		all = append(all, m.To[0]+": "+m.Subject)
	}
	slices.Sort(all)
	return all
}

func TestClientAndStudioAreToldInTheirLanguage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "UPDATE tenant SET locale = 'en', mail_from = 'Foreign <hello@foreign.example>' WHERE id = $1", s.ForeignTenantID)
	s.Exec(t, "UPDATE account SET locale = 'en' WHERE id = $1", s.Other.AccountID)
	s.Exec(t, "UPDATE account SET locale = 'de' WHERE id = $1", s.Foreigner.AccountID)
	s.Exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", s.Operator.AccountID) // nobody tells the blocked
	s.work(t)
	mine, theirs, foreign := s.book(t, s.Owner), s.book(t, s.Other), s.book(t, s.Foreigner)
	want := []string{
		"admin@example.com: Studio foreign: new booking request", "admin@example.com: Studio studio: neue Buchungsanfrage", "admin@example.com: Studio studio: neue Buchungsanfrage",
		"other@example.com: Your request at Studio studio", "owner@example.com: Deine Anfrage bei Studio foreign", "owner@example.com: Deine Anfrage bei Studio studio",
	}
	if got := s.told(t); !slices.Equal(got, want) {
		t.Fatalf("after three bookings: %q", got)
	}
	for _, m := range s.box.Messages() {
		if fromForeign := strings.Contains(m.From, "hello@foreign.example"); fromForeign != strings.Contains(m.Subject, "foreign") {
			t.Errorf("%q comes from %q", m.Subject, m.From)
		}
		if strings.Contains(m.Text, "Hund") || strings.Contains(m.Text, "8151") {
			t.Errorf("%q tells notes or telephone number:\n%s", m.Subject, m.Text)
		}
	}
	s.confirm(t, mine)
	if _, _, err := s.bookings.Decline(t.Context(), viewer(s.Admin), theirs.PublicID(), booking.Word{Message: "Too far\r\nBcc: evil@example.com"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.bookings.Cancel(t.Context(), viewer(s.ForeignAdmin), foreign.PublicID(), booking.Word{Message: "Kamera kaputt"}); err != nil {
		t.Fatal(err)
	}
	day := s.today().AddDate(0, 0, 7).Format("02.01.2006")
	want = append(want, "owner@example.com: Dein Termin bei Studio studio am "+day, "other@example.com: Your request at Studio studio", "owner@example.com: Deine Buchung bei Studio foreign ist storniert")
	slices.Sort(want)
	if got := s.told(t); !slices.Equal(got, want) {
		t.Fatalf("after the studios' answers: %q", got)
	}
	last := s.box.Messages()[6:]
	for text, n := range map[string]int{"    Too far\n    Bcc: evil@example.com\n": 1, "Kamera kaputt": 1, day: 1} {
		if got := len(slices.DeleteFunc(slices.Clone(last), func(m mailbox.Message) bool { return !strings.Contains(m.Text, text) })); got != n {
			t.Errorf("%d mails say %q, want %d", got, text, n)
		}
	}
	if _, _, err := s.bookings.Cancel(t.Context(), viewer(s.Owner), mine.PublicID(), booking.Word{}); err != nil {
		t.Fatal(err)
	}
	want = append(want, "owner@example.com: Deine Buchung bei Studio studio ist storniert", "admin@example.com: Studio studio: eine Buchung wurde storniert")
	slices.Sort(want)
	if got := s.told(t); !slices.Equal(got, want) {
		t.Fatalf("after the client's: %q", got)
	}
}

func TestAStudiosOwnWordsAboutBookings(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "INSERT INTO tenant_text VALUES ($1, 'booking_received', 'de', 'Danke für {address}', 'Bis bald, {name}! {dates}')", s.TenantID)
	s.Exec(t, "INSERT INTO tenant_text VALUES ($1, 'booking_requested', 'de', 'Neu', 'Klick: https://evil.example')", s.TenantID) // can't be used
	s.Exec(t, "INSERT INTO tenant_text VALUES ($1, 'booking_received', 'de', 'Fremd', 'Fremd')", s.ForeignTenantID)
	s.work(t)
	b := s.book(t, s.Owner)
	got := s.told(t)
	if !slices.Contains(got, "owner@example.com: Danke für "+b.Address) || !slices.Contains(got, "admin@example.com: Studio studio: neue Buchungsanfrage") || len(got) != 3 {
		t.Errorf("%q", got)
	}
	for _, m := range s.box.Messages() {
		if strings.Contains(m.Text, "evil") || strings.Contains(m.Text, "Fremd") {
			t.Errorf("%q:\n%s", m.Subject, m.Text)
		}
	}
}

// SES goes away and comes back; each gets the mail once, also who was served before it went.
func TestMailsAboutBookingsFollowAnOutage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.book(t, s.Owner)
	var event id.ID
	if err := s.db.Owner.QueryRow(t.Context(), "SELECT id FROM booking_event WHERE account_id = $1 AND request_id = 'test'", s.Owner.AccountID).Scan(&event); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []mailbox.Mode{mailbox.Down, mailbox.Broken, mailbox.Throttle} {
		s.box.Fail(mode)
		if err := s.news.Mail(t.Context(), event); err == nil {
			t.Errorf("SES fails by %v, and nobody tries again", mode)
		}
	}
	s.box.Recover()
	for range 3 {
		if err := s.news.Mail(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.box.Messages()); n != 3 { // to the client, the admin, the operator
		t.Errorf("%d mails, want one for each of three", n)
	}
	// A crash after the admin's mail, before it was noted: that one comes twice, no other does.
	s.Exec(t, "UPDATE booking_event SET mailed = array_remove(mailed, $2) WHERE id = $1", event, s.Admin.AccountID)
	if err := s.news.Mail(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if n := len(s.box.Messages()); n != 4 {
		t.Errorf("%d mails, want four", n)
	}
}

// What is not true any more is not mailed: what came after it is.
func TestOldNewsIsNotMailed(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	b := s.confirm(t, s.book(t, s.Owner))
	if _, _, err := s.bookings.Cancel(t.Context(), viewer(s.Admin), b.PublicID(), booking.Word{}); err != nil {
		t.Fatal(err)
	}
	s.work(t)
	if got := s.told(t); !slices.Equal(got, []string{"owner@example.com: Deine Buchung bei Studio studio ist storniert"}) {
		t.Errorf("%q", got)
	}
}

// No transaction, no mail.
func TestNobodyIsToldOfBookingsOfWhoWasErased(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.book(t, s.Owner)
	s.Exec(t, `UPDATE account SET email_key = 'erased ' || id, email = 'erased ' || id, locale = NULL, verified_at = NULL, blocked_at = now(), erased_at = now()
		WHERE id = $1`, s.Owner.AccountID)
	var event id.ID
	if err := s.db.Owner.QueryRow(t.Context(), "SELECT id FROM booking_event WHERE account_id = $1 AND request_id = 'test'", s.Owner.AccountID).Scan(&event); err != nil {
		t.Fatal(err)
	}
	if err := s.news.Mail(t.Context(), event); err != nil {
		t.Error(err)
	}
	if got := s.box.Messages(); len(got) != 0 {
		t.Errorf("%d mails, the first %q to %v", len(got), got[0].Subject, got[0].To)
	}
}

func TestWhatDidNotHappenIsNotMailed(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	b := s.book(t, s.Owner)
	s.work(t)
	before := s.told(t)
	s.Exec(t, "REVOKE INSERT ON audit_entry FROM pixgate_server")
	if _, _, err := s.bookings.Confirm(t.Context(), viewer(s.Admin), b.PublicID(), booking.Word{Date: s.today()}); err == nil {
		t.Fatal("confirmed without an entry in the audit log")
	}
	s.Exec(t, "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too late'; END $$")
	s.Exec(t, "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON booking DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()") // fails at the commit
	if _, _, err := s.bookings.Create(t.Context(), viewer(s.Other), s.wish()); err == nil {
		t.Fatal("booked without a commit")
	}
	if got := s.told(t); !slices.Equal(got, before) {
		t.Errorf("mailed what did not happen: %q", got)
	}
	if n := s.count(t, "SELECT count(*) FROM booking_event WHERE request_id = 'test'"); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestOneMailboxThatRefusesDoesNotKeepItFromTheOthers(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "UPDATE account SET email = 'not a mailbox' WHERE id = $1", s.Owner.AccountID)
	s.work(t)
	s.book(t, s.Owner)
	if got := s.told(t); len(got) != 2 {
		t.Errorf("%q", got)
	}
}
