package journal_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/page"
	"pixgate/internal/secret"
)

const auditSecret = "audit secret of a test, long enough"

// world is two studios and their journal.
type world struct {
	*cast.Cast
	db      *stage.DB
	jobs    *job.Jobs
	journal *journal.Journal
	at      time.Time // of what is written next
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{db: stage.Database(t), at: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)}
	w.Cast = cast.New(t, w.db.Owner)
	keys := secret.NewRing(auditSecret)
	w.jobs = job.NewJobs(w.db.Pool, audit.NewLog(keys, time.Now), time.Now)
	w.journal = journal.New(journal.Options{
		DB: w.db.Pool, Tenants: account.NewTenants(w.db.Pool, "studio", time.Now), Now: time.Now, Verifier: audit.NewVerifier(w.db.Pool, keys, nil),
	})
	return w
}

func (w *world) append(t *testing.T, changes ...audit.Change) {
	t.Helper()
	log := audit.NewLog(secret.NewRing(auditSecret), func() time.Time { return w.at })
	if err := pgx.BeginFunc(t.Context(), w.db.Pool, func(tx pgx.Tx) error { return log.Append(t.Context(), tx, changes...) }); err != nil {
		t.Fatal(err)
	}
}

func viewer(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Email: p.Email, Role: p.Role}
}

// all reads a list to its end, in pages of a size.
func all[T interface{ Cursor() page.Cursor }](t *testing.T, size int, read func(page.Window) ([]T, bool, error)) []T {
	t.Helper()
	var list []T
	for w := (page.Window{Size: size}); ; {
		part, more, err := read(w)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, part...)
		if !more {
			return list
		}
		if len(part) != size {
			t.Fatalf("a page of %d with more to come", len(part))
		}
		last := part[size-1].Cursor()
		w.After = &last
	}
}

func TestFiltersFindWhatMatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	actors := []*id.ID{nil, &w.Admin.AccountID, &w.Operator.AccountID}
	actions := []audit.Action{audit.SelectionStateSet, audit.ExtraSettled, audit.JobCreated}
	jobs := []*cast.Job{nil, w.Package, w.All}
	began := w.at
	for n := range 120 {
		change := audit.Change{TenantID: w.TenantID, ActorID: actors[n%3], Action: actions[n/2%3], RequestID: fmt.Sprint(n)}
		if j := jobs[n/5%3]; j != nil {
			change.JobID = &j.ID
			if n%4 > 0 {
				imageID := j.Images[cast.States[n%4]]
				change.ImageID = &imageID
			}
		}
		if n%3 == 0 { // several of one moment
			w.at = w.at.Add(time.Minute)
		}
		w.append(t, change)
	}
	w.append(t, audit.Change{TenantID: w.ForeignTenantID, Action: audit.JobCreated, JobID: &w.ForeignJob.ID, RequestID: "foreign"})
	list := func(filter journal.Filter, size int) []*journal.Entry {
		return all(t, size, func(window page.Window) ([]*journal.Entry, bool, error) {
			return w.journal.List(t.Context(), viewer(w.Admin), filter, window)
		})
	}
	everything := list(journal.Filter{}, 100)
	if len(everything) != 120 || everything[0].Sequence != 120 || everything[119].Sequence != 1 {
		t.Fatalf("%d entries", len(everything))
	}
	image, times := w.Package.Images[cast.States[2]], []*time.Time{nil, new(began.Add(10 * time.Minute)), new(began.Add(10*time.Minute + time.Second)), new(began.Add(30 * time.Minute)), new(began.Add(24 * time.Hour)), new(time.Time{})}
	matched := 0
	for _, jobID := range []*id.ID{nil, &w.Package.ID, &w.All.ID, &w.ForeignJob.ID, new(id.New(time.Now()))} {
		for _, imageID := range []*id.ID{nil, &image, new(id.New(time.Now()))} {
			for _, actorID := range []*id.ID{nil, &w.Admin.AccountID, &w.ForeignAdmin.AccountID} {
				for _, action := range []*string{nil, new(string(audit.SelectionStateSet)), new(string(audit.LoginFailed))} {
					for i, from := range times {
						to := times[(i*5+3)%len(times)]
						var want []int64
						for _, e := range everything {
							fits := func(wanted, has *id.ID) bool { return wanted == nil || has != nil && *has == *wanted }
							if fits(jobID, e.JobID) && fits(imageID, e.ImageID) && fits(actorID, e.ActorID) && (action == nil || e.Action == *action) &&
								(from == nil || !e.At.Before(*from)) && (to == nil || e.At.Before(*to)) {
								want = append(want, e.Sequence)
							}
						}
						filter := journal.Filter{Job: public(id.Job, jobID), Image: public(id.Image, imageID), Actor: public(id.Account, actorID), Action: action, From: from, To: to}
						var got []int64
						for _, e := range list(filter, 7) {
							got = append(got, e.Sequence)
						}
						matched += len(got)
						if !slices.Equal(got, want) {
							t.Errorf("%+v: %d, want %d", filter, got, want)
						}
					}
				}
			}
		}
	}
	if matched < 500 {
		t.Errorf("only %d matched in all: what was tried?", matched)
	}
}

