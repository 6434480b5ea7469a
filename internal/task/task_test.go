package task_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/internal/secret"
	"pixgate/internal/session"
	"pixgate/internal/task"
)

const patience = 30 * time.Second

// nothing is work that is never expected.
func nothing(t *testing.T) task.Work {
	return task.Work{
		LoginMail:     func(context.Context, id.ID) error { t.Error("a mail nobody queued"); return nil },
		Import:        func(context.Context, id.ID) error { t.Error("an import nobody queued"); return nil },
		GiveUp:        func(context.Context, id.ID) error { t.Error("an import given up"); return nil },
		SecurityAlert: func(context.Context, id.ID) error { t.Error("an alert nobody raised"); return nil },
		TakeUpload:    func(context.Context, id.ID) error { t.Error("an upload nobody completed"); return nil },
	}
}

func start(t *testing.T, db *stage.DB, work task.Work, log *slog.Logger) *task.Runner {
	t.Helper()
	runner, err := task.NewRunner(db.Pool, work, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, runner) })
	return runner
}

func stop(t *testing.T, runner *task.Runner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := runner.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// queue queues something in a transaction of its own.
func queue(t *testing.T, db *stage.DB, put func(context.Context, *task.Queue, pgx.Tx) error) {
	t.Helper()
	q, err := task.NewQueue(db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	if err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error { return put(t.Context(), q, tx) }); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for something to come.
func eventually[T any](t *testing.T, what string, within time.Duration, come <-chan T) T {
	t.Helper()
	select {
	case got := <-come:
		return got
	case <-time.After(within):
		t.Fatalf("%s did not come within %v", what, within)
	}
	panic("unreachable")
}

// inState waits until the tasks of a kind are in a state.
func inState(t *testing.T, db *stage.DB, kind, state string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		var n, all int
		err := db.Owner.QueryRow(t.Context(),
			"SELECT count(*) FILTER (WHERE state::text = $2), count(*) FROM task.river_job WHERE kind = $1", kind, state).Scan(&n, &all)
		if err != nil {
			t.Fatal(err)
		}
		if n == all && n > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d tasks of kind %s are %s", n, all, kind, state)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestATaskIsQueuedWithItsTransactionOrNotAtAll(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	q, err := task.NewQueue(db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	undone := errors.New("undone")
	err = pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		if err := q.Import(t.Context(), tx, id.New(time.Now()), 0); err != nil {
			t.Error(err)
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	mailed := make(chan id.ID, 1)
	work := nothing(t)
	work.LoginMail = func(_ context.Context, codeID id.ID) error { mailed <- codeID; return nil }
	start(t, db, work, slog.New(slog.DiscardHandler))
	codeID := id.New(time.Now())
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error {
		return q.LoginMail(ctx, tx, codeID, time.Now().Add(time.Minute))
	})
	if got := eventually(t, "the mail", patience, mailed); got != codeID {
		t.Errorf("mail of %s, want %s", got, codeID)
	}
	inState(t, db, "login_mail", "completed")
}

func TestAStopLetsAnImportGoOnLater(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	begun, over := make(chan struct{}), make(chan struct{})
	work := nothing(t)
	work.Import = func(ctx context.Context, _ id.ID) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}
	runner := start(t, db, work, slog.New(slog.DiscardHandler))
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error {
		return q.Import(ctx, tx, id.New(time.Now()), 0)
	})
	eventually(t, "the import", patience, begun)
	stop(t, runner)
	var attempts int
	if err := db.Owner.QueryRow(t.Context(), "SELECT attempt FROM task.river_job WHERE kind = 'image_import'").Scan(&attempts); err != nil || attempts != 0 {
		t.Errorf("the stop cost %d attempts, %v", attempts, err)
	}
	work.Import = func(context.Context, id.ID) error { close(over); return nil }
	start(t, db, work, slog.New(slog.DiscardHandler))
	eventually(t, "the rest of the import", patience, over)
}

func TestAnImportThatFailsIsGivenUpAfterFiveTimes(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	var runs atomic.Int32
	importID, givenUp := id.New(time.Now()), make(chan id.ID, 1)
	work := nothing(t)
	work.Import = func(context.Context, id.ID) error { runs.Add(1); return errors.New("storage is away") }
	work.GiveUp = func(_ context.Context, importID id.ID) error { givenUp <- importID; return nil }
	died := make(chan string, 5)
	work.Died = func(kind string) { died <- kind }
	start(t, db, work, slog.New(slog.DiscardHandler))
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error { return q.Import(ctx, tx, importID, 0) })
	inState(t, db, "image_import", "discarded")
	if n := runs.Load(); n != 5 {
		t.Errorf("%d runs, want 5", n)
	}
	if got := eventually(t, "the end of the import", patience, givenUp); got != importID {
		t.Errorf("gave up %s, want %s", got, importID)
	}
	if kind := eventually(t, "the news of its death", patience, died); kind != "image_import" || len(died) != 0 {
		t.Errorf("died: %s, and %d more", kind, len(died))
	}
}

// studio is everything that a login mail goes through.
type studio struct {
	db       *stage.DB
	box      *mailbox.Server
	sessions *session.Service
	client   session.Client
	log      *record
	slog     *slog.Logger
}

