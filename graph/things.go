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
	if err := r.namedFromListed(ctx, v, kind, ids); err != nil {
		return nil, err
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
	case id.Device:
		devices, err := r.Accounts.DevicesByID(ctx, v, ids)
		return nodes(devices), err
	case id.Tenant:
		studios, err := r.Tenants.ByIDs(ctx, v, ids)
		return nodes(studios), err
	case id.Import:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Imports.ByID(ctx, v, one) })
	case id.Upload:
		uploads, err := r.Uploads.ByIDs(ctx, v, ids)
		return nodes(uploads), err
	case id.Booking:
		bookings, err := r.Bookings.ByIDs(ctx, v, ids)
		requestFrom(ctx).mentionBookings(bookings...)
		return nodes(bookings), err
	case id.Security:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Events.ByID(ctx, v, one) })
	case id.Run:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Maintenance.RunByID(ctx, v, one) })
	case id.Task:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Backlog.ByID(ctx, v, one) })
	case id.Webhook:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Hooks.ByID(ctx, v, one) })
	case id.Delivery:
		return each(ids, func(one id.ID) (scalar.Node, error) { return r.Hooks.DeliveryByID(ctx, v, one) })
	}
	return nil, nil
}

// namedFromListed refuses admins who name, from an address that is not on their list, what
// nobody but admins may see. Others learn no more than that they may not.
func (r *Resolver) namedFromListed(ctx context.Context, v account.Viewer, kind id.Kind, ids []id.ID) error {
	switch kind {
	case id.Job, id.Image, id.Upload, id.Booking:
		return nil
	case id.Account: // the own one is everybody's
		if !slices.ContainsFunc(ids, func(one id.ID) bool { return one != v.AccountID }) {
			return nil
		}
	case id.Device: // the one that asks likewise
		if !slices.ContainsFunc(ids, func(one id.ID) bool { return one != v.DeviceID }) {
			return nil
		}
	case id.Tenant: // likewise
		if !slices.ContainsFunc(ids, func(one id.ID) bool { return one != v.TenantID }) {
			return nil
		}
	}
	if !v.Role.AtLeast(account.Admin) {
		return nil
	}
	return r.fromListed(ctx)
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
