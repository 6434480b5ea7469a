package graph

import (
	"context"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/formatter"

	"pixgate/graph/generated"
	"pixgate/graph/wire"
	"pixgate/internal/account"
)

// New returns the GraphQL endpoint. The viewer and the client of each request
// are expected in its context.
func New(o Options) http.Handler {
	r := &Resolver{o}
	return r.Handler(r.Begin)
}

// Handler is the endpoint. What before does comes first in each request: [Resolver.Begin] or, where
// somebody looks on, something around it.
func (r *Resolver) Handler(before func(context.Context, *graphql.OperationContext) context.Context) http.Handler {
	return wire.New(wire.Options{
		Schema: generated.NewExecutableSchema(generated.Config{
			Resolvers:  r,
			Directives: generated.DirectiveRoot{Auth: r.auth, Entitled: r.entitled, RateLimit: r.rateLimit},
		}),
		Timeout: r.Timeout,
		Introspect: func(ctx context.Context) error {
			if r.Development {
				return nil
			}
			if err := account.ViewerFrom(ctx).Require(account.Admin, r.Now()); err != nil {
				return err
			}
			return r.fromListed(ctx)
		},
		Before:         before,
		Guard:          r.guard,
		Subscribe:      r.subscribe,
		Refused:        r.refused,
		ErrorPresenter: r.present,
		Recover:        recovered,
	})
}

// SDL returns the schema in GraphQL's own language, with every description.
func SDL() string {
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatSchema(generated.NewExecutableSchema(generated.Config{}).Schema())
	return text.String()
}
