package graph

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"pixgate/graph/model"
	"pixgate/graph/wire"
	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/feed"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/transfer"
)

// Each event of a subscription is executed as a request of its own: the session is read
// anew, the guard decides anew, and fields are resolved as those of a query are. So a
// subscription can tell nobody what a query at that moment would not.

// refuseLinks refuses a subscription that asks for a link anywhere, also behind @skip: it
// would deliver pictures again and again that nobody asked for, and links for uploading
// belong to whoever asks for them.
func refuseLinks(op *ast.OperationDefinition) error {
	if op.Operation != ast.Subscription {
		return nil
	}
	if field := linkIn(op.SelectionSet); field != "" {
		return fault.New(fault.QueryRejected, "A subscription holds no links: leave "+field+" out, and ask for it by a query when it is wanted.")
	}
	return nil
}

// byQueryOnly are the fields that hold a link for uploading, or that ask the storage for each
// upload of each event: events tell nothing of what the storage knows.
var byQueryOnly = []string{"Upload.url", "Upload.headers", "Upload.receivedParts"}

// linkIn is the first field below that asks for DOWNLOAD or is one of byQueryOnly; empty: there
// is none. Fragments don't contain themselves: the limits have seen to that.
func linkIn(selections ast.SelectionSet) (field string) {
	for _, selection := range selections {
		switch one := selection.(type) {
		case *ast.Field:
			to, guarded := entitledTo(one.Definition)
			if guarded && to == model.AccessDownload || slices.Contains(byQueryOnly, one.ObjectDefinition.Name+"."+one.Name) {
				return one.Name
			}
			field = linkIn(one.SelectionSet)
		case *ast.InlineFragment:
			field = linkIn(one.SelectionSet)
		case *ast.FragmentSpread:
			field = linkIn(one.Definition.SelectionSet)
		default:
			return "what nobody knows"
		}
		if field != "" {
			return field
		}
	}
	return ""
}

// subscribe opens what a subscription is fed by. The guard has found the job.
func (r *Resolver) subscribe(ctx context.Context, op *graphql.OperationContext) (wire.Source, error) {
	roots := graphql.CollectFields(op, op.Operation.SelectionSet, []string{rootType(op)})
	if len(roots) != 1 {
		return nil, fault.New(fault.QueryRejected, "A subscription has exactly one field.")
	}
	j, err := found[*job.Job](ctx, nameOf(op, roots[0]))
	if err != nil {
		return nil, err
	}
	viewer := requestFrom(ctx).viewer
	stream, err := r.Feed.Watch(ctx, viewer, j)
	if err != nil {
		return nil, err
	}
	return &source{r: r, viewer: viewer, stream: stream}, nil
}

// source feeds a subscription to the events of a job.
type source struct {
	r      *Resolver
	viewer account.Viewer // as they were when it began
	stream *feed.Stream
}

type eventKey struct{}

// Next waits for an event, which is executed with who watches, as they are then.
func (s *source) Next(ctx context.Context) (wire.Event, error) {
	event, err := s.stream.Next(ctx)
	if errors.Is(err, feed.ErrClosed) {
		return nil, wire.ErrEnded
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (context.Context, error) {
		viewer, err := s.r.Sessions.ByID(ctx, s.viewer.TenantID, s.viewer.SessionID)
		if err != nil {
			return nil, err
		}
		viewer.RequestID = s.viewer.RequestID
		return context.WithValue(account.WithViewer(ctx, viewer), eventKey{}, event), nil
	}, nil
}

// Close ends it.
func (s *source) Close() { s.stream.Close() }

// nextOfJob is the event that is being executed; nothing where nothing of it may be seen.
func (r *Resolver) nextOfJob(ctx context.Context, jobID string) (<-chan *model.JobEvent, error) {
	j, err := found[*job.Job](ctx, jobID)
	if err != nil {
		return nil, err
	}
	event, ok := ctx.Value(eventKey{}).(feed.Event)
	if !ok {
		return nil, errors.New("a subscription is executed without an event")
	}
	uploads, err := r.uploadsOfEvent(ctx, j, event.UploadIDs)
	if err != nil {
		return nil, err
	}
	one := make(chan *model.JobEvent, 1)
	if event.Kind != feed.UploadChanged || len(uploads) > 0 { // that others upload is not told either
		one <- &model.JobEvent{Kind: event.Kind, At: event.At, Job: j, ImageIDs: event.ImageIDs, Uploads: uploads}
	}
	close(one)
	return one, nil
}

// uploadsOfEvent reads those of the uploads that the viewer may see, newest first.
func (r *Resolver) uploadsOfEvent(ctx context.Context, j *job.Job, ids []id.ID) ([]*transfer.Upload, error) {
	if len(ids) == 0 {
		return []*transfer.Upload{}, nil
	}
	req := requestFrom(ctx)
	uploads, err := r.Uploads.ByIDs(ctx, req.viewer, ids)
	if err != nil {
		return nil, err
	}
	uploads = slices.DeleteFunc(uploads, func(u *transfer.Upload) bool { return u.JobID != j.ID })
	slices.SortFunc(uploads, func(a, b *transfer.Upload) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), slices.Compare(b.ID[:], a.ID[:]))
	})
	for _, upload := range uploads {
		req.images.note(upload.ImageID)
	}
	return uploads, nil
}

// imagesOfEvent reads the pictures that an event is about, in their order.
func (r *Resolver) imagesOfEvent(ctx context.Context, event *model.JobEvent) ([]*job.Image, error) {
	if len(event.ImageIDs) == 0 {
		return []*job.Image{}, nil
	}
	req := requestFrom(ctx)
	images, err := r.Jobs.ImagesByID(ctx, req.viewer, event.ImageIDs)
	if err != nil {
		return nil, err
	}
	images = slices.DeleteFunc(images, func(image *job.Image) bool { return image.Job.ID != event.Job.ID })
	slices.SortFunc(images, orderOf)
	req.listed(images)
	return images, nil
}

// orderOf compares the places of two pictures in their job.
func orderOf(a, b *job.Image) int {
	if a.Position != b.Position {
		return a.Position - b.Position
	}
	return slices.Compare(a.ID[:], b.ID[:])
}
