package drill_test

import (
	"bytes"
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/dev/postgres"
	"pixgate/internal/dev/stage"
)

// The database is lost and comes back from a backup, on a machine that has never seen it:
// the roles are made, the dump is restored, `pixgate migrate` grants the rights. What was
// recorded is proved, and what a client downloads is byte by byte what it was.
func TestABackupIsWorthSomething(t *testing.T) {
	t.Parallel()
	db, pg := stage.PrivateDatabase(t)
	h := newHouseOn(t, db, stage.Bucket(t))
	h.people(t)
	jobID, pictures := h.released(t, 5)
	link := func() string {
		return path(t, h.as(h.Owner).ask(t, `query($id: ID!) { job(id: $id) { zipUrl } }`, map[string]any{"id": jobID}).fine(t).text("data", "job", "zipUrl"))
	}
	whole := h.app().get(t, http.MethodGet, link())
	if whole.status != http.StatusOK || len(whole.body) == 0 {
		t.Fatalf("the archive: %d", whole.status)
	}
	h.as(h.Admin).ask(t, `mutation($input: SetIncludedImagesInput!) { setIncludedImages(input: $input) { userErrors { code } } }`,
		map[string]any{"input": map[string]any{"jobId": jobID, "includedImages": 90, "reason": "before the backup"}}).fine(t)
	h.run(t, "audit", "verify")
	name := h.name(t)
	file := filepath.Join(t.TempDir(), "backup")
	if err := pg.Dump(t.Context(), "pixgate_owner", name, file); errors.Is(err, postgres.ErrNoTool) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	tables := h.rows(t)

	h.kill() // and the database with it
	pg.Kill()
	h.restored(t, name, file)

	// Without its rights the server serves nobody; the checklist says what is missing.
	if code, out, _ := h.command(t, h.environment(), "check"); code != 1 || !bytes.Contains([]byte(out), []byte("run pixgate migrate")) {
		t.Errorf("before migrate the checklist ends with %d:\n%s", code, h.mask(out))
	}
	h.run(t, "migrate")
	if after := h.rows(t); after != tables {
		t.Errorf("rows before and after:\n%s\n%s", tables, after)
	}
	h.start(t)
	h.run(t, "audit", "verify")
	if code, out, _ := h.command(t, h.environment(), "check"); code != 0 {
		t.Errorf("the checklist ends with %d:\n%s", code, h.mask(out))
	}
	asOwner := append(h.environment(), "DATABASE_URL="+h.env["MIGRATE_DATABASE_URL"])
	if code, out, _ := h.command(t, asOwner, "check"); code != 1 || !bytes.Contains([]byte(out), []byte("delete audit_entry")) {
		t.Errorf("a server that owns the tables passes with %d:\n%s", code, h.mask(out))
	}
	again := h.app().get(t, http.MethodGet, link())
	if again.status != http.StatusOK || !bytes.Equal(again.body, whole.body) || again.header.Get("ETag") != whole.header.Get("ETag") {
		t.Errorf("the archive is another one: %d, %d bytes, %d before", again.status, len(again.body), len(whole.body))
	}
	etag := whole.header.Get("ETag")
	rest := h.app().with("Range", "bytes=100-").with("If-Range", etag).get(t, http.MethodGet, link())
	if rest.status != http.StatusPartialContent || !bytes.Equal(rest.body, whole.body[100:]) {
		t.Errorf("a download that was cut before goes on with %d, %d bytes", rest.status, len(rest.body))
	}
	for _, table := range []string{"audit_entry", "selection_event"} {
		if _, err := h.db.Pool.Exec(t.Context(), "DELETE FROM "+table); err == nil {
			t.Errorf("the server's role may delete from %s", table)
		}
	}
	for _, found := range h.stored(t) {
		t.Errorf("the database holds a %s", found)
	}
	h.stop(t)
	t.Logf("restored: %d pictures of %d bytes as one archive, rows %s", len(pictures), len(whole.body), tables)
}

// An older backup than the anchors in the storage: what is missing is not passed over.
func TestABackupThatIsTooOldIsNoticed(t *testing.T) {
	t.Parallel()
	db, pg := stage.PrivateDatabase(t)
	h := newHouseOn(t, db, stage.Bucket(t))
	h.people(t)
	act := func(reason string) {
		h.as(h.Admin).ask(t, `mutation($input: SetIncludedImagesInput!) { setIncludedImages(input: $input) { userErrors { code } } }`,
			map[string]any{"input": map[string]any{"jobId": h.Package.PublicID(), "includedImages": 90 + len(reason), "reason": reason}}).fine(t)
	}
	act("kept")
	name, file := h.name(t), filepath.Join(t.TempDir(), "backup")
	if err := pg.Dump(t.Context(), "pixgate_owner", name, file); errors.Is(err, postgres.ErrNoTool) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	act("lost with the database")
	if a := h.app().with("Authorization", "Bearer "+h.env["CRON_SECRET"]).get(t, http.MethodPost, "/cron/anchor-audit"); a.status != http.StatusOK {
		t.Fatalf("anchoring: %s", a)
	}
	h.stop(t)
	h.restored(t, name, file)
	h.run(t, "migrate")
	if code, out, _ := h.command(t, h.environment(), "audit", "verify"); code != 1 || !bytes.Contains([]byte(out), []byte("CUT")) {
		t.Errorf("a log whose end is gone is verified with %d:\n%s", code, h.mask(out))
	}
}

