package wire

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const internalMessage = "Something went wrong."

// presenter has present tell every error, and each at the field it belongs to: the status of the answer depends on both. What it
// tells itself are arguments that no resolver ever saw, since gqlgen could not make Go values of them.
func presenter(present graphql.ErrorPresenterFunc) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		if e := badArgument(ctx, err); e != nil {
			return e
		}
		e := present(ctx, err)
		if e == nil {
			e = &gqlerror.Error{}
		}
		if e.Path == nil {
			e.Path = graphql.GetPath(ctx)
		}
		return e
	}
}

// badArgument returns what to tell of an error that came up while a field's arguments were read, or nil for any other. Such an error
// is known by its path, which leads below the field before the field has a result.
func badArgument(ctx context.Context, err error) *gqlerror.Error {
	at, ok := errors.AsType[*gqlerror.Error](err)
	fc := graphql.GetFieldContext(ctx)
	if !ok || fc == nil || fc.Result != nil || codeOf(at) != "" {
		return nil
	}
	path := fc.Path()
	if len(at.Path) <= len(path) {
		return nil
	}
	e := badInput(at.Path[len(path):].String(), "invalid_value", "The value of an argument is not valid.")
	e.Path = path
	return e
}

// presentAll has the errors of a guard told that are not ready yet.
func presentAll(ctx context.Context, present graphql.ErrorPresenterFunc, errs gqlerror.List) gqlerror.List {
	presented := make(gqlerror.List, len(errs))
	for i, e := range errs {
		presented[i] = e
		if codeOf(e) == "" {
			presented[i] = present(ctx, e)
		}
	}
	return presented
}

// mask hides the text of every error whose code is not one of statuses: nobody decided that a client may read it.
func mask(errs gqlerror.List) gqlerror.List {
	for i, e := range errs {
		if _, known := statuses[codeOf(e)]; known {
			continue
		}
		masked := &gqlerror.Error{Message: internalMessage, Path: e.Path, Locations: e.Locations, Extensions: map[string]any{"code": codeInternal}}
		if id, ok := e.Extensions["requestId"]; ok {
			masked.Extensions["requestId"] = id
		}
		errs[i] = masked
	}
	return errs
}
