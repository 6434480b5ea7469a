package stage

import (
	"os"
	"path/filepath"
	"testing"
)

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	a, b := Database(t), Database(t)
	if _, err := a.Owner.Exec(t.Context(), "CREATE TABLE only_here ()"); err != nil {
		t.Fatal(err)
	}
	var here, there bool
	const find = "SELECT to_regclass('only_here') IS NOT NULL"
	if err := a.Owner.QueryRow(t.Context(), find).Scan(&here); err != nil {
		t.Fatal(err)
	}
	if err := b.Owner.QueryRow(t.Context(), find).Scan(&there); err != nil {
		t.Fatal(err)
	}
	if !here || there {
		t.Errorf("table in its database %t, in another %t", here, there)
	}
}

func TestServerRoleIsRestricted(t *testing.T) {
	t.Parallel()
	db := Database(t)
	var user string
	var super, creates bool
	err := db.Pool.QueryRow(t.Context(),
		"SELECT rolname, rolsuper, rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user").Scan(&user, &super, &creates)
	if err != nil {
		t.Fatal(err)
	}
	if user != server || super || creates {
		t.Errorf("role %s: superuser %t, creates roles or databases %t", user, super, creates)
	}
	if _, err := db.Pool.Exec(t.Context(), "CREATE TABLE mine ()"); err == nil {
		t.Error("the server's role made a table")
	}
}

func TestPrivateDatabaseComesBack(t *testing.T) {
	t.Parallel()
	db, pg := PrivateDatabase(t)
	if err := pg.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Pool.Ping(t.Context()); err == nil {
		t.Fatal("a stopped PostgreSQL answers")
	}
	if err := pg.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Pool.Ping(t.Context()); err != nil {
		t.Errorf("after Restart: %v", err)
	}
}

func TestSweepSparesTheLiving(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "stage")
	dead := filepath.Join(root, "run-dead")
	if err := os.MkdirAll(filepath.Join(dead, "postgres"), 0o700); err != nil {
		t.Fatal(err)
	}
	mine, err := claim(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("the folder of a dead run: %v, want none", err)
	}
	other, err := claim(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []run{mine, other} {
		if _, err := os.Stat(r.dir); err != nil {
			t.Errorf("the folder of a living run: %v", err)
		}
		r.alive.Close()
	}
}

// What each further database costs a test.
func BenchmarkDatabase(b *testing.B) {
	Database(b)
	for b.Loop() {
		Database(b)
	}
}
