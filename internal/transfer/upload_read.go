package transfer

import (
	"context"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/queries"
)

// sees is the rule for who may see an upload of a job: whoever works on the job all of
// them, everybody who may see the job the own ones.
func sees(v account.Viewer, j *job.Job, accountID id.ID, now time.Time) bool {
	return job.Adds(v, j, now).All || job.Decide(v, j, job.None, now).See && accountID == v.AccountID
}

// ByIDs returns those of the uploads that the viewer may see, in no order.
func (s *Uploads) ByIDs(ctx context.Context, v account.Viewer, ids []id.ID) ([]*Upload, error) {
	uploads, _, err := s.byIDs(ctx, v, ids)
	return uploads, err
}

func (s *Uploads) byIDs(ctx context.Context, v account.Viewer, ids []id.ID) ([]*Upload, map[id.ID]*job.Job, error) {
	if err := v.Good(s.Now()); err != nil {
		return nil, nil, err
	}
	rows, err := queries.New(s.DB).UploadsByID(ctx, v.TenantID, ids)
	if err != nil {
		return nil, nil, fault.Database("read uploads", err)
	}
	jobIDs := make([]id.ID, len(rows))
	for i, row := range rows {
		jobIDs[i] = row.JobID
	}
	jobs, err := s.Jobs.ByIDs(ctx, v, jobIDs)
	if err != nil {
		return nil, nil, err
	}
	byID := make(map[id.ID]*job.Job, len(jobs))
	for _, j := range jobs {
		byID[j.ID] = j
	}
	now, uploads := s.Now(), make([]*Upload, 0, len(rows))
	for i := range rows {
		if j := byID[rows[i].JobID]; j != nil && sees(v, j, rows[i].AccountID, now) {
			uploads = append(uploads, uploadFrom(&rows[i], now))
		}
	}
	return uploads, byID, nil
}

// own returns the upload that a caller names and its job, where the viewer may see it
// and still adds to the job. Malformed, unknown and foreign ids are refused alike.
func (s *Uploads) own(ctx context.Context, v account.Viewer, publicID string) (*Upload, *job.Job, error) {
	uploadID, ok := id.Upload.Parse(publicID)
	if !ok {
		uploadID = id.Nil // names nothing, and costs what an unknown one does
	}
	uploads, jobs, err := s.byIDs(ctx, v, []id.ID{uploadID})
	if err != nil {
		return nil, nil, err
	}
	if len(uploads) == 0 {
		return nil, nil, fault.Refused()
	}
	j := jobs[uploads[0].JobID]
	if !job.Adds(v, j, s.Now()).May {
		return nil, nil, fault.Refused()
	}
	return uploads[0], j, nil
}

// Of returns a page of a job's uploads, newest first, and whether more follow: all to
// whoever works on the job, to everybody else the own ones. states: nil for any.
func (s *Uploads) Of(ctx context.Context, v account.Viewer, j *job.Job, states []UploadState, w page.Window) (uploads []*Upload, more bool, err error) {
	now := s.Now()
	if !job.Decide(v, j, job.None, now).See {
		return nil, false, fault.Refused()
	}
	before, beforeID := endOfTime, lastID
	if w.After != nil {
		before, beforeID = time.UnixMicro(w.After.Key), w.After.ID
	}
	var wanted []string
	if states != nil {
		wanted = []string{}
	}
	for _, state := range states {
		wanted = append(wanted, string(state))
	}
	var rows []queries.Upload
	if job.Adds(v, j, now).All {
		rows, err = queries.New(s.DB).UploadsOfJob(ctx, queries.UploadsOfJobParams{
			TenantID: v.TenantID, JobID: j.ID, BeforeAt: before, BeforeID: beforeID, States: wanted, MaxRows: int32(w.Size + 1),
		})
	} else {
		rows, err = queries.New(s.DB).UploadsOfPerson(ctx, queries.UploadsOfPersonParams{
			TenantID: v.TenantID, JobID: j.ID, AccountID: v.AccountID, BeforeAt: before, BeforeID: beforeID, States: wanted, MaxRows: int32(w.Size + 1),
		})
	}
	if err != nil {
		return nil, false, fault.Database("list uploads", err)
	}
	rows, more = page.Cut(w, rows)
	for i := range rows {
		if sees(v, j, rows[i].AccountID, now) { // the query asked for no other: the rule has the last word
			uploads = append(uploads, uploadFrom(&rows[i], now))
		}
	}
	return uploads, more, nil
}

// Where a list from the newest down begins.
var (
	endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	lastID    = id.ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)
