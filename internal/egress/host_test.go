package egress_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"pixgate/internal/egress"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://example.com":                             "https://example.com",
		"HTTPS://EXAMPLE.com:443/a?b=c#d":                 "https://example.com/a?b=c#d",
		"https://example.com./":                           "https://example.com/",
		"https://bücher.example/":                         "https://xn--bcher-kva.example/",
		"https://ｅｘａｍｐｌｅ。com/":                            "https://example.com/",
		"https://93.184.215.14/":                          "https://93.184.215.14/",
		"https://[2606:4700::1111]/":                      "https://[2606:4700::1111]/",
		"https://a_b.example.com/":                        "https://a_b.example.com/",
		"https://example.com/?u=https://user:pw@10.0.0.1": "https://example.com/?u=https://user:pw@10.0.0.1",
	} {
		got, err := egress.URL(raw, false)
		if err != nil || got.String() != want {
			t.Errorf("%s: %v, %v, not %s", raw, got, err, want)
		}
	}
	if got, err := egress.URL("http://example.com:80/", true); err != nil || got.String() != "http://example.com/" {
		t.Errorf("%v, %v", got, err)
	}
}

// hostileURLs are what has led other programs' checks astray, and why each is refused.
var hostileURLs = map[string]egress.Reason{
	"": egress.BadURL, "example.com": egress.BadURL, "//example.com/": egress.BadURL, "/path": egress.BadURL, "https:example.com": egress.BadURL, "https:///example.com": egress.BadURL,
	"https://": egress.BadURL, "https://?": egress.BadURL, "https://#": egress.BadURL, " https://example.com": egress.BadURL, "https://example.com/\n": egress.BadURL, "https://exam\tple.com/": egress.BadURL,
	`https://example.com\@127.0.0.1/`: egress.BadURL, `https:\\127.0.0.1\`: egress.BadURL, "https://example.com/\x00": egress.BadURL, "https://exa mple.com/": egress.BadURL, "https://%31%32%37.0.0.1/": egress.BadURL, "https://[::1/": egress.BadURL,
	"https://example.com/" + strings.Repeat("a", egress.MaxURL): egress.BadURL,

	"http://example.com/": egress.BadScheme, "file:///etc/passwd": egress.BadScheme, "ftp://example.com/": egress.BadScheme, "gopher://127.0.0.1:6379/_": egress.BadScheme,
	"javascript:alert(1)": egress.BadScheme, "data:text/html,x": egress.BadScheme, "chrome://settings": egress.BadScheme, "view-source:https://example.com": egress.BadScheme, "blob:https://example.com/1": egress.BadScheme, "about:blank": egress.BadScheme,

	"https://user@example.com/": egress.Credentials, "https://user:pw@example.com/": egress.Credentials, "https://@example.com/": egress.Credentials, "https://:@example.com/": egress.Credentials,
	"https://example.com@127.0.0.1/": egress.Credentials, "https://example.com:443@127.0.0.1/": egress.Credentials, "https://127.0.0.1#@example.com/": egress.NotPublic,

	"https://example.com:80/": egress.BadPort, "https://example.com:22/": egress.BadPort, "https://example.com:/": egress.BadPort, "https://example.com:0443/": egress.BadPort, "https://example.com:65979/": egress.BadPort,

	"https://127.0.0.1/": egress.NotPublic, "https://127.0.0.1:443/": egress.NotPublic, "https://0.0.0.0/": egress.NotPublic, "https://10.1.2.3/": egress.NotPublic, "https://169.254.169.254/latest/meta-data": egress.NotPublic,
	"https://2130706433/": egress.NotPublic, "https://0x7f000001/": egress.NotPublic, "https://0x7f.0.0.1/": egress.NotPublic, "https://0177.0.0.1/": egress.NotPublic, "https://017700000001/": egress.NotPublic,
	"https://127.1/": egress.NotPublic, "https://127.0.1/": egress.NotPublic, "https://0/": egress.NotPublic, "https://0x/": egress.NotPublic, "https://0X7F.1/": egress.NotPublic, "https://127.0.0.1./": egress.NotPublic, "https://1.1.1.1.1/": egress.NotPublic,
	"https://example.1/": egress.NotPublic, "https://134744072/": egress.NotPublic, // 8.8.8.8, but nobody writes it so
	"https://１２７.0.0.1/": egress.NotPublic, "https://127。0。0。1/": egress.NotPublic, "https://①②⑦.0.0.1/": egress.NotPublic, "https://127｡0｡0｡1/": egress.NotPublic,
	"https://[::1]/": egress.NotPublic, "https://[::]/": egress.NotPublic, "https://[::ffff:127.0.0.1]/": egress.NotPublic, "https://[::ffff:7f00:1]/": egress.NotPublic, "https://[::127.0.0.1]/": egress.NotPublic, "https://[0:0:0:0:0:ffff:127.0.0.1]/": egress.NotPublic,
	"https://[fe80::1%25eth0]/": egress.NotPublic, "https://[2606:4700::1111%25eth0]/": egress.NotPublic, "https://[64:ff9b::7f00:1]/": egress.NotPublic, "https://[2002:7f00:1::]/": egress.NotPublic, "https://[fd00::1]/": egress.NotPublic, "https://[fc00::1]/": egress.NotPublic,
	"https://localhost/": egress.NotPublic, "https://LOCALHOST./": egress.NotPublic, "https://a.localhost/": egress.NotPublic, "https://ⓛocalhost/": egress.NotPublic, "https://printer.local/": egress.NotPublic, "https://db.internal/": egress.NotPublic, "https://metadata.google.internal/": egress.NotPublic,
	"https://redis/": egress.NotPublic, "https://router.home.arpa/": egress.NotPublic, "https://home.arpa/": egress.NotPublic,

	"https://example..com/": egress.BadName, "https://.example.com/": egress.BadName, "https://-a.example.com/": egress.BadName, "https://example.com../": egress.BadName, "https://exa*mple.com/": egress.BadName, "https://xn--a/": egress.BadName,
	"https://" + strings.Repeat("a", 64) + ".com/": egress.BadName, "https://" + strings.Repeat("a.", 130) + "com/": egress.BadName, "https://[example.com]/": egress.BadURL,
}

func TestHostileURLs(t *testing.T) {
	t.Parallel()
	for raw, want := range hostileURLs {
		if got, err := egress.URL(raw, false); err == nil || egress.WhyBlocked(err) != want {
			t.Errorf("%.80q: %v, %v, not %s", raw, got, err, want)
		}
	}
}

// Whatever is let through is, in the eyes of whoever reads it next, an https URL of a public
// host without anything odd, and reads the same a second time.
func FuzzURL(f *testing.F) {
	for raw := range hostileURLs {
		f.Add(raw)
	}
	f.Add("https://bücher.example:443/a?b#c")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := egress.URL(raw, false)
		if err != nil {
			if egress.WhyBlocked(err) == "" {
				t.Fatalf("%q: refused without a reason: %v", raw, err)
			}
			return
		}
		again, err := url.Parse(got.String())
		if err != nil || again.Scheme != "https" || again.User != nil || again.Port() != "" || again.Host != got.Host || strings.ContainsAny(again.Host, "@\\%/ \t\n") {
			t.Fatalf("%q: %s reads as another (%v)", raw, got, err)
		}
		twice, err := egress.URL(got.String(), false)
		if len(got.String()) <= egress.MaxURL && (err != nil || twice.String() != got.String()) {
			t.Fatalf("%q: %s, a second time %v, %v", raw, got, twice, err)
		}
		host := got.Hostname()
		if addr, err := netip.ParseAddr(host); err == nil {
			if !egress.Public(addr) {
				t.Fatalf("%q: %s is not public", raw, host)
			}
			return
		}
		if host != strings.ToLower(host) || !strings.Contains(host, ".") || strings.HasSuffix(host, ".") || strings.HasSuffix(host, "localhost") {
			t.Fatalf("%q: %s is no name", raw, host)
		}
		for i := range len(host) {
			if host[i] >= 0x80 {
				t.Fatalf("%q: %q is not ASCII", raw, host)
			}
		}
	})
}
