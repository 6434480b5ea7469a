package session

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/queries"
)

const (
	benchWorkers = 8
	benchTurns   = 10  // of each kind in one iteration
	benchTurn    = 100 // sign-ins before it is the next kind's turn
)

// login is a code that waits for its answer.
type login struct {
	codeID    id.ID
	accountID id.ID
	email     string
	challenge string
	digits    string
	ip        netip.Addr
	device    Device
}

// BenchmarkSignIn compares sign-ins a second (VerifyCode, codes mailed before)
// with the same statements sent by bare pgx connections in the manner of
// pgbench, and with the least that a sign-in could be: one statement that
// judges a code and makes device and session. All three take turns in one run.
func BenchmarkSignIn(b *testing.B) {
	db := stage.Database(b)
	tenant := account.Tenant{ID: id.New(time.Now()), Slug: "studio", Name: "Studio", Locale: account.German, SignUp: true}
	if _, err := db.Owner.Exec(b.Context(), "INSERT INTO tenant (id, slug, name, created_at) VALUES ($1, 'studio', 'Studio', now())", tenant.ID); err != nil {
		b.Fatal(err)
	}
	s := New(Options{
		DB: db.Pool, Tenants: account.NewTenants(db.Pool, "studio", time.Now), Codes: secret.NewRing("a secret of the benchmark", ""),
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	kinds := []struct {
		name string
		run  func(context.Context, *pgxpool.Conn, login) error
	}{
		{"service", func(ctx context.Context, _ *pgxpool.Conn, l login) error {
			_, err := s.VerifyCode(ctx, Client{Tenant: tenant, IP: l.ip}, SignIn{ChallengeID: l.challenge, Code: l.digits, Device: &l.device, Transport: Token})
			return err
		}},
		{"same statements", func(ctx context.Context, conn *pgxpool.Conn, l login) error {
			return sameStatements(ctx, s, tenant, conn, l)
		}},
		{"one statement", func(ctx context.Context, conn *pgxpool.Conn, l login) error {
			return oneStatement(ctx, tenant, conn, l)
		}},
	}
	took := make([]time.Duration, len(kinds))
	var done int
	for b.Loop() {
		for turn := range benchTurns * len(kinds) {
			i := turn % len(kinds)
			took[i] += drive(b, db.Pool, s.prepare(b, db, tenant, benchTurn), i > 0, kinds[i].run)
		}
		done += benchTurns * benchTurn
	}
	for i, kind := range kinds {
		b.Logf("%-16s %7.0f sign-ins/s", kind.name, float64(done)/took[i].Seconds())
	}
	b.ReportMetric(float64(done)/took[0].Seconds(), "signins/s")
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "times-same-statements")
	b.ReportMetric(took[0].Seconds()/took[2].Seconds(), "times-one-statement")
}

// drive works sign-ins off with eight workers and returns how long that took. Bare
// kinds hold a connection each, as pgbench's clients do.
func drive(b *testing.B, pool *pgxpool.Pool, logins []login, bare bool, run func(context.Context, *pgxpool.Conn, login) error) time.Duration {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range benchWorkers {
		all.Go(func() {
			var conn *pgxpool.Conn
			if bare {
				var err error
				if conn, err = pool.Acquire(b.Context()); err != nil {
					b.Error(err)
					return
				}
				defer conn.Release()
			}
			for i := next.Add(1) - 1; i < int64(len(logins)); i = next.Add(1) - 1 {
				if err := run(b.Context(), conn, logins[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(begun)
}

var benchCount atomic.Uint32

// prepare makes accounts with a live code each.
func (s *Service) prepare(b *testing.B, db *stage.DB, tenant account.Tenant, n int) []login {
	b.Helper()
	now := s.now()
	logins := make([]login, n)
	for i := range logins {
		number := benchCount.Add(1)
		var ip [16]byte // a network of its own for each
		ip[0] = 0x20
		binary.BigEndian.PutUint32(ip[2:], number)
		l := login{
			codeID: id.New(now), accountID: id.New(now), email: fmt.Sprintf("somebody%d@example.com", number), ip: netip.AddrFrom16(ip),
			device: Device{Secret: fmt.Sprintf("device-secret-%08d", number), Name: "Phone", Kind: handheld},
		}
		l.digits = derive(s.codes.Current(), l.codeID)
		logins[i] = l
	}
	copyRows := func(table string, columns []string, row func(*login) []any) {
		b.Helper()
		_, err := db.Owner.CopyFrom(b.Context(), pgx.Identifier{table}, columns,
			pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(&logins[i]), nil }))
		if err != nil {
			b.Fatal(err)
		}
	}
	copyRows("account", []string{"id", "tenant_id", "email_key", "email", "created_at"},
		func(l *login) []any { return []any{l.accountID, tenant.ID, l.email, l.email, now} })
	copyRows("login_code", []string{"id", "tenant_id", "email_key", "email", "locale", "key_id", "decoy", "created_at", "expires_at"},
		func(l *login) []any {
			return []any{l.codeID, tenant.ID, l.email, l.email, "de", s.codes.Current().ID(), false, now, now.Add(codeLife)}
		})
	copyRows("login_challenge", []string{"id", "tenant_id", "code_id", "secret_hash", "asker", "known_device", "created_at"},
		func(l *login) []any {
			public, hash := newChallenge()
			l.challenge = public
			return []any{id.New(now), tenant.ID, l.codeID, hash, hash, false, now}
		})
	return logins
}

// sameStatements is a sign-in without what surrounds its statements.
func sameStatements(ctx context.Context, s *Service, tenant account.Tenant, conn *pgxpool.Conn, l login) error {
	now, hash := time.Now(), hashChallenge(l.challenge)
	subject, err := queries.New(conn).ChallengeSubject(ctx, hash, tenant.ID)
	if err != nil {
		return err
	}
	charges := s.failureCharges(attempt{client: Client{Tenant: tenant, IP: l.ip}}, subject, false)
	if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := spend(ctx, queries.New(tx), now, charges); err != nil {
			return err
		}
		_, err := queries.New(tx).TakeTry(ctx, now, hash)
		return err
	}); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		q := queries.New(tx)
		if err := q.Refund(ctx, keys(charges)); err != nil {
			return err
		}
		if _, err := q.SpendCodes(ctx, tenant.ID, l.email, now); err != nil {
			return err
		}
		locale := "de"
		owner, err := q.ClaimAccount(ctx, queries.ClaimAccountParams{
			ID: id.New(now), TenantID: tenant.ID, EmailKey: l.email, Email: l.email, Locale: &locale, Now: now,
		})
		if err != nil {
			return err
		}
		if _, err := q.DevicesInUse(ctx, tenant.ID, owner.ID, now.Add(-account.DeviceForgotten)); err != nil {
			return err
		}
		device, err := q.KeepDevice(ctx, queries.KeepDeviceParams{
			ID: id.New(now), TenantID: tenant.ID, AccountID: owner.ID, SecretHash: l.device.hash(), Name: "Phone", Kind: handheld, Now: now,
		})
		if err != nil {
			return err
		}
		if err := q.ClaimJobs(ctx, tenant.ID, l.email, owner.ID); err != nil {
			return err
		}
		_, token := newToken()
		return q.StartSession(ctx, queries.StartSessionParams{
			ID: id.New(now), TenantID: tenant.ID, AccountID: owner.ID, DeviceID: device, TokenHash: token,
			Transport: string(Token), Role: owner.Role, Now: now, ExpiresAt: now.Add(sessionLife),
		})
	})
}

// oneStatement judges a code and makes device and session, without budgets,
// device limit, membership, jobs and everything else that guards them.
func oneStatement(ctx context.Context, tenant account.Tenant, conn *pgxpool.Conn, l login) error {
	now := time.Now()
	_, token := newToken()
	tag, err := conn.Exec(ctx, `
		WITH tried AS (
			UPDATE login_challenge SET attempts = attempts + 1 WHERE secret_hash = $1 AND attempts < 5 RETURNING tenant_id, code_id
		), spent AS (
			UPDATE login_code c SET consumed_at = $2 FROM tried t
			WHERE c.tenant_id = t.tenant_id AND c.id = t.code_id AND c.consumed_at IS NULL AND c.expires_at > $2
			RETURNING c.tenant_id, c.email_key
		), owner AS (
			SELECT a.tenant_id, a.id, a.role FROM account a JOIN spent s ON a.tenant_id = s.tenant_id AND a.email_key = s.email_key
		), kept AS (
			INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at)
			SELECT $3, tenant_id, id, $4, 'Phone', 'HANDHELD', $2, $2 FROM owner
		)
		INSERT INTO session (id, tenant_id, account_id, device_id, token_hash, transport, role, created_at, expires_at)
		SELECT $5, tenant_id, id, $3, $6, 'TOKEN', role, $2, $7 FROM owner`,
		hashChallenge(l.challenge), now, id.New(now), l.device.hash(), id.New(now), token, now.Add(sessionLife))
	if err == nil && tag.RowsAffected() != 1 {
		err = fmt.Errorf("%d sessions", tag.RowsAffected())
	}
	return err
}
