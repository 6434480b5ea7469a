package wire_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"pixgate/graph/wire"
	"pixgate/graph/wire/testschema"
	"pixgate/internal/dev/audits"
)

func TestAudits(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(wire.New(wire.Options{
		Schema:     testschema.New(nil),
		Introspect: func(context.Context) error { return nil },
	}))
	defer server.Close()
	audits.Run(t, server.URL+"/graphql", nil)
}
