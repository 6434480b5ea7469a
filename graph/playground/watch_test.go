package playground_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/graph/playground"
	"pixgate/graph/wire"
	"pixgate/graph/wire/testschema"
	"pixgate/internal/dev/browser"
)

// counter gives 1, 2, 3 as often as it is allowed to.
type counter struct {
	allowed chan struct{}
	closed  chan struct{}
	n       int
}

func (c *counter) Next(ctx context.Context) (wire.Event, error) {
	select {
	case <-c.allowed:
		c.n++
		return func(ctx context.Context) (context.Context, error) {
			return context.WithValue(ctx, testschema.Tick{}, c.n), nil
		}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *counter) Close() { close(c.closed) }

// A subscription shows one result after another, until somebody presses stop.
func TestASubscriptionInBrowser(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)
	c := &counter{allowed: make(chan struct{}), closed: make(chan struct{})}
	mux := http.NewServeMux()
	pages := playground.Handler("/graphql", []playground.Operation{{Name: "Ticks", Query: "subscription Ticks { ticks }"}})
	mux.Handle("/playground", pages)
	mux.Handle("/playground/", pages)
	mux.Handle("/graphql", wire.New(wire.Options{
		Schema: testschema.New(nil), Introspect: func(context.Context) error { return nil },
		Subscribe: func(context.Context, *graphql.OperationContext) (wire.Source, error) { return c, nil },
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	b.Go(server.URL + "/playground")
	b.Await(`document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getValue().includes('Ticks')`)
	b.Eval(`document.querySelector('.graphiql-execute-button').click()`)
	for _, want := range []string{"1", "2"} {
		c.allowed <- struct{}{}
		b.Await(`document.querySelector('.result-window')?.textContent.replace(/\s/g, '').includes('"data":{"ticks":` + want + `}')`)
	}
	b.Eval(`document.querySelector('.graphiql-execute-button').click()`)
	<-c.closed
	if faults := b.Faults(); faults != "" {
		t.Errorf("the page reports\n%v", faults)
	}
}
