package stage

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"testing"
)

// Settings are a complete environment of a server on parts of this test alone, with other
// values where change has some.
func Settings(t testing.TB, db *DB, change map[string]string) func(string) string {
	t.Helper()
	bucket, box := Bucket(t), Mailbox(t)
	all := map[string]string{
		"APP_ENV": "development", "ADDR": "127.0.0.1:0", "METRICS_ADDR": "127.0.0.1:0", "PUBLIC_URLS": "http://127.0.0.1", "CORS_ORIGINS": "http://pix.test",
		"DATABASE_URL": db.URL, "MIGRATE_DATABASE_URL": db.OwnerURL,
		"S3_ENDPOINT": bucket.Endpoint, "S3_REGION": bucket.Region, "S3_BUCKET": bucket.Bucket,
		"S3_ACCESS_KEY_ID": bucket.AccessKeyID, "S3_SECRET_ACCESS_KEY": bucket.SecretAccessKey,
		"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey(),
		"MAIL_FROM": "pix.immo <no-reply@pix.immo>",
		"LOG_LEVEL": "debug",
	}
	for _, name := range []string{"OTP_SECRET", "AUDIT_SECRET", "TICKET_SECRET", "CSRF_SECRET"} {
		all[name] = Secret(name)
	}
	maps.Copy(all, change)
	return func(name string) string { return all[name] }
}

// Secret is as random as secrets must look, and the same for the same name.
func Secret(name string) string {
	sum := sha256.Sum256([]byte(name))
	return base64.RawStdEncoding.EncodeToString(sum[:])
}
