package header

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEntityTags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lists       []string
		weak        bool
		sent, named bool
	}{
		{nil, false, false, false},
		{[]string{""}, false, true, false},
		{[]string{`"e"`}, false, true, true},
		{[]string{`W/"e"`}, false, true, false},
		{[]string{`W/"e"`}, true, true, true},
		{[]string{"*"}, false, true, true},
		{[]string{`"a,"e"`}, false, true, false},
		{[]string{`"a,b" , , "e"`}, false, true, true},
		{[]string{`"a"`, `"e"`}, false, true, true},
		{[]string{"e"}, false, true, false},
		{[]string{`"e`}, false, true, false},
		{[]string{`x "e"`}, false, true, false},
	} {
		if sent, named := matches(c.lists, `"e"`, c.weak); sent != c.sent || named != c.named {
			t.Errorf("%q, weak %t: sent %t, named %t", c.lists, c.weak, sent, named)
		}
	}
}

// FuzzRange holds every header against what RFC 9110, 14.1.2 says of it in words.
func FuzzRange(f *testing.F) {
	for _, header := range []string{
		"bytes=0-", "bytes=-1", "bytes=5-9", "bytes=9-5", "bytes=0-0,1-1", "bytes=-", "bytes=--1", "bytes= 1-2 ", "BYTES=1-2", "lines=1-2", "bytes=+1-2",
		"bytes=99999999999999999999-", "bytes=-99999999999999999999", "bytes=1-99999999999999999999", "bytes=0x1-2", "bytes=1 -2", "bytes", "=1-2", "",
	} {
		f.Add(header, int64(1000))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		part, kind := parseRange(header, size)
		switch kind {
		case satisfiable:
			if part.First < 0 || part.Length <= 0 || part.First+part.Length > size {
				t.Fatalf("%q of %d: %+v", header, size, part)
			}
			// Said anew, it is the same stretch.
			if again, kind := parseRange(fmt.Sprintf("bytes=%d-%d", part.First, part.First+part.Length-1), size); kind != satisfiable || again != part {
				t.Fatalf("%q: %+v, again %+v", header, part, again)
			}
		case unsatisfiable, ignored:
			if part != (Span{}) {
				t.Fatalf("%q: %+v", header, part)
			}
		}
		if kind != ignored && (strings.Count(header, "-") != 1 || strings.Contains(header, ",") || !strings.Contains(strings.ToLower(header), "bytes")) {
			t.Fatalf("%q is not ignored", header)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Range"] = []string{header}
		r.Header["If-Range"] = []string{header}
		if size > 0 && AskedOf(r, `"e"`, size).Status != http.StatusOK && strings.TrimSpace(header) != `"e"` {
			t.Fatalf("%q validates a range", header)
		}
	})
}

// FuzzConditions wants one of the five answers, and never a part of what the
// client did not name.
func FuzzConditions(f *testing.F) {
	f.Add(`"e"`, `"f"`, `"e"`, "bytes=1-2")
	f.Add(`W/"e"`, `*`, `"e", "f"`, "bytes=-0")
	f.Fuzz(func(t *testing.T, match, none, ifRange, ranges string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for name, value := range map[string]string{"If-Match": match, "If-None-Match": none, "If-Range": ifRange, "Range": ranges} {
			if value != "" {
				r.Header[name] = []string{value}
			}
		}
		const tag = `"e"`
		got := AskedOf(r, tag, 100)
		switch got.Status {
		case 200:
			if got.Span != (Span{0, 100}) || got.Continues {
				t.Fatalf("%+v", got)
			}
		case 206:
			if match != "" && !strings.Contains(match, tag) && !strings.Contains(match, "*") || ifRange != "" && !strings.Contains(ifRange, tag) {
				t.Fatalf("a part of another file: %+v", got)
			}
			if got.Continues && !strings.Contains(match, tag) && !strings.Contains(ifRange, tag) {
				t.Fatalf("continues nothing: %+v", got)
			}
		case 304, 412, 416:
			if got.Span != (Span{}) || got.Continues {
				t.Fatalf("%+v", got)
			}
		default:
			t.Fatalf("status %d", got.Status)
		}
		r.Method = http.MethodHead
		if head := AskedOf(r, tag, 100); head.Status == 206 || head.Status == 416 {
			t.Fatalf("HEAD minds a range: %+v", head)
		}
	})
}
