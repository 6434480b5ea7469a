package job

import (
	"context"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Select selects pictures of a job, or deselects them, for its customer. Selected ones
// take the places of the package in their order; past it they become extras, where
// the job sells any, else the whole call is refused with the package's numbers. Nobody
// but the customer may choose, staff included.
func (s *Jobs) Select(ctx context.Context, v account.Viewer, jobID string, imageIDs []string, selected bool) (Outcome, []Refusal, error) {
	if err := v.Good(s.now()); err != nil {
		return Outcome{}, nil, err
	}
	images, err := s.namedImages(ctx, v, imageIDs)
	if err != nil {
		return Outcome{}, nil, err
	}
	for _, image := range images {
		if image.Job.PublicID() != jobID || !Decide(v, image.Job, None, s.now()).Choose {
			return Outcome{}, nil, fault.Refused()
		}
	}
	var refusals []Refusal
	done, err := s.act(ctx, v, "", jobsOf(images), func(a *act) error {
		if images, err = a.lockImages(ctx, images); err != nil {
			return err
		}
		var changes []*Change
		if changes, refusals = chosen(images, imageIDs, selected); refusals != nil || changes == nil {
			return nil
		}
		if err := a.choices(ctx, images[0].Job, changes); err != nil {
			return err
		}
		return a.move(ctx, images[0].Job, changes)
	})
	if err != nil || refusals != nil {
		return Outcome{}, refusals, err
	}
	return Outcome{Job: images[0].Job, Images: images, Changes: done.changes}, nil, nil
}

// chosen judges a choice about pictures of one job, in their order.
func chosen(images []*Image, imageIDs []string, selected bool) (changes []*Change, refusals []Refusal) {
	j := images[0].Job
	switch {
	case j.Status == Closed:
		return nil, []Refusal{{Field: []string{"input", "jobId"}, Code: JobClosed, Message: "The job is closed: nothing is chosen any more."}}
	case j.AllImagesIncluded:
		return nil, []Refusal{{Field: []string{"input", "jobId"}, Code: NothingToChoose, Message: "This job includes every picture: there is nothing to choose."}}
	}
	left := places{free: j.Package.Remaining, sellsExtras: j.SellsExtras}
	for _, image := range images {
		to, refusal := left.choose(image.State, image.DeliveredAt != nil, selected)
		switch {
		case refusal == PackageFull:
			return nil, []Refusal{full(j, without(images, Included, ExtraPaid, ExtraFree, Blocked))}
		case refusal != "":
			refusals = append(refusals, refuse(imageIDs, image, refusal))
		case to != image.State:
			left.moved(image.State, to)
			changes = append(changes, &Change{Image: image, Old: image.State, New: to})
		}
	}
	return changes, refusals
}

// choices writes down what the customer chose.
func (a *act) choices(ctx context.Context, j *Job, changes []*Change) error {
	now := a.now()
	params := queries.InsertSelectionEventsParams{
		TenantID: j.TenantID, JobID: j.ID, AccountID: a.viewer.AccountID, RequestID: a.viewer.RequestID, Now: now,
	}
	for _, change := range changes {
		params.Ids = append(params.Ids, id.New(now))
		params.ImageIds = append(params.ImageIds, change.Image.ID)
		params.OldStates = append(params.OldStates, string(change.Old))
		params.NewStates = append(params.NewStates, string(change.New))
	}
	return fault.Database("write what was chosen", a.q.InsertSelectionEvents(ctx, params))
}
