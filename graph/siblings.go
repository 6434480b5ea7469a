package graph

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/page"
)

// A list of jobs whose pictures are asked for would read them job by job. So the
// first job of a list that is asked reads for all of them, and the others wait for
// it: one statement for the list, not one for each job.

// siblings notes jobs that were listed together. A job of several lists stays with
// the first one that it was in.
func (req *request) siblings(jobs []*job.Job) {
	for _, j := range jobs {
		req.bookings.note(j.BookingID)
		req.bookedJobs.note(j.BookingID)
	}
	req.together(jobs)
}

// together is siblings without what the jobs name.
func (req *request) together(jobs []*job.Job) {
	req.mu.Lock()
	defer req.mu.Unlock()
	list := &family{jobs: make([]*job.Job, 0, len(jobs)), batches: map[string]*batch{}}
	for _, j := range jobs {
		if req.families[j.ID] == nil {
			req.families[j.ID] = list
			list.jobs = append(list.jobs, j)
		}
	}
}

// family is jobs that are read together.
type family struct {
	jobs    []*job.Job
	batches map[string]*batch // what was read for them, by what was asked for
}

// shared returns what the family of j shares under a key, and its jobs. A job that
// was not listed is a family of its own, so that asking for the same page of it
// again, however deep, reads nothing again.
func (req *request) shared(j *job.Job, key string) (*batch, []*job.Job) {
	req.mu.Lock()
	defer req.mu.Unlock()
	of := req.families[j.ID]
	if of == nil {
		of = &family{jobs: []*job.Job{j}, batches: map[string]*batch{}}
		req.families[j.ID] = of
	}
	if of.batches[key] == nil {
		of.batches[key] = new(batch)
	}
	return of.batches[key], of.jobs
}

// batch is something that was read for several jobs at once.
type batch struct {
	once    sync.Once
	pages   map[id.ID]job.ImagePage
	counts  map[id.ID]int
	entries map[id.ID]journal.EntryPage
	err     error
}

// do reads once. Should reading panic, the jobs that wait have an error too, not an
// empty page.
func (b *batch) do(read func() error) {
	b.once.Do(func() {
		b.err = errors.New("reading for several jobs did not end")
		b.err = read()
	})
}

// imagesOf returns a page of a job's pictures, with their links where the field
// that is being resolved asks for them.
func (r *Resolver) imagesOf(ctx context.Context, j *job.Job, filter job.ImageFilter, w page.Window) (job.ImagePage, error) {
	downloads := listsDownloads(ctx)
	read, jobs := requestFrom(ctx).shared(j, fmt.Sprint("images", keyOfFilter(filter), w.Size, w.After, downloads))
	read.do(func() (err error) {
		if read.pages, err = r.Jobs.ImagesOf(ctx, requestFrom(ctx).viewer, jobs, filter, w); err != nil {
			return err
		}
		var all []*job.Image
		for _, one := range jobs {
			all = append(all, read.pages[one.ID].Images...)
		}
		requestFrom(ctx).listed(all)
		if !downloads {
			return nil
		}
		return r.grant(ctx, all)
	})
	if listed, ok := read.pages[j.ID]; ok || read.err != nil {
		return listed, read.err
	}
	return job.ImagePage{}, fmt.Errorf("the pictures of job %s were not read", j.ID)
}

// countImages returns how many pictures of a job match.
func (r *Resolver) countImages(ctx context.Context, j *job.Job, filter job.ImageFilter) (int, error) {
	read, jobs := requestFrom(ctx).shared(j, "count"+keyOfFilter(filter))
	read.do(func() (err error) {
		read.counts, err = r.Jobs.CountImagesOf(ctx, requestFrom(ctx).viewer, jobs, filter)
		return err
	})
	return read.counts[j.ID], read.err
}

func keyOfFilter(filter job.ImageFilter) string {
	released := "any"
	if filter.Released != nil {
		released = fmt.Sprint(*filter.Released)
	}
	return fmt.Sprintf(" %s %q %v ", released, filter.States, filter.States == nil)
}

// listsDownloads reports whether the connection of pictures that is being resolved
// asks for their links.
func listsDownloads(ctx context.Context) bool {
	op := graphql.GetOperationContext(ctx)
	connection := graphql.GetFieldContext(ctx).Field.Selections
	for _, field := range graphql.CollectFields(op, connection, []string{"ImageConnection"}) {
		switch field.Name {
		case "nodes":
			if asksDownload(op, field.Selections, "Image") {
				return true
			}
		case "edges":
			for _, edge := range graphql.CollectFields(op, field.Selections, []string{"ImageEdge"}) {
				if edge.Name == "node" && asksDownload(op, edge.Selections, "Image") {
					return true
				}
			}
		}
	}
	return false
}
