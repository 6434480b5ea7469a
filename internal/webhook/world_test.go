package webhook_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/egress"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/secret"
	"pixgate/internal/task"
	"pixgate/internal/webhook"
	"pixgate/internal/webhook/standard"
)

const auditSecret = "audit secret of a test, long enough"

// certificate is that of every host below example: the process trusts it as it trusts those of
// the world, so that the client of the tests is the server's own.
var certificate tls.Certificate

func TestMain(m *testing.M) {
	os.Exit(trusting(m))
}

func trusting(m *testing.M) int {
	dir, err := os.MkdirTemp("", "webhook")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"hook.example", "other.example"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		panic(err)
	}
	if err := os.Setenv("SSL_CERT_FILE", file); err != nil {
		panic(err)
	}
	certificate = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return m.Run()
}

// posted is a request that a receiver got.
type posted struct {
	host, path string
	id         string
	at         string
	signature  string
	body       string
}

// world is the room on a real database and real receivers, with a queue that nobody works off by
// itself and a clock of its own.
type world struct {
	*cast.Cast
	db      *stage.DB
	outbox  *webhook.Outbox
	hooks   *webhook.Webhooks
	jobs    *job.Jobs
	records *stage.Records
	log     *slog.Logger

	mu        sync.Mutex
	ahead     time.Duration
	got       []posted
	connected []string
	answer    func(w http.ResponseWriter, r *http.Request) // nil: 204
	addresses map[string]string                            // of names, when not a public one
}

// telling is the herald of a server without mail.
type telling struct{ *webhook.Outbox }

func (telling) ExtrasSettled(context.Context, pgx.Tx, id.ID, id.ID, int) error { return nil }

const public = "93.184.215.14"

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{db: stage.Database(t), records: &stage.Records{}, log: slog.New(slog.DiscardHandler), addresses: map[string]string{}}
	w.Cast = cast.New(t, w.db.Owner)
	queue, err := task.NewQueue(w.db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	receiver := httptest.NewUnstartedServer(http.HandlerFunc(w.receive))
	receiver.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	receiver.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	receiver.StartTLS()
	t.Cleanup(receiver.Close)
	dialer := egress.New(egress.Options{
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			switch found := w.addresses[strings.TrimSuffix(host, ".")]; found {
			case "":
				return []netip.Addr{netip.MustParseAddr(public)}, nil
			case "none":
				return nil, errors.New("no such host")
			default:
				return []netip.Addr{netip.MustParseAddr(found)}, nil
			}
		},
		Connect: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			w.mu.Lock()
			w.connected = append(w.connected, to.String())
			w.mu.Unlock()
			return (&net.Dialer{}).DialContext(ctx, "tcp", receiver.Listener.Addr().String())
		},
	})
	chain := audit.NewLog(secret.NewRing(auditSecret), w.now)
	w.outbox = webhook.NewOutbox(queue, w.now)
	w.hooks = w.webhooks(chain, standard.NewPoster(dialer.Client(2*time.Second, 4<<10)))
	w.jobs = job.NewJobs(w.db.Pool, chain, w.now, telling{w.outbox})
	return w
}

func (w *world) webhooks(chain *audit.Log, poster webhook.Poster) *webhook.Webhooks {
	return webhook.New(webhook.Options{
		DB: w.db.Pool, Outbox: w.outbox, Audit: chain, Keys: secret.NewRing(auditSecret), Poster: poster, Security: w.records, Now: w.now, Log: w.log,
	})
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func (w *world) receive(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.got = append(w.got, posted{r.Host, r.URL.RequestURI(), r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), string(body)})
	answer := w.answer
	w.mu.Unlock()
	if answer != nil {
		answer(out, r)
		return
	}
	out.WriteHeader(http.StatusNoContent)
}

