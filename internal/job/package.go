package job

import (
	"context"
	"slices"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
)

// SetIncludedImages sets how many pictures the package of a job includes, 0 to
// 100,000. Admins only; leaves an audit entry, and one for each picture that moves.
//
// A package that shrinks below its use gives up places from the end of the job: those
// that were not delivered first, which become extras that wait for their payment where
// the job sells any, else nothing; what was delivered becomes EXTRA_FREE. One that
// grows takes nothing in by itself.
func (s *Jobs) SetIncludedImages(ctx context.Context, v account.Viewer, jobID string, included int, reason string) (Outcome, error) {
	wrong := fault.Text("input.reason", reason, 0, MaxReason)
	if included < 0 || included > MaxIncluded {
		wrong = append(wrong, fault.Field{Path: "input.includedImages", Code: fault.InvalidValue, Message: "Give a number from 0 to 100,000."})
	}
	return s.setPackage(ctx, v, jobID, reason, wrong, func(a *act, j *Job) error {
		before := j.IncludedImages
		if before == included {
			return nil
		}
		a.entry(audit.IncludedImagesSet, j, nil, includedValue{before}, includedValue{included})
		if err := a.shrink(ctx, j, included); err != nil {
			return err
		}
		if err := a.q.SetIncludedImages(ctx, j.TenantID, j.ID, int32(included)); err != nil {
			return fault.Database("set the package's size", err)
		}
		return a.refresh(ctx, j)
	})
}

// SetAllImagesIncluded says whether the package of a job includes every picture.
// Admins only; leaves an audit entry, and one for each picture that moves.
//
// When it does no longer, what was delivered because of it stays granted: it takes the
// places that are left, in the order of the job, and past them becomes EXTRA_FREE.
func (s *Jobs) SetAllImagesIncluded(ctx context.Context, v account.Viewer, jobID string, all bool, reason string) (Outcome, error) {
	wrong := fault.Text("input.reason", reason, 0, MaxReason)
	return s.setPackage(ctx, v, jobID, reason, wrong, func(a *act, j *Job) error {
		if j.AllImagesIncluded == all {
			return nil
		}
		a.entry(audit.AllImagesIncludedSet, j, nil, allValue{j.AllImagesIncluded}, allValue{all})
		if !all {
			if err := a.retainDelivered(ctx, j); err != nil {
				return err
			}
		}
		if err := a.q.SetAllImagesIncluded(ctx, j.TenantID, j.ID, all); err != nil {
			return fault.Database("set whether the package includes every image", err)
		}
		return a.refresh(ctx, j)
	})
}

// What the audit log keeps of a package.
type (
	includedValue struct {
		IncludedImages int `json:"includedImages"`
	}
	allValue struct {
		AllImagesIncluded bool `json:"allImagesIncluded"`
	}
)

// setPackage runs a change of a job's package by an admin on the locked job.
func (s *Jobs) setPackage(ctx context.Context, v account.Viewer, jobID, reason string, wrong []fault.Field, do func(*act, *Job) error) (Outcome, error) {
	if err := v.Require(account.Admin, s.now()); err != nil {
		return Outcome{}, err
	}
	j, err := s.ByID(ctx, v, jobID)
	if err != nil {
		return Outcome{}, err
	}
	if wrong != nil {
		return Outcome{}, fault.Invalid(wrong...)
	}
	done, err := s.act(ctx, v, reason, []id.ID{j.ID}, func(a *act) error {
		if j, err = a.lock(ctx, j); err != nil {
			return err
		}
		return do(a, j)
	})
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Job: j, Changes: done.changes}, nil
}

// shrink takes places away until the package has no more than are left to it.
func (a *act) shrink(ctx context.Context, j *Job, included int) error {
	excess := j.Package.Used - included
	if excess <= 0 {
		return nil
	}
	rows, err := a.q.ImagesInStates(ctx, j.TenantID, j.ID, []string{string(Included)})
	if err != nil {
		return fault.Database("list the pictures of a package", err)
	}
	left := places{sellsExtras: j.SellsExtras}
	var changes []*Change
	for _, delivered := range []bool{false, true} {
		for _, row := range slices.Backward(rows) {
			if len(changes) < excess && (row.DeliveredAt != nil) == delivered {
				image := new(Image)
				image.fill(&row, j)
				changes = append(changes, &Change{Image: image, Old: Included, New: left.giveUp(delivered)})
			}
		}
	}
	inOrder(changes)
	a.stateEntries(audit.SelectionStateSet, changes, "")
	return a.move(ctx, j, changes)
}

// retainDelivered keeps granted what was delivered and is released only because the
// package includes every picture.
func (a *act) retainDelivered(ctx context.Context, j *Job) error {
	var states []string
	for _, state := range []SelectionState{None, Included, ExtraPending, ExtraPaid, ExtraFree, Blocked} {
		with, _ := Release(state, true)
		without, _ := Release(state, false)
		if with && !without {
			states = append(states, string(state))
		}
	}
	rows, err := a.q.DeliveredIn(ctx, j.TenantID, j.ID, states)
	if err != nil {
		return fault.Database("list delivered pictures", err)
	}
	left := places{free: j.Package.Remaining}
	var changes []*Change
	for i := range rows {
		image := new(Image)
		image.fill(&rows[i], j)
		to := left.retain()
		left.moved(image.State, to)
		changes = append(changes, &Change{Image: image, Old: image.State, New: to})
	}
	a.stateEntries(audit.SelectionStateSet, changes, "")
	return a.move(ctx, j, changes)
}
