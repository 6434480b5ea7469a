package audit

import (
	"context"
	"slices"
	"strings"
)

// Strays returns the names under which anchors lie in the storage that are none of these
// studios', each once. Anchors are found by their studio's slug: a studio that was given
// another one, or was removed, would be whole, with none.
func (v *Verifier) Strays(ctx context.Context, studios []Studio) ([]string, error) {
	var strays []string
	if v.store == nil {
		return nil, nil
	}
	for key, err := range v.store.List(ctx, anchorRoot) {
		if err != nil {
			return nil, err
		}
		slug, _, _ := strings.Cut(strings.TrimPrefix(key, anchorRoot), "/")
		_, isAnchor := anchorSequence(slug, key)
		known := slices.ContainsFunc(studios, func(s Studio) bool { return s.Slug == slug })
		if isAnchor && !known && !slices.Contains(strays, slug) {
			strays = append(strays, slug)
		}
	}
	return strays, nil
}
