package matrix

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"pixgate/graph"
	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
)

// act is what an admin's mutation leaves in the audit log.
type act struct {
	does    string // an input of inputs with which it changes something
	entries string // what this leaves: an action for each thing that changed
	settled bool   // whether the same call once more changes nothing
}

// acts are all mutations that only admins may call. One that the schema has and this
// table has not fails the build.
var acts = map[string]act{
	"eraseAccount":         {"a person", "account.erased", true},
	"createJob":            {"a job", "job.created", false}, // each call makes another
	"importImages":         {"pictures", "job.images_imported", true},
	"setIncludedImages":    {"a smaller package", "job.included_images_set image.selection_state_set image.selection_state_set", true},
	"setAllImagesIncluded": {"no longer all", "job.all_images_included_set image.selection_state_set image.selection_state_set", true},
	"setSelectionState":    {"a grant", "image.selection_state_set", true},
	"setJobStatus":         {"a handover", "job.status_set", true},
	"setCustomerUploads":   {"no more files of the customer", "job.customer_uploads_set", true},
	"settleExtras":         {"a payment", "image.extra_settled", true},
	"confirmBooking":       {"a confirmation", "booking.confirmed", true},
	"declineBooking":       {"a decline", "booking.declined", true},
	"assignPhotographer":   {"an assignment", "booking.photographer_set job.photographer_set", true},
	"createJobFromBooking": {"a confirmed booking", "job.created", true},
	"setPackage":           {"a package", "package.set", true},
	"removePackage":        {"a removal", "package.removed", true},

	"removeDeviceOf":       {"a device of a member", "account.device_removed", true},
	"setMaxDevices":        {"fewer devices", "account.max_devices_set account.device_removed", true},
	"blockAccount":         {"a member", "account.blocked", true},
	"unblockAccount":       {"a blocked member", "account.unblocked", true},
	"setAccountValidUntil": {"an end", "account.valid_until_set", true},
	"setAccountRole":       {"a photographer to be", "account.role_set", true},
	"setDevicePolicy":      {"another policy", "tenant.device_policy_set", true},
	"releaseLogin":         {"a mailbox to release", "login.released", false}, // once a day
	"notifyCustomer":       {"a message", "job.customer_notified", false},     // each call mails once
	"liftMailSuppression":  {"a suppression", "account.mail_suppression_lifted", true},
	"retryTask":            {"a dead task", "task.retried", true},
	"createWebhook":        {"a webhook", "webhook.created", false}, // each call makes another
	"setWebhook":           {"another address", "webhook.set", true},
	"removeWebhook":        {"a webhook that is there", "webhook.removed", false},        // then it is gone
	"rotateWebhookSecret":  {"a webhook that is there", "webhook.secret_rotated", false}, // each call makes another
	"testWebhook":          {"a webhook to try", "webhook.tested", false},                // each call posts once
	"redeliverWebhook":     {"a dead delivery", "webhook.redelivered", true},
}

// ofAdmins are the schema's mutations that need at least that role.
func ofAdmins(t *testing.T) []*ast.FieldDefinition {
	t.Helper()
	var all []*ast.FieldDefinition
	for _, field := range matrixSchema().Mutation.Fields {
		if needed := field.Directives.ForName("auth"); needed != nil && graph.RoleOf(needed).AtLeast(account.Admin) {
			all = append(all, field)
			if _, listed := acts[field.Name]; !listed {
				t.Errorf("%s has no row in acts: say what it leaves in the audit log", field.Name)
			}
		}
	}
	if len(all) != len(acts) {
		t.Errorf("%d mutations of admins, %d rows in acts", len(all), len(acts))
	}
	return all
}

