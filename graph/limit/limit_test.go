package limit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"pixgate/graph/limit"
	"pixgate/graph/limit/hostile"
)

// check is what a server does with a query before validation.
func check(query string) *gqlerror.Error {
	doc, err := limit.Parse(query)
	if err != nil {
		return err
	}
	return limit.Check(doc)
}

func TestHostileQueriesAreRefused(t *testing.T) {
	t.Parallel()
	for _, q := range hostile.Queries() {
		t.Run(q.Name, func(t *testing.T) {
			t.Parallel()
			err := check(q.Text)
			if err == nil {
				t.Fatal("passed")
			}
			if err.Extensions["code"] != limit.Code {
				t.Fatalf("refused with %v, want the code %s", err, limit.Code)
			}
		})
	}
}

// At each limit a query passes, and one more is refused by that limit and no other.
func TestLimits(t *testing.T) {
	t.Parallel()
	unlike := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+" ", i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		name  string
		max   int
		query func(n int) string
	}{
		{"levels of fields", limit.Depth, func(n int) string {
			return strings.Repeat("{a", n) + strings.Repeat("}", n)
		}},
		{"levels of fields", limit.Depth, func(n int) string { // by way of a fragment
			return "{...f} fragment f on T" + strings.Repeat("{a", n) + strings.Repeat("}", n)
		}},
		{"levels of nested values", limit.Nesting, func(n int) string {
			return "{a(b:" + strings.Repeat("[", n) + strings.Repeat("]", n) + ")}"
		}},
		{"levels of nested values", limit.Nesting, func(n int) string {
			return "{a(b:" + strings.Repeat("{c:", n) + "1" + strings.Repeat("}", n) + ")}"
		}},
		{"levels of nested values", limit.Nesting, func(n int) string {
			return "query($v:" + strings.Repeat("[", n) + "Int" + strings.Repeat("]", n) + "){a}"
		}},
		{"levels of nested values", limit.Nesting, func(n int) string {
			return "query($v:Int=" + strings.Repeat("[", n) + strings.Repeat("]", n) + "){a}"
		}},
		{"selected fields with fragments expanded", limit.Selections, func(n int) string {
			return "{a{" + unlike(n-1, "x%d") + "}}"
		}},
		{"selected fields with fragments expanded", limit.Selections, func(n int) string { // 4 spreads of 200, and their fields' fields
			return "{" + unlike(4, "x%d{...f}") + "y{" + unlike(n-4*201-4-1, "z%d") + "}} fragment f on T{" + unlike(200, "x%d") + "}"
		}},
		{"selected fields with fragments expanded", limit.Selections, func(n int) string { // also what no operation selects
			return "{a} fragment f on T{b{" + unlike(n-2, "x%d") + "}}"
		}},
		{"fragments", limit.Fragments, func(n int) string {
			return "{a{...f0}}" + unlike(n, "fragment f%d on T{x}")
		}},
		{"aliases", limit.Aliases, func(n int) string {
			return "{a{" + unlike(n, "x%d:y") + "}}"
		}},
		{"aliases", limit.Aliases, func(n int) string { // of all operations
			return "query p{a{" + unlike(n-10, "x%d:y") + "}} query q{a{" + unlike(10, "x%d:y") + "}}"
		}},
		{"directives", limit.Directives, func(n int) string {
			return "query q@a{b@c...@d{e}...f@g} fragment f on T@h{i" + strings.Repeat("@j", n-5) + "}"
		}},
		{"root fields", limit.RootFields, func(n int) string {
			return "{...f " + unlike(n-1, "x%d") + "} fragment f on T{y{z}}"
		}},
		{"times the field", limit.Repeats, func(n int) string {
			return "{a{" + strings.Repeat("b ", n) + "}}"
		}},
		{"times the field", limit.Repeats, func(n int) string { // merged from two parents
			return "{a{" + strings.Repeat("b ", 4) + "} a{" + strings.Repeat("... on T{b} ", n-5) + "...f}} fragment f on T{b}"
		}},
		{"calls of requestOtp and verifyOtp", 1, func(n int) string {
			return "mutation{" + unlike(n, "x%d:verifyOtp") + "}"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := check(tt.query(tt.max)); err != nil {
				t.Errorf("%d refused: %v", tt.max, err)
			}
			err := check(tt.query(tt.max + 1))
			if err == nil {
				t.Fatalf("%d passed", tt.max+1)
			}
			want := fmt.Sprintf("The query is refused: %d %s", tt.max+1, tt.name)
			if !strings.HasPrefix(err.Message, want) {
				t.Errorf("message %q, want %q", err.Message, want)
			}
		})
	}
}

