package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"image"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/secret"
	"pixgate/internal/transfer"
	"pixgate/internal/webhook"
)

// released are a job's released pictures, by the rule, as "img_… STATE".
func (w *world) released(t testing.TB, j *cast.Job) map[string]bool {
	t.Helper()
	rows, err := w.db.Owner.Query(t.Context(), "SELECT i.id, i.selection_state, j.all_images_included FROM image i JOIN job j ON j.id = i.job_id WHERE j.id = $1", j.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var imageID id.ID
		var state string
		var every bool
		if err := rows.Scan(&imageID, &state, &every); err != nil {
			t.Fatal(err)
		}
		if released, _ := job.Release(job.SelectionState(state), every); released {
			all[id.Image.Format(imageID)+" "+state] = true
		}
	}
	return all
}

// Every act on every state, with and without all images included: what is told is what the
// rule releases after it and did not before, and nothing else.
func TestWhateverReleasesAPictureTellsSo(t *testing.T) {
	t.Parallel()
	acts := map[string]func(w *world, j *cast.Job, image string) error{
		"a choice": func(w *world, j *cast.Job, image string) error {
			_, _, err := w.jobs.Select(context.Background(), viewer(w.Owner), j.PublicID(), []string{image}, true)
			return err
		},
		"a choice taken back": func(w *world, j *cast.Job, image string) error {
			_, _, err := w.jobs.Select(context.Background(), viewer(w.Owner), j.PublicID(), []string{image}, false)
			return err
		},
		"a payment": func(w *world, j *cast.Job, image string) error {
			_, _, err := w.jobs.Settle(context.Background(), viewer(w.Admin), j.PublicID(), []string{image}, image)
			return err
		},
		"a package of nothing": func(w *world, j *cast.Job, _ string) error {
			_, err := w.jobs.SetIncludedImages(context.Background(), viewer(w.Admin), j.PublicID(), 0, "")
			return err
		},
		"all images included": func(w *world, j *cast.Job, _ string) error {
			_, err := w.jobs.SetAllImagesIncluded(context.Background(), viewer(w.Admin), j.PublicID(), true, "")
			return err
		},
		"no longer all": func(w *world, j *cast.Job, _ string) error {
			_, err := w.jobs.SetAllImagesIncluded(context.Background(), viewer(w.Admin), j.PublicID(), false, "")
			return err
		},
	}
	for _, state := range cast.States {
		acts["set "+string(state)] = func(w *world, _ *cast.Job, image string) error {
			_, _, err := w.jobs.SetState(context.Background(), viewer(w.Admin), []string{image}, state, "")
			return err
		}
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.create(t, w.Admin, "https://hook.example/", webhook.ImageReleased)
			news := 0
			for _, all := range []bool{false, true} {
				for _, delivered := range []bool{false, true} {
					for _, state := range cast.States {
						j := w.Job(t, w.Owner, nil, all)
						if delivered {
							w.Exec(t, "UPDATE image SET delivered_at = now() WHERE id = $1", j.Images[state])
						}
						before, told := w.released(t, j), len(w.events(t, w.TenantID))
						if err := act(w, j, j.Image(state)); err != nil {
							t.Fatalf("%s: %v", state, err)
						}
						var want []string
						for one := range w.released(t, j) {
							if image, _, _ := strings.Cut(one, " "); !hasImage(before, image) {
								want = append(want, one)
							}
						}
						got := images(t, w.events(t, w.TenantID)[told:])
						slices.Sort(got)
						if slices.Sort(want); !slices.Equal(got, want) {
							t.Errorf("of %s, all %t, delivered %t: told of %q, released are %q", state, all, delivered, got, want)
						}
						news += len(want)
					}
				}
			}
			releases := slices.Contains([]string{"a choice", "a payment", "all images included", "set INCLUDED", "set EXTRA_PAID", "set EXTRA_FREE"}, name)
			if releases && news == 0 {
				t.Error("it released nothing, so it proves nothing")
			}
		})
	}
}

func hasImage(all map[string]bool, image string) bool {
	for one := range all {
		if strings.HasPrefix(one, image+" ") {
			return true
		}
	}
	return false
}

