package job_test

import (
	"fmt"
	"slices"
	"testing"

	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/job"
)

func (a *album) included(t testing.TB, n int) job.Outcome {
	t.Helper()
	did, err := a.jobs.SetIncludedImages(t.Context(), viewer(a.Admin), a.j.PublicID(), n, "because")
	if err != nil {
		t.Fatal(err)
	}
	checkUse(t, did.Job)
	return did
}

func (a *album) all(t testing.TB, all bool) job.Outcome {
	t.Helper()
	did, err := a.jobs.SetAllImagesIncluded(t.Context(), viewer(a.Admin), a.j.PublicID(), all, "because")
	if err != nil {
		t.Fatal(err)
	}
	checkUse(t, did.Job)
	return did
}

func (a *album) set(t testing.TB, state job.SelectionState, images ...string) (job.Outcome, []job.Refusal) {
	t.Helper()
	did, refusals, err := a.jobs.SetState(t.Context(), viewer(a.Admin), images, state, "because")
	if err != nil {
		t.Fatal(err)
	}
	return did, refusals
}

func (a *album) settle(t testing.TB, reference string, images ...string) (job.Outcome, []job.Refusal) {
	t.Helper()
	did, refusals, err := a.jobs.Settle(t.Context(), viewer(a.Admin), a.j.PublicID(), images, reference)
	if err != nil {
		t.Fatal(err)
	}
	return did, refusals
}

func TestAPackageThatShrinksGivesUpWhatWasNotDeliveredFirst(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		sells     bool
		delivered []int
		to        int
		want      string
	}{
		{true, nil, 3, "III??-"},
		{false, nil, 3, "III---"},
		{true, []int{4, 3}, 3, "I??II-"},
		{true, []int{0, 1, 2, 3}, 3, "IIIF?-"},
		{true, []int{0, 1, 2, 3, 4}, 0, "FFFFF-"},
		{false, []int{2}, 0, "--F---"},
		{true, []int{0}, 5, "IIIII-"},
		{true, nil, 9, "IIIII-"},
	} {
		t.Run(fmt.Sprint(row), func(t *testing.T) {
			t.Parallel()
			a := newAlbum(t, newStudio(t), 6, 5, row.sells)
			a.choose(t, true, a.images[:5]...)
			for _, i := range row.delivered {
				a.deliver(t, a.images[i])
			}
			did := a.included(t, row.to)
			moved := 0
			for i := range row.want {
				if "IIIII-"[i] != row.want[i] {
					moved++
				}
			}
			if got := a.states(t); got != row.want || len(did.Changes) != moved || did.Job.IncludedImages != row.to {
				t.Errorf("%s, want %s; %d changes, want %d", got, row.want, len(did.Changes), moved)
			}
			for i := range did.Changes {
				if change := did.Changes[i]; change.Image.State != change.New || i > 0 && did.Changes[i-1].Image.Position > change.Image.Position {
					t.Errorf("change %d: %+v", i, change)
				}
			}
		})
	}
}

func TestAPackageThatGrowsTakesNothingInByItself(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 3, 1, true)
	a.choose(t, true, a.images...)
	did := a.included(t, 3)
	if a.states(t) != "I??" || did.Changes != nil || did.Job.Package.Remaining != 2 {
		t.Errorf("%s, %+v", a.states(t), did.Job.Package)
	}
	want := []string{`job.included_images_set {"includedImages":1} {"includedImages":3} because`}
	if got := a.entries(t); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWhatWasDeliveredStaysGrantedWhenNotAllIsIncludedAnyMore(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 6, 2, true)
	a.choose(t, true, a.images[0])
	a.all(t, true)
	a.set(t, job.Blocked, a.images[5])
	a.deliver(t, a.images[0], a.images[2], a.images[3], a.images[5])
	did := a.all(t, false)
	if got := a.states(t); got != "I-IF-B" || len(did.Changes) != 2 || did.Job.AllImagesIncluded {
		t.Errorf("%s, %d changes", got, len(did.Changes))
	}
	want := []string{
		`job.all_images_included_set {"allImagesIncluded":false} {"allImagesIncluded":true} because`,
		`image.selection_state_set 5 {"selectionState":"NONE"} {"selectionState":"BLOCKED"} because`,
		`job.all_images_included_set {"allImagesIncluded":true} {"allImagesIncluded":false} because`,
		`image.selection_state_set 2 {"selectionState":"NONE"} {"selectionState":"INCLUDED"} because`,
		`image.selection_state_set 3 {"selectionState":"NONE"} {"selectionState":"EXTRA_FREE"} because`,
	}
	if got := a.entries(t); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTheStudioGrantsWithdrawsAndCorrects(t *testing.T) {
	t.Parallel()
	a := newAlbum(t, newStudio(t), 4, 1, false)
	a.choose(t, true, a.images[0])
	a.deliver(t, a.images[0])
	for _, row := range []struct {
		state  job.SelectionState
		images []int
		want   string
		after  string
	}{
		{job.ExtraFree, []int{1, 2, 1}, "", "IFF-"},
		{job.Included, []int{3}, "input.imageIds PACKAGE_FULL", "IFF-"},
		{job.None, []int{1, 0}, "input.imageIds.1 ALREADY_DELIVERED", "IFF-"},
		{job.ExtraPending, []int{0}, "input.imageIds.0 ALREADY_DELIVERED", "IFF-"},
		{job.Blocked, []int{0, 3}, "", "BFFB"},
		{job.Included, []int{1}, "", "BIFB"},
		{job.None, []int{0}, "input.imageIds.0 ALREADY_DELIVERED", "BIFB"},
		{job.ExtraPaid, []int{0}, "", "PIFB"},
		{job.None, []int{2, 3}, "", "PI--"},
		{job.None, []int{2, 3}, "", "PI--"},
	} {
		var images []string
		for _, i := range row.images {
			images = append(images, a.images[i])
		}
		if _, refusals := a.set(t, row.state, images...); codes(refusals) != row.want || a.states(t) != row.after {
			t.Errorf("%s %v: %s, %q; want %s, %q", row.state, row.images, a.states(t), codes(refusals), row.after, row.want)
		}
	}
	if n := len(a.entries(t)); n != 8 {
		t.Errorf("%d entries, want one for each of the 8 moves: %q", n, a.entries(t))
	}
}

