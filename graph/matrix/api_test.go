// Package matrix tests the API as its callers see it: every field, mutation and id for each
// kind of caller, what acts leave in the audit log, and what it costs in statements.
package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/graph"
	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/dossier"
	"pixgate/internal/feed"
	"pixgate/internal/gate"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/notice"
	"pixgate/internal/secret"
	"pixgate/internal/session"
	"pixgate/internal/task"
	"pixgate/internal/transfer"
	"pixgate/internal/watch"
	"pixgate/internal/webhook"
)

// api is the GraphQL endpoint on a real database, without the edge: the viewer of
// a request is whoever's token it carries.
type api struct {
	*cast.Cast
	t          testing.TB
	db         *stage.DB
	resolver   *graph.Resolver
	handler    http.Handler
	unplanned  http.Handler // everything by gqlgen
	statements atomic.Int64
	listen     sync.Once
}

// TraceQueryStart counts the statements of the server.
func (a *api) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if !strings.HasPrefix(strings.ToLower(data.SQL), "begin") && !strings.HasPrefix(strings.ToLower(data.SQL), "commit") {
		a.statements.Add(1)
	}
	return ctx
}

// TraceQueryEnd does nothing.
func (a *api) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// register is a secret with all its dates.
var register = secret.Register{
	Secrets: []secret.Facts{{Name: "OTP_SECRET", RotatedAt: new(time.Unix(0, 0)), ExpiresAt: new(time.Unix(1, 0)), HasPrevious: true, Renewal: "a new one"}},
	Policy:  secret.Policy{MaxAge: 24 * time.Hour},
}

func newAPI(t testing.TB) *api {
	t.Helper()
	db := stage.Database(t)
	a := &api{t: t, db: db, Cast: cast.New(t, db.Owner)}
	config, err := pgxpool.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.Tracer = a
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	store, err := blob.Open(t.Context(), blob.Options{
		Endpoint: "http://127.0.0.1:9", Region: "auto", Bucket: "pictures", AccessKeyID: "id", SecretAccessKey: "key",
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	tenants := account.NewTenants(pool, "studio", time.Now)
	chain := audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), time.Now)
	jobs := job.NewJobs(pool, chain, time.Now)
	queue, err := task.NewQueue(pool)
	if err != nil {
		t.Fatal(err)
	}
	limits := stage.Limits(t, nil)
	a.resolver = &graph.Resolver{Options: graph.Options{
		Accounts: account.NewAccounts(pool, time.Now), Members: account.NewMembers(pool, chain, time.Now), Tenants: tenants, Jobs: jobs,
		Sessions:  session.New(session.Options{DB: pool, Tenants: tenants, Codes: secret.NewRing("otp secret of a test, long enough", ""), Now: time.Now, Log: log}),
		Downloads: transfer.NewDownloads(pool, jobs, store.Presigner(), 5*time.Minute, time.Now),
		Archives:  transfer.NewArchives(transfer.ArchiveOptions{DB: pool, Jobs: jobs, Store: store, Security: &stage.Records{}, Places: limits.Places(gate.Archives), Tickets: secret.NewRing("ticket secret of a test, long enough", ""), Now: time.Now, Log: log}),
		Imports:   transfer.NewImports(transfer.ImportOptions{DB: pool, Jobs: jobs, Store: store, Tenants: tenants, Audit: chain, Now: time.Now, Log: log}),
		Uploads:   transfer.NewUploads(transfer.UploadOptions{DB: pool, Jobs: jobs, Store: store, Tenants: tenants, Security: &stage.Records{}, Failures: uncounted{}, Now: time.Now, Log: log}),
		Bookings:  booking.New(booking.Options{DB: pool, Tenants: tenants, Audit: chain, Now: time.Now}),
		Offer:     booking.NewOffer(pool, chain, time.Now),
		Dossiers:  dossier.New(dossier.Options{DB: pool, Tenants: tenants, Audit: chain, Now: time.Now, Log: log}),
		Notices:   notice.New(notice.Options{DB: pool, Tenants: tenants, Audit: chain, Queue: queue, Now: time.Now, Log: log}),
		Hooks: webhook.New(webhook.Options{
			DB: pool, Outbox: webhook.NewOutbox(queue, time.Now), Audit: chain, Keys: secret.NewRing("audit secret of a test, long enough"), Now: time.Now, Log: log,
		}),
		Events:  watch.NewEvents(pool, time.Now),
		Health:  watch.NewSecrets(watch.SecretOptions{Register: register, Now: time.Now}),
		Feed:    feed.New(feed.Options{DB: db.Pool, Meter: &stage.Records{}, Places: limits.Places(gate.Streams), MostOfAccount: 100, Now: time.Now, Log: log}),
		Limits:  limits,
		Timeout: 10 * time.Second, Now: time.Now, Log: log,
	}}
	a.resolver.Reputation = notice.NewReputation(notice.ReputationOptions{DB: pool, Now: time.Now, Log: log})
	if a.resolver.Maintenance, err = task.NewMaintenance(task.MaintenanceOptions{DB: pool, LeaseTTL: time.Minute, KeyTTL: time.Hour, Now: time.Now, Log: log}); err != nil {
		t.Fatal(err)
	}
	if a.resolver.Backlog, err = task.NewBacklog(task.BacklogOptions{DB: pool, Audit: chain, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	a.resolver.Journal = journal.New(journal.Options{
		DB: pool, Tenants: tenants, Sessions: a.resolver.Sessions, Now: time.Now, Verifier: audit.NewVerifier(pool, secret.NewRing("audit secret of a test, long enough"), nil),
	})
	a.handler = a.resolver.Handler(a.resolver.Begin)
	a.unplanned = a.resolver.Handler(func(ctx context.Context, op *graphql.OperationContext) context.Context {
		stock := op.ResolverMiddleware
		ctx = a.resolver.Begin(ctx, op)
		op.ResolverMiddleware = stock
		return ctx
	})
	return a
}

// answer is what came back.
type answer struct {
	status int
	body   string
}

// errors returns code and path of each error.
func (a answer) errors(t *testing.T) []string {
	t.Helper()
	var parsed struct {
		Errors []struct {
			Path       []any
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal([]byte(a.body), &parsed); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, a.body)
	}
	var all []string
	for _, e := range parsed.Errors {
		path, _ := json.Marshal(e.Path)
		all = append(all, e.Extensions.Code+" "+string(path))
	}
	return all
}

// as asks as somebody; nil is signed out.
func (a *api) as(who *cast.Person, query string, variables map[string]any) answer {
	a.t.Helper()
	return a.ask(a.handler, "application/graphql-response+json", who, query, variables)
}

func (a *api) ask(handler http.Handler, media string, who *cast.Person, query string, variables map[string]any) answer {
	a.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		a.t.Fatal(err)
	}
	ctx := session.WithClient(a.t.Context(), session.Client{IP: netip.MustParseAddr("192.0.2.1")})
	if who != nil {
		v, err := a.resolver.Sessions.Authenticate(ctx, who.Token, session.Token, who.TenantID, "")
		if err == nil {
			v.RequestID = "request-of-a-test"
			ctx = account.WithViewer(ctx, v)
		}
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", media)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return answer{w.Code, w.Body.String()}
}

func (a *api) count(sql string, args ...any) int {
	a.t.Helper()
	var n int
	if err := a.db.Owner.QueryRow(a.t.Context(), sql, args...).Scan(&n); err != nil {
		a.t.Fatal(err)
	}
	return n
}
