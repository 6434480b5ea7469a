package wire_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"pixgate/graph/limit"
	"pixgate/graph/limit/hostile"
	"pixgate/graph/wire"
)

// BenchmarkHostile is the time from a hostile request to its refusal, the whole way through the handler.
func BenchmarkHostile(b *testing.B) {
	h := wire.New(options(nil))
	for _, q := range hostile.Queries() {
		b.Run(q.Name, func(b *testing.B) { serve(b, h, q.Text, false) })
	}
}

// BenchmarkCostliestAllowed is the time of documents that just pass the limits and that validation has most work with.
func BenchmarkCostliestAllowed(b *testing.B) {
	h := wire.New(options(nil))
	unlike := func(n int, piece string) string {
		var s strings.Builder
		for i := range n {
			s.WriteString(strings.NewReplacer("N", strconv.Itoa(i), "M", strconv.Itoa(i+1)).Replace(piece) + " ")
		}
		return s.String()
	}
	for _, q := range []hostile.Query{
		{Name: "unknown fields", Text: "{thing(id:1){" + unlike(limit.Selections-1, "xN") + "}}"},
		{Name: "fragments beside each other", Text: "{thing(id:1){" + unlike(99, "...fN") + "}}" + unlike(99, "fragment fN on Thing{xN}")},
		{Name: "fragments in a chain", Text: "{thing(id:1){...f0}}" + unlike(99, "fragment fN on Thing{xN ...fM}") + "fragment f99 on Thing{id}"},
		{Name: "fragments repeated in many fields", Text: "{" + unlike(18, "xN{...f}") + "} fragment f on Thing{" + unlike(50, "xN") + "}"},
		{Name: "inline fragments in each other", Text: "{thing(id:1){" + strings.Repeat("...{", 480) + "id" + strings.Repeat("}", 480) + "}}"},
		{Name: "repeats of many fields", Text: "{thing(id:1){" + strings.Repeat(unlike(95, "xN"), 10) + "}}"},
		{Name: "repeats of parents", Text: "{" + strings.Repeat("thing(id:1){things(first:1){things(first:1){things(first:1){id}}}}", 10) + "}"},
		{Name: "operations that share a fragment", Text: unlike(90, "query qN{...f}") + "fragment f on Query{" + unlike(9, "xN") + "}"},
		{Name: "arguments", Text: "{thing(" + unlike(600, "aN:1") + "){id}}"},
		{Name: "object fields", Text: "{paint(where:{" + unlike(600, "aN:1") + "})}"},
		{Name: "variables", Text: "query(" + unlike(390, "$vN:Int") + "){ok}"},
		{Name: "used variables", Text: "query(" + unlike(250, "$vN:Int") + "){paint(where:[" + unlike(250, "$vN") + "])}"},
	} {
		b.Run(q.Name, func(b *testing.B) { serve(b, h, q.Text, true) })
	}
}

// serve posts the query b.N times. The limits refuse it each time, or, if valid, let it through to validation each time.
func serve(b *testing.B, h http.Handler, query string, allowed bool) {
	for b.Loop() {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			b.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, post(string(body)))
		if strings.Contains(w.Body.String(), limit.Code) == allowed {
			b.Fatalf("%d %.200s", w.Code, w.Body)
		}
	}
}

// BenchmarkAnswer is what the transport costs around the resolvers, for a query that was asked before.
func BenchmarkAnswer(b *testing.B) {
	h := wire.New(options(nil))
	const body = `{"query":"query($n:Int){things(first:$n){id name}}","variables":{"n":2}}`
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, post(body)); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
