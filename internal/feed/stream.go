package feed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"pixgate/internal/id"
)

// ErrClosed ends the streams of a process that stops: others go on, and a watcher does
// well to come again.
var ErrClosed = errors.New("the feed is closed")

// mostPending is how many events wait for a slow watcher. One more, and all of them
// become a single [Resync].
const mostPending = 16

// Stream is what one watcher is told.
type Stream struct {
	feed                          *Feed
	leave                         func() // gives the account's place back
	tenant, account, session, job id.ID
	until                         time.Time     // of the feed's watch alone: when the session or the membership ends; zero: not known yet
	ready                         chan struct{} // there is something to take

	mu      sync.Mutex
	pending []Event
	ended   error
}

// Next waits for an event. When the stream has ended it returns why: ErrClosed, or what a
// request of the watcher's would be refused with. The error of ctx is returned as it is.
func (s *Stream) Next(ctx context.Context) (Event, error) {
	for {
		if event, ok, err := s.take(); ok || err != nil {
			return event, err
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

func (s *Stream) take() (event Event, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil || len(s.pending) == 0 {
		return Event{}, false, s.ended
	}
	event = s.pending[0]
	s.pending = slices.Delete(s.pending, 0, 1)
	return event, true, nil
}

// Close ends the stream. Closing it again does nothing.
func (s *Stream) Close() {
	s.end(context.Canceled)
	s.feed.remove(s)
	s.leave()
}

// end ends the stream for a reason; the first one counts.
func (s *Stream) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended, s.pending = why, nil
	}
	s.signal()
}

// add tells the watcher of an event, and waits for nobody. What is told is read when the
// event is taken, so one that waits already may take another of its kind in, and a Resync
// takes all.
func (s *Stream) add(event Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return
	}
	last := len(s.pending) - 1
	switch {
	case last >= 0 && s.pending[last].Kind == Resync:
		return
	case event.Kind == Resync:
		s.resync(event.At)
	case last >= 0 && s.pending[last].takeIn(event):
	case len(s.pending) == mostPending:
		s.resync(event.At)
	default:
		s.pending = append(s.pending, Event{Kind: event.Kind, ImageIDs: slices.Clone(event.ImageIDs), UploadIDs: slices.Clone(event.UploadIDs), At: event.At})
	}
	s.signal()
}

func (s *Stream) resync(at time.Time) {
	s.pending = append(s.pending[:0], Event{Kind: Resync, At: at})
	s.feed.Meter.StreamsResynced(1)
}

func (s *Stream) signal() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// takeIn adds what another event of the kind names, if there is room for it.
func (e *Event) takeIn(other Event) bool {
	if e.Kind != other.Kind {
		return false
	}
	var fresh []id.ID
	mine := e.named()
	for _, one := range *other.named() {
		if !slices.Contains(*mine, one) {
			fresh = append(fresh, one)
		}
	}
	if len(*mine)+len(fresh) > MostNamed {
		return false
	}
	*mine, e.At = append(*mine, fresh...), other.At
	return true
}