func TestOneRefusalAmongSeveralJobsMovesNothing(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	a, b := newAlbum(t, s, 2, 2, false), newAlbum(t, s, 2, 1, false)
	a.deliver(t, a.images[0])
	b.deliver(t, b.images[0])
	if _, refusals := a.set(t, job.Included, a.images[0], b.images[0], b.images[1]); codes(refusals) != "input.imageIds PACKAGE_FULL" || a.states(t)+b.states(t) != "----" {
		t.Errorf("%s, %s%s", codes(refusals), a.states(t), b.states(t))
	}
	did, _ := a.set(t, job.Included, b.images[0], a.images[0])
	if a.states(t)+b.states(t) != "I-I-" || len(did.Images) != 2 || len(did.Changes) != 2 || len(a.entries(t)) != 1 || len(b.entries(t)) != 1 {
		t.Errorf("%s%s, %+v", a.states(t), b.states(t), did)
	}
}

func TestAPaymentSettlesOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	a, b := newAlbum(t, s, 4, 0, true), newAlbum(t, s, 1, 0, true)
	a.choose(t, true, a.images[:3]...)
	b.choose(t, true, b.images...)
	did, refusals := a.settle(t, " R-1 ", a.images[1], a.images[0])
	if refusals != nil || a.states(t) != "PP?-" || did.Job.Package.ExtrasPaid != 2 || len(did.Changes) != 2 {
		t.Fatalf("%s, %v", a.states(t), refusals)
	}
	a.set(t, job.Blocked, a.images[0]) // what became of it since does not matter
	if did, refusals = a.settle(t, "R-1", a.images[0], a.images[1], a.images[0]); refusals != nil || did.Changes != nil || a.states(t) != "BP?-" {
		t.Errorf("the same payment again: %s, %v", a.states(t), refusals)
	}
	for _, row := range []struct {
		from      *album
		reference string
		images    []string
		want      string
	}{
		{a, "R-1", a.images[2:3], "input.paymentReference PAYMENT_REFERENCE_USED"},
		{b, "R-1", b.images, "input.paymentReference PAYMENT_REFERENCE_USED"},
		{a, "R-2", a.images[1:4], "input.imageIds.0 NOT_PENDING, input.imageIds.2 NOT_PENDING"},
	} {
		if _, refusals := row.from.settle(t, row.reference, row.images...); codes(refusals) != row.want {
			t.Errorf("%s %v: %v", row.reference, row.images, refusals)
		}
	}
	want := []string{
		`image.extra_settled 0 {"selectionState":"EXTRA_PENDING"} {"selectionState":"EXTRA_PAID","paymentReference":"R-1"}`,
		`image.extra_settled 1 {"selectionState":"EXTRA_PENDING"} {"selectionState":"EXTRA_PAID","paymentReference":"R-1"}`,
	}
	if got := a.entries(t); a.states(t) != "BP?-" || !slices.Equal(got[:2], want) || len(got) != 3 {
		t.Errorf("%s, %q", a.states(t), got)
	}
}

// Fifty times the same payment at once, and once for each of two jobs.
func TestOnePaymentAtOnceSettlesOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	albums := []*album{newAlbum(t, s, 1, 0, true), newAlbum(t, s, 1, 0, true)}
	for _, a := range albums {
		a.choose(t, true, a.images...)
	}
	results := make(chan string, 50)
	for i := range cap(results) {
		a := albums[i%2]
		go func() {
			did, refusals, err := s.jobs.Settle(t.Context(), viewer(s.Admin), a.j.PublicID(), a.images, "R-1")
			results <- fmt.Sprint(len(did.Changes), codes(refusals), err)
		}()
	}
	seen := map[string]int{}
	for range cap(results) {
		seen[<-results]++
	}
	if seen["1<nil>"] != 1 || seen["0<nil>"] != 24 || seen["0input.paymentReference PAYMENT_REFERENCE_USED<nil>"] != 25 {
		t.Errorf("%v", seen)
	}
}

func TestOnlyAdminsSetPackagesAndOnlyOfTheirStudio(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	j, image := s.Package, s.Package.Image(job.ExtraPending)
	for _, who := range []*cast.Person{s.Owner, s.Photographer, s.Idle, s.Foreigner, s.ForeignAdmin, s.Blocked, s.Removed} {
		_, err1 := s.jobs.SetIncludedImages(t.Context(), viewer(who), j.PublicID(), 5, "")
		_, err2 := s.jobs.SetAllImagesIncluded(t.Context(), viewer(who), j.PublicID(), true, "")
		_, _, err3 := s.jobs.SetState(t.Context(), viewer(who), []string{image}, job.ExtraFree, "")
		_, _, err4 := s.jobs.Settle(t.Context(), viewer(who), j.PublicID(), []string{image}, "R-1")
		for _, err := range []error{err1, err2, err3, err4} {
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", who.Email, err)
			}
		}
	}
	signedOut := viewer(s.Admin)
	signedOut.SessionID = [16]byte{}
	if _, _, err := s.jobs.SetState(t.Context(), signedOut, []string{image}, job.ExtraFree, ""); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("signed out: %v", err)
	}
}
