package matrix

import (
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
)

// webhookRows are the rows of fieldRows about webhooks. That of the matrix is switched off, fails,
// and has one delivery, which is dead.
const webhookRows = `
Query.webhooks                   401  403 403 403 403 v   v   BLK EXP 401 403 v   401
Webhook.id                       401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook.url                      401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook.events                   401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook.createdAt                401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook.disabledAt               401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook.disabledAt [created]     401  403 403 403 403 n   n   BLK EXP 401 403 n   401
Webhook.disabledAt [hooked]      401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Webhook.disabledReason           401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook.disabledReason [created] 401  403 403 403 403 n   n   BLK EXP 401 403 n   401
Webhook.disabledReason [hooked]  401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Webhook.failingSince             401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook.failingSince [created]   401  403 403 403 403 n   n   BLK EXP 401 403 n   401
Webhook.failingSince [hooked]    401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Webhook.droppedAt                401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook.droppedAt [created]      401  403 403 403 403 n   n   BLK EXP 401 403 n   401
Webhook.droppedAt [hooked]       401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
Webhook.deliveries               401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDeliveryConnection.edges  401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDeliveryConnection.nodes  401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDeliveryConnection.pageInfo 401 403 403 403 403 v  v   BLK EXP 401 403 403 401
WebhookDeliveryEdge.cursor       401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDeliveryEdge.node         401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.id               401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.eventId          401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.type             401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.state            401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.attempts         401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.lastStatus       401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.lastStatus [tried] 401 403 403 403 403 n  n   BLK EXP 401 403 r403 401
WebhookDelivery.lastTrouble      401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.lastTrouble [tried] 401 403 403 403 403 n n   BLK EXP 401 403 r403 401
WebhookDelivery.lastAttemptAt    401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.lastAttemptAt [tried] 401 403 403 403 403 n n BLK EXP 401 403 r403 401
WebhookDelivery.nextAttemptAt    401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.nextAttemptAt [tried] 401 403 403 403 403 n n BLK EXP 401 403 r403 401
WebhookDelivery.nextAttemptAt [again] 401 403 403 403 403 n n BLK EXP 401 403 r403 401
WebhookDelivery.createdAt        401  403 403 403 403 v   v   BLK EXP 401 403 403 401
WebhookDelivery.body             401  403 403 403 403 v   v   BLK EXP 401 403 403 401
CreateWebhookPayload.webhook     401  403 403 403 403 v   v   BLK EXP 401 403 v   401
CreateWebhookPayload.secret      401  403 403 403 403 v   v   BLK EXP 401 403 v   401
CreateWebhookPayload.userErrors  401  403 403 403 403 0   0   BLK EXP 401 403 0   401
SetWebhookPayload.webhook        401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
RemoveWebhookPayload.webhooks    401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
RotateWebhookSecretPayload.webhook 401 403 403 403 403 v  v   BLK EXP 401 403 r403 401
RotateWebhookSecretPayload.secret 401 403 403 403 403 v   v   BLK EXP 401 403 r403 401
TestWebhookPayload.delivery      401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
TestWebhookPayload.userErrors    401  403 403 403 403 0   0   BLK EXP 401 403 r403 401
RedeliverWebhookPayload.delivery 401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
RedeliverWebhookPayload.userErrors 401 403 403 403 403 0  0   BLK EXP 401 403 r403 401
`

// webhookIDRows are the rows of idRows about them.
const webhookIDRows = `
Webhook the-owner's  401  403 403 403 403 v   v   BLK EXP 401 403 403 401
Webhook foreign      401  403 403 403 403 403 403 BLK EXP 401 403 v   401
Webhook unknown      401  403 403 403 403 403 403 BLK EXP 401 403 403 401
WebhookDelivery the-owner's 401 403 403 403 403 v v BLK EXP 401 403 403 401
WebhookDelivery foreign 401 403 403 403 403 403 403 BLK EXP 401 403 v 401
WebhookDelivery unknown 401 403 403 403 403 403 403 BLK EXP 401 403 403 401
`

