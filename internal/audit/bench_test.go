package audit_test

import (
	"runtime"
	"testing"
	"time"

	"pixgate/internal/audit"
)

// BenchmarkVerify is how many entries a second one core verifies, and how much memory
// is in use meanwhile. The database runs beside it.
func BenchmarkVerify(b *testing.B) {
	const entries, at = 200_000, 2_000
	w := newWorld(b)
	changes := make([]audit.Change, at)
	for n := 0; n < entries; n += at {
		for i := range changes {
			changes[i] = w.full(n + i)
		}
		w.append(b, w.log, changes...)
	}
	w.Exec(b, "ANALYZE audit_entry")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	most, seen, began := before.HeapInuse, int64(0), time.Now()
	for b.Loop() {
		report, err := audit.NewVerifier(w.db.Pool, w.keys, nil).Verify(b.Context(), w.studio(), audit.Span{}, func(n int64) {
			if n%20_000 == 0 {
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		whole(b, report, entries)
		seen += report.Entries
	}
	b.ReportMetric(float64(seen)/time.Since(began).Seconds(), "entries/s")
	b.ReportMetric(float64(most)/(1<<20), "MiB-in-use")
	b.ReportMetric(float64(before.HeapInuse)/(1<<20), "MiB-before")
}
