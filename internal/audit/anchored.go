package audit

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
)

// readAtOnce is how many anchors are read side by side: a storage takes its time for
// each, and a year has thousands.
const readAtOnce = 16

// readAnchors reads the anchors that bear on the walk: those of the sequences ahead, most
// of them at most, which then end the walk, and the newest one, which knows best where the chain ended.
func (w *walk) readAnchors(ctx context.Context, most int) error {
	var ahead []int64
	for key, err := range w.store.List(ctx, anchorFolder(w.studio.Slug)) {
		if err != nil {
			return err
		}
		if sequence, ok := anchorSequence(w.studio.Slug, key); ok && sequence >= w.first {
			ahead = append(ahead, sequence)
		}
	}
	slices.Sort(ahead)
	wanted := ahead
	if most > 0 && len(wanted) > most {
		wanted = wanted[:most]
		w.limit = min(w.limit, wanted[most-1])
	}
	for len(wanted) > 0 && wanted[len(wanted)-1] > w.limit {
		wanted = wanted[:len(wanted)-1]
	}
	if n := len(ahead); n > len(wanted) {
		wanted = append(slices.Clone(wanted), ahead[n-1])
	}
	w.anchors = make([]anchored, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readAtOnce)
	for i, sequence := range wanted {
		group.Go(func() error {
			data, err := w.store.Get(ctx, anchorKey(w.studio.Slug, sequence), maxAnchor)
			w.anchors[i] = readAnchor(data, w.keys, w.studio.ID, sequence)
			return err
		})
	}
	return group.Wait()
}
