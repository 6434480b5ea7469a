package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Rate is how often something may happen: Count times, 1 to 100,000, in Per, whole
// seconds from one to a day.
type Rate struct {
	Count int
	Per   time.Duration
}

const (
	mostCount = 100_000
	mostPer   = 24 * time.Hour
)

// String writes a rate as its setting has it, with the largest unit that fits: 5/15m.
func (r Rate) String() string {
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}} {
		if r.Per%unit.length == 0 {
			return fmt.Sprintf("%d/%d%s", r.Count, r.Per/unit.length, unit.letter)
		}
	}
	return fmt.Sprintf("%d/%ds", r.Count, r.Per/time.Second)
}

// rateLimits are the limits that have a setting, RATE_LIMIT_<NAME>. What they are
// where it is not set, the room that counts knows.
var rateLimits = []string{
	"PUBLIC_API", "PUBLIC_API_SIGNED_IN", "AUTH", "AUTH_IP", "EMAIL", "SEARCH", "FORM", "UPLOAD", "UPLOAD_FAILURES", "UPLOAD_MISTAKES", "DOWNLOAD",
	"PDF",
}

func (r *reader) rates() map[string]Rate {
	rates := map[string]Rate{}
	for _, name := range rateLimits {
		if variable := "RATE_LIMIT_" + name; r.isSet(variable) {
			rates[name] = r.rate(variable)
		}
	}
	return rates
}

var rate = regexp.MustCompile(`^([1-9][0-9]{0,5})/([1-9][0-9]{0,4})([smh])$`)

// rate reads 5/15m. One way to write it is enough: what else people write for it,
// such as 5/min, may mean this or that.
func (r *reader) rate(variable string) Rate {
	const set = "COUNT/TIME, such as 5/15m: a count from 1 to 100000, a time from 1s to 24h in s, m or h"
	value := r.optional(variable, "")
	if value == "" {
		return Rate{} // reported already
	}
	parts := rate.FindStringSubmatch(value)
	if parts == nil {
		r.wrong(variable, fmt.Sprintf("is %q", shortened(value)), set)
		return Rate{}
	}
	count, _ := strconv.Atoi(parts[1]) // digits, and few of them
	number, _ := strconv.Atoi(parts[2])
	per := time.Duration(number) * map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[parts[3]]
	if count > mostCount || per > mostPer {
		r.wrong(variable, fmt.Sprintf("is %q, which is out of range", value), set)
		return Rate{}
	}
	return Rate{Count: count, Per: per}
}
