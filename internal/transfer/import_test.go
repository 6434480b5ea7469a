package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/secret"
	"pixgate/internal/transfer"
)

// queue remembers which imports were queued.
type queue struct {
	imports []id.ID
	fail    error
}

func (q *queue) Import(_ context.Context, _ pgx.Tx, importID id.ID, _ int) error {
	q.imports = append(q.imports, importID)
	return q.fail
}

// house is the rooms of transfer on a real database and a real S3 server.
type house struct {
	*cast.Cast
	db        *stage.DB
	store     *blob.Store
	jobs      *job.Jobs
	imports   *transfer.Imports
	downloads *transfer.Downloads
	queue     *queue
	admin     account.Viewer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{db: stage.Database(t), queue: &queue{}}
	h.Cast = cast.New(t, h.db.Owner)
	bucket := stage.Bucket(t)
	var err error
	if h.store, err = blob.Open(t.Context(), blob.Options{
		Endpoint: bucket.Endpoint, Region: bucket.Region, Bucket: bucket.Bucket, AccessKeyID: bucket.AccessKeyID, SecretAccessKey: bucket.SecretAccessKey,
	}); err != nil {
		t.Fatal(err)
	}
	chain := audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), time.Now)
	h.jobs = job.NewJobs(h.db.Pool, chain, time.Now)
	h.imports = transfer.NewImports(transfer.ImportOptions{
		DB: h.db.Pool, Jobs: h.jobs, Store: h.store, Tenants: account.NewTenants(h.db.Pool, "studio", time.Now), Audit: chain, Queue: h.queue,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	h.downloads = transfer.NewDownloads(h.db.Pool, h.jobs, h.store.Presigner(), time.Minute, time.Now)
	h.admin = viewer(h.Admin)
	return h
}

func viewer(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Role: p.Role, RequestID: "test"}
}

// photo is a small JPEG, another one for every shade.
func photo(t *testing.T, shade uint8) []byte {
	t.Helper()
	canvas := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			canvas.Set(x, y, color.RGBA{shade, uint8(x * 4), uint8(y * 5), 255})
		}
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, canvas, nil); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func (h *house) put(t *testing.T, name string, data []byte) {
	t.Helper()
	if _, err := h.store.Put(t.Context(), "tenants/studio/incoming/"+name, "application/octet-stream", data); err != nil {
		t.Fatal(err)
	}
}

func (h *house) start(t *testing.T, jobID, prefix string) *transfer.Import {
	t.Helper()
	run, refusals, err := h.imports.Start(t.Context(), h.admin, jobID, prefix, "because")
	if err != nil || refusals != nil {
		t.Fatalf("Start: %v, %v", refusals, err)
	}
	return run
}