// A picture that comes into a job whose package includes every one is released with that.
func TestAPictureThatIsTakenInIsToldWhereItIsReleasedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.ImageReleased)
	bucket := stage.Bucket(t)
	store, err := blob.Open(t.Context(), blob.Options{
		Endpoint: bucket.Endpoint, Region: bucket.Region, Bucket: bucket.Bucket, AccessKeyID: bucket.AccessKeyID, SecretAccessKey: bucket.SecretAccessKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewGray(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), "tenants/studio/incoming/2026/1.jpg", "image/jpeg", file.Bytes()); err != nil {
		t.Fatal(err)
	}
	imports := transfer.NewImports(transfer.ImportOptions{
		DB: w.db.Pool, Jobs: w.jobs, Store: store, Tenants: account.NewTenants(w.db.Pool, "studio", time.Now), Audit: audit.NewLog(secret.NewRing(auditSecret), time.Now),
		Queue: unqueued{}, Now: w.now, Log: w.log,
	})
	for _, j := range []*cast.Job{w.Package, w.All} {
		run, refusals, err := imports.Start(t.Context(), viewer(w.Admin), j.PublicID(), "2026", "")
		if err != nil || refusals != nil {
			t.Fatal(refusals, err)
		}
		for range 2 { // once more, as after a crash
			if err := imports.Run(t.Context(), run.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := w.events(t, w.TenantID)
	if n := w.count(t, "SELECT count(*) FROM image WHERE source_key LIKE '%2026/1.jpg'"); n != 2 {
		t.Fatalf("%d pictures were taken in", n)
	}
	if len(got) != 1 || got[0].Data.Job != w.All.PublicID() || len(images(t, got)) != 1 || !strings.HasSuffix(images(t, got)[0], " NONE") {
		t.Errorf("told %+v", got)
	}
}

type unqueued struct{}

func (unqueued) Import(context.Context, pgx.Tx, id.ID, int) error { return nil }

// releasing are the statements that write what the release rule asks for, and the one place that
// calls each: there the heralds are told. Whoever adds a statement or a caller has to tell them, too.
var releasing = map[string]string{
	"MoveImages":           "internal/job/act.go",
	"SetAllImagesIncluded": "internal/job/package.go",
	"InsertImage":          "internal/transfer/taking.go",
	"InsertJob":            "internal/job/create.go",       // which has no pictures yet
	"InsertJobOfBooking":   "internal/job/from_booking.go", // likewise
}

var writes = regexp.MustCompile(`(?is)(UPDATE\s+image\b.*\bselection_state\s*=|INSERT\s+INTO\s+image\s*\(|UPDATE\s+job\b.*\ball_images_included\s*=|INSERT\s+INTO\s+job\s*\()`)

func TestNothingElseReleasesAPicture(t *testing.T) {
	t.Parallel()
	const root = "../.."
	files, err := filepath.Glob(root + "/queries/*.sql")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	found := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "-- name: ")[1:] {
			name := strings.Fields(part)[0]
			set, _, _ := strings.Cut(strings.ToUpper(part), "\nWHERE")
			if writes.MatchString(part) && (strings.Contains(set, "INSERT") || strings.Contains(set, "SELECTION_STATE =") || strings.Contains(set, "ALL_IMAGES_INCLUDED =")) {
				found[name] = true
			}
		}
	}
	for name := range found {
		if releasing[name] == "" {
			t.Errorf("%s writes what the release rule asks for: tell the heralds where it is called, and say so in releasing", name)
		}
	}
	for name := range releasing {
		if !found[name] {
			t.Errorf("%s writes nothing of that any more", name)
		}
	}
	called := map[string]bool{}
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && slices.Contains([]string{"queries", "dev", "generated", "node_modules", "var", "bin", ".git"}, entry.Name()) {
			return skipping(err)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || releasing[selector.Sel.Name] == "" || !ofQueries(selector.X) {
				return true
			}
			at, _ := filepath.Rel(root, name)
			called[selector.Sel.Name] = true
			if filepath.ToSlash(at) != releasing[selector.Sel.Name] {
				t.Errorf("%s calls %s: it releases pictures that nobody hears of", at, selector.Sel.Name)
			}
			return true
		})
		return nil
	})
	if err != nil || len(called) != len(releasing) {
		t.Errorf("%v; found the callers of %v", err, called)
	}
}

