package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/dev/postgres"
	"pixgate/schema"
)

const (
	owner    = "pixgate_owner"
	server   = "pixgate_server"
	template = "pixgate_template"
)

// DB is a migrated database of one test.
type DB struct {
	OwnerURL string // of the role that owns the tables
	URL      string // of pixgate_server, the restricted role of the server

	Owner *pgxpool.Pool
	Pool  *pgxpool.Pool // as pixgate_server, 32 connections at most
}

// Database makes a migrated database for this test, on a PostgreSQL that all
// tests of the binary share. It is dropped when the test ends.
func Database(t testing.TB) *DB {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatalf("stage database: %v", err)
	}
	return c.database(t)
}

// PrivateDatabase is Database on a PostgreSQL of this test alone, for tests
// that stop, kill and restart it.
func PrivateDatabase(t testing.TB) (*DB, *postgres.Server) {
	t.Helper()
	r, err := inMemory()
	if err != nil {
		t.Fatalf("stage database: %v", err)
	}
	dir, err := os.MkdirTemp(r.dir, "private-")
	if err != nil {
		t.Fatalf("stage database: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := newCluster(dir)
	if err != nil {
		t.Fatalf("stage database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.postgres.Stop(ctx); err != nil {
			t.Errorf("stage database: %v", err)
		}
	})
	name, err := c.clone()
	if err != nil {
		t.Fatalf("stage database: %v", err)
	}
	return c.open(t, name), c.postgres
}

// cluster is a PostgreSQL with a migrated template.
type cluster struct {
	postgres *postgres.Server
	clones   atomic.Int64
}

var shared = sync.OnceValues(func() (*cluster, error) {
	r, err := inMemory()
	if err != nil {
		return nil, err
	}
	return newCluster(filepath.Join(r.dir, "postgres"))
})

func newCluster(dir string) (*cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := postgres.Start(ctx, postgres.Options{Dir: dir, Ephemeral: true})
	if err != nil {
		return nil, err
	}
	c := &cluster{postgres: p}
	if err := c.prepare(ctx); err != nil {
		p.Kill()
		return nil, err
	}
	return c, nil
}

func (c *cluster) prepare(ctx context.Context) error {
	for _, role := range []string{owner, server} {
		if err := c.postgres.EnsureRole(ctx, role); err != nil {
			return err
		}
	}
	if err := c.postgres.EnsureDatabase(ctx, template, owner); err != nil {
		return err
	}
	return schema.Migrate(ctx, c.postgres.URL(owner, template), server)
}

func (c *cluster) database(t testing.TB) *DB {
	t.Helper()
	name, err := c.clone()
	if err != nil {
		t.Fatalf("stage database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.admin("DROP DATABASE " + pgx.Identifier{name}.Sanitize() + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the stage database: %v", err)
		}
	})
	return c.open(t, name)
}

func (c *cluster) clone() (string, error) {
	name := fmt.Sprintf("test_%d", c.clones.Add(1))
	return name, c.admin(fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE %s STRATEGY file_copy", name, owner, template))
}

func (c *cluster) admin(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.postgres.URL(postgres.Superuser, postgres.Superuser))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

func (c *cluster) open(t testing.TB, name string) *DB {
	t.Helper()
	db := &DB{OwnerURL: c.postgres.URL(owner, name), URL: c.postgres.URL(server, name)}
	db.Owner = pool(t, db.OwnerURL)
	db.Pool = pool(t, db.URL)
	return db
}

func pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatalf("stage pool: %v", err)
	}
	config.MaxConns = 32
	p, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatalf("stage pool: %v", err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() {
			p.Close()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(5 * time.Second):
			t.Errorf("stage pool: %d connections were never given back", p.Stat().AcquiredConns())
		}
	})
	return p
}