func (h *house) run(t *testing.T, run *transfer.Import) *transfer.Import {
	t.Helper()
	if err := h.imports.Run(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	after, err := h.imports.ByID(t.Context(), h.admin, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func (h *house) emptyJob(t *testing.T) *job.Job {
	t.Helper()
	made, refusals, err := h.jobs.Create(t.Context(), h.admin, job.New{CustomerEmail: h.Owner.Email, Title: "Empty", IncludedImages: 2})
	if err != nil || refusals != nil {
		t.Fatalf("Create: %v, %v", refusals, err)
	}
	return made
}

func TestImportTakesPicturesAndNamesWhatIsNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	j := h.emptyJob(t)
	h.put(t, "a/1 Küche.jpg", photo(t, 1))
	h.put(t, "a/2 Bad.png", photo(t, 2)) // a JPEG, whatever its name says
	h.put(t, "a/sub/1 Küche.jpg", photo(t, 3))
	h.put(t, "a/1 again.jpg", photo(t, 1)) // comes right behind the first and is read beside it, which is kept all the same
	h.put(t, "a/page.jpg", []byte("<html><script>alert(1)</script></html>"))
	h.put(t, "a/cut.jpg", photo(t, 4)[:300])
	h.put(t, "ab/outside.jpg", photo(t, 5))

	run := h.start(t, j.PublicID(), "a")
	if !slices.Equal(h.queue.imports, []id.ID{run.ID}) {
		t.Fatalf("queued %v", h.queue.imports)
	}
	done := h.run(t, run)
	if done.State != transfer.Done || done.Found != 6 || done.Taken != 3 || done.Known != 1 || done.FinishedAt == nil {
		t.Errorf("%+v", done)
	}
	codes := map[string]string{}
	for _, refused := range done.Refused {
		codes[refused.Name] = refused.Code
	}
	if len(codes) != 2 || codes["page.jpg"] != "NOT_A_PICTURE" || codes["cut.jpg"] != "TRUNCATED" {
		t.Errorf("refused %v", done.Refused)
	}

	j, err := h.jobs.ByID(t.Context(), h.admin, j.PublicID())
	if err != nil {
		t.Fatal(err)
	}
	listed, err := h.jobs.Images(t.Context(), h.admin, j, job.ImageFilter{}, page.Window{Size: 100})
	if err != nil || len(listed.Images) != 3 || j.ImageCount != 3 {
		t.Fatalf("%d pictures, count %d, %v", len(listed.Images), j.ImageCount, err)
	}
	for _, image := range listed.Images {
		if image.ContentType != "image/jpeg" || image.Width != 64 || image.Height != 48 || image.State != job.None {
			t.Errorf("%+v", image)
		}
		original, err := h.store.Head(t.Context(), image.ObjectKey)
		if err != nil || original.ETag != image.ETag || original.Size != image.Size {
			t.Errorf("the original: %+v, %v", original, err)
		}
		for _, key := range []string{image.SmallKey, image.MediumKey} {
			if _, err := h.store.Head(t.Context(), key); err != nil {
				t.Errorf("a preview: %v", err)
			}
		}
	}
	if listed.Images[0].Filename != "1 Küche.jpg" {
		t.Errorf("the first is %q, then %q at %d and %q at %d", listed.Images[0].Filename, listed.Images[1].Filename, listed.Images[1].Position, listed.Images[2].Filename, listed.Images[2].Position)
	}
}

func TestImportRunsAgainWithoutReadingAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	j := h.emptyJob(t)
	h.put(t, "a/1.jpg", photo(t, 1))
	h.run(t, h.start(t, j.PublicID(), "a"))
	h.put(t, "a/2.jpg", photo(t, 2))
	again := h.start(t, j.PublicID(), "a")
	if after := h.run(t, again); after.Taken != 1 || after.Known != 1 {
		t.Errorf("the second run: %+v", after)
	}
	if after := h.run(t, again); after.Taken != 1 {
		t.Errorf("a run that is over ran again: %+v", after)
	}
	var n int
	if err := h.db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM image WHERE job_id = $1", j.ID).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d pictures, %v", n, err)
	}
}

func TestAFolderWithNothingInItIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.put(t, "ab/1.jpg", photo(t, 1))
	run, refusals, err := h.imports.Start(t.Context(), h.admin, h.Package.PublicID(), "a", "")
	if err != nil || run != nil || len(refusals) != 1 || refusals[0].Code != "NOT_FOUND" || !strings.Contains(refusals[0].Message, "tenants/studio/incoming/a/") {
		t.Errorf("%v, %v, %v", run, refusals, err)
	}
}

func TestOneRunAPrefixAtATime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	j := h.emptyJob(t)
	h.put(t, "a/1.jpg", photo(t, 1))
	first := h.start(t, j.PublicID(), "a")
	if second := h.start(t, j.PublicID(), "a"); second.ID != first.ID || len(h.queue.imports) != 1 {
		t.Errorf("two runs: %v, %v", first.ID, second.ID)
	}
	if err := h.imports.GiveUp(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if third := h.start(t, j.PublicID(), "a"); third.ID == first.ID || len(h.queue.imports) != 2 {
		t.Error("a run that was given up stands in the way of the next")
	}
}

func TestImportStaysUnderTheStudiosIncomingFolder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, prefix := range []string{
		"", ".", "..", "../jobs", "a/../../jobs", "/a", "a/", "a//b", "a/./b", "a\x00b", "a\nb", "\xff", "../../foreign/incoming/a",
	} {
		run, _, err := h.imports.Start(t.Context(), h.admin, h.Package.PublicID(), prefix, "")
		if !fault.Is(err, fault.ValidationFailed) {
			t.Errorf("prefix %q: %v, %v", prefix, run, err)
		}
	}
	for _, who := range []*cast.Person{h.Owner, h.Photographer, h.Idle, h.ForeignAdmin} {
		if _, _, err := h.imports.Start(t.Context(), viewer(who), h.Package.PublicID(), "a", ""); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", who.Email, err)
		}
		if _, err := h.imports.ByID(t.Context(), viewer(who), h.Import); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s reads an import: %v", who.Email, err)
		}
	}
}

