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

// Images returns a page of a job's pictures in their order, and whether more follow.
func (s *Jobs) Images(ctx context.Context, v account.Viewer, j *Job, filter ImageFilter, w page.Window) (images []*Image, more bool, err error) {
	if !Decide(v, j, None, s.now()).See {
		return nil, false, fault.Refused()
	}
	params := queries.ImagesOfJobParams{
		TenantID: j.TenantID, JobID: j.ID, AfterPosition: -1, States: filter.states(j), MaxRows: int32(w.Size + 1),
	}
	if w.After != nil {
		params.AfterPosition, params.AfterID = int32(w.After.Key), w.After.ID
	}
	rows, err := queries.New(s.db).ImagesOfJob(ctx, params)
	if err != nil {
		return nil, false, fault.Database("list images", err)
	}
	rows, more = page.Cut(w, rows)
	filled := make([]Image, len(rows))
	images = make([]*Image, len(rows))
	for i := range rows {
		filled[i].fill(&rows[i], j)
		images[i] = &filled[i]
	}
	return images, more, nil
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

// CountImages returns how many pictures [Jobs.Images] has in all.
func (s *Jobs) CountImages(ctx context.Context, v account.Viewer, j *Job, filter ImageFilter) (int, error) {
	if !Decide(v, j, None, s.now()).See {
		return 0, fault.Refused()
	}
	states := filter.states(j)
	if states == nil {
		return j.ImageCount, nil
	}
	n, err := queries.New(s.db).CountImages(ctx, j.TenantID, j.ID, states)
	return int(n), fault.Database("count images", err)
}
