package schema

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// Missing are the migrations of this program that a database has not had, by number;
// "tasks" stands for those of the task library. A database that has had more is of a
// newer program, and none are missing. The server's own role may ask.
func Missing(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	rows, err := pool.Query(ctx, "SELECT version_id FROM goose_db_version WHERE is_applied")
	had := map[int64]bool{}
	if err == nil {
		var versions []int64
		if versions, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err == nil {
			for _, version := range versions {
				had[version] = true
			}
		}
	}
	const noTable = "42P01"
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == noTable {
		err = nil // all of them are
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the migrations: %w", err)
	}
	var missing []string
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("read the migrations: %w", err)
		}
		if !had[version] {
			missing = append(missing, strings.TrimSuffix(name, ".sql"))
		}
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: TaskSchema})
	if err != nil {
		return nil, fmt.Errorf("prepare the task tables: %w", err)
	}
	if told, err := migrator.Validate(ctx, nil); err != nil || !told.OK {
		missing = append(missing, "tasks") // which is also how it is where there is no table to ask
	}
	return missing, nil
}

// Rights are what the role that asks may do although the server must not, and what it
// may not although the server has to, in words. They are not all rights, which migrate
// grants, but those by which one sees that it was another role than this one that they
// were granted to.
func Rights(ctx context.Context, pool *pgxpool.Pool) (excess, lack []string, err error) {
	rows, err := pool.Query(ctx, `
		SELECT 'be a superuser', true FROM pg_roles WHERE rolname = current_user AND rolsuper
		UNION ALL SELECT 'pass by row security', true FROM pg_roles WHERE rolname = current_user AND rolbypassrls
		UNION ALL SELECT 'make roles', true FROM pg_roles WHERE rolname = current_user AND rolcreaterole
		UNION ALL SELECT 'make tables', true WHERE has_schema_privilege('public', 'CREATE')
		UNION ALL SELECT 'own '||relname, true FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = 'audit_entry' AND pg_has_role(relowner, 'MEMBER')
		UNION ALL SELECT lower(p)||' '||t, true FROM (VALUES ('audit_entry', 'UPDATE'), ('audit_entry', 'DELETE'), ('audit_entry', 'TRUNCATE'),
			('selection_event', 'UPDATE'), ('selection_event', 'DELETE'), ('settlement', 'UPDATE'), ('settlement', 'DELETE'), ('delivery', 'DELETE'),
			('image', 'DELETE'), ('job', 'DELETE'), ('account', 'DELETE')) v(t, p) WHERE has_table_privilege(t, p)
		UNION ALL SELECT lower(p)||' '||t, false FROM (VALUES ('audit_entry', 'SELECT'), ('audit_entry', 'INSERT'), ('session', 'INSERT'), ('session', 'DELETE'),
			('image', 'UPDATE'), ('upload', 'INSERT'), ('booking', 'INSERT'), ('cron_run', 'INSERT'), ('task.river_job', 'INSERT'), ('task.river_job', 'DELETE')) v(t, p)
			WHERE NOT has_table_privilege(t, p)`)
	if err != nil {
		return nil, nil, fmt.Errorf("ask for the role's rights: %w", err)
	}
	var what string
	var tooMuch bool
	_, err = pgx.ForEachRow(rows, []any{&what, &tooMuch}, func() error {
		if tooMuch {
			excess = append(excess, what)
		} else {
			lack = append(lack, what)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("ask for the role's rights: %w", err)
	}
	return excess, lack, nil
}
