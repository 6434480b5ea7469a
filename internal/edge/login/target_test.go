package login

import (
	"net/url"
	"strings"
	"testing"
)

// Places that are on this host for every reader of URLs.
var ownPaths = []string{
	"/", "/playground", "/playground?x=1", "/a?b=//evil", "/a?b=https://evil.test/", "/a?b=%2F%2Fevil", "/a?b=%5Cevil", "/a?b=/../x", "/jobs/job_1/download.zip?image=img_1&image=img_2",
	"/k%C3%BCche", "/a%20b", "/100%25", "/...", "/.well-known", "/a/", "/@evil.test", "/user:pass@evil.test", "/javascript:alert(1)", "/a?", "/a??b", "/login?redirect=/login",
	"/" + strings.Repeat("a", maxRedirect-1),
}

// Places that some reader of URLs takes for another host, or that are none.
var foreignPaths = []string{
	"", "playground", "?x", "#", "evil.test", "//evil", "//evil.test/a", "///evil", "////evil", "/\\evil", "\\/evil", "\\\\evil", "/\\/evil", "/%5cevil", "/%5Cevil", "/%5c/evil", "/%255cevil", "/%25255cevil", "/%2fevil", "/%2Fevil", "/%252fevil", "/%25252fevil", "/a%2f%2fevil", "/a%2fb", "/a%252Fb",
	"/\t/evil", "/\n/evil", "/\r/evil", "\t//evil", " //evil", " /a", "/a ", "/a b", "/%09/evil", "/%0a/evil", "/%0d%0aSet-Cookie:%20a=b", "/%2509/evil", "/\x00", "/%00", "/a%7f", "/a?b=%0d%0aX:%20y", "/a?b=\n", "/a?b=\\",
	"javascript:", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "https:evil", "https:/evil", "https://evil", "https:\\evil", "http://api.pix.test/playground", "//user@evil", "mailto:a@b.c", "/a//evil", "/a//", "//",
	"/./", "/.", "/../", "/..", "/a/../b", "/a/./b", "/../..//evil", "/.//evil", "/%2e/", "/%2e%2e/", "/.%2e/", "/%2E%2e//evil", "/%252e%252e/", "/a/%2e", "/%2e%2e%2fevil", "/%2e",
	"/playground?x=1#y", "/#", "/a#//evil", "/%", "/%zz", "/%u005c", "/a?b=%", "/a?b=%g0", "/%2", "/ä", "/\u2028", "/\u3000", "/\uff0fevil", "/\xff", "/<script>", "/\"onload", "/a?b=<x>",
	"/" + strings.Repeat("a", maxRedirect), "/" + strings.Repeat("a", 5000), "/a?" + strings.Repeat("b", 5000),
}

func TestOnlyOwnPathsAreGoneTo(t *testing.T) {
	t.Parallel()
	for _, wanted := range ownPaths {
		if got := ownPath(wanted); got != wanted {
			t.Errorf("%.60q leads to %.60q", wanted, got)
		}
		staysHere(t, wanted)
	}
	for _, wanted := range foreignPaths {
		if got := ownPath(wanted); got != Home {
			t.Errorf("%.60q leads to %.60q", wanted, got)
		}
	}
}

// Whatever is asked for, what comes out is on this host for Go and for browsers.
func FuzzRedirect(f *testing.F) {
	for _, wanted := range append(ownPaths, foreignPaths...) {
		f.Add(wanted)
	}
	f.Fuzz(func(t *testing.T, wanted string) { staysHere(t, ownPath(wanted)) })
}

// staysHere fails unless both readers of URLs find target on the host it is on.
func staysHere(t *testing.T, target string) {
	t.Helper()
	base := url.URL{Scheme: "https", Host: "api.pix.test", Path: "/login"}
	there, err := base.Parse(target)
	if err != nil {
		t.Fatalf("%q: %v", target, err)
	}
	if there.Scheme != base.Scheme || there.Host != base.Host || there.User != nil || there.Fragment != "" || !strings.HasPrefix(there.Path, "/") || strings.HasPrefix(there.Path, "//") {
		t.Errorf("for Go %q is %s", target, there)
	}
	if path := browsed(target); !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || len(target) > maxRedirect {
		t.Errorf("for browsers %q is %q", target, path)
	}
}

// browsed is how browsers begin to read a URL of http or https (WHATWG URL, 4.4): outer
// spaces and control characters go, tabs and line ends go everywhere, and a
// backslash before the query is a slash. Where two slashes begin what is left, a
// host follows. Dots that are encoded are dots.
func browsed(text string) string {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	path, query, asks := strings.Cut(text, "?")
	path = strings.ReplaceAll(path, `\`, "/")
	dots := strings.NewReplacer("%2e", ".", "%2E", ".")
	var kept []string
	for i, segment := range strings.Split(path, "/") {
		switch dots.Replace(segment) {
		case ".":
		case "..":
			kept = kept[:min(len(kept), max(1, len(kept)-1))]
		default:
			kept = append(kept, segment)
		}
		if i == 0 && segment != "" {
			return text // no path at all, perhaps a scheme
		}
	}
	path = strings.Join(kept, "/")
	if asks {
		path += "?" + query
	}
	return path
}
