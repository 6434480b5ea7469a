// Package feed tells those who watch a job what changes in it, while it does. The
// database tells of every change (schema/011_job_event.sql), one connection of each
// process listens, and a [Stream] is what one watcher is told: ids only, so that
// whatever is read for them is read, and decided, anew.
//
// A watcher who reads slowly makes nobody wait. Where something may have been missed,
// for that or because the connection was lost, a [Resync] says so.
package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// Kind is what an [Event] tells.
type Kind string

// The kinds.
const (
	ImagesAdded      Kind = "IMAGES_ADDED"
	SelectionChanged Kind = "SELECTION_CHANGED"
	ImagesDelivered  Kind = "IMAGES_DELIVERED"
	UploadChanged    Kind = "UPLOAD_CHANGED"
	JobChanged       Kind = "JOB_CHANGED"
	Resync           Kind = "RESYNC" // look at the job again, as a whole
)

// MostNamed is how many pictures or uploads one event names at most.
const MostNamed = 100

// Event is something that changed in a job.
type Event struct {
	Kind      Kind
	ImageIDs  []id.ID   // that it is about; none for UploadChanged, JobChanged and Resync
	UploadIDs []id.ID   // that it is about; for UploadChanged alone
	At        time.Time // when this process learned of it
}

// named is where the ids are of what it is about.
func (e *Event) named() *[]id.ID {
	if e.Kind == UploadChanged {
		return &e.UploadIDs
	}
	return &e.ImageIDs
}

// Options are what [New] needs. A number that is zero has the value in brackets.
type Options struct {
	DB            *pgxpool.Pool // reaches PostgreSQL itself or a pooler that keeps sessions: LISTEN needs one
	Meter         Meter
	Places        Places        // where streams of accounts are counted
	Most          int           // streams of this process [5,000]
	MostOfAccount int           // streams of one account, on all servers together [10]
	LookEvery     time.Duration // between two looks at whether all may still watch [5 s]
	Now           func() time.Time
	Log           *slog.Logger
}

// Places count what runs at once for whom, on all servers together. RATE_LIMITED says when to
// come back; what has entered leaves by leave.
type Places interface {
	Enter(ctx context.Context, key string, most int) (leave func(), err error)
}

// Meter counts.
type Meter interface {
	StreamsOpen(n int)
	StreamsResynced(n int)
}

// Feed is safe for use by many goroutines. Without its [Feed.Run] nobody can watch.
type Feed struct {
	Options
	wake chan struct{} // somebody is doubted

	mu       sync.Mutex
	jobs     map[id.ID]streams
	accounts map[id.ID]streams
	open     streams
	doubted  streams       // to be looked at before the others
	up       chan struct{} // closed while the database is listened to
	closed   bool
}

type streams map[*Stream]struct{}

// New returns a feed that nobody watches.
func New(o Options) *Feed {
	if o.Most == 0 {
		o.Most = 5000
	}
	if o.MostOfAccount == 0 {
		o.MostOfAccount = 10
	}
	if o.LookEvery == 0 {
		o.LookEvery = 5 * time.Second
	}
	return &Feed{
		Options: o, wake: make(chan struct{}, 1), up: make(chan struct{}),
		jobs: map[id.ID]streams{}, accounts: map[id.ID]streams{}, open: streams{}, doubted: streams{},
	}
}

// Run listens and looks after the streams until ctx ends. Call it once.
func (f *Feed) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { f.listen(ctx) })
	both.Go(func() { f.watch(ctx) })
	both.Wait()
	f.Close()
}

// patience is how long a new stream waits for the connection that events come by.
const patience = 3 * time.Second

// Watch returns a stream of what changes in j from now on, which must be closed. Its first
// event is a [Resync]: whatever was read before it may be old. FORBIDDEN for who may not
// see the job, RATE_LIMITED past what one account may open, UNAVAILABLE past what the
// process may, while events can't be heard, and once the feed is closed.
func (f *Feed) Watch(ctx context.Context, v account.Viewer, j *job.Job) (*Stream, error) {
	if err := v.Good(f.Now()); err != nil {
		return nil, err
	}
	if !job.Decide(v, j, job.None, f.Now()).See {
		return nil, fault.Refused()
	}
	if err := f.heard(ctx); err != nil {
		return nil, err
	}
	leave, err := f.Places.Enter(ctx, v.AccountID.String(), f.MostOfAccount)
	if err != nil {
		if fault.Is(err, fault.RateLimited) {
			err = fault.TooMany("Too many subscriptions are open. Please close one, or wait a moment.", fault.As(err).RetryAfter)
		}
		return nil, err
	}
	s := &Stream{feed: f, leave: leave, tenant: v.TenantID, account: v.AccountID, session: v.SessionID, job: j.ID, ready: make(chan struct{}, 1)}
	if err := f.add(s); err != nil {
		leave()
		return nil, err
	}
	return s, nil
}

// add has a stream told from now on.
func (f *Feed) add(s *Stream) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return fault.Away("feed", ErrClosed)
	case len(f.open) >= f.Most:
		return fault.Away("feed", errors.New("as many streams are open as this process takes"))
	}
	f.open[s] = struct{}{}
	put(f.jobs, s.job, s)
	put(f.accounts, s.account, s)
	f.doubt(streams{s: {}}) // so that it is known when its session ends
	s.add(Event{Kind: Resync, At: f.Now()})
	f.Meter.StreamsOpen(len(f.open))
	return nil
}

// heard waits until events are heard, for a moment.
func (f *Feed) heard(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := f.Check(ctx); err != nil {
		return fault.Away("feed", err)
	}
	return nil
}

// Check waits until events are heard, for as long as ctx has.
func (f *Feed) Check(ctx context.Context) error {
	f.mu.Lock()
	up := f.up
	f.mu.Unlock()
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return errors.New("events are not heard")
	}
}

// Close ends all streams with [ErrClosed], and lets none begin.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for s := range f.open {
		s.end(ErrClosed)
	}
}

// tell tells those who watch a job.
func (f *Feed) tell(jobID id.ID, event Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.jobs[jobID] {
		s.add(event)
	}
}

// remove forgets a stream.
func (f *Feed) remove(s *Stream) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, s)
	delete(f.doubted, s)
	take(f.jobs, s.job, s)
	take(f.accounts, s.account, s)
	f.Meter.StreamsOpen(len(f.open))
}

func put(by map[id.ID]streams, key id.ID, s *Stream) {
	if by[key] == nil {
		by[key] = streams{}
	}
	by[key][s] = struct{}{}
}

func take(by map[id.ID]streams, key id.ID, s *Stream) {
	delete(by[key], s)
	if len(by[key]) == 0 {
		delete(by, key)
	}
}
