package gate

import "context"

// Pass counts one use as [Limiter.Take] does, tells the listener of ctx, and returns
// RATE_LIMITED past the limit.
func (l *Limiter) Pass(ctx context.Context, name Name, key ...string) error {
	return told(ctx, name)(l.Take(ctx, name, key...))
}

// Open is [Limiter.Pass] without counting: whether the next one would pass.
func (l *Limiter) Open(ctx context.Context, name Name, key ...string) error {
	return told(ctx, name)(l.Look(ctx, name, key...))
}

func told(ctx context.Context, name Name) func(Result, error) error {
	return func(result Result, err error) error {
		if err != nil {
			return err
		}
		if heard, ok := ctx.Value(listenerKey{}).(func(Name, Result)); ok {
			heard(name, result)
		}
		return result.Err()
	}
}

type (
	listenerKey struct{}
	refusalKey  struct{}
)

// WithRefusal carries the refusal of a limit that was asked early to where the request
// is to be refused: behind the decision whether the caller may do the thing at all.
func WithRefusal(ctx context.Context, refusal error) context.Context {
	return context.WithValue(ctx, refusalKey{}, refusal)
}

// Refusal is what ctx carries by [WithRefusal]; nil: no limit refuses it.
func Refusal(ctx context.Context) error {
	refusal, _ := ctx.Value(refusalKey{}).(error)
	return refusal
}

// WithListener has heard what every limit says that is asked on behalf of ctx: whoever
// answers the caller can tell them, wherever in the program the limit was asked.
func WithListener(ctx context.Context, heard func(Name, Result)) context.Context {
	return context.WithValue(ctx, listenerKey{}, heard)
}
