package job_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/secret"
)

type studio struct {
	*cast.Cast
	db   *stage.DB
	jobs *job.Jobs
}

func newStudio(t testing.TB) *studio {
	t.Helper()
	s := &studio{db: stage.Database(t)}
	s.Cast = cast.New(t, s.db.Owner)
	s.jobs = job.NewJobs(s.db.Pool, audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), time.Now), time.Now)
	return s
}

func viewer(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Role: p.Role, RequestID: "test"}
}

func TestListsHoldWhatIsTheViewersAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for _, row := range []struct {
		who  *cast.Person
		want []*cast.Job
	}{
		{s.Owner, []*cast.Job{s.Package, s.All}},
		{s.Other, []*cast.Job{s.OtherJob}},
		{s.Photographer, []*cast.Job{s.Package, s.All}},
		{s.Idle, nil},
		{s.Admin, []*cast.Job{s.Package, s.All, s.OtherJob, s.BlockedJob, s.ExpiredJob, s.RemovedJob, s.Unclaimed}},
		{s.Foreigner, []*cast.Job{s.ForeignJob}},
		{s.ForeignAdmin, []*cast.Job{s.ForeignJob}},
	} {
		got, more, err := s.jobs.List(t.Context(), viewer(row.who), job.Filter{}, page.Window{Size: 50})
		if err != nil || more {
			t.Fatalf("%s: %v, %v", row.who.Email, more, err)
		}
		var ids, want []string
		for _, j := range got {
			ids = append(ids, j.PublicID())
		}
		for _, j := range row.want {
			want = append(want, j.PublicID())
		}
		slices.Sort(ids)
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", row.who.Email, ids, want)
		}
		if n, err := s.jobs.Count(t.Context(), viewer(row.who), job.Filter{}); err != nil || n != len(want) {
			t.Errorf("%s: counts %d, want %d (%v)", row.who.Email, n, len(want), err)
		}
	}
}

func TestListsByStatus(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "UPDATE job SET status = 'CLOSED' WHERE id = ANY($1)", []id.ID{s.Package.ID, s.ForeignJob.ID})
	for _, who := range []*cast.Person{s.Owner, s.Photographer, s.Admin} {
		for status, want := range map[job.Status]int{job.Closed: 1, job.Open: map[*cast.Person]int{s.Owner: 1, s.Photographer: 1, s.Admin: 6}[who]} {
			filter := job.Filter{Status: &status}
			jobs, _, err := s.jobs.List(t.Context(), viewer(who), filter, page.Window{Size: 50})
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range jobs {
				if j.Status != status {
					t.Errorf("%s: a job that is %s among those that are %s", who.Email, j.Status, status)
				}
			}
			if n, err := s.jobs.Count(t.Context(), viewer(who), filter); err != nil || n != want || len(jobs) != want {
				t.Errorf("%s: %d jobs are %s, counted %d, want %d (%v)", who.Email, len(jobs), status, n, want, err)
			}
		}
	}
}

func TestPagesJoinWithoutGapOrRepeat(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "UPDATE job SET created_at = '2026-01-01'") // the hard case: all at the same time
	for _, who := range []*cast.Person{s.Admin, s.Owner, s.Photographer} {
		all, _, err := s.jobs.List(t.Context(), viewer(who), job.Filter{}, page.Window{Size: 50})
		if err != nil {
			t.Fatal(err)
		}
		var walked []id.ID
		w := page.Window{Size: 1}
		for more := true; more; {
			var part []*job.Job
			if part, more, err = s.jobs.List(t.Context(), viewer(who), job.Filter{}, w); err != nil || len(part) != 1 {
				t.Fatalf("%d jobs, %v", len(part), err)
			}
			walked = append(walked, part[0].ID)
			w.After = new(part[0].Cursor())
		}
		if len(walked) != len(all) {
			t.Fatalf("%s: %d jobs by pages, %d at once", who.Email, len(walked), len(all))
		}
		for i, j := range all {
			if j.ID != walked[i] {
				t.Errorf("%s: place %d differs", who.Email, i)
			}
		}
	}
}

func TestImageFilters(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	j, err := s.jobs.ByID(t.Context(), viewer(s.Owner), s.Package.PublicID())
	if err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	for _, row := range []struct {
		filter job.ImageFilter
		want   []job.SelectionState
	}{
		{job.ImageFilter{}, cast.States},
		{job.ImageFilter{Released: &yes}, []job.SelectionState{job.Included, job.ExtraPaid, job.ExtraFree}},
		{job.ImageFilter{Released: &no}, []job.SelectionState{job.None, job.ExtraPending, job.Blocked}},
		{job.ImageFilter{States: []job.SelectionState{job.None, job.Included}}, []job.SelectionState{job.None, job.Included}},
		{job.ImageFilter{Released: &yes, States: []job.SelectionState{job.None, job.Included}}, []job.SelectionState{job.Included}},
		{job.ImageFilter{States: []job.SelectionState{}}, nil},
	} {
		page, err := s.jobs.Images(t.Context(), viewer(s.Owner), j, row.filter, page.Window{Size: 50})
		if err != nil {
			t.Fatal(err)
		}
		var got []job.SelectionState
		for _, image := range page.Images {
			got = append(got, image.State)
		}
		if n, err := s.jobs.CountImages(t.Context(), viewer(s.Owner), j, row.filter); err != nil || n != len(row.want) || !slices.Equal(got, row.want) {
			t.Errorf("%+v: %v, count %d (%v); want %v", row.filter, got, n, err, row.want)
		}
	}
	if _, err := s.jobs.Images(t.Context(), viewer(s.Other), j, job.ImageFilter{}, page.Window{Size: 50}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("another customer lists the pictures: %v", err)
	}
	if _, err := s.jobs.CountImages(t.Context(), viewer(s.Other), j, job.ImageFilter{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("another customer counts the pictures: %v", err)
	}
}

func TestCreateChecksEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	bad := "nobody"
	_, _, err := s.jobs.Create(t.Context(), viewer(s.Admin), job.New{
		CustomerEmail: "a, b@example.com", Title: " ", IncludedImages: -1, PhotographerEmail: &bad, Reason: strings.Repeat("x", 1001),
	})
	var paths []string
	for _, field := range fault.As(err).Fields {
		paths = append(paths, field.Path)
	}
	want := []string{"input.customerEmail", "input.photographerEmail", "input.title", "input.includedImages", "input.reason"}
	if !fault.Is(err, fault.ValidationFailed) || !slices.Equal(paths, want) {
		t.Errorf("%v: %v, want %v", err, paths, want)
	}
	for _, who := range []*cast.Person{s.Owner, s.Photographer} {
		if _, _, err := s.jobs.Create(t.Context(), viewer(who), job.New{CustomerEmail: "a@example.com", Title: "x"}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s makes a job: %v", who.Email, err)
		}
	}
}

