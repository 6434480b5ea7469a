package fault

import "context"

type listenerKey struct{}

// WithListener has heard what a request is refused with, wherever in the program that
// is decided: whoever keeps records of refusals has one place to do so.
func WithListener(ctx context.Context, heard func(Code)) context.Context {
	return context.WithValue(ctx, listenerKey{}, heard)
}

// Tell tells the listener of ctx, if there is one, that the whole request is refused, or
// the part of it that records are kept of.
func Tell(ctx context.Context, code Code) {
	if heard, ok := ctx.Value(listenerKey{}).(func(Code)); ok {
		heard(code)
	}
}
