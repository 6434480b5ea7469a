package schema_test

import (
	"fmt"
	"testing"
)

// The database holds the lines of an upload's life as well, and counts what is open.
func TestAnUploadThatIsOverStaysOver(t *testing.T) {
	t.Parallel()
	db, c := populated(t)
	states := []string{"PENDING", "VERIFYING", "READY", "REJECTED", "ABORTED", "EXPIRED"}
	open := map[string]bool{"PENDING": true, "VERIFYING": true}
	for i, from := range states {
		for _, to := range states {
			tx, err := db.Owner.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = tx.Exec(t.Context(), fmt.Sprintf(`INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size,
					image_id, rejection, explanation, due_at, created_at, ended_at)
				SELECT gen_random_uuid(), tenant_id, job_id, account_id, session_id, '', '%[1]s', filename, content_type, 1000, sha256('%[2]d'), 0,
					CASE '%[1]s' WHEN 'READY' THEN image_id END, CASE '%[1]s' WHEN 'REJECTED' THEN 'X' END, CASE '%[1]s' WHEN 'REJECTED' THEN 'X' END, now(), now(),
					CASE WHEN '%[1]s' NOT IN ('PENDING', 'VERIFYING') THEN now() END
				FROM upload WHERE tenant_id = $1 LIMIT 1`, from, i), c.TenantID)
			if err != nil {
				t.Fatal(err)
			}
			_, err = tx.Exec(t.Context(), fmt.Sprintf(`UPDATE upload u SET state = '%[1]s', image_id = CASE '%[1]s' WHEN 'READY' THEN o.image_id END,
					rejection = CASE '%[1]s' WHEN 'REJECTED' THEN 'X' END, explanation = CASE '%[1]s' WHEN 'REJECTED' THEN 'X' END,
					ended_at = CASE WHEN '%[1]s' NOT IN ('PENDING', 'VERIFYING') THEN now() END
				FROM upload o WHERE o.size = 1 AND o.tenant_id = u.tenant_id AND u.size = 1000`, to))
			may := from == to || open[from] && to != "PENDING"
			if state, _ := refusal(err); may != (err == nil) || !may && state != "23514" {
				t.Errorf("from %s to %s: %v", from, to, err)
			}
			if err == nil {
				var n, bytes int
				if err := tx.QueryRow(t.Context(), "SELECT upload_count, upload_bytes FROM job WHERE id = $1", c.Package.ID).Scan(&n, &bytes); err != nil {
					t.Fatal(err)
				}
				if want := map[bool]int{true: 1}[open[to]]; n != want || bytes != want*1000 {
					t.Errorf("from %s to %s: %d uploads of %d bytes are reserved", from, to, n, bytes)
				}
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
