package journal

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/queries"
)

// Filter says which entries are asked for, ids as callers write them; the zero Filter
// is all. Ids of what is foreign or unknown match nothing.
type Filter struct {
	Job, Image, Actor *string
	Action            *string
	From, To          *time.Time // To is not part of it
}

// narrowed is a filter that was read.
type narrowed struct {
	job, image, actor *id.ID
	action            *string
}

func (f Filter) read() (narrowed, error) {
	var n narrowed
	var wrong []fault.Field
	name := func(path string, kind id.Kind, text *string, to **id.ID) {
		if text == nil {
			return
		}
		if named, ok := kind.Parse(*text); ok {
			*to = &named
			return
		}
		wrong = append(wrong, fault.Field{Path: "filter." + path, Code: fault.InvalidValue, Message: "Pass an id of this kind, as pixgate gave it out."})
	}
	name("jobId", id.Job, f.Job, &n.job)
	name("imageId", id.Image, f.Image, &n.image)
	name("actorId", id.Account, f.Actor, &n.actor)
	if n.action = f.Action; f.Action != nil && !slices.Contains(audit.Actions, audit.Action(*f.Action)) {
		wrong = append(wrong, fault.Field{Path: "filter.action", Code: fault.InvalidValue, Message: "Pass one of " + knownActions() + "."})
	}
	if wrong != nil {
		return n, fault.Invalid(wrong...)
	}
	return n, nil
}

func knownActions() string {
	names := make([]string, len(audit.Actions))
	for i, action := range audit.Actions {
		names[i] = string(action)
	}
	return strings.Join(names, ", ")
}

// List returns a page of the studio's entries, newest first, and whether more follow.
// Admins only.
func (j *Journal) List(ctx context.Context, v account.Viewer, filter Filter, w page.Window) (entries []*Entry, more bool, err error) {
	if err := v.Require(account.Admin, j.Now()); err != nil {
		return nil, false, err
	}
	n, err := filter.read()
	if err != nil {
		return nil, false, err
	}
	from, before, err := j.span(ctx, v.TenantID, filter)
	if err != nil {
		return nil, false, err
	}
	if w.After != nil {
		before = min(before, w.After.Key)
	}
	if from >= before {
		return nil, false, nil
	}
	rows, err := j.list(ctx, v.TenantID, n, from, before, int32(w.Size+1))
	if err != nil {
		return nil, false, fault.Database("list audit entries", err)
	}
	rows, more = page.Cut(w, rows)
	return entriesFrom(rows), more, nil
}

// span turns a span of time into one of sequences: times never go back along a chain.
func (j *Journal) span(ctx context.Context, tenantID id.ID, filter Filter) (from, before int64, err error) {
	at := func(t *time.Time, otherwise int64) (int64, error) {
		if t == nil {
			return otherwise, nil
		}
		sequence, err := queries.New(j.DB).AuditSequenceAt(ctx, tenantID, *t)
		if errors.Is(err, pgx.ErrNoRows) {
			return math.MaxInt64, nil
		}
		return sequence, fault.Database("find a time in the audit log", err)
	}
	if from, err = at(filter.From, 1); err != nil {
		return 0, 0, err
	}
	before, err = at(filter.To, math.MaxInt64)
	return from, before, err
}

// list walks the index of what narrows most.
func (j *Journal) list(ctx context.Context, tenantID id.ID, n narrowed, from, before int64, rows int32) ([]queries.AuditEntry, error) {
	q := queries.New(j.DB)
	switch {
	case n.image != nil:
		return q.AuditEntriesOfImage(ctx, queries.AuditEntriesOfImageParams{
			TenantID: tenantID, ImageID: *n.image, JobID: n.job, ActorID: n.actor, Action: n.action, FromSequence: from, BeforeSequence: before, MaxRows: rows,
		})
	case n.job != nil:
		return q.AuditEntriesOfJob(ctx, queries.AuditEntriesOfJobParams{
			TenantID: tenantID, JobID: *n.job, ActorID: n.actor, Action: n.action, FromSequence: from, BeforeSequence: before, MaxRows: rows,
		})
	case n.actor != nil && n.action != nil:
		return q.AuditEntriesOfActorAndAction(ctx, queries.AuditEntriesOfActorAndActionParams{
			TenantID: tenantID, ActorID: *n.actor, Action: *n.action, FromSequence: from, BeforeSequence: before, MaxRows: rows,
		})
	case n.actor != nil:
		return q.AuditEntriesOfActor(ctx, queries.AuditEntriesOfActorParams{
			TenantID: tenantID, ActorID: *n.actor, FromSequence: from, BeforeSequence: before, MaxRows: rows,
		})
	case n.action != nil:
		return q.AuditEntriesOfAction(ctx, queries.AuditEntriesOfActionParams{
			TenantID: tenantID, Action: *n.action, FromSequence: from, BeforeSequence: before, MaxRows: rows,
		})
	}
	return q.AuditEntries(ctx, queries.AuditEntriesParams{TenantID: tenantID, FromSequence: from, BeforeSequence: before, MaxRows: rows})
}

// EntryPage is a page of entries.
type EntryPage struct {
	Entries []*Entry
	More    bool // whether more follow
}

// OfJobs returns the same page of each job's entries, newest first, by job. Admins only.
func (j *Journal) OfJobs(ctx context.Context, v account.Viewer, jobs []*job.Job, w page.Window) (map[id.ID]EntryPage, error) {
	if err := v.Require(account.Admin, j.Now()); err != nil {
		return nil, err
	}
	params := queries.AuditEntriesOfJobsParams{TenantID: v.TenantID, BeforeSequence: math.MaxInt64, MaxRows: int32(w.Size + 1)}
	for _, one := range jobs {
		params.JobIds = append(params.JobIds, one.ID)
	}
	if w.After != nil {
		params.BeforeSequence = w.After.Key
	}
	rows, err := queries.New(j.DB).AuditEntriesOfJobs(ctx, params)
	if err != nil {
		return nil, fault.Database("list jobs' audit entries", err)
	}
	pages := make(map[id.ID]EntryPage, len(jobs))
	for start := 0; start < len(rows); {
		end := start + 1
		for end < len(rows) && *rows[end].JobID == *rows[start].JobID {
			end++
		}
		part, more := page.Cut(w, rows[start:end])
		pages[*rows[start].JobID] = EntryPage{Entries: entriesFrom(part), More: more}
		start = end
	}
	return pages, nil
}

// ByIDs returns those of the entries that are the studio's, in no order. Nobody but
// admins may see any.
func (j *Journal) ByIDs(ctx context.Context, v account.Viewer, ids []id.ID) ([]*Entry, error) {
	if err := v.Good(j.Now()); err != nil {
		return nil, err
	}
	rows, err := queries.New(j.DB).AuditEntriesByID(ctx, v.TenantID, ids)
	if err != nil {
		return nil, fault.Database("read audit entries", err)
	}
	if !v.Role.AtLeast(account.Admin) {
		return nil, nil
	}
	return entriesFrom(rows), nil
}
