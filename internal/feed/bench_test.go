package feed

import (
	"sync"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
)

// BenchmarkTelling holds a choice of one picture beside the same where nobody is told of it,
// turn by turn in one run: eight writers at once, each in a job of its own.
func BenchmarkTelling(b *testing.B) {
	w := newWorld(b, Options{LookEvery: never})
	w.watch(w.Feed, w.Owner, w.of(w.Package))
	jobs := make([]*cast.Job, 8)
	for n := range jobs {
		jobs[n] = w.Job(b, w.Owner, w.Photographer, false)
	}
	choose := func(state string) time.Duration {
		began := time.Now()
		var all sync.WaitGroup
		for _, j := range jobs {
			all.Go(func() {
				w.Exec(b, "UPDATE image SET selection_state = $2 WHERE job_id = $1 AND position = 0", j.ID, state)
			})
		}
		all.Wait()
		return time.Since(began)
	}
	var told, untold time.Duration
	for b.Loop() {
		for _, state := range []string{"INCLUDED", "NONE"} {
			told += choose(state)
		}
		w.Exec(b, "ALTER TABLE image DISABLE TRIGGER image_updated_told")
		for _, state := range []string{"INCLUDED", "NONE"} {
			untold += choose(state)
		}
		w.Exec(b, "ALTER TABLE image ENABLE TRIGGER image_updated_told")
	}
	b.ReportMetric(float64(told)/float64(untold), "told/untold")
}

// BenchmarkTell is what one event costs the process for each of a thousand watchers.
func BenchmarkTell(b *testing.B) {
	w := newWorld(b, Options{LookEvery: never, MostOfAccount: 1000})
	for range 1000 {
		w.watch(w.Feed, w.Admin, w.of(w.Package))
	}
	event := Event{Kind: JobChanged, At: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		w.tell(w.Package.ID, event)
	}
}
