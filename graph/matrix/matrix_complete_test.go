package matrix

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// objectTypes are the schema's own object types, by name.
func objectTypes(schema *ast.Schema) []*ast.Definition {
	var all []*ast.Definition
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		if one := schema.Types[name]; one.Kind == ast.Object && !one.BuiltIn && !strings.HasPrefix(name, "__") {
			all = append(all, one)
		}
	}
	return all
}

// TestMatrixIsComplete fails for whatever the schema has and the tables have not,
// and the other way round.
func TestMatrixIsComplete(t *testing.T) {
	t.Parallel()
	schema := matrixSchema()
	missing := map[string]string{}
	for _, one := range objectTypes(schema) {
		for _, field := range one.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			name := one.Name + "." + field.Name
			if one == schema.Mutation {
				missing[name] = fmt.Sprintf("add its situations to mutations in matrix_mutation_test.go, such as {%q, …}", field.Name)
			} else {
				missing[name] = fmt.Sprintf("add a line %q with a mark for each caller to fieldRows in matrix_table_test.go", name)
			}
		}
	}
	fields := maps.Clone(missing)
	for _, r := range table(t, fieldRows) {
		if fields[r.name] == "" {
			t.Errorf("fieldRows has %s, which the schema has not: take the line out", r.name)
		}
		if r.about == "" {
			delete(missing, r.name)
		}
	}
	for _, one := range mutations {
		if fields["Mutation."+one.name] == "" {
			t.Errorf("mutations has %s, which the schema has not: take it out", one.name)
		}
		delete(missing, "Mutation."+one.name)
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s has no row: %s", name, missing[name])
	}
	waysAreComplete(t, schema)
	idsAreComplete(t, schema)
}

// waysAreComplete wants a way to every type over every field that returns it.
func waysAreComplete(t *testing.T, schema *ast.Schema) {
	t.Helper()
	walked := map[string]bool{}
	for _, w := range ways {
		last, typeName := w.lastStep()
		if typeName != w.to {
			t.Errorf("the way %s leads to %s, not to %s", w.ask, typeName, w.to)
		}
		if len(strings.Fields(w.cells)) != len(callers) {
			t.Errorf("the way %s has %d marks for %d callers", w.ask, len(strings.Fields(w.cells)), len(callers))
		}
		if last != nil {
			walked[last.ObjectDefinition.Name+"."+last.Name+" "+typeName] = true
		}
	}
	for _, from := range objectTypes(schema) {
		for _, field := range from.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			for _, to := range schema.GetPossibleTypes(schema.Types[field.Type.Name()]) {
				if to.Kind == ast.Object && !walked[from.Name+"."+field.Name+" "+to.Name] {
					t.Errorf("no way leads to %s over %s.%s: add one to ways in matrix_table_test.go", to.Name, from.Name, field.Name)
				}
			}
		}
	}
}

// idsAreComplete wants an id of one's own, of another studio and of nothing for
// every type that node can return.
func idsAreComplete(t *testing.T, schema *ast.Schema) {
	t.Helper()
	known := map[string]bool{}
	for _, r := range table(t, idRows) {
		known[r.name] = true
	}
	for _, one := range schema.GetPossibleTypes(schema.Types["Node"]) {
		for _, whose := range []string{"the-owner's", "foreign", "unknown"} {
			if !known[one.Name+" "+whose] {
				t.Errorf("idRows in matrix_table_test.go has no line %q: add one, and its id to matrix.ids", one.Name+" "+whose)
			}
		}
	}
}
