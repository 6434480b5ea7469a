package notice_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/amazon"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/notice"
)

// mailed notifies the customer of a job, and returns the token of the mail.
func (s *studio) mailed(t testing.TB) string {
	t.Helper()
	s.notify(t, s.Admin, s.Package, "Hallo")
	mails := s.work(t)
	_, token := wayOut(t, mails[len(mails)-1])
	return token
}

const ofOwner = "SELECT count(*) FROM unsubscribed WHERE email_key = 'owner@example.com'"

func TestATokenIsGoodOnceAndForItsStudio(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	token := s.mailed(t)
	spend := func(studioID id.ID, token string) {
		t.Helper()
		if err := s.notices.Unsubscribe(t.Context(), studioID, token); err != nil {
			t.Errorf("%q: %v", token, err)
		}
	}
	guessed := strings.Repeat("A", 43)
	for _, wrong := range []string{"", guessed, token[:42], token + "=", strings.ToUpper(token), "' OR true --", strings.Repeat("x", 100_000)} {
		spend(s.TenantID, wrong)
		spend(id.Nil, wrong)
	}
	spend(s.ForeignTenantID, token) // under the other studio's name
	if n := s.count(t, ofOwner); n != 0 {
		t.Fatalf("%d addresses are unsubscribed by tokens that are none", n)
	}
	spend(s.TenantID, token)
	if n := s.count(t, ofOwner+" AND tenant_id = $1", s.TenantID); n != 1 || s.count(t, ofOwner) != 1 {
		t.Fatalf("%d addresses are unsubscribed by a token", n)
	}
	// Who wants mail again is not taken off by the link of an old mail, in whoever's hands it is.
	if err := s.notices.SetWanted(t.Context(), viewer(s.Owner), true); err != nil {
		t.Fatal(err)
	}
	spend(s.TenantID, token)
	spend(id.Nil, token)
	if n := s.count(t, ofOwner); n != 0 {
		t.Error("a spent token unsubscribed again")
	}
	// Under a name that is no studio's own, each token is its studio's.
	spend(id.Nil, s.mailed(t))
	if n := s.count(t, ofOwner+" AND tenant_id = $1", s.TenantID); n != 1 {
		t.Error("a token did nothing under the installation's name")
	}
	if n := s.count(t, "SELECT count(*) FROM unsubscribe_token WHERE token_hash = $1::bytea OR encode(token_hash, 'escape') LIKE '%' || $2 || '%'", []byte(token), token); n != 0 {
		t.Error("the database holds a token itself")
	}
}

// Fifty click at once, some on an old mail, while the customer wants mail again and again.
func TestParallelClicks(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	token := s.mailed(t)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := s.notices.Unsubscribe(t.Context(), s.TenantID, token); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := s.count(t, ofOwner); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestStandingsAreTheOwnAndForAdminsTheStudios(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	if err := s.hear(t, "1", amazon.Bounce("owner@example.com")); err != nil {
		t.Fatal(err)
	}
	if err := s.notices.SetWanted(t.Context(), viewer(s.Other), false); err != nil {
		t.Fatal(err)
	}
	asked := []id.ID{s.Owner.AccountID, s.Other.AccountID, s.Foreigner.AccountID}
	for name, want := range map[string]struct {
		who  account.Viewer
		sees string
	}{
		"the owner": {viewer(s.Owner), "owner+"}, "the other": {viewer(s.Other), "other-"}, "an idle photographer": {viewer(s.Idle), ""},
		"an admin": {viewer(s.Admin), "owner+! other-"}, "an admin of another studio": {viewer(s.ForeignAdmin), "foreigner+!"},
	} {
		standings, err := s.notices.Standings(t.Context(), want.who, asked)
		if err != nil {
			t.Fatal(err)
		}
		got := map[id.ID]string{}
		for _, one := range standings {
			mark := "-"
			if one.Wanted {
				mark = "+"
			}
			if one.Suppression != nil {
				mark += "!"
			}
			got[one.AccountID] = mark
		}
		var words []string
		for i, person := range []string{"owner", "other", "foreigner"} {
			if mark, ok := got[asked[i]]; ok {
				words = append(words, person+mark)
			}
		}
		if text := strings.Join(words, " "); text != want.sees {
			t.Errorf("%s sees %q, want %q", name, text, want.sees)
		}
	}
	if _, err := s.notices.Standings(t.Context(), account.Viewer{}, asked); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a stranger: %v", err)
	}
}

