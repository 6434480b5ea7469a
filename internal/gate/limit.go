package gate

import (
	"maps"
	"time"

	"pixgate/internal/fault"
)

// Name is a limit, as the contract and RATE_LIMIT_<NAME> call it.
type Name string

// The limits, and by whom each is counted.
const (
	PublicAPI         Name = "PUBLIC_API"           // every request, by IP
	PublicAPISignedIn Name = "PUBLIC_API_SIGNED_IN" // every request, by account
	Auth              Name = "AUTH"                 // failed sign-ins, by address and network
	AuthIP            Name = "AUTH_IP"              // failed sign-ins, by IP
	Email             Name = "EMAIL"                // requests that send mail, by IP
	Search            Name = "SEARCH"               // lists with a text filter, by account
	Form              Name = "FORM"                 // bookings, by account
	Upload            Name = "UPLOAD"               // upload mutations, by session and IP
	UploadFailures    Name = "UPLOAD_FAILURES"      // wrong checksums, rejected files and aborts, by IP
	UploadMistakes    Name = "UPLOAD_MISTAKES"      // the same, by session
	Download          Name = "DOWNLOAD"             // downloads, by account
	PDF               Name = "PDF"                  // pages to print, by account
)

// Limit is how much is allowed: Most at once, refilled evenly over Period. Most is at
// least 1, and a Period has at least a microsecond for each.
type Limit struct {
	Most   int
	Period time.Duration
}

var defaults = map[Name]Limit{
	PublicAPI:         {60, time.Minute},
	PublicAPISignedIn: {600, time.Minute},
	Auth:              {5, 15 * time.Minute},
	AuthIP:            {20, 10 * time.Minute},
	Email:             {10, time.Minute},
	Search:            {30, time.Minute},
	Form:              {5, 10 * time.Minute},
	Upload:            {120, time.Minute},
	UploadFailures:    {20, time.Hour},
	UploadMistakes:    {10, time.Hour},
	Download:          {600, time.Minute},
	PDF:               {10, time.Minute},
}

// Defaults returns every limit as it is where no setting changes it.
func Defaults() map[Name]Limit { return maps.Clone(defaults) }

// interval is how long one use takes to come back.
func (l Limit) interval() time.Duration {
	if l.Most < 1 {
		return 0
	}
	return l.Period / time.Duration(l.Most)
}

// Result is the answer of a limit, with what the RateLimit headers tell.
type Result struct {
	Allowed    bool
	Limit      int           // RateLimit-Limit: how many are allowed at once
	Remaining  int           // RateLimit-Remaining: how many are allowed right now, after this one
	ResetAfter time.Duration // RateLimit-Reset: until Remaining is Limit again
	RetryAfter time.Duration // Retry-After: until the next is allowed; 0 when this one was
}

// Seconds writes a duration as the headers have it: whole seconds, rounded up, so
// that who waits for so long is not early.
func Seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// Err returns RATE_LIMITED for a refusal, and nil when the use was allowed.
func (r Result) Err() error {
	if r.Allowed {
		return nil
	}
	return fault.TooMany("Too many requests. Please wait a moment.", r.RetryAfter)
}

// take is the whole of GCRA. owed is how long the uses so far take to come back; what
// it returns is how long that is after n more, if they are allowed.
func (l Limit) take(owed time.Duration, n int) (time.Duration, Result) {
	owed = max(owed, 0)
	allowed := l.left(owed) >= l.interval()
	if allowed {
		owed += time.Duration(n) * l.interval()
	}
	return owed, l.result(owed, allowed)
}

// result is the answer of a limit to which so much is owed, this use included.
func (l Limit) result(owed time.Duration, allowed bool) Result {
	left := l.left(owed)
	r := Result{Allowed: allowed, Limit: l.Most, Remaining: int(max(left, 0) / l.interval()), ResetAfter: owed}
	if !allowed {
		r.RetryAfter = l.interval() - left
	}
	return r
}

func (l Limit) left(owed time.Duration) time.Duration {
	return time.Duration(l.Most)*l.interval() - owed
}

// stricter is the answer that promises less.
func stricter(a, b Result) Result {
	if !a.Allowed || b.Allowed && a.ResetAfter > b.ResetAfter {
		return a
	}
	return b
}
