package wire

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// execute runs the operation and judges what came of it.
func (h *handler) execute(ctx context.Context, op *graphql.OperationContext) (a *answer) {
	ctx = graphql.WithOperationContext(ctx, op)
	ctx = graphql.WithResponseContext(ctx, h.ErrorPresenter, h.Recover)
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			a = failed(mask(gqlerror.List{h.ErrorPresenter(ctx, h.Recover(ctx, p))}))
		}
	}()
	if h.Before != nil {
		ctx = h.Before(ctx, op)
	}
	if h.Guard != nil {
		if errs := h.Guard(ctx, op); len(errs) > 0 {
			return late(ctx, op, failed(mask(presentAll(ctx, h.ErrorPresenter, errs))))
		}
	}
	response := h.Schema.Exec(ctx)(ctx)
	errs := mask(append(response.Errors, graphql.GetErrors(ctx)...))
	return late(ctx, op, outcome(op, response.Data, errs))
}

// late replaces an answer that the deadline spoilt: a field that gave up is not a field that is null. A mutation's answer stands
// once something took effect.
func late(ctx context.Context, op *graphql.OperationContext, a *answer) *answer {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return a
	}
	if a.data != nil && op.Operation.Operation == ast.Mutation {
		return a
	}
	return refused(Status(codeUnavailable), codeUnavailable, "The server could not answer in time.")
}

// outcome decides between an answer with data and a refusal of the whole.
func outcome(op *graphql.OperationContext, data []byte, errs gqlerror.List) *answer {
	if len(errs) == 0 {
		return &answer{status: http.StatusOK, data: data}
	}
	if op.Operation.Operation == ast.Mutation {
		if tookEffect(op, errs) {
			return &answer{status: http.StatusOK, data: data, errors: errs}
		}
		return failed(errs)
	}
	for _, e := range errs {
		if codeOf(e) == codeUnavailable { // what is missing from the data may well exist
			return &answer{status: Status(codeUnavailable), errors: errs}
		}
	}
	if barren(op, data, errs) {
		return failed(errs)
	}
	return &answer{status: http.StatusOK, data: data, errors: errs}
}

// tookEffect reports whether any field of a mutation's root was carried out, even if the answer to it then failed.
func tookEffect(op *graphql.OperationContext, errs gqlerror.List) bool {
	for _, root := range graphql.CollectFields(op, op.Operation.SelectionSet, nil) {
		if root.Name != "__typename" && !failedAt(errs, root.Alias, false) {
			return true
		}
	}
	return false
}

// barren reports whether the data of a query says nothing: it is null, or each of its fields is null for an error at or below it.
func barren(op *graphql.OperationContext, data []byte, errs gqlerror.List) bool {
	if string(data) == "null" {
		return true
	}
	var nothing bytes.Buffer
	for i, root := range graphql.CollectFields(op, op.Operation.SelectionSet, nil) {
		nothing.WriteByte("{,"[min(i, 1)])
		nothing.WriteString(`"` + root.Alias + `":`)
		switch {
		case root.Name == "__typename":
			nothing.WriteString(`"` + root.ObjectDefinition.Name + `"`)
		case failedAt(errs, root.Alias, true):
			nothing.WriteString("null")
		default:
			return false
		}
	}
	nothing.WriteByte('}')
	return bytes.Equal(nothing.Bytes(), data)
}

// failedAt reports whether there is an error at the root's field of this response name, or also below it.
func failedAt(errs gqlerror.List, name string, below bool) bool {
	for _, e := range errs {
		if len(e.Path) > 0 && e.Path[0] == ast.PathName(name) && (below || len(e.Path) == 1) {
			return true
		}
	}
	return false
}
