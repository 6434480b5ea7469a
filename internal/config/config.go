// Package config reads the settings of an installation from its environment:
// once, at the start, and strictly. It reports everything that is wrong at the
// same time and never shows a secret while doing so.
package config

import (
	"log/slog"
	"net/mail"
	"net/netip"
	"time"

	"pixgate/internal/secret"
	"pixgate/internal/webhook/standard"
)

// Environment is what an installation is for.
type Environment string

// The environments. What is only convenient is only allowed in Development.
const (
	Development Environment = "development"
	Staging     Environment = "staging"
	Production  Environment = "production"
)

// Config is every setting. The comment of a field names its variable, what it may
// be, and what it is where the variable is not set; without that it is required.
type Config struct {
	// APP_ENV: development, staging or production.
	Environment Environment
	// LOG_LEVEL: debug, info, warn or error; info.
	LogLevel slog.Level
	// DEFAULT_TENANT: the slug of the studio that takes requests for no other
	// one's host or origin; studio.
	DefaultTenant string

	// DATABASE_URL: the PostgreSQL that the server uses, postgres://…, as a role
	// that can't change the audit log. Reached directly, or by a pooler that keeps
	// sessions: events are heard by LISTEN.
	DatabaseURL secret.Value
	// MIGRATE_DATABASE_URL: the same database as the owner of its tables;
	// DATABASE_URL.
	MigrateDatabaseURL secret.Value

	// S3_ENDPOINT: the object storage, an origin such as
	// https://ACCOUNT.r2.cloudflarestorage.com.
	S3Endpoint string
	// S3_REGION: such as auto or eu-central-1.
	S3Region string
	// S3_BUCKET: where the pictures are.
	S3Bucket string
	// S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY: who the server is there.
	S3AccessKeyID     string
	S3SecretAccessKey secret.Value
	// DOWNLOAD_URL_TTL: how long a download link works, 1s to 15m; 5m.
	DownloadURLTTL time.Duration

	// SES_REGION: where mail leaves from; eu-central-1.
	SESRegion string
	// SES_ENDPOINT: another address than Amazon's own; none.
	SESEndpoint string
	// SES_ACCESS_KEY_ID, SES_SECRET_ACCESS_KEY: who the server is there.
	SESAccessKeyID     string
	SESSecretAccessKey secret.Value
	// MAIL_FROM: the sender of a studio that names none, such as
	// pix.immo <no-reply@pix.immo>.
	MailFrom mail.Address
	// SES_TOPIC_ARNS: the topics of Amazon SNS to which SES reports bounces and complaints,
	// such as arn:aws:sns:eu-central-1:123456789012:bounces, separated by commas; none: POST
	// /webhooks/ses answers 503.
	SESTopicARNs []string

	// OTP_SECRET: what one-time codes are derived with. OTP_SECRET_PREVIOUS: the
	// one before, for codes that are still under way; none.
	OTPSecret, OTPSecretPrevious secret.Value
	// AUDIT_SECRET: what the audit log is chained with, without commas.
	AuditSecret secret.Value
	// AUDIT_SECRET_PREVIOUS: all that were before, newest first, separated by commas;
	// none. The log lives longer than two secrets, and what one of them chained can be
	// verified by nothing else.
	AuditSecretPrevious []secret.Value

	// TICKET_SECRET: what the links to ZIP archives are signed with.
	// TICKET_SECRET_PREVIOUS: the one before, for links that are still in use; none.
	TicketSecret, TicketSecretPrevious secret.Value

	// CSRF_SECRET: what proves that a form or a page of ours sent a request.
	// CSRF_SECRET_PREVIOUS: the one before, for pages that are still open; none.
	CSRFSecret, CSRFSecretPrevious secret.Value

	// CRON_SECRET: what whoever starts maintenance from outside must know; required in
	// production, elsewhere none. CRON_SECRET_PREVIOUS: the one before, until they all
	// know the new one; none.
	CronSecret, CronSecretPrevious secret.Value
	// CRON_LOCK_TTL_MS: how long a maintenance task belongs to a server that is not heard
	// of any more, 1000 to 600000; 60000.
	CronLockTTL time.Duration
	// CRON_IDEMPOTENCY_TTL_MS: for how long an idempotency key is known, 60000 to
	// 604800000; 86400000.
	CronKeyTTL time.Duration
	// SCHEDULER_MODE: who starts maintenance. internal: the servers themselves; external:
	// whoever asks /cron, and nobody else; internal.
	ExternalScheduler bool

	// <SECRET>_ROTATED_AT, <SECRET>_EXPIRES_AT: when a secret of secretKinds was made and
	// when it ends, in RFC 3339, such as OTP_SECRET_ROTATED_AT=2026-02-01T00:00:00Z; not
	// known. SECRET_EXPIRY_WARNING_DAYS: how long before its end one is told of, 0 to
	// 365; 14. SECRET_ROTATION_MAX_DAYS: how old one may get, 1 to 3650; 90. See
	// docs/secrets.md.
	Secrets secret.Register

	// ADDR: where the server listens, host:port; :8080.
	Addr string
	// PUBLIC_URLS: the origins that the API answers under, one a site, separated
	// by commas; https outside development. Where they are http, cookies do
	// without Secure.
	PublicURLs []string
	// CORS_ORIGINS: the exact origins of the web apps that may use the API from a
	// browser, separated by commas; none but the API's own.
	CORSOrigins []string
	// TRUST_PROXY: whose word on the client's address counts. true: loopback and
	// private peers; or networks (CIDR) separated by commas; false.
	TrustedProxies []netip.Prefix

	// REDIS_URL: the Redis that counts limits for all servers, redis://… or
	// rediss://…; none: each server counts for itself.
	RedisURL secret.Value
	// RATE_LIMIT_<NAME>: COUNT/TIME, such as RATE_LIMIT_AUTH=5/15m, for the names of
	// rateLimits: 1 to 100,000 in 1s to 24h. By name, those that are set; the others
	// are as the room gate has them.
	RateLimits map[string]Rate
	// BLOCKED_IPS: who may not knock at all: addresses, networks (CIDR) and wildcards
	// such as 192.168.*, separated by commas; nobody.
	BlockedIPs []netip.Prefix
	// ADMIN_ALLOWED_IPS, SEND_EMAIL_ALLOWED_IPS, GENERATE_PDF_ALLOWED_IPS,
	// WEBHOOK_ALLOWED_IPS: who alone may knock there, written likewise, unless they are
	// blocked; everybody.
	AdminAllowedIPs, SendEmailAllowedIPs, GeneratePDFAllowedIPs, WebhookAllowedIPs []netip.Prefix

	// PDF_ALLOWED_HOSTS: whose pages POST /pdf prints, names and *.name (or .name) for all below
	// one, separated by commas; those of any public host. As []string they are lower case,
	// with a star for all below.
	PDFAllowedHosts []string
	// PDF_ALLOW_HTTP_URLS: true: pages without TLS, too; never in production; false.
	PDFAllowHTTP bool
	// CHROMIUM: the browser that prints them, a path or the name of a program, or off for
	// none; chromium, chromium-browser or google-chrome, whichever is there.
	Chromium string

	// METRICS_ADDR: where the server tells how it is, host:port, or off;
	// 127.0.0.1:9464. Empty for off.
	MetricsAddr string
	// SECURITY_METRICS_WINDOW_MS: how far back security events count towards an
	// alert, 1000 to 86400000; 300000.
	SecurityWindow time.Duration
	// SECURITY_ALERT_COOLDOWN_MS: how long after an alert there is none of the same
	// kind, 1000 to 604800000; 900000. Never shorter than the window.
	SecurityCooldown time.Duration
	// SECURITY_ALERT_THRESHOLD_<EVENT>, such as SECURITY_ALERT_THRESHOLD_LOGIN_FAILED:
	// how many events within the window call for an alert, 0 to 1000000, 0 for never.
	// SECURITY_ALERT_THRESHOLD_DEFAULT: the same for events without one of their own;
	// 25. By the events' stored names: see docs/security-events.md.
	SecurityThresholds map[string]int
	// ALERT_EMAIL: a mailbox that gets every alert, beside the studio's people; none.
	AlertEmail string
	// ALERT_WEBHOOK_URL: where every alert is posted to as well, an https address of the
	// open internet; none.
	AlertWebhookURL secret.Value
	// ALERT_WEBHOOK_SECRET: what signs what is posted, "whsec_" and the base64 of 24 to 64
	// bytes; with the address, and not without. ALERT_WEBHOOK_SECRET_PREVIOUS: the one
	// before, which signs too until the receiver has the new one; none.
	AlertWebhookSecret, AlertWebhookSecretPrevious standard.Secret
}

