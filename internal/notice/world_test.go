package notice_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/amazon"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/mail"
	"pixgate/internal/mail/report"
	"pixgate/internal/notice"
	"pixgate/internal/secret"
	"pixgate/internal/task"
)

// studio is the room on a real database, with a queue that nobody works off by itself.
type studio struct {
	*cast.Cast
	db      *stage.DB
	notices *notice.Notices
	jobs    *job.Jobs
	box     *mailbox.Server
	sender  mail.Sender
	amazon  *amazon.Amazon
	records *stage.Records
}

func newStudio(t testing.TB) *studio {
	t.Helper()
	s := &studio{db: stage.Database(t), box: stage.Mailbox(t), amazon: amazon.New(t, time.Now()), records: &stage.Records{}}
	s.Cast = cast.New(t, s.db.Owner)
	queue, err := task.NewQueue(s.db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	ses, err := mail.OpenSES(t.Context(), mail.SESOptions{
		Region: s.box.Region(), Endpoint: s.box.Endpoint(), AccessKeyID: s.box.AccessKeyID(), SecretAccessKey: s.box.SecretAccessKey(), From: "pix.immo <no-reply@pix.immo>",
	})
	if err != nil {
		t.Fatal(err)
	}
	s.sender = notice.Careful(s.db.Pool, ses)
	chain := audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), time.Now)
	s.notices = notice.New(notice.Options{
		DB: s.db.Pool, Tenants: account.NewTenants(s.db.Pool, "studio", time.Now), Audit: chain, Queue: queue, Sender: s.sender, Security: s.records,
		Reports:    report.New(report.Options{Topics: []string{amazon.Topic}, Fetch: s.amazon.Fetch, Now: time.Now}),
		PublicURLs: []string{"https://api.pix.example"}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	s.jobs = job.NewJobs(s.db.Pool, chain, time.Now, mails{s.notices})
	return s
}

// mails are the herald of a server without webhooks.
type mails struct{ *notice.Notices }

func (mails) ImagesReleased(context.Context, pgx.Tx, id.ID, id.ID, []job.Released) error { return nil }

func viewer(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Email: p.Email, Role: p.Role, RequestID: "test"}
}

func (s *studio) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := s.db.Owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// queued are the notifications whose mails are queued, oldest first.
func (s *studio) queued(t testing.TB) (all []id.ID) {
	t.Helper()
	rows, err := s.db.Owner.Query(t.Context(), "SELECT (args->>'notification_id')::uuid FROM task.river_job WHERE kind = 'notification_mail' ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// work mails all that is queued, and returns the mails that came, oldest first.
func (s *studio) work(t testing.TB) []mailbox.Message {
	t.Helper()
	for _, one := range s.queued(t) {
		if err := s.notices.Mail(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	return s.box.Messages()
}

func (s *studio) notify(t testing.TB, by *cast.Person, j *cast.Job, message string) {
	t.Helper()
	if refusals, err := s.notices.Notify(t.Context(), viewer(by), j.PublicID(), message); err != nil || refusals != nil {
		t.Fatalf("notify: %v %v", refusals, err)
	}
}

var link = regexp.MustCompile(`^<(https://[a-z.]+)/unsubscribe\?token=([A-Za-z0-9_-]{43})>$`)

// wayOut is the base and the token of the link that a mail has, in its head and in its text.
func wayOut(t testing.TB, m mailbox.Message) (base, token string) {
	t.Helper()
	parts := link.FindStringSubmatch(m.Headers["List-Unsubscribe"])
	if parts == nil || m.Headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" || len(m.Headers) != 2 || !strings.HasSuffix(m.Text, "\n"+parts[1]+"/unsubscribe?token="+parts[2]+"\n") {
		t.Fatalf("%q has the headers %q and ends with\n%s", m.Subject, m.Headers, m.Text[max(0, len(m.Text)-150):])
	}
	return parts[1], parts[2]
}

// hear has SNS post something.
func (s *studio) hear(t testing.TB, messageID, message string) error {
	t.Helper()
	return s.notices.Hear(t.Context(), s.amazon.Sign(t, amazon.Notification(messageID, message, time.Now())))
}

var errNobody = errors.New("nobody queued this")

func unexpected(context.Context, id.ID) error { return errNobody }

// plain is a mail of another kind, such as one with a code.
func plain(mailbox string) mail.Message {
	return mail.Message{To: mailbox, Subject: "Code", Text: "123456\n"}
}
