package dossier_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/dossier"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/mail"
	"pixgate/internal/secret"
	"pixgate/internal/session"
	"pixgate/internal/transfer"
)

// world is the cast of two studios, and the rooms that write about people.
type world struct {
	*cast.Cast
	db       *stage.DB
	keys     secret.Ring
	tenants  *account.Tenants
	sessions *session.Service
	jobs     *job.Jobs
	bookings *booking.Bookings
	uploads  *transfer.Uploads
	dossiers *dossier.Dossiers

	mu      sync.Mutex
	codes   []id.ID
	letters []mail.Message
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{db: stage.Database(t), keys: secret.NewRing("a key of the tests, long enough for it", "")}
	w.Cast = cast.New(t, w.db.Owner)
	quiet := slog.New(slog.DiscardHandler)
	w.tenants = account.NewTenants(w.db.Pool, "studio", time.Now)
	log := audit.NewLog(w.keys, time.Now)
	w.sessions = session.New(session.Options{
		DB: w.db.Pool, Tenants: w.tenants, Codes: secret.NewRing("otp secret of a test, long enough", ""), Queue: w, Sender: w, Audit: log, Now: time.Now, Log: quiet,
	})
	w.jobs = job.NewJobs(w.db.Pool, log, time.Now)
	w.bookings = booking.New(booking.Options{DB: w.db.Pool, Tenants: w.tenants, Audit: log, Queue: w, Now: time.Now})
	w.uploads = transfer.NewUploads(transfer.UploadOptions{DB: w.db.Pool, Jobs: w.jobs, Tenants: w.tenants, Now: time.Now, Log: quiet})
	w.dossiers = w.at(time.Now)
	return w
}

// BookingMail mails nothing.
func (w *world) BookingMail(context.Context, pgx.Tx, id.ID) error { return nil }

// book books for a person.
func (w *world) book(t testing.TB, p *cast.Person, notes string) error {
	t.Helper()
	_, _, err := w.bookings.Create(t.Context(), w.viewer(p), booking.Wish{
		Address: "Seestraße 1", Package: cast.PackageKey, PreferredDates: []time.Time{time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 7)}, Notes: notes,
	})
	return err
}

// announce announces a file of a person for a job.
func (w *world) announce(t testing.TB, p *cast.Person, j *cast.Job, filename string) error {
	t.Helper()
	sum := sha256.Sum256([]byte(filename))
	_, _, err := w.uploads.Create(t.Context(), w.viewer(p), transfer.Announcement{
		JobID: j.PublicID(), Filename: filename, ContentType: "image/jpeg", Size: 1000, SHA256: hex.EncodeToString(sum[:]), Address: "somewhere",
	})
	return err
}

// upload writes an upload of a person.
func (w *world) upload(t testing.TB, p *cast.Person, j *cast.Job, state, filename string) {
	t.Helper()
	w.Exec(t, `INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, image_id, rejection, explanation, due_at, created_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, 'somewhere', $6, $7, 'image/jpeg', 10, sha256($7::text::bytea), 0, CASE WHEN $6::text = 'READY' THEN $8::uuid END,
			CASE WHEN $6::text = 'REJECTED' THEN 'EMPTY' END, CASE WHEN $6::text = 'REJECTED' THEN 'It is empty.' END, now(), now(), CASE WHEN $6::text NOT IN ('PENDING', 'VERIFYING') THEN now() END)`,
		id.New(time.Now()), p.TenantID, j.ID, p.AccountID, p.SessionID, state, filename, j.Images[job.None])
}

// at are the dossiers by another clock.
func (w *world) at(now func() time.Time) *dossier.Dossiers {
	return dossier.New(dossier.Options{
		DB: w.db.Pool, Tenants: w.tenants, Sessions: w.sessions, Audit: audit.NewLog(w.keys, now), Now: now, Log: slog.New(slog.DiscardHandler),
	})
}

// LoginMail keeps a code for [world.code].
func (w *world) LoginMail(_ context.Context, _ pgx.Tx, codeID id.ID, _ time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.codes = append(w.codes, codeID)
	return nil
}

// Send keeps a mail.
func (w *world) Send(_ context.Context, m mail.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.letters = append(w.letters, m)
	return nil
}

// client is one in the n-th network.
func (w *world) client(t testing.TB, n int) session.Client {
	t.Helper()
	studio, err := w.tenants.ByID(t.Context(), w.TenantID)
	if err != nil {
		t.Fatal(err)
	}
	return session.Client{Tenant: studio, IP: netip.AddrFrom4([4]byte{10, byte(n >> 8), byte(n), 7}), Unforged: true}
}

// newCode asks for a code and reads it in the mailbox.
func (w *world) newCode(t testing.TB, c session.Client, email string) (challengeID, digits string) {
	t.Helper()
	challenge, err := w.sessions.RequestCode(t.Context(), c, session.CodeRequest{Email: email})
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	codeID := w.codes[len(w.codes)-1]
	w.mu.Unlock()
	if err := w.sessions.MailCode(t.Context(), codeID); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return challenge.ID, regexp.MustCompile(`\b\d{6}\b`).FindString(w.letters[len(w.letters)-1].Text)
}

// signIn proves a mailbox by a code.
func (w *world) signIn(t testing.TB, c session.Client, challengeID, digits, device string) (session.SignedIn, error) {
	t.Helper()
	return w.sessions.VerifyCode(t.Context(), c, session.SignIn{
		ChallengeID: challengeID, Code: digits, Transport: session.Token, Device: &session.Device{Secret: device, Name: "Kitchen tablet"}, RequestID: "test",
	})
}

// viewer is somebody as their session shows them.
func (w *world) viewer(p *cast.Person) account.Viewer {
	return account.Viewer{
		TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Email: p.Email, Role: p.Role, RequestID: "request-of-a-test",
	}
}

// text asks the database for a text.
func (w *world) text(t testing.TB, sql string, args ...any) (text string) {
	t.Helper()
	if err := w.db.Owner.QueryRow(t.Context(), sql, args...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// again are the dossiers that read the studios anew.
func (w *world) again() *dossier.Dossiers {
	w.tenants = account.NewTenants(w.db.Pool, "studio", time.Now)
	return w.at(time.Now)
}
