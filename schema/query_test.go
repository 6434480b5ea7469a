package schema_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pixgate/internal/dev/stage"
)

// unindexed are queries that read a whole table, and why that is right.
var unindexed = map[string]string{
	"Tenants":          "the studios are a handful and read as a whole",
	"EraseSuppression": "likewise, and in each its account",
	"SecurityAlert":    "likewise: with the name of its own",

	// account_of_staff holds a handful, and nobody else.
	"LockTenantStaff":  "whoever locks rows asks of them once more what the index promises",
	"OperatorsToAlert": "the operators are among the staff of all studios",

	// What else they filter by is not in the index that they walk.
	"AuditEntriesOfJob":   "a job has few entries",
	"AuditEntriesOfImage": "a picture has few entries",
	"WebhooksFor":         "a studio has ten webhooks at most",
	"TookArchive":         "one person gets few things in six hours",
}

// crowd fills one studio with as many rows as make the planner choose.
const crowd = `
	INSERT INTO tenant (id, slug, name, created_at) VALUES (gen_random_uuid(), 'crowd', 'Crowd', now());
	INSERT INTO account (id, tenant_id, email_key, email, verified_at, created_at)
		SELECT gen_random_uuid(), id, n || '@example.com', n || '@example.com', now(), now() FROM tenant, generate_series(1, 3000) n;
	INSERT INTO device SELECT gen_random_uuid(), tenant_id, id, sha256(id::text::bytea), '', 'OTHER', now(), now() FROM account;
	INSERT INTO session SELECT gen_random_uuid(), tenant_id, account_id, id, secret_hash, 'TOKEN', 'CUSTOMER', now(), now() + random() * interval '9 days' FROM device;
	INSERT INTO login_code SELECT id, tenant_id, email_key, email, 'de', 'k', false, 0, now(), now() + random() * interval '9 days' FROM account;
	INSERT INTO login_challenge SELECT id, tenant_id, id, sha256(id::text::bytea), sha256(id::text::bytea), false, 0, now() FROM login_code;
	INSERT INTO budget SELECT sha256(id::text::bytea), 1, expires_at FROM login_code;
	INSERT INTO booking SELECT id, tenant_id, id, now(), (ARRAY['REQUESTED', 'DECLINED', 'CANCELLED'])[1 + (random() * 2)::int], 'a', 'p', '{}', '', '', now() FROM account;
	INSERT INTO booking_event SELECT gen_random_uuid(), tenant_id, id, 1, 'REQUESTED', account_id, now(), 'r' FROM booking;
	INSERT INTO package SELECT id, 'p' || n, 'P', '', 1, false, NULL, 'EUR', true, now() FROM tenant, generate_series(1, 100) n;
	INSERT INTO job SELECT id, tenant_id, CASE WHEN random() < 0.9 THEN id END, email_key, email, id, id, 'Job', 'OPEN', 3, false, false, 1, now() - random() * interval '9 days' FROM account;
	INSERT INTO image SELECT gen_random_uuid(), tenant_id, id, 0, 'a', 'image/jpeg', 1, 1, 1, NULL, sha256(id::text::bytea), 1, id::text, 'e', 's', 'm', id::text, 'e', 'NONE', NULL, now() FROM job;
	INSERT INTO selection_event SELECT gen_random_uuid(), tenant_id, job_id, id, job_id, 'NONE', 'INCLUDED', 'r', now() FROM image;
	INSERT INTO delivery SELECT gen_random_uuid(), tenant_id, job_id, job_id, false, 'URL', ARRAY[id], 'r', now() FROM image;
	INSERT INTO image_import SELECT id, tenant_id, id, id, 'p', 'RUNNING', 0, 0, 0, '[]', now() FROM job;
	INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, image_id, due_at, created_at, ended_at)
		SELECT id, tenant_id, job_id, job_id, id, '', 'READY', 'a', 'image/jpeg', 1, sha256, 0, id, now(), now(), now() FROM image;
	INSERT INTO audit_entry (id, tenant_id, sequence, at, actor_id, action, job_id, image_id, request_id, canonical, prev, hash, key_id)
		SELECT id, tenant_id, row_number() OVER (), now(), job_id, 'a' || random(), job_id, id, 'r', '', sha256(''), sha256(''), 'k' FROM image;
	INSERT INTO audit_head SELECT id, 1, sha256('') FROM tenant;
	INSERT INTO security_event SELECT id, CASE WHEN random() < 0.9 THEN tenant_id END, 'event', NULL, NULL, '/', '', 'r', 1, now(), now() FROM account;
	INSERT INTO security_alert SELECT gen_random_uuid(), id, 'login_failed', 1, now() - interval '1 minute', now() FROM tenant;
	INSERT INTO notification SELECT id, tenant_id, id, 'job_ready', '', 0, now() - random() * interval '9 days', NULL FROM job;
	INSERT INTO unsubscribe_token SELECT sha256(id::text::bytea), tenant_id, email_key, now() - random() * interval '9 days', NULL FROM account;
	INSERT INTO unsubscribed SELECT tenant_id, email_key, now() FROM account;
	INSERT INTO webhook SELECT id, tenant_id, 'https://hook.example/', '{job.ready}', sha256(''), NULL, NULL, now(), NULL, NULL, NULL, NULL FROM account;
	INSERT INTO webhook_event SELECT id, tenant_id, 'job.ready', '{}', 'same ' || id, now() FROM job;
	INSERT INTO webhook_delivery SELECT gen_random_uuid(), tenant_id, id, id, 'PENDING', 0, NULL, NULL, NULL, NULL, now() - random() * interval '9 days' FROM job;
	INSERT INTO mail_suppression SELECT email_key, 'BOUNCE', now() - random() * interval '9 days' FROM account;
	INSERT INTO mail_report SELECT id::text, now() - random() * interval '9 days' FROM account;
	INSERT INTO mail_day SELECT current_date - row_number() OVER ()::int, 1, 0, 0 FROM account;
	INSERT INTO cron_lease SELECT DISTINCT 'task-' || chr(97 + (random() * 25)::int), 3000, now() FROM account;
	INSERT INTO cron_run SELECT id, 'task-' || chr(97 + (random() * 25)::int), row_number() OVER (), 'CRON', sha256(id::text::bytea), 'RUNNING', '', NULL, now() - random() * interval '9 days', NULL FROM account;
	ANALYZE`

