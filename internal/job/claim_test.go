package job_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// A customer whose mailbox is proven takes over all jobs that wait for it, while the
// studio grants pictures of several of them: both lock more than one job.
func TestASignInAndAGrantAcrossJobsDoNotWaitInACircle(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	const waiting = 40
	var ids []id.ID
	for range waiting {
		ids = append(ids, id.New(time.Now()))
	}
	var images []string
	for i := range ids {
		jobID := ids[waiting-1-i] // they lie in the table the other way round than their ids
		s.Exec(t, `INSERT INTO job (id, tenant_id, customer_email_key, customer_email, title, included_images, all_images_included, created_at)
			VALUES ($1, $2, 'new@example.com', 'new@example.com', 'Waits', 1, false, now())`, jobID, s.TenantID)
		images = append(images, id.Image.Format(s.Image(t, s.TenantID, jobID, 0, job.None)))
	}
	never := errors.New("not this time")
	deadline := time.Now().Add(5 * time.Second)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for n < 2 && time.Now().Before(deadline) && !t.Failed() {
				err := pgx.BeginFunc(context.Background(), s.db.Pool, func(tx pgx.Tx) error {
					if err := queries.New(tx).ClaimJobs(context.Background(), s.TenantID, "new@example.com", s.Other.AccountID); err != nil {
						return err
					}
					return never
				})
				if !errors.Is(err, never) {
					t.Errorf("the sign-in: %v", err)
				}
			}
			for i := 0; n >= 2 && time.Now().Before(deadline) && !t.Failed(); i++ {
				to := []job.SelectionState{job.ExtraFree, job.None}[i%2]
				if _, _, err := s.jobs.SetState(context.Background(), viewer(s.Admin), images, to, ""); err != nil {
					t.Errorf("the grant: %v", err)
				}
			}
		})
	}
	all.Wait()
}
