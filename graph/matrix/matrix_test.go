package matrix

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"pixgate/graph/generated"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

func matrixSchema() *ast.Schema { return generated.NewExecutableSchema(generated.Config{}).Schema() }

// row is a line of a table.
type row struct {
	name  string // "Type.field"
	about string // what stands in brackets
	cells map[string]string
}

var tableLine = regexp.MustCompile(`^(\S+(?: [a-z]\S+)?)(?: \[([^]]+)\])?((?:\s+(?:[vn0-]|r?[4A-Z][0-9A-Z]{2})){13})$`)

// table reads one of the tables. Its first line repeats the callers.
func table(t *testing.T, text string) []row {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if !slices.Equal(strings.Fields(lines[0]), callers) {
		t.Fatalf("a table's head is %q, not the callers", lines[0])
	}
	var rows []row
	for _, line := range lines[1:] {
		if line == "" {
			continue
		}
		part := tableLine.FindStringSubmatch(line)
		if part == nil {
			t.Fatalf("not a row of %d marks: %q", len(callers), line)
		}
		rows = append(rows, row{part[1], part[2], cellsOf(part[3])})
	}
	return rows
}

func cellsOf(text string) map[string]string {
	cells := map[string]string{}
	for i, mark := range strings.Fields(text) {
		cells[callers[i]] = mark
	}
	return cells
}

// guarded reports whether a field has a directive of its own.
func guarded(field *ast.FieldDefinition) bool { return len(field.Directives) > 0 }

// document makes a query of a way, with fields in place of its @.
func document(ask, fields string) string {
	kind, body := "query", ask
	for _, other := range []string{"mutation", "subscription"} {
		if rest, is := strings.CutPrefix(ask, other+" "); is {
			kind, body = other, rest
		}
	}
	body = strings.ReplaceAll(body, "@", fields)
	var declared []string
	for _, name := range []string{"job", "image", "account", "import", "auditentry", "securityevent", "upload", "rejected", "parted", "taken", "booking", "device", "tenant", "maintenancerun", "task", "webhook", "webhookdelivery"} {
		if strings.Contains(body, "$"+name+")") {
			declared = append(declared, "$"+name+": ID!")
		}
	}
	if part := regexp.MustCompile(`(\w+)\(input: \$input\)`).FindStringSubmatch(body); part != nil {
		declared = append(declared, "$input: "+strings.ToUpper(part[1][:1])+part[1][1:]+"Input!")
	}
	if declared == nil {
		return kind + " " + body
	}
	return kind + "(" + strings.Join(declared, ", ") + ") " + body
}

// asked is how a field stands in a query.
func asked(schema *ast.Schema, typeName string, field *ast.FieldDefinition) string {
	if call, ok := calls[typeName+"."+field.Name]; ok {
		return call
	}
	if schema.Types[field.Type.Name()].IsCompositeType() {
		return field.Name + " { __typename }"
	}
	return field.Name
}

// TestMatrix asks for every field as everybody, on every way that leads to it.
func TestMatrix(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	rows := table(t, fieldRows)
	t.Run("ways", func(t *testing.T) {
		for _, w := range ways {
			t.Run(w.to+" "+w.ask, func(t *testing.T) {
				t.Parallel()
				m := m
				if w.isMutation() {
					m = newMatrix(t)
				}
				for _, caller := range callers {
					m.walk(t, w, caller, rows)
				}
			})
		}
	})
	if !t.Failed() {
		m.checkDeliveries(t)
	}
}

// isWatch reports whether the way leads to the root of subscriptions itself.
func (w way) isWatch() bool { return w.to == "Subscription" }

func (w way) isMutation() bool { return strings.HasPrefix(w.ask, "mutation") }

