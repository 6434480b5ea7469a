package edge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/session"
)

// csrfHeader is where programs send their token; forms have a field for it.
const csrfHeader = "X-CSRF-Token"

// A token is the id of the key, 128 random bits, and a keyed hash over both and the
// session that it is good for.
const (
	csrfHead   = 4 + 16
	csrfLength = csrfHead + 32
)

// csrfEncoding has one spelling for each token.
var csrfEncoding = base64.RawURLEncoding.Strict()

// giveCSRF returns the token that the browser may send back in a session, the zero
// id for none. The one in its cookie stays, or the pages that it has open
// could send nothing any more; where that is not good, a new one takes its place. A
// token dies with its session, so nobody can plant one before a sign-in and use
// it afterwards.
func (e *edge) giveCSRF(w http.ResponseWriter, r *http.Request, sessionID id.ID) string {
	if token, ok := e.cookies.csrfToken(r); ok && e.isCSRF(token, sessionID) && csrfKey(token) == e.CSRF.Current().ID() {
		return token
	}
	token := e.newCSRF(sessionID)
	jar{cookies: e.cookies, w: w, now: e.Now}.set(e.cookies.csrf, token, sessionCookieAge)
	return token
}

func (e *edge) newCSRF(sessionID id.ID) string {
	key := e.CSRF.Current()
	head, err := hex.DecodeString(key.ID())
	if err != nil {
		panic(err) // ids of keys are hexadecimal
	}
	var random [csrfHead - 4]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(random[:])
	head = append(head, random[:]...)
	sum := key.MAC("csrf token", head, csrfSession(sessionID))
	return csrfEncoding.EncodeToString(append(head, sum[:]...))
}

// csrfSession is the session as it is hashed: nothing at all where there is none.
func csrfSession(sessionID id.ID) []byte {
	if sessionID == id.Nil {
		return nil
	}
	return sessionID[:]
}

// csrfKey is the id of the key that a token says it was made with.
func csrfKey(token string) string {
	raw, err := csrfEncoding.DecodeString(token)
	if err != nil || len(raw) != csrfLength || len(token) != csrfEncoding.EncodedLen(csrfLength) { // it reads over line ends
		return ""
	}
	return hex.EncodeToString(raw[:4])
}

// isCSRF reports whether we made the token for the session.
func (e *edge) isCSRF(token string, sessionID id.ID) bool {
	key, known := e.CSRF.ByID(csrfKey(token))
	if !known {
		return false
	}
	raw, _ := csrfEncoding.DecodeString(token) // csrfKey has done it before
	sum := key.MAC("csrf token", raw[:csrfHead], csrfSession(sessionID))
	return hmac.Equal(sum[:], raw[csrfHead:])
}

// checkCSRF refuses a request that does not say what its cookie says: in the header,
// or else in the field of a form. Another site's page can make a browser send the
// cookie, but neither read it nor write the header. And the token must be ours and of this
// session, or whoever can plant a cookie could plant its double as well.
func (e *edge) checkCSRF(r *http.Request, field string) error {
	sent := field
	if headers := r.Header.Values(csrfHeader); len(headers) > 0 {
		sent = headers[0]
	}
	kept, ok := e.cookies.csrfToken(r)
	if !ok || subtle.ConstantTimeCompare([]byte(sent), []byte(kept)) != 1 || !e.isCSRF(kept, account.ViewerFrom(r.Context()).SessionID) {
		return unproven()
	}
	return nil
}

func unproven() error {
	return fault.New(fault.CSRFFailed, "The token of GET /csrf-token is missing, or is not this session's. Ask for it again, and send it in the header X-CSRF-Token.")
}

// isUnforged reports whether a request proves that no other site's page sent it: by
// its token, or by a header that no browser adds by itself.
func (e *edge) isUnforged(r *http.Request) bool {
	return hasAuthorization(r) || e.checkCSRF(r, "") == nil
}

// proveOrigin refuses what a browser sends with our cookies, and that may change
// something, unless it proves that one of our pages sent it. The sign-in page proves
// it by a field of its form, and looks for itself.
func (e *edge) proveOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		changes := r.Method != http.MethodGet && r.Method != http.MethodHead
		if changes && exchangeOf(r).template != loginPath && e.cookies.any(r) && !session.ClientFrom(r.Context()).Unforged {
			refuse(w, r, unproven())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tellCSRF answers with a token for programs.
func (e *edge) tellCSRF(w http.ResponseWriter, r *http.Request) {
	send(w, http.StatusOK, "application/json", struct {
		Token string `json:"csrfToken"`
	}{e.giveCSRF(w, r, account.ViewerFrom(r.Context()).SessionID)})
}
