package limit

import "github.com/vektah/gqlparser/v2/ast"

// merged is a selection set as execution sees it: the selections of all fields of one response name,
// with fragments expanded, whatever type they are for.
type merged struct {
	fields map[string]int // response name → how often it is selected
	below  map[string][]ast.SelectionSet
}

// repeated returns the first response name that some merged selection set holds more than Repeats times,
// and how often; or 0. It visits every expanded selection, so Selections must have been checked before.
func (c *counter) repeated(doc *ast.QueryDocument) (name string, n int) {
	for _, op := range doc.Operations {
		if name, n = c.repeatedIn(op.SelectionSet); n > 0 {
			return name, n
		}
	}
	for _, f := range doc.Fragments {
		if c.spread[f.Name] {
			continue
		}
		if name, n = c.repeatedIn(f.SelectionSet); n > 0 {
			return name, n
		}
	}
	return "", 0
}

func (c *counter) repeatedIn(sets ...ast.SelectionSet) (name string, n int) {
	m := merged{fields: make(map[string]int), below: make(map[string][]ast.SelectionSet)}
	for _, set := range sets {
		c.merge(&m, set)
	}
	for name, n := range m.fields {
		if n > Repeats {
			return name, n
		}
	}
	for _, sets := range m.below {
		if name, n := c.repeatedIn(sets...); n > 0 {
			return name, n
		}
	}
	return "", 0
}

func (c *counter) merge(m *merged, set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			m.fields[s.Alias]++
			if len(s.SelectionSet) > 0 {
				m.below[s.Alias] = append(m.below[s.Alias], s.SelectionSet)
			}
		case *ast.InlineFragment:
			c.merge(m, s.SelectionSet)
		case *ast.FragmentSpread:
			for _, f := range c.definitions[s.Name] {
				c.merge(m, f.SelectionSet)
			}
		}
	}
}
