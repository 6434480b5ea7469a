package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/graph/model"
	"pixgate/internal/job"
	"pixgate/internal/session"
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
	return job.ImageFilter{Released: filter.Released, States: filter.SelectionState}
}

func userErrors(refusals []job.Refusal) []*model.UserError {
	shown := make([]*model.UserError, len(refusals))
	for i, refusal := range refusals {
		shown[i] = &model.UserError{Field: refusal.Field, Message: refusal.Message, Code: model.UserErrorCode(refusal.Code)}
	}
	return shown
}

// grantListed asks for the links of a page of pictures at once, where the request
// wants them.
func (r *Resolver) grantListed(ctx context.Context, images []*job.Image) error {
	op := graphql.GetOperationContext(ctx)
	connection := graphql.GetFieldContext(ctx).Field.Selections
	for _, field := range graphql.CollectFields(op, connection, []string{"ImageConnection"}) {
		wanted := false
		switch field.Name {
		case "nodes":
			wanted = asksDownload(op, field.Selections, "Image")
		case "edges":
			for _, edge := range graphql.CollectFields(op, field.Selections, []string{"ImageEdge"}) {
				wanted = wanted || edge.Name == "node" && asksDownload(op, edge.Selections, "Image")
			}
		}
		if wanted {
			return r.grant(ctx, images)
		}
	}
	return nil
}
