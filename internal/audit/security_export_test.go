package audit

import "context"

// Flush writes at once what Run would write within a second.
// It reports whether nothing is left to write or to judge.
func (s *Security) Flush(ctx context.Context) bool {
	s.flush(ctx)
	return len(s.writer.held) == 0 && len(s.writer.unjudged) == 0
}

// FlushTwice writes as when the answer to the first write was lost.
func (s *Security) FlushTwice(ctx context.Context) error {
	rows := s.gathered.take()
	if err := s.write(ctx, rows); err != nil {
		return err
	}
	return s.write(ctx, rows)
}

// Rows is how many rows are held in memory.
func (s *Security) Rows() int {
	s.gathered.mu.Lock()
	defer s.gathered.mu.Unlock()
	return len(s.gathered.rows)
}