func public(kind id.Kind, named *id.ID) *string {
	if named == nil {
		return nil
	}
	return new(kind.Format(*named))
}

func TestFiltersThatMeanNothingAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.journal.List(t.Context(), viewer(w.Admin), journal.Filter{
		Job: new(w.Package.Image(job.None)), Image: new("img_x"), Actor: new(w.Admin.AccountID.String()), Action: new("job.deleted"),
	}, page.Window{Size: 10})
	wrong := fault.As(err)
	var paths []string
	for _, field := range wrong.Fields {
		paths = append(paths, field.Path)
	}
	if wrong.Code != fault.ValidationFailed || !slices.Equal(paths, []string{"filter.jobId", "filter.imageId", "filter.actorId", "filter.action"}) {
		t.Fatalf("%v %q", err, paths)
	}
	for _, action := range audit.Actions {
		if !strings.Contains(wrong.Fields[3].Message, string(action)) {
			t.Errorf("%s is not named: %s", action, wrong.Fields[3].Message)
		}
	}
}

func TestNobodyButAdminsReadsTheJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.append(t, audit.Change{TenantID: w.TenantID, Action: audit.JobCreated, JobID: &w.Package.ID, RequestID: "r"})
	images, err := w.jobs.ImagesByID(t.Context(), viewer(w.Admin), []id.ID{w.Package.Images[job.None]})
	if err != nil {
		t.Fatal(err)
	}
	var entryID id.ID
	if err := w.db.Owner.QueryRow(t.Context(), "SELECT id FROM audit_entry").Scan(&entryID); err != nil {
		t.Fatal(err)
	}
	blocked := viewer(w.Admin)
	blocked.BlockedAt = new(time.Now())
	for want, viewers := range map[fault.Code][]account.Viewer{
		fault.Unauthenticated: {{}}, fault.Forbidden: {viewer(w.Owner), viewer(w.Photographer), viewer(w.Idle)}, fault.AccountBlocked: {blocked}, "": {viewer(w.Admin), viewer(w.Operator)},
	} {
		for _, v := range viewers {
			ctx, window := t.Context(), page.Window{Size: 10}
			for name, err := range map[string]error{
				"list":    second(w.journal.List(ctx, v, journal.Filter{}, window)),
				"of jobs": only(w.journal.OfJobs(ctx, v, []*job.Job{images[0].Job}, window)),
				"history": only(w.journal.HistoryOf(ctx, v, images, window)),
				"verify":  only(w.journal.Verify(ctx, v, 1)),
				"export":  only(w.journal.Export(ctx, v, 0)),
			} {
				if err == nil && want != "" || err != nil && fault.As(err).Code != want {
					t.Errorf("%s as %s: %v, want %s", name, v.Role, err, want)
				}
			}
			entries, err := w.journal.ByIDs(ctx, v, []id.ID{entryID})
			if (len(entries) == 1) != (want == "") || err != nil && fault.As(err).Code != want {
				t.Errorf("by id as %s: %d, %v", v.Role, len(entries), err)
			}
		}
	}
	if entries, err := w.journal.ByIDs(t.Context(), viewer(w.ForeignAdmin), []id.ID{entryID}); err != nil || len(entries) > 0 {
		t.Errorf("another studio's admin: %d, %v", len(entries), err)
	}
}

func only[T any](_ T, err error) error             { return err }
func second[T any](_ []T, _ bool, err error) error { return err }

func TestOneVerificationRunsAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 30 {
		w.append(t, audit.Change{TenantID: w.TenantID, Action: audit.JobCreated, RequestID: "r"})
	}
	got, err := w.journal.Verify(t.Context(), viewer(w.Admin), 11)
	if err != nil || got.Entries != 20 || got.CheckedTo != 30 || !got.Complete || got.NextSequence != nil || got.Fault != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for _, from := range []int64{0, -1, math.MinInt64} {
		if _, err := w.journal.Verify(t.Context(), viewer(w.Admin), from); !fault.Is(err, fault.ValidationFailed) {
			t.Errorf("from %d: %v", from, err)
		}
	}
	// One that the database keeps waiting is still one.
	tx, err := w.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := w.journal.Verify(context.WithoutCancel(t.Context()), viewer(w.Admin), 1)
		ended <- err
	}()
	waiting := func() (n int) {
		const locked = "SELECT count(*) FROM pg_locks WHERE relation = 'audit_entry'::regclass AND NOT granted"
		if err := w.db.Owner.QueryRow(t.Context(), locked).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for deadline := time.Now().Add(20 * time.Second); waiting() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the first verification never began")
		}
	}
	_, err = w.journal.Verify(t.Context(), viewer(w.Operator), 1)
	if refused := fault.As(err); refused.Code != fault.RateLimited || refused.RetryAfter <= 0 {
		t.Errorf("the second: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the first: %v", err)
	}
	if _, err := w.journal.Verify(t.Context(), viewer(w.Admin), 1); err != nil {
		t.Errorf("the third: %v", err)
	}
}
