package fault

import "context"

type listenerKey struct{}

// WithListener has heard what a request is refused with, wherever in the program that
// is decided: whoever keeps records of refusals has one place to do so.
func WithListener(ctx context.Context, heard func(code Code, detail string)) context.Context {
	return context.WithValue(ctx, listenerKey{}, heard)
}

// Tell tells the listener of ctx, if there is one, that the request is refused. The
// detail is a name of the program's, such as that of a list; empty: there is no more
// to say than has been said.
func Tell(ctx context.Context, code Code, detail string) {
	if heard, ok := ctx.Value(listenerKey{}).(func(Code, string)); ok {
		heard(code, detail)
	}
}
