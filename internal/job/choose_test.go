package job_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// album is a job of the owner with pictures that nobody has chosen.
type album struct {
	*studio
	j      *cast.Job
	images []string
}

// newAlbum makes one whose package has so many places.
func newAlbum(t testing.TB, s *studio, pictures, included int, sellsExtras bool) *album {
	t.Helper()
	a := &album{studio: s, j: &cast.Job{ID: id.New(time.Now())}}
	s.Exec(t, `INSERT INTO job (id, tenant_id, account_id, customer_email_key, customer_email, title, included_images, all_images_included, sells_extras, created_at)
		VALUES ($1, $2, $3, $4, $4, 'Album', $5, false, $6, now())`, a.j.ID, s.TenantID, s.Owner.AccountID, s.Owner.Email, included, sellsExtras)
	for i := range pictures {
		a.images = append(a.images, id.Image.Format(s.Image(t, s.TenantID, a.j.ID, i, job.None)))
	}
	return a
}

func (a *album) deliver(t testing.TB, images ...string) {
	t.Helper()
	for _, image := range images {
		imageID, _ := id.Image.Parse(image)
		a.Exec(t, "UPDATE image SET delivered_at = now() WHERE id = $1", imageID)
	}
}

// states are those of all pictures in their order, a letter each.
func (a *album) states(t testing.TB) string {
	t.Helper()
	var states string
	if err := a.db.Owner.QueryRow(t.Context(), `
		SELECT coalesce(string_agg(CASE selection_state WHEN 'NONE' THEN '-' WHEN 'INCLUDED' THEN 'I' WHEN 'EXTRA_PENDING' THEN '?'
			WHEN 'EXTRA_PAID' THEN 'P' WHEN 'EXTRA_FREE' THEN 'F' ELSE 'B' END, '' ORDER BY position), '') FROM image WHERE job_id = $1`, a.j.ID).Scan(&states); err != nil {
		t.Fatal(err)
	}
	return states
}

// entries are what the audit log says about the album, in order.
func (a *album) entries(t testing.TB) []string {
	t.Helper()
	rows, err := a.db.Owner.Query(t.Context(), `
		SELECT e.action || coalesce(' ' || i.position, '') || ' ' || coalesce(e.old_value, '') || ' ' || coalesce(e.new_value, '') || ' ' || coalesce(e.reason, '')
		FROM audit_entry e LEFT JOIN image i ON i.id = e.image_id WHERE e.job_id = $1 ORDER BY e.sequence`, a.j.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var entry string
		if err := rows.Scan(&entry); err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.TrimSpace(entry))
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return all
}

func (a *album) choose(t testing.TB, selected bool, images ...string) (job.Outcome, []job.Refusal) {
	t.Helper()
	did, refusals, err := a.jobs.Select(t.Context(), viewer(a.Owner), a.j.PublicID(), images, selected)
	if err != nil {
		t.Fatal(err)
	}
	if did.Job != nil {
		checkUse(t, did.Job)
	}
	return did, refusals
}

// checkUse holds what every answer promises.
func checkUse(t testing.TB, j *job.Job) {
	t.Helper()
	if use := j.Package; use.Used+use.Remaining != use.Included || use.Used < 0 || use.Remaining < 0 || use.Included != j.IncludedImages {
		t.Errorf("the package does not add up: %+v", use)
	}
}

func codes(refusals []job.Refusal) string {
	var all []string
	for _, refusal := range refusals {
		all = append(all, strings.Join(refusal.Field, ".")+" "+refusal.Code)
	}
	return strings.Join(all, ", ")
}

func TestSelectedPicturesTakePlacesInTheirOrderAndThenBecomeExtras(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 6, 3, true)
	did, refusals := a.choose(t, true, a.images[4], a.images[0], a.images[3], a.images[1], a.images[0])
	if refusals != nil || a.states(t) != "II-I?-" || len(did.Changes) != 4 || len(did.Images) != 4 {
		t.Errorf("%s, %d changes, %v", a.states(t), len(did.Changes), refusals)
	}
	want := job.PackageUse{Included: 3, Used: 3, ExtrasPending: 1}
	if did.Job.Package != want {
		t.Errorf("%+v, want %+v", did.Job.Package, want)
	}
	if did, _ = a.choose(t, true, a.images[0], a.images[4]); did.Changes != nil || a.states(t) != "II-I?-" {
		t.Errorf("asking for what is so already changed %d: %s", len(did.Changes), a.states(t))
	}
	a.choose(t, false, a.images[1], a.images[2])
	if a.states(t) != "I--I?-" {
		t.Errorf("deselected: %s", a.states(t))
	}
	if a.choose(t, true, a.images[4]); a.states(t) != "I--II-" {
		t.Errorf("an extra selected again does not take the place that came free: %s", a.states(t))
	}
}

func TestACallPastThePackageIsRefusedAsAWholeAndTellsTheNumbers(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 5, 3, false)
	a.choose(t, true, a.images[:2]...)
	_, refusals := a.choose(t, true, a.images...)
	if codes(refusals) != "input.imageIds PACKAGE_FULL" || a.states(t) != "II---" {
		t.Fatalf("%s, %v", a.states(t), refusals)
	}
	if use := *refusals[0].Package; use.Included != 3 || use.Used != 2 || use.Remaining != 1 {
		t.Errorf("%+v", use)
	}
}

