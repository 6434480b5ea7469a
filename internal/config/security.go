package config

import (
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ownThresholds are those of events that SECURITY_ALERT_THRESHOLD_DEFAULT is not meant for;
// -1 stands for those that it is. The names are those of internal/audit, which a test of the
// program compares.
var ownThresholds = map[string]int{
	"rate_limit_blocked": 50, "ip_access_denied": -1, "csrf_blocked": -1, "auth_blocked": -1, "request_validation_failed": -1, "query_rejected": -1,
	"login_failed": -1, "device_mismatch": -1,
	"limiter_fallback": 1, "archive_damaged": 1, "secret_unhealthy": 1, // once is too often
	"task_dead":             1,
	"limiter_restored":      0, // good news
	"upload_checksum_wrong": -1, "upload_rejected": -1, "upload_aborted": -1, "upload_expired": 100, "upload_replayed": 5,
	"pdf_ssrf_blocked": 5, // no page needs it
	"mail_bounced":     -1,
	"mail_complaint":   1, // SES stops who has more than one in a thousand
	"webhook_blocked":  1, // nobody comes there by mistake
	"webhook_disabled": 1, // nothing arrives any more
}

const maxThreshold = 1_000_000

// thresholds reads how many of each event, by its stored name, call for an alert; 0
// for never.
func (r *reader) thresholds(prefix string) map[string]int {
	common := r.whole(prefix+"DEFAULT", 25, 0, maxThreshold)
	all := map[string]int{}
	for event, own := range ownThresholds {
		if own < 0 {
			own = common
		}
		all[event] = r.whole(prefix+strings.ToUpper(event), own, 0, maxThreshold)
	}
	return all
}

func (r *reader) whole(variable string, otherwise, least, most int) int {
	value := r.optional(variable, "")
	if value == "" {
		return otherwise
	}
	number, err := strconv.Atoi(value)
	if err != nil || strconv.Itoa(number) != value || number < least || number > most {
		r.wrong(variable, fmt.Sprintf("is %q", shortened(value)), fmt.Sprintf("a whole number from %d to %d, such as %d", least, most, otherwise))
		return otherwise
	}
	return number
}

// oneOf reads one of a few words; the first is meant where none is set.
func (r *reader) oneOf(variable string, words ...string) string {
	value := r.optional(variable, words[0])
	if value != "" && !slices.Contains(words, value) {
		r.wrong(variable, fmt.Sprintf("is %q", shortened(value)), strings.Join(words, " or "))
	}
	return value
}

func (r *reader) milliseconds(variable string, otherwise, least, most time.Duration) time.Duration {
	return time.Duration(r.whole(variable, int(otherwise.Milliseconds()), int(least.Milliseconds()), int(most.Milliseconds()))) * time.Millisecond
}

// mailbox reads a bare mailbox; empty where there is none.
func (r *reader) mailbox(variable string) string {
	value := r.optional(variable, "")
	if value == "" {
		return ""
	}
	if parsed, err := mail.ParseAddress(value); err != nil || parsed.Address != value {
		r.wrong(variable, fmt.Sprintf("is %q, which is no bare mailbox", shortened(value)), "one mailbox, such as alarm@example.com")
		return ""
	}
	return value
}

// unlessOff is an address to listen on; empty for "off".
func (r *reader) unlessOff(variable, otherwise string) string {
	if r.optional(variable, otherwise) == "off" {
		return ""
	}
	return r.address(variable, otherwise)
}
