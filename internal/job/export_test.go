package job

import (
	"context"

	"pixgate/internal/account"
)

// SetStateUnaudited is [Jobs.SetState] for pictures of one job without the entries: what
// the benchmark of the audit log holds it against.
func (s *Jobs) SetStateUnaudited(ctx context.Context, v account.Viewer, imageIDs []string, state SelectionState) error {
	images, err := s.namedImages(ctx, v, imageIDs)
	if err != nil {
		return err
	}
	_, err = s.act(ctx, v, "", jobsOf(images), func(a *act) error {
		fresh, err := a.lockImages(ctx, images)
		if err != nil {
			return err
		}
		changes, _ := assignments(fresh, imageIDs, state)
		return a.move(ctx, fresh[0].Job, changes)
	})
	return err
}
