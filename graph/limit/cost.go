package limit

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// MaxCost is how many fields an operation may make the server resolve: a page of 100 jobs with ten fields and
// twenty images of eight fields each is 17,000, while 100 jobs with 100 images each cost more from the second field on.
const MaxCost = 20_000

// What the API promises of a list with an argument "first".
const (
	page    = 50  // elements when first is left out
	maxPage = 100 // elements at most; a resolver refuses to give more
)

// Cost refuses an operation whose lists, multiplied, make it resolve more than MaxCost fields. The operation
// must have passed Check and validation; vars are its coerced variables.
func Cost(op *ast.OperationDefinition, vars map[string]any) *gqlerror.Error {
	if n := cost(op.SelectionSet, vars); n > MaxCost {
		return refuse("fields to resolve at most", n, MaxCost)
	}
	return nil
}

func cost(set ast.SelectionSet, vars map[string]any) int {
	n := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n += 1 + length(s, vars)*cost(s.SelectionSet, vars)
		case *ast.InlineFragment:
			n += cost(s.SelectionSet, vars)
		case *ast.FragmentSpread:
			n += cost(s.Definition.SelectionSet, vars)
		}
		n = min(n, many)
	}
	return n
}

// length is how many elements the list of f may have, 1 for a field that takes no "first".
func length(f *ast.Field, vars map[string]any) int {
	if f.Definition == nil || f.Definition.Arguments.ForName("first") == nil {
		return 1
	}
	arg := f.Arguments.ForName("first")
	if arg == nil {
		return page
	}
	var n int
	switch arg.Value.Kind {
	case ast.NullValue:
		return page
	case ast.Variable:
		v, ok := vars[arg.Value.Raw]
		if !ok || v == nil {
			return page
		}
		n = integer(v)
	default:
		n = integer(json.Number(arg.Value.Raw))
	}
	return min(max(n, 1), maxPage)
}

// integer reads a coerced Int, which a validator may leave in several types; what it can't read counts as a full page.
func integer(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case int64:
		return int(min(v, maxPage))
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
	}
	return maxPage
}
