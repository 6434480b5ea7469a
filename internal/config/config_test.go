package config_test

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/config"
)

// good is a complete set of settings; tests change one at a time.
func good() map[string]string {
	return map[string]string{
		"APP_ENV":               "production",
		"PUBLIC_URLS":           "https://api.pix.immo,https://api.pixcapture.app",
		"CORS_ORIGINS":          "https://pix.immo, https://pixcapture.app:8443",
		"DATABASE_URL":          "postgres://pixgate_server:u7Jq2@db.internal/pixgate",
		"MIGRATE_DATABASE_URL":  "postgres://pixgate_owner:k3Wz9@db.internal/pixgate",
		"S3_ENDPOINT":           "https://account.r2.cloudflarestorage.com/",
		"S3_REGION":             "auto",
		"S3_BUCKET":             "pictures",
		"S3_ACCESS_KEY_ID":      "key-id",
		"S3_SECRET_ACCESS_KEY":  "key-secret",
		"SES_ACCESS_KEY_ID":     "mail-id",
		"SES_SECRET_ACCESS_KEY": "mail-secret",
		"MAIL_FROM":             "pix.immo <no-reply@pix.immo>",
		"OTP_SECRET":            "vB1qk8mZs0Tn4LxR7yHc2WdJfUa9EgPo",
		"AUDIT_SECRET":          "0f9c5b7ae1d24836b5f0c9a87e6d1324",
		"TICKET_SECRET":         "kQ4x7ZpW1mVr9TsYb2NfHc6JdLg8EuAo",
		"CSRF_SECRET":           "Zt5Hq9LwXe2Rb7VyKc4MnDs8GfJp3UaQ",
		"CRON_SECRET":           "Rn6Xc3Tq8Wz1Lb5VyKd9HmGs2JfPe7Ua",
		"TRUST_PROXY":           "10.1.0.0/16,192.0.2.7,2001:db8::/32",
		"REDIS_URL":             "rediss://limits:p4Rq7@redis.internal:6380/2",
	}
}

func with(change map[string]string) func(string) string {
	settings := good()
	maps.Copy(settings, change)
	return func(name string) string { return settings[name] }
}

func TestACompleteSetLoads(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.Environment != config.Production || c.Addr != ":8080" || c.DefaultTenant != "studio" || c.SESRegion != "eu-central-1" ||
		c.DownloadURLTTL != 5*time.Minute || c.SESEndpoint != "" {
		t.Errorf("defaults: %+v", c)
	}
	if c.MailFrom.Address != "no-reply@pix.immo" || c.MailFrom.Name != "pix.immo" {
		t.Errorf("MailFrom = %v", c.MailFrom)
	}
	if want := []string{"https://pix.immo", "https://pixcapture.app:8443"}; !slices.Equal(c.CORSOrigins, want) {
		t.Errorf("CORSOrigins = %q, want %q", c.CORSOrigins, want)
	}
	if c.S3Endpoint != "https://account.r2.cloudflarestorage.com" {
		t.Errorf("S3Endpoint = %q", c.S3Endpoint)
	}
	if want := netip.MustParsePrefix("192.0.2.7/32"); len(c.TrustedProxies) != 3 || c.TrustedProxies[1] != want {
		t.Errorf("TrustedProxies = %v", c.TrustedProxies)
	}
	if !c.SecureCookies() {
		t.Error("cookies are not Secure")
	}
}

