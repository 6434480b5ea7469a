package graph

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

var documented = regexp.MustCompile("(?s)```graphql\n(.*?)```")

// What the documentation tells people to ask can be asked.
func TestTheDocumentationAsksForWhatThereIs(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: SDL()})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range documented.FindAllSubmatch(text, -1) {
			tried++
			if _, err := gqlparser.LoadQueryWithRules(schema, string(query[1]), nil); err != nil {
				t.Errorf("%s tells people to ask\n%s\n%v", page, query[1], err)
			}
		}
	}
	if tried < 3 {
		t.Errorf("%d queries found", tried)
	}
}
