package job

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// ReleasedImages returns the pictures of a job that leave as one archive, in their
// order: all that are released to its customer or, where named is not nil, those
// that it names. One named that is malformed, unknown, of another job or not
// released refuses the whole, and so does an archive of nothing. Staff get what
// the customer would.
func (s *Jobs) ReleasedImages(ctx context.Context, v account.Viewer, j *Job, named []string) ([]*Image, error) {
	if !Decide(v, j, None, s.now()).See {
		return nil, fault.Refused()
	}
	var images []*Image
	var err error
	if named == nil {
		images, err = s.released(ctx, v, j)
	} else {
		images, err = s.named(ctx, v, named)
	}
	if err != nil {
		return nil, err
	}
	for _, image := range images {
		if image.Job.ID != j.ID || !s.leavesInArchive(v, image) {
			return nil, fault.Refused()
		}
	}
	if len(images) == 0 {
		return nil, fault.Refused()
	}
	return images, nil
}

// HasReleasedImages refuses as [Jobs.ReleasedImages] does, without reading the
// pictures of the job.
func (s *Jobs) HasReleasedImages(ctx context.Context, v account.Viewer, j *Job, named []string) error {
	if named != nil {
		_, err := s.ReleasedImages(ctx, v, j, named)
		return err
	}
	if !Decide(v, j, None, s.now()).See {
		return fault.Refused()
	}
	has, err := queries.New(s.db).HasImageIn(ctx, j.TenantID, j.ID, s.statesInArchive(v, j))
	if err != nil {
		return fault.Database("look for released images", err)
	}
	if !has {
		return fault.Refused()
	}
	return nil
}

// StillReleased refuses where one of these pictures of a job, each named once, may
// not leave in an archive any more. It costs a few index look-ups, however many
// pictures there are.
func (s *Jobs) StillReleased(ctx context.Context, v account.Viewer, jobID id.ID, ids []id.ID) error {
	jobs, err := s.ByIDs(ctx, v, []id.ID{jobID})
	if err != nil {
		return err
	}
	if len(jobs) == 0 {
		return fault.Refused()
	}
	current, err := queries.New(s.db).StatesOfImages(ctx, v.TenantID, jobID, ids)
	if err != nil {
		return fault.Database("read the states of images", err)
	}
	for _, state := range current.States {
		if !s.leavesInArchive(v, &Image{Job: jobs[0], State: SelectionState(state)}) {
			return fault.Refused()
		}
	}
	if current.Found != int64(len(ids)) {
		return fault.Refused()
	}
	return nil
}

// leavesInArchive asks the rule for whoever asks and for the customer: there is one
// archive of a job, not one of the customer's and another of the studio's.
func (s *Jobs) leavesInArchive(v account.Viewer, image *Image) bool {
	return image.Released() && Decide(v, image.Job, image.State, s.now()).Download
}

func (s *Jobs) statesInArchive(v account.Viewer, j *Job) []string {
	states := []string{}
	for _, state := range []SelectionState{None, Included, ExtraPending, ExtraPaid, ExtraFree, Blocked} {
		if s.leavesInArchive(v, &Image{Job: j, State: state}) {
			states = append(states, string(state))
		}
	}
	return states
}

func (s *Jobs) released(ctx context.Context, v account.Viewer, j *Job) ([]*Image, error) {
	rows, err := queries.New(s.db).ImagesInStates(ctx, j.TenantID, j.ID, s.statesInArchive(v, j))
	if err != nil {
		return nil, fault.Database("list released images", err)
	}
	filled := make([]Image, len(rows))
	images := make([]*Image, len(rows))
	for i := range rows {
		filled[i].fill(&rows[i], j)
		images[i] = &filled[i]
	}
	return images, nil
}

// named returns all of the pictures, each once and in their order, or refuses.
func (s *Jobs) named(ctx context.Context, v account.Viewer, publicIDs []string) ([]*Image, error) {
	ids := make([]id.ID, 0, len(publicIDs))
	for _, publicID := range publicIDs {
		imageID, ok := id.Image.Parse(publicID)
		if !ok {
			imageID = id.Nil // names nothing, and costs what an unknown one does
		}
		ids = append(ids, imageID)
	}
	slices.SortFunc(ids, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	images, err := s.ImagesByID(ctx, v, ids)
	if err != nil {
		return nil, err
	}
	if len(images) != len(ids) {
		return nil, fault.Refused()
	}
	slices.SortFunc(images, func(a, b *Image) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return images, nil
}
