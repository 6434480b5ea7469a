package graph

import (
	"context"
	"io"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"pixgate/graph/model"
	"pixgate/internal/job"
	"pixgate/internal/page"
)

// A page of pictures is the answer that most requests wait for. gqlgen would start
// a goroutine for each picture and make a context for each of its fields; a plan
// walks the selection once and then writes the pictures one after another. It is
// made from the schema's directives, knows plain fields only, and leaves every
// selection that holds anything else to gqlgen: docs/decisions/0003 has the figures.

// planned is the field middleware that writes Job.images by a plan where it can.
// gqlgen takes a Marshaler in place of a field's value.
func (r *Resolver) planned(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil {
		return value, err
	}
	connection, ok := value.(*model.ImageConnection)
	if !ok || connection == nil {
		return value, nil
	}
	w := &pageWriter{ctx: ctx, r: r, op: graphql.GetOperationContext(ctx), page: connection}
	field := graphql.GetFieldContext(ctx)
	steps, ok := w.plan(field.Field.Selections)
	if !ok {
		return value, nil
	}
	field.Result = connection // errors below the field come after its result
	return written(w.object(make([]byte, 0, len(connection.Nodes)*usualImage), steps)), nil
}

// usualImage is about how many bytes of JSON a picture takes, with its link.
const usualImage = 1200

// written is JSON that is ready.
type written []byte

// MarshalGQL writes the JSON.
func (b written) MarshalGQL(w io.Writer) { _, _ = w.Write(b) }

// pageWriter writes one page.
type pageWriter struct {
	ctx  context.Context
	r    *Resolver
	op   *graphql.OperationContext
	page *model.ImageConnection
}

// pageStep writes the value of one field of the connection.
type pageStep struct {
	key   []byte // "alias":
	write func(dst []byte) []byte
}

func (w *pageWriter) object(dst []byte, steps []pageStep) []byte {
	dst = append(dst, '{')
	for i, step := range steps {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, step.key...)
		dst = step.write(dst)
	}
	return append(dst, '}')
}

// plan plans the connection's fields; ok is false where one is not plain.
func (w *pageWriter) plan(selections ast.SelectionSet) (steps []pageStep, ok bool) {
	for _, field := range graphql.CollectFields(w.op, selections, []string{"ImageConnection"}) {
		step := pageStep{key: keyOf(field)}
		switch field.Name {
		case "__typename":
			step.write = constant(`"ImageConnection"`)
		case "pageInfo":
			step.write = w.planPageInfo(field.Selections)
		case "totalCount":
			step.write = w.planTotal()
		case "nodes":
			step.write = w.planNodes(field)
		case "edges":
			step.write = w.planEdges(field)
		}
		if step.write == nil || !plain(field) {
			return nil, false
		}
		steps = append(steps, step)
	}
	return steps, true
}

// plain reports whether nothing but its name says what a field is: no directive
// of the schema stands on it.
func plain(field graphql.CollectedField) bool {
	return field.Definition == nil || field.Name == "__typename" || len(field.Definition.Directives) == 0
}

func keyOf(field graphql.CollectedField) []byte {
	return append(appendString(nil, field.Alias), ':')
}

func constant(text string) func([]byte) []byte {
	return func(dst []byte) []byte { return append(dst, text...) }
}

// The functions below plan one field each; nil is for what is not plain.

func (w *pageWriter) planTotal() func([]byte) []byte {
	n, err := w.r.countImages(w.ctx, w.page.Job, w.page.Filter)
	if err != nil {
		return nil // gqlgen's way asks again, and reports it
	}
	return constant(strconv.Itoa(n))
}

func (w *pageWriter) planPageInfo(selections ast.SelectionSet) func([]byte) []byte {
	var steps []pageStep
	info := w.page.PageInfo
	for _, field := range graphql.CollectFields(w.op, selections, []string{"PageInfo"}) {
		step := pageStep{key: keyOf(field)}
		switch field.Name {
		case "__typename":
			step.write = constant(`"PageInfo"`)
		case "hasNextPage":
			step.write = constant(strconv.FormatBool(info.HasNextPage))
		case "hasPreviousPage":
			step.write = constant(strconv.FormatBool(info.HasPreviousPage))
		case "startCursor":
			step.write = func(dst []byte) []byte { return appendNullable(dst, info.StartCursor) }
		case "endCursor":
			step.write = func(dst []byte) []byte { return appendNullable(dst, info.EndCursor) }
		}
		if step.write == nil || !plain(field) {
			return nil
		}
		steps = append(steps, step)
	}
	return func(dst []byte) []byte { return w.object(dst, steps) }
}

func (w *pageWriter) planNodes(field graphql.CollectedField) func([]byte) []byte {
	at := append(graphql.GetPath(w.ctx), ast.PathName(field.Alias))
	steps, ok := w.planImage(field.Selections, func(i int) ast.Path { return append(at[:len(at):len(at)], ast.PathIndex(i)) })
	if !ok {
		return nil
	}
	return func(dst []byte) []byte { return w.list(dst, steps) }
}

func (w *pageWriter) planEdges(field graphql.CollectedField) func([]byte) []byte {
	at := append(graphql.GetPath(w.ctx), ast.PathName(field.Alias))
	var steps []imageStep
	for _, edge := range graphql.CollectFields(w.op, field.Selections, []string{"ImageEdge"}) {
		step := imageStep{key: keyOf(edge)}
		switch edge.Name {
		case "__typename":
			step.write = always(`"ImageEdge"`)
		case "cursor":
			step.write = func(dst []byte, _ int, image *job.Image) []byte {
				dst = append(dst, '"')
				return append(image.Cursor().Append(dst, page.Images), '"')
			}
		case "node":
			node := ast.PathName(edge.Alias)
			inner, ok := w.planImage(edge.Selections, func(i int) ast.Path {
				return append(at[:len(at):len(at)], ast.PathIndex(i), node)
			})
			if !ok {
				return nil
			}
			step.write = func(dst []byte, i int, image *job.Image) []byte { return appendImage(dst, i, image, inner) }
		}
		if step.write == nil || !plain(edge) {
			return nil
		}
		steps = append(steps, step)
	}
	return func(dst []byte) []byte { return w.list(dst, steps) }
}

// list writes the pictures, each as an object of these steps.
func (w *pageWriter) list(dst []byte, steps []imageStep) []byte {
	dst = append(dst, '[')
	for i, image := range w.page.Nodes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendImage(dst, i, image, steps)
	}
	return append(dst, ']')
}
