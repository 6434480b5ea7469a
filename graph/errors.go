package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"pixgate/internal/account"
	"pixgate/internal/fault"
)

// present is the one place where a failure becomes what a caller may read: code,
// sentence and what belongs to the code. The cause goes to the log.
func (r *Resolver) present(ctx context.Context, err error) *gqlerror.Error {
	shown := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	if placed, ok := errors.AsType[*gqlerror.Error](err); ok {
		if placed.Extensions["code"] != nil && placed.Err == nil {
			return placed // presented already
		}
		if placed.Path != nil {
			shown.Path = placed.Path
		}
		shown.Locations = placed.Locations
	}
	failure := fault.As(err)
	requestID := account.ViewerFrom(ctx).RequestID
	if failure.Code == fault.Internal || failure.Code == fault.Unavailable {
		r.Log.LogAttrs(ctx, slog.LevelError, "a field failed",
			slog.String("code", string(failure.Code)), slog.String("requestId", requestID),
			slog.String("path", shown.Path.String()), slog.String("error", err.Error()))
	}
	shown.Message = failure.Message
	shown.Extensions = extensions(failure, requestID)
	return shown
}

func extensions(failure *fault.Error, requestID string) map[string]any {
	shown := map[string]any{"code": string(failure.Code)}
	switch failure.Code {
	case fault.ValidationFailed:
		shown["fields"] = fields(failure.Fields)
	case fault.RateLimited, fault.Unavailable:
		shown["retryAfter"] = int(math.Ceil(failure.RetryAfter.Seconds()))
	case fault.Internal:
		shown["requestId"] = requestID
	}
	return shown
}

// field is what extensions.fields holds.
type field struct {
	Path    string          `json:"path"`
	Code    fault.FieldCode `json:"code"`
	Message string          `json:"message"`
}

func fields(wrong []fault.Field) []field {
	shown := make([]field, len(wrong))
	for i, f := range wrong {
		shown[i] = field(f)
	}
	return shown
}

// at presents a failure of the field at path.
func (r *Resolver) at(ctx context.Context, path ast.Path, err error) *gqlerror.Error {
	shown := r.present(ctx, err)
	shown.Path = path
	return shown
}

// recovered turns a panic into an error; the stack goes to the log with it.
func recovered(_ context.Context, panicked any) error {
	return fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
}
