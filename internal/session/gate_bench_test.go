package session

import (
	"context"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/secret"
)

// BenchmarkMembershipGate tells what it costs a request to find out who asks and whether
// they may: the studio, session, device and account, by one statement, and the gate itself.
// It takes turns with the least that a statement can be, SELECT 1. Time is the server's
// own CPU; the database is another process.
func BenchmarkMembershipGate(b *testing.B) {
	db := stage.Database(b)
	people := cast.New(b, db.Owner)
	tenants := account.NewTenants(db.Pool, "studio", time.Now)
	s := New(Options{DB: db.Pool, Tenants: tenants, Codes: secret.NewRing("a secret of the benchmark", ""), Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	gate := func(ctx context.Context) error {
		tenant, err := tenants.For(ctx, "api.pix.test", "")
		if err != nil {
			return err
		}
		v, err := s.Authenticate(ctx, people.Owner.Token, Token, tenant.ID, people.Owner.Device)
		if err != nil {
			return err
		}
		return v.Good(time.Now())
	}
	plain := func(ctx context.Context) error {
		var one int
		return db.Pool.QueryRow(ctx, "SELECT 1").Scan(&one)
	}
	const turn = 500
	spent := func(do func(context.Context) error) time.Duration {
		before := cpu(b)
		for range turn {
			if err := do(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		return cpu(b) - before
	}
	spent(gate) // connections, statements
	spent(plain)
	var gates, plains time.Duration
	n := 0
	for b.Loop() {
		gates, plains, n = gates+spent(gate), plains+spent(plain), n+turn
	}
	b.ReportMetric(float64(gates.Nanoseconds())/1000/float64(n), "µs-CPU/request")
	b.ReportMetric(float64(plains.Nanoseconds())/1000/float64(n), "µs-CPU/plain")
	b.ReportMetric(float64(gates)/float64(plains), "ratio")
}

// cpu is what this process has used of its processors, user and system.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
