package job_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// watch makes the database itself count at every commit, by the rows and not by the
// numbers that the job keeps: no package is overfull, the job's numbers are right, and
// what was delivered is still released, or withdrawn.
const watch = `
	CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
	DECLARE
		j job;
		wrong text;
	BEGIN
		IF TG_TABLE_NAME = 'job' THEN SELECT * INTO j FROM job WHERE id = NEW.id; ELSE SELECT * INTO j FROM job WHERE id = NEW.job_id; END IF;
		SELECT concat_ws(', ',
			CASE WHEN count(*) FILTER (WHERE selection_state = 'INCLUDED') > j.included_images THEN 'overfull' END,
			CASE WHEN count(*) FILTER (WHERE delivered_at IS NOT NULL AND selection_state IN ('NONE', 'EXTRA_PENDING')) > 0 AND NOT j.all_images_included THEN 'taken back' END,
			CASE WHEN (count(*), count(delivered_at), count(*) FILTER (WHERE selection_state = 'INCLUDED'), count(*) FILTER (WHERE selection_state = 'EXTRA_PENDING'),
				count(*) FILTER (WHERE selection_state = 'EXTRA_PAID'), count(*) FILTER (WHERE selection_state = 'EXTRA_FREE'))
				<> (j.image_count, j.delivered_count, j.included_count, j.extra_pending_count, j.extra_paid_count, j.extra_free_count) THEN 'miscounted' END)
		INTO wrong FROM image WHERE tenant_id = j.tenant_id AND job_id = j.id;
		IF wrong <> '' THEN RAISE EXCEPTION 'the watch saw: %', wrong; END IF;
		RETURN NULL;
	END $$;
	CREATE CONSTRAINT TRIGGER watch_image AFTER INSERT OR UPDATE ON image DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch();
	CREATE CONSTRAINT TRIGGER watch_job AFTER UPDATE ON job DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch()`

// Two hundred at once select, deselect, download, resize, grant, settle and withdraw.
func TestNothingAtOnceOverfillsAPackageOrTakesBackWhatWasDelivered(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	a := newAlbum(t, s, 30, 10, true)
	a.Exec(t, watch)
	did := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(n)))
			for range 5 {
				name, err := a.act(t, random, 6)
				mu.Lock()
				did[name]++
				mu.Unlock()
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	all.Wait()
	if len(did) < 10 {
		t.Errorf("only %v happened", did)
	}
	t.Logf("%s; %v", a.states(t), did)
}

// act does something at random to so many pictures at most, and returns what and how
// it ended.
func (a *album) act(t *testing.T, random *rand.Rand, most int) (string, error) {
	ctx := t.Context()
	var images []string
	for range 1 + random.IntN(most) {
		images = append(images, a.images[random.IntN(len(a.images))])
	}
	var did job.Outcome
	var refusals []job.Refusal
	var err error
	name := ""
	switch n := random.IntN(20); {
	case n < 6:
		name = "select"
		did, refusals, err = a.jobs.Select(ctx, viewer(a.Owner), a.j.PublicID(), images, true)
	case n < 9:
		name = "deselect"
		did, refusals, err = a.jobs.Select(ctx, viewer(a.Owner), a.j.PublicID(), images, false)
	case n < 11:
		name = "resize"
		did, err = a.jobs.SetIncludedImages(ctx, viewer(a.Admin), a.j.PublicID(), random.IntN(15), "storm")
	case n < 12:
		name = "all"
		did, err = a.jobs.SetAllImagesIncluded(ctx, viewer(a.Admin), a.j.PublicID(), random.IntN(5) == 0, "storm")
	case n < 15:
		name = "settle"
		did, refusals, err = a.jobs.Settle(ctx, viewer(a.Admin), a.j.PublicID(), images[:1], fmt.Sprint("R-", random.IntN(100)))
	case n < 18:
		states := []job.SelectionState{job.None, job.None, job.Included, job.Included, job.ExtraPending, job.ExtraFree, job.Blocked}
		state := states[random.IntN(len(states))]
		name = "set " + string(state)
		did, refusals, err = a.jobs.SetState(ctx, viewer(a.Admin), images, state, "storm")
	default:
		return "deliver", a.download(ctx, images)
	}
	if did.Job != nil {
		checkUse(t, did.Job)
	}
	for _, refusal := range refusals {
		if use := refusal.Package; use != nil && use.Used+use.Remaining != use.Included {
			t.Errorf("a refusal that does not add up: %+v", use)
		}
	}
	if refusals != nil {
		name += ", refused " + refusals[0].Code
	}
	return name, err
}