func TestParserRefuses(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]any{
		strings.Repeat("{a}", 667):          limit.Code, // 2,001 tokens
		strings.Repeat("#\n", 2001):         limit.Code,
		strings.Repeat("{a", 999):           nil, // as deep as the parser goes, but it has no end
		strings.Repeat("{a", 1001):          limit.Code,
		"{a(b:" + strings.Repeat("[", 1001): limit.Code,
		"{":                                 nil,
		"{'":                                nil,
	} {
		_, err := limit.Parse(query)
		if err == nil {
			t.Fatalf("%.20s… parsed", query)
		}
		if got := err.Extensions["code"]; got != want {
			t.Errorf("%.20s…: code %v, want %v: %v", query, got, want, err)
		}
	}
}

func TestDoublingNeverOverflows(t *testing.T) {
	t.Parallel()
	for _, levels := range []int{9, 30, 31, 32, 62, 63, 64, 65, 99, 140} {
		if err := check(hostile.Doubling(levels)); err == nil {
			t.Errorf("%d levels passed", levels)
		}
	}
}

func TestHonestQueriesPass(t *testing.T) {
	t.Parallel()
	for _, query := range []string{
		introspection,
		"{viewer{id email role tenant{name}}}",
		"query a{viewer{id}} query b($n:Int=50){jobs(first:$n){nodes{id title images{nodes{...i}}}}} fragment i on Image{id filename}",
		// A page of the playground may hold both steps of a login, since only one operation of a document runs.
		"mutation a{requestOtp(input:{email:\"a@example.com\"}){challengeId}} mutation b{verifyOtp(input:{challengeId:\"c\",code:\"1\"}){expiresAt}}",
		// What validation is to refuse is no matter of limits.
		"{viewer{...nowhere}}",
		"{viewer{...f}} fragment f on Account{id} fragment f on Account{email}",
	} {
		if err := check(query); err != nil {
			t.Errorf("%v\n%s", err, query)
		}
	}
}

// FuzzCheck holds Check to its promise: no panic, and what passes is small also when written out.
func FuzzCheck(f *testing.F) {
	for _, q := range hostile.Queries() {
		if len(q.Text) < 4_000 {
			f.Add(q.Text)
		}
	}
	f.Add(introspection)
	f.Fuzz(func(t *testing.T, query string) {
		doc, err := limit.Parse(query)
		if err != nil || limit.Check(doc) != nil {
			return
		}
		n := 0
		for _, op := range doc.Operations {
			n += written(t, doc, op.SelectionSet, 0)
		}
		if n > limit.Selections {
			t.Errorf("%d selections passed", n)
		}
	})
}

// written counts the selections of set the slow way, with every spread followed.
func written(t *testing.T, doc *ast.QueryDocument, set ast.SelectionSet, depth int) int {
	if depth > 2*limit.Tokens {
		t.Fatal("endless")
	}
	n := len(set)
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n += written(t, doc, s.SelectionSet, depth+1)
		case *ast.InlineFragment:
			n += written(t, doc, s.SelectionSet, depth+1)
		case *ast.FragmentSpread:
			if f := doc.Fragments.ForName(s.Name); f != nil {
				n += written(t, doc, f.SelectionSet, depth+1)
			}
		}
	}
	return n
}

func BenchmarkRefuse(b *testing.B) {
	for _, q := range hostile.Queries() {
		b.Run(q.Name, func(b *testing.B) {
			for b.Loop() {
				if check(q.Text) == nil {
					b.Fatal("passed")
				}
			}
		})
	}
}

// introspection is the query of graphql-js 16 (getIntrospectionQuery with all its options on), as GraphiQL sends it.
const introspection = `query IntrospectionQuery {
  __schema { description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`
