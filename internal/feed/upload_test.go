package feed

import (
	"slices"
	"testing"
	"time"

	"pixgate/internal/id"
	"pixgate/internal/job"
)

// announce inserts so many uploads of the photographer's in one statement.
func (w *world) announce(many int) (ids []id.ID) {
	w.t.Helper()
	for range many {
		ids = append(ids, id.New(time.Now()))
	}
	w.Exec(w.t, `INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, due_at, created_at)
		SELECT one, $2, $3, $4, $5, 'x', 'PENDING', 'a', 'image/jpeg', 1, sha256(one::text::bytea), 0, now(), now() FROM unnest($1::uuid[]) one`,
		ids, w.TenantID, w.Package.ID, w.Photographer.AccountID, w.Photographer.SessionID)
	return ids
}

// Each step of an upload is told, at another process too, and what is no step is not.
func TestAnUploadIsToldStepByStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	here, there := w.watch(w.Feed, w.Photographer, w.of(w.Package)), w.watch(w.another(Options{LookEvery: never}), w.Admin, w.of(w.Package))
	other := w.watch(w.Feed, w.Owner, w.of(w.All))
	one := w.announce(1)
	for _, step := range []struct {
		sql  string
		told bool
	}{
		{"SELECT $1::uuid", true}, // its announcement
		{"UPDATE upload SET due_at = now(), session_id = session_id, multipart = 'x' WHERE id = $1", false},
		{"UPDATE upload SET state = state WHERE id = $1", false},
		{"UPDATE upload SET state = 'VERIFYING' WHERE id = $1", true},
		{"UPDATE upload SET state = 'REJECTED', rejection = 'TRUNCATED', explanation = 'No.', ended_at = now() WHERE id = $1", true},
	} {
		w.Exec(t, step.sql, one[0])
		if !step.told {
			w.Exec(t, "UPDATE job SET title = title || 'x' WHERE id = $1", w.Package.ID)
		}
		for _, s := range []*Stream{here, there} {
			if !step.told {
				if event := w.next(s); event.Kind != JobChanged {
					t.Errorf("%s: told %v, which is nothing that anybody sees", step.sql, event)
				}
				continue
			}
			if event := w.next(s); event.Kind != UploadChanged || !slices.Equal(event.UploadIDs, one) || event.ImageIDs != nil {
				t.Errorf("%s: told %v, want UPLOAD_CHANGED of %v", step.sql, event, one)
			}
		}
	}
	w.Exec(t, "UPDATE job SET title = 'x' WHERE id = $1", w.All.ID)
	if event := w.next(other); event.Kind != JobChanged {
		t.Errorf("who watches another job is told %v", event)
	}
}

// Two hundred at once come in pieces that PostgreSQL takes and an event holds, and each of them once.
func TestManyUploadsAreToldInPieces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Options{LookEvery: never})
	s := w.watch(w.Feed, w.Photographer, w.of(w.Package))
	hear := func(ids []id.ID) {
		t.Helper()
		var told []id.ID
		for len(told) < len(ids) {
			event := w.next(s)
			if event.Kind != UploadChanged || len(event.UploadIDs) == 0 || len(event.UploadIDs) > MostNamed {
				t.Fatalf("told %s of %d", event.Kind, len(event.UploadIDs))
			}
			told = append(told, event.UploadIDs...)
		}
		slices.SortFunc(told, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
		slices.SortFunc(ids, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
		if !slices.Equal(told, ids) {
			t.Errorf("%d uploads were told, not just the %d that changed", len(told), len(ids))
		}
	}
	ids := w.announce(200)
	hear(ids)
	w.Exec(t, "UPDATE upload SET state = 'VERIFYING' WHERE id = ANY($1)", ids[:150])
	hear(ids[:150])
	w.Exec(t, "UPDATE upload SET state = 'READY', ended_at = now(), image_id = $2 WHERE id = ANY($1)", ids, w.Package.Images[job.None])
	hear(ids)
}
