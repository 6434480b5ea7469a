package matrix

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"pixgate/internal/id"
)

// Whatever text stands where one may, one after the other, and whatever time: it is refused
// as what it is, and never becomes a fault of ours, which would wake somebody up.
func TestNoTextMakesAFaultOfOurs(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	wrong := writer{types: matrixSchema().Types, named: map[string]string{
		"deviceId": id.Device.Format(m.Other.DeviceID), "jobId": m.Package.PublicID(), "bookingId": m.Booking.PublicID(),
		"taskId": m.dead, "uploadId": id.Upload.Format(m.upload), "id": m.Package.PublicID(),
	}}
	for _, root := range []string{"Query", "Mutation"} {
		for _, field := range wrong.types[root].Fields {
			if strings.HasPrefix(field.Name, "__") || field.Name == "logout" {
				continue
			}
			wrong.named["accountId"] = m.Other.PublicID()
			if field.Name == "eraseAccount" {
				wrong.named["accountId"] = m.member(t).PublicID()
			}
			for at := 0; ; at++ {
				wrong.seen, wrong.at = 0, at
				query := strings.ToLower(root) + " { " + wrong.call(field) + " }"
				got := m.as(m.Operator, query, nil)
				if got.status >= 500 || strings.Contains(got.body, "INTERNAL") || strings.Contains(got.body, "GRAPHQL_") {
					t.Errorf("%s: %d %s", query, got.status, got.body)
				}
				if at >= wrong.seen*len(hostileTexts) {
					break
				}
			}
		}
	}
}

// hostileTexts are a text and, where a time stands, a time.
var hostileTexts = [][2]string{
	{`a\u0000b`, "9999-12-31T23:59:59-23:59"}, {`\u001b[2J\u0007`, "0000-01-01T00:00:00+23:59"}, {"", ""},
}

// writer writes calls of which one text is hostile.
type writer struct {
	types map[string]*ast.Definition
	named map[string]string // ids that there are, by the names of arguments
	at    int               // which is hostile, and how
	seen  int               // texts so far
}

func (w *writer) call(field *ast.FieldDefinition) string {
	var arguments []string
	for _, argument := range field.Arguments {
		if argument.Name != "after" { // the others are judged behind it
			arguments = append(arguments, argument.Name+": "+w.value(argument.Name, argument.Type))
		}
	}
	text := field.Name
	if len(arguments) > 0 {
		text += "(" + strings.Join(arguments, ", ") + ")"
	}
	if w.types[field.Type.Name()].IsCompositeType() {
		text += " { __typename }"
	}
	return text
}

func (w *writer) value(name string, typ *ast.Type) string {
	if typ.Elem != nil {
		return "[" + w.value(name, typ.Elem) + "]"
	}
	switch definition := w.types[typ.Name()]; {
	case definition.Kind == ast.Enum:
		return definition.EnumValues[len(definition.EnumValues)-1].Name
	case definition.Kind == ast.InputObject:
		var fields []string
		for _, field := range definition.Fields {
			fields = append(fields, field.Name+": "+w.value(field.Name, field.Type))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	switch typ.Name() {
	case "ID":
		if known := w.named[name]; known != "" {
			return fmt.Sprintf("%q", known)
		}
		return w.text("x", 0)
	case "DateTime":
		return w.text("2027-01-01T00:00:00Z", 1)
	case "Date":
		return `"2027-03-01"`
	case "Boolean":
		return "true"
	case "Int", "Int64":
		return "1"
	}
	return w.text(map[string]string{"email": "somebody@example.com", "key": "small", "currency": "EUR"}[name], 0)
}

func (w *writer) text(fine string, kind int) string {
	w.seen++
	if w.at/len(hostileTexts) == w.seen-1 {
		fine = hostileTexts[w.at%len(hostileTexts)][kind]
	} else if fine == "" {
		fine = "fine"
	}
	return `"` + fine + `"`
}
