package matrix

import (
	"slices"
	"strings"
	"testing"

	"pixgate/internal/job"
)

// Mutations of one request run one after another. What one has read, the next must not
// answer with: a picture that is blocked by now had a preview, and one that was chosen
// by now had no link.
func TestAMutationAnswersWithWhatItFindsAndNotWithWhatTheOneBeforeRead(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	none := a.Package.Image(job.None)
	vars := map[string]any{"j": a.Package.PublicID(), "i": none}
	got := a.as(a.Owner, `mutation($j: ID!, $i: ID!) {
		a: selectImages(input: {jobId: $j, imageIds: [$i], selected: true}) { job { images(first: 1) { nodes { id selectionState } } } }
		b: selectImages(input: {jobId: $j, imageIds: [$i], selected: false}) { job { images(first: 1) { nodes { id selectionState } } } }
	}`, vars)
	if want := `{"data":{"a":{"job":{"images":{"nodes":[{"id":"` + none + `","selectionState":"INCLUDED"}]}}},"b":{"job":{"images":{"nodes":[{"id":"` + none + `","selectionState":"NONE"}]}}}}}`; got.body != want {
		t.Errorf("got  %s\nwant %s", got.body, want)
	}
	const grid = "job { images(first: 1) { nodes { downloadUrl } } }"
	got = a.as(a.Owner, `mutation($j: ID!, $i: ID!) {
		a: selectImages(input: {jobId: $j, imageIds: [$i], selected: false}) { `+grid+` }
		b: selectImages(input: {jobId: $j, imageIds: [$i], selected: true}) { `+grid+` changes { image { downloadUrl } } }
	}`, vars)
	if errs := got.errors(t); !slices.Equal(errs, []string{`FORBIDDEN ["a","job","images","nodes",0,"downloadUrl"]`}) || strings.Count(got.body, "X-Amz-Signature=") != 2 {
		t.Errorf("chosen and downloaded: %q in %s", errs, got.body)
	}
	const shown = "images { previewUrl job { images(first: 1) { nodes { previewUrl } } auditLog(first: 1) { nodes { image { previewUrl } } } } }"
	got = a.as(a.Admin, `mutation($i: ID!) {
		a: setSelectionState(input: {imageIds: [$i], selectionState: EXTRA_FREE}) { `+shown+` }
		b: setSelectionState(input: {imageIds: [$i], selectionState: BLOCKED}) { `+shown+` }
	}`, map[string]any{"i": none})
	if before, after, ok := strings.Cut(got.body, `"b":`); !ok || strings.Count(before, "X-Amz-Signature=") != 3 || strings.Contains(after, "X-Amz-Signature=") {
		t.Errorf("blocked and shown: %s", got.body)
	}
}
