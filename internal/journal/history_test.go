package journal_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/page"
)

// told writes an event in one line.
func told(e *journal.Event) string {
	text := fmt.Sprintf("%s %s", e.Kind, e.RequestID)
	if e.OldState != nil {
		text += " " + string(*e.OldState)
	}
	if e.NewState != nil {
		text += "→" + string(*e.NewState)
	}
	if e.Entry != nil {
		text += " " + e.Entry.Action
	}
	if e.Way != nil {
		text += fmt.Sprintf(" %s staff %t", *e.Way, *e.Staff)
	}
	return text
}

func TestAHistoryTellsWhoLetAPictureOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, other := w.Package.Images[job.ExtraFree], w.Package.Images[job.None]
	act := func(change audit.Change) {
		w.at = w.at.Add(time.Minute)
		change.TenantID, change.ActorID, change.JobID = w.TenantID, &w.Admin.AccountID, &w.Package.ID
		w.append(t, change)
	}
	selected := func(imageID id.ID, request, from, to string) {
		w.at = w.at.Add(time.Minute)
		w.Exec(t, "INSERT INTO selection_event VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8)",
			w.TenantID, w.Package.ID, imageID, w.Owner.AccountID, from, to, request, w.at)
	}
	delivered := func(request, way string, staff bool, images ...id.ID) {
		w.at = w.at.Add(time.Minute)
		w.Exec(t, `INSERT INTO delivery (id, tenant_id, job_id, account_id, staff, way, image_ids, request_id, at, session_id, state, resumed, bytes_sent)
			VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $5 = 'ZIP' THEN $3::uuid END, CASE WHEN $5 = 'ZIP' THEN 'STARTED' END, CASE WHEN $5 = 'ZIP' THEN false END, CASE WHEN $5 = 'ZIP' THEN 0 END)`,
			w.TenantID, w.Package.ID, w.Owner.AccountID, staff, way, images, request, w.at)
	}
	state := func(s job.SelectionState) map[string]any { return map[string]any{"selectionState": s} }
	act(audit.Change{Action: audit.JobCreated, New: map[string]int{"includedImages": 3}, RequestID: "created"})
	act(audit.Change{Action: audit.ImagesImported, RequestID: "imported"}) // says nothing about release
	selected(mine, "chose", "NONE", "EXTRA_PENDING")
	selected(other, "chose another", "NONE", "INCLUDED")
	act(audit.Change{Action: audit.SelectionStateSet, ImageID: &mine, Old: state(job.ExtraPending), New: state(job.ExtraFree), Reason: "Kulanz", RequestID: "granted"})
	delivered("linked", "URL", false, other, mine)
	act(audit.Change{Action: audit.IncludedImagesSet, Old: map[string]int{"includedImages": 3}, New: map[string]int{"includedImages": 5}, RequestID: "widened"})
	delivered("zipped another", "ZIP", false, other)
	act(audit.Change{Action: audit.AllImagesIncludedSet, New: map[string]bool{"allImagesIncluded": true}, RequestID: "opened"})
	delivered("zipped", "ZIP", true, mine)
	act(audit.Change{Action: audit.SelectionStateSet, ImageID: &other, Old: state(job.None), New: state(job.Blocked), RequestID: "blocked another"})
	act(audit.Change{Action: audit.ExtraSettled, ImageID: &mine, Old: state("GONE"), New: "no object", RequestID: "odd"})
	w.append(t, audit.Change{TenantID: w.TenantID, Action: audit.JobCreated, JobID: &w.All.ID, RequestID: "another job"})

	wants := map[id.ID][]string{
		mine: {
			"AUDIT created job.created", "SELECTION chose NONE→EXTRA_PENDING", "AUDIT granted EXTRA_PENDING→EXTRA_FREE image.selection_state_set",
			"DELIVERY linked URL staff false", "AUDIT widened job.included_images_set", "AUDIT opened job.all_images_included_set", "DELIVERY zipped ZIP staff true",
			"AUDIT odd image.extra_settled",
		},
		other: {
			"AUDIT created job.created", "SELECTION chose another NONE→INCLUDED", "DELIVERY linked URL staff false", "AUDIT widened job.included_images_set",
			"DELIVERY zipped another ZIP staff false", "AUDIT opened job.all_images_included_set", "AUDIT blocked another NONE→BLOCKED image.selection_state_set",
		},
		w.All.Images[job.None]: {"AUDIT another job job.created"},
	}
	var ids []id.ID
	for imageID := range wants {
		ids = append(ids, imageID)
	}
	images, err := w.jobs.ImagesByID(t.Context(), viewer(w.Admin), ids)
	if err != nil || len(images) != len(wants) {
		t.Fatalf("%d images, %v", len(images), err)
	}
	for _, size := range []int{1, 2, 3, 100} {
		for _, image := range images {
			events := all(t, size, func(window page.Window) ([]*journal.Event, bool, error) {
				together, err := w.journal.HistoryOf(t.Context(), viewer(w.Admin), images, window)
				alone, aloneErr := w.journal.HistoryOf(t.Context(), viewer(w.Admin), []*job.Image{image}, window)
				if a, b := together[image.ID], alone[image.ID]; aloneErr != nil || len(a.Events) != len(b.Events) || a.More != b.More {
					t.Errorf("%d events with others, %d alone, %v", len(a.Events), len(b.Events), aloneErr)
				}
				return together[image.ID].Events, together[image.ID].More, err
			})
			var got []string
			for _, event := range events {
				if event.ActorID == nil && event.RequestID != "another job" {
					t.Errorf("%s has no actor", told(event))
				}
				got = append(got, told(event))
			}
			if !slices.Equal(got, wants[image.ID]) {
				t.Errorf("by %d:\ngot  %q\nwant %q", size, got, wants[image.ID])
			}
		}
	}
	// Pictures of another studio have no history here, whoever hands them in.
	theirs, err := w.journal.HistoryOf(t.Context(), viewer(w.ForeignAdmin), images, page.Window{Size: 10})
	for imageID, got := range theirs {
		if len(got.Events) > 0 {
			t.Errorf("%s: %d events for another studio's admin, %v", imageID, len(got.Events), err)
		}
	}
}
