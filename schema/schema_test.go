package schema_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"pixgate/internal/dev/stage"
	"pixgate/schema"
)

// lines returns the rows of a query that gives one text each.
func lines(t *testing.T, db *pgxpool.Pool, sql string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

// refusal returns which SQLSTATE and constraint an error tells of.
func refusal(err error) (state, constraint string) {
	if told, ok := errors.AsType[*pgconn.PgError](err); ok {
		return told.Code, told.ConstraintName
	}
	return "", ""
}

// catalogue is everything that the migrations and grants make, as text.
const catalogue = `
	SELECT format('column %s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
	FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
	WHERE relnamespace IN ('public'::regnamespace, 'task'::regnamespace) AND relkind IN ('r', 'i') AND attnum > 0 AND NOT attisdropped AND relname <> 'goose_db_version'
	UNION ALL SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
	UNION ALL SELECT 'index ' || pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
	UNION ALL SELECT format('trigger %s', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
	UNION ALL SELECT format('function %s %s', oid::regprocedure, md5(prosrc)) FROM pg_proc WHERE pronamespace IN ('public'::regnamespace, 'task'::regnamespace)
	UNION ALL SELECT format('grant %s %s %s', grantee, table_schema || '.' || table_name, privilege_type) FROM information_schema.role_table_grants
	WHERE table_schema IN ('public', 'task')
	ORDER BY 1`

func TestMigratingAgainDoesNothing(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	const versions = "SELECT version_id || ' at ' || tstamp FROM public.goose_db_version ORDER BY id"
	before, applied := lines(t, db.Owner, catalogue), lines(t, db.Owner, versions)
	if err := schema.Migrate(t.Context(), db.OwnerURL, "pixgate_server"); err != nil {
		t.Fatal(err)
	}
	if after := lines(t, db.Owner, catalogue); strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("the catalogue changed: %d lines before, %d after", len(before), len(after))
	}
	if now := lines(t, db.Owner, versions); len(applied) < 5 || strings.Join(applied, "\n") != strings.Join(now, "\n") {
		t.Errorf("applied %q before, %q after", applied, now)
	}
}

func TestMigrationsGoDownAndUpAgain(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	before := lines(t, db.Owner, catalogue)
	std := stdlib.OpenDBFromPool(db.Owner)
	defer std.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, std, os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	left := lines(t, db.Owner, `
		SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version'
		UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace`)
	if len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if err := schema.Migrate(t.Context(), db.OwnerURL, "pixgate_server"); err != nil {
		t.Fatal(err)
	}
	if after := lines(t, db.Owner, catalogue); strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("not the same again: %d lines before, %d after", len(before), len(after))
	}
}
