package audit

import "slices"

// Event names something that security turned away, or that weakens it, such as
// "csrf_blocked". The names are stored: they are never changed.
type Event string

// The events.
const (
	RateLimitBlocked        Event = "rate_limit_blocked"        // past a limit
	IPAccessDenied          Event = "ip_access_denied"          // an address that a list refuses
	CSRFBlocked             Event = "csrf_blocked"              // a foreign page, or a token that is missing
	AuthBlocked             Event = "auth_blocked"              // not signed in, blocked, over, or not allowed
	RequestValidationFailed Event = "request_validation_failed" // malformed input
	QueryRejected           Event = "query_rejected"            // a query past what one may cost
	LoginWrong              Event = "login_failed"              // a wrong, expired or spent code
	DeviceMismatched        Event = "device_mismatch"           // a session on another device than its own
	LimiterFallback         Event = "limiter_fallback"          // limits live in memory: Redis is away, not just for a moment
	LimiterRestored         Event = "limiter_restored"          // Redis is back after that
	ArchiveDamaged          Event = "archive_damaged"           // the storage gave other bytes than were taken in
	SecretUnhealthy         Event = "secret_unhealthy"          // a secret has expired, is about to, or is too old
	UploadChecksumWrong     Event = "upload_checksum_wrong"     // other bytes were uploaded than announced
	UploadRejected          Event = "upload_rejected"           // what was uploaded is no picture that we take
	UploadAborted           Event = "upload_aborted"            // its uploader gave it up
	UploadExpired           Event = "upload_expired"            // nobody went on with it
	UploadReplayed          Event = "upload_replayed"           // a link was used again after the upload had ended
	TaskDead                Event = "task_dead"                 // a background task has failed for the last time
	PDFSSRFBlocked          Event = "pdf_ssrf_blocked"          // a page to print wanted what is not public, or is no page to print
	MailBounced             Event = "mail_bounced"              // a mailbox has refused a mail for good
	MailComplaint           Event = "mail_complaint"            // somebody called a mail spam
	WebhookBlocked          Event = "webhook_blocked"           // a webhook led to what is not public
	WebhookOff              Event = "webhook_disabled"          // a webhook was switched off: nothing arrives there
)

var events = []Event{
	RateLimitBlocked, IPAccessDenied, CSRFBlocked, AuthBlocked, RequestValidationFailed, QueryRejected,
	LoginWrong, DeviceMismatched, LimiterFallback, LimiterRestored, ArchiveDamaged, SecretUnhealthy,
	UploadChecksumWrong, UploadRejected, UploadAborted, UploadExpired, UploadReplayed,
	TaskDead,
	PDFSSRFBlocked,
	MailBounced, MailComplaint,
	WebhookBlocked, WebhookOff,
}

// Events are all events.
func Events() []Event { return slices.Clone(events) }

// known spares whoever counts events names that nobody has declared.
func (e Event) known() bool { return slices.Contains(events, e) }
