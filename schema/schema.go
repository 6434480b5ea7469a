// Package schema holds the database's tables as numbered migrations and brings
// a database up to them. The tables belong to the owner; the server signs in as
// another role that gets only the rights listed in grants.sql.
package schema

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed *.sql
var files embed.FS

//go:embed grants.txt
var grants string

// TaskSchema is the PostgreSQL schema that holds the tables of the task library.
const TaskSchema = "task"

// Migrate brings the database at ownerURL up to date, as its owner, and grants
// serverRole what the server needs. The role must exist; it may be the owner,
// but then nothing keeps the server from changing its audit log. Running it
// again does nothing.
func Migrate(ctx context.Context, ownerURL, serverRole string) error {
	pool, err := pgxpool.New(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("open the owner's database: %w", err)
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	if err := migrateOurs(ctx, db); err != nil {
		return err
	}
	if err := migrateTasks(ctx, pool); err != nil {
		return err
	}
	if err := grantRights(ctx, pool, serverRole); err != nil {
		return fmt.Errorf("grant the server's rights to %s: %w", serverRole, err)
	}
	return nil
}

// grantRights gives the server's role exactly the rights of grants.txt. Where it is
// the owner, it has all of them anyway and would lock itself out.
func grantRights(ctx context.Context, pool *pgxpool.Pool, serverRole string) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var owner string
		if err := tx.QueryRow(ctx, "SELECT current_user").Scan(&owner); err != nil {
			return err
		}
		sql := grants
		if owner != serverRole {
			sql = `REVOKE ALL ON ALL TABLES IN SCHEMA public, task FROM pixgate_server;
				REVOKE ALL ON ALL SEQUENCES IN SCHEMA public, task FROM pixgate_server;` + sql
		}
		_, err := tx.Exec(ctx, strings.ReplaceAll(sql, "pixgate_server", pgx.Identifier{serverRole}.Sanitize()))
		return err
	})
}

func migrateOurs(ctx context.Context, db *sql.DB) error {
	numbered, err := fs.Sub(files, ".")
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, numbered)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func migrateTasks(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+TaskSchema); err != nil {
		return fmt.Errorf("make the task schema: %w", err)
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: TaskSchema})
	if err != nil {
		return fmt.Errorf("prepare the task tables: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the task tables: %w", err)
	}
	return nil
}
