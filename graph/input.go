package graph

import (
	"slices"

	"pixgate/graph/model"
	"pixgate/internal/account"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/session"
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
