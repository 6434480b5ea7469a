package drill_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"log"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/mailbox"
	"pixgate/internal/dev/process"
	"pixgate/internal/dev/stage"
)

// The names of this installation.
const (
	api     = "https://api.studio.test"
	foreign = "https://foreign.test"    // of the second studio
	web     = "https://www.studio.test" // the web app
)

// fromHeader tells the front where a request is said to come from.
const fromHeader = "X-Drill-From"

// house is an installation: database, storage, mail, a TLS front, and a server.
type house struct {
	*cast.Cast // nil before people
	db         *stage.DB
	mail       *mailbox.Server
	bucket     *stage.Store
	env        map[string]string
	said       *transcript
	server     *server // nil: none runs

	calls traffic // to the server
	mails traffic // to SES

	gate    string          // where the front listens, host and port
	front   *http.Transport // dials the front by whatever name
	outside *http.Client    // for links into the storage

	mu       sync.Mutex
	answers  []string // all that callers were told
	known    map[string]string
	database bool // the database is there at the end, to be searched
}

// newHouse makes an installation that does not run yet, on a database and a
// bucket of its own.
func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseOn(t, stage.Database(t), stage.Bucket(t))
}

func newHouseOn(t *testing.T, db *stage.DB, bucket *stage.Store) *house {
	t.Helper()
	h := &house{db: db, mail: stage.Mailbox(t), bucket: bucket, said: &transcript{}, known: map[string]string{}, database: true}
	// Below the ports that the system gives to outgoing connections: they would
	// take it while the server is down.
	port, err := process.Free(10_000 + mathrand.IntN(20_000))
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	front, storage, mail := proxy(t, "http://"+addr, &h.calls), proxy(t, bucket.Endpoint, &traffic{}), proxy(t, h.mail.Endpoint(), &h.mails)
	h.gate, h.outside = front.Listener.Addr().String(), storage.Client()
	h.front = front.Client().Transport.(*http.Transport).Clone()
	h.front.TLSClientConfig.ServerName = "example.com"
	h.front.MaxIdleConnsPerHost = 100
	h.front.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "127.0.0.1:") { // a server itself, beside the front
			address = front.Listener.Addr().String()
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	t.Cleanup(h.front.CloseIdleConnections)

	authority := filepath.Join(t.TempDir(), "authority.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	if err := os.WriteFile(authority, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	h.env = map[string]string{
		"SSL_CERT_FILE": authority, "APP_ENV": "production", "LOG_LEVEL": "debug", "ADDR": addr, "METRICS_ADDR": "127.0.0.1:0", "TRUST_PROXY": "true",
		"PUBLIC_URLS": api + "," + foreign, "CORS_ORIGINS": web,
		// All that a drill does comes from one address, and much of it from one account.
		"RATE_LIMIT_PUBLIC_API": "10000/1m", "RATE_LIMIT_PUBLIC_API_SIGNED_IN": "10000/1m",
		"DATABASE_URL":         withPassword(t, db.URL, h.secret("database password")),
		"MIGRATE_DATABASE_URL": withPassword(t, db.OwnerURL, h.secret("owner's database password")),
		"S3_ENDPOINT":          storage.URL, "S3_REGION": bucket.Region, "S3_BUCKET": bucket.Bucket, "S3_ACCESS_KEY_ID": bucket.AccessKeyID,
		"S3_SECRET_ACCESS_KEY": h.note("S3 secret", bucket.SecretAccessKey),
		"SES_ENDPOINT":         mail.URL, "SES_ACCESS_KEY_ID": h.mail.AccessKeyID(),
		"SES_SECRET_ACCESS_KEY": h.note("SES secret", h.mail.SecretAccessKey()),
		"MAIL_FROM":             "pix.immo <no-reply@studio.test>", "OTP_SECRET": h.secret("OTP_SECRET"), "AUDIT_SECRET": h.secret("AUDIT_SECRET"),
		"TICKET_SECRET": h.secret("TICKET_SECRET"), "CSRF_SECRET": h.secret("CSRF_SECRET"), "CRON_SECRET": h.secret("CRON_SECRET"),
	}
	t.Cleanup(func() {
		h.stop(t)
		h.search(t)
		if t.Failed() {
			t.Logf("the server said:\n%s", h.log())
		}
	})
	return h
}

// people fills the house with everybody of package cast, and runs it.
func (h *house) people(t *testing.T) {
	t.Helper()
	h.fill(t)
	h.start(t)
}

// fill lets everybody of package cast in.
func (h *house) fill(t *testing.T) {
	t.Helper()
	h.Cast = cast.New(t, h.db.Owner)
	h.Exec(t, "UPDATE tenant SET hosts = '{foreign.test}' WHERE slug = 'foreign'")
	for _, p := range []*cast.Person{h.Owner, h.Other, h.Photographer, h.Idle, h.Admin, h.Operator, h.Blocked, h.Expired, h.Removed, h.Foreigner, h.ForeignAdmin} {
		h.know(p)
	}
}

// know remembers what must never be seen of somebody.
func (h *house) know(p *cast.Person) {
	h.note("token", p.Token)
	h.note("device", p.Device)
	h.note("address", p.Email)
}

// inhabited is newHouse with people.
func inhabited(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.people(t)
	return h
}

func withPassword(t *testing.T, text, password string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), password)
	return u.String()
}

// traffic counts requests.
type traffic struct {
	begun, over atomic.Int32
	cut         atomic.Int32 // answers that the part behind the proxy did not send to their end
}

// Write takes what the proxy has to complain of.
func (t *traffic) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("read error during body copy")) {
		t.cut.Add(1)
	}
	return len(line), nil
}

// proxy ends TLS before a part that speaks plain HTTP, as in production.
func proxy(t *testing.T, to string, count *traffic) *httptest.Server {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 100, DialContext: narrow((&net.Dialer{}).DialContext)}
	t.Cleanup(transport.CloseIdleConnections)
	quiet := log.New(count, "", 0)
	passed := &httputil.ReverseProxy{
		Transport: transport, ErrorLog: quiet, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			if from := r.In.Header.Get(fromHeader); from != "" {
				r.Out.Header.Del(fromHeader)
				r.Out.Header.Add("X-Forwarded-For", from)
			}
		},
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.begun.Add(1)
		defer count.over.Add(1)
		passed.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (h *house) environment() []string {
	var list []string
	for name, value := range h.env {
		if value != "" {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// secret makes a secret of the installation that must never be seen again.
func (h *house) secret(name string) string { return h.note(name, rand.Text()+rand.Text()) }

// note remembers something that must never be seen where it doesn't belong.
func (h *house) note(name, value string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known[value] = name
	return value
}

// store is the bucket, not by the front.
func (h *house) store(t *testing.T) *blob.Store {
	t.Helper()
	s, err := blob.Open(t.Context(), blob.Options{
		Endpoint: h.bucket.Endpoint, Region: h.bucket.Region, Bucket: h.bucket.Bucket,
		AccessKeyID: h.bucket.AccessKeyID, SecretAccessKey: h.bucket.SecretAccessKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// count asks the database for a number.
func (h *house) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := h.db.Owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// exec changes the database behind the server's back.
func (h *house) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := h.db.Owner.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// eventually polls until done, and tells how long that took.
func eventually(t *testing.T, what string, within time.Duration, done func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for wait := time.Millisecond; !done(); wait = min(2*wait, 50*time.Millisecond) {
		if time.Since(start) > within {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(wait)
	}
	return time.Since(start)
}

// log is the end of what the server said, without secrets.
func (h *house) log() string {
	lines := strings.Split(h.mask(h.said.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
