package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Subscriptions are answered by GraphQL over Server-Sent Events, in its "distinct connections mode": an event "next" for each
// result, and "complete" where coming again is in vain. One difference: what is refused before the first event is an
// answer of its own with its status, as it is for queries. docs/decisions/0017 says why.

// Source is what a subscription is fed by.
type Source interface {
	// Next waits for an event. Its error is that of ctx, ErrEnded, or why the subscriber is told nothing any more.
	Next(ctx context.Context) (Event, error)
	Close()
}

// Event prepares the context that the operation is executed in for an event, as Guard and resolvers are to see it, or says
// why the subscriber is not told of it, nor of any other.
type Event func(ctx context.Context) (context.Context, error)

// ErrEnded is the end of a Source that says nothing about the subscriber, who may come again.
var ErrEnded = errors.New("the source of a subscription has ended")

// subscribe judges a subscription and streams its events until it ends. opening bounds what comes before the first.
func (h *handler) subscribe(opening context.Context, w http.ResponseWriter, r *http.Request, op *graphql.OperationContext) {
	source, refusal := h.open(opening, op)
	if refusal != nil {
		h.send(opening, w, mediaGraphQL, refusal)
		return
	}
	defer source.Close()
	s := &stream{w: w, control: http.NewResponseController(w), patience: h.Patience}
	if err := s.begin(); err != nil {
		h.send(opening, w, mediaGraphQL, h.told(opening, op, err))
		return
	}
	ctx := r.Context()
	for err := s.alive(); err == nil; err = h.pass(ctx, s, op, source) {
	}
}

// errLast follows the last thing that is said.
var errLast = errors.New("a stream has ended")

// pass waits for one event and passes it on. Its error says that there is nobody to pass another one to, or nothing.
func (h *handler) pass(ctx context.Context, s *stream, op *graphql.OperationContext, source Source) error {
	event, err := h.wait(ctx, source, s.spoke.Add(h.Heartbeat))
	switch {
	case ctx.Err() != nil, errors.Is(err, ErrEnded):
		return errLast
	case err != nil:
		return s.last(h.told(ctx, op, err))
	case event == nil:
		return s.alive()
	}
	a := h.tell(ctx, op, event)
	switch {
	case a == nil:
		return nil
	case a.data == nil:
		return s.last(a)
	}
	return s.next(a)
}

// open judges the subscription as execute does a query, and opens its source.
func (h *handler) open(ctx context.Context, op *graphql.OperationContext) (source Source, refusal *answer) {
	ctx = h.prepare(ctx, op)
	defer h.recovered(ctx, &refusal)
	ctx, refusal = h.judge(ctx, op)
	if refusal != nil {
		return nil, refusal
	}
	source, err := h.Subscribe(ctx, op)
	if err != nil {
		return nil, failed(mask(gqlerror.List{h.ErrorPresenter(ctx, err)}))
	}
	return source, nil
}

// wait waits for an event until the connection needs a sign of life; then it is nil without an error. Events of which
// there was nothing to tell move that moment by nothing: neither does the subscriber learn of them by it, nor does a proxy give up.
func (h *handler) wait(ctx context.Context, source Source, until time.Time) (Event, error) {
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	if waiting.Err() != nil {
		return nil, ctx.Err()
	}
	event, err := source.Next(waiting)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, nil
	}
	return event, err
}

// tell executes the operation for an event; nil: of which there is nothing to tell.
func (h *handler) tell(ctx context.Context, op *graphql.OperationContext, event Event) *answer {
	ctx, cancel := h.limited(ctx)
	defer cancel()
	within, err := event(ctx)
	if err != nil {
		return h.told(ctx, op, err)
	}
	return h.execute(within, op)
}

// told is what a subscriber is told of the error that ends a subscription.
func (h *handler) told(ctx context.Context, op *graphql.OperationContext, err error) *answer {
	return failed(mask(gqlerror.List{h.ErrorPresenter(graphql.WithOperationContext(ctx, op), err)}))
}

// stream writes to a subscriber.
type stream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	spoke    time.Time // when something was sent last
}

// begin writes the headers; they are sent with the first sign of life. The server's own timeout is meant for answers that come
// to an end. It fails where a connection can't do without it: then nothing has been written.
func (s *stream) begin() error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.patience)); err != nil {
		return fmt.Errorf("lift the timeout of a stream: %w", err)
	}
	h := s.w.Header()
	h.Set("Content-Type", mediaStream)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not wait for more
	s.w.WriteHeader(http.StatusOK)
	return nil
}

// alive sends a comment, which every client passes over.
func (s *stream) alive() error { return s.write([]byte(":\n\n")) }

func (s *stream) next(a *answer) error {
	buf := buffers.Get().(*bytes.Buffer)
	defer release(buf)
	buf.WriteString("event: next\ndata: ")
	a.encode(buf)
	buf.WriteString("\n\n")
	return s.write(buf.Bytes())
}

// last tells why there is no more. Where it is the server's trouble the connection just ends after it: clients come again then.
func (s *stream) last(a *answer) error {
	err := s.next(a)
	if err == nil && a.status < http.StatusInternalServerError {
		err = s.write([]byte("event: complete\ndata:\n\n"))
	}
	return errors.Join(errLast, err)
}

// write sends at once. A subscriber who does not read for as long as patience has gone.
func (s *stream) write(p []byte) error {
	s.spoke = time.Now()
	if err := s.control.SetWriteDeadline(s.spoke.Add(s.patience)); err != nil {
		return err
	}
	if _, err := s.w.Write(p); err != nil {
		return err
	}
	return s.control.Flush()
}
