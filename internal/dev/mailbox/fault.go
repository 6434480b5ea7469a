package mailbox

import "sync"

// Mode is a way for SES to be ill.
type Mode int

// The ways.
const (
	Well     Mode = iota
	Down          // connections are cut before an answer, mails not taken
	Broken        // status 500
	Throttle      // status 429
	Hang          // no answer until Recover, then the connection is cut
	Lose          // the mail is taken, the answer lost
)

// faults is the mode, and a channel closed when it ends.
type faults struct {
	mu   sync.Mutex
	mode Mode
	over chan struct{}
}

// Fail makes SES ill until Recover. The page stays well.
func (s *Server) Fail(mode Mode) {
	s.Recover()
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.mode, s.faults.over = mode, make(chan struct{})
}

// Recover makes SES well again.
func (s *Server) Recover() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.mode != Well {
		close(s.faults.over)
	}
	s.faults.mode = Well
}

func (f *faults) now() (Mode, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mode, f.over
}
