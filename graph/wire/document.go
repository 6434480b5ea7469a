package wire

import (
	"maps"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"pixgate/graph/limit"
)

// document is a query that is within the limits and valid. It is shared by requests and never written to.
type document struct {
	text       string
	ast        *ast.QueryDocument
	introspect bool     // it asks for __schema or __type
	conditions []string // the variables that @skip and @include depend on
}

// validRules are GraphQL's rules of validation, but no message of theirs gives away a name that the client does not know.
func validRules() *rules.Rules {
	r := rules.NewDefaultRules()
	for _, rule := range []struct {
		name   string
		silent validator.Rule
	}{
		{rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions},
		{rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions},
		{rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions},
		{rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions},
		{rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions},
	} {
		r.ReplaceRule(rule.name, rule.silent.RuleFunc)
	}
	return r
}

// withoutDefer is s for validation. gqlparser declares @defer in every schema, but an answer here comes in one piece and
// would lack what was deferred.
func withoutDefer(s *ast.Schema) *ast.Schema {
	valid := *s
	valid.Directives = maps.Clone(s.Directives)
	delete(valid.Directives, "defer")
	return &valid
}

// document parses, limits and validates text, in this order because each step costs more than the one before.
func (h *handler) document(text string) (*document, *answer) {
	if d := h.documents.get(text); d != nil {
		return d, nil
	}
	parsed, err := limit.Parse(text)
	if err == nil {
		err = limit.Check(parsed)
	}
	switch {
	case err != nil && codeOf(err) == limit.Code:
		return nil, failed(gqlerror.List{err})
	case err != nil:
		return nil, invalid("query", "invalid_value", err)
	case len(parsed.Operations) == 0:
		return nil, invalid("query", "required", gqlerror.Errorf("The query holds no operation."))
	}
	if errs := validator.ValidateWithRules(h.schema, parsed, h.rules); len(errs) > 0 {
		return nil, invalid("query", "invalid_value", errs...)
	}
	d := &document{text: text, ast: parsed}
	for _, op := range parsed.Operations {
		d.note(op.SelectionSet)
	}
	for _, f := range parsed.Fragments {
		d.note(f.SelectionSet)
	}
	h.documents.add(d)
	return d, nil
}

// note remembers what each request for the document must decide.
func (d *document) note(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			d.introspect = d.introspect || s.Name == "__schema" || s.Name == "__type"
			d.noteConditions(s.Directives)
			d.note(s.SelectionSet)
		case *ast.InlineFragment:
			d.noteConditions(s.Directives)
			d.note(s.SelectionSet)
		case *ast.FragmentSpread:
			d.noteConditions(s.Directives)
		}
	}
}

func (d *document) noteConditions(list ast.DirectiveList) {
	for _, directive := range list {
		if directive.Name != "skip" && directive.Name != "include" {
			continue
		}
		if v := directive.Arguments.ForName("if").Value; v.Kind == ast.Variable {
			d.conditions = append(d.conditions, v.Raw)
		}
	}
}
