package matrix

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pixgate/internal/job"
)

// Two lists that began with the same job once shared what was read for the first:
// the other jobs of the second were answered with empty pages.
func TestListsThatOverlapAreEachComplete(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for range 8 {
		a.Job(t, a.Owner, nil, true)
	}
	for range 30 {
		got := a.as(a.Owner, `{ a: jobs(first: 1) { nodes { images { totalCount nodes { id } } } }
			b: jobs(first: 20) { nodes { images { totalCount nodes { id } } r: images(filter: { released: true }) { totalCount } } } }`, nil)
		var parsed struct {
			Data struct {
				B struct {
					Nodes []struct {
						Images struct {
							TotalCount int
							Nodes      []any
						}
						R struct{ TotalCount int }
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(got.body), &parsed); err != nil {
			t.Fatal(err)
		}
		if len(parsed.Data.B.Nodes) != 10 {
			t.Fatalf("%d jobs, want 10: %s", len(parsed.Data.B.Nodes), got.body)
		}
		for _, node := range parsed.Data.B.Nodes {
			if node.Images.TotalCount != 6 || len(node.Images.Nodes) != 6 || node.R.TotalCount < 3 {
				t.Fatalf("a job of six pictures is answered with %+v", node)
			}
		}
	}
}

// Asking for a picture's job's pictures, for each of a hundred and under thirty
// names, once made 5,800 statements.
func TestTheSamePageAgainAndAgainIsReadOnce(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for i := range 94 {
		a.Image(t, a.TenantID, a.All.ID, 100+i, job.Included)
	}
	var inner strings.Builder
	for i := range 29 {
		fmt.Fprintf(&inner, "a%d: images(first: 1, filter: { released: true }) { totalCount } ", i)
	}
	before := a.statements.Load()
	got := a.as(a.Owner, `query($id: ID!) { job(id: $id) { images(first: 100) { nodes { job { `+inner.String()+` } } } } }`, map[string]any{"id": a.All.PublicID()})
	if n := a.statements.Load() - before; got.status != 200 || n > 5 {
		t.Errorf("%d, %d statements, want session, job and three for the pictures", got.status, n)
	}
}

// A list in a variable is read anew for each field that uses it: thousands of
// elements for thousands of fields once cost nine seconds of CPU.
func TestLongListsForManyFieldsAreRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	states := slices.Repeat([]string{"NONE"}, 8900)
	const query = `query($id: ID!, $f: ImageFilter) { job(id: $id) { images(first: 100) { nodes { job { images(first: 1, filter: $f) { __typename } } } } } }`
	got := a.as(a.Owner, query, map[string]any{"id": a.All.PublicID(), "f": map[string]any{"selectionState": states}})
	if got.status != 400 || !slices.Equal(got.errors(t), []string{"QUERY_REJECTED null"}) {
		t.Errorf("%d %.300s", got.status, got.body)
	}
	once := a.as(a.Owner, `query($id: ID!, $f: ImageFilter) { job(id: $id) { images(filter: $f) { totalCount } } }`,
		map[string]any{"id": a.Package.PublicID(), "f": map[string]any{"selectionState": states}})
	if once.body != `{"data":{"job":{"images":{"totalCount":1}}}}` {
		t.Errorf("a long list for one field: %d %s", once.status, once.body)
	}
}

func TestPicturesOfSeveralJobsMakeOneRecordAJob(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	got := a.as(a.Owner, `query($a: ID!, $b: ID!, $c: ID!) {
		a: image(id: $a) { downloadUrl } b: image(id: $b) { downloadUrl } c: image(id: $c) { downloadUrl } again: image(id: $a) { downloadUrl } }`,
		map[string]any{"a": a.Package.Image(job.Included), "b": a.All.Image(job.Included), "c": a.Package.Image(job.ExtraFree)})
	if got.status != 200 || strings.Count(got.body, "X-Amz-Signature") != 4 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if rows, ids := a.count("SELECT count(*) FROM delivery"), a.count("SELECT sum(cardinality(image_ids)) FROM delivery"); rows != 2 || ids != 3 {
		t.Errorf("%d records of %d pictures, want 2 of 3", rows, ids)
	}
}
