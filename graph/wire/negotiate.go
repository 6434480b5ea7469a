package wire

import (
	"mime"
	"strconv"
	"strings"
)

// The two media types of an answer. They differ in one status: a document that can't be parsed or validated, or whose
// variables can't be coerced, is answered with 200 under the older one.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
)

// mediaStream is how subscriptions are answered. It is never what a range such as */* means: who does not know of it would wait for
// the end of an answer that has none.
const mediaStream = "text/event-stream"

// acceptsStream reports whether an Accept header names mediaStream.
func acceptsStream(accept []string) bool {
	for item := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		if name, q, ok := mediaRange(item); ok && name == mediaStream && q > 0 {
			return true
		}
	}
	return false
}

// preference is how well an Accept header speaks of one media type.
type preference struct {
	q     float64 // 0: not acceptable
	exact int     // 3 named in full, 2 by application/*, 1 by */*, 0 not at all
}

// negotiate picks the answer's media type from the values of the Accept header, or "" when neither fits. At equal quality the type
// that is named in full wins, of two the newer; a client that names none gets application/json.
func negotiate(accept []string) string {
	header := strings.Join(accept, ",")
	if strings.TrimSpace(header) == "" {
		return mediaJSON
	}
	var older, newer preference
	for item := range strings.SplitSeq(header, ",") {
		name, q, ok := mediaRange(item)
		if !ok {
			continue
		}
		older.hear(name, mediaJSON, q)
		newer.hear(name, mediaGraphQL, q)
	}
	switch {
	case older.q == 0 && newer.q == 0:
		return ""
	case newer.q > older.q, newer.q == older.q && newer.exact == 3:
		return mediaGraphQL
	}
	return mediaJSON
}

// hear takes in that the range name has quality q, if it covers media more closely than what was heard before.
func (p *preference) hear(name, media string, q float64) {
	exact := 0
	switch name {
	case media:
		exact = 3
	case "application/*":
		exact = 2
	case "*/*":
		exact = 1
	}
	if exact > p.exact || exact == p.exact && exact > 0 && q > p.q {
		*p = preference{q: q, exact: exact}
	}
}

// mediaRange reads one element of an Accept header; ok is false for one that is malformed or asks for another charset than UTF-8.
func mediaRange(item string) (name string, q float64, ok bool) {
	name, params, err := mime.ParseMediaType(item)
	if err != nil || !utf8Charset(params) {
		return "", 0, false
	}
	value, given := params["q"]
	if !given {
		return name, 1, true
	}
	q, err = strconv.ParseFloat(value, 64)
	return name, q, err == nil && q >= 0 && q <= 1
}

func utf8Charset(params map[string]string) bool {
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}
