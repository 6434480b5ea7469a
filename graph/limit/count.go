package limit

import "github.com/vektah/gqlparser/v2/ast"

// many is where counting stops: two of it still fit an int of 32 bits.
const many = 1 << 20

// count is what a piece of a document amounts to with its fragments expanded, each number at most many.
type count struct {
	selections, roots, aliases, directives, logins int
	depth, nesting                                 int // of the deepest
}

// plus is the count of two pieces beside each other.
func (a count) plus(b count) count {
	return count{
		selections: min(a.selections+b.selections, many),
		roots:      min(a.roots+b.roots, many),
		aliases:    min(a.aliases+b.aliases, many),
		directives: min(a.directives+b.directives, many),
		logins:     min(a.logins+b.logins, many),
		depth:      max(a.depth, b.depth),
		nesting:    max(a.nesting, b.nesting),
	}
}

// counter counts a document's fragments once each.
type counter struct {
	// definitions by name. A name that is given twice makes the document invalid, but that is for
	// validation to say; here a spread of it costs what all its definitions cost.
	definitions map[string][]*ast.FragmentDefinition
	spread      map[string]bool  // fragments that are spread anywhere
	counted     map[string]count // finished fragments
	open        map[string]bool  // fragments being counted
	circle      string           // a fragment that contains itself, or ""
}

func newCounter(doc *ast.QueryDocument) *counter {
	c := &counter{
		definitions: make(map[string][]*ast.FragmentDefinition, len(doc.Fragments)),
		spread:      make(map[string]bool, len(doc.Fragments)),
		counted:     make(map[string]count, len(doc.Fragments)),
		open:        make(map[string]bool),
	}
	for _, f := range doc.Fragments {
		c.definitions[f.Name] = append(c.definitions[f.Name], f)
	}
	for _, f := range doc.Fragments {
		c.fragment(f.Name)
	}
	return c
}

func (c *counter) operation(op *ast.OperationDefinition) count {
	n := c.directives(op.Directives).plus(c.variables(op.VariableDefinitions))
	return n.plus(c.set(op.SelectionSet))
}

func (c *counter) fragment(name string) count {
	if n, ok := c.counted[name]; ok {
		return n
	}
	if c.open[name] {
		c.circle = name
		return count{}
	}
	c.open[name] = true
	var n count
	for _, f := range c.definitions[name] {
		n = n.plus(c.directives(f.Directives)).plus(c.variables(f.VariableDefinition)).plus(c.set(f.SelectionSet))
	}
	delete(c.open, name)
	c.counted[name] = n
	return n
}

func (c *counter) set(set ast.SelectionSet) count {
	n := count{selections: len(set)}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n = n.plus(c.field(s))
		case *ast.InlineFragment:
			n = n.plus(c.directives(s.Directives)).plus(c.set(s.SelectionSet))
		case *ast.FragmentSpread:
			c.spread[s.Name] = true
			n = n.plus(c.directives(s.Directives)).plus(c.fragment(s.Name))
		}
	}
	return n
}

func (c *counter) field(f *ast.Field) count {
	n := c.set(f.SelectionSet)
	n.depth++
	n.roots = 1
	if f.Alias != f.Name {
		n.aliases++
	}
	if f.Name == "requestOtp" || f.Name == "verifyOtp" {
		n.logins++
	}
	return n.plus(c.directives(f.Directives)).plus(arguments(f.Arguments))
}

func (c *counter) directives(list ast.DirectiveList) count {
	n := count{directives: len(list)}
	for _, d := range list {
		n = n.plus(arguments(d.Arguments))
	}
	return n
}

func (c *counter) variables(list ast.VariableDefinitionList) count {
	var n count
	for _, v := range list {
		lists := 0
		for t := v.Type; t != nil && t.Elem != nil; t = t.Elem {
			lists++
		}
		n = n.plus(count{nesting: max(lists, nesting(v.DefaultValue))}).plus(c.directives(v.Directives))
	}
	return n
}

func arguments(list ast.ArgumentList) count {
	var n count
	for _, a := range list {
		n.nesting = max(n.nesting, nesting(a.Value))
	}
	return n
}

// nesting is how many list and object literals stand within each other in v.
func nesting(v *ast.Value) int {
	if v == nil || v.Kind != ast.ListValue && v.Kind != ast.ObjectValue {
		return 0
	}
	deepest := 0
	for _, child := range v.Children {
		deepest = max(deepest, nesting(child.Value))
	}
	return deepest + 1
}
