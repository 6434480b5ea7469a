package playground_test

import (
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"pixgate/graph"
	"pixgate/graph/playground"
)

// What stands ready in the playground must be valid as it stands.
func TestOperationsFitTheSchema(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: graph.SDL()})
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range playground.Operations {
		if _, err := gqlparser.LoadQueryWithRules(schema, operation.Query, rules.NewDefaultRules()); err != nil {
			t.Errorf("%s: %v", operation.Name, err)
		}
		if operation.Variables != "" && !json.Valid([]byte(operation.Variables)) {
			t.Errorf("%s: its variables are no JSON", operation.Name)
		}
	}
}
