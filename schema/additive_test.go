package schema_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// narrowing are statements of migrations that take something away, and why servers of the
// version before go on working all the same.
var narrowing = map[string]string{
	"010_upload.sql: ALTER TABLE job DROP CONSTRAINT job_status_check":                     "comes back at once, with a state more",
	"012_booking.sql: ALTER TABLE tenant_text DROP CONSTRAINT tenant_text_kind_check":      "comes back at once, with kinds more",
	"017_notification.sql: ALTER TABLE tenant_text DROP CONSTRAINT tenant_text_kind_check": "likewise",
	"012_booking.sql: DROP INDEX job_of_booking":                                           "comes back at once as a unique one; no version before writes booking_id",
	"012_booking.sql: CREATE UNIQUE INDEX job_of_booking ON job (tenant_id, booking_id)":   "no version before writes booking_id",
}

var (
	comments  = regexp.MustCompile(`(?m)--.*$`)
	bodies    = regexp.MustCompile(`(?s)\$([a-z]*)\$.*?\$[a-z]*\$`)
	takesAway = regexp.MustCompile(`(?i)\b(DROP|RENAME|TRUNCATE|REVOKE)\b|\bALTER COLUMN \S+ (SET NOT NULL|TYPE|SET DATA TYPE|DROP)\b|\bDELETE FROM\b`)
	makes     = regexp.MustCompile(`(?i)^CREATE TABLE (\S+)`)
	onTable   = regexp.MustCompile(`(?i)^CREATE UNIQUE INDEX \S+ ON (\S+)`)
	addsNot   = regexp.MustCompile(`(?is)^ADD COLUMN .*\bNOT NULL\b`)
)

// parted are the statements of a migration's way up, each in one line, without the bodies of
// functions.
func parted(text string) []string {
	up, _, _ := strings.Cut(text, "-- +goose Down")
	var all []string
	for one := range strings.SplitSeq(bodies.ReplaceAllString(comments.ReplaceAllString(up, ""), "''"), ";") {
		if one = strings.Join(strings.Fields(one), " "); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// clauses are the parts of an ALTER TABLE, which commas outside of brackets part.
func clauses(statement string) []string {
	var parts []string
	depth, begin := 0, 0
	for i, c := range statement {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts, begin = append(parts, strings.TrimSpace(statement[begin:i])), i+1
		}
	}
	return append(parts, strings.TrimSpace(statement[begin:]))
}

// narrows says what a statement would break for a server of the version before.
func narrows(statement string) string {
	if takesAway.MatchString(statement) {
		return "takes something away"
	}
	upper := strings.ToUpper(statement)
	if strings.HasPrefix(upper, "CREATE UNIQUE INDEX") {
		return "refuses what was taken before"
	}
	if !strings.HasPrefix(upper, "ALTER TABLE") {
		return ""
	}
	for _, clause := range clauses(regexp.MustCompile(`(?i)^ALTER TABLE (ONLY )?\S+ `).ReplaceAllString(statement, "")) {
		if addsNot.MatchString(clause) && !strings.Contains(strings.ToUpper(clause), "DEFAULT") && !strings.Contains(strings.ToUpper(clause), "GENERATED") {
			return "needs a value that servers of the version before don't know of"
		}
	}
	return ""
}

// While servers are replaced one by one, the old ones run on the new tables. The first
// nine migrations were made before there was anything to replace.
func TestMigrationsOnlyAdd(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("[0-9]*.sql")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d migrations: %v", len(files), err)
	}
	excused := map[string]bool{}
	for _, file := range files {
		if file < "010" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		made := map[string]bool{} // tables of this very migration
		for _, statement := range parted(string(text)) {
			if table := makes.FindStringSubmatch(statement); table != nil {
				made[table[1]] = true
			}
			wrong := narrows(statement)
			if index := onTable.FindStringSubmatch(statement); wrong == "" || index != nil && made[index[1]] {
				continue
			}
			known := false
			for begin := range narrowing {
				if name, sql, _ := strings.Cut(begin, ": "); name == file && strings.HasPrefix(statement, sql) {
					excused[begin], known = true, true
				}
			}
			if !known {
				t.Errorf("%s %s: %.120s", file, wrong, statement)
			}
		}
	}
	for begin := range narrowing {
		if !excused[begin] {
			t.Errorf("nothing is to be excused any more: %s", begin)
		}
	}
}

func TestWhatNarrowsIsSeen(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"ALTER TABLE job ADD COLUMN a text NOT NULL DEFAULT ''":                                      false,
		"ALTER TABLE job ADD COLUMN a text":                                                          false,
		"ALTER TABLE job ADD COLUMN a text NOT NULL":                                                 true,
		"ALTER TABLE job ADD COLUMN a text NOT NULL DEFAULT '', ADD COLUMN b numeric(1, 2) NOT NULL": true,
		"ALTER TABLE job ALTER COLUMN a SET NOT NULL":                                                true,
		"alter table job alter column a type bigint":                                                 true,
		"ALTER TABLE job ALTER COLUMN a DROP DEFAULT":                                                true,
		"ALTER TABLE job RENAME TO jobs":                                                             true,
		"ALTER TABLE job DROP COLUMN a":                                                              true,
		"DROP TABLE job":                                                                             true,
		"CREATE TABLE dropped (a text NOT NULL)":                                                     false,
		"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE a; END $$":         false,
		"CREATE UNIQUE INDEX a ON job (title)":                                                       true,
		"CREATE INDEX a ON job (title) -- instead of DROP":                                           false,
		"-- +goose Up\nCREATE TABLE a ();\n-- +goose Down\nDROP TABLE a;":                            false,
		"DELETE FROM session":                                                                        true,
		"REVOKE SELECT ON job FROM somebody":                                                         true,
	} {
		if got := slices.ContainsFunc(parted(sql), func(s string) bool { return narrows(s) != "" }); got != want {
			t.Errorf("narrows %t, want %t: %s", got, want, sql)
		}
	}
}