func TestCreateBelongsToTheProvenAddressAndIsAudited(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	photographer, customer, nobody := s.Photographer.Email, s.Owner.Email, "nobody@example.com"
	made, refusals, err := s.jobs.Create(t.Context(), viewer(s.Admin), job.New{
		CustomerEmail: " OWNER@Example.com", Title: " Haus ", IncludedImages: 5, PhotographerEmail: &photographer, Reason: "because",
	})
	if err != nil || refusals != nil || made.Title != "Haus" || made.CustomerID == nil || *made.CustomerID != s.Owner.AccountID {
		t.Fatalf("%+v, %v, %v", made, refusals, err)
	}
	var entry string
	if err := s.db.Owner.QueryRow(t.Context(), "SELECT action || ' ' || reason || ' ' || new_value FROM audit_entry WHERE job_id = $1 AND actor_id = $2",
		made.ID, s.Admin.AccountID).Scan(&entry); err != nil || entry != `job.created because {"includedImages":5,"allImagesIncluded":false,"sellsExtras":false,"customerUploads":false}` {
		t.Errorf("audited as %q, %v", entry, err)
	}
	for email, code := range map[*string]string{&customer: "WRONG_ROLE", &nobody: "NOT_FOUND"} {
		made, refusals, err := s.jobs.Create(t.Context(), viewer(s.Admin), job.New{CustomerEmail: "new@example.com", Title: "x", PhotographerEmail: email})
		if err != nil || made != nil || len(refusals) != 1 || refusals[0].Code != code {
			t.Errorf("photographer %s: %v, %v, %v", *email, made, refusals, err)
		}
	}
	unclaimed, _, err := s.jobs.Create(t.Context(), viewer(s.Admin), job.New{CustomerEmail: "later@example.com", Title: "x"})
	if err != nil || unclaimed.CustomerID != nil {
		t.Errorf("a job for an unproven address: %+v, %v", unclaimed, err)
	}
}

func TestACreateWithoutItsAuditEntryDoesNotHappen(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "REVOKE INSERT ON audit_entry FROM pixgate_server")
	if _, _, err := s.jobs.Create(t.Context(), viewer(s.Admin), job.New{CustomerEmail: "a@example.com", Title: "unaudited"}); err == nil {
		t.Error("created")
	}
	var n int
	if err := s.db.Owner.QueryRow(t.Context(), "SELECT count(*) FROM job WHERE title = 'unaudited'").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d jobs without an entry, %v", n, err)
	}
}

func TestForeignUnknownAndMalformedAreOneRefusal(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for _, publicID := range []string{s.OtherJob.PublicID(), s.ForeignJob.PublicID(), id.Job.Format(id.New(time.Now())), "", "job_", s.Package.Image(job.None)} {
		_, err := s.jobs.ByID(t.Context(), viewer(s.Owner), publicID)
		if fmt.Sprint(err) != fmt.Sprint(fault.Refused()) {
			t.Errorf("%q: %v", publicID, err)
		}
	}
}

func TestAJobMadeWhileItsAddressIsBeingProvenBelongsToTheAccount(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	const email = "racing@example.com"
	proving, err := s.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = proving.Rollback(t.Context()) }()
	if _, err := proving.Exec(t.Context(), "SELECT pg_advisory_xact_lock($1)", account.LockOf(s.TenantID, email)); err != nil {
		t.Fatal(err)
	}
	type result struct {
		made *job.Job
		err  error
	}
	done := make(chan result)
	go func() {
		made, _, err := s.jobs.Create(t.Context(), viewer(s.Admin), job.New{CustomerEmail: email, Title: "x"})
		done <- result{made, err}
	}()
	accountID := id.New(time.Now())
	if _, err := proving.Exec(t.Context(), `INSERT INTO account (id, tenant_id, email_key, email, verified_at, created_at)
		VALUES ($1, $2, $3, $3, now(), now())`, accountID, s.TenantID, email); err != nil {
		t.Fatal(err)
	}
	select {
	case early := <-done:
		t.Fatalf("made before the address was proven or not: %+v, %v", early.made, early.err)
	case <-time.After(100 * time.Millisecond): // long enough for one that does not wait
	}
	if err := proving.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got.err != nil || got.made.CustomerID == nil || *got.made.CustomerID != accountID {
		t.Errorf("%+v, %v", got.made, got.err)
	}
}
