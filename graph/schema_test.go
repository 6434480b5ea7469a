package graph

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"pixgate/graph/generated"
	"pixgate/internal/gate"
	"pixgate/internal/id"
)

// golden is the schema as it was reviewed last.
const golden = "../docs/schema.graphql"

// TestSDL holds the schema against docs/schema.graphql, so that every change of it
// shows in a review. UPDATE_GOLDEN=1 writes the file.
func TestSDL(t *testing.T) {
	t.Parallel()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(SDL()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	reviewed, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(reviewed) != SDL() {
		t.Error("the schema is not what docs/schema.graphql says: run UPDATE_GOLDEN=1 go test ./graph -run TestSDL and look at the difference")
	}
}

func theSchema() *ast.Schema { return generated.NewExecutableSchema(generated.Config{}).Schema() }

// own are the definitions that are neither GraphQL's nor gqlgen's.
func own(schema *ast.Schema) []*ast.Definition {
	var all []*ast.Definition
	for _, one := range schema.Types {
		if !one.BuiltIn && !strings.HasPrefix(one.Name, "__") {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b *ast.Definition) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// objectTypes are those of them that have fields of their own.
func objectTypes(schema *ast.Schema) []*ast.Definition {
	return slices.DeleteFunc(own(schema), func(one *ast.Definition) bool { return one.Kind != ast.Object })
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	schema := theSchema()
	sentence := func(name, description string) {
		if text := strings.TrimSpace(description); len(text) < 5 || !strings.ContainsAny(text[len(text)-1:], ".?!)") {
			t.Errorf("%s: its description %q is not a sentence with an end", name, description)
		}
	}
	for _, one := range own(schema) {
		sentence(one.Name, one.Description)
		for _, field := range one.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			sentence(one.Name+"."+field.Name, field.Description)
			for _, argument := range field.Arguments {
				sentence(one.Name+"."+field.Name+"("+argument.Name+":)", argument.Description)
			}
		}
		for _, value := range one.EnumValues {
			sentence(one.Name+"."+value.Name, value.Description)
		}
	}
	for _, name := range []string{"auth", "entitled", "rateLimit"} {
		directive := schema.Directives[name]
		sentence("@"+name, directive.Description)
		for _, argument := range directive.Arguments {
			sentence("@"+name+"("+argument.Name+":)", argument.Description)
		}
	}
}

var (
	pascal = regexp.MustCompile(`^[A-Z][a-zA-Z0-9]*$`)
	camel  = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	upper  = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	// verbs begin the names of mutations; a noun follows.
	verbs = regexp.MustCompile(`^(abort|assign|block|cancel|complete|confirm|create|erase|decline|import|lift|notify|release|remove|request|select|set|settle|sign|unblock|verify|retry|redeliver|rotate|test)[A-Z]`)
	// credential is how nothing that leaves may be called, but for these.
	credential = regexp.MustCompile(`(?i)token|secret|hash$|password`)
	leaving    = []string{"VerifyOtpPayload.token", "Query.secrets", // how they are, not what
		"Mutation.rotateWebhookSecret", "CreateWebhookPayload.secret", "RotateWebhookSecretPayload.secret"} // which receivers need, shown once
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, one := range own(theSchema()) {
		if !pascal.MatchString(one.Name) {
			t.Errorf("type %s is not named LikeThis", one.Name)
		}
		for _, value := range one.EnumValues {
			if !upper.MatchString(value.Name) {
				t.Errorf("value %s.%s is not named LIKE_THIS", one.Name, value.Name)
			}
		}
		for _, field := range one.Fields {
			name := one.Name + "." + field.Name
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			if !camel.MatchString(field.Name) {
				t.Errorf("%s is not named likeThis", name)
			}
			if credential.MatchString(field.Name) && one.Kind != ast.InputObject && !slices.Contains(leaving, name) {
				t.Errorf("%s is named as a credential: nothing of that kind leaves", name)
			}
			for _, argument := range field.Arguments {
				if !camel.MatchString(argument.Name) {
					t.Errorf("%s(%s:) is not named likeThis", name, argument.Name)
				}
			}
		}
	}
}

func TestMutationsHaveOneForm(t *testing.T) {
	t.Parallel()
	for _, mutation := range theSchema().Mutation.Fields {
		noun := strings.ToUpper(mutation.Name[:1]) + mutation.Name[1:]
		if got := mutation.Type.String(); got != noun+"Payload!" {
			t.Errorf("%s returns %s, want %sPayload!", mutation.Name, got, noun)
		}
		if mutation.Name == "logout" {
			continue
		}
		if !verbs.MatchString(mutation.Name) {
			t.Errorf("%s is not verbNoun with a verb that the test knows", mutation.Name)
		}
		if len(mutation.Arguments) != 1 || mutation.Arguments[0].Name != "input" || mutation.Arguments[0].Type.String() != noun+"Input!" {
			t.Errorf("%s does not take exactly (input: %sInput!)", mutation.Name, noun)
		}
	}
}

// short are lists of things that are no connections, because they can't grow.
var short = []string{
	"Account.devices",        // those that count against a limit of 100 at most
	"JobEvent.images",        // of one event, a hundred at most
	"JobEvent.uploads",       // likewise
	"Import.refused",         // of one run, which takes 10,000 objects at most
	"Query.secrets",          // eight at most, by name
	"SecretHealth.states",    // of an enum
	"TenantSettings.hosts",   // a handful
	"TenantSettings.origins", // likewise
	"UserError.field",        // a path into the input
	"Upload.headers",         // two
	"UploadPart.headers",     // one
	"Upload.receivedParts",   // of a file of 200 MiB at most, in parts of 8

	"Booking.preferredDates", // five
	"Query.webhooks",         // ten for each studio
	"Webhook.events",         // of an enum
	"Query.packages",         // a hundred for each studio: see internal/booking/offer.go
}

func TestListsThatGrowAreConnections(t *testing.T) {
	t.Parallel()
	schema := theSchema()
	for _, one := range objectTypes(schema) {
		for _, field := range one.Fields {
			name, returned := one.Name+"."+field.Name, schema.Types[field.Type.Name()]
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			isList := field.Type.NamedType == ""
			inPage := strings.HasSuffix(one.Name, "Connection") && (field.Name == "edges" || field.Name == "nodes")
			inPayload := strings.HasSuffix(one.Name, "Payload")
			if grows := isList && !inPage && !inPayload; grows != slices.Contains(short, name) {
				t.Errorf("%s: a list that is no connection %t; in short, which says why it can't grow, %t", name, grows, !grows)
			}
			if isConnection := strings.HasSuffix(returned.Name, "Connection"); isConnection {
				first, after := field.Arguments.ForName("first"), field.Arguments.ForName("after")
				if first == nil || after == nil || first.Type.String() != "Int" || after.Type.String() != "String" {
					t.Errorf("%s returns a connection but does not take (first: Int, after: String)", name)
				}
			}
		}
		if node, isConnection := strings.CutSuffix(one.Name, "Connection"); isConnection {
			for field, want := range map[string]string{"edges": "[" + node + "Edge!]!", "nodes": "[" + node + "!]!", "pageInfo": "PageInfo!"} {
				if got := one.Fields.ForName(field); got == nil || got.Type.String() != want {
					t.Errorf("%s.%s is not %s", one.Name, field, want)
				}
			}
		}
	}
}

func TestRootFieldsAreGuarded(t *testing.T) {
	t.Parallel()
	schema := theSchema()
	open := []string{"Query.viewer", "Query.packages", "Mutation.requestOtp", "Mutation.verifyOtp"}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, field := range root.Fields {
			name := root.Name + "." + field.Name
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			if (field.Directives.ForName("auth") == nil) != slices.Contains(open, name) {
				t.Errorf("%s: @auth %t; only %v are open", name, field.Directives.ForName("auth") != nil, open)
			}
			entitled, isGuarded := entitledTo(field)
			returned := schema.Types[field.Type.Name()]
			isNode := returned.Name == "Node" || slices.Contains(returned.Interfaces, "Node")
			byID := slices.ContainsFunc(field.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.Name() == "ID" })
			if root == schema.Query && isNode && byID && (!isGuarded || entitled != "VIEW") {
				t.Errorf("%s returns what an id names without @entitled(to: VIEW)", name)
			}
			names := "id"
			if root == schema.Subscription {
				names = "jobId"
			}
			if argument := field.Arguments.ForName(names); isGuarded && (argument == nil || argument.Type.String() != "ID!") {
				t.Errorf("%s has @entitled, so the guard reads its argument (%s: ID!)", name, names)
			}
		}
	}
	// @entitled below the root judges pictures and jobs; on anything else it refuses all.
	for _, one := range objectTypes(schema) {
		for _, field := range one.Fields {
			if _, isGuarded := entitledTo(field); isGuarded && one != schema.Query && one != schema.Subscription && one.Name != "Image" && one.Name != "Job" {
				t.Errorf("%s.%s has @entitled, but Resolver.admit knows pictures and jobs only", one.Name, field.Name)
			}
		}
	}
}