// walk asks for all fields at the end of a way: those with a directive of their
// own alone, the others at once.
func (m *matrix) walk(t *testing.T, w way, caller string, rows []row) {
	t.Helper()
	schema := matrixSchema()
	together := map[string]map[string]string{} // by what they are about: field, mark
	for _, r := range rows {
		typeName, name, _ := strings.Cut(r.name, ".")
		field := schema.Types[w.to].Fields.ForName(name)
		if typeName != w.to || field == nil {
			continue
		}
		special := slices.ContainsFunc(rows, func(other row) bool { return w.name != "" && other.name == r.name && other.about == w.name })
		isState := r.about == strings.ToUpper(r.about) || strings.HasPrefix(r.about, "all ")
		var mark string
		switch {
		case r.about == w.name && w.name != "":
			mark = r.cells[caller]
		case special, !isState:
			continue
		default:
			if mark = cellsOf(w.cells)[caller]; mark == "." {
				mark = r.cells[caller]
			}
		}
		about := ""
		if isState {
			about = r.about
		}
		if guarded(field) || mark == "REJ" { // it refuses the whole
			m.judge(t, w, caller, about, map[string]string{asked(schema, w.to, field): mark})
			continue
		}
		if together[about] == nil {
			together[about] = map[string]string{}
		}
		together[about][asked(schema, w.to, field)] = mark
	}
	for about, fields := range together {
		m.judge(t, w, caller, about, fields)
	}
}

// subject returns the ids that a row is about, by the names of the variables.
func (m *matrix) subject(about string) map[string]any {
	j, run, booked := m.Package, m.Import, m.Booking
	state, all := strings.CutPrefix(about, "all ")
	if all {
		j, run, booked = m.All, m.importOfAll, m.bookingOfAll
	}
	if state == "" {
		state = string(job.Included)
	}
	imageID := j.Images[job.SelectionState(state)]
	return map[string]any{
		"job": j.PublicID(), "image": id.Image.Format(imageID), "import": id.Import.Format(run), "account": m.Owner.PublicID(),
		"auditentry": id.Audit.Format(m.audited[imageID]), "securityevent": id.Security.Format(m.event),
		"upload": id.Upload.Format(m.upload), "rejected": id.Upload.Format(m.rejected), "parted": id.Upload.Format(m.parted), "taken": id.Upload.Format(m.taken[imageID]),
		"booking":        booked.PublicID(),
		"device":         id.Device.Format(m.Owner.DeviceID),
		"tenant":         id.Tenant.Format(m.TenantID),
		"maintenancerun": id.Run.Format(m.run), "task": m.dead,
		"webhook": id.Webhook.Format(m.hook), "webhookdelivery": id.Delivery.Format(m.hookDelivery),
	}
}

// judge asks for fields at the end of a way and compares what each gives with its mark.
func (m *matrix) judge(t *testing.T, w way, caller, about string, fields map[string]string) {
	t.Helper()
	who := m.person(caller)
	variables := m.subject(about)
	if w.input != "" {
		variables["input"] = inputs[w.input](t, m, who)
	}
	got := m.send(t, who, document(w.ask, strings.Join(slices.Sorted(maps.Keys(fields)), " ")), variables)
	object, path := find(got.data, []any{}, variables[strings.ToLower(w.to)], w.to)
	if w.isWatch() { // its root has no __typename
		object, _ = got.data.(map[string]any)
		path = []any{}
	}
	blamed := map[string][]string{} // fields, by what is wrong with them
	for asked, mark := range fields {
		name := fieldName.FindString(asked)
		if wrong := got.wrong(mark, object, append(slices.Clone(path), name), w.names()); wrong != "" {
			blamed[wrong] = append(blamed[wrong], w.to+"."+name)
		}
	}
	for wrong, names := range blamed {
		t.Errorf("%s [%s] as %s: %s", strings.Join(slices.Sorted(slices.Values(names)), " "), about, caller, wrong)
	}
}

var fieldName = regexp.MustCompile(`^\w+`)

// names reports whether the way's root field names the very object.
func (w way) names() bool {
	last, _ := w.lastStep()
	return w.to == "Query" || w.isWatch() || last != nil && last.Definition.Directives.ForName("entitled") != nil && last.ObjectDefinition.Name != "Image" && last.ObjectDefinition.Name != "Job"
}

// lastStep returns the field that gives the object at the end of a way, nil for the
// root, and the object's type.
func (w way) lastStep() (last *ast.Field, typeName string) {
	if w.isWatch() {
		return nil, w.to
	}
	doc, err := gqlparser.LoadQueryWithRules(matrixSchema(), document(w.ask, "at: __typename"), rules.NewDefaultRules())
	if err != nil {
		panic(fmt.Sprintf("%s: %v", w.ask, err))
	}
	var walk func(within *ast.Field, set ast.SelectionSet)
	walk = func(within *ast.Field, set ast.SelectionSet) {
		for _, selection := range set {
			switch one := selection.(type) {
			case *ast.Field:
				if one.Alias == "at" {
					last, typeName = within, one.ObjectDefinition.Name
				}
				walk(one, one.SelectionSet)
			case *ast.InlineFragment:
				walk(within, one.SelectionSet)
			case *ast.FragmentSpread:
				walk(within, one.Definition.SelectionSet)
			}
		}
	}
	walk(nil, doc.Operations[0].SelectionSet)
	return last, typeName
}

