package job

import (
	"context"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/queries"
)

// ImagesByID returns those of the pictures whose job the viewer may see, in no
// order.
func (s *Jobs) ImagesByID(ctx context.Context, v account.Viewer, ids []id.ID) ([]*Image, error) {
	if err := v.Good(s.now()); err != nil {
		return nil, err
	}
	rows, err := queries.New(s.db).ImagesWithJob(ctx, v.TenantID, ids)
	if err != nil {
		return nil, fault.Database("read images", err)
	}
	images := make([]*Image, 0, len(rows))
	for i := range rows {
		image := new(Image)
		image.fill(&rows[i].Image, fromRow(rows[i].Job))
		if Decide(v, image.Job, image.State, s.now()).See {
			images = append(images, image)
		}
	}
	return images, nil
}

// ImageByID returns the picture that a caller names, where the viewer may see
// its job. Malformed, unknown and foreign ids are refused alike.
func (s *Jobs) ImageByID(ctx context.Context, v account.Viewer, publicID string) (*Image, error) {
	imageID, ok := id.Image.Parse(publicID)
	if !ok {
		imageID = id.Nil // names nothing, and costs what an unknown one does
	}
	images, err := s.ImagesByID(ctx, v, []id.ID{imageID})
	if err != nil {
		return nil, err
	}
	if len(images) == 0 {
		return nil, fault.Refused()
	}
	return images[0], nil
}

// ImageFilter says which pictures of a job are asked for; the zero one is all.
type ImageFilter struct {
	Released *bool            // to the customer
	States   []SelectionState // nil: any
}

// states returns the states that match in a job, nil for any.
func (f ImageFilter) states(j *Job) []string {
	if f.Released == nil && f.States == nil {
		return nil
	}
	states := []string{}
	for _, state := range []SelectionState{None, Included, ExtraPending, ExtraPaid, ExtraFree, Blocked} {
		released, _ := Release(state, j.AllImagesIncluded)
		if f.Released != nil && *f.Released != released {
			continue
		}
		if f.States != nil && !contains(f.States, state) {
			continue
		}
		states = append(states, string(state))
	}
	return states
}

func contains(states []SelectionState, wanted SelectionState) bool {
	for _, state := range states {
		if state == wanted {
			return true
		}
	}
	return false
}

// ImagePage is a page of a job's pictures in their order.
type ImagePage struct {
	Images []*Image
	More   bool // whether more follow
}

// Images returns a page of a job's pictures.
func (s *Jobs) Images(ctx context.Context, v account.Viewer, j *Job, filter ImageFilter, w page.Window) (ImagePage, error) {
	pages, err := s.ImagesOf(ctx, v, []*Job{j}, filter, w)
	return pages[j.ID], err
}

// ImagesOf returns the same page of each job's pictures, by job. One that the
// viewer may not see refuses all.
func (s *Jobs) ImagesOf(ctx context.Context, v account.Viewer, jobs []*Job, filter ImageFilter, w page.Window) (map[id.ID]ImagePage, error) {
	pages := make(map[id.ID]ImagePage, len(jobs))
	err := s.byStates(v, jobs, filter, func(group []*Job, ids []id.ID, states []string) error {
		params := queries.ImagesOfJobsParams{
			TenantID: v.TenantID, JobIds: ids, AfterPosition: -1, States: states, MaxRows: int32(w.Size + 1),
		}
		if w.After != nil {
			params.AfterPosition, params.AfterID = int32(w.After.Key), w.After.ID
		}
		rows, err := queries.New(s.db).ImagesOfJobs(ctx, params)
		if err != nil {
			return fault.Database("list images", err)
		}
		fillPages(pages, group, rows, w)
		return nil
	})
	return pages, err
}

// fillPages cuts rows, which stand job by job, into pages.
func fillPages(pages map[id.ID]ImagePage, jobs []*Job, rows []queries.Image, w page.Window) {
	byID := make(map[id.ID]*Job, len(jobs))
	for _, j := range jobs {
		byID[j.ID] = j
		pages[j.ID] = ImagePage{}
	}
	for start := 0; start < len(rows); {
		end := start + 1
		for end < len(rows) && rows[end].JobID == rows[start].JobID {
			end++
		}
		part, more := page.Cut(w, rows[start:end])
		filled := make([]Image, len(part))
		images := make([]*Image, len(part))
		for i := range part {
			filled[i].fill(&part[i], byID[part[i].JobID])
			images[i] = &filled[i]
		}
		pages[rows[start].JobID] = ImagePage{Images: images, More: more}
		start = end
	}
}

// byStates calls read for the jobs that the filter selects the same states of: a
// job whose package includes every picture releases others than one with a number.
func (s *Jobs) byStates(v account.Viewer, jobs []*Job, filter ImageFilter, read func(group []*Job, ids []id.ID, states []string) error) error {
	for _, all := range []bool{false, true} {
		var group []*Job
		var ids []id.ID
		for _, j := range jobs {
			if !Decide(v, j, None, s.now()).See {
				return fault.Refused()
			}
			if j.AllImagesIncluded == all {
				group, ids = append(group, j), append(ids, j.ID)
			}
		}
		if len(group) == 0 {
			continue
		}
		if err := read(group, ids, filter.states(group[0])); err != nil {
			return err
		}
	}
	return nil
}

// LockImages locks job j until tx ends and returns the pictures as they are now,
// in the same order; nil for one that is gone.
func (s *Jobs) LockImages(ctx context.Context, tx pgx.Tx, j *Job, images []*Image) ([]*Image, error) {
	q := queries.New(tx)
	locked, err := q.LockJob(ctx, j.TenantID, j.ID)
	if err != nil {
		return nil, fault.Database("lock a job", err)
	}
	ids := make([]id.ID, len(images))
	for i, image := range images {
		ids[i] = image.ID
	}
	rows, err := q.ImagesByID(ctx, j.TenantID, ids)
	if err != nil {
		return nil, fault.Database("read images", err)
	}
	current := fromRow(locked)
	byID := make(map[id.ID]*Image, len(rows))
	for i := range rows {
		image := new(Image)
		image.fill(&rows[i], current)
		byID[image.ID] = image
	}
	fresh := make([]*Image, len(images))
	for i, image := range images {
		fresh[i] = byID[image.ID]
	}
	return fresh, nil
}

// CountImages returns how many pictures of a job match in all.
func (s *Jobs) CountImages(ctx context.Context, v account.Viewer, j *Job, filter ImageFilter) (int, error) {
	counts, err := s.CountImagesOf(ctx, v, []*Job{j}, filter)
	return counts[j.ID], err
}

// CountImagesOf returns how many pictures of each job match in all, by job.
// Without a filter the jobs know it themselves.
func (s *Jobs) CountImagesOf(ctx context.Context, v account.Viewer, jobs []*Job, filter ImageFilter) (map[id.ID]int, error) {
	counts := make(map[id.ID]int, len(jobs))
	err := s.byStates(v, jobs, filter, func(group []*Job, ids []id.ID, states []string) error {
		if states == nil {
			for _, j := range group {
				counts[j.ID] = j.ImageCount
			}
			return nil
		}
		rows, err := queries.New(s.db).CountImagesOfJobs(ctx, v.TenantID, ids, states)
		if err != nil {
			return fault.Database("count images", err)
		}
		for _, row := range rows {
			counts[row.JobID] = int(row.Images)
		}
		return nil
	})
	return counts, err
}
