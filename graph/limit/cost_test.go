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

// One request must not make the storage be asked thousands of times, at the studio's expense.
func TestWhatTheStorageIsAskedForIsDear(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { jobs(first: Int): [Job!]! job: Job upload: Upload }
		type Job { id: ID uploads(first: Int): [Upload!]! }
		type Upload { id: ID state: String receivedParts: [Part!]! }
		type Part { number: Int size: Int }`})
	for query, refuse := range map[string]bool{
		"{upload{id receivedParts{number size}}}":                                                                                                              false,
		"{job{uploads(first:100){id state receivedParts{number size}}}}":                                                                                       false,
		"{jobs(first:100){id uploads(first:100){id}}}":                                                                                                         false,
		"{jobs(first:100){uploads(first:2){receivedParts{number}}}}":                                                                                           true,
		"{job{a:uploads(first:100){receivedParts{number}} b:uploads(first:100){receivedParts{number}}}}":                                                       true,
		"{job{uploads(first:100){a:receivedParts{number} b:receivedParts{number}}}}":                                                                           true,
		"{job{...a}} fragment a on Job{uploads(first:100){...b ...c}} fragment b on Upload{a:receivedParts{size}} fragment c on Upload{b:receivedParts{size}}": true,
	} {
		doc, err := gqlparser.LoadQueryWithRules(schema, query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := limit.Cost(doc.Operations[0], nil); (got != nil) != refuse {
			t.Errorf("%s: %v", query, got)
		}
	}
}

// A mutation answers with a list as long as what it was told to change, and below each
// element may stand a page of the job that all of them are of.
func TestALongListOfIdsDoesNotBuyAPageForEachOfThem(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { job: Job }
		type Mutation { select(input: Input!): Payload! resize(n: Int): Payload! }
		input Input { ids: [ID!]! }
		type Payload { job: Job changes: [Change!]! }
		type Change { image: Image old: String new: String }
		type Job { id: ID images(first: Int): [Image!]! }
		type Image { id: ID job: Job }`})
	ids := func(n int) map[string]any {
		list := make([]any, n)
		for i := range list {
			list[i] = "img"
		}
		return map[string]any{"ids": list, "input": map[string]any{"ids": list}}
	}
	const flat, pages = "changes{image{id}old new}", "changes{image{job{images(first:100){id}}}}"
	for _, tt := range []struct {
		query  string
		vars   map[string]any
		refuse bool
	}{
		{"mutation($ids:[ID!]!){select(input:{ids:$ids}){" + flat + "}}", ids(1000), false},
		{"mutation($ids:[ID!]!){select(input:{ids:$ids}){job{images(first:100){id}}" + flat + "}}", ids(1000), false},
		{"mutation($ids:[ID!]!){select(input:{ids:$ids}){" + pages + "}}", ids(100), false},
		{"mutation($ids:[ID!]!){select(input:{ids:$ids}){" + pages + "}}", ids(300), true},
		{"mutation($input:Input!){select(input:$input){" + pages + "}}", ids(300), true},
		{"mutation($ids:[ID!]!){...f} fragment f on Mutation{select(input:{ids:$ids}){...on Payload{" + pages + "}}}", ids(300), true},
		{`mutation{select(input:{ids:["a","b","c"]}){` + pages + "}}", nil, false},
		{"mutation{resize(n:5){" + flat + "}}", nil, false},
		{"mutation{resize(n:5){changes{image{job{images(first:100){id job{id}}}}}}}", nil, true}, // nobody knows how many move
	} {
		doc, err := gqlparser.LoadQueryWithRules(schema, tt.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := limit.Cost(doc.Operations[0], tt.vars); (got != nil) != tt.refuse {
			t.Errorf("%s with %d ids: %v", tt.query, len(tt.vars), got)
		}
	}
}

// An event tells of a hundred pictures, and each of them would be asked for all of its job.
func TestAnEventDoesNotBuyAPageForEachOfItsPictures(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { job: Job }
		type Subscription { jobEvents(jobId: ID!): JobEvent! }
		type JobEvent { kind: String job: Job images: [Image!]! }
		type Job { id: ID images(first: Int): [Image!]! }
		type Image { id: ID filename: String state: String job: Job }`})
	for query, refuse := range map[string]bool{
		`subscription{jobEvents(jobId:"j"){kind job{id images(first:100){id filename state}}images{id filename state job{id}}}}`:           false,
		`subscription{jobEvents(jobId:"j"){images{job{images(first:100){id filename state}}}}}`:                                            true,
		`subscription{...e} fragment e on Subscription{jobEvents(jobId:"j"){...on JobEvent{images{job{images(first:100){id filename}}}}}}`: true,
	} {
		doc, err := gqlparser.LoadQueryWithRules(schema, query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := limit.Cost(doc.Operations[0], nil); (got != nil) != refuse {
			t.Errorf("%s: %v", query, got)
		}
	}
}
