package account_test

import (
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/page"
)

// BenchmarkActivity counts a thousand people who were active, in a studio of just these,
// and in one that a hundred thousand others left long ago. The ratio is what those cost.
func BenchmarkActivity(b *testing.B) {
	few, many := crowded(b, 0), crowded(b, 100_000)
	ratio(b, few.count, many.count)
}

// BenchmarkAccounts reads a page of fifty from a thousand people, and from a hundred
// thousand: at the beginning, with a text, and by what no index has.
func BenchmarkAccounts(b *testing.B) {
	few, many := crowded(b, 0), crowded(b, 100_000)
	for name, filter := range map[string]account.Filter{
		"page": {}, "text": {Text: new("active-77")}, "domain": {Text: new("@example.t")}, "blocked": {Blocked: new(true)},
	} {
		b.Run(name, func(b *testing.B) { ratio(b, few.list(filter), many.list(filter)) })
	}
}

// hall is a studio with a thousand active people, and some who left.
type hall struct {
	people *account.Accounts
	viewer account.Viewer
}

func crowded(b *testing.B, gone int) hall {
	b.Helper()
	db := stage.Database(b)
	c := cast.New(b, db.Owner)
	for name, of := range map[string]struct {
		n   int
		ago time.Duration
	}{"active": {1000, time.Minute}, "gone": {gone, 300 * 24 * time.Hour}} {
		c.Exec(b, `INSERT INTO account (id, tenant_id, email_key, email, verified_at, created_at)
			SELECT gen_random_uuid(), $1, $2 || '-' || n || '@example.test', $2 || '-' || n || '@example.test', now(), now() FROM generate_series(1, $3) n`, c.TenantID, name, of.n)
		c.Exec(b, `INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at)
			SELECT gen_random_uuid(), tenant_id, id, sha256(id::text::bytea), '', 'HANDHELD', now(), $2 FROM account WHERE email_key LIKE $1 || '-%'`, name, time.Now().Add(-of.ago))
	}
	c.Exec(b, "VACUUM ANALYZE account")
	c.Exec(b, "VACUUM ANALYZE device")
	return hall{account.NewAccounts(db.Pool, time.Now), as(c.Admin)}
}

func (h hall) count(b *testing.B) {
	b.Helper()
	got, err := h.people.Activity(b.Context(), h.viewer)
	if err != nil || got.Now.Handheld != 1000 {
		b.Fatalf("%+v, %v", got, err)
	}
}

func (h hall) list(filter account.Filter) func(*testing.B) {
	return func(b *testing.B) {
		b.Helper()
		if _, _, err := h.people.List(b.Context(), h.viewer, filter, page.Window{Size: 50}); err != nil {
			b.Fatal(err)
		}
	}
}

// ratio lets the two take turns.
func ratio(b *testing.B, few, many func(*testing.B)) {
	b.Helper()
	few(b)
	many(b)
	var small, large time.Duration
	n := 0
	for b.Loop() {
		start := time.Now()
		few(b)
		between := time.Now()
		many(b)
		small, large, n = small+between.Sub(start), large+time.Since(between), n+1
	}
	b.ReportMetric(float64(small.Microseconds())/1000/float64(n), "ms-few")
	b.ReportMetric(float64(large.Microseconds())/1000/float64(n), "ms-many")
	b.ReportMetric(float64(large)/float64(small), "ratio")
}
