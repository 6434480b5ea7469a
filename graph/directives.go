package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/graph/model"
	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/job"
	"pixgate/internal/session"
)

// auth is @auth. On root fields the guard has asked the same already.
func (r *Resolver) auth(ctx context.Context, _ any, next graphql.Resolver, role account.Role) (any, error) {
	field := graphql.GetFieldContext(ctx)
	if err := r.require(ctx, field.Object, field.Field.Name, role); err != nil {
		return nil, err
	}
	return next(ctx)
}

// require is the membership gate of a field. Ending one's session is the one
// thing that also a blocked account may. What only admins may, they may from listed
// addresses only, where there is a list.
func (r *Resolver) require(ctx context.Context, object, field string, role account.Role) error {
	v := requestFrom(ctx).viewer
	if object == "Mutation" && field == "logout" && v.SignedIn() {
		return nil
	}
	if err := v.Require(role, r.Now()); err != nil || !role.AtLeast(account.Admin) {
		return err
	}
	return r.fromListed(ctx)
}

// fromListed refuses an address that admins may not act from. A field may be all that
// is refused of an answer: it is told all the same, or a harmless one beside it would
// hide the attempt.
func (r *Resolver) fromListed(ctx context.Context) error {
	ip := session.ClientFrom(ctx).IP
	if list := r.Lists.Denying(gate.Admin, ip); list != "" {
		fault.Tell(ctx, fault.IPDenied, list)
	}
	return r.Lists.Check(gate.Admin, ip)
}

// entitled is @entitled. Root fields were judged by the guard; below them each
// thing is judged here.
func (r *Resolver) entitled(ctx context.Context, thing any, next graphql.Resolver, to model.Access) (any, error) {
	if thing == nil {
		return next(ctx)
	}
	if err := r.admit(ctx, thing, to, graphql.GetFieldContext(ctx).Args); err != nil {
		return nil, err
	}
	return next(ctx)
}

// admit asks the rule whether the viewer may see a thing, or download what a field
// with these arguments is about. A thing that the rule knows nothing about is
// refused.
func (r *Resolver) admit(ctx context.Context, thing any, to model.Access, arguments map[string]any) error {
	v, admitted := requestFrom(ctx).viewer, false
	switch one := thing.(type) {
	case *job.Image:
		admitted = r.may(v, one, to)
	case *job.Job:
		if to == model.AccessDownload {
			return r.mayArchive(ctx, one, arguments)
		}
		admitted = to == model.AccessView && job.Decide(v, one, job.None, r.Now()).See
	}
	if !admitted {
		return fault.Refused()
	}
	return nil
}

func (r *Resolver) may(v account.Viewer, image *job.Image, to model.Access) bool {
	access := job.Decide(v, image.Job, image.State, r.Now())
	return to == model.AccessView && access.See || to == model.AccessDownload && access.Download
}

// mayArchive asks whether pictures of a job may leave as an archive: those of the
// argument imageIds, or all that are released.
func (r *Resolver) mayArchive(ctx context.Context, j *job.Job, arguments map[string]any) error {
	named, err := imageIDs(arguments["imageIds"])
	if err != nil {
		return err
	}
	return r.Archives.Check(ctx, requestFrom(ctx).viewer, j, named)
}

// imageIDs reads the argument as the guard finds it, before it is coerced, or as
// resolvers get it: nil for none, and for null. What is not a list of ids is refused.
func imageIDs(argument any) ([]string, error) {
	switch list := argument.(type) {
	case nil:
		return nil, nil
	case []string:
		return list, nil
	case []any:
		ids := make([]string, len(list))
		for i, one := range list {
			name, ok := one.(string)
			if !ok {
				return nil, fault.Refused()
			}
			ids[i] = name
		}
		return ids, nil
	case string: // a list of one, as GraphQL coerces it
		return []string{list}, nil
	}
	return nil, fault.Refused()
}