func newStudio(t *testing.T) *studio {
	t.Helper()
	db, box, log := stage.Database(t), stage.Mailbox(t), &record{}
	tenant := account.Tenant{ID: id.New(time.Now()), Name: "pix.immo", Slug: "studio", Locale: account.German, SignUp: true}
	if _, err := db.Owner.Exec(t.Context(), "INSERT INTO tenant (id, slug, name, created_at) VALUES ($1, 'studio', 'pix.immo', now())", tenant.ID); err != nil {
		t.Fatal(err)
	}
	ses, err := mail.OpenSES(t.Context(), mail.SESOptions{
		Region: box.Region(), Endpoint: box.Endpoint(), AccessKeyID: box.AccessKeyID(), SecretAccessKey: box.SecretAccessKey(), From: "no-reply@pix.immo",
	})
	if err != nil {
		t.Fatal(err)
	}
	q, err := task.NewQueue(db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	sessions := session.New(session.Options{
		DB: db.Pool, Tenants: account.NewTenants(db.Pool, "studio", time.Now), Codes: secret.NewRing("a secret of the tests, long enough", ""),
		Queue: q, Sender: ses, Now: time.Now, Log: logger,
	})
	return &studio{
		db: db, box: box, sessions: sessions, log: log, slog: logger,
		client: session.Client{Tenant: tenant, IP: netip.MustParseAddr("192.0.2.1")},
	}
}

func (s *studio) work(t *testing.T) task.Work {
	work := nothing(t)
	work.LoginMail = s.sessions.MailCode
	return work
}

func (s *studio) ask(t *testing.T, email string) session.Challenge {
	t.Helper()
	challenge, err := s.sessions.RequestCode(t.Context(), s.client, session.CodeRequest{Email: email})
	if err != nil {
		t.Fatal(err)
	}
	return challenge
}

func (s *studio) mail(t *testing.T, to string, within time.Duration) mailbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	m, err := s.box.Wait(ctx, to, 1)
	if err != nil {
		t.Fatalf("no mail within %v: %v", within, err)
	}
	return m
}

func TestTheMailFollowsWhenSESWasAway(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	start(t, s.db, s.work(t), s.slog)
	s.box.Fail(mailbox.Down)
	s.ask(t, "somebody@example.com") // the answer is the same
	deadline := time.Now().Add(patience)
	for failed := 0; failed < 2; {
		if err := s.db.Owner.QueryRow(t.Context(), "SELECT coalesce(max(attempt), 0) FROM task.river_job WHERE kind = 'login_mail'").Scan(&failed); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("the mail was not tried twice")
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.box.Recover()
	m := s.mail(t, "somebody@example.com", patience)
	inState(t, s.db, "login_mail", "completed")
	s.tellsNothing(t, m)
}

// tellsNothing checks that neither log nor tasks hold what a mail says.
func (s *studio) tellsNothing(t *testing.T, m mailbox.Message) {
	t.Helper()
	_, rest, _ := strings.Cut(m.Text, "\n    ")
	code, _, _ := strings.Cut(rest, "\n")
	if len(code) != 6 {
		t.Fatal("no code in the mail")
	}
	rows, err := s.db.Owner.Query(t.Context(), "SELECT args::text || coalesce(array_to_string(errors, ' '), '') || metadata::text FROM task.river_job")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(stored, s.log.String()) {
		if strings.Contains(text, m.To[0]) || strings.Contains(text, "\""+code) || strings.Contains(text, " "+code) || strings.Contains(text, "="+code) {
			t.Error("a task or the log holds the code or the address")
		}
	}
}

func TestNoMailLeavesAfterItsCodeHasExpired(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.box.Fail(mailbox.Broken)
	start(t, s.db, s.work(t), s.slog)
	s.ask(t, "somebody@example.com")
	if _, err := s.db.Owner.Exec(t.Context(), "UPDATE login_code SET created_at = now() - interval '10 minutes', expires_at = now() + interval '2 seconds'"); err != nil {
		t.Fatal(err)
	}
	inState(t, s.db, "login_mail", "completed")
	s.box.Recover()
	if n := len(s.box.Messages()); n != 0 {
		t.Errorf("%d mails, want none", n)
	}
	if !strings.Contains(s.log.String(), "its code has expired") {
		t.Error("the log does not tell")
	}
}

type record struct {
	mu  sync.Mutex
	all strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}

func TestAnAlertIsTriedUntilItIsOut(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	alertID, out := id.New(time.Now()), make(chan id.ID, 1)
	var runs atomic.Int32
	work := nothing(t)
	work.SecurityAlert = func(_ context.Context, alertID id.ID) error {
		if runs.Add(1) == 1 {
			return errors.New("SES is away")
		}
		out <- alertID
		return nil
	}
	runner := start(t, db, work, slog.New(slog.DiscardHandler))
	if err := runner.Check(t.Context()); err != nil {
		t.Error(err)
	}
	queue(t, db, func(ctx context.Context, q *task.Queue, tx pgx.Tx) error { return q.SecurityAlert(ctx, tx, alertID) })
	if got := eventually(t, "the alert", patience, out); got != alertID {
		t.Errorf("alert %s, want %s", got, alertID)
	}
	stop(t, runner)
	if err := runner.Check(t.Context()); err == nil {
		t.Error("a runner that has stopped says that it runs")
	}
}
