package transfer

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"pixgate/internal/archive"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

const (
	// filesBetweenChecks is how many files may leave between two looks at whether
	// they still may.
	filesBetweenChecks = 4
	// timeBetweenChecks is how long a file may be on its way between two looks.
	timeBetweenChecks = 5 * time.Second
	// filesChecked is how many of the files to come each look is about. Those
	// behind them have their turn before they leave.
	filesChecked = 1000
	// startTime is how long the checks before the first byte may take.
	startTime = 25 * time.Second
	// endTime is how long writing down how a stream ended may take.
	endTime = 5 * time.Second
)

// Stream is a range of an archive on its way. It must be closed.
type Stream struct {
	*Archive
	ctx     context.Context
	cancel  context.CancelFunc
	give    func()       // the slot
	files   []*job.Image // that the range touches, in order
	pull    func() (archive.Part, bool)
	stop    func()
	queue   []piece
	reading int // objects in the queue

	delivery id.ID
	sent     int64
	whole    bool // all was sent
	last     bool // of the archive's bytes, the last one is among them

	passed  int       // files begun
	checked int       // of these, when it was last asked whether they may leave
	asked   time.Time // when that was
}

// piece is a part of the archive and, for an object's, who brings its bytes.
type piece struct {
	archive.Part
	object *reader // nil for a literal
	first  *block  // taken out already
}

// Start begins to send length bytes of the archive from offset: it checks the
// objects, brings the first bytes and writes the delivery down. An error means
// that nothing was delivered. A download that starts at the beginning is checked
// as a whole, against the storage's list; any other range by what it touches.
// resumed says that it goes on where an earlier one was cut. The stream ends
// when ctx does.
func (a *Archive) Start(ctx context.Context, offset, length int64, resumed bool) (*Stream, error) {
	give, err := a.all.slots.take(ctx, a.viewer.AccountID, a.linked)
	if err != nil {
		return nil, err
	}
	s := &Stream{Archive: a, give: give, asked: time.Now(), last: offset+length == a.Size}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.pull, s.stop = iter.Pull(a.layout.Parts(offset, length))
	s.files = a.touched(offset, length)
	if err := s.start(offset == 0, resumed); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Stream) start(fromTheBeginning, resumed bool) error {
	var late atomic.Bool
	patience := time.AfterFunc(startTime, func() { late.Store(true); s.cancel() })
	defer patience.Stop()
	err := s.prepare(fromTheBeginning)
	if err == nil {
		err = s.record(resumed)
	}
	if err != nil && late.Load() {
		return fault.Away("storage or database, to start an archive", err)
	}
	return err
}

// prepare checks the objects and waits for the first bytes.
func (s *Stream) prepare(fromTheBeginning bool) error {
	if fromTheBeginning {
		if err := s.checkObjects(s.ctx); err != nil {
			return err
		}
	}
	s.readAhead()
	for i := range s.queue {
		if one := &s.queue[i]; one.object != nil {
			first := one.object.next()
			if one.first = &first; first.err != nil {
				s.alarm(s.ctx, s.images[one.Entry], first.err)
				return missing(s.images[one.Entry], first.err)
			}
			return nil
		}
	}
	return nil
}

// readAhead fills the queue up to the prefetch window.
func (s *Stream) readAhead() {
	for s.reading <= objectsAhead && len(s.queue) < 2*(objectsAhead+1)+1 {
		part, more := s.pull()
		if !more {
			return
		}
		next := piece{Part: part}
		if part.Entry >= 0 {
			next.object = fetch(s.ctx, s.all.store, s.images[part.Entry], part)
			s.reading++
		}
		s.queue = append(s.queue, next)
	}
}

// Send writes the range to w, block by block. An error means that the client must
// not take what it has for the whole: its connection has to be cut.
func (s *Stream) Send(w io.Writer) error {
	for len(s.queue) > 0 {
		next := s.queue[0]
		s.queue = s.queue[1:]
		if next.object == nil {
			if err := s.write(w, next.Literal); err != nil {
				return err
			}
		} else if err := s.sendObject(w, next); err != nil {
			return fmt.Errorf("send image %s: %w", s.images[next.Entry].ID, err)
		}
		s.readAhead()
	}
	s.whole = true
	return nil
}

func (s *Stream) sendObject(w io.Writer, p piece) error {
	if s.passed++; s.passed > s.checked+filesBetweenChecks {
		if err := s.check(); err != nil {
			return err
		}
	}
	for left := p.Length; left > 0; {
		b := p.next()
		if b.err != nil {
			b.done()
			s.alarm(s.ctx, s.images[p.Entry], b.err)
			return b.err
		}
		err := s.write(w, b.bytes())
		left -= int64(b.n)
		b.done()
		if err == nil && time.Since(s.asked) > timeBetweenChecks {
			err = s.check()
		}
		if err != nil {
			return err
		}
	}
	p.object.close()
	s.reading--
	return nil
}

func (p *piece) next() block {
	if first := p.first; first != nil {
		p.first = nil
		return *first
	}
	return p.object.next()
}

func (s *Stream) write(w io.Writer, data []byte) error {
	n, err := w.Write(data)
	s.sent += int64(n)
	if err != nil {
		return fmt.Errorf("write to the client: %w", err)
	}
	return nil
}

// check asks whether the files to come may still leave: whether the session is
// alive, its holder a member in good standing, and the pictures released.
func (s *Stream) check() error {
	v, err := s.all.sessions.ByID(s.ctx, s.viewer.TenantID, s.viewer.SessionID)
	if err != nil {
		return err
	}
	if v.AccountID != s.viewer.AccountID {
		return fault.Refused()
	}
	from := max(s.passed-1, 0)
	ahead := s.files[from:min(from+filesChecked, len(s.files))]
	if err := s.all.jobs.StillReleased(s.ctx, v, s.job.ID, idsOf(ahead)); err != nil {
		return err
	}
	s.checked, s.asked = s.passed, time.Now()
	return nil
}

// Close ends the stream, and writes down how.
func (s *Stream) Close() {
	s.cancel()
	s.stop()
	s.tellFinished()
	s.finish()
	s.give()
}
