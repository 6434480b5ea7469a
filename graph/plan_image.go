package graph

import (
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"pixgate/graph/model"
	"pixgate/graph/scalar"
	"pixgate/internal/fault"
	"pixgate/internal/job"
)

// imageStep writes the value of one field of a picture, the i-th of the page.
type imageStep struct {
	key   []byte // "alias":
	write func(dst []byte, i int, image *job.Image) []byte
}

func appendImage(dst []byte, i int, image *job.Image, steps []imageStep) []byte {
	dst = append(dst, '{')
	for n, step := range steps {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, step.key...)
		dst = step.write(dst, i, image)
	}
	return append(dst, '}')
}

func always(text string) func([]byte, int, *job.Image) []byte {
	return func(dst []byte, _ int, _ *job.Image) []byte { return append(dst, text...) }
}

// planImage plans a picture's fields. at is where the i-th picture stands in the
// answer.
func (w *pageWriter) planImage(selections ast.SelectionSet, at func(i int) ast.Path) (steps []imageStep, ok bool) {
	for _, field := range graphql.CollectFields(w.op, selections, []string{"Image", "Node"}) {
		step := imageStep{key: keyOf(field), write: imageFields[field.Name]}
		switch field.Name {
		case "downloadUrl":
			// A link is written behind the gate, or not by a plan.
			if to, guarded := entitledTo(field.Definition); !guarded || to != model.AccessDownload || len(field.Definition.Directives) != 1 {
				return nil, false
			}
			step.write = w.downloadURL(field, at)
			steps = append(steps, step)
			continue
		case "previewUrl":
			small := field.ArgumentMap(w.op.Variables)["size"] == string(model.PreviewSizeSmall)
			step.write = func(dst []byte, _ int, image *job.Image) []byte { return w.previewURL(dst, image, small) }
		}
		if step.write == nil || !plain(field) {
			return nil, false
		}
		steps = append(steps, step)
	}
	return steps, true
}

// downloadURL writes the link of a picture behind the gate: null with an error at
// the field's path where it says no.
func (w *pageWriter) downloadURL(field graphql.CollectedField, at func(int) ast.Path) func([]byte, int, *job.Image) []byte {
	req := requestFrom(w.ctx)
	return func(dst []byte, i int, image *job.Image) []byte {
		link := req.link(image)
		if link == nil || !w.r.may(req.viewer, image, model.AccessDownload) {
			graphql.AddError(w.ctx, &gqlerror.Error{
				Err: fault.Refused(), Path: append(at(i), ast.PathName(field.Alias)),
				Locations: []gqlerror.Location{{Line: field.Position.Line, Column: field.Position.Column}},
			})
			return append(dst, "null"...)
		}
		dst = append(dst, '"')
		dst = append(dst, link...) // a URL needs no escapes in JSON
		return append(dst, '"')
	}
}

func (w *pageWriter) previewURL(dst []byte, image *job.Image, small bool) []byte {
	url, ok := w.r.Downloads.PreviewURL(requestFrom(w.ctx).viewer, image, small)
	if !ok {
		return append(dst, "null"...)
	}
	return appendString(dst, url)
}

// imageFields writes the plain fields of a picture.
var imageFields = map[string]func(dst []byte, i int, image *job.Image) []byte{
	"__typename": always(`"Image"`),
	"id": func(dst []byte, _ int, image *job.Image) []byte {
		return append(image.AppendPublicID(append(dst, '"')), '"')
	},
	"filename":    func(dst []byte, _ int, image *job.Image) []byte { return appendString(dst, image.Filename) },
	"contentType": func(dst []byte, _ int, image *job.Image) []byte { return appendString(dst, image.ContentType) },
	"size":        func(dst []byte, _ int, image *job.Image) []byte { return strconv.AppendInt(dst, image.Size, 10) },
	"width": func(dst []byte, _ int, image *job.Image) []byte {
		return strconv.AppendInt(dst, int64(image.Width), 10)
	},
	"height": func(dst []byte, _ int, image *job.Image) []byte {
		return strconv.AppendInt(dst, int64(image.Height), 10)
	},
	"capturedAt": func(dst []byte, _ int, image *job.Image) []byte {
		if image.CapturedAt == nil {
			return append(dst, "null"...)
		}
		return scalar.AppendDateTime(dst, *image.CapturedAt)
	},
	"sha256":         func(dst []byte, _ int, image *job.Image) []byte { return appendString(dst, image.Checksum()) },
	"selectionState": func(dst []byte, _ int, image *job.Image) []byte { return appendString(dst, string(image.State)) },
	"released":       func(dst []byte, _ int, image *job.Image) []byte { return strconv.AppendBool(dst, image.Released()) },
	"releaseReason": func(dst []byte, _ int, image *job.Image) []byte {
		return appendString(dst, string(image.ReleaseReason()))
	},
	"deliveredAt": func(dst []byte, _ int, image *job.Image) []byte {
		if image.DeliveredAt == nil {
			return append(dst, "null"...)
		}
		return scalar.AppendDateTime(dst, *image.DeliveredAt)
	},
}

func appendNullable(dst []byte, text *string) []byte {
	if text == nil {
		return append(dst, "null"...)
	}
	return appendString(dst, *text)
}

// appendString writes text as a JSON string, with the escapes that gqlgen uses.
func appendString(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' {
			var escaped appender
			graphql.MarshalString(text).MarshalGQL(&escaped)
			return append(dst, escaped...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}

// appender is a byte slice to write to.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
