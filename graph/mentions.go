package graph

import (
	"context"
	"sync"

	"pixgate/internal/account"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/journal"
)

// Records name people, jobs and pictures. Reading each when it is asked for would cost a
// statement a record: so whatever a page of records names is noted with the page, and
// the first that is asked for is read together with all of its kind.

// mentions are things of one kind that records name.
type mentions[T any] struct {
	mu    sync.Mutex
	ahead []id.ID     // noted, not read yet
	known map[id.ID]T // read; nothing for what the viewer may not see
	err   error       // of reading, which is not tried again for each
}

func (m *mentions[T]) note(named *id.ID) {
	if named == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.known[*named]; known {
		return
	}
	if m.known == nil {
		m.known = map[id.ID]T{}
	}
	var nothing T
	m.known[*named] = nothing
	m.ahead = append(m.ahead, *named)
}

// get returns a thing that was noted; nothing for none.
func (m *mentions[T]) get(named *id.ID, read func([]id.ID) ([]T, error), idOf func(T) id.ID) (thing T, err error) {
	if named == nil {
		return thing, nil
	}
	m.note(named)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.ahead) > 0 && m.err == nil {
		var things []T
		if things, m.err = read(m.ahead); m.err == nil {
			m.ahead = nil
		}
		for _, one := range things {
			m.known[idOf(one)] = one
		}
	}
	return m.known[*named], m.err
}

func (m *mentions[T]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ahead, m.known, m.err = nil, nil, nil
}

// mention notes what entries name.
func (req *request) mention(entries ...*journal.Entry) {
	for _, entry := range entries {
		req.people.note(entry.ActorID)
		req.people.note(entry.AccountID)
		req.jobs.note(entry.JobID)
		req.images.note(entry.ImageID)
	}
}

// mentionEvents notes what events name.
func (req *request) mentionEvents(events []*journal.Event) {
	for _, event := range events {
		req.people.note(event.ActorID)
		if event.Entry != nil {
			req.mention(event.Entry)
		}
	}
}

func (r *Resolver) person(ctx context.Context, named *id.ID) (*account.Account, error) {
	req := requestFrom(ctx)
	return req.people.get(named, func(ids []id.ID) ([]*account.Account, error) {
		people, err := r.Accounts.ByIDs(ctx, req.viewer, ids)
		req.listPeople(people)
		return people, err
	}, func(a *account.Account) id.ID { return a.ID })
}

func (r *Resolver) mentionedJob(ctx context.Context, named *id.ID) (*job.Job, error) {
	req := requestFrom(ctx)
	return req.jobs.get(named, func(ids []id.ID) ([]*job.Job, error) {
		jobs, err := r.Jobs.ByIDs(ctx, req.viewer, ids)
		req.siblings(jobs)
		return jobs, err
	}, func(j *job.Job) id.ID { return j.ID })
}

func (r *Resolver) mentionedImage(ctx context.Context, named *id.ID) (*job.Image, error) {
	req := requestFrom(ctx)
	return req.images.get(named, func(ids []id.ID) ([]*job.Image, error) {
		images, err := r.Jobs.ImagesByID(ctx, req.viewer, ids)
		req.listed(images)
		return images, err
	}, func(i *job.Image) id.ID { return i.ID })
}
