// Package model holds the Go types of the schema: what gqlgen makes of it
// (model.go), and the pages of its lists (connection.go).
package model

import (
	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/transfer"
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

// UploadConnection is a page of a job's uploads.
type UploadConnection struct {
	Nodes    []*transfer.Upload
	PageInfo *PageInfo
}

// NewUploadConnection returns the page that answers w.
func NewUploadConnection(uploads []*transfer.Upload, more bool, w page.Window) *UploadConnection {
	return &UploadConnection{Nodes: uploads, PageInfo: pageInfo(page.Uploads, uploads, more, w)}
}

// Edges returns the uploads with their cursors.
func (c *UploadConnection) Edges() []*UploadEdge {
	edges := make([]*UploadEdge, len(c.Nodes))
	for i, upload := range c.Nodes {
		edges[i] = &UploadEdge{Cursor: upload.Cursor().Text(page.Uploads), Node: upload}
	}
	return edges
}

// BookingConnection is a page of bookings.
type BookingConnection struct {
	Nodes    []*booking.Booking
	Filter   booking.Filter // what totalCount counts
	PageInfo *PageInfo
}

// NewBookingConnection returns the page that answers w.
func NewBookingConnection(bookings []*booking.Booking, more bool, filter booking.Filter, w page.Window) *BookingConnection {
	c := &BookingConnection{Nodes: bookings, Filter: filter, PageInfo: &PageInfo{HasNextPage: more, HasPreviousPage: w.After != nil}}
	if n := len(bookings); n > 0 {
		c.PageInfo.StartCursor = new(bookings[0].Cursor().Text(page.Bookings))
		c.PageInfo.EndCursor = new(bookings[n-1].Cursor().Text(page.Bookings))
	}
	return c
}

// Edges returns the bookings with their cursors.
func (c *BookingConnection) Edges() []*BookingEdge {
	edges := make([]*BookingEdge, len(c.Nodes))
	for i, b := range c.Nodes {
		edges[i] = &BookingEdge{Cursor: b.Cursor().Text(page.Bookings), Node: b}
	}
	return edges
}

// AccountConnection is a page of a studio's people.
type AccountConnection struct {
	Nodes    []*account.Account
	PageInfo *PageInfo
}

// NewAccountConnection returns the page that answers w.
func NewAccountConnection(people []*account.Account, more bool, w page.Window) *AccountConnection {
	return &AccountConnection{Nodes: people, PageInfo: pageInfo(page.Accounts, people, more, w)}
}

// Edges returns the people with their cursors.
func (c *AccountConnection) Edges() []*AccountEdge {
	edges := make([]*AccountEdge, len(c.Nodes))
	for i, one := range c.Nodes {
		edges[i] = &AccountEdge{Cursor: one.Cursor().Text(page.Accounts), Node: one}
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