// answers makes receivers answer so from now on.
func (w *world) answers(answer func(http.ResponseWriter, *http.Request)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// received are the requests since the last call.
func (w *world) received() []posted {
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.got
	w.got = nil
	return got
}

func viewer(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Email: p.Email, Role: p.Role, RequestID: "test"}
}

func (w *world) create(t testing.TB, by *cast.Person, url string, events ...webhook.Type) (*webhook.Webhook, string) {
	t.Helper()
	made, shown, refusals, err := w.hooks.Create(t.Context(), viewer(by), webhook.NewWebhook{URL: url, Events: events, Reason: "because"})
	if err != nil || refusals != nil {
		t.Fatalf("create a webhook: %v, %v", refusals, err)
	}
	return made, shown
}

// queued are the deliveries whose tasks wait, oldest first.
func (w *world) queued(t testing.TB) []id.ID {
	t.Helper()
	rows, err := w.db.Owner.Query(t.Context(), "SELECT (args->>'delivery_id')::uuid FROM task.river_job WHERE kind = 'webhook_delivery' ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[id.ID])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// deliver works off all that is queued, once, and returns what receivers got.
func (w *world) deliver(t testing.TB) []posted {
	t.Helper()
	for _, one := range w.queued(t) {
		if _, err := w.hooks.Deliver(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	return w.received()
}

func (w *world) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := w.db.Owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// state is how the deliveries of a webhook stand, such as "DEAD 1 410 status", oldest first.
func (w *world) states(t testing.TB, hook *webhook.Webhook) []string {
	t.Helper()
	rows, err := w.db.Owner.Query(t.Context(), `
		SELECT concat_ws(' ', state, attempts, last_status, last_trouble) FROM webhook_delivery WHERE webhook_id = $1 ORDER BY created_at, id`, hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (w *world) hook(t testing.TB, by *cast.Person, hook *webhook.Webhook) *webhook.Webhook {
	t.Helper()
	now, err := w.hooks.ByID(t.Context(), viewer(by), hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// told is an event of the database, taken apart.
type told struct {
	ID   id.ID
	Type string
	At   time.Time `json:"timestamp"`
	Data struct {
		Job     string `json:"jobId"`
		Account string `json:"accountId"`
		Status  string
		Images  json.RawMessage
	}
	body string
}

// events are all that was told, oldest first.
func (w *world) events(t testing.TB, tenantID id.ID) (all []told) {
	t.Helper()
	rows, err := w.db.Owner.Query(t.Context(), "SELECT id, body FROM webhook_event WHERE tenant_id = $1 ORDER BY created_at, id", tenantID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one told
		if err := rows.Scan(&one.ID, &one.body); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(one.body), &one); err != nil {
			t.Fatalf("%s: %v", one.body, err)
		}
		all = append(all, one)
	}
	return all
}

// images are the pictures that events tell of as "img_… STATE", in the order that they are told.
func images(t testing.TB, events []told) (all []string) {
	t.Helper()
	for _, one := range events {
		var list []struct {
			ID    string
			State string `json:"selectionState"`
		}
		if err := json.Unmarshal(one.Data.Images, &list); err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 || len(list) > 100 {
			t.Errorf("an event of %d pictures", len(list))
		}
		for _, image := range list {
			all = append(all, image.ID+" "+image.State)
		}
	}
	return all
}

// signs reports whether one of the signatures was made with a secret as it was shown; it is the
// specification once more, by other hands.
func signs(t testing.TB, p posted, shown string) bool {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(shown, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", p.id, p.at, p.body)
	return slices.Contains(strings.Fields(p.signature), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func (w *world) release(t testing.TB, by *cast.Person, j *cast.Job, state job.SelectionState, images ...id.ID) {
	t.Helper()
	var named []string
	for _, one := range images {
		named = append(named, id.Image.Format(one))
	}
	if _, refusals, err := w.jobs.SetState(t.Context(), viewer(by), named, state, ""); err != nil || refusals != nil {
		t.Fatalf("release: %v, %v", refusals, err)
	}
}
