// Package header reads what strangers write into the headers of a request: where it comes from,
// whose it is, what would be understood, and which part of a file is wanted. It decides nothing.
package header

import (
	"net/http"
	"strconv"
	"strings"
)

// Preference is one entry of an Accept header: what is taken, and how gladly, from
// 0 (not at all) to 1.
type Preference struct {
	Name   string // lower case, without parameters
	Weight float64
}

// Preferences are the entries of an Accept header in their order (RFC 9110, 12.4.2). One
// whose weight can't be read counts as not wanted.
func Preferences(h http.Header, name string) (all []Preference) {
	for entry := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		wanted, parameters, _ := strings.Cut(entry, ";")
		p := Preference{Name: strings.ToLower(strings.TrimSpace(wanted)), Weight: 1}
		for parameter := range strings.SplitSeq(parameters, ";") {
			if key, value, ok := strings.Cut(strings.TrimSpace(parameter), "="); ok && strings.EqualFold(key, "q") {
				weight, err := strconv.ParseFloat(value, 64)
				if err != nil || !(weight >= 0 && weight <= 1) {
					weight = 0
				}
				p.Weight = weight
			}
		}
		if p.Name != "" {
			all = append(all, p)
		}
	}
	return all
}

// Taken is how gladly a media type is taken: what is said about it alone counts more
// than what is said about many.
func Taken(all []Preference, media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	for _, name := range []string{media, kind + "/*", "*/*"} {
		for _, p := range all {
			if p.Name == name {
				return p.Weight
			}
		}
	}
	return 0
}

// IsBrowser reports whether a page is asked for by name. Programs take anything.
func IsBrowser(r *http.Request) bool {
	for _, p := range Preferences(r.Header, "Accept") {
		if p.Name == "text/html" && p.Weight > 0 {
			return true
		}
	}
	return false
}
