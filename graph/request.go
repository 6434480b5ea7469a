package graph

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/logs"
	"pixgate/internal/notice"
	"pixgate/internal/transfer"
)

// request holds what the fields of one request share: who asks, what the guard
// has found already, and the links that were granted.
type request struct {
	viewer account.Viewer
	found  map[string]any // by public id; written by the guard alone, before any resolver runs

	mu       sync.Mutex
	links    map[id.ID][]byte  // granted, by image; nil for one that was refused
	families map[id.ID]*family // the jobs that a job is read with
	albums   map[id.ID]*album  // the pictures that a picture's history is read with
	lists    [][]*job.Image    // of pictures, not in albums yet

	people mentions[*account.Account] // that records name
	jobs   mentions[*job.Job]
	images mentions[*job.Image]

	bookings   mentions[*booking.Booking] // that jobs name
	bookedJobs mentions[*job.Job]         // of bookings, by the booking

	devices mentions[*owned] // by the account
	mail    mentions[*notice.Standing]
	arrived account.Viewer // who has signed in by this mutation; zero: nobody
}

// maxLoggedName is how much of an operation's name, which the caller chose, gets
// into the log, in bytes.
const maxLoggedName = 60

type requestKey struct{}

func requestFrom(ctx context.Context) *request {
	return ctx.Value(requestKey{}).(*request)
}

// Begin prepares the context of a request and puts the planned marshalling of
// image lists into its way.
func (r *Resolver) Begin(ctx context.Context, op *graphql.OperationContext) context.Context {
	op.ResolverMiddleware = r.planned
	if name := op.Operation.Name; name != "" {
		logs.Note(ctx, slog.String("operation", name[:min(len(name), maxLoggedName)]))
	}
	req := &request{viewer: account.ViewerFrom(ctx), found: map[string]any{}}
	req.forget()
	if op.Operation.Operation == ast.Mutation {
		op.RootResolverMiddleware = func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			req.forget()
			return next(ctx)
		}
	}
	return context.WithValue(ctx, requestKey{}, req)
}

// forget lets go of everything that was read or granted. Mutations run one after another,
// each with its whole answer: what one of them has read the next may have changed.
func (req *request) forget() {
	req.mu.Lock()
	defer req.mu.Unlock()
	req.links = map[id.ID][]byte{}
	req.families = map[id.ID]*family{}
	req.albums, req.lists = map[id.ID]*album{}, nil
	req.people.forget()
	req.jobs.forget()
	req.images.forget()
	req.bookings.forget()
	req.bookedJobs.forget()
	req.devices.forget()
	req.mail.forget()
	req.arrived = account.Viewer{}
}

// grant asks for the links of all images that have none yet, in one batch. The
// gate decides about each; its record is on disk before a link is shown.
func (r *Resolver) grant(ctx context.Context, images []*job.Image) error {
	req := requestFrom(ctx)
	req.mu.Lock()
	defer req.mu.Unlock()
	fresh := make([]*job.Image, 0, len(images))
	for _, image := range images {
		if _, known := req.links[image.ID]; !known {
			req.links[image.ID] = nil
			fresh = append(fresh, image)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	// Job by job, so that each has one row in the records.
	slices.SortStableFunc(fresh, func(a, b *job.Image) int { return bytes.Compare(a.Job.ID[:], b.Job.ID[:]) })
	if err := r.Limits.Pass(ctx, gate.Download, req.viewer.AccountID.String()); err != nil {
		for _, image := range fresh {
			delete(req.links, image.ID)
		}
		return err
	}
	links, err := r.Downloads.Grant(ctx, req.viewer, transfer.ByURL, fresh)
	if err != nil {
		for _, image := range fresh {
			delete(req.links, image.ID)
		}
		return err
	}
	for i, image := range fresh {
		req.links[image.ID] = links[i]
	}
	return nil
}

// link returns the link that was granted for an image, nil for none.
func (req *request) link(image *job.Image) []byte {
	req.mu.Lock()
	defer req.mu.Unlock()
	return req.links[image.ID]
}
