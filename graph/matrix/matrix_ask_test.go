package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/mail"
	"pixgate/internal/secret"
	"pixgate/internal/session"
	"pixgate/internal/task"
	"pixgate/internal/transfer"
)

// matrix is an API that queues its tasks as the server does, and tells whether a
// resolver ran. Everything in it that can be null has a value.
type matrix struct {
	*api
	watched     http.Handler
	mail        chan mail.Message
	clients     atomic.Int64
	importOfAll id.ID
	entries     int        // of the audit log that newEntries has seen
	proving     sync.Mutex // a process verifies one audit log at a time

	audited map[id.ID]id.ID // entries of the audit log, by the picture that they are about
	event   id.ID           // of security, by the owner; ofNobody is the installation's

	foreignEvent, ofNobody id.ID

	store                                                  *blob.Store
	upload, rejected, parted, photographers, foreignUpload id.ID
	taken                                                  map[id.ID]id.ID // uploads that became pictures, by those

	bookingOfAll *cast.Booking // Booking is that of Package
	forgotten    id.ID         // a device of the owner's, unseen for too long

	run        id.ID  // of maintenance
	dead, done string // tasks: that died, and that went well

	hook, hookDelivery, foreignHook, foreignHookDelivery id.ID
}

// Send keeps a mail for the test that waits for it.
func (m *matrix) Send(_ context.Context, message mail.Message) error {
	m.mail <- message
	return nil
}

