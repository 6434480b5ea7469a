// Package model holds the Go types of the schema: what gqlgen makes of it
// (model.go), and the pages of its lists (connection.go).
package model

import (
	"pixgate/internal/account"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/watch"
)

// JobConnection is a page of jobs.
type JobConnection struct {
	Nodes    []*job.Job
	Filter   job.Filter // what totalCount counts
	PageInfo *PageInfo
}

// NewJobConnection returns the page that answers w.
func NewJobConnection(jobs []*job.Job, more bool, filter job.Filter, w page.Window) *JobConnection {
	c := &JobConnection{Nodes: jobs, Filter: filter, PageInfo: &PageInfo{HasNextPage: more, HasPreviousPage: w.After != nil}}
	if n := len(jobs); n > 0 {
		c.PageInfo.StartCursor = new(jobs[0].Cursor().Text(page.Jobs))
		c.PageInfo.EndCursor = new(jobs[n-1].Cursor().Text(page.Jobs))
	}
	return c
}

// Edges returns the jobs with their cursors.
func (c *JobConnection) Edges() []*JobEdge {
	edges := make([]*JobEdge, len(c.Nodes))
	for i, j := range c.Nodes {
		edges[i] = &JobEdge{Cursor: j.Cursor().Text(page.Jobs), Node: j}
	}
	return edges
}

// ImageConnection is a page of a job's pictures.
type ImageConnection struct {
	Nodes    []*job.Image
	Job      *job.Job
	Filter   job.ImageFilter // what totalCount counts
	PageInfo *PageInfo
}

// NewImageConnection returns the page that answers w.
func NewImageConnection(listed job.ImagePage, j *job.Job, filter job.ImageFilter, w page.Window) *ImageConnection {
	images := listed.Images
	c := &ImageConnection{Nodes: images, Job: j, Filter: filter, PageInfo: &PageInfo{HasNextPage: listed.More, HasPreviousPage: w.After != nil}}
	if n := len(images); n > 0 {
		c.PageInfo.StartCursor = new(images[0].Cursor().Text(page.Images))
		c.PageInfo.EndCursor = new(images[n-1].Cursor().Text(page.Images))
	}
	return c
}

// Edges returns the pictures with their cursors.
func (c *ImageConnection) Edges() []*ImageEdge {
	edges := make([]*ImageEdge, len(c.Nodes))
	for i, image := range c.Nodes {
		edges[i] = &ImageEdge{Cursor: image.Cursor().Text(page.Images), Node: image}
	}
	return edges
}

// SecurityEventConnection is a page of security events.
type SecurityEventConnection struct {
	Nodes    []*watch.Event
	PageInfo *PageInfo
}

// NewSecurityEventConnection returns the page that answers w.
func NewSecurityEventConnection(events []*watch.Event, more bool, w page.Window) *SecurityEventConnection {
	c := &SecurityEventConnection{Nodes: events, PageInfo: &PageInfo{HasNextPage: more, HasPreviousPage: w.After != nil}}
	if n := len(events); n > 0 {
		c.PageInfo.StartCursor = new(events[0].Cursor().Text(page.SecurityEvents))
		c.PageInfo.EndCursor = new(events[n-1].Cursor().Text(page.SecurityEvents))
	}
	return c
}

// Edges returns the events with their cursors.
func (c *SecurityEventConnection) Edges() []*SecurityEventEdge {
	edges := make([]*SecurityEventEdge, len(c.Nodes))
	for i, event := range c.Nodes {
		edges[i] = &SecurityEventEdge{Cursor: event.Cursor().Text(page.SecurityEvents), Node: event}
	}
	return edges
}

// TenantConnection is a page of studios.
type TenantConnection struct {
	Nodes    []*account.Tenant
	PageInfo *PageInfo
}

// NewTenantConnection returns the page that answers w.
func NewTenantConnection(studios []*account.Tenant, more bool, w page.Window) *TenantConnection {
	return &TenantConnection{Nodes: studios, PageInfo: pageInfo(page.Tenants, studios, more, w)}
}

// Edges returns the studios with their cursors.
func (c *TenantConnection) Edges() []*TenantEdge {
	edges := make([]*TenantEdge, len(c.Nodes))
	for i, studio := range c.Nodes {
		edges[i] = &TenantEdge{Cursor: studio.Cursor().Text(page.Tenants), Node: studio}
	}
	return edges
}
