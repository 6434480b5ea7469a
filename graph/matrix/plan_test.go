package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/graph"
	"pixgate/internal/dev/cast"
	"pixgate/internal/job"
)

// imageSelections are what a selection on a picture may hold; the last ones no
// plan can write.
var imageSelections = []string{
	"id", "filename", "contentType", "size", "width", "height", "capturedAt", "sha256", "selectionState", "released", "releaseReason",
	"deliveredAt", "downloadUrl", "url: downloadUrl", "__typename", "previewUrl", "small: previewUrl(size: SMALL)", "p: previewUrl(size: $size)",
	"... on Image { name: filename }", "... on Node { id }", "...F", "width @skip(if: true)", "h: height @include(if: $yes)",
	"job { id }", "... on Image { job { title images(first: 1) { nodes { id } } } }",
}

// randomPage makes a query for a page of pictures out of them.
func randomPage(random *rand.Rand) string {
	image := func() string {
		parts := []string{imageSelections[random.IntN(len(imageSelections))]}
		for range random.IntN(6) {
			parts = append(parts, imageSelections[random.IntN(len(imageSelections))])
		}
		return "{ " + strings.Join(parts, " ") + " }"
	}
	connection := []string{
		"nodes " + image(), "edges { cursor node " + image() + " }", "edges { n: node " + image() + " __typename }", "edges { cursor }", "totalCount", "__typename",
		"pageInfo { hasNextPage hasPreviousPage startCursor endCursor __typename }", "more: nodes " + image(), "... on ImageConnection { totalCount }",
	}
	parts := []string{connection[random.IntN(len(connection))]}
	for range random.IntN(3) {
		parts = append(parts, connection[random.IntN(len(connection))])
	}
	return fmt.Sprintf(`query($id: ID!, $size: PreviewSize! = SMALL, $yes: Boolean! = true) { job(id: $id) { title images(first: %d) { %s } } ...U }
		fragment F on Image { released reason: releaseReason }
		fragment U on Query { other: job(id: $id) { images(first: 2) { nodes { ...F previewUrl(size: $size) id @include(if: $yes) } } } }`,
		1+random.IntN(8), strings.Join(parts, " "))
}

// TestPlanWritesWhatGqlgenWrites holds the two ways of writing a page against each
// other: same data, same errors, for whatever is selected and whoever asks.
func TestPlanWritesWhatGqlgenWrites(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.Exec(t, `UPDATE image SET filename = 'Süd "Küche" \ 1.jpg', captured_at = '2026-05-01T10:00:00.5Z' WHERE id = $1`, a.Package.Images[job.Included])
	random := rand.New(rand.NewPCG(1, 2))
	valid := 0
	for range 600 {
		query := randomPage(random)
		for _, one := range []struct {
			who *cast.Person
			job *cast.Job
		}{{a.Owner, a.Package}, {a.Owner, a.All}, {a.Photographer, a.Package}} {
			variables := map[string]any{"id": one.job.PublicID()}
			planned := a.ask(a.handler, "application/json", one.who, query, variables)
			stock := a.ask(a.unplanned, "application/json", one.who, query, variables)
			if planned.status != stock.status || normal(t, planned.body) != normal(t, stock.body) {
				t.Fatalf("%s\nplanned: %d %s\n  stock: %d %s", query, planned.status, planned.body, stock.status, stock.body)
			}
			if strings.Contains(planned.body, `"data"`) {
				valid++
			}
		}
	}
	if valid < 600 {
		t.Errorf("only %d of 1,800 queries had an answer", valid)
	}
}

// normal puts an answer into a form that does not depend on the second that it was
// signed in, nor on the order in which gqlgen's goroutines met errors.
func normal(t *testing.T, body string) string {
	t.Helper()
	var parsed struct {
		Errors []json.RawMessage
		Data   json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &parsed); err != nil {
		t.Fatalf("no JSON: %v: %s", err, body)
	}
	errors := map[string]int{}
	for _, e := range parsed.Errors {
		errors[string(e)]++
	}
	counted, err := json.Marshal(errors)
	if err != nil {
		t.Fatal(err)
	}
	return string(counted) + unsigned(string(parsed.Data))
}

// unsigned cuts date and signature out of links.
func unsigned(text string) string {
	for _, part := range []string{"X-Amz-Date=", "X-Amz-Signature="} {
		pieces := strings.Split(text, part)
		for i := 1; i < len(pieces); i++ {
			pieces[i] = pieces[i][strings.IndexAny(pieces[i], `&"`):]
		}
		text = strings.Join(pieces, part)
	}
	return text
}

func TestPlanIsUsedForPlainPagesOnly(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var used bool
	watched := a.resolver.Handler(func(ctx context.Context, op *graphql.OperationContext) context.Context {
		ctx = a.resolver.Begin(ctx, op)
		planned := op.ResolverMiddleware
		op.ResolverMiddleware = func(ctx context.Context, next graphql.Resolver) (any, error) {
			value, err := planned(ctx, next)
			if _, ok := value.(graphql.Marshaler); ok { // it is JSON already
				used = true
			}
			return value, err
		}
		return ctx
	})
	for selection, want := range map[string]bool{"id filename downloadUrl previewUrl": true, "id job { id }": false} {
		used = false
		a.ask(watched, "application/json", a.Owner, `query($id: ID!) { job(id: $id) { images { nodes { `+selection+` } } } }`, map[string]any{"id": a.All.PublicID()})
		if used != want {
			t.Errorf("{ %s }: planned %v, want %v", selection, used, want)
		}
	}
}

func TestLinksAreGuardedInTheSchema(t *testing.T) {
	t.Parallel()
	// Without the directive the guard would not refuse the whole, and no plan
	// writes a link that the schema does not guard.
	if !strings.Contains(graph.SDL(), "downloadUrl: String @entitled\n") {
		t.Error("Image.downloadUrl has lost its @entitled")
	}
	if !strings.Contains(graph.SDL(), "  ): String @entitled\n") {
		t.Error("Job.zipUrl has lost its @entitled")
	}
}