// TestEveryQueryHasItsIndex plans each statement of queries as the server prepares
// it, for parameters not yet known and with reading whole tables priced out of
// the market. Where the plan still does, or reads whatever a studio has to pick some
// of it, an index is missing.
func TestEveryQueryHasItsIndex(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	if _, err := db.Owner.Exec(t.Context(), crowd); err != nil {
		t.Fatal(err)
	}
	conn, err := db.Owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), `SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
		SET enable_bitmapscan = off; SET enable_mergejoin = off; SET enable_hashjoin = off`); err != nil {
		t.Fatal(err)
	}
	statements := statements(t)
	if len(statements) < 50 {
		t.Fatalf("only %d statements found", len(statements))
	}
	for name, sql := range statements {
		if _, err := conn.Exec(t.Context(), fmt.Sprintf("PREPARE %q AS %s", name, sql)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var plan []struct{ Plan node }
		var text string
		if err := conn.QueryRow(t.Context(), explain(name, sql)).Scan(&text); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := json.Unmarshal([]byte(text), &plan); err != nil {
			t.Fatal(err)
		}
		scans := plan[0].Plan.wholeScans()
		if (len(scans) > 0) != (unindexed[name] != "") {
			t.Errorf("%s reads whole tables: %q; a reason in unindexed: %q", name, scans, unindexed[name])
		}
	}
}

// node is a step of a plan.
type node struct {
	NodeType     string `json:"Node Type"`
	RelationName string `json:"Relation Name"`
	IndexName    string `json:"Index Name"`
	IndexCond    string `json:"Index Cond"`
	Filter       string
	Plans        []node
}

func (n node) wholeScans() []string {
	var all []string
	switch n.NodeType {
	case "Seq Scan":
		all = append(all, n.RelationName)
	case "Index Scan", "Index Only Scan", "Bitmap Index Scan":
		if n.IndexCond == "" || n.Filter != "" && studioOnly.MatchString(n.IndexCond) || byAnother.MatchString(strings.ReplaceAll(n.Filter, "tenant_id = ", "")) {
			all = append(all, n.RelationName+" along "+n.IndexName)
		}
	}
	for _, below := range n.Plans {
		if n.NodeType == "Limit" && strings.HasSuffix(below.NodeType, "Sort") && below.Plans[0].RelationName != "" {
			all = append(all, below.Plans[0].RelationName+" to sort it for one page")
		}
		all = append(all, below.wholeScans()...)
	}
	return all
}

