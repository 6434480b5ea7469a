package notice_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"testing"
	"time"

	"pixgate/internal/dev/amazon"
	"pixgate/internal/fault"
	"pixgate/internal/mail"
	"pixgate/internal/notice"
)

// gauge keeps what was measured last.
type gauge chan [2]float64

// MailRates keeps both.
func (g gauge) MailRates(bounced, complained float64) { g <- [2]float64{bounced, complained} }

// dated is a Reputation at a time that tests move.
func (s *studio) dated(at *time.Time) (*notice.Reputation, gauge) {
	g := make(gauge, 10)
	return notice.NewReputation(notice.ReputationOptions{DB: s.db.Pool, Meter: g, Now: func() time.Time { return *at }, Log: slog.New(slog.DiscardHandler)}), g
}

// scripted answers each mail with the error that its recipient is mapped to.
type scripted map[string]error

// Send answers.
func (s scripted) Send(_ context.Context, m mail.Message) error { return s[m.To] }

// days are the rows of the table, oldest first.
func (s *studio) days(t *testing.T) (all string) {
	t.Helper()
	err := s.db.Owner.QueryRow(t.Context(), "SELECT coalesce(string_agg(concat_ws(' ', day, sent, bounced, complained), ', ' ORDER BY day), '') FROM mail_day").Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMailsThatSESTookAreCountedByDay(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	at := time.Date(2026, 11, 25, 17, 59, 59, 0, time.FixedZone("", -5*3600)) // 22:59 UTC, where its midnight is yesterday
	r, _ := s.dated(&at)
	s.Exec(t, "INSERT INTO mail_suppression VALUES ('gone@example.com', 'BOUNCE', now())")
	sender := notice.Careful(s.db.Pool, r.Count(scripted{"refused@example.com": mail.ErrRefused, "later@example.com": errors.New("SES is away")}))
	send := func(to string, want bool) {
		t.Helper()
		if err := sender.Send(t.Context(), mail.Message{To: to}); (err == nil) != want {
			t.Errorf("%s: %v", to, err)
		}
	}
	for _, to := range []string{"anna@example.com", "bert@example.com"} {
		send(to, true)
	}
	for _, to := range []string{"refused@example.com", "later@example.com", "gone@example.com"} {
		send(to, false)
	}
	if got := s.days(t); got != "" {
		t.Errorf("a mail wrote %q: sign-in codes would wait for each other at that row", got)
	}
	r.Write(t.Context())
	r.Write(t.Context())
	at = at.Add(2 * time.Hour)
	send("anna@example.com", true)
	at = at.Add(-2 * time.Hour)
	send("anna@example.com", true)
	r.Finish()
	if got := s.days(t); got != "2026-11-25 3 0 0, 2026-11-26 1 0 0" {
		t.Errorf("counted %q", got)
	}
}

func TestFiftyServersCountTogether(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			r, _ := s.dated(&at)
			sender := r.Count(scripted{})
			var mails sync.WaitGroup
			for range 50 {
				mails.Go(func() {
					if err := sender.Send(t.Context(), mail.Message{}); err != nil {
						t.Error(err)
					}
					r.Write(t.Context())
				})
			}
			mails.Wait()
		})
	}
	all.Wait()
	if got := s.days(t); got != "2026-11-25 2500 0 0" {
		t.Errorf("counted %q of 2,500 mails", got)
	}
}

// While the counts can't be written mails leave all the same, and are counted later.
func TestCountingFailsNoMail(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	r, _ := s.dated(&at)
	sender := r.Count(scripted{})
	s.Exec(t, "REVOKE INSERT ON mail_day FROM pixgate_server")
	for range 3 {
		if err := sender.Send(t.Context(), mail.Message{}); err != nil {
			t.Errorf("the mail failed with its count: %v", err)
		}
		r.Write(t.Context())
	}
	s.Exec(t, "GRANT INSERT ON mail_day TO pixgate_server")
	r.Write(t.Context())
	if got := s.days(t); got != "2026-11-25 3 0 0" {
		t.Errorf("counted %q", got)
	}
}

func TestAReportCountsOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	post := s.amazon.Sign(t, amazon.Notification("1", amazon.Bounce("owner@example.com"), time.Now()))
	for range 2 {
		if err := s.notices.Hear(t.Context(), post); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.hear(t, "3", amazon.Bounce("nobody@example.com")); err != nil {
		t.Fatal(err)
	}
	if err := s.hear(t, "2", amazon.Complaint("other@example.com")); err != nil {
		t.Fatal(err)
	}
	if n := s.count(t, "SELECT (sum(bounced) * 10 + sum(complained) + sum(sent) * 100)::int FROM mail_day"); n != 21 {
		t.Errorf("%s: want two bounces and a complaint", s.days(t))
	}
}

func TestHowMailStands(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	r, _ := s.dated(&at)
	for _, c := range []struct {
		sent, bounced, complained int
		state                     notice.MailState
	}{
		{0, 0, 0, notice.MailWell},
		{1000, 0, 0, notice.MailWell},
		{1000, 24, 0, notice.MailWell},
		{1000, 25, 0, notice.MailWarning},
		{1000, 49, 0, notice.MailWarning},
		{1000, 50, 0, notice.MailCritical},
		{10_000, 0, 4, notice.MailWell},
		{10_000, 0, 5, notice.MailWarning},
		{10_000, 0, 10, notice.MailCritical},
		{10_000, 250, 10, notice.MailCritical},
		{10_000, 500, 5, notice.MailCritical},
		{100, 0, 1, notice.MailWarning}, // ten times the limit, and one mail
		{100, 0, 2, notice.MailCritical},
		{3, 1, 0, notice.MailWarning},
		{0, 1, 0, notice.MailWarning}, // sent before anybody counted
		{0, 2, 0, notice.MailCritical},
	} {
		s.Exec(t, "TRUNCATE mail_day")
		s.Exec(t, "INSERT INTO mail_day VALUES ('2026-11-11', 5000, 5000, 5000), ('2026-11-12', $1, $2, 0), ('2026-11-25', 0, 0, $3)", c.sent, c.bounced, c.complained)
		h, err := r.Health(t.Context(), viewer(s.Operator))
		if err != nil {
			t.Fatal(err)
		}
		if h.Sent != c.sent || h.Bounced != c.bounced || h.Complained != c.complained || h.State != c.state || h.Days != 14 || h.BounceLimit != 0.05 || h.ComplaintLimit != 0.001 {
			t.Errorf("%+v: %+v", c, h)
		}
		if (h.BounceRate == nil) != (c.sent == 0) || (h.ComplaintRate == nil) != (c.sent == 0) {
			t.Errorf("%+v: rates %v, %v", c, h.BounceRate, h.ComplaintRate)
		}
		if c.sent > 0 && (math.Abs(*h.BounceRate-float64(c.bounced)/float64(c.sent)) > 1e-9 || math.Abs(*h.ComplaintRate-float64(c.complained)/float64(c.sent)) > 1e-9) {
			t.Errorf("%+v: rates %v, %v", c, *h.BounceRate, *h.ComplaintRate)
		}
	}
	if _, err := r.Health(t.Context(), viewer(s.Admin)); !fault.Is(err, fault.Forbidden) {
		t.Errorf("an admin of one studio reads of all: %v", err)
	}
}

// A server measures at its start, and writes its last counts when all mails are out.
func TestTheRatesAreMeasured(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	r, g := s.dated(&at)
	s.Exec(t, "INSERT INTO mail_day VALUES ('2026-11-25', 1000, 100, 1)")
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	if got := fmt.Sprint(<-g); got != "[0.1 0.001]" {
		t.Errorf("measured %s", got)
	}
	end()
	<-ended
}
