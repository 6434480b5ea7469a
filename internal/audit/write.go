package audit

import (
	"context"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// writer is what one write leaves to the next.
type writer struct {
	held     []*row          // that could not be written yet
	unjudged map[matter]bool // of which there are new rows
	told     time.Time       // when the log told of trouble
}

// matter is an event of a studio, or, with the nil id, of the installation.
type matter struct {
	tenant id.ID
	event  Event
}

// flush writes what was gathered, and judges whether somebody must be told. Where
// the database is away, the rows are held as they are and written under the same ids
// later, so that a write whose answer was lost does not count twice; meanwhile
// others are gathered.
func (s *Security) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	w := &s.writer
	if len(w.held) == 0 {
		w.held = s.gathered.take()
	}
	err := s.write(ctx, w.held)
	if err == nil {
		w.written(len(w.held))
	} else if !fault.Is(err, fault.Unavailable) {
		s.o.Log.ErrorContext(ctx, "the database refuses security events", "rows", len(w.held), "error", err)
		err = s.writeApart(ctx)
	}
	if err == nil {
		err = s.judge(ctx)
	}
	s.tell(ctx, err)
}

// writeApart writes rows one by one that were refused together, so that only those are
// lost that the database will never take.
func (s *Security) writeApart(ctx context.Context) error {
	w := &s.writer
	for len(w.held) > 0 {
		err := s.write(ctx, w.held[:1])
		if fault.Is(err, fault.Unavailable) {
			return err
		}
		if err != nil {
			s.lose(w.held[0].count)
			w.held = w.held[1:]
			continue
		}
		w.written(1)
	}
	return nil
}

// written notes that the first n rows held are stored.
func (w *writer) written(n int) {
	for _, one := range w.held[:n] {
		w.unjudged[matter{one.tenant, one.event}] = true
	}
	w.held = w.held[n:]
}

// finish writes what is left, twice at most: what was held, and what was gathered
// meanwhile.
func (s *Security) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	s.flush(ctx)
	s.flush(ctx)
	s.lose(total(s.writer.held) + total(s.gathered.take()))
	s.writer.held, s.writer.told = nil, time.Time{} // there is no next minute
	s.tell(ctx, nil)
}

// tell writes trouble into the log, once a minute.
func (s *Security) tell(ctx context.Context, err error) {
	now := s.o.Now()
	if err == nil && s.lost.Load() == 0 || now.Sub(s.writer.told) < tellEvery {
		return
	}
	s.writer.told = now
	if err != nil {
		s.o.Log.WarnContext(ctx, "security events wait for the database", "rows", len(s.writer.held), "error", err)
	}
	if lost := s.lost.Swap(0); lost > 0 {
		s.o.Log.WarnContext(ctx, "security events were lost", "events", lost)
	}
}

func total(rows []*row) (n int64) {
	for _, one := range rows {
		n += one.count
	}
	return n
}

// write stores rows, whatever their number, by one statement.
func (s *Security) write(ctx context.Context, rows []*row) error {
	if len(rows) == 0 {
		return nil
	}
	var p queries.InsertSecurityEventsParams
	for _, one := range rows {
		p.Ids, p.TenantIds, p.AccountIds = append(p.Ids, one.id), append(p.TenantIds, one.tenant), append(p.AccountIds, one.account)
		p.Events, p.Routes, p.Details = append(p.Events, string(one.event)), append(p.Routes, one.route), append(p.Details, one.detail)
		p.AddressKeys, p.RequestIds, p.Counts = append(p.AddressKeys, s.addressKey(one)), append(p.RequestIds, one.requestID), append(p.Counts, one.count)
		p.FirstAt, p.LastAt = append(p.FirstAt, one.first), append(p.LastAt, one.last)
	}
	return fault.Database("write security events", queries.New(s.o.DB).InsertSecurityEvents(ctx, p))
}

// addressKey tells sources apart and nothing about them to whoever lacks the key.
// It changes with the secret.
func (s *Security) addressKey(one *row) []byte {
	if !one.source.IsValid() {
		return []byte{}
	}
	sum := s.o.Keys.Current().MAC("security event address", one.source.Addr().AsSlice())
	return sum[:16]
}
