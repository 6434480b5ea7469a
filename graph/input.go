package graph

import (
	"slices"

	"pixgate/graph/model"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/session"
	"pixgate/internal/task"
	"pixgate/internal/watch"
)

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func device(input *model.DeviceInput) *session.Device {
	if input == nil {
		return nil
	}
	d := &session.Device{Secret: input.ID, Name: orEmpty(input.Name), Kind: string(model.DeviceKindOther)}
	if input.Kind != nil {
		d.Kind = string(*input.Kind)
	}
	return d
}

func imageFilter(filter *model.ImageFilter) job.ImageFilter {
	if filter == nil {
		return job.ImageFilter{}
	}
	wanted := job.ImageFilter{Released: filter.Released}
	if filter.SelectionState != nil {
		slices.Sort(filter.SelectionState)
		wanted.States = slices.Clone(slices.Compact(filter.SelectionState)) // six at most: the rest of a long list is let go
	}
	return wanted
}

func auditFilter(filter *model.AuditLogFilter) journal.Filter {
	if filter == nil {
		return journal.Filter{}
	}
	return journal.Filter{Job: filter.JobID, Image: filter.ImageID, Actor: filter.ActorID, Action: filter.Action, From: filter.From, To: filter.To}
}

func eventFilter(filter *model.SecurityEventFilter) watch.Filter {
	if filter == nil {
		return watch.Filter{}
	}
	return watch.Filter{Event: filter.Event, From: filter.From, To: filter.To}
}

func taskFilter(filter *model.TaskFilter) task.Filter {
	if filter == nil {
		return task.Filter{}
	}
	return task.Filter{State: filter.State, Kind: filter.Kind}
}

func userErrors(refusals []job.Refusal) []*model.UserError {
	shown := make([]*model.UserError, len(refusals))
	for i, refusal := range refusals {
		shown[i] = &model.UserError{Field: refusal.Field, Message: refusal.Message, Code: model.UserErrorCode(refusal.Code)}
		if use := refusal.Package; use != nil {
			shown[i].Limit, shown[i].Used, shown[i].Remaining = &use.Included, &use.Used, &use.Remaining
		}
	}
	return shown
}
