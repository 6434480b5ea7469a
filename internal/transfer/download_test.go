package transfer_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/transfer"
)

func (h *house) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := h.db.Owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (h *house) pictures(t *testing.T, who *cast.Person, one *cast.Job) []*job.Image {
	t.Helper()
	j, err := h.jobs.ByID(t.Context(), viewer(who), one.PublicID())
	if err != nil {
		t.Fatal(err)
	}
	listed, err := h.jobs.Images(t.Context(), viewer(who), j, job.ImageFilter{}, page.Window{Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	return listed.Images
}

func TestALinkDownloadsThePictureUnderItsName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	j := h.emptyJob(t)
	original := photo(t, 7)
	h.put(t, "a/Küche Süd.jpg", original)
	h.run(t, h.start(t, j.PublicID(), "a"))
	h.Exec(t, "UPDATE image SET selection_state = 'INCLUDED' WHERE job_id = $1", j.ID)
	image := h.pictures(t, h.Owner, &cast.Job{ID: j.ID})[0]
	url, err := h.downloads.ImageURL(t.Context(), viewer(h.Owner), image.PublicID())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 || !slices.Equal(body, original) {
		t.Errorf("status %d, %d bytes of %d, %v", answer.StatusCode, len(body), len(original), err)
	}
	if got := answer.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") || !strings.Contains(got, "K%C3%BCche%20S%C3%BCd.jpg") {
		t.Errorf("Content-Disposition %q", got)
	}
	for _, small := range []bool{true, false} {
		preview, ok := h.downloads.PreviewURL(viewer(h.Owner), image, small)
		if !ok {
			t.Fatal("no preview")
		}
		answer, err := http.Get(preview)
		if err != nil || answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("the preview: %v, %v", answer, err)
		}
		answer.Body.Close()
	}
}

func TestTheImageRouteAsksTheRule(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, one := range []*cast.Job{h.Package, h.All} {
		for _, state := range cast.States {
			released, _ := job.Release(state, one == h.All)
			for _, who := range []*cast.Person{h.Owner, h.Other, h.Idle, h.Blocked, h.Foreigner, h.ForeignAdmin} {
				_, err := h.downloads.ImageURL(t.Context(), viewer(who), one.Image(state))
				may := who == h.Owner && released
				if may != (err == nil) || !may && !fault.Is(err, fault.Forbidden) {
					t.Errorf("%s, %s: %v", who.Email, state, err)
				}
				if check := h.downloads.CheckImage(t.Context(), viewer(who), one.Image(state)); fault.Is(check, fault.Forbidden) != fault.Is(err, fault.Forbidden) {
					t.Errorf("%s, %s: HEAD says %v, GET %v", who.Email, state, check, err)
				}
			}
		}
	}
	if n := h.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 3+5 {
		t.Errorf("%d pictures delivered, want the 8 released ones", n)
	}
	if n := h.count(t, "SELECT count(*) FROM delivery WHERE way = 'ROUTE'"); n != 8 {
		t.Errorf("%d records, want 8: HEAD and refusals leave none", n)
	}
}

func TestAPictureWithdrawnMeanwhileIsNotGranted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	seen := h.pictures(t, h.Owner, h.All)
	h.Exec(t, "UPDATE image SET selection_state = 'BLOCKED' WHERE id = $1", h.All.Images[job.Included])
	h.Exec(t, "UPDATE job SET all_images_included = false WHERE id = $1", h.All.ID)
	links, err := h.downloads.Grant(t.Context(), viewer(h.Owner), transfer.ByURL, seen)
	if err != nil {
		t.Fatal(err)
	}
	var got []id.ID
	for i, link := range links {
		if link != nil {
			got = append(got, seen[i].ID)
		}
	}
	if want := []id.ID{h.All.Images[job.ExtraPaid], h.All.Images[job.ExtraFree]}; !slices.Equal(got, want) {
		t.Errorf("granted %v, want %v: what is paid or free now", got, want)
	}
	if n := h.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 2 {
		t.Errorf("%d marked as delivered, want 2", n)
	}
}

func TestFiftyFirstDownloadsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var all sync.WaitGroup
	failures := make(chan error, 50)
	for n := range 50 {
		images := h.pictures(t, h.Owner, h.All)
		if n%2 == 1 {
			slices.Reverse(images)
		}
		all.Go(func() {
			links, err := h.downloads.Grant(t.Context(), viewer(h.Owner), transfer.ByURL, images)
			if err != nil {
				failures <- err
			} else if n := len(slices.DeleteFunc(links, func(l []byte) bool { return l == nil })); n != 5 {
				failures <- fmt.Errorf("%d links, want 5", n)
			}
		})
	}
	all.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	if n := h.count(t, "SELECT count(*) FROM delivery"); n != 50 {
		t.Errorf("%d records, want 50", n)
	}
}

func TestNoLinkWithoutItsRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	images := h.pictures(t, h.Owner, h.All)
	h.Exec(t, "REVOKE INSERT ON delivery FROM pixgate_server")
	if links, err := h.downloads.Grant(t.Context(), viewer(h.Owner), transfer.ByURL, images); err == nil {
		t.Errorf("%d links without a record", len(links))
	}
	if n := h.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 0 {
		t.Errorf("%d pictures marked as delivered", n)
	}
}

func TestBlockedPicturesHaveNoPreview(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, image := range h.pictures(t, h.Admin, h.All) {
		for _, who := range []*cast.Person{h.Owner, h.Admin, h.Other, h.ForeignAdmin} {
			_, ok := h.downloads.PreviewURL(viewer(who), image, true)
			if want := image.State != job.Blocked && (who == h.Owner || who == h.Admin); ok != want {
				t.Errorf("%s, %s: preview %v, want %v", who.Email, image.State, ok, want)
			}
		}
	}
}
