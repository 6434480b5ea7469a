// Package logs writes the log: one JSON object a line, with everything masked
// that must not stand in a log, and one event for each request to which every
// room may add what it knows.
package logs

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// New returns a logger that writes to w and masks what it writes.
func New(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: mask}))
}

// Event gathers what the one log line of a request says. It is safe for use by
// many goroutines.
type Event struct {
	mu         sync.Mutex
	attrs      []slog.Attr
	statements atomic.Int64
}

// Statements is how many statements the request has sent to the database so far.
func (e *Event) Statements() int64 { return e.statements.Load() }

// Statement counts a statement that is sent to the database for the request that ctx
// belongs to. Outside a request it does nothing.
func Statement(ctx context.Context) {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok {
		e.statements.Add(1)
	}
}

// Attrs returns what was noted, in order; of a key that was noted twice, the last.
func (e *Event) Attrs() []slog.Attr {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.attrs)
}

type eventKey struct{}

// WithEvent starts the event of a request.
func WithEvent(ctx context.Context) (context.Context, *Event) {
	e := &Event{}
	return context.WithValue(ctx, eventKey{}, e), e
}

// Note adds to the event of the request that ctx belongs to, such as the name of
// a GraphQL operation. Outside a request it does nothing. Addresses, tokens,
// queries and their variables are not for the log.
func Note(ctx context.Context, attrs ...slog.Attr) {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, attr := range attrs {
			at := slices.IndexFunc(e.attrs, func(known slog.Attr) bool { return known.Key == attr.Key })
			if at < 0 { // a stream notes the same for each of its events
				e.attrs = append(e.attrs, attr)
			} else {
				e.attrs[at] = attr
			}
		}
	}
}
