package login_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/id"
	"pixgate/internal/logs"
	"pixgate/internal/mail"
	"pixgate/internal/secret"
	"pixgate/internal/session"
)

const (
	api = "https://api.pix.test" // the host of every request
	web = "https://pix.test"     // the one listed origin

	csrfSecret = "csrf secret of a test, long enough"
)

// lobby is the admins' way in on real parts: database, sessions, door and chain. Its
// clock stands still until somebody moves it.
type lobby struct {
	*cast.Cast
	t        *testing.T
	db       *stage.DB
	sessions *session.Service
	door     *session.Door
	handler  http.Handler
	log      *safeBuffer

	mu     sync.Mutex
	time   time.Time
	queued []id.ID
	sent   []mail.Message
}

// safeBuffer is the log, which many requests write.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newLobby(t *testing.T, change ...func(*edge.Options)) *lobby {
	t.Helper()
	l := &lobby{t: t, db: stage.Database(t), log: &safeBuffer{}}
	l.Cast = cast.New(t, l.db.Owner)
	l.time = time.Now() // after the cast: a membership that ended a second before it must be over
	log := logs.New(l.log, slog.LevelDebug)
	tenants := account.NewTenants(l.db.Pool, "studio", l.now)
	l.sessions = session.New(session.Options{
		DB: l.db.Pool, Tenants: tenants, Codes: secret.NewRing("otp secret of a test, long enough", ""), Queue: l, Sender: l,
		Audit: audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), l.now), Now: l.now, Log: log,
	})
	l.door = l.sessions.Door(account.Admin)
	o := edge.Options{
		Log: log, Now: l.now, Secure: true, PublicURLs: []string{api}, Origins: []string{web},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, CSRF: secret.NewRing(csrfSecret, ""),
		Limits: stage.Limits(t, nil), Security: &stage.Records{}, Meter: &stage.Records{},
		Tenants: tenants, Sessions: l.sessions, Door: l.door, Ready: l.db.Pool.Ping, GraphQL: http.NotFoundHandler(),
		Playground: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "playground") }),
	}
	for _, c := range change {
		c(&o)
	}
	l.handler = edge.New(o)
	return l
}

func (l *lobby) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.time
}

func (l *lobby) pass(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.time = l.time.Add(d)
}

// LoginMail queues a mail.
func (l *lobby) LoginMail(_ context.Context, _ pgx.Tx, codeID id.ID, _ time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queued = append(l.queued, codeID)
	return nil
}

// Send keeps a mail.
func (l *lobby) Send(_ context.Context, message mail.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, message)
	return nil
}

var mailedCode = regexp.MustCompile(`(?m)^ {4}(\d{6})$`)

// letter returns the newest mail and the code in it.
func (l *lobby) letter() (mail.Message, string) {
	l.t.Helper()
	l.mu.Lock()
	queued := l.queued
	l.mu.Unlock()
	for _, codeID := range queued {
		if err := l.sessions.MailCode(l.t.Context(), codeID); err != nil {
			l.t.Fatal(err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.sent) == 0 {
		l.t.Fatal("no mail")
	}
	last := l.sent[len(l.sent)-1]
	return last, mailedCode.FindStringSubmatch(last.Text)[1]
}

func (l *lobby) count(sql string, args ...any) (n int) {
	l.t.Helper()
	if err := l.db.Owner.QueryRow(l.t.Context(), sql, args...).Scan(&n); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// outcomes are those of the audit log.
func (l *lobby) outcomes() (all []string) {
	l.t.Helper()
	rows, err := l.db.Owner.Query(l.t.Context(), "SELECT new_value::jsonb->>'outcome' FROM audit_entry ORDER BY sequence")
	if err != nil {
		l.t.Fatal(err)
	}
	all, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

// visitor is a browser in the lobby: it keeps cookies and says where it comes from.
type visitor struct {
	l       *lobby
	ip      string
	cookies map[string]string
	header  map[string]string
}

func (l *lobby) visitor(ip string) *visitor {
	return &visitor{l: l, ip: ip, cookies: map[string]string{}, header: map[string]string{
		"Origin": api, "Sec-Fetch-Site": "same-origin", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "de-DE,de;q=0.9,en;q=0.5", "User-Agent": "Firefox/140.0",
	}}
}

// sheet is an answer.
type sheet struct {
	*http.Response
	body string
}

// field is the value of a field of the page; empty: it has none.
func (s sheet) field(name string) string {
	found := regexp.MustCompile(`<input[^>]* name="` + name + `"[^>]* value="([^"]*)"`).FindStringSubmatch(s.body)
	if found == nil {
		return ""
	}
	return found[1]
}

// step is the field that the page asks for.
func (s sheet) step() string {
	found := regexp.MustCompile(`<input[^>]* id="(email|code)"[^>]* autofocus`).FindStringSubmatch(s.body)
	if found == nil {
		return ""
	}
	return found[1]
}

// problem is the sentence on the page.
func (s sheet) problem() string {
	found := regexp.MustCompile(`role="alert">([^<]*)<`).FindStringSubmatch(s.body)
	if found == nil {
		return ""
	}
	return found[1]
}

func (v *visitor) send(method, target, media string, body []byte) sheet {
	v.l.t.Helper()
	r := httptest.NewRequestWithContext(v.l.t.Context(), method, target, bytes.NewReader(body))
	r.Host, r.RemoteAddr = "api.pix.test", v.ip+":4711"
	for name, value := range v.header {
		if value != "" && (name != "Origin" || method == http.MethodPost) {
			r.Header.Set(name, value)
		}
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	v.l.handler.ServeHTTP(w, r)
	answer := w.Result()
	for _, c := range answer.Cookies() {
		v.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	return sheet{answer, w.Body.String()}
}

func (v *visitor) get(target string) sheet { return v.send(http.MethodGet, target, "", nil) }

// post sends a form, given as names and values.
func (v *visitor) post(target string, fields ...string) sheet {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return v.send(http.MethodPost, target, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// fill sends what the page asks for, with all that the page adds to it.
func (v *visitor) fill(page sheet, value string) sheet {
	v.l.t.Helper()
	action := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(page.body)
	if action == nil {
		v.l.t.Fatalf("%d, no form: %s", page.StatusCode, page.body)
	}
	fields := []string{page.step(), value}
	for _, hidden := range regexp.MustCompile(`type="(?:hidden|checkbox)" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		fields = append(fields, hidden[1], hidden[2])
	}
	return v.post(strings.ReplaceAll(action[1], "&amp;", "&"), fields...)
}

// asks goes as far as the page that wants the code.
func (v *visitor) asks(email string) sheet {
	v.l.t.Helper()
	page := v.fill(v.get("/login"), email)
	if page.StatusCode != http.StatusOK || page.step() != "code" {
		v.l.t.Fatalf("%d: %s", page.StatusCode, page.problem())
	}
	return page
}

// bodies write the same fields in each form that the door takes.
var bodies = map[string]func(t *testing.T, fields map[string]string) (media string, body []byte){
	"urlencoded": func(_ *testing.T, fields map[string]string) (string, []byte) {
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, value)
		}
		return "application/x-www-form-urlencoded; charset=UTF-8", []byte(form.Encode())
	},
	"multipart": func(t *testing.T, fields map[string]string) (string, []byte) {
		t.Helper()
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, value := range fields {
			if err := w.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return w.FormDataContentType(), body.Bytes()
	},
	"JSON": func(t *testing.T, fields map[string]string) (string, []byte) {
		t.Helper()
		body, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return "application/json; charset=utf-8", body
	},
}
