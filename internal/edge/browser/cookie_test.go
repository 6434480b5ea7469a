package browser

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"pixgate/internal/secret"
)

// Whatever a cookie header says, there is one session in it or none, and a device secret
// that is one.
func FuzzCookies(f *testing.F) {
	c := New(true, secret.NewRing("the secret of today", ""), time.Now)
	device := strings.Repeat("A", 43)
	for _, header := range []string{
		"", "a=b", "__Host-pixgate=pgs_x", "__Host-pixgate=pgs_x; __Host-pixgate=pgs_y", `__Host-pixgate="pgs_x"; __Host-pixgate-device=` + device, "__Host-pixgate", "__Host-pixgate=;;=",
		"__Host-pixgate-device=" + device + "; __Host-pixgate-device=" + device, "__Host-csrf=x; __Host-csrf=y", "__host-pixgate=pgs_x", "pixgate=pgs_x", "\x00=\xff; __Host-pixgate=a b",
	} {
		f.Add(header, "")
	}
	f.Add("__Host-pixgate=pgs_x", "__Host-pixgate=pgs_y")
	f.Fuzz(func(t *testing.T, first, second string) {
		r := &http.Request{Header: http.Header{"Cookie": {first, second}}}
		sessions, devices, tokens := r.CookiesNamed(c.session), r.CookiesNamed(c.device), r.CookiesNamed(c.csrf)
		token, sent := c.Session(r)
		if sent != (len(sessions) > 0) || len(sessions) == 1 && token != sessions[0].Value || len(sessions) != 1 && token != "" {
			t.Errorf("%q %q: the session is %q of %d", first, second, token, len(sessions))
		}
		if token, ok := c.csrfToken(r); ok != (len(tokens) == 1) || ok && token != tokens[0].Value || !ok && token != "" {
			t.Errorf("%q %q: the token is %q of %d", first, second, token, len(tokens))
		}
		if raw, err := base64.RawURLEncoding.DecodeString(c.DeviceSecret(r)); err != nil || len(raw) != 32 || len(c.DeviceSecret(r)) != 43 {
			t.Errorf("%q %q: a device secret of %d bytes: %v", first, second, len(raw), err)
		}
		if once, again := c.DeviceSecret(r), c.DeviceSecret(r); once == again && len(devices) != 1 {
			t.Errorf("%q %q: one device of %d", first, second, len(devices))
		}
		if c.Any(r) != (len(sessions)+len(devices)+len(tokens) > 0) {
			t.Errorf("%q %q: a cookie goes unseen", first, second)
		}
	})
}
