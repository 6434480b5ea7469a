package journal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Kind says what an event is.
type Kind string

// The kinds.
const (
	Audited   Kind = "AUDIT"     // an entry of the audit log
	Selected  Kind = "SELECTION" // the customer chose
	Delivered Kind = "DELIVERY"  // somebody got a way to the original
)

// Way is how somebody got the original.
type Way string

// Event is something that happened to a picture, or to its job and bears on whether the
// picture is released.
type Event struct {
	Kind      Kind
	At        time.Time
	ActorID   *id.ID              // nil: the command line
	OldState  *job.SelectionState // where the event moved the picture
	NewState  *job.SelectionState
	Entry     *Entry // of Audited only
	Way       *Way   // of Delivered only
	Staff     *bool  // likewise: to somebody who works for the studio
	RequestID string

	id id.ID
}

// Cursor is the event's place in the history.
func (e *Event) Cursor() page.Cursor { return page.Cursor{Key: e.At.UnixMicro(), ID: e.id} }

func inOrder(a, b *Event) int {
	return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.id[:], b.id[:]))
}

// EventPage is a page of a history.
type EventPage struct {
	Events []*Event
	More   bool // whether more follow
}

// releasing are the acts on a job that bear on what of it is released.
var releasing = []string{string(audit.JobCreated), string(audit.IncludedImagesSet), string(audit.AllImagesIncludedSet)}

// HistoryOf returns the same page of each picture's history, oldest first, by picture: who
// let it out, when, and why. Four statements, whatever the number of pictures. Admins only.
func (j *Journal) HistoryOf(ctx context.Context, v account.Viewer, images []*job.Image, w page.Window) (map[id.ID]EventPage, error) {
	if err := v.Require(account.Admin, j.Now()); err != nil {
		return nil, err
	}
	events, err := j.events(ctx, v.TenantID, images, w)
	if err != nil {
		return nil, fault.Database("read the history of images", err)
	}
	pages := make(map[id.ID]EventPage, len(images))
	for _, image := range images {
		own := events[image.ID]
		slices.SortFunc(own, inOrder)
		part, more := page.Cut(w, own)
		pages[image.ID] = EventPage{Events: part, More: more}
	}
	return pages, nil
}

// events reads as many of each kind as a page can hold, by picture and in no order.
func (j *Journal) events(ctx context.Context, tenantID id.ID, images []*job.Image, w page.Window) (map[id.ID][]*Event, error) {
	q, rows := queries.New(j.DB), int32(w.Size+1)
	at, afterID := time.UnixMicro(0), id.Nil
	if w.After != nil {
		at, afterID = time.UnixMicro(w.After.Key), w.After.ID
	}
	var imageIDs, jobIDs []id.ID      // side by side
	byJob := map[id.ID][]*job.Image{} // and its keys once each
	for _, image := range images {
		imageIDs, jobIDs = append(imageIDs, image.ID), append(jobIDs, image.Job.ID)
		byJob[image.Job.ID] = append(byJob[image.Job.ID], image)
	}
	events := make(map[id.ID][]*Event, len(images))

	entries, err := q.ImageHistoryOfAudit(ctx, queries.ImageHistoryOfAuditParams{TenantID: tenantID, ImageIds: imageIDs, AfterAt: at, AfterID: afterID, MaxRows: rows})
	if err != nil {
		return nil, err
	}
	for i := range entries {
		events[*entries[i].ImageID] = append(events[*entries[i].ImageID], audited(&entries[i]))
	}
	var jobs []id.ID
	for one := range byJob {
		jobs = append(jobs, one)
	}
	entries, err = q.ImageHistoryOfJobs(ctx, queries.ImageHistoryOfJobsParams{TenantID: tenantID, JobIds: jobs, AfterAt: at, AfterID: afterID, Actions: releasing, MaxRows: rows})
	if err != nil {
		return nil, err
	}
	for i := range entries {
		for _, image := range byJob[*entries[i].JobID] {
			events[image.ID] = append(events[image.ID], audited(&entries[i]))
		}
	}
	selections, err := q.ImageHistoryOfSelection(ctx, queries.ImageHistoryOfSelectionParams{TenantID: tenantID, ImageIds: imageIDs, AfterAt: at, AfterID: afterID, MaxRows: rows})
	if err != nil {
		return nil, err
	}
	for _, row := range selections {
		events[row.ImageID] = append(events[row.ImageID], &Event{
			Kind: Selected, At: row.At, ActorID: &row.AccountID, RequestID: row.RequestID, id: row.ID,
			OldState: new(job.SelectionState(row.OldState)), NewState: new(job.SelectionState(row.NewState)),
		})
	}
	deliveries, err := q.ImageHistoryOfDelivery(ctx, queries.ImageHistoryOfDeliveryParams{
		TenantID: tenantID, ImageIds: imageIDs, JobIds: jobIDs, AfterAt: at, AfterID: afterID, MaxRows: rows,
	})
	if err != nil {
		return nil, err
	}
	for _, row := range deliveries {
		events[row.ImageID] = append(events[row.ImageID], &Event{
			Kind: Delivered, At: row.At, ActorID: &row.AccountID, RequestID: row.RequestID, id: row.ID, Way: new(Way(row.Way)), Staff: &row.Staff,
		})
	}
	return events, nil
}

func audited(row *queries.AuditEntry) *Event {
	return &Event{
		Kind: Audited, At: row.At, ActorID: row.ActorID, RequestID: row.RequestID, Entry: entryFrom(row), id: row.ID,
		OldState: stateIn(row.OldValue), NewState: stateIn(row.NewValue),
	}
}

// stateIn is the state that an audited value names; nil for none.
func stateIn(value *string) *job.SelectionState {
	var named struct{ SelectionState job.SelectionState }
	if value == nil || json.Unmarshal([]byte(*value), &named) != nil {
		return nil
	}
	switch named.SelectionState {
	case job.None, job.Included, job.ExtraPending, job.ExtraPaid, job.ExtraFree, job.Blocked:
		return &named.SelectionState
	}
	return nil
}
