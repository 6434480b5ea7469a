package graph

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
)

// A list of jobs whose pictures are asked for would read them job by job. So the
// first job of a list that is asked reads for all of them, and the others wait for
// it: one statement for the list, not one for each job.

// siblings notes jobs that were listed together.
func (req *request) siblings(jobs []*job.Job) {
	req.mu.Lock()
	defer req.mu.Unlock()
	for _, j := range jobs {
		req.listed[j.ID] = jobs
	}
}

// shared returns what the jobs that were listed with j share under a key, and
// those jobs; j alone where it was not listed.
func (req *request) shared(j *job.Job, key string) (*batch, []*job.Job) {
	req.mu.Lock()
	defer req.mu.Unlock()
	jobs, ok := req.listed[j.ID]
	if !ok {
		return new(batch), []*job.Job{j}
	}
	key = jobs[0].ID.String() + " " + key
	if req.batches[key] == nil {
		req.batches[key] = new(batch)
	}
	return req.batches[key], jobs
}

// batch is something that was read for several jobs at once.
type batch struct {
	once   sync.Once
	pages  map[id.ID]job.ImagePage
	counts map[id.ID]int
	err    error
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
		if read.pages, err = r.Jobs.ImagesOf(ctx, requestFrom(ctx).viewer, jobs, filter, w); err != nil || !downloads {
			return err
		}
		var all []*job.Image
		for _, one := range jobs {
			all = append(all, read.pages[one.ID].Images...)
		}
		return r.grant(ctx, all)
	})
	return read.pages[j.ID], read.err
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
