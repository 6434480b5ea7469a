package audit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"pixgate/internal/audit"
)

func TestNoActionIsForgotten(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "log.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		value, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := value.Type.(*ast.Ident); !ok || kind.Name != "Action" {
			return true
		}
		name, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		declared++
		if !slices.Contains(audit.Actions, audit.Action(name)) {
			t.Errorf("%s is not in Actions: nobody can look for it", name)
		}
		return true
	})
	if declared < 10 || declared != len(audit.Actions) {
		t.Errorf("%d declared, %d in Actions", declared, len(audit.Actions))
	}
}
