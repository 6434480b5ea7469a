package webhook_test

import (
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/job"
	"pixgate/internal/secret"
	"pixgate/internal/webhook"
)

// BenchmarkRelease grants a picture and takes it back, beside the same by jobs that tell nobody: what
// telling costs where the studio has no webhook, and where it has one.
func BenchmarkRelease(b *testing.B) {
	w := newWorld(b)
	silent := job.NewJobs(w.db.Pool, audit.NewLog(secret.NewRing(auditSecret), w.now), w.now)
	turn := func(jobs *job.Jobs) time.Duration {
		begun := time.Now()
		for _, state := range []job.SelectionState{job.ExtraFree, job.None} {
			if _, refusals, err := jobs.SetState(b.Context(), viewer(w.Admin), []string{w.Package.Image(job.None)}, state, ""); err != nil || refusals != nil {
				b.Fatal(refusals, err)
			}
		}
		return time.Since(begun)
	}
	compare := func(b *testing.B) {
		var plain, telling time.Duration
		for b.Loop() {
			plain += turn(silent)
			telling += turn(w.jobs)
		}
		b.ReportMetric(float64(telling)/float64(plain), "times-silent")
	}
	b.Run("no webhook", compare)
	w.create(b, w.Admin, "https://hook.example/", webhook.ImageReleased)
	b.Run("a webhook", compare)
}
