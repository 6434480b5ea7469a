package notice_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/notice"
	"pixgate/internal/task"
)

// told are the mails as "mailbox: subject", sorted.
func told(mails []mailbox.Message) (all []string) {
	for _, m := range mails {
		all = append(all, m.To[0]+": "+m.Subject)
	}
	slices.Sort(all)
	return all
}

func TestCustomersAreToldInTheirLanguageByTheirStudio(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "UPDATE tenant SET locale = 'en', mail_from = 'Foreign <hello@foreign.example>' WHERE id = $1", s.ForeignTenantID)
	s.Exec(t, "UPDATE account SET locale = 'en' WHERE id = $1", s.Other.AccountID)
	s.Exec(t, "UPDATE job SET title = 'Haus am See'")
	deliver := func(v account.Viewer, jobID string) {
		t.Helper()
		if _, err := s.jobs.SetStatus(t.Context(), v, jobID, job.Delivered, ""); err != nil {
			t.Fatal(err)
		}
	}
	deliver(viewer(s.Admin), s.Package.PublicID())
	deliver(viewer(s.Admin), s.Package.PublicID()) // it is so already
	deliver(viewer(s.Admin), s.OtherJob.PublicID())
	deliver(viewer(s.Admin), s.Unclaimed.PublicID())
	deliver(viewer(s.ForeignAdmin), s.ForeignJob.PublicID())
	deliver(viewer(s.Admin), s.BlockedJob.PublicID()) // nobody tells the blocked
	if _, refusals, err := s.jobs.Settle(t.Context(), viewer(s.Admin), s.Package.PublicID(), []string{s.Package.Image(job.ExtraPending)}, "Rechnung 1"); err != nil || refusals != nil {
		t.Fatal(refusals, err)
	}
	s.notify(t, s.Admin, s.OtherJob, "Bitte ruf an.\r\nBcc: evil@example.com")
	mails := s.work(t)
	want := []string{
		"nobody@example.com: Deine Bilder sind da: Haus am See", "other@example.com: Message from Studio studio: Haus am See", "other@example.com: Your pictures are ready: Haus am See",
		"owner@example.com: Deine Bilder sind da: Haus am See", "owner@example.com: Deine Zahlung ist da: Haus am See", "owner@example.com: Your pictures are ready: Haus am See",
	}
	if got := told(mails); !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
	tokens := map[string]bool{}
	for _, m := range mails {
		base, token := wayOut(t, m)
		tokens[token] = true
		ofForeign := strings.Contains(m.From, "hello@foreign.example")
		if ofForeign != (base == "https://foreign.test") || !ofForeign && base != "https://api.pix.example" || m.HTML != "" {
			t.Errorf("%q from %q leads out at %s", m.Subject, m.From, base)
		}
		for _, secret := range []string{s.Owner.AccountID.String(), s.Package.ID.String(), "acc_", "job_", "owner@"} {
			if strings.Contains(m.Text, secret) {
				t.Errorf("%q tells %q", m.Subject, secret)
			}
		}
		if strings.Contains(m.Subject, "Message") && !strings.Contains(m.Text, "    Bitte ruf an.\n    Bcc: evil@example.com\n") {
			t.Errorf("the studio's words:\n%s", m.Text)
		}
		if strings.Contains(m.Subject, "Zahlung") && !strings.Contains(m.Text, "1 Bild\n") {
			t.Errorf("how many were paid:\n%s", m.Text)
		}
	}
	if len(tokens) != len(mails) {
		t.Errorf("%d tokens for %d mails", len(tokens), len(mails))
	}
	// Whatever is done again: nobody gets a second one.
	if again := s.work(t); len(again) != len(mails) {
		t.Errorf("%d mails, %d after the tasks ran once more", len(mails), len(again))
	}
}

// What is not true any more when the mail would leave is not mailed.
func TestAJobThatWasOpenedAgainIsNotReady(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for _, status := range []job.Status{job.Delivered, job.Open} {
		if _, err := s.jobs.SetStatus(t.Context(), viewer(s.Admin), s.Package.PublicID(), status, ""); err != nil {
			t.Fatal(err)
		}
	}
	if mails := s.work(t); len(mails) != 0 {
		t.Errorf("%q", told(mails))
	}
}

func TestAStudiosOwnWords(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "INSERT INTO tenant_text VALUES ($1, 'studio_message', 'de', 'Post: {title}', 'Hallo von {name}!\n\n{message}')", s.TenantID)
	s.Exec(t, "INSERT INTO tenant_text VALUES ($1, 'job_ready', 'de', 'Neu', 'Klick: https://evil.example')", s.TenantID) // can't be used
	s.Exec(t, "INSERT INTO tenant_text VALUES ($1, 'studio_message', 'de', 'Fremd', 'Fremd')", s.ForeignTenantID)
	s.Exec(t, "UPDATE job SET title = 'See {message}' WHERE id = $1", s.Package.ID)
	s.notify(t, s.Admin, s.Package, "{name}")
	if _, err := s.jobs.SetStatus(t.Context(), viewer(s.Admin), s.Package.PublicID(), job.Delivered, ""); err != nil {
		t.Fatal(err)
	}
	mails := s.work(t)
	if want := []string{"owner@example.com: Deine Bilder sind da: See {message}", "owner@example.com: Post: See {message}"}; !slices.Equal(told(mails), want) {
		t.Fatalf("%q", told(mails))
	}
	for _, m := range mails {
		if wayOut(t, m); strings.Contains(m.Text, "evil") || strings.HasPrefix(m.Subject, "Post") && !strings.HasPrefix(m.Text, "Hallo von Studio studio!\n\n    {name}\n") {
			t.Errorf("%q:\n%s", m.Subject, m.Text)
		}
	}
}

