package booking_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/mail"
	"pixgate/internal/secret"
	"pixgate/internal/task"
)

// studio is the room on a real database, with a queue that nobody works off by itself.
type studio struct {
	*cast.Cast
	db       *stage.DB
	bookings *booking.Bookings
	offer    *booking.Offer
	jobs     *job.Jobs
	news     *booking.News
	box      *mailbox.Server
	runner   *task.Runner
	now      time.Time
}

func newStudio(t testing.TB) *studio {
	t.Helper()
	s := &studio{db: stage.Database(t)}
	s.Cast = cast.New(t, s.db.Owner)
	s.now = time.Now() // after what has expired in the cast
	clock := func() time.Time { return s.now }
	chain := audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), time.Now)
	tenants := account.NewTenants(s.db.Pool, "studio", time.Now)
	queue, err := task.NewQueue(s.db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	s.bookings = booking.New(booking.Options{DB: s.db.Pool, Tenants: tenants, Audit: chain, Queue: queue, Now: clock})
	s.offer = booking.NewOffer(s.db.Pool, chain, clock)
	s.jobs = job.NewJobs(s.db.Pool, chain, clock)
	s.box = stage.Mailbox(t)
	ses, err := mail.OpenSES(t.Context(), mail.SESOptions{
		Region: s.box.Region(), Endpoint: s.box.Endpoint(), AccessKeyID: s.box.AccessKeyID(), SecretAccessKey: s.box.SecretAccessKey(), From: "pix.immo <no-reply@pix.immo>",
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s.news = booking.NewNews(booking.NewsOptions{DB: s.db.Pool, Tenants: tenants, Sender: ses, Log: log})
	s.runner, err = task.NewRunner(s.db.Pool, task.Work{
		BookingMail: s.news.Mail, LoginMail: unexpected, Import: unexpected, GiveUp: unexpected, SecurityAlert: unexpected,
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func unexpected(context.Context, id.ID) error { return errors.New("nobody queued this") }

// work works tasks off until the test ends.
func (s *studio) work(t *testing.T) {
	t.Helper()
	if err := s.runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := s.runner.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

func viewer(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Role: p.Role, RequestID: "test"}
}

// today is the studio's, in Berlin.
func (s *studio) today() time.Time {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	year, month, day := s.now.In(berlin).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func (s *studio) wish() booking.Wish {
	return booking.Wish{
		Address: "Seestraße 1, 82319 Starnberg", Package: cast.PackageKey, PreferredDates: []time.Time{s.today().AddDate(0, 0, 7), s.today().AddDate(0, 0, 3)},
		Notes: "Schlüssel beim Nachbarn.\nHund im Garten.", ContactPhone: "+49 (0)8151 123-456",
	}
}

// book books something that is not booked yet.
func (s *studio) book(t testing.TB, who *cast.Person) *booking.Booking {
	t.Helper()
	w := s.wish()
	w.Address = "Haus " + id.New(time.Now()).String()
	made, refusals, err := s.bookings.Create(t.Context(), viewer(who), w)
	if err != nil || refusals != nil {
		t.Fatalf("book: %v %v", refusals, err)
	}
	return made
}

func (s *studio) confirm(t testing.TB, b *booking.Booking) *booking.Booking {
	t.Helper()
	confirmed, refusals, err := s.bookings.Confirm(t.Context(), viewer(s.Admin), b.PublicID(), booking.Word{Date: s.today().AddDate(0, 0, 7)})
	if err != nil || refusals != nil {
		t.Fatalf("confirm: %v %v", refusals, err)
	}
	return confirmed
}

func (s *studio) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := s.db.Owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// rowsOf are the words of a table's lines.
func rowsOf(text string) (rows [][]string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		rows = append(rows, strings.Fields(line))
	}
	return rows
}

// paths are what a VALIDATION_FAILED is about, sorted.
func paths(err error) []string {
	if !fault.Is(err, fault.ValidationFailed) {
		return nil
	}
	var all []string
	for _, field := range fault.As(err).Fields {
		all = append(all, field.Path)
	}
	slices.Sort(all)
	return all
}

func codeOf(refusals []booking.Refusal) string {
	if len(refusals) != 1 {
		return ""
	}
	return refusals[0].Code
}

func ids(bookings ...*booking.Booking) (all []id.ID) {
	for _, one := range bookings {
		all = append(all, one.ID)
	}
	return all
}

// until waits for something that other goroutines bring about.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !happened(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