// Somebody destroys rows that were written after the last backup: the moment before that is had
// back, with all that was confirmed until then.
func TestTheMomentBeforeTheHarmIsHadBack(t *testing.T) {
	t.Parallel()
	db, pg := stage.PrivateDatabase(t)
	if err := pg.Archive(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := newHouseOn(t, db, stage.Bucket(t))
	h.people(t)
	backup, err := pg.Backup(t.Context(), postgres.Options{Dir: t.TempDir(), Ephemeral: true})
	if errors.Is(err, postgres.ErrNoTool) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	jobID, _ := h.released(t, 3)
	zip := func() *answer {
		link := h.as(h.Owner).ask(t, `query($id: ID!) { job(id: $id) { zipUrl } }`, map[string]any{"id": jobID}).fine(t).text("data", "job", "zipUrl")
		return h.app().get(t, http.MethodGet, path(t, link))
	}
	whole := zip()
	h.as(h.Admin).ask(t, `mutation($input: SetIncludedImagesInput!) { setIncludedImages(input: $input) { userErrors { code } } }`,
		map[string]any{"input": map[string]any{"jobId": jobID, "includedImages": 90, "reason": "after the backup"}}).fine(t)
	h.stop(t)
	tables, name := h.rows(t), h.name(t)
	var before time.Time
	if err := h.db.Owner.QueryRow(t.Context(), "SELECT clock_timestamp()").Scan(&before); err != nil {
		t.Fatal(err)
	}
	h.exec(t, "DELETE FROM delivery")
	h.exec(t, "UPDATE image SET selection_state = 'BLOCKED'")
	if h.rows(t) == tables {
		t.Fatal("nothing was destroyed")
	}
	if err := pg.Archived(t.Context()); err != nil {
		t.Fatal(err)
	}
	pg.Kill()

	recovered, err := backup.Recover(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(recovered.Kill)
	h.movesTo(t, recovered, name)
	if after := h.rows(t); after != tables {
		t.Errorf("rows before and after:\n%s\n%s", tables, after)
	}
	if code, out, _ := h.command(t, h.environment(), "check"); code != 0 {
		t.Errorf("the checklist ends with %d:\n%s", code, h.mask(out))
	}
	h.run(t, "audit", "verify")
	h.start(t)
	if again := zip(); again.status != http.StatusOK || !bytes.Equal(again.body, whole.body) {
		t.Errorf("the archive is another one: %d, %d bytes, %d before", again.status, len(again.body), len(whole.body))
	}
	h.stop(t)
}

// name is that of the house's database.
func (h *house) name(t *testing.T) (name string) {
	t.Helper()
	if err := h.db.Owner.QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// rows counts what clients and auditors would miss.
func (h *house) rows(t *testing.T) (counts string) {
	t.Helper()
	err := h.db.Owner.QueryRow(t.Context(), `SELECT format('image %s, job %s, account %s, session %s, delivery %s, audit %s %s',
		(SELECT count(*) FROM image), (SELECT count(*) FROM job), (SELECT count(*) FROM account), (SELECT count(*) FROM session), (SELECT count(*) FROM delivery),
		(SELECT count(*) FROM audit_entry), (SELECT md5(string_agg(a::text, ',' ORDER BY sequence, id)) FROM audit_entry a))`).Scan(&counts)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// restored lets the house have a backup on a PostgreSQL that has never seen it, as an
// operator does it: docs/operations.md.
func (h *house) restored(t *testing.T, name, file string) {
	t.Helper()
	fresh, err := postgres.Start(t.Context(), postgres.Options{Dir: t.TempDir(), Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fresh.Kill)
	for _, role := range []string{"pixgate_owner", "pixgate_server"} {
		if err := fresh.EnsureRole(t.Context(), role); err != nil {
			t.Fatal(err)
		}
	}
	if err := fresh.EnsureDatabase(t.Context(), name, "pixgate_owner"); err != nil {
		t.Fatal(err)
	}
	if err := fresh.Restore(t.Context(), "pixgate_owner", name, file); err != nil {
		t.Fatal(err)
	}
	h.movesTo(t, fresh, name)
}

// movesTo lets the house have its database elsewhere.
func (h *house) movesTo(t *testing.T, fresh *postgres.Server, name string) {
	t.Helper()
	h.database = false // it ends before the house does
	h.env["DATABASE_URL"], h.env["MIGRATE_DATABASE_URL"] = fresh.URL("pixgate_server", name), fresh.URL("pixgate_owner", name)
	open := func(url string) *pgxpool.Pool {
		pool, err := pgxpool.New(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return pool
	}
	h.db = &stage.DB{OwnerURL: h.env["MIGRATE_DATABASE_URL"], URL: h.env["DATABASE_URL"], Owner: open(h.env["MIGRATE_DATABASE_URL"]), Pool: open(h.env["DATABASE_URL"])}
}