// studioOnly finds rows of a studio, which may be all there are.
var studioOnly = regexp.MustCompile(`^\(tenant_id = [^()]+\)$`)

// byAnother picks rows by a key that the index does not lead to.
var byAnother = regexp.MustCompile(`\w_(id|key) = `)

var parameter = regexp.MustCompile(`\$(\d+)`)

func explain(name, sql string) string {
	most := 0
	for _, found := range parameter.FindAllStringSubmatch(sql, -1) {
		n, _ := strconv.Atoi(found[1]) // digits, by the pattern
		most = max(most, n)
	}
	execute := fmt.Sprintf("EXPLAIN (FORMAT JSON, COSTS off) EXECUTE %q", name)
	if most > 0 {
		execute += "(" + strings.TrimSuffix(strings.Repeat("NULL, ", most), ", ") + ")"
	}
	return execute
}

// statements are the SQL texts of the generated package queries, by name.
func statements(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../queries/*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			if head, sql, found := strings.Cut(text, "\n"); found && strings.HasPrefix(head, "-- name: ") {
				all[strings.Fields(head)[2]] = sql
			}
			return true
		})
	}
	return all
}

// unsearched are foreign keys without an index over their columns, and why nobody
// misses it. What must never be asked is whether a row of the parent may go:
// TestForeignKeysHaveAnIndex makes sure that the server can't remove any.
var unsearched = map[string]string{
	"audit_entry_tenant_id_account_id_fkey":          "accounts are never removed; nobody lists entries by person",
	"audit_entry_tenant_id_job_id_image_id_fkey":     "pictures are never removed; read by audit_entry_of_image",
	"booking_event_tenant_id_account_id_fkey":        "accounts are never removed; events are read by booking",
	"image_import_tenant_id_account_id_fkey":         "accounts are never removed; imports are read by job",
	"selection_event_tenant_id_job_id_image_id_fkey": "pictures are never removed; read by selection_event_of_image",
	"settlement_tenant_id_account_id_fkey":           "accounts are never removed; payments are read by reference",
	"settlement_tenant_id_job_id_fkey":               "jobs are never removed; likewise",
	"security_alert_tenant_id_fkey":                  "studios are never removed; read by security_alert_of_kind, which has a value for none",
	"security_event_tenant_id_account_id_fkey":       "accounts are never removed; nobody lists events by person",
	"security_event_tenant_id_fkey":                  "studios are never removed; read by security_event_in_time, which has a value for none",
	"upload_tenant_id_job_id_image_id_fkey":          "pictures are never removed; nobody looks an upload up by its picture",
}

func TestForeignKeysHaveAnIndex(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	for _, one := range keys(t, db.Owner) {
		// Columns of each index, in order; those that a partial one needs not to be
		// null don't matter, any other condition does.
		indexed := false
		for _, columns := range lines(t, db.Owner, `
			SELECT (SELECT string_agg(attname, ' ' ORDER BY n) FROM unnest(indkey) WITH ORDINALITY k(num, n) JOIN pg_attribute ON attrelid = indrelid AND attnum = num)
			FROM pg_index WHERE indrelid = $1::regclass AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) ~ '^\(\w+ IS NOT NULL\)$')`, one.Child) {
			leading := strings.Fields(columns)
			if len(leading) < len(one.Columns) {
				continue
			}
			leading = slices.Sorted(slices.Values(leading[:len(one.Columns)]))
			indexed = indexed || slices.Equal(leading, slices.Sorted(slices.Values(one.Columns)))
		}
		reason := unsearched[one.Name]
		if indexed == (reason != "") {
			t.Errorf("%s: indexed %t, a reason in unsearched %q", one.Name, indexed, reason)
		}
		if reason != "" && lines(t, db.Owner, "SELECT has_table_privilege('pixgate_server', $1, 'DELETE')::text", one.Parent)[0] != "false" {
			t.Errorf("%s has no index, but the server may remove rows of %s", one.Name, one.Parent)
		}
	}
}
