package files

import (
	"errors"
	"io"
	"time"
)

// Who takes less than slowest, in bytes a second and on average over the time that slowness is
// looked at, is cut: a place is held by a client that takes a block now and then for as long as it
// likes, otherwise.
const (
	slowest = 16 << 10
	lookAt  = 5 * time.Minute
)

// errSlow is that a client takes its file too slowly. What it has is a beginning that it may continue.
var errSlow = errors.New("the client takes less than 16 KiB a second")

// paced ends a file that its client takes too slowly. Only the time counts that is spent on waiting
// for the client: nobody is cut for a slow storage.
type paced struct {
	w     io.Writer
	now   func() time.Time
	spent time.Duration
	taken int64 // bytes, in that time
}

func (p *paced) Write(block []byte) (int, error) {
	began := p.now()
	n, err := p.w.Write(block)
	p.spent += p.now().Sub(began)
	p.taken += int64(n)
	if err != nil || p.spent < lookAt {
		return n, err
	}
	if float64(p.taken) < slowest*p.spent.Seconds() {
		return n, errSlow
	}
	p.spent, p.taken = 0, 0
	return n, nil
}