func TestDevelopmentMayDoWithoutTLS(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(map[string]string{
		"APP_ENV": "development", "PUBLIC_URLS": "http://localhost:8080", "CORS_ORIGINS": "http://localhost:5173", "S3_ENDPOINT": "http://127.0.0.1:9000",
		"SES_ENDPOINT": "http://127.0.0.1:9001", "DATABASE_URL": "postgres://pixgate_server@/pixgate?host=/run/pixgate", "MIGRATE_DATABASE_URL": "",
		"TRUST_PROXY": "true", "DOWNLOAD_URL_TTL": "90s", "LOG_LEVEL": "debug", "ADDR": "127.0.0.1:0",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.SecureCookies() {
		t.Error("cookies are Secure under http")
	}
	if c.MigrateDatabaseURL != c.DatabaseURL {
		t.Error("MIGRATE_DATABASE_URL is not DATABASE_URL when unset")
	}
	if c.DownloadURLTTL != 90*time.Second {
		t.Errorf("DownloadURLTTL = %s", c.DownloadURLTTL)
	}
}

func TestEveryBadSettingIsNamed(t *testing.T) {
	t.Parallel()
	for _, bad := range []struct{ variable, value, wrong string }{
		{"APP_ENV", "", "is missing"},
		{"APP_ENV", "prod", `is "prod"`},
		{"LOG_LEVEL", "verbose", `is "verbose"`},
		{"DEFAULT_TENANT", "Studio", `is "Studio"`},
		{"DATABASE_URL", "", "is missing"},
		{"DATABASE_URL", "mysql://pixgate@db/pixgate", "is not the URL of a PostgreSQL"},
		{"DATABASE_URL", "postgres://pixgate:%zz@db/pixgate", "can't be read"},
		{"MIGRATE_DATABASE_URL", "db.internal", "is not the URL of a PostgreSQL"},
		{"S3_ENDPOINT", "", "is missing"},
		{"S3_ENDPOINT", "http://storage.example.com", "http is for development only"},
		{"S3_ENDPOINT", "storage.example.com", "no http or https origin"},
		{"S3_REGION", "", "is missing"},
		{"S3_BUCKET", "", "is missing"},
		{"S3_ACCESS_KEY_ID", "", "is missing"},
		{"S3_SECRET_ACCESS_KEY", "", "is missing"},
		{"S3_SECRET_ACCESS_KEY", "key-secret\n", "has white space around it"},
		{"DOWNLOAD_URL_TTL", "0s", "is 0s"},
		{"DOWNLOAD_URL_TTL", "16m", "is 16m"},
		{"DOWNLOAD_URL_TTL", "5", `is "5"`},
		{"DOWNLOAD_URL_TTL", "-5m", "is -5m0s"},
		{"SES_ENDPOINT", "http://mail.example.com", "http is for development only"},
		{"SES_ACCESS_KEY_ID", "", "is missing"},
		{"SES_SECRET_ACCESS_KEY", "", "is missing"},
		{"MAIL_FROM", "", "is missing"},
		{"MAIL_FROM", "pix.immo", "no sender"},
		{"MAIL_FROM", "a@b.de, c@d.de", "no sender"},
		{"OTP_SECRET", "", "is missing"},
		{"OTP_SECRET", "vB1qk8mZs0Tn4LxR7yHc2WdJfUa9EgP", "is too short, it needs 32"},
		{"OTP_SECRET", "ababababababababababababababababab", "is too simple"},
		{"OTP_SECRET", "vB1qk8mZs0TnvB1qk8mZs0TnvB1qk8mZs0Tn", "is too simple"},
		{"OTP_SECRET", "please-ChangeMe-before-going-live-7", "looks like an example"},
		{"OTP_SECRET", "pixgate development 48151623421234", "looks like an example"},
		{"OTP_SECRET_PREVIOUS", "short", "is too short"},
		{"OTP_SECRET_PREVIOUS", "vB1qk8mZs0Tn4LxR7yHc2WdJfUa9EgPo", "is the same as OTP_SECRET"},
		{"AUDIT_SECRET", "vB1qk8mZs0Tn4LxR7yHc2WdJfUa9EgPo", "is the same as OTP_SECRET"},
		{"AUDIT_SECRET", "", "is missing"},
		{"AUDIT_SECRET", "0f9c5b7ae1d24836,b5f0c9a87e6d1324", "holds a comma"},
		{"AUDIT_SECRET_PREVIOUS", "Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo,short", "is too short"},
		{"AUDIT_SECRET_PREVIOUS", "Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo,", "has an empty entry"},
		{"AUDIT_SECRET_PREVIOUS", "Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo,Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo", "is the same as AUDIT_SECRET_PREVIOUS"},
		{"AUDIT_SECRET_PREVIOUS", "Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo,0f9c5b7ae1d24836b5f0c9a87e6d1324", "is the same as AUDIT_SECRET"},
		{"TICKET_SECRET", "", "is missing"},
		{"TICKET_SECRET", "0f9c5b7ae1d24836b5f0c9a87e6d1324", "is the same as AUDIT_SECRET"},
		{"CSRF_SECRET", "", "is missing"},
		{"CSRF_SECRET", "kQ4x7ZpW1mVr9TsYb2NfHc6JdLg8EuAo", "is the same as TICKET_SECRET"},
		{"CSRF_SECRET_PREVIOUS", "Zt5Hq9LwXe2Rb7VyKc4MnDs8GfJp3UaQ", "is the same as CSRF_SECRET"},
		{"CRON_SECRET", "", "is missing"},
		{"CRON_SECRET", "short", "is too short"},
		{"CRON_SECRET_PREVIOUS", "Rn6Xc3Tq8Wz1Lb5VyKd9HmGs2JfPe7Ua", "is the same as CRON_SECRET"},
		{"OTP_SECRET_ROTATED_AT", "2026-02-01", "is no time"},
		{"OTP_SECRET_EXPIRES_AT", "2026-02-01 00:00:00Z", "is no time"},
		{"CSRF_SECRET_ROTATED_AT", "2026-02-30T00:00:00Z", "is no time"},
		{"TICKET_SECRET_ROTATED_AT", "2026-02-01T00:00:00", "is no time"},
		{"AUDIT_SECRET_EXPIRES_AT", "2026-02-01T00:00:00,5Z", "is no time"},
		{"CRON_SECRET_EXPIRES_AT", "never", "is no time"},
		{"S3_SECRET_ACCESS_KEY_ROTATED_AT", "1769904000", "is no time"},
		{"SES_SECRET_ACCESS_KEY_EXPIRES_AT", "2026-02-01T00:00:00Z\n", "has white space around it"},
		{"SECRET_EXPIRY_WARNING_DAYS", "-1", `is "-1"`},
		{"SECRET_EXPIRY_WARNING_DAYS", "14d", `is "14d"`},
		{"SECRET_ROTATION_MAX_DAYS", "0", `is "0"`},
		{"SECRET_ROTATION_MAX_DAYS", "3651", `is "3651"`},
		{"ADDR", "8080", `is "8080"`},
		{"ADDR", ":http", `is ":http"`},
		{"ADDR", ":65536", `is ":65536"`},
		{"METRICS_ADDR", "9464", `is "9464"`},
		{"METRICS_ADDR", "OFF", `is "OFF"`},
		{"SECURITY_METRICS_WINDOW_MS", "5m", `is "5m"`},
		{"SECURITY_METRICS_WINDOW_MS", "999", `is "999"`},
		{"SECURITY_ALERT_COOLDOWN_MS", "-1", `is "-1"`},
		{"SECURITY_ALERT_THRESHOLD_DEFAULT", "1e3", `is "1e3"`},
		{"SECURITY_ALERT_THRESHOLD_RATE_LIMIT_BLOCKED", "1000001", `is "1000001"`},
		{"SECURITY_ALERT_THRESHOLD_LOGIN_FAILED", "+5", `is "+5"`},
		{"CRON_LOCK_TTL_MS", "999", `is "999"`},
		{"CRON_LOCK_TTL_MS", "600001", `is "600001"`},
		{"CRON_LOCK_TTL_MS", "60s", `is "60s"`},
		{"CRON_IDEMPOTENCY_TTL_MS", "59999", `is "59999"`},
		{"CRON_IDEMPOTENCY_TTL_MS", "604800001", `is "604800001"`},
		{"CRON_IDEMPOTENCY_TTL_MS", "1e6", `is "1e6"`},
		{"SCHEDULER_MODE", "off", `is "off"`},
		{"SCHEDULER_MODE", "External", `is "External"`},
		{"SCHEDULER_MODE", "external ", "white space"},
		{"ALERT_EMAIL", "Alarm <alarm@pix.immo>", "no bare mailbox"},
		{"ALERT_EMAIL", "alarm", "no bare mailbox"},
		{"PUBLIC_URLS", "", "is missing"},
		{"PUBLIC_URLS", "http://api.pix.immo", "http is for development only"},
		{"PUBLIC_URLS", "https://api.pix.immo/graphql", "more than scheme, host and port"},
		{"PUBLIC_URLS", "https://user:hunter2@api.pix.immo", "holds credentials"},
		{"CORS_ORIGINS", "*", "patterns are not allowed"},
		{"CORS_ORIGINS", "https://*.pix.immo", "patterns are not allowed"},
		{"CORS_ORIGINS", "h*", "patterns are not allowed"},
		{"CORS_ORIGINS", "null", "no http or https origin"},
		{"CORS_ORIGINS", "http://pix.immo", "http is for development only"},
		{"CORS_ORIGINS", "https://pix.immo/", "a slash at the end is too much"},
		{"CORS_ORIGINS", "https://pix.immo/app", "more than scheme, host and port"},
		{"CORS_ORIGINS", "https://pix.immo?", "patterns are not allowed"},
		{"CORS_ORIGINS", "https://pix.immo#", "more than scheme, host and port"},
		{"CORS_ORIGINS", "https://Pix.immo", "browsers spell otherwise"},
		{"CORS_ORIGINS", "https://pix.immo.", "browsers spell otherwise"},
		{"CORS_ORIGINS", "https://bücher.example", "browsers spell otherwise"},
		{"CORS_ORIGINS", "https://pix.immo:443", "without the port"},
		{"CORS_ORIGINS", "https://pix.immo:", "without the port"},
		{"CORS_ORIGINS", "https://pix.immo,,https://www.pix.immo", "has an empty entry"},
		{"TRUST_PROXY", "yes", "no network"},
		{"TRUST_PROXY", "0.0.0.0/0", "believes everybody"},
		{"TRUST_PROXY", "::/0", "believes everybody"},
		{"TRUST_PROXY", "10.1.2.3/8", "10.0.0.0/8 in its place"},
		{"TRUST_PROXY", "::ffff:10.0.0.1", "no network"},
		{"TRUST_PROXY", "fe80::1%eth0", "no network"},
		{"REDIS_URL", "redis.internal:6379", "is not the URL of a Redis"},
		{"REDIS_URL", "http://redis.internal", "is not the URL of a Redis"},
		{"REDIS_URL", "redis://:hunter2@redis:port", "can't be read as a URL"},
		{"REDIS_URL", "redis://:hunter2@", "names no host"},
		{"REDIS_URL", "redis://:hunter2@redis:0", "a port that is none"},
		{"REDIS_URL", "redis://:hunter2@redis:65536", "a port that is none"},
		{"REDIS_URL", "redis://:hunter2@redis:", "a port that is none"},
		{"REDIS_URL", "redis://:hunter2@redis/limits", "a database that is no number"},
		{"REDIS_URL", "redis://:hunter2@redis/01", "a database that is no number"},
		{"REDIS_URL", "redis://:hunter2@redis?max_retries=3", "has options"},
		{"REDIS_URL", "redis://:hunter2@redis/0#", "has options"},
		{"REDIS_URL", "redis://limits@redis", "a user without a password"},
		{"REDIS_URL", "redis://limits:@redis", "a user without a password"},
		{"REDIS_URL", "redis://redis ", "has white space around it"},
		{"RATE_LIMIT_AUTH", "5", `is "5"`},
		{"RATE_LIMIT_AUTH", "5/min", `is "5/min"`},
		{"RATE_LIMIT_AUTH", "5/m", `is "5/m"`},
		{"RATE_LIMIT_AUTH", "5/15", `is "5/15"`},
		{"RATE_LIMIT_AUTH", "5 / 15m", `is "5 / 15m"`},
		{"RATE_LIMIT_AUTH", "0/15m", `is "0/15m"`},
		{"RATE_LIMIT_AUTH", "-5/15m", `is "-5/15m"`},
		{"RATE_LIMIT_AUTH", "05/15m", `is "05/15m"`},
		{"RATE_LIMIT_AUTH", "5/0s", `is "5/0s"`},
		{"RATE_LIMIT_AUTH", "5/500ms", `is "5/500ms"`},
		{"RATE_LIMIT_AUTH", "5/1.5m", `is "5/1.5m"`},
		{"RATE_LIMIT_PUBLIC_API", "100001/1m", "is out of range"},
		{"RATE_LIMIT_PUBLIC_API_SIGNED_IN", "1/25h", "is out of range"},
		{"RATE_LIMIT_UPLOAD_FAILURES", "off", `is "off"`},
		{"RATE_LIMIT_DOWNLOAD", "600/1m\n", "has white space around it"},
		{"BLOCKED_IPS", "192.0.2.7,,192.0.2.8", "has an empty entry"},
		{"BLOCKED_IPS", "192.0.2.7,", "has an empty entry"},
		{"BLOCKED_IPS", "*", "which is everybody"},
		{"BLOCKED_IPS", "*.*", "which is everybody"},
		{"BLOCKED_IPS", "0.0.0.0/0", "which is everybody"},
		{"ADMIN_ALLOWED_IPS", "::/0", "which is everybody"},
		{"ADMIN_ALLOWED_IPS", "192.*.2.7", "10.* or 192.168.*"},
		{"ADMIN_ALLOWED_IPS", "192.168.*.*", "10.* or 192.168.*"},
		{"ADMIN_ALLOWED_IPS", "192.168.1*", "10.* or 192.168.*"},
		{"ADMIN_ALLOWED_IPS", "192.168.1.7.*", "10.* or 192.168.*"},
		{"ADMIN_ALLOWED_IPS", "300.*", "10.* or 192.168.*"},
		{"ADMIN_ALLOWED_IPS", "2001:db8:*", "10.* or 192.168.*"},
		{"ADMIN_ALLOWED_IPS", "192.168.*/16", "10.* or 192.168.*"},
		{"SEND_EMAIL_ALLOWED_IPS", "192.168.1.0/16", "192.168.0.0/16 in its place"},
		{"SEND_EMAIL_ALLOWED_IPS", "2001:db8::1/32", "2001:db8::/32 in its place"},
		{"SEND_EMAIL_ALLOWED_IPS", "192.168.0.0/33", "no network"},
		{"SEND_EMAIL_ALLOWED_IPS", "192.168.0.0/016", "leading zeros"},
		{"GENERATE_PDF_ALLOWED_IPS", "192.168.010.1", "leading zeros"},
		{"GENERATE_PDF_ALLOWED_IPS", "010.*", "leading zeros"},
		{"GENERATE_PDF_ALLOWED_IPS", "::ffff:192.0.2.7", "192.0.2.7 in its place"},
		{"GENERATE_PDF_ALLOWED_IPS", "::ffff:192.0.2.0/120", "192.0.2.0/24 in its place"},
		{"GENERATE_PDF_ALLOWED_IPS", "::ffff:0.0.0.0/90", "more than IPv4"},
		{"WEBHOOK_ALLOWED_IPS", "fe80::1%eth0", "fe80::1 in its place"},
		{"WEBHOOK_ALLOWED_IPS", "fe80::%eth0/64", "no network"},
		{"WEBHOOK_ALLOWED_IPS", "192.0.2.7:443", "192.0.2.7 in its place"},
		{"WEBHOOK_ALLOWED_IPS", "[2001:db8::7]:443", "2001:db8::7 in its place"},
		{"WEBHOOK_ALLOWED_IPS", "hooks.example.com", "no address"},
		{"WEBHOOK_ALLOWED_IPS", "192.0.2", "no address"},
	} {
		t.Run(bad.variable+"="+bad.value, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(with(map[string]string{bad.variable: bad.value}))
			problems, _ := errors.AsType[config.Problems](err)
			if len(problems) != 1 {
				t.Fatalf("%d problems, want 1: %v", len(problems), err)
			}
			line := problems[0].String()
			if problems[0].Variable != bad.variable || !strings.Contains(line, bad.wrong) {
				t.Errorf("got %q, want %s … %s", line, bad.variable, bad.wrong)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("shows a password")
			}
		})
	}
}

func TestAlertsAreSetForEachEvent(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.MetricsAddr != "127.0.0.1:9464" || c.SecurityWindow != 5*time.Minute || c.SecurityCooldown != 15*time.Minute || c.AlertEmail != "" ||
		c.SecurityThresholds["login_failed"] != 25 || c.SecurityThresholds["rate_limit_blocked"] != 50 || c.SecurityThresholds["limiter_restored"] != 0 {
		t.Errorf("defaults: %+v", c)
	}
	c, err = config.Load(with(map[string]string{
		"METRICS_ADDR": "off", "SECURITY_METRICS_WINDOW_MS": "60000", "SECURITY_ALERT_COOLDOWN_MS": "120000", "SECURITY_ALERT_THRESHOLD_DEFAULT": "7",
		"SECURITY_ALERT_THRESHOLD_CSRF_BLOCKED": "0", "SECURITY_ALERT_THRESHOLD_RATE_LIMIT_BLOCKED": "9", "ALERT_EMAIL": "alarm@pix.immo",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.MetricsAddr != "" || c.SecurityWindow != time.Minute || c.SecurityCooldown != 2*time.Minute || c.AlertEmail != "alarm@pix.immo" ||
		c.SecurityThresholds["login_failed"] != 7 || c.SecurityThresholds["csrf_blocked"] != 0 || c.SecurityThresholds["rate_limit_blocked"] != 9 ||
		c.SecurityThresholds["limiter_fallback"] != 1 {
		t.Errorf("set: %+v", c)
	}
}

func TestMaintenanceIsTheServersOwnUnlessSomebodyElseDoesIt(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(nil))
	if err != nil || c.CronLockTTL != time.Minute || c.CronKeyTTL != 24*time.Hour || c.ExternalScheduler {
		t.Errorf("defaults: %v, %+v", err, c)
	}
	c, err = config.Load(with(map[string]string{"CRON_LOCK_TTL_MS": "1000", "CRON_IDEMPOTENCY_TTL_MS": "604800000", "SCHEDULER_MODE": "external"}))
	if err != nil || c.CronLockTTL != time.Second || c.CronKeyTTL != 7*24*time.Hour || !c.ExternalScheduler {
		t.Errorf("set: %v, %+v", err, c)
	}
	if c, err = config.Load(with(map[string]string{"SCHEDULER_MODE": "internal"})); err != nil || c.ExternalScheduler {
		t.Errorf("internal: %v, %+v", err, c)
	}
}

func TestDevelopmentTakesNoPatternsEither(t *testing.T) {
	t.Parallel()
	if _, err := config.Load(with(map[string]string{"APP_ENV": "development", "CORS_ORIGINS": "*"})); err == nil {
		t.Error("CORS_ORIGINS=* is taken")
	}
	if _, err := config.Load(with(map[string]string{"APP_ENV": "development", "PUBLIC_URLS": "http://a.test,https://b.test"})); err == nil {
		t.Error("PUBLIC_URLS of two schemes are taken")
	}
}

func TestAnEmptyEnvironmentListsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load(func(string) string { return "" })
	problems, _ := errors.AsType[config.Problems](err)
	var missing []string
	for _, problem := range problems {
		missing = append(missing, problem.Variable)
	}
	want := []string{
		"APP_ENV", "DATABASE_URL", "S3_ENDPOINT", "S3_REGION", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY",
		"SES_ACCESS_KEY_ID", "SES_SECRET_ACCESS_KEY", "MAIL_FROM", "OTP_SECRET", "AUDIT_SECRET", "TICKET_SECRET", "CSRF_SECRET", "PUBLIC_URLS",
	}
	if !slices.Equal(missing, want) {
		t.Errorf("missing: %q\n   want: %q", missing, want)
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != len(want)+1 || !strings.Contains(lines[len(want)], "make run") {
		t.Errorf("not one line each and a hint:\n%v", err)
	}
}

// Whatever is wrong with a setting, its value may be a secret in the wrong place.
func TestNoSecretIsEverShown(t *testing.T) {
	t.Parallel()
	const password = "hunter2-hunter2"
	_, err := config.Load(with(map[string]string{
		"DATABASE_URL": "postgres://server:" + password + "@db:port/pixgate", "MIGRATE_DATABASE_URL": password,
		"S3_SECRET_ACCESS_KEY": " " + password, "SES_SECRET_ACCESS_KEY": password + " ", "OTP_SECRET": password, "AUDIT_SECRET": password,
		"S3_ENDPOINT": "https://id:" + password + "@store", "REDIS_URL": "redis://:" + password + "@redis:port",
	}))
	if problems, _ := errors.AsType[config.Problems](err); len(problems) < 8 {
		t.Fatalf("%d problems, want at least 8: %v", len(problems), err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is shown:\n%v", err)
	}
	c, err := config.Load(with(nil))
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v", c, c, c)
	for _, hidden := range []string{good()["OTP_SECRET"], good()["AUDIT_SECRET"], good()["TICKET_SECRET"], good()["CSRF_SECRET"], good()["CRON_SECRET"], "u7Jq2", "k3Wz9", "p4Rq7", "key-secret", "mail-secret"} {
		if strings.Contains(printed, hidden) {
			t.Errorf("printing the settings shows %q", hidden[:4]+"…")
		}
	}
}

func TestACommandNeedsOnlyItsParts(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"APP_ENV": "staging", "DATABASE_URL": good()["DATABASE_URL"]}
	c, err := config.LoadOnly(func(name string) string { return settings[name] }, config.Database)
	if err != nil {
		t.Fatal(err)
	}
	if c.DatabaseURL.Reveal() != settings["DATABASE_URL"] || c.Addr != "" {
		t.Errorf("got %+v", c)
	}
	if _, err := config.LoadOnly(func(name string) string { return settings[name] }, config.Database|config.Audit); err == nil {
		t.Error("a missing AUDIT_SECRET is taken")
	}
}

func TestTheAuditLogHasAllItsSecrets(t *testing.T) {
	t.Parallel()
	c, err := config.Load(with(map[string]string{"AUDIT_SECRET_PREVIOUS": "Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo, Jd3Wz8QkR5uYt0BnC6mHsVf1LaXe2GpT"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.AuditSecretPrevious; len(got) != 2 || got[0].Reveal() != "Xb7Lq2ZsV0Tn4pxR9yHc1WdJfKa8EgMo" || got[1].Reveal() != "Jd3Wz8QkR5uYt0BnC6mHsVf1LaXe2GpT" {
		t.Errorf("%d secrets, or not in their order", len(got))
	}
}
