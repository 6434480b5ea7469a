package graph

import (
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
	"pixgate/internal/job"
)

// Each event of a subscription is executed as a request of its own: the session is read
// anew, the guard decides anew, and fields are resolved as those of a query are. So a
// subscription can tell nobody what a query at that moment would not.

// refuseDeliveries refuses a subscription that asks for a link anywhere, also behind @skip:
// it would deliver pictures again and again that nobody asked for.
func refuseDeliveries(op *ast.OperationDefinition) error {
	if op.Operation == ast.Subscription && delivers(op.SelectionSet) {
		return fault.New(fault.QueryRejected, "A subscription can't deliver pictures: leave downloadUrl and zipUrl out, and ask for them by a query when they are wanted.")
	}
	return nil
}

// delivers reports whether a field below asks for DOWNLOAD. Fragments don't contain
// themselves: the limits have seen to that.
func delivers(selections ast.SelectionSet) bool {
	return slices.ContainsFunc(selections, func(selection ast.Selection) bool {
		switch one := selection.(type) {
		case *ast.Field:
			to, guarded := entitledTo(one.Definition)
			return guarded && to == model.AccessDownload || delivers(one.SelectionSet)
		case *ast.InlineFragment:
			return delivers(one.SelectionSet)
		case *ast.FragmentSpread:
			return delivers(one.Definition.SelectionSet)
		}
		return true // nothing that we know
	})
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

// nextOfJob is the event that is being executed.
func (r *Resolver) nextOfJob(ctx context.Context, jobID string) (<-chan *model.JobEvent, error) {
	j, err := found[*job.Job](ctx, jobID)
	if err != nil {
		return nil, err
	}
	event, ok := ctx.Value(eventKey{}).(feed.Event)
	if !ok {
		return nil, errors.New("a subscription is executed without an event")
	}
	one := make(chan *model.JobEvent, 1)
	one <- &model.JobEvent{Kind: event.Kind, At: event.At, Job: j, ImageIDs: event.ImageIDs}
	return one, nil
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
