package job

import (
	"context"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Released is a picture that has become released.
type Released struct {
	ID    id.ID
	State SelectionState // by which, or in spite of which where the package includes every one
}

// PublicID is how callers name the picture.
func (r Released) PublicID() string { return id.Image.Format(r.ID) }

// lockedJob is a job of an act, which brings it up to date.
type lockedJob struct {
	job *Job
	all bool // whether its package included every picture when the act began
}

// becomes reports whether a picture is released now and was not before.
func becomes(from SelectionState, fromAll bool, to SelectionState, toAll bool) bool {
	before, _ := Release(from, fromAll)
	now, _ := Release(to, toAll)
	return now && !before
}

// tellReleases tells the heralds which pictures the act has released. Every change of a state
// or a package is an act's, and every new picture comes by [Jobs.TakenIn]: a test knows all
// statements that write what the rule asks for.
func (a *act) tellReleases(ctx context.Context) error {
	for _, one := range a.locked {
		released, err := a.releasedOf(ctx, one)
		if err != nil {
			return err
		}
		if err := a.tellReleased(ctx, a.tx, one.job.TenantID, one.job.ID, released); err != nil {
			return err
		}
	}
	return nil
}

func (a *act) releasedOf(ctx context.Context, one lockedJob) (released []Released, err error) {
	came := map[id.ID]SelectionState{} // where those that moved came from
	for _, change := range a.changes {
		if change.Image.Job.ID != one.job.ID {
			continue
		}
		if _, twice := came[change.Image.ID]; !twice {
			came[change.Image.ID] = change.Old
		}
		if one.all == one.job.AllImagesIncluded && becomes(came[change.Image.ID], one.all, change.Image.State, one.all) {
			released = append(released, Released{change.Image.ID, change.Image.State})
		}
	}
	if one.all == one.job.AllImagesIncluded {
		return released, nil
	}
	rows, err := a.q.StatesOfJob(ctx, one.job.TenantID, one.job.ID)
	if err != nil {
		return nil, fault.Database("read the states of a job's images", err)
	}
	for _, row := range rows {
		to := SelectionState(row.SelectionState)
		from, moved := came[row.ID]
		if !moved {
			from = to
		}
		if becomes(from, one.all, to, one.job.AllImagesIncluded) {
			released = append(released, Released{row.ID, to})
		}
	}
	return released, nil
}

// TakenIn hears that a new picture was taken into a job, which is locked in tx, and tells
// the heralds where it is released at once.
func (s *Jobs) TakenIn(ctx context.Context, tx pgx.Tx, j queries.Job, imageID id.ID) error {
	if released, _ := Release(None, j.AllImagesIncluded); !released {
		return nil
	}
	return s.tellReleased(ctx, tx, j.TenantID, j.ID, []Released{{imageID, None}})
}

func (s *Jobs) tellReleased(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID, images []Released) error {
	if len(images) == 0 {
		return nil
	}
	for _, herald := range s.heralds {
		if err := herald.ImagesReleased(ctx, tx, tenantID, jobID, images); err != nil {
			return err
		}
	}
	return nil
}
