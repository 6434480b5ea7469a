package graph

import (
	"slices"

	"pixgate/graph/model"
	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/session"
	"pixgate/internal/task"
	"pixgate/internal/transfer"
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
	d := &session.Device{Secret: input.ID, Name: orEmpty(input.Name), Kind: string(account.OtherDevice)}
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
		switch quota := refusal.Quota; {
		case quota == nil:
		case quota.Bytes:
			shown[i].LimitBytes, shown[i].UsedBytes, shown[i].RemainingBytes = &quota.Limit, &quota.Used, &quota.Remaining
		default:
			shown[i].Limit, shown[i].Used, shown[i].Remaining = new(int(quota.Limit)), new(int(quota.Used)), new(int(quota.Remaining))
		}
	}
	return shown
}

func uploadStates(filter *model.UploadFilter) []transfer.UploadState {
	if filter == nil || filter.State == nil {
		return nil
	}
	slices.Sort(filter.State)
	return append([]transfer.UploadState{}, slices.Compact(filter.State)...) // six at most: the rest of a long list is let go
}

// addresses are those of all elements, as the generated code wants them.
func addresses[T any](list []T) []*T {
	all := make([]*T, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return all
}

func bookingErrors(refusals []booking.Refusal) []*model.UserError {
	shown := make([]*model.UserError, len(refusals))
	for i, refusal := range refusals {
		shown[i] = &model.UserError{Field: refusal.Field, Message: refusal.Message, Code: model.UserErrorCode(refusal.Code)}
	}
	return shown
}

func accountFilter(filter *model.AccountFilter) account.Filter {
	if filter == nil {
		return account.Filter{}
	}
	return account.Filter{Text: filter.Text, Role: filter.Role, Blocked: filter.Blocked, Expired: filter.Expired}
}

func memberErrors(refusals []account.Refusal) []*model.UserError {
	shown := make([]*model.UserError, len(refusals))
	for i, refusal := range refusals {
		shown[i] = &model.UserError{Field: refusal.Field, Message: refusal.Message, Code: model.UserErrorCode(refusal.Code)}
	}
	return shown
}
