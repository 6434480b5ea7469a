package job

import (
	"context"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
)

// SetState puts pictures, of one job or of several, into a state: to grant them, to
// withdraw them, to correct a choice. Admins only; leaves an audit entry for each
// picture that moves. Refused as a whole where a package has no place left, or a
// picture was delivered and would no longer be released; BLOCKED is always possible.
func (s *Jobs) SetState(ctx context.Context, v account.Viewer, imageIDs []string, state SelectionState, reason string) (Outcome, []Refusal, error) {
	if err := v.Require(account.Admin, s.now()); err != nil {
		return Outcome{}, nil, err
	}
	if wrong := fault.Text("input.reason", reason, 0, MaxReason); wrong != nil {
		return Outcome{}, nil, fault.Invalid(wrong...)
	}
	named, err := s.namedImages(ctx, v, imageIDs)
	if err != nil {
		return Outcome{}, nil, err
	}
	var images []*Image
	var refusals []Refusal
	done, err := s.act(ctx, v, reason, jobsOf(named), func(a *act) error {
		var moves [][]*Change // of each job
		for _, group := range byJob(named) {
			fresh, err := a.lockImages(ctx, group)
			if err != nil {
				return err
			}
			changes, refused := assignments(fresh, imageIDs, state)
			images, moves, refusals = append(images, fresh...), append(moves, changes), append(refusals, refused...)
		}
		if refusals != nil {
			return nil
		}
		for _, changes := range moves {
			if len(changes) == 0 {
				continue
			}
			a.stateEntries(audit.SelectionStateSet, changes, "")
			if err := a.move(ctx, changes[0].Image.Job, changes); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || refusals != nil {
		return Outcome{}, refusals, err
	}
	return Outcome{Images: images, Changes: done.changes}, nil, nil
}

// byJob cuts pictures that are sorted by their jobs. Whoever locks the jobs in this
// order can't wait in a circle.
func byJob(images []*Image) (groups [][]*Image) {
	for len(images) > 0 {
		n := 1
		for n < len(images) && images[n].Job.ID == images[0].Job.ID {
			n++
		}
		groups = append(groups, images[:n])
		images = images[n:]
	}
	return groups
}

// assignments judges the move of pictures of one job to a state.
func assignments(images []*Image, imageIDs []string, state SelectionState) (changes []*Change, refusals []Refusal) {
	j := images[0].Job
	left := places{free: j.Package.Remaining}
	for _, image := range images {
		switch refusal := left.assign(image.State, state, image.DeliveredAt != nil, j.AllImagesIncluded); {
		case refusal == PackageFull:
			return nil, append(refusals, full(j, without(images, Included)))
		case refusal != "":
			refusals = append(refusals, refuse(imageIDs, image, refusal))
		case image.State != state:
			left.moved(image.State, state)
			changes = append(changes, &Change{Image: image, Old: image.State, New: state})
		}
	}
	return changes, refusals
}