func skipping(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

// ofQueries reports whether an expression stands for the generated statements, as the house
// spells them: q, a.q, queries.New(…).
func ofQueries(x ast.Expr) bool {
	switch one := x.(type) {
	case *ast.Ident:
		return one.Name == "q"
	case *ast.SelectorExpr:
		return one.Sel.Name == "q"
	case *ast.CallExpr:
		selector, ok := one.Fun.(*ast.SelectorExpr)
		return ok && selector.Sel.Name == "New"
	}
	return false
}

// Fifty at once choose, grant and withdraw the same pictures: of each is told once in an hour, and
// then once more.
func TestFiftyAtOnceTellOfEachPictureOnceAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.ImageReleased)
	var all []string
	j := w.Job(t, w.Owner, nil, false)
	for n := range 20 {
		all = append(all, id.Image.Format(w.Image(t, w.TenantID, j.ID, 10+n, job.None)))
	}
	w.Exec(t, `CREATE TABLE seen (image_id uuid, released boolean);
		CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
		BEGIN
			IF (OLD.selection_state IN ('INCLUDED', 'EXTRA_FREE')) <> (NEW.selection_state IN ('INCLUDED', 'EXTRA_FREE')) THEN
				INSERT INTO seen VALUES (NEW.id, NEW.selection_state IN ('INCLUDED', 'EXTRA_FREE'));
			END IF;
			RETURN NULL;
		END $$;
		CREATE TRIGGER see AFTER UPDATE ON image FOR EACH ROW EXECUTE FUNCTION see()`)
	var crowd sync.WaitGroup
	for n := range 50 {
		crowd.Go(func() {
			for m, image := range all {
				var err error
				switch (n + m) % 3 {
				case 0:
					_, _, err = w.jobs.Select(t.Context(), viewer(w.Owner), j.PublicID(), []string{image}, true)
				case 1:
					_, _, err = w.jobs.SetState(t.Context(), viewer(w.Admin), []string{image}, job.ExtraFree, "")
				default:
					_, _, err = w.jobs.SetState(t.Context(), viewer(w.Admin), []string{image}, job.None, "")
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	crowd.Wait()
	released := w.count(t, "SELECT count(*) FROM seen WHERE released")
	if got := len(images(t, w.events(t, w.TenantID))); got != len(all) || released <= len(all) {
		t.Errorf("%d pictures were released %d times, told of %d", len(all), released, got)
	}
	w.wait(61 * time.Minute)
	for _, state := range []job.SelectionState{job.None, job.ExtraFree, job.None, job.ExtraFree} {
		if _, _, err := w.jobs.SetState(t.Context(), viewer(w.Admin), all, state, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(images(t, w.events(t, w.TenantID))); got != 2*len(all) {
		t.Errorf("an hour later they were released again twice, told of %d in all", got)
	}
}

func TestManyPicturesAreSeveralEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.Admin, "https://hook.example/", webhook.ImageReleased)
	w.create(t, w.Admin, "https://other.example/", webhook.ImageReleased)
	w.Exec(t, `INSERT INTO image (id, tenant_id, job_id, position, filename, content_type, size, width, height, sha256, crc32, object_key, etag, small_key, medium_key, source_key, source_etag, created_at)
		SELECT gen_random_uuid(), $1, $2, 100 + n, 'a', 'image/jpeg', 1, 1, 1, sha256(n::text::bytea), 1, 'k' || n, 'e', 's', 'm', 's' || n, 'e', now() FROM generate_series(1, 249) n`, w.TenantID, w.Package.ID)
	if _, err := w.jobs.SetAllImagesIncluded(t.Context(), viewer(w.Admin), w.Package.PublicID(), true, ""); err != nil {
		t.Fatal(err)
	}
	events := w.events(t, w.TenantID)
	got := images(t, events)
	if len(events) != 3 || len(got) != 251 || len(w.queued(t)) != 6 { // NONE, EXTRA_PENDING and those
		t.Errorf("%d events of %d pictures, %d deliveries", len(events), len(got), len(w.queued(t)))
	}
	if slices.Sort(got); len(slices.Compact(got)) != 251 {
		t.Error("some are told twice")
	}
}

// statements counts what goes to the database.
type statements struct {
	mu  sync.Mutex
	all []string
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, data.SQL)
	return ctx
}

func (*statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// A studio without webhooks pays one look.
func TestAStudioWithoutWebhooksPaysOneLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, w.ForeignAdmin, "https://hook.example/", webhook.Types...)
	config := w.db.Pool.Config().ConnConfig.Copy()
	count := &statements{}
	config.Tracer = count
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	costs := func(images int) (n int) {
		t.Helper()
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			count.all = nil
			err := w.outbox.ImagesReleased(t.Context(), tx, w.TenantID, w.Package.ID, make([]job.Released, images))
			n = len(count.all)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := costs(1000); n != 1 {
		t.Errorf("%d statements without webhooks", n)
	}
	if n := w.count(t, "SELECT (SELECT count(*) FROM webhook_event) + (SELECT count(*) FROM task.river_job WHERE kind = 'webhook_delivery')"); n != 0 {
		t.Errorf("%d rows without webhooks", n)
	}
	w.create(t, w.Admin, "https://hook.example/", webhook.Types...)
	costs(1) // a connection learns its types once
	if one, many := costs(1), costs(1000); one != many || one > 5 {
		t.Errorf("%s", fmt.Sprint(one, " statements for a picture, ", many, " for a thousand"))
	}
}
