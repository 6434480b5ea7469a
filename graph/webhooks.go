package graph

import (
	"pixgate/graph/model"
	"pixgate/internal/webhook"
)

func webhookErrors(refusals []webhook.Refusal) []*model.UserError {
	all := []*model.UserError{}
	for _, one := range refusals {
		all = append(all, &model.UserError{Field: one.Field, Code: model.UserErrorCode(one.Code), Message: one.Message})
	}
	return all
}
