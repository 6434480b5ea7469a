package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/graph/model"
	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/job"
)

// auth is @auth. On root fields the guard has asked the same already.
func (r *Resolver) auth(ctx context.Context, _ any, next graphql.Resolver, role account.Role) (any, error) {
	field := graphql.GetFieldContext(ctx)
	if err := r.require(requestFrom(ctx).viewer, field.Object, field.Field.Name, role); err != nil {
		return nil, err
	}
	return next(ctx)
}

// require is the membership gate of a field. Ending one's session is the one
// thing that also a blocked account may.
func (r *Resolver) require(v account.Viewer, object, field string, role account.Role) error {
	if object == "Mutation" && field == "logout" && v.SignedIn() {
		return nil
	}
	return v.Require(role, r.Now())
}

// entitled is @entitled. Root fields were judged by the guard; below them each
// picture is judged here, and a thing that the rule knows nothing about is refused.
func (r *Resolver) entitled(ctx context.Context, thing any, next graphql.Resolver, to model.Access) (any, error) {
	if thing == nil {
		return next(ctx)
	}
	image, ok := thing.(*job.Image)
	if !ok || !r.may(requestFrom(ctx).viewer, image, to) {
		return nil, fault.Refused()
	}
	return next(ctx)
}

func (r *Resolver) may(v account.Viewer, image *job.Image, to model.Access) bool {
	access := job.Decide(v, image.Job, image.State, r.Now())
	return to == model.AccessView && access.See || to == model.AccessDownload && access.Download
}