func TestAMailboxThatBouncedGetsNothing(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for name, post := range map[string]string{"1": amazon.Bounce("Owner <OWNER@Example.com>"), "2": amazon.Complaint("other@example.com"), "3": amazon.Complaint("owner@example.com"), "4": amazon.Bounce("nobody-knows@example.com"), "5": amazon.Bounce("no address")} {
		if err := s.hear(t, name, post); err != nil {
			t.Fatal(err)
		}
	}
	for mailbox, want := range map[string]string{"owner@example.com": "BOUNCE", "other@example.com": "COMPLAINT", "nobody-knows@example.com": "BOUNCE"} {
		if n := s.count(t, "SELECT count(*) FROM mail_suppression WHERE email_key = $1 AND cause = $2", mailbox, want); n != 1 {
			t.Errorf("%s is not there as %s", mailbox, want)
		}
	}
	refusals, err := s.notices.Notify(t.Context(), viewer(s.Admin), s.Package.PublicID(), "x")
	if err != nil || len(refusals) != 1 || refusals[0].Code != notice.MailSuppressed {
		t.Errorf("to who bounced: %v, %v", refusals, err)
	}
	refusals, err = s.notices.Notify(t.Context(), viewer(s.Admin), s.OtherJob.PublicID(), "x")
	if err != nil || len(refusals) != 1 || refusals[0].Code != notice.MailSuppressed {
		t.Errorf("to who complained: %v, %v", refusals, err)
	}
	// Every mail goes that way: who complained gets sign-in codes, who bounced does not.
	for mailbox, goes := range map[string]bool{"owner@example.com": false, "OWNER@example.com": false, "other@example.com": true, "admin@example.com": true} {
		err := s.sender.Send(t.Context(), plain(mailbox))
		if (err == nil) != goes || !goes && !strings.Contains(err.Error(), "refused for good") {
			t.Errorf("a mail to %s: %v", mailbox, err)
		}
	}
	events := map[string]int{}
	for _, one := range s.records.Incidents() {
		of := "nobody"
		if one.AccountID != nil && one.TenantID != nil {
			of = map[id.ID]string{s.Owner.AccountID: "owner", s.Foreigner.AccountID: "foreigner", s.Other.AccountID: "other"}[*one.AccountID]
		}
		events[string(one.Event)+" "+of]++
	}
	for _, want := range []string{"mail_bounced owner", "mail_bounced foreigner", "mail_complaint other", "mail_complaint owner", "mail_complaint foreigner", "mail_bounced nobody"} {
		if events[want] != 1 {
			t.Errorf("%q was told %d times: %v", want, events[want], events)
		}
	}
}

// What is posted again, or made up, changes nothing.
func TestReplayedReportsChangeNothing(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	post := s.amazon.Sign(t, amazon.Notification("1", amazon.Bounce("owner@example.com"), time.Now()))
	if err := s.notices.Hear(t.Context(), post); err != nil {
		t.Fatal(err)
	}
	if err := s.notices.Lift(t.Context(), viewer(s.Admin), s.Owner.PublicID(), "was repaired"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := s.notices.Hear(t.Context(), post); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := s.count(t, "SELECT count(*) FROM mail_suppression"); n != 0 {
		t.Error("a post that was heard before suppresses again")
	}
	if n := len(s.records.Incidents()); n != 2 { // the owner's, at both studios
		t.Errorf("%d incidents", n)
	}
	mallory := amazon.New(t, time.Now())
	if err := s.notices.Hear(t.Context(), mallory.Sign(t, amazon.Notification("2", amazon.Bounce("owner@example.com"), time.Now()))); !fault.Is(err, fault.Forbidden) {
		t.Errorf("made up: %v", err)
	}
	if n := s.count(t, "SELECT (SELECT count(*) FROM mail_suppression) + (SELECT count(*) FROM mail_report)"); n != 1 {
		t.Errorf("%d rows, want the one report", n)
	}
}

func TestOnlyAdminsLift(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	if err := s.hear(t, "1", amazon.Bounce("owner@example.com")); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]account.Viewer{"the owner": viewer(s.Owner), "a stranger": {}, "an admin of another studio, by this one's number": viewer(s.ForeignAdmin)} {
		if err := s.notices.Lift(t.Context(), who, s.Owner.PublicID(), ""); !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "acc_", id.Account.Format(id.New(time.Now())), s.Package.PublicID()} {
		if err := s.notices.Lift(t.Context(), viewer(s.Admin), name, ""); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the account %q: %v", name, err)
		}
	}
	if s.count(t, "SELECT count(*) FROM mail_suppression") != 1 {
		t.Fatal("it was lifted")
	}
	for range 2 { // the second time there is nothing to lift
		if err := s.notices.Lift(t.Context(), viewer(s.Admin), s.Owner.PublicID(), "was repaired"); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.count(t, "SELECT count(*) FROM audit_entry WHERE action = 'account.mail_suppression_lifted' AND account_id = $1 AND reason = 'was repaired'", s.Owner.AccountID); n != 1 || s.count(t, "SELECT count(*) FROM mail_suppression") != 0 {
		t.Errorf("%d entries", n)
	}
	s.notify(t, s.Admin, s.Package, "Es geht wieder")
}

func TestWhatIsOverIsPurged(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	token := s.mailed(t)
	if err := s.hear(t, "1", amazon.Bounce("owner@example.com")); err != nil {
		t.Fatal(err)
	}
	left := "SELECT (SELECT count(*) FROM notification) + (SELECT count(*) FROM unsubscribe_token) + (SELECT count(*) FROM mail_suppression) + (SELECT count(*) FROM mail_report)"
	if err := s.notices.Purge(t.Context()); err != nil || s.count(t, left) != 4 {
		t.Fatalf("%d of 4 rows are left of what is not over, %v", s.count(t, left), err)
	}
	for table, column := range map[string]string{"notification": "created_at", "unsubscribe_token": "created_at", "mail_suppression": "created_at", "mail_report": "received_at"} {
		s.Exec(t, "UPDATE "+table+" SET "+column+" = now() - interval '366 days'")
	}
	if err := s.notices.Purge(t.Context()); err != nil || s.count(t, left) != 0 {
		t.Errorf("%d rows are left, %v", s.count(t, left), err)
	}
	if err := s.notices.Unsubscribe(t.Context(), s.TenantID, token); err != nil || s.count(t, ofOwner) != 0 {
		t.Errorf("a token of last year: %v", err)
	}
}
