package job_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/job"
	"pixgate/internal/secret"
)

// One customer who chooses the same pictures over and over, side by side, is in nobody's
// way but their own.
func TestWhoeverWaitsForAJobHoldsNoConnection(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	a := newAlbum(t, s, 3, 3, false)
	config, err := pgxpool.ParseConfig(s.db.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 2
	few, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(few.Close)
	jobs := job.NewJobs(few, audit.NewLog(secret.NewRing("audit secret of a test, long enough"), time.Now), time.Now)
	tx, err := s.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM job WHERE id = $1 FOR UPDATE", a.j.ID); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			if _, _, err := jobs.Select(context.Background(), viewer(s.Owner), a.j.PublicID(), a.images, n%2 == 0); err != nil {
				t.Errorf("select %d: %v", n, err)
			}
		})
	}
	impatient, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for impatient.Err() == nil && few.Stat().AcquiredConns() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // all that will wait do
	for range 10 {
		if _, err := jobs.ByID(impatient, viewer(s.Other), s.OtherJob.PublicID()); err != nil {
			t.Fatalf("somebody else: %v", err)
		}
	}
	// Who gives up while waiting leaves the others their turns.
	if _, _, err := jobs.SetState(impatient, viewer(s.Admin), []string{a.images[0], s.OtherJob.Image(job.None)}, job.ExtraFree, ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("an act that waits too long: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if _, refusals, err := jobs.SetState(t.Context(), viewer(s.Admin), []string{a.images[0], s.OtherJob.Image(job.None)}, job.ExtraFree, ""); err != nil || refusals != nil {
		t.Errorf("afterwards: %v %v", refusals, err)
	}
}
