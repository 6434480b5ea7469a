package job

import (
	"context"
	"slices"
	"sync"

	"pixgate/internal/fault"
	"pixgate/internal/id"
)

// turns let one act at a time on each job, and make the others wait here, without a
// connection to the database: two dozen calls about one job would hold all that there
// are, in wait for its row, and everybody else of every studio would wait for them. What
// keeps order among several servers is the lock of the row.
type turns struct {
	mu   sync.Mutex
	jobs map[id.ID]*turn // that somebody has or waits for
}

type turn struct {
	taken chan struct{} // full while somebody has it
	users int
}

// take waits for a turn at each of the jobs. They are in the order in which their rows
// are locked, so nobody waits in a circle. give gives all of them back.
func (t *turns) take(ctx context.Context, jobs []id.ID) (give func(), err error) {
	var had []id.ID
	give = func() {
		for _, jobID := range slices.Backward(had) {
			<-t.enter(jobID).taken
			t.leave(jobID, 2) // this visit's, and that of the wait
		}
	}
	for _, jobID := range jobs {
		select {
		case t.enter(jobID).taken <- struct{}{}:
			had = append(had, jobID)
		case <-ctx.Done():
			t.leave(jobID, 1)
			give()
			return nil, fault.Database("wait for a job", ctx.Err())
		}
	}
	return give, nil
}

func (t *turns) enter(jobID id.ID) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.jobs[jobID]
	if found == nil {
		found = &turn{taken: make(chan struct{}, 1)}
		t.jobs[jobID] = found
	}
	found.users++
	return found
}

func (t *turns) leave(jobID id.ID, visits int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.jobs[jobID]
	if found.users -= visits; found.users == 0 {
		delete(t.jobs, jobID)
	}
}