type resolversKey struct{}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{api: newAPI(t), mail: make(chan mail.Message, 1)}
	queue, err := task.NewQueue(m.db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	bucket := stage.Bucket(t)
	store, err := blob.Open(t.Context(), blob.Options{
		Endpoint: bucket.Endpoint, Region: bucket.Region, Bucket: bucket.Bucket, AccessKeyID: bucket.AccessKeyID, SecretAccessKey: bucket.SecretAccessKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, studio := range []string{"studio", "foreign"} { // something to import
		if _, err := store.Put(t.Context(), "tenants/"+studio+"/incoming/2026/haus-am-see/1.jpg", "image/jpeg", []byte("picture")); err != nil {
			t.Fatal(err)
		}
	}
	r, log := m.resolver, slog.New(slog.DiscardHandler)
	r.Log = log
	r.Sessions = session.New(session.Options{
		DB: m.db.Pool, Tenants: r.Tenants, Codes: secret.NewRing("otp secret of the matrix, long enough", ""), Queue: queue, Sender: m, Now: time.Now, Log: log,
		Audit: audit.NewLog(secret.NewRing("audit secret of the matrix, long enough", ""), time.Now),
	})
	r.Imports = transfer.NewImports(transfer.ImportOptions{
		DB: m.db.Pool, Jobs: r.Jobs, Store: store, Tenants: r.Tenants, Audit: audit.NewLog(secret.NewRing("audit secret of the matrix, long enough", ""), time.Now),
		Queue: queue, Now: time.Now, Log: log,
	})
	m.store = store
	m.stageUploads(t, queue, log)
	r.Bookings = booking.New(booking.Options{
		DB: m.db.Pool, Tenants: r.Tenants, Audit: audit.NewLog(secret.NewRing("audit secret of the matrix, long enough", ""), time.Now), Queue: queue, Now: time.Now,
	})
	m.watched = r.Handler(func(ctx context.Context, op *graphql.OperationContext) context.Context {
		ctx = r.Begin(ctx, op)
		planned, ran := op.ResolverMiddleware, ctx.Value(resolversKey{}).(*atomic.Int64)
		op.ResolverMiddleware = func(ctx context.Context, next graphql.Resolver) (any, error) {
			ran.Add(1)
			return planned(ctx, next)
		}
		return ctx
	})
	m.Exec(t, "UPDATE tenant SET hosts = ARRAY[slug || '.test'], origins = ARRAY['https://' || slug || '.test'], mail_from = 'no-reply@' || slug || '.test', forget_after_days = 730")
	m.Exec(t, "INSERT INTO mail_suppression SELECT DISTINCT email_key, 'COMPLAINT', now() FROM account WHERE email_key <> 'other@example.com'")
	m.Exec(t, "INSERT INTO mail_day VALUES (current_date, 10, 1, 0)")
	m.Exec(t, "UPDATE account SET last_seen_at = now()")
	m.Exec(t, "UPDATE account SET valid_until = now() + interval '1 year' WHERE id = $1", m.Owner.AccountID)
	m.Exec(t, "UPDATE image SET captured_at = now()")
	m.Exec(t, "UPDATE image SET delivered_at = now() WHERE id = $1", m.Package.Images[job.Included])
	m.Exec(t, "UPDATE booking SET state = 'CONFIRMED', confirmed_date = current_date + 7, message = 'See you' WHERE id = $1", m.Booking.ID)
	m.Exec(t, "UPDATE job SET booking_id = $1 WHERE id = $2", m.Booking.ID, m.Package.ID)
	m.bookingOfAll = m.Booked(t, m.Owner, m.Photographer)
	m.Exec(t, "UPDATE job SET booking_id = $1 WHERE id = $2", m.bookingOfAll.ID, m.All.ID)
	m.forgotten = m.secondDevice(t, m.Owner)
	m.Exec(t, "UPDATE device SET last_seen_at = now() - interval '91 days' WHERE id = $1", m.forgotten)
	m.audited = map[id.ID]id.ID{}
	for _, j := range []*cast.Job{m.Package, m.All} {
		m.audit(t, m.Owner, j)
	}
	m.audit(t, m.Foreigner, m.ForeignJob)
	m.entries = m.count("SELECT count(*) FROM audit_entry WHERE tenant_id = $1", m.TenantID)
	m.importOfAll = id.New(time.Now())
	m.Exec(t, `INSERT INTO image_import (id, tenant_id, job_id, account_id, prefix, state, created_at) VALUES ($1, $2, $3, $4, 'all', 'DONE', now())`,
		m.importOfAll, m.TenantID, m.All.ID, m.Admin.AccountID)
	m.Exec(t, `UPDATE image_import SET finished_at = now(), refused = '[{"name": "a.txt", "code": "NOT_A_PICTURE", "message": "No."}]'`)
	m.event, m.foreignEvent, m.ofNobody = id.New(time.Now()), id.New(time.Now()), id.New(time.Now())
	const event = "INSERT INTO security_event VALUES ($1, $2, 'login_failed', $3, substr(sha256(''), 1, 16), '/graphql', 'AUTH', 'r', 2, now(), now())"
	m.Exec(t, event, m.event, m.TenantID, m.Owner.AccountID)
	m.Exec(t, event, m.foreignEvent, m.ForeignTenantID, m.Foreigner.AccountID)
	m.Exec(t, event, m.ofNobody, nil, nil)
	m.run = id.New(time.Now())
	m.Exec(t, "INSERT INTO cron_run VALUES ($1, 'purge', 1, 'CRON', NULL, 'FAILED', '1 of 2 steps done', 'UNAVAILABLE', now(), now())", m.run)
	m.dead, m.done = m.queued(t, "discarded"), m.queued(t, "completed")
	m.stageWebhooks(t)
	return m
}

// queued puts a background task into the queue that is over in this way.
func (m *matrix) queued(t *testing.T, state string) string {
	t.Helper()
	var number uint64
	if err := m.db.Owner.QueryRow(t.Context(), `
		INSERT INTO task.river_job (kind, queue, args, state, attempt, max_attempts, attempted_at, finalized_at, errors)
		VALUES ('image_import', 'import', '{}', $1::text::task.river_job_state, 5, 5, now(), now(), ARRAY[$2::jsonb]) RETURNING id`,
		state, `{"at": "2026-11-25T12:00:00Z", "attempt": 5, "error": "UNAVAILABLE: database, to mail owner@example.com: no route to host", "trace": ""}`).Scan(&number); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("tsk_%032x", number)
}

// audit writes an audit entry about each picture of a job, with a key that the verifier
// does not know.
func (m *matrix) audit(t *testing.T, who *cast.Person, j *cast.Job) {
	t.Helper()
	log := audit.NewLog(secret.NewRing("audit secret of the matrix, long enough"), time.Now)
	for state, imageID := range j.Images {
		err := pgx.BeginFunc(t.Context(), m.db.Pool, func(tx pgx.Tx) error {
			return log.Append(t.Context(), tx, audit.Change{
				TenantID: who.TenantID, ActorID: &who.AccountID, Action: audit.SelectionStateSet, JobID: &j.ID, ImageID: &imageID, AccountID: &who.AccountID,
				Old: map[string]string{"selectionState": "NONE"}, New: map[string]any{"selectionState": state}, Reason: "matrix", RequestID: "matrix",
			})
		})
		var entryID id.ID
		if err == nil {
			err = m.db.Owner.QueryRow(t.Context(), "SELECT id FROM audit_entry WHERE image_id = $1", imageID).Scan(&entryID)
		}
		if err != nil {
			t.Fatal(err)
		}
		m.audited[imageID] = entryID
	}
}

// person returns a caller of the tables; nil is signed out.
func (m *matrix) person(caller string) *cast.Person {
	astray := *m.ForeignAdmin
	astray.TenantID = m.TenantID
	return map[string]*cast.Person{
		"anon": nil, "own": m.Owner, "oth": m.Other, "pho": m.Photographer, "idl": m.Idle, "adm": m.Admin, "opr": m.Operator, "blk": m.Blocked,
		"exp": m.Expired, "rem": m.Removed, "for": m.Foreigner, "fad": m.ForeignAdmin, "str": &astray,
	}[caller]
}

// client is one at an address of its own, so that no limit stands between the
// callers.
func (m *matrix) client(t *testing.T, who *cast.Person) session.Client {
	t.Helper()
	tenantID := m.TenantID
	if who != nil {
		tenantID = who.TenantID
	}
	tenant, err := m.resolver.Tenants.ByID(t.Context(), tenantID)
	if err != nil {
		t.Fatal(err)
	}
	n := m.clients.Add(1)
	return session.Client{
		Tenant: tenant, IP: netip.AddrFrom4([4]byte{10, byte(n >> 8), byte(n), 1}), UserAgent: "matrix",
		DeviceSecret: fmt.Sprintf("device-cookie-of-client-%d", n), Jar: jar{}, Unforged: true,
	}
}

// jar throws cookies away.
type jar struct{}

func (jar) Keep(string, time.Time, string) {}
func (jar) Drop()                          {}

// newCode asks for a code as somebody with that mailbox and reads it there.
func (m *matrix) newCode(t *testing.T, who *cast.Person, email string) (challengeID, code string) {
	t.Helper()
	client := m.client(t, who)
	challenge, err := m.resolver.Sessions.RequestCode(t.Context(), client, session.CodeRequest{Email: email})
	if err != nil {
		t.Fatalf("ask for a code: %v", err)
	}
	var codeID id.ID
	const newest = "SELECT id FROM login_code WHERE tenant_id = $1 AND email = $2 ORDER BY created_at DESC LIMIT 1"
	if err := m.db.Owner.QueryRow(t.Context(), newest, client.Tenant.ID, email).Scan(&codeID); err != nil {
		t.Fatal(err)
	}
	if err := m.resolver.Sessions.MailCode(t.Context(), codeID); err != nil {
		t.Fatalf("mail a code: %v", err)
	}
	return challenge.ID, regexp.MustCompile(`\b\d{6}\b`).FindString((<-m.mail).Text)
}

// reply is what came back, taken apart.
type reply struct {
	status int
	errors []replied
	data   any // nil: no such entry, or null
	entry  bool
	body   string // holds credentials: never print it
	ran    int64  // resolvers
}

type replied struct {
	Path       []any
	Extensions struct{ Code string }
}

// has reports whether there is an error with this code at exactly this path; any
// code where it is empty.
func (r reply) has(code string, path []any) bool {
	for _, e := range r.errors {
		if (code == "" || e.Extensions.Code == code) && fmt.Sprint(e.Path) == fmt.Sprint(path) {
			return true
		}
	}
	return false
}

// String leaves the data out: it may hold a credential.
func (r reply) String() string {
	shown := fmt.Sprintf("%d, data %t, %d resolvers", r.status, r.data != nil, r.ran)
	for _, e := range r.errors {
		shown += fmt.Sprintf(", %s %v", e.Extensions.Code, e.Path)
	}
	return shown
}

func (m *matrix) send(t *testing.T, who *cast.Person, query string, variables map[string]any) reply {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(query, "auditVerification") {
		m.proving.Lock()
		defer m.proving.Unlock()
	}
	var ran atomic.Int64
	ctx := session.WithClient(context.WithValue(t.Context(), resolversKey{}, &ran), m.client(t, who))
	if who != nil {
		if v, err := m.resolver.Sessions.Authenticate(ctx, who.Token, session.Token, who.TenantID, ""); err == nil {
			v.RequestID = "request-of-the-matrix"
			ctx = account.WithViewer(ctx, v)
		}
	}
	var parsed struct {
		Errors []replied
		Data   json.RawMessage
	}
	var got reply
	if strings.HasPrefix(query, "subscription") {
		got.status, got.body = m.firstEvent(ctx, t, m.watched, body, variables)
	} else {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/graphql-response+json")
		w := httptest.NewRecorder()
		m.watched.ServeHTTP(w, r)
		got.status, got.body = w.Code, w.Body.String()
	}
	if err := json.Unmarshal([]byte(got.body), &parsed); err != nil {
		t.Fatalf("%s: no JSON: %v", query, err)
	}
	got.errors, got.entry, got.ran = parsed.Errors, parsed.Data != nil, ran.Load()
	if got.entry {
		if err := json.Unmarshal(parsed.Data, &got.data); err != nil {
			t.Fatalf("%s: data: %v", query, err)
		}
	}
	return got
}

// refusals are the marks that stand for the whole request being refused.
var refusals = map[string]struct {
	status int
	code   string
}{
	"401": {401, "UNAUTHENTICATED"}, "403": {403, "FORBIDDEN"}, "BLK": {403, "ACCOUNT_BLOCKED"}, "EXP": {403, "MEMBERSHIP_EXPIRED"},
	"REJ": {400, "QUERY_REJECTED"}, "400": {400, "VALIDATION_FAILED"}, "OTP": {401, "OTP_INVALID"}, "DEV": {403, "DEVICE_LIMIT"},
}

// refusedAs returns what is wrong with a reply that should refuse the whole.
func (r reply) refusedAs(mark string) string {
	late := strings.HasPrefix(mark, "r")
	want := refusals[strings.TrimPrefix(mark, "r")]
	switch {
	case r.status != want.status, len(r.errors) != 1, r.entry, r.errors[0].Extensions.Code != want.code, len(r.errors[0].Path) != 1 && mark != "REJ":
		return fmt.Sprintf("got %v; want the whole refused with %s", r, want.code)
	case !late && r.ran > 0:
		return fmt.Sprintf("refused with %s only after %d fields had begun: has the root field lost a directive?", want.code, r.ran)
	case late && r.ran == 0:
		return fmt.Sprintf("refused with %s before any field began, not by the resolver", want.code)
	}
	return ""
}

// refusedBelow reports whether nothing came back because fields were refused that can't
// be null, nor can what they stand in.
func (r reply) refusedBelow() bool {
	for _, e := range r.errors {
		if !slices.Contains([]string{"FORBIDDEN", "ACCOUNT_BLOCKED", "MEMBERSHIP_EXPIRED"}, e.Extensions.Code) || len(e.Path) < 2 {
			return false
		}
	}
	return r.status == 403 && r.data == nil && len(r.errors) > 0
}
