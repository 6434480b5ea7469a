package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/secret"
)

// reader takes values out of the environment and collects what is wrong with
// them. Its methods return a usable value or have reported a problem.
type reader struct {
	getenv   func(string) string
	lax      bool // in development: plain http is fine
	problems Problems
	secrets  []named
}

func (r *reader) wrong(variable, wrong, set string) {
	r.problems = append(r.problems, Problem{Variable: variable, Wrong: wrong, Set: set})
}

func (r *reader) isSet(variable string) bool { return r.getenv(variable) != "" }

func (r *reader) optional(variable, otherwise string) string {
	if value := r.getenv(variable); value != "" {
		return r.tidy(variable, value)
	}
	return otherwise
}

func (r *reader) required(variable, set string) string {
	value := r.getenv(variable)
	if value == "" {
		r.wrong(variable, "is missing", set)
		return ""
	}
	return r.tidy(variable, value)
}

// tidy finds what came along by accident when a value was pasted.
func (r *reader) tidy(variable, value string) string {
	if strings.TrimSpace(value) != value {
		r.wrong(variable, "has white space around it", "the same without")
		return ""
	}
	return value
}

func (r *reader) environment() Environment {
	const set = "development, staging or production"
	switch value := Environment(r.required("APP_ENV", set)); value {
	case Development, Staging, Production, "":
		return value
	default:
		r.wrong("APP_ENV", fmt.Sprintf("is %q", shortened(string(value))), set)
		return ""
	}
}

func (r *reader) logLevel() slog.Level {
	switch value := r.optional("LOG_LEVEL", "info"); value {
	case "debug":
		return slog.LevelDebug
	case "info", "":
		return slog.LevelInfo
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	default:
		r.wrong("LOG_LEVEL", fmt.Sprintf("is %q", shortened(value)), "debug, info, warn or error")
		return slog.LevelInfo
	}
}

var slug = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func (r *reader) slug(variable, otherwise string) string {
	value := r.optional(variable, otherwise)
	if value != "" && !slug.MatchString(value) {
		r.wrong(variable, fmt.Sprintf("is %q", shortened(value)), "a studio's slug: up to 32 lower-case letters, digits and hyphens, a letter first")
	}
	return value
}

// database reads the URL of a PostgreSQL. It may hold a password: neither it nor
// the parser's error, which quotes it, are ever shown.
func (r *reader) database(variable string) secret.Value {
	const set = "postgres://ROLE:PASSWORD@HOST/DATABASE" //nolint:gosec // a form to fill in, no password
	value := r.required(variable, set)
	if value == "" {
		return ""
	}
	if !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") {
		r.wrong(variable, "is not the URL of a PostgreSQL", set)
		return ""
	}
	parsed, err := pgx.ParseConfig(value)
	switch {
	case err != nil:
		r.wrong(variable, "can't be read as a URL", set)
	case parsed.User == "" || parsed.Database == "":
		r.wrong(variable, "names no role or no database", set)
	}
	return secret.Value(value)
}

func (r *reader) duration(variable string, otherwise, least, most time.Duration) time.Duration {
	value := r.optional(variable, "")
	if value == "" {
		return otherwise
	}
	set := fmt.Sprintf("a duration from %s to %s, such as %s", brief(least), brief(most), brief(otherwise))
	duration, err := time.ParseDuration(value)
	switch {
	case err != nil:
		r.wrong(variable, fmt.Sprintf("is %q", shortened(value)), set)
	case duration < least || duration > most:
		r.wrong(variable, "is "+brief(duration), set)
	}
	return duration
}

// brief writes 5m, not 5m0s.
func brief(d time.Duration) string {
	if d > 0 && d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}

func (r *reader) sender(variable string) mail.Address {
	const set = "a sender, such as pix.immo <no-reply@pix.immo>"
	value := r.required(variable, set)
	if value == "" {
		return mail.Address{}
	}
	sender, err := mail.ParseAddress(value)
	if err != nil || strings.ContainsAny(value, "\r\n") {
		r.wrong(variable, fmt.Sprintf("is %q, which is no sender", shortened(value)), set)
		return mail.Address{}
	}
	return *sender
}

func (r *reader) address(variable, otherwise string) string {
	value := r.optional(variable, otherwise)
	if value == "" {
		return ""
	}
	_, port, err := net.SplitHostPort(value)
	number, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numberErr != nil || strconv.FormatUint(number, 10) != port {
		r.wrong(variable, fmt.Sprintf("is %q", shortened(value)), "host:port or :port, such as "+otherwise)
	}
	return value
}

// private are the networks that "true" trusts: proxies on the same machine or in
// the same private network.
var private = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"),
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("fc00::/7"),
}

func (r *reader) proxies(variable string) []netip.Prefix {
	const set = "true (loopback and private peers), false, or networks such as 10.0.0.0/8,192.0.2.7"
	switch value := r.optional(variable, "false"); value {
	case "false", "":
		return nil
	case "true":
		return private
	default:
		var trusted []netip.Prefix
		for entry := range strings.SplitSeq(value, ",") {
			entry = strings.TrimSpace(entry)
			network, err := netip.ParsePrefix(entry)
			if addr, addrErr := netip.ParseAddr(entry); addrErr == nil && addr.Zone() == "" {
				network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
			}
			switch {
			case err != nil || network.Addr().Is4In6():
				r.wrong(variable, fmt.Sprintf("holds %q, which is no network", shortened(entry)), set)
			case network.Bits() == 0:
				r.wrong(variable, fmt.Sprintf("holds %q and so believes everybody", entry), set)
			case network.Masked() != network:
				r.wrong(variable, fmt.Sprintf("holds %q, which is an address within a network", entry), network.Masked().String()+" in its place")
			default:
				trusted = append(trusted, network)
			}
		}
		return trusted
	}
}

// shortened keeps a line a line.
func shortened(value string) string {
	const most = 60
	if len(value) > most {
		return value[:most] + "…"
	}
	return value
}
