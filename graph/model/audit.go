package model

import (
	"pixgate/internal/journal"
	"pixgate/internal/page"
)

// AuditEntryConnection is a page of the audit log.
type AuditEntryConnection struct {
	Nodes    []*journal.Entry
	PageInfo *PageInfo
}

// NewAuditEntryConnection returns the page that answers w.
func NewAuditEntryConnection(entries []*journal.Entry, more bool, w page.Window) *AuditEntryConnection {
	return &AuditEntryConnection{Nodes: entries, PageInfo: pageInfo(page.AuditLog, entries, more, w)}
}

// Edges returns the entries with their cursors.
func (c *AuditEntryConnection) Edges() []*AuditEntryEdge {
	edges := make([]*AuditEntryEdge, len(c.Nodes))
	for i, entry := range c.Nodes {
		edges[i] = &AuditEntryEdge{Cursor: entry.Cursor().Text(page.AuditLog), Node: entry}
	}
	return edges
}

// ImageEventConnection is a page of a picture's history.
type ImageEventConnection struct {
	Nodes    []*journal.Event
	PageInfo *PageInfo
}

// NewImageEventConnection returns the page that answers w.
func NewImageEventConnection(listed journal.EventPage, w page.Window) *ImageEventConnection {
	return &ImageEventConnection{Nodes: listed.Events, PageInfo: pageInfo(page.History, listed.Events, listed.More, w)}
}

// Edges returns the events with their cursors.
func (c *ImageEventConnection) Edges() []*ImageEventEdge {
	edges := make([]*ImageEventEdge, len(c.Nodes))
	for i, event := range c.Nodes {
		edges[i] = &ImageEventEdge{Cursor: event.Cursor().Text(page.History), Node: event}
	}
	return edges
}

func pageInfo[T interface{ Cursor() page.Cursor }](list page.List, nodes []T, more bool, w page.Window) *PageInfo {
	info := &PageInfo{HasNextPage: more, HasPreviousPage: w.After != nil}
	if n := len(nodes); n > 0 {
		info.StartCursor = new(nodes[0].Cursor().Text(list))
		info.EndCursor = new(nodes[n-1].Cursor().Text(list))
	}
	return info
}
