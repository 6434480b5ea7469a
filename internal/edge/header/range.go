package header

import (
	"math"
	"net/http"
	"strconv"
	"strings"
)

// A file that is known by a strong ETag alone, as RFC 9110 has it asked for:
// sections 13 (conditions) and 14 (ranges). It has no Last-Modified, so dates
// validate nothing.

// Span is a stretch of a file, in bytes.
type Span struct{ First, Length int64 }

// Asking is what the headers of a request for a file come to.
type Asking struct {
	Status    int  // 200, 206, 304, 412 or 416
	Span      Span // what 200 and 206 carry
	Continues bool // a range of the very file that the client has a part of
}

// AskedOf judges a GET or HEAD for a file of size bytes with a strong ETag, in the
// order of RFC 9110, 13.2.2.
func AskedOf(r *http.Request, etag string, size int64) Asking {
	whole := Asking{Status: http.StatusOK, Span: Span{0, size}}
	ifMatch, matched := matches(r.Header["If-Match"], etag, false)
	if ifMatch && !matched {
		return Asking{Status: http.StatusPreconditionFailed}
	}
	if asked, known := matches(r.Header["If-None-Match"], etag, true); asked && known {
		return Asking{Status: http.StatusNotModified}
	}
	ranges := r.Header["Range"]
	if r.Method != http.MethodGet || len(ranges) != 1 {
		return whole
	}
	ifRange := r.Header["If-Range"]
	if len(ifRange) > 0 && (len(ifRange) != 1 || strings.Trim(ifRange[0], " \t") != etag) {
		return whole // another version, a weak tag, a date
	}
	part, kind := parseRange(ranges[0], size)
	switch kind {
	case ignored:
		return whole
	case unsatisfiable:
		return Asking{Status: http.StatusRequestedRangeNotSatisfiable}
	}
	named := ifMatch && !strings.Contains(strings.Join(r.Header["If-Match"], ","), "*")
	return Asking{Status: http.StatusPartialContent, Span: part, Continues: len(ifRange) > 0 || named}
}

// rangeKind is what a Range header comes to.
type rangeKind int

const (
	ignored rangeKind = iota // several, malformed, or of another unit: the whole is answered
	satisfiable
	unsatisfiable
)

// parseRange reads a Range header that asks for one stretch of a file of size
// bytes.
func parseRange(header string, size int64) (Span, rangeKind) {
	unit, set, ok := strings.Cut(header, "=")
	if !ok || !strings.EqualFold(strings.Trim(unit, " \t"), "bytes") {
		return Span{}, ignored
	}
	from, to, ok := strings.Cut(strings.Trim(set, " \t"), "-")
	if !ok {
		return Span{}, ignored
	}
	first, hasFirst, okFirst := position(from)
	last, hasLast, okLast := position(to)
	switch {
	case !okFirst || !okLast || !hasFirst && !hasLast || hasFirst && hasLast && last < first:
		return Span{}, ignored
	case !hasFirst && last == 0, hasFirst && first >= size, size == 0:
		return Span{}, unsatisfiable
	case !hasFirst:
		length := min(last, size)
		return Span{size - length, length}, satisfiable
	case !hasLast:
		return Span{first, size - first}, satisfiable
	}
	return Span{first, min(last, size-1) - first + 1}, satisfiable
}

// position reads a number of a range; one that no file is long enough for counts as
// the largest. ok is false for anything but digits.
func position(digits string) (n int64, there, ok bool) {
	if digits == "" {
		return 0, false, true
	}
	if strings.Trim(digits, "0123456789") != "" {
		return 0, true, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil { // too large, since it is digits
		n = math.MaxInt64
	}
	return n, true, true
}

// matches reports whether a list of entity tags was sent, and names etag, which is
// strong, or everything. A weak tag names it only where weak is enough.
func matches(lists []string, etag string, weak bool) (sent, named bool) {
	for _, list := range lists {
		sent = true
		for rest := strings.TrimLeft(list, " \t,"); rest != ""; rest = strings.TrimLeft(rest, " \t,") {
			if rest[0] == '*' {
				named, rest = true, rest[1:]
				continue
			}
			tag, isWeak := strings.CutPrefix(rest, "W/")
			if tag == "" || tag[0] != '"' {
				return true, named // what follows can't be read
			}
			end := strings.IndexByte(tag[1:], '"')
			if end < 0 {
				return true, named
			}
			named = named || tag[:end+2] == etag && (weak || !isWeak)
			rest = tag[end+2:]
		}
	}
	return sent, named
}