// SecureCookies reports whether browsers reach the API by https only.
func (c Config) SecureCookies() bool {
	return c.Environment != Development || !isHTTP(c.PublicURLs)
}

// Part is a group of settings that belong to one part of the program. Those that
// every command needs, APP_ENV, LOG_LEVEL and DEFAULT_TENANT, are in none.
type Part uint16

// The parts.
const (
	Database  Part = 1 << iota // DATABASE_URL, MIGRATE_DATABASE_URL
	Storage                    // S3_…, DOWNLOAD_URL_TTL
	Mail                       // SES_…, MAIL_FROM
	Login                      // OTP_SECRET
	Audit                      // AUDIT_SECRET
	Tickets                    // TICKET_SECRET
	Web                        // CSRF_SECRET, ADDR, PUBLIC_URLS, CORS_ORIGINS, TRUST_PROXY
	Gate                       // REDIS_URL, RATE_LIMIT_…, BLOCKED_IPS, …_ALLOWED_IPS
	Watch                      // METRICS_ADDR, SECURITY_…, ALERT_…
	Cron                       // CRON_…, SCHEDULER_MODE
	Lifecycle                  // <SECRET>_ROTATED_AT, <SECRET>_EXPIRES_AT, SECRET_…
	PDF                        // PDF_…, CHROMIUM

	Everything = Database | Storage | Mail | Login | Audit | Tickets | Web | Gate | Watch | Cron | Lifecycle | PDF
)

