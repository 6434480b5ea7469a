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
	"Tenants": "the studios are a handful and read as a whole",
}

// TestEveryQueryHasItsIndex plans each statement of queries as the server prepares
// it, for parameters not yet known and with reading whole tables priced out of
// the market: where the plan still does, or walks an index without a condition, no
// index helps.
func TestEveryQueryHasItsIndex(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	conn, err := db.Owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off"); err != nil {
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
	Plans        []node
}

func (n node) wholeScans() []string {
	var all []string
	switch n.NodeType {
	case "Seq Scan":
		all = append(all, n.RelationName)
	case "Index Scan", "Index Only Scan", "Bitmap Index Scan":
		if n.IndexCond == "" {
			all = append(all, n.RelationName+" along "+n.IndexName)
		}
	}
	for _, below := range n.Plans {
		all = append(all, below.wholeScans()...)
	}
	return all
}

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
	files, err := filepath.Glob("../queries/*.sql.go")
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
	"audit_entry_tenant_id_actor_id_fkey":            "likewise",
	"audit_entry_tenant_id_job_id_image_id_fkey":     "pictures are never removed; read by audit_entry_of_image",
	"delivery_tenant_id_account_id_fkey":             "accounts are never removed; deliveries are read by job",
	"image_import_tenant_id_account_id_fkey":         "accounts are never removed; imports are read by job",
	"selection_event_tenant_id_account_id_fkey":      "accounts are never removed; events are read by picture",
	"selection_event_tenant_id_job_id_image_id_fkey": "pictures are never removed; read by selection_event_of_image",
	"session_tenant_id_account_id_fkey":              "accounts are never removed; live sessions are found by session_of_device",
	"session_tenant_id_account_id_device_id_fkey":    "devices are marked, never removed; likewise",
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
