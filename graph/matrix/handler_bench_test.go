package matrix

import (
	"testing"

	"pixgate/internal/job"
)

// BenchmarkGallery is a page of a hundred pictures with their links, from the
// parsed request to the written answer, the database included.
func BenchmarkGallery(b *testing.B) {
	a := newAPI(b)
	for i := range 100 {
		a.Image(b, a.TenantID, a.All.ID, 100+i, job.Included)
	}
	query := `query($id: ID!) { job(id: $id) { images(first: 100) { edges { cursor node { id filename contentType size width height selectionState released downloadUrl } } pageInfo { hasNextPage endCursor } } } }`
	variables := map[string]any{"id": a.All.PublicID()}
	b.Run("planned", func(b *testing.B) {
		for b.Loop() {
			a.ask(a.handler, "application/json", a.Owner, query, variables)
		}
	})
	b.Run("gqlgen", func(b *testing.B) {
		for b.Loop() {
			a.ask(a.unplanned, "application/json", a.Owner, query, variables)
		}
	})
}
