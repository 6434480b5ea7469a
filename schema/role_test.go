package schema_test

import (
	"strings"
	"testing"

	"pixgate/internal/dev/stage"
	"pixgate/schema"
)

// rights are what the server may do to each table; "SELECT INSERT UPDATE" for those
// not listed. Of a delivery it may update how an archive's way ended and no other
// column: see TestTheServerIsRefused.
var rights = map[string]string{
	"audit_entry":      "SELECT INSERT", // nobody rewrites history
	"selection_event":  "SELECT INSERT",
	"settlement":       "SELECT INSERT",
	"goose_db_version": "SELECT",
	"login_code":       "SELECT INSERT UPDATE DELETE", // purged
	"login_challenge":  "SELECT INSERT UPDATE DELETE",
	"budget":           "SELECT INSERT UPDATE DELETE",
	"session":          "SELECT INSERT UPDATE DELETE",
	"tenant_text":      "SELECT INSERT UPDATE DELETE", // a mail gets its built-in words again
	"security_event":   "SELECT INSERT DELETE",        // purged, never rewritten
	"cron_run":         "SELECT INSERT UPDATE DELETE", // purged; of its columns, how it ended

	"notification":      "SELECT INSERT UPDATE DELETE", // purged; of its columns, that it was mailed
	"unsubscribe_token": "SELECT INSERT UPDATE DELETE", // purged; of its columns, that it was used
	"unsubscribed":      "SELECT INSERT DELETE",        // who wants mail again
	"mail_suppression":  "SELECT INSERT UPDATE DELETE", // lifted
	"mail_report":       "SELECT INSERT DELETE",        // purged

	"webhook":       "SELECT INSERT UPDATE DELETE", // removed by admins
	"webhook_event": "SELECT INSERT DELETE",        // purged, with their deliveries
}

func TestTheServerMayDoWhatIsListed(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	for _, table := range lines(t, db.Owner, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'") {
		want, listed := rights[table]
		if !listed {
			want = "SELECT INSERT UPDATE"
		}
		got := lines(t, db.Owner, `
			SELECT concat_ws(' ', VARIADIC array_agg(p ORDER BY n)) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
			WITH ORDINALITY u(p, n) WHERE has_table_privilege('pixgate_server', $1, p) OR p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege('pixgate_server', $1, p)`, table)[0]
		if got != want {
			t.Errorf("the server may %s %s, want %s", got, table, want)
		}
	}
}

