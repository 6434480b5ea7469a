package graph

import (
	"context"
	"fmt"

	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/page"
)

// Like jobs (siblings.go), pictures that were listed together have their histories read
// together.

// album is pictures that are read together.
type album struct {
	images  []*job.Image
	batches map[string]*histories // by what was asked for
}

// histories were read for several pictures at once.
type histories struct {
	batch
	pages map[id.ID]journal.EventPage
}

// listed notes pictures that were listed together, at no cost: most lists are not asked
// for histories.
func (req *request) listed(images []*job.Image) {
	req.mu.Lock()
	defer req.mu.Unlock()
	req.lists = append(req.lists, images)
}

// sharedHistories returns what the album of image shares under a key, and its pictures. A
// picture that was not listed is an album of its own; one of several lists is of the first.
func (req *request) sharedHistories(image *job.Image, key string) (*histories, []*job.Image) {
	req.mu.Lock()
	defer req.mu.Unlock()
	for _, images := range append(req.lists, []*job.Image{image}) {
		together := &album{batches: map[string]*histories{}}
		for _, one := range images {
			if req.albums[one.ID] == nil {
				req.albums[one.ID] = together
				together.images = append(together.images, one)
			}
		}
	}
	req.lists = nil
	of := req.albums[image.ID]
	if of.batches[key] == nil {
		of.batches[key] = new(histories)
	}
	return of.batches[key], of.images
}

// historyOf returns a page of a picture's history.
func (r *Resolver) historyOf(ctx context.Context, image *job.Image, w page.Window) (journal.EventPage, error) {
	req := requestFrom(ctx)
	read, images := req.sharedHistories(image, fmt.Sprint(w.Size, w.After))
	read.do(func() (err error) {
		read.pages, err = r.Journal.HistoryOf(ctx, req.viewer, images, w)
		for _, one := range read.pages {
			req.mentionEvents(one.Events)
		}
		return err
	})
	return read.pages[image.ID], read.err
}

// entriesOf returns a page of a job's audit entries.
func (r *Resolver) entriesOf(ctx context.Context, j *job.Job, w page.Window) (journal.EntryPage, error) {
	req := requestFrom(ctx)
	read, jobs := req.shared(j, fmt.Sprint("audit ", w.Size, w.After))
	read.do(func() (err error) {
		read.entries, err = r.Journal.OfJobs(ctx, req.viewer, jobs, w)
		for _, one := range read.entries {
			req.mention(one.Entries...)
		}
		return err
	})
	return read.entries[j.ID], read.err
}
