package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/audit/vault"
	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/job"
	"pixgate/internal/secret"
)

// world is two studios with chains, and a storage for anchors.
type world struct {
	*cast.Cast
	db     *stage.DB
	bucket *blob.Store
	keys   secret.Ring
	log    *audit.Log
	later  atomic.Int64 // how far the clock is ahead, in nanoseconds
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{db: stage.Database(t), keys: secret.NewRing(auditSecret)}
	w.Cast = cast.New(t, w.db.Owner)
	w.log = audit.NewLog(w.keys, w.now)
	return w
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.later.Load())) }

// withBucket gives the world a storage.
func (w *world) withBucket(t testing.TB) *world {
	t.Helper()
	b := stage.Bucket(t)
	store, err := blob.Open(t.Context(), blob.Options{
		Endpoint: b.Endpoint, Region: b.Region, Bucket: b.Bucket, AccessKeyID: b.AccessKeyID, SecretAccessKey: b.SecretAccessKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.bucket = store
	return w
}

func (w *world) store() audit.Store {
	if w.bucket == nil {
		return nil
	}
	return vault.New(w.bucket)
}

func (w *world) studio() audit.Studio  { return audit.Studio{ID: w.TenantID, Slug: "studio"} }
func (w *world) foreign() audit.Studio { return audit.Studio{ID: w.ForeignTenantID, Slug: "foreign"} }

// full is a change with everything that a change can have.
func (w *world) full(n int) audit.Change {
	imageID := w.Package.Images[job.None]
	return audit.Change{
		TenantID: w.TenantID, ActorID: &w.Admin.AccountID, Action: audit.SelectionStateSet, JobID: &w.Package.ID, ImageID: &imageID,
		AccountID: &w.Owner.AccountID, Old: map[string]string{"selectionState": "NONE"}, New: map[string]string{"selectionState": "EXTRA_FREE"},
		Reason: fmt.Sprintf("Kulanz <%d> & mehr", n), RequestID: fmt.Sprintf("request-%d", n),
	}
}

func (w *world) append(t testing.TB, log *audit.Log, changes ...audit.Change) {
	t.Helper()
	err := pgx.BeginFunc(context.Background(), w.db.Pool, func(tx pgx.Tx) error { return log.Append(context.Background(), tx, changes...) })
	if err != nil {
		t.Error(err) // also of goroutines
	}
}

// fill writes twelve entries: the fifth has nothing that may be missing, and the
// ninth is about a job alone.
func (w *world) fill(t testing.TB) {
	t.Helper()
	for n := 1; n <= 12; n++ {
		change := w.full(n)
		switch n {
		case 5:
			change = audit.Change{TenantID: w.TenantID, Action: audit.AccountRoleSet, RequestID: "command line"}
		case 9:
			change.ImageID = nil
		}
		w.append(t, w.log, change)
	}
}

func (w *world) verifyWith(t testing.TB, keys secret.Ring, studio audit.Studio, span audit.Span) audit.Report {
	t.Helper()
	report, err := audit.NewVerifier(w.db.Pool, keys, w.store()).Verify(t.Context(), studio, span, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (w *world) verify(t testing.TB) audit.Report {
	t.Helper()
	return w.verifyWith(t, w.keys, w.studio(), audit.Span{})
}

// whole wants a chain of n entries without a fault.
func whole(t testing.TB, report audit.Report, n int64) {
	t.Helper()
	if report.Fault != nil || report.Entries != n || report.CheckedTo != n || !report.Complete {
		t.Errorf("%+v, %v; want %d entries, whole", report, report.Fault, n)
	}
}

// faulty wants a fault of a kind at a sequence, and a sentence that tells some of it.
func faulty(t testing.TB, report audit.Report, sequence int64, kind audit.Kind, part string) {
	t.Helper()
	if f := report.Fault; f == nil || f.Sequence != sequence || f.Kind != kind || !strings.Contains(f.Message, part) || report.Complete {
		t.Errorf("complete %t, %v; want sequence %d: %s: …%s…", report.Complete, f, sequence, kind, part)
	}
}

func (w *world) anchors(keys secret.Ring, log *slog.Logger) *audit.Anchors {
	return audit.NewAnchors(w.db.Pool, keys, w.store(), w.now, log)
}

// anchor anchors all chains.
func (w *world) anchor(t testing.TB) {
	t.Helper()
	if err := w.anchors(w.keys, slog.New(slog.DiscardHandler)).Write(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// keep makes a copy of all chains, and returns what brings it back.
func (w *world) keep(t testing.TB) (restore func()) {
	t.Helper()
	w.Exec(t, "CREATE TABLE kept_entry AS SELECT * FROM audit_entry; ")
	w.Exec(t, "CREATE TABLE kept_head AS SELECT * FROM audit_head")
	return func() {
		w.Exec(t, "TRUNCATE audit_entry, audit_head")
		w.Exec(t, "INSERT INTO audit_entry SELECT * FROM kept_entry")
		w.Exec(t, "INSERT INTO audit_head SELECT * FROM kept_head")
	}
}

// rewind cuts the tail behind a sequence and makes the head say that it was never there.
func (w *world) rewind(t testing.TB, last int) {
	t.Helper()
	w.Exec(t, "DELETE FROM audit_entry WHERE tenant_id = $1 AND sequence > $2", w.TenantID, last)
	w.Exec(t, "UPDATE audit_head h SET sequence = e.sequence, hash = e.hash, at = e.at FROM audit_entry e WHERE h.tenant_id = $1 AND e.tenant_id = $1 AND e.sequence = $2", w.TenantID, last)
}

func anchorPath(sequence int) string { return fmt.Sprintf("audit/studio/%020d.json", sequence) }
