package job_test

import (
	"syscall"
	"testing"
	"time"

	"pixgate/internal/job"
)

// cpu is what this process has used so far. The database is another one.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkAuditEntry holds setSelectionState of one picture beside the same without
// its audit entry, turn by turn in one run: what the entry costs the server's CPU.
func BenchmarkAuditEntry(b *testing.B) {
	a := newAlbum(b, newStudio(b), 1, 1, true)
	states := []job.SelectionState{job.ExtraFree, job.None}
	var with, without time.Duration
	n := 0
	turn := func(do func(state job.SelectionState) error) time.Duration {
		n++
		before := cpu(b)
		if err := do(states[n%2]); err != nil {
			b.Fatal(err)
		}
		return cpu(b) - before
	}
	for b.Loop() {
		with += turn(func(state job.SelectionState) error {
			_, _, err := a.jobs.SetState(b.Context(), viewer(a.Admin), a.images, state, "bench")
			return err
		})
		without += turn(func(state job.SelectionState) error {
			return a.jobs.SetStateUnaudited(b.Context(), viewer(a.Admin), a.images, state)
		})
	}
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(b.N) }
	b.ReportMetric(per(with), "cpu-µs/audited")
	b.ReportMetric(per(without), "cpu-µs/unaudited")
	b.ReportMetric(per(with-without), "cpu-µs/entry")
}
