package graph

import (
	"context"
	"slices"

	"pixgate/graph/scalar"
	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
)

// things reads what callers can name, by each type's own rule: what the viewer
// may not see is left out, as if it did not exist. What only admins may see, they may
// from listed addresses only.
func (r *Resolver) things(ctx context.Context, v account.Viewer, kind id.Kind, ids []id.ID) ([]scalar.Node, error) {
	others := func(one id.ID) bool { return one != v.AccountID }
	if v.Role.AtLeast(account.Admin) && (kind == id.Audit || kind == id.Security || kind == id.Account && slices.ContainsFunc(ids, others)) {
		if err := r.fromListed(ctx); err != nil {
			return nil, err
		}
	}
	switch kind {
	case id.Job:
		jobs, err := r.Jobs.ByIDs(ctx, v, ids)
		return nodes(jobs), err
	case id.Image:
		images, err := r.Jobs.ImagesByID(ctx, v, ids)
		return nodes(images), err
	case id.Audit:
		entries, err := r.Journal.ByIDs(ctx, v, ids)
		requestFrom(ctx).mention(entries...)
		return nodes(entries), err
	case id.Account:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Accounts.ByID(ctx, v, one) })
	case id.Import:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Imports.ByID(ctx, v, one) })
	case id.Security:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Events.ByID(ctx, v, one) })
	}
	return nil, nil
}

func nodes[T scalar.Node](things []T) []scalar.Node {
	all := make([]scalar.Node, len(things))
	for i, thing := range things {
		all[i] = thing
	}
	return all
}

// each reads things one by one; those refused are left out. Meant for kinds that
// nobody asks for by the dozen.
func each(ids []id.ID, read func(id.ID) (scalar.Node, error)) ([]scalar.Node, error) {
	var all []scalar.Node
	for _, one := range ids {
		thing, err := read(one)
		if fault.Is(err, fault.Forbidden) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, thing)
	}
	return all, nil
}

// found returns what the guard found under a public id.
func found[T scalar.Node](ctx context.Context, publicID string) (T, error) {
	thing, ok := requestFrom(ctx).found[publicID].(T)
	if !ok {
		return thing, fault.Refused()
	}
	return thing, nil
}
