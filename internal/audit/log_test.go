package audit_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

const auditSecret = "audit secret of a test, long enough"

func change(c *cast.Cast, tenantID id.ID) audit.Change {
	return audit.Change{
		TenantID: tenantID, Action: audit.JobCreated, Old: map[string]int{"includedImages": 20}, New: map[string]int{"includedImages": 25},
		Reason: "Kulanz", RequestID: "request",
	}
}

func TestManyWritersMakeOneChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var writers sync.WaitGroup
	write := func(tenantID id.ID, times int) {
		writers.Go(func() {
			for range times {
				w.append(t, w.log, change(w.Cast, tenantID))
			}
		})
	}
	for n := range 60 {
		write(w.TenantID, 50)
		if n%10 == 0 {
			write(w.ForeignTenantID, 10)
		}
	}
	writers.Wait()
	verify(t, w.db, w.TenantID, 3000)
	verify(t, w.db, w.ForeignTenantID, 60)
	whole(t, w.verify(t), 3000)
	whole(t, w.verifyWith(t, w.keys, w.foreign(), audit.Span{}), 60)
}

// verify walks a chain by the recipe of its documentation.
func verify(t *testing.T, db *stage.DB, tenantID id.ID, want int) {
	t.Helper()
	rows, err := db.Owner.Query(t.Context(), "SELECT sequence, canonical, prev, hash FROM audit_entry WHERE tenant_id = $1 ORDER BY sequence", tenantID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	key := secret.NewRing(auditSecret).Current()
	last, n := make([]byte, 32), 0
	for rows.Next() {
		var sequence int64
		var canonical, prev, hash []byte
		if err := rows.Scan(&sequence, &canonical, &prev, &hash); err != nil {
			t.Fatal(err)
		}
		n++
		sum := key.MAC("audit chain", prev, canonical)
		if sequence != int64(n) || !bytes.Equal(prev, last) || !bytes.Equal(hash, sum[:]) {
			t.Fatalf("entry %d (sequence %d) does not follow from the one before", n, sequence)
		}
		last = hash
	}
	if rows.Err() != nil || n != want {
		t.Errorf("%d entries, want %d (%v)", n, want, rows.Err())
	}
}

func TestAChangeThatFailsLeavesNoEntry(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	c := cast.New(t, db.Owner)
	log := audit.NewLog(secret.NewRing(auditSecret), time.Now)
	failed := errors.New("the change failed")
	err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		if err := log.Append(t.Context(), tx, change(c, c.TenantID)); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	verify(t, db, c.TenantID, 0)
}

func TestTheServerCanNotChangeItsLog(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	c := cast.New(t, db.Owner)
	log := audit.NewLog(secret.NewRing(auditSecret), time.Now)
	if err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error { return log.Append(t.Context(), tx, change(c, c.TenantID)) }); err != nil {
		t.Fatal(err)
	}
	for _, attack := range []string{
		"UPDATE audit_entry SET reason = 'none'", "DELETE FROM audit_entry", "TRUNCATE audit_entry", "DROP TABLE audit_entry",
		"ALTER TABLE audit_entry DISABLE TRIGGER ALL", "DELETE FROM audit_head", "GRANT UPDATE ON audit_entry TO pixgate_server",
	} {
		_, err := db.Pool.Exec(context.Background(), attack)
		if err == nil && attack[:5] == "GRANT" { // PostgreSQL only warns that nothing was granted
			_, err = db.Pool.Exec(context.Background(), "UPDATE audit_entry SET reason = 'none'")
		}
		if err == nil {
			t.Errorf("%s: allowed", attack)
		}
	}
	verify(t, db, c.TenantID, 1)
}