func TestImportLeavesAnAuditEntryOrDoesNotHappen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	count := func(table string) (n int) {
		if err := h.db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	h.put(t, "a/1.jpg", photo(t, 1))
	h.put(t, "b/1.jpg", photo(t, 1))
	entries, imports := count("audit_entry"), count("image_import")
	h.start(t, h.Package.PublicID(), "a")
	if count("audit_entry") != entries+1 || count("image_import") != imports+1 {
		t.Error("an import without its audit entry")
	}
	h.queue.fail = errors.New("no queue")
	if _, _, err := h.imports.Start(t.Context(), h.admin, h.Package.PublicID(), "b", ""); err == nil {
		t.Error("an import that was not queued was told as started")
	}
	if count("audit_entry") != entries+1 || count("image_import") != imports+1 {
		t.Error("half of a failed import stayed")
	}
}

func TestImportGoesOnAfterTheStoreWasAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	j := h.emptyJob(t)
	for i := range 4 {
		h.put(t, fmt.Sprintf("a/%d.jpg", i), photo(t, uint8(i)))
	}
	run := h.start(t, j.PublicID(), "a")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.imports.Run(gone, run.ID); err == nil {
		t.Fatal("a run that could not read anything succeeded")
	}
	if after := h.run(t, run); after.Taken != 4 || after.State != transfer.Done {
		t.Errorf("%+v", after)
	}
}

func TestARunThatWasCutOffCountsWhatItTookBefore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	j := h.emptyJob(t)
	h.put(t, "a/1.jpg", photo(t, 1))
	run := h.start(t, j.PublicID(), "a")
	h.run(t, run)
	h.put(t, "a/2.jpg", photo(t, 2))
	h.Exec(t, "UPDATE image_import SET state = 'RUNNING', finished_at = NULL WHERE id = $1", run.ID) // as a crash leaves it
	if after := h.run(t, run); after.Found != 2 || after.Taken != 2 || after.Known != 0 {
		t.Errorf("%+v", after)
	}
}

// An import that runs when the job is handed over, or that a crash left for later, would
// add pictures behind the customer's back, and release them where all are included.
func TestNothingIsImportedIntoAJobThatWasHandedOver(t *testing.T) {
	t.Parallel()
	for _, status := range []job.Status{job.Delivered, job.Closed} {
		h := newHouse(t)
		j := h.emptyJob(t)
		h.put(t, "a/1.jpg", photo(t, 1))
		h.put(t, "a/2.jpg", photo(t, 2))
		run := h.start(t, j.PublicID(), "a")
		if _, err := h.jobs.SetStatus(t.Context(), h.admin, j.PublicID(), status, ""); err != nil {
			t.Fatal(err)
		}
		after := h.run(t, run)
		if after.State != transfer.Done || after.Taken != 0 || len(after.Refused) != 2 || after.Refused[0].Code != "JOB_"+string(status) {
			t.Errorf("%s: %+v", status, after)
		}
		var n int
		if err := h.db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM image WHERE job_id = $1", j.ID).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d pictures, %v", status, n, err)
		}
		for object, err := range h.store.List(t.Context(), "tenants/studio/jobs/"+j.ID.String()+"/") {
			t.Errorf("%s: %s was kept, %v", status, object.Key, err)
		}
	}
}

// The job is handed over while a picture is on its way from the storage to its row.
func TestNothingIsImportedWhileAJobIsHandedOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	j := h.emptyJob(t)
	h.put(t, "a/1.jpg", photo(t, 1))
	run, done := h.start(t, j.PublicID(), "a"), make(chan error, 1)
	tx, err := h.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "UPDATE job SET status = 'DELIVERED' WHERE id = $1", j.ID); err != nil { // locks it, and shows nothing yet
		t.Fatal(err)
	}
	go func() { done <- h.imports.Run(t.Context(), run.ID) }()
	for waits := 0; waits == 0; {
		if err := h.db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted").Scan(&waits); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if after, err := h.imports.ByID(t.Context(), h.admin, run.ID); err != nil || after.State != transfer.Done || after.Taken != 0 || len(after.Refused) != 1 {
		t.Errorf("%+v, %v", after, err)
	}
}
