// Package browser is what a browser keeps for us, and how one of our pages proves by it that it
// has sent a request.
package browser

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"pixgate/internal/secret"
)

const (
	sessionCookieAge = 30 * 24 * time.Hour
	// A device outlives its sessions: known again after a year it takes up no second
	// place, and its owner has a lane that strangers can't exhaust. Browsers keep a
	// cookie no longer.
	deviceCookieAge = 400 * 24 * time.Hour
)

// Cookies are those of this installation.
type Cookies struct {
	keys secret.Ring // of the tokens against forged requests
	now  func() time.Time

	session, device, csrf string // their names
	secure                bool
}

// New names the cookies. The prefix binds them to the one host that set
// them by https, which plain http in development can't have.
func New(secure bool, keys secret.Ring, now func() time.Time) Cookies {
	if secure {
		return Cookies{keys: keys, now: now, session: "__Host-pixgate", device: "__Host-pixgate-device", csrf: "__Host-csrf", secure: true}
	}
	return Cookies{keys: keys, now: now, session: "pixgate", device: "pixgate-device", csrf: "csrf"}
}

// Any reports whether a browser sent something that it keeps for us.
func (c Cookies) Any(r *http.Request) bool {
	return len(r.CookiesNamed(c.session)) > 0 || len(r.CookiesNamed(c.device)) > 0 || len(r.CookiesNamed(c.csrf)) > 0
}

// Session returns the token of the session, and whether a browser sent one. Of two nobody knows which
// is ours: they are one that is dead.
func (c Cookies) Session(r *http.Request) (string, bool) {
	switch kept := r.CookiesNamed(c.session); len(kept) {
	case 0:
		return "", false
	case 1:
		return kept[0].Value, true
	}
	return "", true
}

// csrfToken returns what the browser keeps against forged requests. Of two nobody
// knows which is ours.
func (c Cookies) csrfToken(r *http.Request) (string, bool) {
	kept := r.CookiesNamed(c.csrf)
	if len(kept) != 1 {
		return "", false
	}
	return kept[0].Value, true
}

// DeviceSecret returns the secret of the browser's device, a new one where it has
// none, or two. 256 bits, base64url.
func (c Cookies) DeviceSecret(r *http.Request) string {
	if kept := r.CookiesNamed(c.device); len(kept) == 1 {
		if known, err := base64.RawURLEncoding.DecodeString(kept[0].Value); err == nil && len(known) == 32 && len(kept[0].Value) == 43 { // it reads over line ends
			return kept[0].Value
		}
	}
	var random [32]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(random[:])
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// Jar is a browser's, as [session.Jar].
type Jar struct {
	Cookies
	w http.ResponseWriter
}

// Jar is what an answer puts into the browser.
func (c Cookies) Jar(w http.ResponseWriter) Jar { return Jar{c, w} }

// Keep stores session and device in the browser.
func (j Jar) Keep(token string, expires time.Time, deviceSecret string) {
	j.set(j.session, token, min(sessionCookieAge, expires.Sub(j.now())))
	j.set(j.device, deviceSecret, deviceCookieAge)
}

// Drop removes the session from the browser.
func (j Jar) Drop() { j.set(j.session, "", 0) }

// set replaces what was said about the cookie before; no age removes it.
func (j Jar) set(name, value string, age time.Duration) {
	seconds := int(age / time.Second)
	if seconds <= 0 {
		seconds = -1
	}
	cookie := http.Cookie{ //nolint:gosec // without Secure only where browsers come by http, in development
		Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: j.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	h := j.w.Header()
	h["Set-Cookie"] = append(slices.DeleteFunc(h["Set-Cookie"], func(line string) bool { return strings.HasPrefix(line, name+"=") }), cookie.String())
}
