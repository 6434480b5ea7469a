package config

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"pixgate/internal/secret"
)

const day = 24 * time.Hour

// secretKind is a secret whose life is watched.
type secretKind struct {
	variable string
	renewal  string        // where a new one comes from
	inUse    time.Duration // how long what the one before made is met: see docs/secrets.md
}

var secretKinds = []secretKind{
	{"OTP_SECRET", howToMakeSecrets, day},                  // codes live for minutes, what is counted by it for a day
	{"CSRF_SECRET", howToMakeSecrets, 30 * day},            // as long as the cookie
	{"TICKET_SECRET", howToMakeSecrets, 7 * time.Hour},     // downloads go on for six hours
	{"AUDIT_SECRET", howToMakeSecrets, secret.Forever},     // nothing else proves what it chained
	{"CRON_SECRET", howToMakeSecrets, day},                 // until every caller has the new one
	{"S3_SECRET_ACCESS_KEY", "a new key of the bucket", 0}, // its provider keeps the one before
	{"SES_SECRET_ACCESS_KEY", "a new key that may send mail", 0},
	{"ALERT_WEBHOOK_SECRET", howToMakeHookSecrets, day}, // until the receiver has the new one
}

// register reads what is to be known of each secret. Call it after the secrets
// themselves were read: it goes by what was wrong with them.
func (r *reader) register(environment Environment) secret.Register {
	var known secret.Register
	for _, kind := range secretKinds {
		if kind.variable == "ALERT_WEBHOOK_SECRET" && !r.isSet(kind.variable) && !r.isSet("ALERT_WEBHOOK_URL") {
			continue // there is no webhook
		}
		facts := secret.Facts{
			Name: kind.variable, Missing: !r.isSet(kind.variable), Optional: kind.variable == "CRON_SECRET" && environment != Production,
			Weakness:  r.weakness(kind.variable),
			RotatedAt: r.moment(kind.variable + "_ROTATED_AT"), ExpiresAt: r.moment(kind.variable + "_EXPIRES_AT"),
			HasPrevious: kind.inUse != 0 && r.isSet(kind.variable+"_PREVIOUS"), Renewal: kind.renewal, InUse: kind.inUse,
		}
		if facts.RotatedAt != nil && facts.ExpiresAt != nil && !facts.RotatedAt.Before(*facts.ExpiresAt) {
			r.wrong(kind.variable+"_ROTATED_AT", "is not before "+kind.variable+"_EXPIRES_AT", "when the secret was made")
		}
		known.Secrets = append(known.Secrets, facts)
	}
	known.Policy = secret.Policy{
		Warning: time.Duration(r.whole("SECRET_EXPIRY_WARNING_DAYS", 14, 0, 365)) * day,
		MaxAge:  time.Duration(r.whole("SECRET_ROTATION_MAX_DAYS", 90, 1, 3650)) * day,
	}
	return known
}

// weakness is what was found wrong with a secret that is set.
func (r *reader) weakness(variable string) string {
	at := slices.IndexFunc(r.problems, func(p Problem) bool { return p.Variable == variable })
	if at < 0 || !r.isSet(variable) {
		return ""
	}
	return r.problems[at].Wrong
}

// rfc3339 is the form alone: time.Parse takes more than the standard.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// moment reads a time in RFC 3339; nil where there is none. It does not show what it
// can't read: the secret stands a line above, and may have been put here.
func (r *reader) moment(variable string) *time.Time {
	value := r.optional(variable, "")
	if value == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil || !rfc3339.MatchString(value) {
		r.wrong(variable, "is no time", "one such as 2026-02-01T00:00:00Z")
		return nil
	}
	return &at
}

// clockSkew is how far the clock of whoever noted a rotation may be ahead of ours.
const clockSkew = 5 * time.Minute

// CheckTime says what is wrong with the settings at this moment: a secret that was
// made in the future, and in production one that has expired. The error is of type
// [Problems].
func (c Config) CheckTime(now time.Time) error {
	problems := fromTheFuture(c.Secrets, now)
	for _, health := range c.Secrets.Health(now) {
		if c.Environment == Production && slices.Contains(health.States, secret.Expired) {
			problems = append(problems, Problem{
				Variable: health.Name, Wrong: "has expired at " + health.ExpiresAt.UTC().Format(time.RFC3339),
				Set: fmt.Sprintf("a new one, and %s_EXPIRES_AT to when that ends, as docs/secrets.md says", health.Name),
			})
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

func fromTheFuture(known secret.Register, now time.Time) Problems {
	var problems Problems
	for _, facts := range known.Secrets {
		if facts.RotatedAt != nil && facts.RotatedAt.After(now.Add(clockSkew)) {
			problems = append(problems, Problem{
				Variable: facts.Name + "_ROTATED_AT", Wrong: "is in the future", Set: "when the secret was made, at the latest " + now.UTC().Format(time.RFC3339),
			})
		}
	}
	return problems
}

// Secrets looks at all secrets, whatever is wrong with one of them, and needs no other
// setting. Problems are what their health does not tell: a predecessor or a date that
// can't be used.
func Secrets(getenv func(string) string, now time.Time) ([]*secret.Health, Problems) {
	r := reader{getenv: getenv}
	r.secret("OTP_SECRET")
	r.lastingSecret("AUDIT_SECRET")
	r.secret("TICKET_SECRET")
	r.secret("CSRF_SECRET")
	r.secret("CRON_SECRET")
	r.required("S3_SECRET_ACCESS_KEY", "")
	r.required("SES_SECRET_ACCESS_KEY", "")
	r.hookSecret("ALERT_WEBHOOK_SECRET")
	known := r.register(Environment(getenv("APP_ENV")))
	told := func(p Problem) bool {
		return slices.ContainsFunc(secretKinds, func(kind secretKind) bool { return kind.variable == p.Variable })
	}
	return known.Health(now), append(slices.DeleteFunc(r.problems, told), fromTheFuture(known, now)...)
}
