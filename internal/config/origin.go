package config

import (
	"fmt"
	"net/url"
	"strings"
)

// endpoint reads the origin of a service that we call. Outside development it
// must be https: keys' signatures and signed links travel there.
func (r *reader) endpoint(variable string) string {
	const set = "an origin, such as https://storage.example.com"
	value := r.required(variable, set)
	if value == "" {
		return ""
	}
	value = strings.TrimSuffix(value, "/")
	if wrong := r.judge(value); wrong != "" {
		r.wrong(variable, wrong, set)
	}
	return value
}

func (r *reader) publicURLs(variable string) []string {
	const set = "the origins that the API answers under, such as https://api.pix.immo,https://api.pixcapture.app"
	value := r.required(variable, set)
	if value == "" {
		return nil
	}
	urls := r.list(variable, value, set)
	for _, u := range urls {
		if strings.HasPrefix(u, "http://") != isHTTP(urls) {
			r.wrong(variable, "mixes http and https", "origins of one scheme: it decides whether cookies are Secure")
			break
		}
	}
	return urls
}

func (r *reader) origins(variable string) []string {
	value := r.optional(variable, "")
	if value == "" {
		return nil
	}
	return r.list(variable, value, "exact origins, such as https://pix.immo,https://www.pixcapture.app")
}

func (r *reader) list(variable, value, set string) []string {
	var origins []string
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		if wrong := r.judge(entry); wrong != "" {
			r.wrong(variable, wrong, set)
			continue
		}
		origins = append(origins, entry)
	}
	return origins
}

// judge says what is wrong with an origin, or nothing. Only the spelling that
// browsers send passes, since origins are compared as texts. Credentials in it
// are not shown.
func (r *reader) judge(origin string) string {
	u, err := url.Parse(origin)
	switch {
	case origin == "":
		return "has an empty entry"
	case err == nil && u.User != nil:
		return "holds credentials"
	}
	shown := fmt.Sprintf("%q", shortened(origin))
	switch {
	case strings.ContainsAny(origin, "*?[]{}^$|\\") && !strings.Contains(origin, "://["):
		return "holds " + shown + ", and patterns are not allowed"
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "holds " + shown + ", which is no http or https origin"
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(origin, "#"):
		return "holds " + shown + ", which has more than scheme, host and port (a slash at the end is too much)"
	case origin != strings.ToLower(origin) || u.Hostname() == "" || strings.HasSuffix(u.Hostname(), ".") || !ascii(origin):
		return "holds " + shown + ", which browsers spell otherwise: lower case, ASCII, no dot at the end"
	case strings.HasSuffix(u.Host, ":") || u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443":
		return "holds " + shown + ", which browsers spell without the port"
	case u.Scheme == "http" && !r.lax:
		return "holds " + shown + ", and http is for development only"
	}
	return ""
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

func isHTTP(urls []string) bool { return len(urls) > 0 && strings.HasPrefix(urls[0], "http://") }
