package graph

import (
	"context"
	"net/http"
	"strings"

	"github.com/vektah/gqlparser/v2/formatter"

	"pixgate/graph/generated"
	"pixgate/graph/wire"
	"pixgate/internal/account"
)

// New returns the GraphQL endpoint. The viewer and the client of each request
// are expected in its context.
func New(o Options) http.Handler {
	r := &Resolver{o}
	schema := generated.NewExecutableSchema(generated.Config{
		Resolvers:  r,
		Directives: generated.DirectiveRoot{Auth: r.auth, Entitled: r.entitled},
	})
	return wire.New(wire.Options{
		Schema:  schema,
		Timeout: o.Timeout,
		Introspect: func(ctx context.Context) bool {
			return o.Development || account.ViewerFrom(ctx).Require(account.Admin, o.Now()) == nil
		},
		Before:         r.begin,
		Guard:          r.guard,
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
