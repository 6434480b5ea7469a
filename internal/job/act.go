package job

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// MaxImages is how many pictures one call may name.
const MaxImages = 1000

// Change is a picture that went from one state to another.
type Change struct {
	Image    *Image // as it is now
	Old, New SelectionState
}

// Outcome is what a call did, and how things stand now.
type Outcome struct {
	Job     *Job      // nil where the call was about pictures of several jobs, or was refused
	Images  []*Image  // those that the call named, each once
	Changes []*Change // in the order of the pictures; none: it was so already
}

// act is one transaction that moves pictures. Its jobs are locked, so whatever it reads
// of them stays until it commits.
type act struct {
	*Jobs
	tx      pgx.Tx
	q       *queries.Queries
	viewer  account.Viewer
	reason  string
	locked  []lockedJob
	changes []*Change
	entries []audit.Change // written last: the chain's head is the last lock
}

// act carries out what do does to these jobs, which are in the order of their ids.
func (s *Jobs) act(ctx context.Context, v account.Viewer, reason string, jobs []id.ID, do func(a *act) error) (*act, error) {
	give, err := s.turns.take(ctx, jobs)
	if err != nil {
		return nil, err
	}
	defer give()
	a := &act{Jobs: s, viewer: v, reason: reason}
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		a.tx, a.q = tx, queries.New(tx)
		if err := do(a); err != nil {
			return err
		}
		if err := a.tellReleases(ctx); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, a.entries...)
	})
	return a, fault.Database("change a job", err)
}

// jobsOf are the jobs of pictures that are sorted by them.
func jobsOf(images []*Image) (jobs []id.ID) {
	for _, image := range images {
		if n := len(jobs); n == 0 || jobs[n-1] != image.Job.ID {
			jobs = append(jobs, image.Job.ID)
		}
	}
	return jobs
}

// lock locks a job and returns it as it is now.
func (a *act) lock(ctx context.Context, j *Job) (*Job, error) {
	row, err := a.q.LockJob(ctx, j.TenantID, j.ID)
	if err != nil {
		return nil, fault.Database("lock a job", err)
	}
	locked := fromRow(row)
	a.locked = append(a.locked, lockedJob{locked, locked.AllImagesIncluded})
	return locked, nil
}

// lockImages locks the job that all of these pictures are of, and returns them as they
// are now, in the same order.
func (a *act) lockImages(ctx context.Context, images []*Image) ([]*Image, error) {
	fresh, err := a.LockImages(ctx, a.tx, images[0].Job, images)
	if err != nil {
		return nil, err
	}
	if slices.Contains(fresh, nil) {
		return nil, fault.Refused()
	}
	a.locked = append(a.locked, lockedJob{fresh[0].Job, fresh[0].Job.AllImagesIncluded})
	return fresh, nil
}

// move moves the pictures of one job, and brings the job's numbers up to date.
func (a *act) move(ctx context.Context, j *Job, changes []*Change) error {
	if len(changes) == 0 {
		return nil
	}
	params := queries.MoveImagesParams{TenantID: j.TenantID, JobID: j.ID}
	for _, change := range changes {
		params.Ids = append(params.Ids, change.Image.ID)
		params.OldStates = append(params.OldStates, string(change.Old))
		params.NewStates = append(params.NewStates, string(change.New))
	}
	moved, err := a.q.MoveImages(ctx, params)
	if err != nil {
		return fault.Database("move images", err)
	}
	if moved != int64(len(changes)) {
		return fmt.Errorf("%d of %d images of job %s were not as they were read: was it not locked?", int64(len(changes))-moved, len(changes), j.ID)
	}
	for _, change := range changes {
		change.Image.State = change.New
	}
	a.changes = append(a.changes, changes...)
	return a.refresh(ctx, j)
}

