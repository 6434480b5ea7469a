package account

import "context"

type viewerKey struct{}

// WithViewer puts the viewer of a request into its context. The edge does this
// once; everything past the resolvers gets the viewer as an argument.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ViewerFrom returns the viewer of a request; signed out when there is none.
func ViewerFrom(ctx context.Context) Viewer {
	v, _ := ctx.Value(viewerKey{}).(Viewer)
	return v
}