// wronglyLimited says what is wrong with the limits that a schema names: the guard asks
// for those of root fields, and knows limits that there are.
func wronglyLimited(schema *ast.Schema) (wrong []string) {
	for _, one := range objectTypes(schema) {
		isRoot := one == schema.Query || one == schema.Mutation
		for _, field := range one.Fields {
			limits := field.Directives.ForNames("rateLimit")
			switch {
			case one == schema.Mutation && len(limits) != 1:
				wrong = append(wrong, fmt.Sprintf("%s.%s has %d limits, want one", one.Name, field.Name, len(limits)))
			case !isRoot && len(limits) > 0:
				wrong = append(wrong, fmt.Sprintf("%s.%s has a limit below the root, where nobody asks for it", one.Name, field.Name))
			}
		}
	}
	limits := gate.Defaults()
	for _, value := range schema.Types["RateLimit"].EnumValues {
		if _, known := limits[gate.Name(value.Name)]; !known {
			wrong = append(wrong, "there is no limit "+value.Name)
		}
	}
	return wrong
}

func TestEveryMutationIsLimited(t *testing.T) {
	t.Parallel()
	for _, wrong := range wronglyLimited(theSchema()) {
		t.Error(wrong)
	}
}

// A test that finds nothing proves nothing until it has found something.
func TestLimitsThatNobodyAsksForAreFound(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct{ from, to string }{
		"a mutation without one":     {"logout: LogoutPayload! @auth @rateLimit(name: PUBLIC_API)", "logout: LogoutPayload! @auth"},
		"one below the root":         {"ok: Boolean!", "ok: Boolean! @rateLimit(name: EMAIL)"},
		"one that does not exist":    {"enum RateLimit {", "enum RateLimit {\n  NONE_SUCH"},
		"a mutation that has two":    {"logout: LogoutPayload!", "logout: LogoutPayload! @rateLimit(name: EMAIL)"},
		"one of a type's other kind": {"type PageInfo {", "type PageInfo {\n  x: Int @rateLimit(name: AUTH)"},
	} {
		sdl := SDL()
		changed := strings.Replace(sdl, change.from, change.to, 1)
		if changed == sdl {
			t.Errorf("%s: the schema has nothing of it", name)
			continue
		}
		schema, err := gqlparser.LoadSchema(&ast.Source{Name: name, Input: repeatable(changed)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if wrong := wronglyLimited(schema); len(wrong) != 1 {
			t.Errorf("%s: found %q", name, wrong)
		}
	}
}

// repeatable is a schema in which a directive may stand twice.
func repeatable(sdl string) string {
	at := strings.Index(sdl, "directive @rateLimit(")
	end := at + strings.Index(sdl[at:], " on FIELD_DEFINITION")
	return sdl[:end] + " repeatable" + sdl[end:]
}

func TestEveryNodeHasAKindOfID(t *testing.T) {
	t.Parallel()
	schema := theSchema()
	kinds := map[string]id.Kind{"Account": id.Account, "Job": id.Job, "Image": id.Image, "Import": id.Import, "AuditEntry": id.Audit, "SecurityEvent": id.Security, "Upload": id.Upload, "Booking": id.Booking, "Device": id.Device, "Tenant": id.Tenant, "MaintenanceRun": id.Run, "Task": id.Task, "Webhook": id.Webhook, "WebhookDelivery": id.Delivery}
	for _, one := range schema.GetPossibleTypes(schema.Types["Node"]) {
		kind, known := kinds[one.Name]
		if _, _, ok := id.Parse(kind.Format(id.Nil)); !known || !ok {
			t.Errorf("%s implements Node: give it a kind in internal/id, a case in Resolver.things and a line here", one.Name)
		}
		if field := one.Fields.ForName("id"); field == nil || field.Type.String() != "ID!" {
			t.Errorf("%s.id is not ID!", one.Name)
		}
	}
	for _, one := range objectTypes(schema) {
		if one.Fields.ForName("id") != nil && !slices.Contains(one.Interfaces, "Node") {
			t.Errorf("%s has an id but does not implement Node", one.Name)
		}
	}
}
