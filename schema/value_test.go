package schema_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pixgate/internal/dev/stage"
)

// unfit are values that a row must not have, one for every CHECK: "table column value".
const unfit = `
account email_key 'ab'
account erased_at now()
account email repeat('a', 255)
account locale 'fr'
account max_devices 0
account role 'ROOT'
audit_entry hash 'short'
audit_entry prev 'short'
audit_entry sequence 0
audit_head hash 'short'
booking address ''
booking contact_phone repeat('0', 41)
booking notes repeat('a', 4001)
booking package ''
booking state 'LOST'
booking confirmed_date NULL, state = 'CONFIRMED'
booking currency 'euro'
booking events -1
booking extra_price -1
booking included_images -1
booking message repeat('a', 1001)
booking package_name repeat('a', 101)
booking_event number 0
booking_event state 'LOST'
budget key 'short'
budget used -1
cron_lease task 'Purge'
cron_lease token -1
cron_run error_code 'it failed', state = 'FAILED', finished_at = now()
cron_run error_code 'LOST'
cron_run finished_at now()
cron_run key_hash 'short'
cron_run origin 'FATE'
cron_run state 'DONE'
cron_run state 'PAUSED', finished_at = now()
cron_run summary repeat('a', 201)
cron_run task ''
cron_run token 0
delivery bytes_sent -1
delivery ended_at now()
delivery image_ids '{}'
delivery session_id gen_random_uuid()
delivery state 'LOST'
delivery way 'FAX'
device kind 'FRIDGE'
device name repeat('a', 101)
device secret_hash 'short'
image content_type 'text/html'
image crc32 4294967296
image etag ''
image filename ''
image height 0
image position -1
image selection_state 'FREE'
image sha256 'short'
image size 0
image width 0
image_import state 'PAUSED'
job image_bytes -1
job upload_bytes -1
job upload_count -1
job delivered_count -1
job extra_free_count -1
job extra_paid_count -1
job extra_pending_count -1
job image_count -1
job included_count -1
job included_images -1
job status 'DONE'
job title ''
login_challenge asker 'short'
login_challenge attempts 6
login_challenge secret_hash 'short'
login_code expires_at created_at
login_code locale 'fr'
login_code stranger_tries 21
package currency 'euro'
package description repeat('a', 2001)
package extra_price -1
package included_images -1
package key 'Größe'
package name ''
security_alert event 'LOUD'
security_alert raised_at since
security_alert seen 0
security_event address_key 'short'
security_event count 0
security_event detail repeat('a', 101)
security_event event 'LOUD'
security_event last_at first_at - interval '1 second'
security_event request_id repeat('a', 101)
security_event route repeat('a', 101)
security_event tenant_id NULL
selection_event new_state old_state
settlement image_ids '{}'
settlement payment_reference ''
selection_event new_state 'FREE'
selection_event old_state 'FREE'
audit_entry job_id NULL
session expires_at created_at
session mismatches 4
session token_hash 'short'
session transport 'PIGEON'
tenant device_policy 'SHRUG'
tenant forget_after_days 89
tenant watermark repeat('a', 41)
tenant locale 'fr'
tenant name ''
tenant slug 'Größe'
tenant image_bytes -1
tenant upload_bytes -1
tenant upload_job_bytes -1
tenant upload_job_images -1
tenant upload_tenant_bytes -1
upload address_key repeat('a', 101)
upload content_type 'text/html'
upload ended_at NULL
upload filename ''
upload image_id NULL
upload part_size -1
upload rejection 'LOST'
upload sha256 'short'
upload size 0
upload state 'LOST', image_id = NULL
tenant time_zone 'over there'
tenant time_zone ''
tenant_text body ''
tenant_text kind 'poem'
tenant_text locale 'fr'
tenant_text subject ''
mail_day bounced -1
mail_day complained -1
mail_day sent -1
mail_report id ''
mail_suppression cause 'SPAM'
notification images -1
notification kind 'gossip'
notification message repeat('a', 1001)
unsubscribe_token token_hash 'short'
webhook disabled_at now()
webhook disabled_why 'MOOD', disabled_at = now()
webhook events '{webhook.test}'
webhook old_secret secret
webhook old_secret 'short', old_until = now()
webhook secret 'short'
webhook url ''
webhook_delivery attempts -1
webhook_delivery last_status 42
webhook_delivery last_trouble 'What they said'
webhook_delivery state 'LOST'
webhook_event body ''
webhook_event sameness repeat('a', 201)
webhook_event type 'job.lost'
`

// TestUnfitValuesAreRefused tries them all, and wants every CHECK to be tried.
func TestUnfitValuesAreRefused(t *testing.T) {
	t.Parallel()
	db, _ := populated(t)
	checks := lines(t, db.Owner, "SELECT conname::text FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace")
	for line := range strings.Lines(strings.TrimSpace(unfit)) {
		part := strings.SplitN(strings.TrimSpace(line), " ", 3)
		table, column, value := part[0], part[1], part[2]
		if column == "position" {
			column = `"position"`
		}
		_, err := db.Owner.Exec(t.Context(), "UPDATE "+table+" SET "+column+" = "+value+" WHERE ctid = (SELECT ctid FROM "+table+" LIMIT 1)")
		state, constraint := refusal(err)
		if state != "23514" {
			t.Errorf("%s.%s = %s: SQLSTATE %q, %v", table, column, value, state, err)
		}
		checks = slices.DeleteFunc(checks, func(name string) bool { return name == constraint })
	}
	for _, name := range checks {
		t.Errorf("%s was never tried: add a line to unfit", name)
	}
}

// free are columns named as if they held one of a few words, and why they may hold others.
var free = map[string]string{
	"session.role": "a copy of account.role, only ever compared with it",
}

// TestStatesAreConstrained wants a list of words for every column that holds one of a few.
func TestStatesAreConstrained(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	const columns = `
		SELECT attrelid::regclass || '.' || attname || ' ' || coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k
			WHERE k.contype = 'c' AND k.conrelid = attrelid AND attnum = ANY(k.conkey)), '')
		FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND atttypid = 'text'::regtype`
	words := regexp.MustCompile(`(^|_|\.)(state|status|role|kind|locale|transport|way)$`)
	found := 0
	for _, line := range lines(t, db.Owner, columns) {
		column, checks, _ := strings.Cut(line, " ")
		if !words.MatchString(column) {
			continue
		}
		found++
		constrained := strings.Contains(checks, "= ANY (ARRAY[") || strings.Contains(checks, "'::text)")
		if constrained == (free[column] != "") {
			t.Errorf("%s: constrained %t, a reason in free %t", column, constrained, free[column] != "")
		}
	}
	if found < 12 {
		t.Errorf("only %d columns found", found)
	}
}
