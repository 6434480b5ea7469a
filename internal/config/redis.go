package config

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"pixgate/internal/secret"
)

var databasePath = regexp.MustCompile(`^(/(0|[1-9][0-9]{0,4})?)?$`)

// redis reads the URL of a Redis. It may hold a password: neither it nor a parser's
// error, which quotes it, are ever shown. Options in it are refused: they would
// replace the timeouts that the limits rely on.
func (r *reader) redis(variable string) secret.Value {
	const set = "redis://:PASSWORD@HOST:6379/0, rediss://… for TLS, or don't set it where there is one server only"
	value := r.optional(variable, "")
	if value == "" {
		return ""
	}
	if !strings.HasPrefix(value, "redis://") && !strings.HasPrefix(value, "rediss://") {
		r.wrong(variable, "is not the URL of a Redis", set)
		return ""
	}
	u, err := url.Parse(value)
	if err != nil {
		r.wrong(variable, "can't be read as a URL", set)
		return ""
	}
	password, hasPassword := u.User.Password()
	switch {
	case u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || !isPort(u.Port()):
		r.wrong(variable, "names no host, or a port that is none", set)
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(value, "#"):
		r.wrong(variable, "has options, which are not for a setting to choose", set)
	case !databasePath.MatchString(u.Path):
		r.wrong(variable, "names a database that is no number", set)
	case u.User != nil && (!hasPassword || password == ""):
		r.wrong(variable, "names a user without a password", set)
	}
	return secret.Value(value)
}

func isPort(port string) bool {
	if port == "" {
		return true
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}