// download marks what is released, as every way out does: with the job locked.
func (a *album) download(ctx context.Context, images []string) error {
	return pgx.BeginFunc(ctx, a.db.Pool, func(tx pgx.Tx) error {
		q := queries.New(tx)
		j, err := q.LockJob(ctx, a.TenantID, a.j.ID)
		if err != nil {
			return err
		}
		ids := make([]id.ID, len(images))
		for i, image := range images {
			ids[i], _ = id.Image.Parse(image)
		}
		rows, err := q.ImagesByID(ctx, a.TenantID, ids)
		if err != nil {
			return err
		}
		now, released := time.Now(), []id.ID{}
		for _, row := range rows {
			if ok, _ := job.Release(job.SelectionState(row.SelectionState), j.AllImagesIncluded); ok {
				released = append(released, row.ID)
			}
		}
		return q.MarkDelivered(ctx, queries.MarkDeliveredParams{TenantID: a.TenantID, JobID: a.j.ID, Now: &now, Ids: released})
	})
}

// Ten thousand random histories, rebuilt from what was written down about them.
func TestRecordsRebuildEveryPicturesState(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	// The cast's own pictures were put into their states by hand: the replay must say so.
	var differ []string
	count, err := job.Replay(t.Context(), s.db.Pool, s.TenantID, func(d job.Difference) { differ = append(differ, d.String()) })
	if err != nil || count != 42 || len(differ) != 35 || !strings.Contains(strings.Join(differ, "\n"), s.Package.Image(job.Blocked)+" of "+s.Package.PublicID()+" is BLOCKED, but its records make it NONE") {
		t.Fatalf("%d of %d pictures differ, %v", len(differ), count, err)
	}
	const histories, pictures = 10_000, 25
	s.Exec(t, "UPDATE image SET selection_state = 'NONE'")
	var all sync.WaitGroup
	for share := range 10 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(share)))
			for range histories / pictures / 10 {
				a := newAlbum(t, s, pictures, random.IntN(30), random.IntN(2) == 0)
				for range 20 {
					if name, err := a.act(t, random, 30); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
		})
	}
	all.Wait()
	count, err = job.Replay(t.Context(), s.db.Pool, s.TenantID, func(d job.Difference) { t.Error(d) })
	if err != nil || count != histories+42 {
		t.Errorf("%d pictures, %v", count, err)
	}
	var moves int
	if err := s.db.Owner.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM selection_event) + (SELECT count(*) FROM audit_entry WHERE image_id IS NOT NULL)`).Scan(&moves); err != nil || moves < 15_000 {
		t.Errorf("the histories have %d moves only, %v", moves, err)
	}
	t.Logf("%d histories with %d moves", histories, moves)
	// One state that nobody wrote down is found.
	forged := s.Package.Images[job.None]
	s.Exec(t, "UPDATE image SET selection_state = 'EXTRA_FREE' WHERE id = $1", forged)
	var found []job.Difference
	if _, err := job.Replay(t.Context(), s.db.Pool, s.TenantID, func(d job.Difference) { found = append(found, d) }); err != nil {
		t.Fatal(err)
	}
	if want := (job.Difference{JobID: s.Package.ID, ImageID: forged, Found: string(job.ExtraFree), Rebuilt: string(job.None)}); len(found) != 1 || found[0] != want {
		t.Errorf("%v, want %v", found, want)
	}
}
