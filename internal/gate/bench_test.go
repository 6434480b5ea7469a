package gate_test

import (
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

// What a limit costs each request: in memory, refused from memory, in Redis, and
// beside it a bare PING of the same Redis on a connection of the same kind. CPU is
// this process's alone.
func BenchmarkTake(b *testing.B) {
	many := gate.Limit{Most: 100_000, Period: time.Second}
	limits := map[gate.Name]gate.Limit{gate.PublicAPI: many, gate.Auth: {Most: 1, Period: 24 * time.Hour}}
	memory := limiter(b, gate.Options{Limits: limits})
	var lost atomic.Int32
	redis := run(b, gate.New, gate.Options{Limits: limits, Redis: secret.Value(stage.Redis(b)), OnChange: func(bool) { lost.Add(1) }})
	bare := client(b, stage.Redis(b))
	take := func(l *gate.Limiter, name gate.Name, key string) {
		if _, err := l.Take(b.Context(), name, key); err != nil {
			b.Error(err)
		}
	}
	newcomers := make([]string, 4096)
	for i := range newcomers {
		newcomers[i] = "newcomer " + strconv.Itoa(i)
	}
	for _, c := range []struct {
		name string
		call func(i int)
	}{
		{"memory", func(i int) { take(memory, gate.PublicAPI, newcomers[i%len(newcomers)]) }},
		{"memory, one key", func(int) { take(memory, gate.PublicAPI, "anna") }},
		{"refused", func(int) { take(redis, gate.Auth, "anna") }},
		{"redis", func(i int) { take(redis, gate.PublicAPI, newcomers[i%len(newcomers)]) }},
		{"bare PING", func(int) { bare.Ping(b.Context()) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.call(0) // the connection is there
			b.ReportAllocs()
			lost.Store(0)
			before, i := cpu(), 0
			for b.Loop() {
				c.call(i)
				i++
			}
			if c.name == "redis" && lost.Load() > 0 {
				b.Log("this machine is too busy for Redis to answer in time: some of these calls were the memory's")
			}
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(i)/1000, "cpu-µs/op")
		})
	}
	b.Run("memory, many at once on one key", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				take(memory, gate.PublicAPI, "anna")
			}
		})
	})
}

func cpu() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // fails for a wrong argument only
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// What a place costs who enters and leaves, beside one use of a limit on the same Redis.
func BenchmarkEnter(b *testing.B) {
	limits := map[gate.Name]gate.Limit{gate.PublicAPI: {Most: 100_000, Period: time.Second}}
	memory := limiter(b, gate.Options{})
	redis := limiter(b, gate.Options{Limits: limits, Redis: secret.Value(stage.Redis(b))})
	pass := func(l *gate.Limiter) {
		leave, err := l.Places(gate.Archives).Enter(b.Context(), "anna", 4)
		if err != nil {
			b.Fatal(err)
		}
		leave()
	}
	measure := func(name string, call func()) time.Duration {
		var each time.Duration
		b.Run(name, func(b *testing.B) {
			call() // the connection is there
			b.ReportAllocs()
			began, before, n := time.Now(), cpu(), 0
			for b.Loop() {
				call()
				n++
			}
			each = time.Since(began) / time.Duration(n)
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(n)/1000, "cpu-µs/op")
		})
		return each
	}
	plain := measure("one use of a limit, redis", func() { _, _ = redis.Take(b.Context(), gate.PublicAPI, "anna") })
	measure("enter and leave, memory", func() { pass(memory) })
	both := measure("enter and leave, redis", func() { pass(redis) })
	if plain > 0 {
		b.Logf("to enter and to leave takes %.1f times as long as one use of a limit", float64(both)/float64(plain))
	}
}

// What it costs a second to keep five thousand places, each another's.
func BenchmarkRenewal(b *testing.B) {
	const places = 5000
	l := run(b, gate.NewHurried(time.Hour, time.Hour), gate.Options{Redis: secret.Value(stage.Redis(b))})
	for n := range places {
		if _, err := l.Places(gate.Streams).Enter(b.Context(), strconv.Itoa(n), 10); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := l.Renew(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/places/1000, "µs/place")
}
