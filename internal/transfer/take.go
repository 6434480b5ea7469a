package transfer

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
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
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(importsAtOnce)
	for i, object := range objects {
		group.Go(func() error { return in.takeAndCount(groupCtx, object, last+1+int32(i)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return fault.Database("finish an import", q.FinishImport(ctx, run.ID, string(Done), s.now()))
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
	found, err := in.inspect(ctx, object)
	if refusal, ok := errors.AsType[*picture.Refusal](err); ok {
		return in.refuse(object, string(refusal.Code), refusal.Message), nil
	}
	if err == nil {
		var stored stored
		if stored, err = in.keep(ctx, object, found); err == nil {
			return in.insert(ctx, object, position, found, stored)
		}
	}
	if errors.Is(err, blob.ErrChanged) || errors.Is(err, blob.ErrNotFound) {
		return in.refuse(object, "CHANGED", "The object changed while it was being read. Run the import again."), nil
	}
	return outcome{}, fmt.Errorf("take an object of import %s: %w", in.run.ID, err)
}

func (in intake) refuse(object blob.Object, code, message string) outcome {
	return outcome{refused: []RefusedObject{{Name: strings.TrimPrefix(object.Key, in.prefix()), Code: code, Message: message}}}
}

func (in intake) inspect(ctx context.Context, object blob.Object) (*picture.Picture, error) {
	body, _, err := in.store.Get(ctx, object.Key, blob.GetOptions{IfMatch: object.ETag})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return picture.Inspect(ctx, body, picture.Limits{})
}

// stored is where a picture lies.
type stored struct {
	original, etag, small, medium string
}

// keep puts a picture where only the server writes. The keys come from the
// content, so that a run after a crash writes the same ones again.
func (in intake) keep(ctx context.Context, object blob.Object, found *picture.Picture) (stored, error) {
	folder := "tenants/" + in.tenant.Slug + "/jobs/" + in.run.JobID.String() + "/" + hex.EncodeToString(found.SHA256[:]) + "/"
	at := stored{original: folder + "original", small: folder + "small.jpg", medium: folder + "medium.jpg"}
	group, ctx := errgroup.WithContext(ctx) // one way to the storage instead of three
	group.Go(func() error {
		_, err := in.store.Put(ctx, at.small, "image/jpeg", found.Small.Data)
		return err
	})
	group.Go(func() error {
		_, err := in.store.Put(ctx, at.medium, "image/jpeg", found.Medium.Data)
		return err
	})
	group.Go(func() error {
		copied, err := in.store.Copy(ctx, object.Key, at.original, object.ETag)
		at.etag = copied.ETag
		return err
	})
	return at, group.Wait()
}

func (in intake) insert(ctx context.Context, object blob.Object, position int32, found *picture.Picture, at stored) (outcome, error) {
	now := in.now()
	row := queries.InsertImageParams{
		ID: id.New(now), TenantID: in.run.TenantID, JobID: in.run.JobID, Position: position,
		Filename: picture.Filename(object.Key), ContentType: found.ContentType, Size: found.Size,
		Width: int32(found.Width), Height: int32(found.Height), CapturedAt: optional(found.CapturedAt),
		Sha256: found.SHA256[:], Crc32: int64(found.CRC32),
		ObjectKey: at.original, Etag: at.etag, SmallKey: at.small, MediumKey: at.medium,
		SourceKey: object.Key, SourceEtag: object.ETag, Now: now,
	}
	inserted, err := queries.New(in.db).InsertImage(ctx, row)
	if err != nil {
		return outcome{}, fault.Database("insert an image", err)
	}
	if inserted == 0 {
		return outcome{known: 1}, nil
	}
	return outcome{taken: 1}, nil
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
