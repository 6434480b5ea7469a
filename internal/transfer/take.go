package transfer

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/picture"
	"pixgate/queries"
)

const (
	// maxImport is how many objects one run takes on.
	maxImport = 10_000
	// importsAtOnce is how many pictures of a run are decoded side by side: each
	// takes a core and, at the pixel limit, most of a gigabyte.
	importsAtOnce = 2
)

// Run carries an import out, or goes on with it after a restart: what the job has
// already is skipped. An error means that it should be run again.
func (s *Imports) Run(ctx context.Context, importID id.ID) error {
	q := queries.New(s.db)
	run, err := q.ImportToRun(ctx, importID)
	if err != nil {
		return fault.Database("read an import", err)
	}
	if ImportState(run.State) != Running {
		return nil
	}
	tenant, err := s.tenants.ByID(ctx, run.TenantID)
	if err != nil {
		return err
	}
	in := intake{Imports: s, run: run, tenant: tenant}
	objects, err := in.list(ctx)
	if err != nil {
		return err
	}
	if err := q.SetImportFound(ctx, run.ID, int32(len(objects))); err != nil {
		return fault.Database("write an import's progress", err)
	}
	last, err := q.LastPosition(ctx, run.TenantID, run.JobID)
	if err != nil {
		return fault.Database("read the last position", err)
	}
	for _, round := range rounds(objects) {
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(importsAtOnce)
		for _, i := range round {
			group.Go(func() error { return in.takeAndCount(groupCtx, objects[i], last+1+int32(i)) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return fault.Database("finish an import", q.FinishImport(ctx, run.ID, string(Done), s.now()))
}

// rounds are the places of the objects in two rounds: what seems to be the same as one
// before it is read when that has been taken in. So of two that are equal the first by
// name is the picture, whichever is read faster.
func rounds(objects []blob.Object) [2][]int {
	var both [2][]int
	seen := map[blob.Object]bool{}
	for i, object := range objects {
		content := blob.Object{ETag: object.ETag, Size: object.Size}
		round := 0
		if seen[content] {
			round = 1
		}
		seen[content] = true
		both[round] = append(both[round], i)
	}
	return both
}

// GiveUp ends an import that failed too often.
func (s *Imports) GiveUp(ctx context.Context, importID id.ID) error {
	return fault.Database("give up an import", queries.New(s.db).FinishImport(ctx, importID, string(Failed), s.now()))
}

// intake is one run of an import.
type intake struct {
	*Imports
	run    queries.ImageImport
	tenant account.Tenant
}

func (in intake) prefix() string { return incoming(in.tenant, in.run.Prefix) }

// list returns the objects under the prefix in the order of their names.
func (in intake) list(ctx context.Context) ([]blob.Object, error) {
	var objects []blob.Object
	for object, err := range in.store.List(ctx, in.prefix()) {
		if err != nil {
			return nil, fmt.Errorf("list the objects of import %s: %w", in.run.ID, err)
		}
		if strings.HasSuffix(object.Key, "/") { // a folder's placeholder
			continue
		}
		if len(objects) == maxImport {
			in.log.WarnContext(ctx, "an import stops at its limit; run it again for the rest", "import", in.run.ID.String(), "limit", maxImport)
			break
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// outcome is what became of an object: taken, known or refused.
type outcome struct {
	taken, known int32
	refused      []RefusedObject
}

func (in intake) takeAndCount(ctx context.Context, object blob.Object, position int32) error {
	result, err := in.take(ctx, object, position)
	if err != nil {
		return err
	}
	refused, err := json.Marshal(append([]RefusedObject{}, result.refused...))
	if err != nil {
		return fmt.Errorf("encode refused objects: %w", err)
	}
	return fault.Database("write an import's progress", queries.New(in.db).CountImport(ctx, queries.CountImportParams{
		ID: in.run.ID, Taken: result.taken, Known: result.known, Refused: refused,
	}))
}

// take reads an object once and makes it a picture of the job.
func (in intake) take(ctx context.Context, object blob.Object, position int32) (outcome, error) {
	takenAt, err := queries.New(in.db).TakenAt(ctx, queries.TakenAtParams{
		TenantID: in.run.TenantID, JobID: in.run.JobID, SourceKey: object.Key, SourceEtag: object.ETag,
	})
	switch {
	case err == nil && takenAt.Before(in.run.CreatedAt):
		return outcome{known: 1}, nil
	case err == nil: // by this run, before it was cut off
		return outcome{taken: 1}, nil
	case !errors.Is(err, pgx.ErrNoRows):
		return outcome{}, fault.Database("look for an image", err)
	}
	if no, err := in.closed(ctx); err != nil || no != nil {
		return in.refuseBy(object, no), err
	}
	t, f := taking{in.store, in.jobs, in.now}, in.file(object)
	found, err := t.inspect(ctx, f, picture.Options{})
	if refusal, ok := errors.AsType[*picture.Refusal](err); ok {
		return in.refuse(object, string(refusal.Code), refusal.Message), nil
	}
	if err == nil {
		f.folder += hex.EncodeToString(found.SHA256[:]) + "/"
		var at stored
		if at, err = t.keep(ctx, f, found); err == nil {
			return in.insert(ctx, t, f, object, position, found, at)
		}
	}
	if errors.Is(err, blob.ErrChanged) || errors.Is(err, blob.ErrNotFound) {
		return in.refuse(object, "CHANGED", "The object changed while it was being read. Run the import again."), nil
	}
	return outcome{}, fmt.Errorf("take an object of import %s: %w", in.run.ID, err)
}

// closed says why the job takes nothing any more, before anything is read for it.
func (in intake) closed(ctx context.Context) (*job.Refusal, error) {
	rows, err := queries.New(in.db).JobsByID(ctx, in.run.TenantID, []id.ID{in.run.JobID})
	if err != nil {
		return nil, fault.Database("read an import's job", err)
	}
	for _, row := range rows {
		return job.Closes(job.Status(row.Status)), nil
	}
	return nil, fmt.Errorf("import %s is for no job", in.run.ID)
}

// refuseBy is the outcome for an object that a rule refuses, if one does.
func (in intake) refuseBy(object blob.Object, no *job.Refusal) outcome {
	if no == nil {
		return outcome{}
	}
	return in.refuse(object, no.Code, no.Message)
}

func (in intake) refuse(object blob.Object, code, message string) outcome {
	return outcome{refused: []RefusedObject{{Name: strings.TrimPrefix(object.Key, in.prefix()), Code: code, Message: message}}}
}

// file is an object as it is taken in. What lies in the folder is named by its content,
// so that a run after a crash writes the same keys again.
func (in intake) file(object blob.Object) file {
	return file{
		tenantID: in.run.TenantID, jobID: in.run.JobID, key: object.Key, etag: object.ETag, name: object.Key,
		folder: "tenants/" + in.tenant.Slug + "/jobs/" + in.run.JobID.String() + "/", mark: in.tenant.Watermark,
	}
}

// insert makes the object a picture, unless the job was handed over or closed since the
// import began: nothing is added behind its customer's back, nor released with the rest.
func (in intake) insert(ctx context.Context, t taking, f file, object blob.Object, position int32, found *picture.Picture, at stored) (outcome, error) {
	var made *id.ID
	var no *job.Refusal
	err := pgx.BeginFunc(ctx, in.db, func(tx pgx.Tx) error {
		j, err := queries.New(tx).LockJob(ctx, f.tenantID, f.jobID)
		if err != nil {
			return err
		}
		if no = job.Closes(job.Status(j.Status)); no != nil {
			return nil
		}
		made, err = t.insert(ctx, tx, j, f, position, found, at)
		return err
	})
	switch {
	case err != nil:
		return outcome{}, fault.Database("take an image in", err)
	case no != nil:
		return in.refuseBy(object, no), nil
	case made == nil:
		return outcome{known: 1}, nil
	}
	return outcome{taken: 1}, nil
}