// Load reads all settings; getenv is [os.Getenv] outside tests. The error is of
// type [Problems] and lists all of them. What is wrong by now only, [Config.CheckTime]
// says.
func Load(getenv func(string) string) (Config, error) { return LoadOnly(getenv, Everything) }

// LoadOnly is [Load] for a command that needs only some parts: the fields of the
// others stay empty and are not checked.
func LoadOnly(getenv func(string) string, parts Part) (Config, error) {
	r := reader{getenv: getenv}
	c := Config{Environment: r.environment(), LogLevel: r.logLevel(), DefaultTenant: r.slug("DEFAULT_TENANT", "studio")}
	r.lax = c.Environment == Development
	if parts&Database != 0 {
		c.DatabaseURL = r.database("DATABASE_URL")
		c.MigrateDatabaseURL = c.DatabaseURL
		if r.isSet("MIGRATE_DATABASE_URL") {
			c.MigrateDatabaseURL = r.database("MIGRATE_DATABASE_URL")
		}
	}
	if parts&Storage != 0 {
		c.S3Endpoint = r.endpoint("S3_ENDPOINT")
		c.S3Region = r.required("S3_REGION", "the store's region, such as auto or eu-central-1")
		c.S3Bucket = r.required("S3_BUCKET", "the name of the bucket with the pictures")
		c.S3AccessKeyID = r.required("S3_ACCESS_KEY_ID", "the id of an access key for the bucket")
		c.S3SecretAccessKey = secret.Value(r.required("S3_SECRET_ACCESS_KEY", "the secret of that access key"))
		c.DownloadURLTTL = r.duration("DOWNLOAD_URL_TTL", 5*time.Minute, time.Second, 15*time.Minute)
	}
	if parts&Mail != 0 {
		c.SESRegion = r.optional("SES_REGION", "eu-central-1")
		if r.isSet("SES_ENDPOINT") {
			c.SESEndpoint = r.endpoint("SES_ENDPOINT")
		}
		c.SESAccessKeyID = r.required("SES_ACCESS_KEY_ID", "the id of an access key that may send mail")
		c.SESSecretAccessKey = secret.Value(r.required("SES_SECRET_ACCESS_KEY", "the secret of that access key"))
		c.MailFrom = r.sender("MAIL_FROM")
		c.SESTopicARNs = r.topics("SES_TOPIC_ARNS")
	}
	if parts&Login != 0 {
		c.OTPSecret, c.OTPSecretPrevious = r.secret("OTP_SECRET")
	}
	if parts&Audit != 0 {
		c.AuditSecret, c.AuditSecretPrevious = r.lastingSecret("AUDIT_SECRET")
	}
	if parts&Tickets != 0 {
		c.TicketSecret, c.TicketSecretPrevious = r.secret("TICKET_SECRET")
	}
	if parts&Web != 0 {
		c.CSRFSecret, c.CSRFSecretPrevious = r.secret("CSRF_SECRET")
		c.Addr = r.address("ADDR", ":8080")
		c.PublicURLs = r.publicURLs("PUBLIC_URLS")
		c.CORSOrigins = r.origins("CORS_ORIGINS")
		c.TrustedProxies = r.proxies("TRUST_PROXY")
	}
	if parts&Gate != 0 {
		c.RedisURL = r.redis("REDIS_URL")
		c.RateLimits = r.rates()
		c.BlockedIPs = r.networks("BLOCKED_IPS")
		c.AdminAllowedIPs = r.networks("ADMIN_ALLOWED_IPS")
		c.SendEmailAllowedIPs = r.networks("SEND_EMAIL_ALLOWED_IPS")
		c.GeneratePDFAllowedIPs = r.networks("GENERATE_PDF_ALLOWED_IPS")
		c.WebhookAllowedIPs = r.networks("WEBHOOK_ALLOWED_IPS")
	}
	if parts&Watch != 0 {
		c.MetricsAddr = r.unlessOff("METRICS_ADDR", "127.0.0.1:9464")
		c.SecurityWindow = r.milliseconds("SECURITY_METRICS_WINDOW_MS", 5*time.Minute, time.Second, 24*time.Hour)
		c.SecurityCooldown = r.milliseconds("SECURITY_ALERT_COOLDOWN_MS", 15*time.Minute, time.Second, 7*24*time.Hour)
		c.SecurityThresholds = r.thresholds("SECURITY_ALERT_THRESHOLD_")
		c.AlertEmail = r.mailbox("ALERT_EMAIL")
		c.AlertWebhookURL, c.AlertWebhookSecret, c.AlertWebhookSecretPrevious = r.webhook("ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET")
	}
	if parts&Cron != 0 && (c.Environment == Production || r.isSet("CRON_SECRET")) {
		c.CronSecret, c.CronSecretPrevious = r.secret("CRON_SECRET")
	}
	if parts&Cron != 0 {
		c.CronLockTTL = r.milliseconds("CRON_LOCK_TTL_MS", time.Minute, time.Second, 10*time.Minute)
		c.CronKeyTTL = r.milliseconds("CRON_IDEMPOTENCY_TTL_MS", 24*time.Hour, time.Minute, 7*24*time.Hour)
		c.ExternalScheduler = r.oneOf("SCHEDULER_MODE", "internal", "external") == "external"
	}
	if parts&PDF != 0 {
		c.PDFAllowedHosts = r.hosts("PDF_ALLOWED_HOSTS")
		c.PDFAllowHTTP = r.unlessProduction("PDF_ALLOW_HTTP_URLS", c.Environment)
		c.Chromium = r.optional("CHROMIUM", "")
	}
	if parts&Lifecycle != 0 {
		c.Secrets = r.register(c.Environment)
	}
	if len(r.problems) > 0 {
		return Config{}, r.problems
	}
	return c, nil
}
