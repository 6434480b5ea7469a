// Package wire speaks GraphQL over HTTP: it reads a request, refuses what is malformed or too costly, has gqlgen's generated
// code execute the rest, and answers with the status that each outcome deserves.
//
// It follows the GraphQL-over-HTTP draft for both of its media types. Errors are those of statuses; the text of
// any other error never leaves.
package wire

import (
	"cmp"
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
	// Subscribe opens what a subscription that Guard let pass is fed by, or says why not. Without it subscriptions are refused.
	Subscribe func(context.Context, *graphql.OperationContext) (Source, error)
	// Heartbeat is how long nothing is sent to a subscriber before a comment is, 15 seconds unless set; Patience how long
	// one may take to read what is sent, 10 seconds unless set.
	Heartbeat, Patience time.Duration
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
	o.Heartbeat, o.Patience = cmp.Or(o.Heartbeat, 15*time.Second), cmp.Or(o.Patience, 10*time.Second)
	o.ErrorPresenter = presenter(o.ErrorPresenter)
	return &handler{Options: o, schema: withoutDefer(o.Schema.Schema()), rules: validRules(), documents: newCache()}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := h.limited(r.Context())
	defer cancel()
	accept := r.Header.Values("Accept")
	media, streams := negotiate(accept), acceptsStream(accept)
	if media == "" && !streams {
		h.send(ctx, w, mediaJSON, unacceptable("Answers are "+mediaGraphQL+" or "+mediaJSON+", and "+mediaStream+" for subscriptions."))
		return
	}
	op, refusal := h.understand(ctx, w, r)
	switch {
	case refusal != nil:
		h.send(ctx, w, cmp.Or(media, mediaGraphQL), refusal)
	case op.Operation.Operation == ast.Subscription && !streams:
		h.send(ctx, w, media, unacceptable("A subscription is answered as "+mediaStream+", to those who name it in the header Accept."))
	case op.Operation.Operation == ast.Subscription:
		h.subscribe(ctx, w, r, op)
	case media == "":
		h.send(ctx, w, mediaJSON, unacceptable("Only subscriptions are answered as "+mediaStream+"."))
	default:
		h.send(ctx, w, media, h.execute(ctx, op))
	}
}

// limited is ctx with the time that a request, or an event, may take.
func (h *handler) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if h.Timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, h.Timeout)
}

// send answers the request as a whole.
func (h *handler) send(ctx context.Context, w http.ResponseWriter, media string, a *answer) {
	h.refuse(ctx, a)
	a.write(w, media)
}

func unacceptable(message string) *answer {
	return malformed(http.StatusNotAcceptable, "Accept", "invalid_value", message)
}

// refuse tells of an answer without data.
func (h *handler) refuse(ctx context.Context, a *answer) {
	if h.Refused != nil && a.data == nil && len(a.errors) > 0 {
		h.Refused(ctx, codeOf(a.errors[0]))
	}
}

// understand reads a request up to where it could be executed.
func (h *handler) understand(ctx context.Context, w http.ResponseWriter, r *http.Request) (*graphql.OperationContext, *answer) {
	e, refusal := read(w, r)
	if refusal != nil {
		return nil, refusal
	}
	d, refusal := h.document(e.query)
	if refusal != nil {
		return nil, refusal
	}
	op, refusal := h.operation(ctx, d, e)
	if refusal != nil {
		return nil, refusal
	}
	op.Headers = r.Header
	return op, nil
}