// SES goes away and comes back; the customer gets one mail, and a second one only after a
// crash between SES's word and ours.
func TestNotificationsFollowAnOutage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.notify(t, s.Admin, s.Package, "Hallo")
	mailing := s.queued(t)[0]
	for _, mode := range []mailbox.Mode{mailbox.Down, mailbox.Broken, mailbox.Throttle} {
		s.box.Fail(mode)
		if err := s.notices.Mail(t.Context(), mailing); err == nil {
			t.Errorf("SES fails by %v, and nobody tries again", mode)
		}
	}
	s.box.Recover()
	if mails := s.work(t); len(mails) != 1 || len(s.work(t)) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	s.Exec(t, "UPDATE notification SET mailed_at = NULL") // the crash
	mails := s.work(t)
	if len(mails) != 2 {
		t.Fatalf("%d mails after a crash", len(mails))
	}
	// The way out of each is good.
	_, first := wayOut(t, mails[0])
	_, second := wayOut(t, mails[1])
	if first == second || s.count(t, "SELECT count(*) FROM unsubscribe_token WHERE token_hash IN (sha256($1::text::bytea), sha256($2::text::bytea)) AND used_at IS NULL", first, second) != 2 {
		t.Error("two mails share a way out, or one has none")
	}
}

func TestOnlyAdminsOfTheStudioNotify(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for name, v := range map[string]account.Viewer{
		"a stranger": {}, "the customer": viewer(s.Owner), "its photographer": viewer(s.Photographer), "an admin of another studio": viewer(s.ForeignAdmin),
	} {
		if _, err := s.notices.Notify(t.Context(), v, s.Package.PublicID(), "x"); !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "job_", id.Job.Format(id.New(time.Now())), s.Package.Image(job.None)} {
		if _, err := s.notices.Notify(t.Context(), viewer(s.Admin), name, "x"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the job %q: %v", name, err)
		}
	}
	for _, message := range []string{"", " \n ", strings.Repeat("ä", 1001), "a\x00b"} {
		if _, err := s.notices.Notify(t.Context(), viewer(s.Admin), s.Package.PublicID(), message); !fault.Is(err, fault.ValidationFailed) {
			t.Errorf("%.10q: %v", message, err)
		}
	}
	if n := s.count(t, "SELECT count(*) FROM notification"); n != 0 {
		t.Errorf("%d notifications", n)
	}
	s.notify(t, s.Admin, s.Package, strings.Repeat("ä", 1000))
	if n := s.count(t, "SELECT count(*) FROM audit_entry WHERE action = 'job.customer_notified' AND actor_id = $1 AND new_value NOT LIKE '%ä%' AND new_value LIKE '%\"characters\":1000%'", s.Admin.AccountID); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// The mail is queued with the change, or not at all; and by a real runner it goes out.
func TestTheTaskMails(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	runner, err := task.NewRunner(s.db.Pool, task.Work{
		Notification: s.notices.Mail, BookingMail: unexpected, LoginMail: unexpected, Import: unexpected, GiveUp: unexpected, SecurityAlert: unexpected,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.Exec(t, "REVOKE INSERT ON notification FROM pixgate_server")
	if _, err := s.jobs.SetStatus(t.Context(), viewer(s.Admin), s.Package.PublicID(), job.Delivered, ""); err == nil || s.count(t, "SELECT count(*) FROM job WHERE status = 'DELIVERED'") != 0 {
		t.Errorf("a job became ready, and its customer will never hear of it: %v", err)
	}
	s.Exec(t, "GRANT INSERT ON notification TO pixgate_server")
	if _, err := s.jobs.SetStatus(t.Context(), viewer(s.Admin), s.Package.PublicID(), job.Delivered, ""); err != nil {
		t.Fatal(err)
	}
	if err := runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := runner.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	waiting, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if m, err := s.box.Wait(waiting, "owner@example.com", 1); err != nil || !strings.HasPrefix(m.Subject, "Deine Bilder sind da") {
		t.Errorf("%q, %v", m.Subject, err)
	}
}

func TestWhoWantsNoneGetsNoneAndTheStudioHearsOfIt(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	if err := s.notices.SetWanted(t.Context(), viewer(s.Owner), false); err != nil {
		t.Fatal(err)
	}
	refusals, err := s.notices.Notify(t.Context(), viewer(s.Admin), s.Package.PublicID(), "x")
	if err != nil || len(refusals) != 1 || refusals[0].Code != notice.Unsubscribed {
		t.Errorf("%v, %v", refusals, err)
	}
	if _, err := s.jobs.SetStatus(t.Context(), viewer(s.Admin), s.Package.PublicID(), job.Delivered, ""); err != nil {
		t.Fatal(err)
	}
	s.notify(t, s.ForeignAdmin, s.ForeignJob, "x") // the same address, of another studio
	mails := s.work(t)
	if len(mails) != 1 || !strings.Contains(mails[0].Subject, "foreign") {
		t.Errorf("%q", told(mails))
	}
	if err := s.notices.SetWanted(t.Context(), viewer(s.Owner), true); err != nil {
		t.Fatal(err)
	}
	s.notify(t, s.Admin, s.Package, "x")
	if mails := s.work(t); len(mails) != 3 { // and the one that waited
		t.Errorf("%q", told(mails))
	}
}
