package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// hosts reads a list of names of hosts. What would match nothing, or more than it seems to, is
// refused.
func (r *reader) hosts(variable string) []string {
	const set = "names and wildcards, such as example.com,*.example.com"
	value := r.optional(variable, "")
	if value == "" {
		return nil
	}
	var hosts []string
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		name, below := strings.CutPrefix(strings.TrimPrefix(entry, "*"), ".")
		_, notAddress := netip.ParseAddr(name)
		switch {
		case entry == "":
			r.wrong(variable, "has an empty entry", set)
		case !hostName.MatchString(name) || notAddress == nil || strings.HasPrefix(entry, "*") != below && entry[0] != '.' || len(name) > 253:
			r.wrong(variable, fmt.Sprintf("holds %q, which is no name of a host", shortened(entry)), set)
		case below:
			hosts = append(hosts, "*."+name)
		default:
			hosts = append(hosts, name)
		}
	}
	return hosts
}

// unlessProduction reads true or false, and refuses true in production.
func (r *reader) unlessProduction(variable string, in Environment) bool {
	switch value := r.optional(variable, "false"); {
	case value == "true" && in == Production:
		r.wrong(variable, "is true in production", "false, or don't set it")
	case value == "true":
		return true
	case value != "false" && value != "":
		r.wrong(variable, fmt.Sprintf("is %q", shortened(value)), "true or false")
	}
	return false
}