// refresh reads a job that is locked anew.
func (a *act) refresh(ctx context.Context, j *Job) error {
	rows, err := a.q.JobsByID(ctx, j.TenantID, []id.ID{j.ID})
	if err != nil {
		return fault.Database("read a job", err)
	}
	if len(rows) != 1 {
		return fmt.Errorf("job %s is gone", j.ID)
	}
	*j = *fromRow(rows[0])
	return nil
}

// entry notes something that the studio did to a job or, where image is not nil, to
// one picture of it.
func (a *act) entry(action audit.Action, j *Job, image *Image, before, after any) {
	change := audit.Change{
		TenantID: a.viewer.TenantID, ActorID: &a.viewer.AccountID, Action: action, JobID: &j.ID,
		Old: before, New: after, Reason: a.reason, RequestID: a.viewer.RequestID,
	}
	if image != nil {
		change.ImageID = &image.ID
	}
	a.entries = append(a.entries, change)
}

// stateValue is a picture's state as the audit log keeps it.
type stateValue struct {
	SelectionState   SelectionState `json:"selectionState"`
	PaymentReference string         `json:"paymentReference,omitempty"`
}

// stateEntries notes an entry for each picture that moves.
func (a *act) stateEntries(action audit.Action, changes []*Change, paymentReference string) {
	for _, change := range changes {
		a.entry(action, change.Image.Job, change.Image, stateValue{SelectionState: change.Old}, stateValue{change.New, paymentReference})
	}
}

// namedImages returns the pictures that a call names, each once and in the order of
// their jobs and places. All of them, or the call is refused; where nothing or too
// much is named, with VALIDATION_FAILED.
func (s *Jobs) namedImages(ctx context.Context, v account.Viewer, publicIDs []string) ([]*Image, error) {
	switch {
	case len(publicIDs) == 0:
		return nil, fault.Invalid(fault.Field{Path: "input.imageIds", Code: fault.Required, Message: "Name at least one picture."})
	case len(publicIDs) > MaxImages:
		return nil, fault.Invalid(fault.Field{
			Path: "input.imageIds", Code: fault.InvalidValue, Message: fmt.Sprintf("Name at most %d pictures at once.", MaxImages),
		})
	}
	images, err := s.named(ctx, v, publicIDs)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(images, func(a, b *Image) int { return bytes.Compare(a.Job.ID[:], b.Job.ID[:]) })
	return images, nil
}

// refuse tells what a rule says about a picture, at its place in the input.
func refuse(publicIDs []string, image *Image, code string) Refusal {
	at := strconv.Itoa(slices.Index(publicIDs, image.PublicID()))
	return Refusal{Field: []string{"input", "imageIds", at}, Code: code, Message: image.Filename + ": " + sentences[code]}
}

// full tells that a package has too few places left for what was asked, with its numbers.
func full(j *Job, asked int) Refusal {
	use := j.Package
	return Refusal{
		Field: []string{"input", "imageIds"}, Code: PackageFull, Package: &use,
		Message: fmt.Sprintf("The package has %d of its %d places left, and %d more would be needed. Ask for fewer, or take others back first.", use.Remaining, use.Included, asked),
	}
}

// without is how many of the pictures are not in one of these states.
func without(images []*Image, states ...SelectionState) int {
	n := 0
	for _, image := range images {
		if !slices.Contains(states, image.State) {
			n++
		}
	}
	return n
}

// sentences say what a refusal about a picture means, for a person.
var sentences = map[string]string{
	ImageBlocked:     "the studio has withdrawn this picture.",
	AlreadyDelivered: "this picture was delivered, so it stays chosen.",
	AlreadyGranted:   "this extra was paid or granted, so it stays chosen.",
	NotPending:       "this picture is not an extra that waits for its payment.",
}

// inOrder sorts changes of one job by the pictures' places.
func inOrder(changes []*Change) {
	slices.SortFunc(changes, func(a, b *Change) int {
		return cmp.Or(cmp.Compare(a.Image.Position, b.Image.Position), bytes.Compare(a.Image.ID[:], b.Image.ID[:]))
	})
}
