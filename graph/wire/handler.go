// Package wire speaks GraphQL over HTTP: it reads a request, refuses what is malformed or too costly, has gqlgen's generated
// code execute the rest, and answers with the status that each outcome deserves.
//
// It follows the GraphQL-over-HTTP draft for both of its media types. Errors are those of statuses; the text of
// any other error never leaves.
package wire

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Options are what New needs. Only Schema is required.
type Options struct {
	Schema graphql.ExecutableSchema
	// Timeout is how long a request may take from its first byte to its answer. Resolvers see it as the deadline of their context; a request
	// past it is answered with UNAVAILABLE. Zero means no end.
	Timeout time.Duration
	// Introspect decides whether a request may ask for __schema and __type: nil, or why not. Without it nobody may.
	Introspect func(context.Context) error
	// Before prepares the context of Guard and resolvers, such as loaders that live as long as the request.
	Before func(context.Context, *graphql.OperationContext) context.Context
	// Guard judges a valid operation with its coerced variables before any resolver runs. Any error refuses the whole.
	Guard func(context.Context, *graphql.OperationContext) gqlerror.List
	// Refused hears the code of a request that is answered without data.
	Refused func(ctx context.Context, code string)
	// ErrorPresenter turns an error of a resolver, and one of Guard that has no code, into what a client may read, with a code that
	// Status knows; an error with any other is sent as INTERNAL without its text.
	ErrorPresenter graphql.ErrorPresenterFunc
	// Recover turns a resolver's panic into an error for ErrorPresenter.
	Recover graphql.RecoverFunc
}

type handler struct {
	Options
	schema    *ast.Schema // what documents are validated against
	rules     *rules.Rules
	documents *cache
}

// New returns the handler of the GraphQL endpoint.
func New(o Options) http.Handler {
	if o.ErrorPresenter == nil {
		o.ErrorPresenter = graphql.DefaultErrorPresenter
	}
	if o.Recover == nil {
		o.Recover = graphql.DefaultRecover
	}
	o.ErrorPresenter = presenter(o.ErrorPresenter)
	return &handler{Options: o, schema: withoutDefer(o.Schema.Schema()), rules: validRules(), documents: newCache()}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	media := negotiate(r.Header.Values("Accept"))
	if media == "" {
		a := malformed(http.StatusNotAcceptable, "Accept", "invalid_value", "Answers are "+mediaGraphQL+" or "+mediaJSON+".")
		h.refuse(ctx, a)
		a.write(w, mediaJSON)
		return
	}
	if h.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.Timeout)
		defer cancel()
	}
	a := h.answer(ctx, w, r)
	h.refuse(ctx, a)
	a.write(w, media)
}

// refuse tells of an answer without data.
func (h *handler) refuse(ctx context.Context, a *answer) {
	if h.Refused != nil && a.data == nil && len(a.errors) > 0 {
		h.Refused(ctx, codeOf(a.errors[0]))
	}
}

func (h *handler) answer(ctx context.Context, w http.ResponseWriter, r *http.Request) *answer {
	e, refusal := read(w, r)
	if refusal != nil {
		return refusal
	}
	d, refusal := h.document(e.query)
	if refusal != nil {
		return refusal
	}
	op, refusal := h.operation(ctx, d, e)
	if refusal != nil {
		return refusal
	}
	op.Headers = r.Header
	return h.execute(ctx, op)
}