func TestEveryActOfAnAdminLeavesOneEntryForEachThingThatChanged(t *testing.T) {
	t.Parallel()
	for _, field := range ofAdmins(t) {
		t.Run(field.Name, func(t *testing.T) {
			t.Parallel()
			m, one := newMatrix(t), acts[field.Name]
			ask, variables := document("mutation { "+field.Name+"(input: $input) { __typename } }", ""), map[string]any{"input": inputs[one.does](t, m, m.actor(field))}
			send := func() []string {
				t.Helper()
				if got := m.send(t, m.actor(field), ask, variables); got.status != 200 || len(got.errors) > 0 {
					t.Fatalf("got %v", got)
				}
				return m.newEntries(t, m.actor(field))
			}
			got := send()
			if slices.Sort(got); strings.Join(got, " ") != sorted(one.entries) {
				t.Errorf("left %q, want %q", got, one.entries)
			}
			if !one.settled {
				return
			}
			if got := send(); got != nil {
				t.Errorf("nothing changed, and left %q", got)
			}
		})
	}
}

// actor is who may just do it.
func (m *matrix) actor(field *ast.FieldDefinition) *cast.Person {
	if graph.RoleOf(field.Directives.ForName("auth")) == account.Operator {
		return m.Operator
	}
	return m.Admin
}

func sorted(words string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(words))), " ")
}

// newEntries are the actions of the audit log since the last call, each by the actor,
// in their studio, about the thing or the person that it names, with what it became and
// which request did it.
func (m *matrix) newEntries(t *testing.T, actor *cast.Person) []string {
	t.Helper()
	rows, err := m.db.Owner.Query(t.Context(), `
		SELECT action FROM audit_entry WHERE sequence > $1 AND actor_id = $2 AND tenant_id = $3
			AND CASE split_part(action, '.', 1) WHEN 'package' THEN true WHEN 'tenant' THEN true WHEN 'task' THEN true WHEN 'webhook' THEN true
				WHEN 'account' THEN account_id IS NOT NULL WHEN 'login' THEN account_id IS NOT NULL WHEN 'booking' THEN account_id IS NOT NULL
				ELSE job_id IS NOT NULL END
			AND (image_id IS NOT NULL) = (action LIKE 'image.%') AND new_value IS NOT NULL AND request_id = 'request-of-the-matrix' ORDER BY sequence`,
		m.entries, actor.AccountID, m.TenantID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var action string
		if err := rows.Scan(&action); err != nil {
			t.Fatal(err)
		}
		all = append(all, action)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	before := m.entries
	m.entries = m.count("SELECT coalesce(max(sequence), 0) FROM audit_entry WHERE tenant_id = $1", m.TenantID)
	if m.entries-before != len(all) {
		t.Errorf("%d of %d entries do not tell who did what to which thing", m.entries-before-len(all), m.entries-before)
	}
	return all
}

// A change whose entry can't be written does not happen.
func TestAnActWithoutItsEntryDoesNotHappen(t *testing.T) {
	t.Parallel()
	for _, field := range ofAdmins(t) {
		t.Run(field.Name, func(t *testing.T) {
			t.Parallel()
			m := newMatrix(t)
			variables := map[string]any{"input": inputs[acts[field.Name].does](t, m, m.actor(field))}
			m.Exec(t, "REVOKE INSERT ON audit_entry FROM pixgate_server")
			before := m.content(t)
			got := m.send(t, m.actor(field), document("mutation { "+field.Name+"(input: $input) { __typename } }", ""), variables)
			if got.status != 500 || got.entry || !got.has("INTERNAL", []any{field.Name}) {
				t.Errorf("got %v", got)
			}
			if changed := changes(before, m.content(t)); len(changed) > 0 {
				t.Errorf("changed %q without an entry", changed)
			}
			m.Exec(t, "GRANT INSERT ON audit_entry TO pixgate_server")
			if got := m.send(t, m.actor(field), document("mutation { "+field.Name+"(input: $input) { __typename } }", ""), variables); got.status != 200 || len(got.errors) > 0 {
				t.Errorf("with the right to write entries: %v", got)
			}
		})
	}
}
