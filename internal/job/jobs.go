package job

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Jobs reads and changes the photo jobs of a studio.
type Jobs struct {
	db    *pgxpool.Pool
	audit *audit.Log
	turns turns
	now   func() time.Time

	heralds []Herald
}

// Herald tells others what happened to a job, with the transaction in which it did.
type Herald interface {
	// JobReady hears that a job is ready for its customer.
	JobReady(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID) error
	// ExtrasSettled hears that so many extras were paid.
	ExtrasSettled(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID, images int) error
	// ImagesReleased hears of the pictures of a job that its customer may download from now
	// on, and could not before; they are in their order.
	ImagesReleased(ctx context.Context, tx pgx.Tx, tenantID, jobID id.ID, images []Released) error
}

// NewJobs returns the jobs in db. What happens to them all heralds hear.
func NewJobs(db *pgxpool.Pool, log *audit.Log, now func() time.Time, heralds ...Herald) *Jobs {
	return &Jobs{db: db, audit: log, turns: turns{jobs: map[id.ID]*turn{}}, now: now, heralds: heralds}
}

// ByID returns the job that a caller names, where the viewer may see it.
// Malformed, unknown and foreign ids are refused alike.
func (s *Jobs) ByID(ctx context.Context, v account.Viewer, publicID string) (*Job, error) {
	jobID, ok := id.Job.Parse(publicID)
	if !ok {
		jobID = id.Nil // names nothing, and costs what an unknown one does
	}
	jobs, err := s.ByIDs(ctx, v, []id.ID{jobID})
	if err != nil {
		return nil, err
	}
	if len(jobs) == 0 {
		return nil, fault.Refused()
	}
	return jobs[0], nil
}

// ByIDs returns those of the jobs that the viewer may see, in no order.
func (s *Jobs) ByIDs(ctx context.Context, v account.Viewer, ids []id.ID) ([]*Job, error) {
	if err := v.Good(s.now()); err != nil {
		return nil, err
	}
	rows, err := queries.New(s.db).JobsByID(ctx, v.TenantID, ids)
	if err != nil {
		return nil, fault.Database("read jobs", err)
	}
	jobs := make([]*Job, 0, len(rows))
	for _, row := range rows {
		if j := fromRow(row); Decide(v, j, None, s.now()).See {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

// Filter says which jobs are asked for; the zero Filter is all.
type Filter struct {
	Status *Status
}

// List returns a page of the viewer's jobs, newest first, and whether more
// follow: a customer's own, for photographers the assigned ones too, for admins
// the studio's.
func (s *Jobs) List(ctx context.Context, v account.Viewer, filter Filter, w page.Window) (jobs []*Job, more bool, err error) {
	if err := v.Good(s.now()); err != nil {
		return nil, false, err
	}
	before, beforeID := endOfTime, lastID
	if w.After != nil {
		before, beforeID = time.UnixMicro(w.After.Key), w.After.ID
	}
	rows, err := s.list(ctx, v, filter, before, beforeID, int32(w.Size+1))
	if err != nil {
		return nil, false, fault.Database("list jobs", err)
	}
	rows, more = page.Cut(w, rows)
	jobs = make([]*Job, 0, len(rows))
	for _, row := range rows {
		if j := fromRow(row); Decide(v, j, None, s.now()).See { // the query asked for no other: the rule has the last word
			jobs = append(jobs, j)
		}
	}
	return jobs, more, nil
}

// Where a list from the newest down begins.
var (
	endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	lastID    = id.ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)

func (s *Jobs) list(ctx context.Context, v account.Viewer, filter Filter, before time.Time, beforeID id.ID, rows int32) ([]queries.Job, error) {
	q := queries.New(s.db)
	switch admin := v.Role.AtLeast(account.Admin); {
	case admin && filter.Status != nil:
		return q.JobsOfTenantInStatus(ctx, queries.JobsOfTenantInStatusParams{
			TenantID: v.TenantID, Status: string(*filter.Status), BeforeAt: before, BeforeID: beforeID, MaxRows: rows,
		})
	case admin:
		return q.JobsOfTenant(ctx, queries.JobsOfTenantParams{TenantID: v.TenantID, BeforeAt: before, BeforeID: beforeID, MaxRows: rows})
	}
	return q.JobsOfPerson(ctx, queries.JobsOfPersonParams{
		TenantID: v.TenantID, AccountID: v.AccountID, PhotographerID: assigned(v),
		BeforeAt: before, BeforeID: beforeID, Status: (*string)(filter.Status), MaxRows: rows,
	})
}

// Count returns how many jobs [Jobs.List] has in all, at most 10,000.
func (s *Jobs) Count(ctx context.Context, v account.Viewer, filter Filter) (int, error) {
	if err := v.Good(s.now()); err != nil {
		return 0, err
	}
	q := queries.New(s.db)
	var (
		n   int64
		err error
	)
	if v.Role.AtLeast(account.Admin) {
		statuses := []string{string(Open), string(Delivered), string(Closed)}
		if filter.Status != nil {
			statuses = []string{string(*filter.Status)}
		}
		n, err = q.CountJobsOfTenant(ctx, v.TenantID, statuses)
	} else {
		n, err = q.CountJobsOfPerson(ctx, queries.CountJobsOfPersonParams{
			TenantID: v.TenantID, AccountID: v.AccountID, PhotographerID: assigned(v), Status: (*string)(filter.Status),
		})
	}
	return int(n), fault.Database("count jobs", err)
}

// assigned is whom jobs must be assigned to for the viewer to see them; nil for
// customers, also for one who was a photographer once.
func assigned(v account.Viewer) *id.ID {
	if v.Role == account.Photographer {
		return &v.AccountID
	}
	return nil
}