func TestWhatWasDeliveredPaidOrGrantedIsNotDeselected(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 5, 2, true)
	a.choose(t, true, a.images[:4]...)
	a.Exec(t, "UPDATE image SET selection_state = 'EXTRA_PAID' WHERE job_id = $1 AND position = 2", a.j.ID)
	a.Exec(t, "UPDATE image SET selection_state = 'EXTRA_FREE' WHERE job_id = $1 AND position = 3", a.j.ID)
	a.deliver(t, a.images[0])
	_, refusals := a.choose(t, false, a.images...)
	if got := codes(refusals); got != "input.imageIds.0 ALREADY_DELIVERED, input.imageIds.2 ALREADY_GRANTED, input.imageIds.3 ALREADY_GRANTED" || a.states(t) != "IIPF-" {
		t.Errorf("%s, %s", a.states(t), got)
	}
	if _, refusals = a.choose(t, false, a.images[1]); refusals != nil || a.states(t) != "I-PF-" {
		t.Errorf("%s, %v", a.states(t), refusals)
	}
}

func TestWithdrawnPicturesAndSettledJobsAreNotChosenFrom(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 2, 2, true)
	a.Exec(t, "UPDATE image SET selection_state = 'BLOCKED' WHERE job_id = $1 AND position = 0", a.j.ID)
	for _, row := range []struct{ change, want string }{
		{"UPDATE job SET title = title", "input.imageIds.0 IMAGE_BLOCKED"},
		{"UPDATE job SET all_images_included = true", "input.jobId NOTHING_TO_CHOOSE"},
		{"UPDATE job SET status = 'CLOSED'", "input.jobId JOB_CLOSED"},
	} {
		a.Exec(t, row.change)
		if _, refusals := a.choose(t, true, a.images...); codes(refusals) != row.want || a.states(t) != "B-" {
			t.Errorf("%s: %s, %s", row.change, codes(refusals), a.states(t))
		}
	}
}

func TestNobodyButTheCustomerChooses(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	own := s.Package.Image(job.None)
	for _, row := range []struct {
		who    *cast.Person
		j      *cast.Job
		images []string
	}{
		{s.Admin, s.Package, []string{own}}, {s.Operator, s.Package, []string{own}}, {s.Photographer, s.Package, []string{own}},
		{s.Other, s.Package, []string{own}}, {s.Foreigner, s.Package, []string{own}},
		{s.Owner, s.Package, []string{own, s.OtherJob.Image(job.None)}}, {s.Owner, s.Package, []string{s.All.Image(job.None)}},
		{s.Owner, s.OtherJob, []string{own}}, {s.Owner, s.Package, []string{own, "img_x"}}, {s.Owner, s.Package, []string{s.Package.PublicID()}},
	} {
		_, _, err := s.jobs.Select(t.Context(), viewer(row.who), row.j.PublicID(), row.images, true)
		if fmt.Sprint(err) != fmt.Sprint(fault.Refused()) {
			t.Errorf("%s chooses %v: %v", row.who.Email, row.images, err)
		}
	}
	// Who works for the studio and is the customer chooses as one.
	s.Exec(t, "UPDATE job SET account_id = $2 WHERE id = $1", s.Package.ID, s.Admin.AccountID)
	if did, _, err := s.jobs.Select(t.Context(), viewer(s.Admin), s.Package.PublicID(), []string{own}, true); err != nil || len(did.Changes) != 1 {
		t.Errorf("an admin who is the customer: %v", err)
	}
}

func TestSelectingChecksHowManyAreNamed(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for _, images := range [][]string{nil, {}, slices.Repeat([]string{s.Package.Image(job.None)}, job.MaxImages+1)} {
		_, _, err := s.jobs.Select(t.Context(), viewer(s.Owner), s.Package.PublicID(), images, true)
		if !fault.Is(err, fault.ValidationFailed) || fault.As(err).Fields[0].Path != "input.imageIds" {
			t.Errorf("%d pictures: %v", len(images), err)
		}
	}
}

func TestWhatIsChosenIsWrittenDown(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 2, 1, true)
	a.choose(t, true, a.images...)
	a.choose(t, false, a.images[0])
	var got string
	if err := a.db.Owner.QueryRow(t.Context(), `
		SELECT string_agg(i.position || ' ' || e.old_state || '>' || e.new_state || ' ' || e.request_id, ', ' ORDER BY e.at, i.position) FROM selection_event e JOIN image i ON i.id = e.image_id
		WHERE e.job_id = $1 AND e.account_id = $2`, a.j.ID, a.Owner.AccountID).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "0 NONE>INCLUDED test, 1 NONE>EXTRA_PENDING test, 0 INCLUDED>NONE test"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if entries := a.entries(t); entries != nil {
		t.Errorf("a customer's choice in the audit log of admins: %v", entries)
	}
}

// Fifty calls want the last place: one gets it.
func TestOneOfFiftyGetsTheLastPlace(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 51, 2, false)
	a.choose(t, true, a.images[50])
	var got sync.Map
	var callers sync.WaitGroup
	for i := range 50 {
		callers.Go(func() {
			did, refusals, err := a.jobs.Select(t.Context(), viewer(a.Owner), a.j.PublicID(), a.images[i:i+1], true)
			switch {
			case err != nil:
				t.Error(err)
			case refusals == nil:
				got.Store(i, len(did.Changes))
				checkUse(t, did.Job)
			case codes(refusals) != "input.imageIds PACKAGE_FULL" || refusals[0].Package.Used+refusals[0].Package.Remaining != 2:
				t.Error(refusals)
			}
		})
	}
	callers.Wait()
	winners := 0
	got.Range(func(_, changes any) bool { winners += changes.(int); return true })
	if winners != 1 || strings.Count(a.states(t), "I") != 2 {
		t.Errorf("%d got the last place: %s", winners, a.states(t))
	}
}
