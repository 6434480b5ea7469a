package limit

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// MaxCost is how many fields an operation may make the server resolve: a page of 100 jobs with ten fields and
// twenty images of eight fields each is 17,000, while 100 jobs with 100 images each cost more from the second field on. A field
// counts its arguments too, element by element: they are read anew each time that it is resolved.
const MaxCost = 20_000

// What the API promises of a list with an argument "first".
const (
	page      = 50   // elements when first is left out
	maxPage   = 100  // elements at most; a resolver refuses to give more
	mostNamed = 1000 // things that a mutation takes on; likewise
)

// Cost refuses an operation whose lists, multiplied, make it resolve more than MaxCost fields. The operation
// must have passed Check and validation; vars are its coerced variables.
func Cost(op *ast.OperationDefinition, vars map[string]any) *gqlerror.Error {
	n := cost(op.SelectionSet, vars, 1, op.Operation)
	if n <= MaxCost {
		return nil
	}
	e := refuse("fields would have to be resolved", n, MaxCost)
	e.Message += " Ask for fewer elements with \"first\", also of the outer list, or for fewer fields of each."
	return e
}

// dear are fields that each ask the storage for a list, which is paid by the request, and
// what they count more than others: a page of uploads may have them once.
var dear = map[string]int{"receivedParts": 150}

// cost is what a selection set costs. things is how many elements a list has that is not
// paged; of says what the fields are: those below a root field are a query's.
func cost(set ast.SelectionSet, vars map[string]any, things int, of ast.Operation) int {
	n := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			below := 1
			switch of {
			case ast.Mutation:
				below = named(s, vars)
			case ast.Subscription: // an event is about a page of things at most
				below = maxPage
			}
			n += 1 + dear[s.Name] + argumentCost(s, vars) + min(length(s, vars, things)*cost(s.SelectionSet, vars, below, ast.Query), many)
		case *ast.InlineFragment:
			n += cost(s.SelectionSet, vars, things, of)
		case *ast.FragmentSpread:
			n += cost(s.Definition.SelectionSet, vars, things, of)
		}
		n = min(n, many)
	}
	return n
}

// argumentCost is how many elements and entries the values of f's arguments have beyond the first few.
func argumentCost(f *ast.Field, vars map[string]any) int {
	n := 0
	for _, arg := range f.Arguments {
		n = min(n+literal(arg.Value, vars), many)
	}
	return max(n-freeArguments, 0)
}

// freeArguments is how many elements of arguments a field has for nothing.
const freeArguments = 10

func literal(v *ast.Value, vars map[string]any) int {
	if v.Kind == ast.Variable {
		return elements(vars[v.Raw])
	}
	n := 1
	for _, child := range v.Children {
		n = min(n+literal(child.Value, vars), many)
	}
	return n
}

// elements counts a coerced variable, which a validator may leave in several types.
func elements(v any) int { return contents(reflect.ValueOf(v)) }

func contents(v reflect.Value) int {
	n := 1
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return contents(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			n = min(n+contents(v.Index(i)), many)
		}
	case reflect.Map:
		for _, e := range v.Seq2() {
			n = min(n+contents(e), many)
		}
	}
	return n
}

// named is how many things a mutation may answer with in a list: as many as the lists of
// its input name, a page where it names none.
func named(f *ast.Field, vars map[string]any) int {
	n := 0
	for _, arg := range f.Arguments {
		n = min(n+listed(arg.Value, vars), many)
	}
	if n == 0 {
		return maxPage
	}
	return min(n, mostNamed)
}

// listed counts the elements of the lists in a value.
func listed(v *ast.Value, vars map[string]any) int {
	if v.Kind == ast.Variable {
		return inLists(reflect.ValueOf(vars[v.Raw]))
	}
	n := 0
	for _, child := range v.Children {
		if n = min(n+listed(child.Value, vars), many); v.Kind == ast.ListValue {
			n++
		}
	}
	return n
}

func inLists(v reflect.Value) int {
	n := 0
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return inLists(v.Elem())
		}
	case reflect.Slice:
		n = min(v.Len(), many)
		for i := range v.Len() {
			n = min(n+inLists(v.Index(i)), many)
		}
	case reflect.Map:
		for _, e := range v.Seq2() {
			n = min(n+inLists(e), many)
		}
	}
	return n
}

// length is how many elements the list of f may have: things where it takes no "first",
// and 1 for a field that is no list.
func length(f *ast.Field, vars map[string]any, things int) int {
	switch {
	case f.Definition == nil:
		return 1
	case f.Definition.Arguments.ForName("first") != nil:
	case f.Definition.Type != nil && f.Definition.Type.Elem != nil:
		return things
	default:
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
