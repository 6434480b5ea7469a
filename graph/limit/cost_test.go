package limit_test

import (
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"pixgate/graph/limit"
)

func TestCost(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { jobs(first: Int): [Job!]! }
		type Job { id: ID title: String images(first: Int): [Image!]! }
		type Image { id: ID filename: String job: Job }`})
	deep := "query($n:Int,$m:Int){jobs(first:$n){...j}} fragment j on Job{id images(first:$m){id filename}}"
	for _, tt := range []struct {
		query  string
		vars   map[string]any
		refuse bool
	}{
		{"{jobs(first:100){id title}}", nil, false},
		{"{jobs(first:100){id images(first:90){id filename}}}", nil, false}, // 1 + 100·(2 + 90·2) = 18,201
		{"{jobs(first:100){id images(first:100){id filename}}}", nil, true}, // 1 + 100·(2 + 100·2) = 20,201
		{"{jobs(first:1000000){id images(first:9){id}}}", nil, false},       // no page is longer than 100
		{"{jobs(first:-5){id images(first:0){id}}}", nil, false},            //
		{"{jobs{id images{id filename}}}", nil, false},                      // 1 + 50·(2 + 50·2)
		{"{jobs{images{job{images{id}}}}}", nil, true},                      // 50³
		{"{jobs(first:null){images(first:null){job{images{id}}}}}", nil, true},
		{deep, map[string]any{"n": int64(100), "m": int64(10)}, false},
		{deep, map[string]any{"n": int64(100), "m": int64(100)}, true},
		{deep, map[string]any{"n": json.Number("100"), "m": json.Number("100")}, true},
		{deep, map[string]any{"n": int64(100), "m": "100"}, true}, // unread: counts as a full page
		{deep, map[string]any{"n": 100, "m": nil}, false},
		{deep, map[string]any{}, false},
	} {
		doc, err := gqlparser.LoadQueryWithRules(schema, tt.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := limit.Cost(doc.Operations[0], tt.vars)
		if (got != nil) != tt.refuse {
			t.Errorf("%s with %v: %v", tt.query, tt.vars, got)
		}
		if got != nil && got.Extensions["code"] != limit.Code {
			t.Errorf("code %v", got.Extensions["code"])
		}
	}
}
