package drill_test

import (
	"fmt"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
)

// many is how many pictures the imports below take: enough to be cut off midway.
const many = 12

// begun starts an import of many pictures and returns when some are taken.
func (h *house) begun(t *testing.T) (run string) {
	t.Helper()
	for i := range many {
		h.put(t, fmt.Sprintf("villa/%02d.jpg", i), photo(t, i))
	}
	started := h.as(h.Admin).ask(t, importImages, map[string]any{"input": map[string]any{"jobId": h.All.PublicID(), "prefix": "villa"}}).fine(t)
	eventually(t, "some are taken", patience, func() bool { return h.taken(t) > 0 })
	return started.text("data", "importImages", "import", "id")
}

func (h *house) taken(t *testing.T) int {
	t.Helper()
	return h.count(t, "SELECT count(*) FROM image WHERE filename LIKE '__.jpg'")
}

// ended waits for an import; each picture must be there once.
func (h *house) ended(t *testing.T, run string, within time.Duration) time.Duration {
	t.Helper()
	var last *answer
	took := eventually(t, "the import is done", within, func() bool {
		last = h.as(h.Admin).ask(t, `query($id: ID!) { node(id: $id) { ... on Import { state found taken known refused { name } } } }`, map[string]any{"id": run})
		return last.status == 200 && last.text("data", "node", "state") != "RUNNING"
	})
	if last.text("data", "node", "state") != "DONE" || len(last.list("data", "node", "refused")) != 0 {
		t.Errorf("the import: %s", last)
	}
	if n := h.taken(t); n != many {
		t.Errorf("%d pictures, want %d", n, many)
	}
	if n := h.count(t, "SELECT count(DISTINCT position) FROM image WHERE job_id = $1", h.All.ID); n != many+6 {
		t.Errorf("%d places for %d pictures", n, many+6)
	}
	if n := h.count(t, "SELECT image_count FROM job WHERE id = $1", h.All.ID); n != many+6 {
		t.Errorf("the job counts %d pictures, want %d", n, many+6)
	}
	return took
}

func TestAnImportGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	run := h.begun(t)
	h.kill()
	before := h.taken(t)
	// A run has a minute before it counts as cut off: let it be over.
	h.exec(t, "UPDATE task.river_job SET attempted_at = attempted_at - interval '2 minutes' WHERE kind = 'image_import'")
	h.start(t)
	t.Logf("%d of %d were taken; done a minute and %s after the restart", before, many, h.ended(t, run, patience).Round(10*time.Millisecond))
}

// The storage hangs, so that the stop can't wait for the import.
func TestAnImportGoesOnAfterACleanStop(t *testing.T) {
	t.Parallel()
	s, bucket := ownStore(t)
	h := newHouseOn(t, stage.Database(t), bucket)
	h.people(t)
	run := h.begun(t)
	s.Pause()
	start := time.Now()
	h.stop(t)
	stopped := time.Since(start)
	s.Resume()
	before := h.taken(t)
	h.start(t)
	t.Logf("stopped within %s; %d of %d were taken; done %s after the restart",
		stopped.Round(10*time.Millisecond), before, many, h.ended(t, run, patience).Round(10*time.Millisecond))
}

func TestAnImportGoesOnAfterTheDatabaseWasAway(t *testing.T) {
	t.Parallel()
	h, pg := alone(t)
	run := h.begun(t)
	pg.Kill()
	eventually(t, "503", patience, func() bool { return h.as(h.Admin).ask(t, "{ viewer { id } }", nil).status == 503 })
	restart(t, pg)
	t.Logf("done %s after the database was back", h.ended(t, run, patience).Round(10*time.Millisecond))
}

func TestAnImportGoesOnAfterTheStorageHung(t *testing.T) {
	t.Parallel()
	s, bucket := ownStore(t)
	h := newHouseOn(t, stage.Database(t), bucket)
	h.people(t)
	run := h.begun(t)
	s.Pause()
	direct := h.as(h.Owner).at(h.server.url) // beside the fronts, one of which stands before the storage that hangs
	for range 20 {
		direct.ask(t, gallery, map[string]any{"id": h.Package.PublicID()})
	}
	s.Resume()
	t.Logf("done %s after the storage answered again", h.ended(t, run, patience).Round(10*time.Millisecond))
}
