package edge

import (
	"net/http"
	"strconv"
	"strings"
)

// preference is one entry of an Accept header: what is taken, and how gladly, from
// 0 (not at all) to 1.
type preference struct {
	name   string // lower case, without parameters
	weight float64
}

// preferences are the entries of an Accept header in their order (RFC 9110, 12.4.2). One
// whose weight can't be read counts as not wanted.
func preferences(h http.Header, name string) (all []preference) {
	for entry := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		wanted, parameters, _ := strings.Cut(entry, ";")
		p := preference{name: strings.ToLower(strings.TrimSpace(wanted)), weight: 1}
		for parameter := range strings.SplitSeq(parameters, ";") {
			if key, value, ok := strings.Cut(strings.TrimSpace(parameter), "="); ok && strings.EqualFold(key, "q") {
				weight, err := strconv.ParseFloat(value, 64)
				if err != nil || !(weight >= 0 && weight <= 1) {
					weight = 0
				}
				p.weight = weight
			}
		}
		if p.name != "" {
			all = append(all, p)
		}
	}
	return all
}

// taken is how gladly a media type is taken: what is said about it alone counts more
// than what is said about many.
func taken(all []preference, media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	for _, name := range []string{media, kind + "/*", "*/*"} {
		for _, p := range all {
			if p.name == name {
				return p.weight
			}
		}
	}
	return 0
}

// isBrowser reports whether a page is asked for by name. Programs take anything.
func isBrowser(r *http.Request) bool {
	for _, p := range preferences(r.Header, "Accept") {
		if p.name == "text/html" && p.weight > 0 {
			return true
		}
	}
	return false
}