var webhookWays = []way{
	{to: "Webhook", ask: `{ node(id: $webhook) { ... on Webhook { here: id @ } } }`, cells: mine},
	{to: "Webhook", ask: `{ webhooks { here: id @ } }`, cells: ownStaff},
	{to: "Webhook", ask: `mutation { createWebhook(input: $input) { webhook { here: __typename @ } } }`, cells: byStaff, input: "a webhook", name: "created"},
	{to: "Webhook", ask: `mutation { setWebhook(input: $input) { webhook { here: __typename @ } } }`, cells: ofStaff, input: "another address", name: "hooked"},
	{to: "Webhook", ask: `mutation { rotateWebhookSecret(input: $input) { webhook { here: __typename @ } } }`, cells: ofStaff, input: "a webhook that is there", name: "hooked"},
	{to: "Webhook", ask: `mutation { removeWebhook(input: $input) { webhooks { here: __typename @ } } }`, cells: ofStaff, input: "a webhook that is there"},
	{to: "WebhookDelivery", ask: `{ node(id: $webhookdelivery) { ... on WebhookDelivery { here: id @ } } }`, cells: mine},
	{to: "WebhookDelivery", ask: `{ node(id: $webhook) { ... on Webhook { deliveries { nodes { here: id @ } } } } }`, cells: mine},
	{to: "WebhookDelivery", ask: `{ webhooks { deliveries { edges { node { here: id @ } } } } }`, cells: ownStaff},
	{to: "WebhookDelivery", ask: `mutation { testWebhook(input: $input) { delivery { here: __typename @ } } }`, cells: ofStaff, input: "a webhook to try", name: "tried"},
	{to: "WebhookDelivery", ask: `mutation { redeliverWebhook(input: $input) { delivery { here: __typename @ } } }`, cells: ofStaff, input: "a dead delivery", name: "again"},
	{to: "WebhookDeliveryConnection", ask: `{ node(id: $webhook) { ... on Webhook { deliveries { here: __typename @ } } } }`, cells: mine},
	{to: "WebhookDeliveryEdge", ask: `{ node(id: $webhook) { ... on Webhook { deliveries { edges { here: __typename @ } } } } }`, cells: mine},
	{to: "PageInfo", ask: `{ node(id: $webhook) { ... on Webhook { deliveries { pageInfo { here: __typename @ } } } } }`, cells: "401 403 403 403 403 v v BLK EXP 401 403 403 401"},
	{to: "CreateWebhookPayload", ask: `mutation { createWebhook(input: $input) { here: __typename @ } }`, cells: mine, input: "a webhook"},
	{to: "SetWebhookPayload", ask: `mutation { setWebhook(input: $input) { here: __typename @ } }`, cells: mine, input: "another address"},
	{to: "RemoveWebhookPayload", ask: `mutation { removeWebhook(input: $input) { here: __typename @ } }`, cells: mine, input: "a webhook that is there"},
	{to: "RotateWebhookSecretPayload", ask: `mutation { rotateWebhookSecret(input: $input) { here: __typename @ } }`, cells: mine, input: "a webhook that is there"},
	{to: "TestWebhookPayload", ask: `mutation { testWebhook(input: $input) { here: __typename @ } }`, cells: mine, input: "a webhook to try"},
	{to: "RedeliverWebhookPayload", ask: `mutation { redeliverWebhook(input: $input) { here: __typename @ } }`, cells: mine, input: "a dead delivery"},
	{to: "UserError", ask: `mutation { createWebhook(input: $input) { userErrors { here: __typename @ } } }`, cells: mine, input: "a webhook too many"},
	{to: "UserError", ask: `mutation { testWebhook(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "a webhook that is off", name: "settlement"},
	{to: "UserError", ask: `mutation { redeliverWebhook(input: $input) { userErrors { here: __typename @ } } }`, cells: ofStaff, input: "a delivery that waits", name: "settlement"},
}

var webhookMutations = []mutation{
	{"createWebhook", "a webhook", byStaff, audited + " webhook", ""},
	{"createWebhook", "a webhook too many", byStaff, "", ""},
	{"createWebhook", "a webhook inside", "401 403 403 403 403 r400 r400 BLK EXP 401 403 r400 401", "", ""},
	{"setWebhook", "another address", ofStaff, audited + " webhook", ""},
	{"setWebhook", "the same address", ofStaff, "", ""},
	{"setWebhook", "a foreign webhook off", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", audited + " webhook", ""},
	{"setWebhook", "no webhook", ofNone, "", ""},
	{"removeWebhook", "a webhook that is there", ofStaff, audited + " webhook webhook_delivery", ""},
	{"removeWebhook", "a foreign webhook", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", audited + " webhook webhook_delivery", ""},
	{"removeWebhook", "no webhook", ofNone, "", ""},
	{"rotateWebhookSecret", "a webhook that is there", ofStaff, audited + " webhook", ""},
	{"rotateWebhookSecret", "a foreign webhook", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", audited + " webhook", ""},
	{"rotateWebhookSecret", "no webhook", ofNone, "", ""},
	{"testWebhook", "a webhook to try", ofStaff, audited + " task.river_job webhook_delivery webhook_event", ""},
	{"testWebhook", "a webhook that is off", ofStaff, "", ""},
	{"testWebhook", "no webhook", ofNone, "", ""},
	{"redeliverWebhook", "a dead delivery", ofStaff, audited + " task.river_job webhook_delivery", ""},
	{"redeliverWebhook", "a delivery that waits", ofStaff, "", ""},
	{"redeliverWebhook", "a foreign delivery", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", audited + " task.river_job webhook_delivery", ""},
	{"redeliverWebhook", "no delivery", ofNone, "", ""},
}

var webhookInputs = map[string]func(*testing.T, *matrix, *cast.Person) map[string]any{
	"a webhook": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"url": "https://hook.example/in?token=abc", "events": []string{"JOB_READY"}, "reason": "matrix"}
	},
	"a webhook too many": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		m.Exec(t, `INSERT INTO webhook SELECT gen_random_uuid(), t.id, 'https://hook.example/', '{security.alert}', sha256(''), NULL, NULL, now(), NULL, NULL, NULL
			FROM tenant t, generate_series(1, 10) n WHERE (SELECT count(*) FROM webhook w WHERE w.tenant_id = t.id) < 10`)
		return map[string]any{"url": "https://hook.example/", "events": []string{"JOB_READY"}}
	},
	"a webhook inside": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"url": "https://169.254.169.254/latest/meta-data", "events": []string{"JOB_READY"}}
	},
	"another address": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		hook, _ := m.hooked(t, m.TenantID, "DEAD")
		return map[string]any{"webhookId": id.Webhook.Format(hook), "url": "https://other.example/", "reason": "matrix"}
	},
	"the same address": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		hook, _ := m.hooked(t, m.TenantID, "DEAD")
		return map[string]any{"webhookId": id.Webhook.Format(hook), "url": "https://hook.example/", "enabled": true}
	},
	"a foreign webhook off": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		hook, _ := m.hooked(t, m.ForeignTenantID, "DEAD")
		return map[string]any{"webhookId": id.Webhook.Format(hook), "enabled": false}
	},
	"a foreign webhook": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		hook, _ := m.hooked(t, m.ForeignTenantID, "DEAD")
		return map[string]any{"webhookId": id.Webhook.Format(hook)}
	},
	"no webhook": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"webhookId": id.Webhook.Format(id.Nil)}
	},
	"a webhook that is there": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		hook, _ := m.hooked(t, m.TenantID, "DEAD")
		return map[string]any{"webhookId": id.Webhook.Format(hook), "reason": "matrix"}
	},
	"a webhook to try": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		hook, _ := m.hooked(t, m.TenantID, "DEAD")
		return map[string]any{"webhookId": id.Webhook.Format(hook)}
	},
	"a webhook that is off": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"webhookId": id.Webhook.Format(m.hook)}
	},
	"a dead delivery": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		_, delivery := m.hooked(t, m.TenantID, "DEAD")
		return map[string]any{"deliveryId": id.Delivery.Format(delivery), "reason": "matrix"}
	},
	"a delivery that waits": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		_, delivery := m.hooked(t, m.TenantID, "PENDING")
		return map[string]any{"deliveryId": id.Delivery.Format(delivery)}
	},
	"a foreign delivery": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		_, delivery := m.hooked(t, m.ForeignTenantID, "DELIVERED")
		return map[string]any{"deliveryId": id.Delivery.Format(delivery)}
	},
	"no delivery": func(*testing.T, *matrix, *cast.Person) map[string]any {
		return map[string]any{"deliveryId": id.Delivery.Format(id.Nil)}
	},
}

// hooked makes a webhook of a studio, which nothing in the tables is told to, with a delivery in a state.
func (m *matrix) hooked(t *testing.T, tenantID id.ID, state string) (hook, delivery id.ID) {
	t.Helper()
	now := time.Now()
	hook, delivery, event := id.New(now), id.New(now), id.New(now)
	m.Exec(t, "INSERT INTO webhook VALUES ($1, $2, 'https://hook.example/', '{security.alert}', sha256(''), NULL, NULL, now(), NULL, NULL, NULL)", hook, tenantID)
	m.Exec(t, "INSERT INTO webhook_event VALUES ($1, $2, 'job.ready', '{}', '', now())", event, tenantID)
	m.Exec(t, "INSERT INTO webhook_delivery VALUES ($1, $2, $3, $4, $5, 3, 500, 'status', now(), now(), now())", delivery, tenantID, hook, event, state)
	return hook, delivery
}

// stageWebhooks makes those that rows are about.
func (m *matrix) stageWebhooks(t *testing.T) {
	t.Helper()
	m.hook, m.hookDelivery = m.hooked(t, m.TenantID, "DEAD")
	m.foreignHook, m.foreignHookDelivery = m.hooked(t, m.ForeignTenantID, "DEAD")
	m.Exec(t, "UPDATE webhook SET disabled_at = now(), disabled_why = 'FAILING', failing_since = now(), dropped_at = now()")
}
