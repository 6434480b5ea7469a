package matrix

import (
	"math"
	"testing"
	"time"

	"pixgate/internal/id"
	"pixgate/internal/page"
)

// BenchmarkAuditLog reads the first and the last page of a log of a million entries, in
// turns, and prints how much longer the last one takes.
func BenchmarkAuditLog(b *testing.B) {
	const entries = 1_000_000
	a := newAPI(b)
	a.Exec(b, `INSERT INTO audit_entry (id, tenant_id, sequence, at, actor_id, action, job_id, image_id, old_value, new_value, reason, request_id, canonical, prev, hash, key_id)
		SELECT gen_random_uuid(), $1, n, now() - ($5 - n) * interval '1 minute', $2, CASE WHEN n % 3 = 0 THEN 'image.extra_settled' ELSE 'image.selection_state_set' END, $3, $4,
			'{"selectionState":"NONE"}', '{"selectionState":"EXTRA_FREE"}', 'Kulanz', 'request', convert_to(repeat('x', 400), 'UTF8'), sha256(''), sha256(''), 'k'
		FROM generate_series(1, $5::integer) n`, a.TenantID, a.Admin.AccountID, a.Package.ID, a.Package.Images["NONE"], entries)
	a.Exec(b, "ANALYZE audit_entry")
	const query = `query($after: String, $filter: AuditLogFilter) { auditLog(first: 50, after: $after, filter: $filter) { nodes { id sequence at action oldValue newValue reason requestId actor { email } } pageInfo { hasNextPage endCursor } } }`
	for name, filter := range map[string]map[string]any{
		"no filter": nil, "by actor and action": {"actorId": a.Admin.PublicID(), "action": "image.selection_state_set"}, "by job": {"jobId": a.Package.PublicID()},
	} {
		b.Run(name, func(b *testing.B) {
			took := map[int64]time.Duration{}
			read := func(before int64) {
				began := time.Now()
				got := a.as(a.Admin, query, map[string]any{"filter": filter, "after": page.Cursor{Key: before, ID: id.Nil}.Text(page.AuditLog)})
				took[before] += time.Since(began)
				if got.status != 200 || len(got.body) < 5000 {
					b.Fatalf("%d %s", got.status, got.body)
				}
			}
			for b.Loop() {
				read(math.MaxInt64)
				read(76)
			}
			b.ReportMetric(took[76].Seconds()/took[math.MaxInt64].Seconds(), "last/first")
		})
	}
}
