// Package limit refuses GraphQL documents that would cost more than any honest client asks for.
//
// Parse stops at a number of tokens. Check reads a parsed document before it is validated, because validation is where a hostile
// document costs most: it compares fields pair by pair. Cost judges an operation again once its
// variables are known, because they say how long its lists may be.
package limit

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Code is the extensions.code of every error of this package.
const Code = "QUERY_REJECTED"

// What a document may hold. A fragment counts as often as it is spread, with all it spreads itself,
// and every operation of the document counts, also those that will not run.
const (
	Tokens     = 2000 // lexical tokens and comments; the parser stops there
	Depth      = 15   // fields below each other; the standard introspection query needs 14
	Nesting    = 15   // list and object literals below each other, list types below each other
	Selections = 1000 // fields, spreads and inline fragments
	Fragments  = 100  // definitions; validation compares each with each
	Aliases    = 30   // fields under another name than their own
	Directives = 20   // directives on anything
	RootFields = 20   // fields of one operation's root
	Repeats    = 10   // fields of one response name in a selection set after merging
)

// Parse parses query and gives up at Tokens. Its error has the code QUERY_REJECTED when the query is too large for
// the parser, and none when it is malformed.
func Parse(query string) (*ast.QueryDocument, *gqlerror.Error) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, Tokens)
	if err == nil {
		return doc, nil
	}
	malformed := gqlerror.WrapIfUnwrapped(err)
	switch malformed.Message { // the parser's only way to tell; TestParserRefuses notices when it changes
	case fmt.Sprintf("exceeded token limit of %d", Tokens):
		return nil, refusal(fmt.Sprintf("The query is refused: more than %d tokens.", Tokens))
	case fmt.Sprintf("exceeded maximum nesting depth of %d", parser.MaxNestingDepth):
		return nil, refuse("levels", parser.MaxNestingDepth, Depth)
	}
	return nil, malformed
}

// Check reports the first limit that doc is past, or nil. It is to be called with the result of
// Parse, before validation. Its time is linear in the size of doc: of what
// a fragment expands to, only the counts are computed, once each.
//
// One operation asks for at most one code or judges at most one, so that a request is one guess.
func Check(doc *ast.QueryDocument) *gqlerror.Error {
	if n := len(doc.Fragments); n > Fragments {
		return refuse("fragments", n, Fragments)
	}
	c := newCounter(doc)
	if c.circle != "" {
		return refusal(fmt.Sprintf("The query is refused: fragment %q contains itself.", c.circle))
	}
	var total count
	for _, op := range doc.Operations {
		n := c.operation(op)
		if n.roots > RootFields {
			return refuse("root fields", n.roots, RootFields)
		}
		if n.logins > 1 {
			return refuse("calls of requestOtp and verifyOtp", n.logins, 1)
		}
		total = total.plus(n)
	}
	for name := range c.definitions {
		if !c.spread[name] { // no operation asks for it, but validation reads it
			total = total.plus(c.fragment(name))
		}
	}
	for _, l := range []struct {
		name       string
		found, max int
	}{
		{"levels of fields", total.depth, Depth},
		{"levels of nested values", total.nesting, Nesting},
		{"selected fields with fragments expanded", total.selections, Selections},
		{"aliases", total.aliases, Aliases},
		{"directives", total.directives, Directives},
	} {
		if l.found > l.max {
			return refuse(l.name, l.found, l.max)
		}
	}
	if name, n := c.repeated(doc); n > Repeats {
		return refuse(fmt.Sprintf("times the field %q in one selection set", name), n, Repeats)
	}
	return nil
}

func refuse(name string, found, allowed int) *gqlerror.Error {
	if found >= many {
		return refusal(fmt.Sprintf("The query is refused: more than a million %s; %d are allowed.", name, allowed))
	}
	return refusal(fmt.Sprintf("The query is refused: %d %s; %d are allowed.", found, name, allowed))
}

func refusal(sentence string) *gqlerror.Error {
	return &gqlerror.Error{Message: sentence, Extensions: map[string]any{"code": Code}}
}