// find returns the object that is marked "here" with the id or the type, and its path.
func find(value any, path []any, publicID any, typeName string) (map[string]any, []any) {
	switch v := value.(type) {
	case map[string]any:
		if here := v["here"]; here != nil && (here == publicID || here == typeName) {
			return v, path
		}
		for name, inner := range v {
			if object, at := find(inner, append(slices.Clone(path), name), publicID, typeName); object != nil {
				return object, at
			}
		}
	case []any:
		for i, inner := range v {
			if object, at := find(inner, append(slices.Clone(path), float64(i)), publicID, typeName); object != nil {
				return object, at
			}
		}
	}
	return nil, nil
}

// wrong returns what is wrong with a reply, as far as it is about one field; empty for nothing.
func (r reply) wrong(mark string, object map[string]any, path []any, named bool) string {
	if _, refused := refusals[strings.TrimPrefix(mark, "r")]; refused && (mark != "403" || named || object == nil) {
		return r.refusedAs(mark)
	}
	if r.status != 200 && !(mark == "-" && r.refusedBelow()) {
		return fmt.Sprintf("got %v; want %q", r, mark)
	}
	if mark == "-" {
		if object != nil {
			return "it is there"
		}
		return ""
	}
	if object == nil {
		return fmt.Sprintf("got %v without it; want %q", r, mark)
	}
	value, present := object[path[len(path)-1].(string)]
	list, isList := value.([]any)
	switch mark {
	case "403":
		if value != nil || !present || !r.has("FORBIDDEN", path) {
			return fmt.Sprintf("got %v, null %t; want null with FORBIDDEN at %v", r, value == nil, path)
		}
		return ""
	case "n":
		present = present && value == nil
	case "0":
		present = isList && len(list) == 0
	default:
		present = value != nil && (!isList || len(list) > 0)
	}
	if !present || r.has("", path) {
		return fmt.Sprintf("got null %t, list of %d, %v; want %q", value == nil, len(list), r, mark)
	}
	return ""
}

// checkDeliveries asks the database, by a rule of its own, who got what.
func (m *matrix) checkDeliveries(t *testing.T) {
	t.Helper()
	const wrongful = `
		SELECT count(*) FROM delivery d
		JOIN account a ON a.id = d.account_id JOIN job j ON j.id = d.job_id CROSS JOIN unnest(d.image_ids) i LEFT JOIN image p ON p.id = i AND p.job_id = j.id
		WHERE p.id IS NULL OR a.tenant_id <> j.tenant_id OR a.blocked_at IS NOT NULL OR a.valid_until < d.at AND a.role IN ('CUSTOMER', 'PHOTOGRAPHER')
		   OR NOT CASE a.role WHEN 'ADMIN' THEN d.staff WHEN 'OPERATOR' THEN d.staff WHEN 'PHOTOGRAPHER' THEN d.staff AND j.photographer_id = a.id
		       ELSE NOT d.staff AND j.account_id = a.id AND p.selection_state <> 'BLOCKED'
		           AND (j.all_images_included OR p.selection_state IN ('INCLUDED', 'EXTRA_PAID', 'EXTRA_FREE')) END`
	if n := m.count(wrongful); n != 0 {
		t.Errorf("%d pictures were delivered to somebody who must not have them", n)
	}
	const marked = `
		SELECT count(*) FROM image p WHERE p.delivered_at IS NOT NULL AND p.id <> $1
		   AND NOT EXISTS (SELECT FROM delivery d WHERE NOT d.staff AND p.id = ANY(d.image_ids))`
	if n := m.count(marked, m.Package.Images[job.Included]); n != 0 {
		t.Errorf("%d pictures are marked as delivered that no customer got", n)
	}
	for _, caller := range callers[1:12] {
		got := m.count("SELECT count(*) FROM delivery WHERE account_id = $1", m.person(caller).AccountID)
		if may := !slices.Contains([]string{"idl", "blk", "exp", "rem"}, caller); may != (got > 0) {
			t.Errorf("%s got pictures by %d requests", caller, got)
		}
	}
}
