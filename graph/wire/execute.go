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

// execute runs the operation and judges what came of it; nil for an event of which there is nothing to tell.
func (h *handler) execute(ctx context.Context, op *graphql.OperationContext) (a *answer) {
	ctx = h.prepare(ctx, op)
	defer h.recovered(ctx, &a)
	ctx, refusal := h.judge(ctx, op)
	if refusal != nil {
		return refusal
	}
	response := h.respond(ctx, op)
	if response == nil {
		return nil
	}
	errs := mask(append(response.Errors, graphql.GetErrors(ctx)...))
	return late(ctx, op, outcome(op, response.Data, errs))
}

// prepare gives ctx what generated code looks for in it.
func (h *handler) prepare(ctx context.Context, op *graphql.OperationContext) context.Context {
	return graphql.WithResponseContext(graphql.WithOperationContext(ctx, op), h.ErrorPresenter, h.Recover)
}

// recovered answers for a panic. It is to be deferred.
func (h *handler) recovered(ctx context.Context, a **answer) {
	if p := recover(); p != nil {
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		*a = failed(mask(gqlerror.List{h.ErrorPresenter(ctx, h.Recover(ctx, p))}))
	}
}

// judge prepares the context of an operation and has the guard judge it.
func (h *handler) judge(ctx context.Context, op *graphql.OperationContext) (context.Context, *answer) {
	if h.Before != nil {
		ctx = h.Before(ctx, op)
	}
	if h.Guard != nil {
		if errs := h.Guard(ctx, op); len(errs) > 0 {
			return ctx, late(ctx, op, failed(mask(presentAll(ctx, h.ErrorPresenter, errs))))
		}
	}
	return ctx, nil
}

// respond has the generated code resolve everything; of a subscription, one event. That code marshals events outside of
// their root field, which then lacks in the paths of errors, unless the context has it. Nil where the resolver closed its
// channel without a result: that is an event of which there is nothing to tell. Being late looks alike, and is not that.
func (h *handler) respond(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	next := h.Schema.Exec(ctx)
	if op.Operation.Operation != ast.Subscription {
		return next(ctx)
	}
	roots := graphql.CollectFields(op, op.Operation.SelectionSet, []string{h.schema.Subscription.Name})
	if len(graphql.GetErrors(ctx)) == 0 && len(roots) == 1 {
		response := next(graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: h.schema.Subscription.Name, Field: roots[0]}))
		if response != nil || len(graphql.GetErrors(ctx)) == 0 && ctx.Err() == nil {
			return response
		}
	}
	return &graphql.Response{Data: []byte("null")}
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