// TestTheServerIsRefused has the server try what it must not do.
func TestTheServerIsRefused(t *testing.T) {
	t.Parallel()
	db, _ := populated(t)
	for _, sql := range []string{
		"UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry",
		"SELECT FROM audit_entry FOR UPDATE",
		"UPDATE selection_event SET request_id = 'x'", "DELETE FROM selection_event", "TRUNCATE selection_event",
		"UPDATE settlement SET payment_reference = 'x'", "DELETE FROM settlement", "TRUNCATE settlement",
		"UPDATE security_event SET count = 1", "SELECT FROM security_event FOR UPDATE", "TRUNCATE security_event", "DELETE FROM security_alert",
		"UPDATE cron_run SET task = 'x'", "UPDATE cron_run SET token = 9", "UPDATE cron_run SET key_hash = NULL", "DELETE FROM cron_lease",
		"DELETE FROM audit_head", "DELETE FROM delivery", "UPDATE delivery SET staff = true", "UPDATE delivery SET image_ids = '{}'", "UPDATE delivery SET at = now()", "UPDATE delivery SET account_id = session_id", "UPDATE booking_event SET state = 'CANCELLED'", "UPDATE booking_event SET account_id = booking_id", "DELETE FROM booking_event", "DELETE FROM booking", "DELETE FROM package", "DELETE FROM image", "DELETE FROM job", "DELETE FROM account", "DELETE FROM device", "DELETE FROM tenant",
		"UPDATE notification SET message = 'x'", "UPDATE unsubscribe_token SET email_key = 'x'", "UPDATE unsubscribed SET email_key = 'x'", "UPDATE mail_report SET id = 'x'",
		"UPDATE webhook_event SET body = '{}'", "DELETE FROM webhook_delivery", "UPDATE webhook_delivery SET event_id = webhook_id", "UPDATE webhook_delivery SET webhook_id = event_id", "TRUNCATE webhook CASCADE",
		"TRUNCATE session", "TRUNCATE budget",
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)",
		"CREATE TABLE mine ()", "CREATE TABLE task.mine ()", "CREATE SCHEMA mine", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"ALTER TABLE audit_entry DISABLE TRIGGER ALL", "ALTER TABLE image DROP CONSTRAINT image_size_check", "DROP TABLE budget",
		"ALTER TABLE booking DISABLE TRIGGER booking_verified", "DELETE FROM upload", "ALTER TABLE upload DISABLE TRIGGER upload_moves", "ALTER TABLE booking DISABLE TRIGGER booking_in_good_standing", "ALTER TABLE tenant DISABLE TRIGGER tenant_apart", "ALTER TABLE session DISABLE TRIGGER not_of_erased", "ALTER TABLE account DROP CONSTRAINT account_erased", "ALTER TABLE image DISABLE TRIGGER image_updated", "ALTER TABLE job DROP CONSTRAINT job_within_package", "CREATE OR REPLACE FUNCTION booking_verified() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
		"CREATE TRIGGER mine BEFORE INSERT ON audit_entry EXECUTE FUNCTION booking_verified()", "CREATE RULE mine AS ON INSERT TO audit_entry DO INSTEAD NOTHING",
		"SET ROLE pixgate_owner", "SET session_replication_role = replica",
		"COPY audit_entry TO PROGRAM 'true'", "COPY account TO '/dev/null'", "SELECT pg_read_file('/etc/hostname')", "SELECT rolpassword FROM pg_authid",
		"CREATE EXTENSION dblink", "ALTER SYSTEM SET fsync = off",
	} {
		_, err := db.Pool.Exec(t.Context(), sql)
		if state, _ := refusal(err); state != "42501" {
			t.Errorf("%s: SQLSTATE %q, %v; want insufficient_privilege", sql, state, err)
		}
	}
}

// TestTheServerReadsItsSchemasOnly looks for whatever else it could use.
func TestTheServerReadsItsSchemasOnly(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	got := strings.Join(lines(t, db.Owner, `
		SELECT nspname::text FROM pg_namespace WHERE has_schema_privilege('pixgate_server', oid, 'USAGE') AND nspname !~ '^pg_(toast|temp)' ORDER BY 1`), " ")
	if want := "information_schema pg_catalog public task"; got != want {
		t.Errorf("the server may use the schemas %s, want %s", got, want)
	}
	if owns := lines(t, db.Owner, "SELECT relname::text FROM pg_class WHERE relowner = 'pixgate_server'::regrole"); len(owns) != 0 {
		t.Errorf("the server owns %q", owns)
	}
	is := lines(t, db.Owner, `
		SELECT concat_ws(' ', rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
			(SELECT count(*) FROM pg_auth_members WHERE member = r.oid)) FROM pg_roles r WHERE rolname = 'pixgate_server'`)[0]
	if is != "f f f f f 0" {
		t.Errorf("the server is superuser, creates roles, databases, replicates, bypasses, is a member of: %s", is)
	}
}

func TestMigratingTakesBackWhatIsNotListed(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	for _, generous := range []string{
		"GRANT DELETE, TRUNCATE, UPDATE ON audit_entry TO pixgate_server", "GRANT DELETE ON device TO pixgate_server", "GRANT UPDATE ON delivery TO pixgate_server",
	} {
		if _, err := db.Owner.Exec(t.Context(), generous); err != nil {
			t.Fatal(err)
		}
	}
	if err := schema.Migrate(t.Context(), db.OwnerURL, "pixgate_server"); err != nil {
		t.Fatal(err)
	}
	for _, attack := range []string{"UPDATE audit_entry SET reason = ''", "DELETE FROM audit_entry", "TRUNCATE audit_entry", "DELETE FROM device", "UPDATE delivery SET way = 'URL'"} {
		if _, err := db.Pool.Exec(t.Context(), attack); err == nil {
			t.Errorf("%s is still allowed", attack)
		}
	}
	if _, err := db.Pool.Exec(t.Context(), "SELECT FROM task.river_job"); err != nil {
		t.Errorf("a right that is listed is gone: %v", err)
	}
}
