package model

import (
	"pixgate/internal/page"
	"pixgate/internal/task"
)

// MaintenanceRunConnection is a page of runs of maintenance.
type MaintenanceRunConnection struct {
	Nodes    []*task.Run
	PageInfo *PageInfo
}

// NewMaintenanceRunConnection returns the page that answers w.
func NewMaintenanceRunConnection(runs []*task.Run, more bool, w page.Window) *MaintenanceRunConnection {
	return &MaintenanceRunConnection{Nodes: runs, PageInfo: pageInfo(page.Runs, runs, more, w)}
}

// Edges returns the runs with their cursors.
func (c *MaintenanceRunConnection) Edges() []*MaintenanceRunEdge {
	edges := make([]*MaintenanceRunEdge, len(c.Nodes))
	for i, run := range c.Nodes {
		edges[i] = &MaintenanceRunEdge{Cursor: run.Cursor().Text(page.Runs), Node: run}
	}
	return edges
}

// TaskConnection is a page of background tasks.
type TaskConnection struct {
	Nodes    []*task.Task
	PageInfo *PageInfo
}

// NewTaskConnection returns the page that answers w.
func NewTaskConnection(tasks []*task.Task, more bool, w page.Window) *TaskConnection {
	return &TaskConnection{Nodes: tasks, PageInfo: pageInfo(page.Tasks, tasks, more, w)}
}

// Edges returns the tasks with their cursors.
func (c *TaskConnection) Edges() []*TaskEdge {
	edges := make([]*TaskEdge, len(c.Nodes))
	for i, one := range c.Nodes {
		edges[i] = &TaskEdge{Cursor: one.Cursor().Text(page.Tasks), Node: one}
	}
	return edges
}
