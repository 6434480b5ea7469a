package watch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/internal/secret"
	"pixgate/internal/task"
	"pixgate/internal/watch"
	"pixgate/internal/webhook/standard"
)

const alarm = "alarm@example.org"

// station is everything that an alert goes through, from the incident to the mailbox.
type station struct {
	*cast.Cast
	t        *testing.T
	db       *stage.DB
	box      *mailbox.Server
	security *audit.Security
	alerts   *watch.Alerts
	hook     *watch.Hook
	log      *buffer
}

// unread is where nothing is counted.
type unread struct{}

func (unread) SecurityEvent(string)        {}
func (unread) SecurityEventsDropped(int64) {}

func newStation(t *testing.T) *station { return openStation(t, "", nil) }

// openStation is newStation with a webhook at a URL, which r receives.
func openStation(t *testing.T, url secret.Value, r *receiver) *station {
	t.Helper()
	s := &station{t: t, db: stage.Database(t), box: stage.Mailbox(t), log: &buffer{}}
	s.Cast = cast.New(t, s.db.Owner)
	s.Exec(t, "UPDATE tenant SET locale = 'en', mail_from = 'Foreign <hello@foreign.example>' WHERE id = $1", s.ForeignTenantID)
	ses, err := mail.OpenSES(t.Context(), mail.SESOptions{
		Region: s.box.Region(), Endpoint: s.box.Endpoint(), AccessKeyID: s.box.AccessKeyID(), SecretAccessKey: s.box.SecretAccessKey(), From: "pix.immo <no-reply@pix.immo>",
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	queue, err := task.NewQueue(s.db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	var alerts audit.AlertQueue = queue
	if url != "" {
		alerts = task.PostedAlerts{Queue: queue}
	}
	s.security = audit.NewSecurity(audit.SecurityOptions{
		DB: s.db.Pool, Keys: secret.NewRing("audit secret of a test, long enough", ""), Tally: unread{}, Queue: alerts, Now: time.Now, Log: log,
		Rule: audit.Rule{Window: 5 * time.Minute, Cooldown: 15 * time.Minute, Thresholds: map[audit.Event]int{audit.LoginWrong: 25, audit.LimiterFallback: 1}},
	})
	s.alerts = watch.NewAlerts(watch.AlertOptions{DB: s.db.Pool, Tenants: account.NewTenants(s.db.Pool, "studio", time.Now), Sender: ses, Mailbox: alarm, Log: log})
	s.hook = watch.NewHook(watch.HookOptions{
		DB: s.db.Pool, Poster: r.poster(), URL: url, Secrets: []standard.Secret{hookSecret}, Now: time.Now, Log: log,
	})
	runner, err := task.NewRunner(s.db.Pool, task.Work{
		SecurityAlert: s.alerts.Mail, AlertWebhook: s.hook.Post, LoginMail: unexpected, Import: unexpected, GiveUp: unexpected,
	}, log)
	if err != nil {
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
	return s
}

func unexpected(context.Context, id.ID) error { return errors.New("nobody queued this") }

// record has the incidents written as the end of a server writes them.
func (s *station) record(incidents ...audit.Incident) {
	s.t.Helper()
	for _, one := range incidents {
		s.security.Record(one)
	}
	ended, end := context.WithCancel(s.t.Context())
	end()
	s.security.Run(ended)
}

func (s *station) failures(tenantID id.ID, n int) (all []audit.Incident) {
	for range n {
		all = append(all, audit.Incident{
			Event: audit.LoginWrong, TenantID: &tenantID, IP: netip.MustParseAddr("203.0.113.77"), Route: "/graphql", Detail: "code", RequestID: "4bf92f3577b34da6",
		})
	}
	return all
}

// queued is how many tasks of a kind there are, done or not.
func (s *station) queued(kind string) (n int) {
	s.t.Helper()
	if err := s.db.Owner.QueryRow(context.Background(), "SELECT count(*) FROM task.river_job WHERE kind = $1", kind).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// mailed waits until every alert is out, and returns to whom.
func (s *station) mailed() (to []string) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var open, all int
		if err := s.db.Owner.QueryRow(s.t.Context(), "SELECT count(*) FILTER (WHERE state::text <> 'completed'), count(*) FROM task.river_job WHERE kind = 'security_alert'").Scan(&open, &all); err != nil {
			s.t.Fatal(err)
		}
		if open == 0 && all > 0 {
			break
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%d of %d alerts are not out: %s", open, all, s.log)
		}
	}
	for _, m := range s.box.Messages() {
		to = append(to, m.To...)
	}
	slices.Sort(to)
	return to
}

func TestAnAlertReachesTheStudiosPeopleAndNobodyElse(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	defer func() {
		if n := s.queued("alert_webhook"); n != 0 {
			t.Errorf("%d webhooks are queued where there is none", n)
		}
	}()
	blocked := s.Person(t, s.TenantID, "blocked-admin@example.com", account.Admin)
	s.Exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", blocked.AccountID)
	s.record(s.failures(s.TenantID, 24)...)
	s.record(s.failures(s.TenantID, 60)...)
	s.record(s.failures(s.TenantID, 60)...)
	if got, want := s.mailed(), []string{"admin@example.com", alarm, "operator@example.com"}; !slices.Equal(got, want) {
		t.Errorf("mails to %q, want %q", got, want)
	}
	for _, m := range s.box.Messages() {
		if m.From != "pix.immo <no-reply@pix.immo>" || m.Subject != "Studio studio: Sicherheitshinweis – fehlgeschlagene Anmeldungen" || m.HTML != "" {
			t.Errorf("from %q: %q", m.From, m.Subject)
		}
		for _, says := range []string{"84 in 5 Minuten", "LOGIN_FAILED", "securityEvents", "Was zu tun ist"} {
			if !strings.Contains(m.Text, says) {
				t.Errorf("the mail lacks %q:\n%s", says, m.Text)
			}
		}
		s.tellsNothing(m)
	}
}

// tellsNothing looks for whatever a mail must not tell, to whomever it went.
func (s *station) tellsNothing(m mailbox.Message) {
	s.t.Helper()
	text := m.Subject + m.Text
	private := []string{"203.0.113", "4bf92f3577b34da6", s.Owner.Token, s.Owner.Device, "example.com", "example.org", "http"}
	for _, person := range []*cast.Person{s.Owner, s.Admin, s.Operator, s.ForeignAdmin} {
		private = append(private, person.Email, person.AccountID.String(), person.PublicID())
	}
	for _, one := range private {
		if strings.Contains(text, one) {
			s.t.Errorf("the mail tells %q:\n%s", one, text)
		}
	}
	if regexp.MustCompile(`[0-9a-f]{16}|\d+\.\d+\.\d+\.\d+|@`).MatchString(text) {
		s.t.Errorf("the mail holds a key or an address:\n%s", text)
	}
}

func TestAForeignStudiosAlertIsInItsLanguageAndFromItsSender(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.record(s.failures(s.ForeignTenantID, 25)...)
	if got, want := s.mailed(), []string{"admin@example.com", alarm}; !slices.Equal(got, want) {
		t.Errorf("mails to %q, want %q", got, want)
	}
	for _, m := range s.box.Messages() {
		if m.From != "Foreign <hello@foreign.example>" || m.Subject != "Studio foreign: security notice – failed sign-ins" || !strings.Contains(m.Text, "25 in 5 minutes") {
			t.Errorf("from %q: %q\n%s", m.From, m.Subject, m.Text)
		}
	}
}

func TestTheInstallationsAlertGoesToOperators(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.Person(t, s.ForeignTenantID, "chief@foreign.example", account.Operator)
	s.record(audit.Incident{Event: audit.LimiterFallback})
	if got, want := s.mailed(), []string{alarm, "chief@foreign.example", "operator@example.com"}; !slices.Equal(got, want) {
		t.Errorf("mails to %q, want %q", got, want)
	}
	subjects := map[string]string{}
	for _, m := range s.box.Messages() {
		subjects[m.To[0]] = m.Subject
	}
	if subjects["chief@foreign.example"] != "pixgate: security notice – Redis can't be reached" ||
		subjects["operator@example.com"] != "pixgate: Sicherheitshinweis – Redis ist nicht erreichbar" || subjects[alarm] != subjects["operator@example.com"] {
		t.Errorf("subjects %q", subjects)
	}
}

// SES fails for a while: afterwards everybody has the mail, and nobody twice.
func TestAnAlertIsTriedAgainForThoseWhoHaveNotGotIt(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.box.Fail(mailbox.Broken)
	s.record(s.failures(s.TenantID, 25)...)
	for deadline, tries := time.Now().Add(30*time.Second), 0; tries < 2; time.Sleep(20 * time.Millisecond) {
		if err := s.db.Owner.QueryRow(t.Context(), "SELECT coalesce(max(attempt), 0) FROM task.river_job WHERE kind = 'security_alert'").Scan(&tries); err != nil || time.Now().After(deadline) {
			t.Fatalf("%d tries, %v", tries, err)
		}
	}
	for deadline, waiting := time.Now().Add(30*time.Second), int64(0); waiting == 0; time.Sleep(5 * time.Millisecond) { // nobody is in the middle of it
		tag, err := s.db.Owner.Exec(t.Context(), "UPDATE task.river_job SET scheduled_at = now() + interval '1 hour' WHERE kind = 'security_alert' AND state = 'retryable'")
		if waiting = tag.RowsAffected(); err != nil || time.Now().After(deadline) {
			t.Fatalf("the task does not come to rest: %v", err)
		}
	}
	s.Exec(t, "UPDATE security_alert SET mailed = ARRAY[$1::uuid]", s.Admin.AccountID) // as if the first had gone out
	s.box.Recover()
	s.Exec(t, "UPDATE task.river_job SET state = 'available', scheduled_at = now() WHERE kind = 'security_alert'")
	if got, want := s.mailed(), []string{alarm, "operator@example.com"}; !slices.Equal(got, want) {
		t.Errorf("mails to %q, want %q", got, want)
	}
	var args string
	if err := s.db.Owner.QueryRow(t.Context(), "SELECT args::text FROM task.river_job WHERE kind = 'security_alert'").Scan(&args); err != nil || !regexp.MustCompile(`^\{"alert_id": "[0-9a-f]{32}"\}$`).MatchString(args) {
		t.Errorf("the task's arguments are %s, %v", args, err)
	}
	if said := s.log.String(); strings.Contains(said, "@example") || strings.Contains(said, "203.0.113") {
		t.Error("the log tells an address")
	}
}

// fussy refuses one mailbox for good.
type fussy struct {
	mu   sync.Mutex
	sent []string
}

func (f *fussy) Send(_ context.Context, m mail.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m.To == "admin@example.com" {
		return fmt.Errorf("%w: no such mailbox", mail.ErrRefused)
	}
	f.sent = append(f.sent, m.To)
	return nil
}

func TestAMailboxThatRefusesIsGivenUpAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	c, sender, log := cast.New(t, db.Owner), &fussy{}, &buffer{}
	alerts := watch.NewAlerts(watch.AlertOptions{
		DB: db.Pool, Tenants: account.NewTenants(db.Pool, "studio", time.Now), Sender: sender, Mailbox: "Operator@example.com", Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	alertID := id.New(time.Now())
	c.Exec(t, "INSERT INTO security_alert VALUES ($1, $2, 'csrf_blocked', 25, now() - interval '5 minutes', now())", alertID, c.TenantID)
	for range 2 { // the second time nothing is left to do
		if err := alerts.Mail(t.Context(), alertID); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(sender.sent, []string{"operator@example.com"}) { // once, although ALERT_EMAIL is the same mailbox
		t.Errorf("mails to %q", sender.sent)
	}
	if !strings.Contains(log.String(), "refused for good") || strings.Contains(log.String(), "admin@") {
		t.Errorf("the log says %s", log)
	}
	if err := alerts.Mail(t.Context(), id.New(time.Now())); err != nil || len(sender.sent) != 1 {
		t.Errorf("an alert that a later one replaced: %v", err)
	}
}

// buffer is a log that several goroutines write.
type buffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
