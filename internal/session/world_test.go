package session_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/internal/secret"
	"pixgate/internal/session"
)

const (
	codeSecret  = "a secret of the tests, long enough"
	auditSecret = "another secret of the tests, long enough"
)

// world is a studio with a database of its own, a clock that tests set, and a
// mail room that keeps what it gets.
type world struct {
	t       *testing.T
	db      *stage.DB
	clock   *clock
	mails   *mailRoom
	log     *safeBuffer
	codes   secret.Ring
	service *session.Service
	studio  account.Tenant
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := stage.Database(t)
	w := &world{t: t, db: db, clock: &clock{now: time.Now()}, mails: &mailRoom{}, log: &safeBuffer{}}
	w.studio = w.addStudio("studio", true)
	w.rotate(codeSecret)
	return w
}

func (w *world) newService(pool *pgxpool.Pool, queue session.MailQueue) *session.Service {
	return session.New(session.Options{
		DB: pool, Tenants: account.NewTenants(pool, "studio", w.clock.Now), Codes: w.codes,
		Queue: queue, Sender: w.mails, Audit: audit.NewLog(secret.NewRing(auditSecret, ""), w.clock.Now), Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
}

// rotate starts the service with a secret and those before it.
func (w *world) rotate(current secret.Value, previous ...secret.Value) {
	w.codes = secret.NewRing(current, previous...)
	w.service = w.newService(w.db.Pool, w.mails)
	w.mails.service = w.service
}

func (w *world) addStudio(slug string, signUp bool) account.Tenant {
	w.t.Helper()
	studio := account.Tenant{ID: id.New(w.clock.Now()), Slug: slug, Name: "Studio " + slug, Locale: account.German, SignUp: signUp}
	w.exec("INSERT INTO tenant (id, slug, name, sign_up, created_at) VALUES ($1, $2, $3, $4, now())", studio.ID, slug, studio.Name, signUp)
	return studio
}

// exec changes something behind the service's back.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Owner.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) count(sql string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.db.Owner.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// from is a client of the studio at an address, without a device cookie.
func (w *world) from(ip string) session.Client {
	return session.Client{Tenant: w.studio, IP: netip.MustParseAddr(ip), Unforged: true}
}

// network is a client in the n-th network of its own.
func (w *world) network(n int) session.Client {
	return w.from(fmt.Sprintf("10.%d.%d.7", n/250, n%250))
}

func (w *world) ask(c session.Client, email string, device *session.Device) session.Challenge {
	w.t.Helper()
	challenge, err := w.service.RequestCode(w.t.Context(), c, session.CodeRequest{Email: email, Device: device})
	if err != nil {
		w.t.Fatalf("RequestCode: %v", err)
	}
	return challenge
}

// verify signs in by token with a device.
func (w *world) verify(c session.Client, challengeID, code string, device session.Device) (session.SignedIn, error) {
	return w.service.VerifyCode(w.t.Context(), c, session.SignIn{
		ChallengeID: challengeID, Code: code, Device: &device, Transport: session.Token, RequestID: "test",
	})
}

// signIn goes all the way.
func (w *world) signIn(c session.Client, email string, device session.Device) session.SignedIn {
	w.t.Helper()
	challenge := w.ask(c, email, &device)
	in, err := w.verify(c, challenge.ID, w.mails.code(w.t, email), device)
	if err != nil {
		w.t.Fatalf("VerifyCode: %v", err)
	}
	return in
}

func (w *world) authenticate(token string) (account.Viewer, error) {
	return w.service.Authenticate(w.t.Context(), token, session.Token, w.studio.ID, "")
}

// forgive empties the budgets, so that a test sees the rule behind them.
func (w *world) forgive() { w.t.Helper(); w.exec("DELETE FROM budget") }

func device(n int) session.Device {
	return session.Device{Secret: fmt.Sprintf("device-secret-%06d", n), Name: fmt.Sprintf("Phone %d", n), Kind: "HANDHELD"}
}

// wrong returns a code that is not this one.
func wrong(code string, n int) string {
	var value int
	fmt.Sscanf(code, "%d", &value)
	return fmt.Sprintf("%06d", (value+1+n)%1_000_000)
}

// want fails unless err carries the code; empty: no error.
func want(t *testing.T, err error, code fault.Code) *fault.Error {
	t.Helper()
	if err == nil && code == "" {
		return nil
	}
	if err == nil || code == "" || !fault.Is(err, code) {
		t.Fatalf("got error %v, want %q", err, code)
	}
	return fault.As(err)
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// mailRoom queues mails in memory and keeps what it is told to send.
type mailRoom struct {
	service *session.Service
	mu      sync.Mutex
	queued  []id.ID
	sent    []mail.Message
	fail    error
}

func (m *mailRoom) LoginMail(_ context.Context, _ pgx.Tx, codeID id.ID, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queued = append(m.queued, codeID)
	return nil
}

func (m *mailRoom) Send(_ context.Context, message mail.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.sent = append(m.sent, message)
	return nil
}

// deliver works the queue off and returns all that was ever sent.
func (m *mailRoom) deliver(t *testing.T) []mail.Message {
	t.Helper()
	m.mu.Lock()
	queued := m.queued
	m.mu.Unlock()
	for _, codeID := range queued {
		if err := m.service.MailCode(t.Context(), codeID); err != nil {
			t.Fatalf("MailCode: %v", err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent
}

var digits = regexp.MustCompile(`(?m)^ {4}(\d{6})$`)

// code returns the code of the latest mail to an address.
func (m *mailRoom) code(t *testing.T, email string) string {
	t.Helper()
	sent := m.deliver(t)
	for i := len(sent) - 1; i >= 0; i-- {
		if strings.EqualFold(sent[i].To, email) {
			if found := digits.FindStringSubmatch(sent[i].Text); found != nil {
				return found[1]
			}
		}
	}
	t.Fatalf("no code was mailed; %d mails in all", len(sent))
	return ""
}

type safeBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// tally counts what the statements of a pool did.
type tally struct {
	mu         sync.Mutex
	statements []string // first lines
	rows       map[string]int64
}

type tallyKey struct{}

func (c *tally) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	first, _, _ := strings.Cut(strings.TrimSpace(data.SQL), "\n")
	return context.WithValue(ctx, tallyKey{}, first)
}

func (c *tally) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	statement, _ := ctx.Value(tallyKey{}).(string)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statements = append(c.statements, statement)
	c.rows[statement] += data.CommandTag.RowsAffected()
}

func (c *tally) rowsOf(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var n int64
	for statement, rows := range c.rows {
		if strings.Contains(statement, name) {
			n += rows
		}
	}
	return n
}

// tallied is a pool of the server's role whose statements are counted.
func (w *world) tallied() (*pgxpool.Pool, *tally) {
	w.t.Helper()
	config, err := pgxpool.ParseConfig(w.db.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	counts := &tally{rows: make(map[string]int64)}
	config.ConnConfig.Tracer = counts
	config.MaxConns = 32
	pool, err := pgxpool.NewWithConfig(w.t.Context(), config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(pool.Close)
	return pool, counts
}

// parallel runs do n times at once and returns its errors.
func parallel(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// codes counts errors by their code; the empty code is success.
func codes(errs []error) map[fault.Code]int {
	counts := make(map[fault.Code]int)
	for _, err := range errs {
		if err == nil {
			counts[""]++
			continue
		}
		counts[fault.As(err).Code]++
	}
	return counts
}
