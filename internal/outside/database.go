// Package outside opens what lies outside of the program: the database, the storage, and what mail
// leaves by. The server and the commands open them alike.
package outside

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/config"
	"pixgate/internal/logs"
	"pixgate/internal/secret"
)

// Database returns a pool that connects when it is used, so that a database
// that goes away and comes back is found again by itself. Parameters in the URL
// (pool_max_conns, connect_timeout …) come before ours.
func Database(url secret.Value) (*pgxpool.Pool, error) {
	options, err := pgxpool.ParseConfig(url.Reveal())
	if err != nil {
		return nil, errors.New("the database's URL can't be read") // the parser's error would quote it
	}
	options.MaxConns = max(options.MaxConns, 16)
	options.MaxConnLifetime = time.Hour
	options.MaxConnIdleTime = 10 * time.Minute
	options.HealthCheckPeriod = 10 * time.Second
	if options.ConnConfig.ConnectTimeout == 0 {
		options.ConnConfig.ConnectTimeout = 3 * time.Second
	}
	for name, value := range map[string]string{
		"application_name": "pixgate", "statement_timeout": "30s", "idle_in_transaction_session_timeout": "60s",
	} {
		if _, set := options.ConnConfig.RuntimeParams[name]; !set {
			options.ConnConfig.RuntimeParams[name] = value
		}
	}
	options.ConnConfig.Tracer = statements{}
	pool, err := pgxpool.NewWithConfig(context.Background(), options)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return pool, nil
}

// statements counts what is sent to the database into the event of the request that it
// is sent for, so that one which asks in a loop shows in the log.
type statements struct{}

// TraceQueryStart counts a statement, be it BEGIN or COMMIT.
func (statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	logs.Statement(ctx)
	return ctx
}

// TraceQueryEnd does nothing.
func (statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart does nothing: each statement of a batch counts by itself.
func (statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery counts a statement of a batch.
func (statements) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchQueryData) {
	logs.Statement(ctx)
}

// TraceBatchEnd does nothing.
func (statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TraceCopyFromStart counts a COPY.
func (statements) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	logs.Statement(ctx)
	return ctx
}

// TraceCopyFromEnd does nothing.
func (statements) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}

// undefinedTable is PostgreSQL's code for a table that is not there.
const undefinedTable = "42P01"

// CheckDatabase looks at the database before anybody is served from it: it must
// have our tables, and should not let the server change its own audit log.
func CheckDatabase(ctx context.Context, pool *pgxpool.Pool, environment config.Environment, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var mayForge bool
	err := pool.QueryRow(ctx, "SELECT has_table_privilege('audit_entry', 'UPDATE, DELETE, TRUNCATE')").Scan(&mayForge)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == undefinedTable {
		return errors.New("the database has no tables yet: run `pixgate migrate` first")
	}
	if err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	if mayForge && environment != config.Development {
		log.Warn("the role in DATABASE_URL may change the audit log: give the server a role of its own and the owner's to MIGRATE_DATABASE_URL")
	}
	return nil
}
