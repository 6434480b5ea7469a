package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"pixgate/graph/model"
	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/transfer"
)

// guard authorises every root field of a request before anything of it runs, by
// what the schema's directives say: first who may use the fields (@auth), then
// whether the things that they name are the caller's, and released where an
// original is asked for (@entitled), then how often (PUBLIC_API, @rateLimit). One
// refusal refuses the whole.
func (r *Resolver) guard(ctx context.Context, op *graphql.OperationContext) gqlerror.List {
	if err := refuseLinks(op.Operation); err != nil {
		return gqlerror.List{r.present(ctx, err)}
	}
	roots := graphql.CollectFields(op, op.Operation.SelectionSet, []string{rootType(op)})
	for _, root := range roots {
		if err := r.authorise(ctx, root); err != nil {
			return gqlerror.List{r.at(ctx, pathOf(root), err)}
		}
	}
	if err := r.find(ctx, op, roots); err != nil {
		return gqlerror.List{r.present(ctx, err)}
	}
	var downloads []*job.Image
	for _, root := range roots {
		to, guarded := entitledTo(root.Definition)
		if !guarded {
			continue
		}
		thing := requestFrom(ctx).found[nameOf(op, root)]
		if !fits(thing, root.Definition.Type.Name()) {
			return gqlerror.List{r.at(ctx, pathOf(root), fault.Refused())}
		}
		asked := downloadsAsked(op, root.Selections, typeOf(thing))
		if to == model.AccessDownload {
			asked = append(asked, root)
		}
		for _, field := range asked {
			if err := r.admit(ctx, thing, model.AccessDownload, field.ArgumentMap(op.Variables)); err != nil {
				return gqlerror.List{r.at(ctx, pathOf(root), err)}
			}
		}
		if image, ok := thing.(*job.Image); ok && len(asked) > 0 {
			downloads = append(downloads, image)
		}
	}
	if err := gate.Refusal(ctx); err != nil {
		return gqlerror.List{r.present(ctx, err)}
	}
	for _, root := range roots {
		if err := r.takeLimit(ctx, op, root); err != nil {
			return gqlerror.List{r.at(ctx, pathOf(root), err)}
		}
	}
	if len(downloads) == 0 {
		return nil
	}
	if err := r.grant(ctx, downloads); err != nil {
		return gqlerror.List{r.present(ctx, err)}
	}
	return nil
}

func rootType(op *graphql.OperationContext) string {
	switch op.Operation.Operation {
	case ast.Mutation:
		return "Mutation"
	case ast.Subscription:
		return "Subscription"
	}
	return "Query"
}

func pathOf(root graphql.CollectedField) ast.Path { return ast.Path{ast.PathName(root.Alias)} }

// nameOf is the id that a root field names. By convention, which a test of the
// schema keeps, every @entitled root field has it as the argument "id", and what tells
// of a job as "jobId".
func nameOf(op *graphql.OperationContext, root graphql.CollectedField) string {
	arguments := root.ArgumentMap(op.Variables)
	for _, argument := range []string{"id", "jobId"} {
		if name, ok := arguments[argument].(string); ok {
			return name
		}
	}
	return ""
}

// authorise checks @auth of a root field.
func (r *Resolver) authorise(ctx context.Context, root graphql.CollectedField) error {
	if root.Definition == nil { // __typename
		return nil
	}
	needed := root.Definition.Directives.ForName("auth")
	if needed == nil {
		return nil
	}
	return r.require(ctx, root.ObjectDefinition.Name, root.Name, RoleOf(needed))
}

// RoleOf is the role that a directive @auth asks for.
func RoleOf(auth *ast.Directive) account.Role {
	if argument := auth.Arguments.ForName("role"); argument != nil {
		return account.Role(argument.Value.Raw)
	}
	return account.Role(auth.Definition.Arguments.ForName("role").DefaultValue.Raw)
}

// entitledTo returns what a field's @entitled asks for.
func entitledTo(definition *ast.FieldDefinition) (to model.Access, guarded bool) {
	if definition == nil {
		return "", false
	}
	needed := definition.Directives.ForName("entitled")
	if needed == nil {
		return "", false
	}
	if argument := needed.Arguments.ForName("to"); argument != nil {
		return model.Access(argument.Value.Raw), true
	}
	return model.Access(needed.Definition.Arguments.ForName("to").DefaultValue.Raw), true
}

// asksDownload reports whether a selection on an object of type name holds a
// field whose @entitled asks for DOWNLOAD.
func asksDownload(op *graphql.OperationContext, selections ast.SelectionSet, name string) bool {
	return len(downloadsAsked(op, selections, name)) > 0
}

// downloadsAsked returns those fields.
func downloadsAsked(op *graphql.OperationContext, selections ast.SelectionSet, name string) (asked []graphql.CollectedField) {
	for _, field := range graphql.CollectFields(op, selections, []string{name, "Node"}) {
		if to, guarded := entitledTo(field.Definition); guarded && to == model.AccessDownload {
			asked = append(asked, field)
		}
	}
	return asked
}

// typeOf is the type of a thing with fields that ask for DOWNLOAD; fields of other
// types are judged where they are resolved.
func typeOf(thing any) string {
	switch thing.(type) {
	case *job.Job:
		return "Job"
	case *job.Image:
		return "Image"
	}
	return "Node"
}

// find reads the things that the root fields name, one statement for each kind,
// whatever the number of fields. What the viewer may not see is not found.
func (r *Resolver) find(ctx context.Context, op *graphql.OperationContext, roots []graphql.CollectedField) error {
	req := requestFrom(ctx)
	named := map[id.Kind][]id.ID{}
	for _, root := range roots {
		if _, guarded := entitledTo(root.Definition); !guarded {
			continue
		}
		kind, thing, ok := id.Parse(nameOf(op, root))
		if !ok {
			kind, thing = id.Image, id.Nil // names nothing, and costs what an unknown one does
		}
		named[kind] = append(named[kind], thing)
	}
	for kind, ids := range named {
		things, err := r.things(ctx, req.viewer, kind, ids)
		if err != nil {
			return err
		}
		for _, thing := range things {
			req.found[thing.PublicID()] = thing
		}
	}
	return nil
}

// fits reports whether something was found, and is of the type that the field
// returns.
func fits(thing any, typeName string) bool {
	switch thing.(type) {
	case nil:
		return false
	case *job.Job:
		return typeName == "Job" || typeName == "JobEvent" || typeName == "Node"
	case *job.Image:
		return typeName == "Image" || typeName == "Node"
	case *transfer.Upload:
		return typeName == "Upload" || typeName == "Node"
	case *booking.Booking:
		return typeName == "Booking" || typeName == "Node"
	case *account.Account:
		return typeName == "Account" || typeName == "Node"
	case *account.Tenant:
		return typeName == "Tenant" || typeName == "Node"
	}
	return typeName == "Node"
}
