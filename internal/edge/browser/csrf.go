package browser

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/header"
	"pixgate/internal/fault"
	"pixgate/internal/id"
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

// GiveCSRF returns the token that the browser may send back in a session, the zero
// id for none. The one in its cookie stays, or the pages that it has open
// could send nothing any more; where that is not good, a new one takes its place. A
// token dies with its session, so nobody can plant one before a sign-in and use
// it afterwards.
func (c Cookies) GiveCSRF(w http.ResponseWriter, r *http.Request, sessionID id.ID) string {
	if token, ok := c.csrfToken(r); ok && c.isCSRF(token, sessionID) && csrfKey(token) == c.keys.Current().ID() {
		return token
	}
	token := c.NewCSRF(sessionID)
	c.Jar(w).set(c.csrf, token, sessionCookieAge)
	return token
}

// NewCSRF returns a token of its own for a session, the zero id for none.
func (c Cookies) NewCSRF(sessionID id.ID) string {
	key := c.keys.Current()
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
func (c Cookies) isCSRF(token string, sessionID id.ID) bool {
	key, known := c.keys.ByID(csrfKey(token))
	if !known {
		return false
	}
	raw, _ := csrfEncoding.DecodeString(token) // csrfKey has done it before
	sum := key.MAC("csrf token", raw[:csrfHead], csrfSession(sessionID))
	return hmac.Equal(sum[:], raw[csrfHead:])
}

// CheckCSRF refuses a request that does not say what its cookie says: in the header,
// or else in the field of a form. Another site's page can make a browser send the
// cookie, but neither read it nor write the header. And the token must be ours and of this
// session, or whoever can plant a cookie could plant its double as well.
func (c Cookies) CheckCSRF(r *http.Request, field string) error {
	sent := field
	if headers := r.Header.Values(csrfHeader); len(headers) > 0 {
		sent = headers[0]
	}
	kept, ok := c.csrfToken(r)
	if !ok || subtle.ConstantTimeCompare([]byte(sent), []byte(kept)) != 1 || !c.isCSRF(kept, account.ViewerFrom(r.Context()).SessionID) {
		return Unproven()
	}
	return nil
}

// Unproven refuses a request without its token: CSRF_FAILED.
func Unproven() error {
	return fault.New(fault.CSRFFailed, "The token of GET /csrf-token is missing, or is not this session's. Ask for it again, and send it in the header X-CSRF-Token.")
}

// IsUnforged reports whether a request proves that no other site's page sent it: by
// its token, or by a header that no browser adds by itself.
func (c Cookies) IsUnforged(r *http.Request) bool {
	return header.HasAuthorization(r) || c.CheckCSRF(r, "") == nil
}

// TellCSRF answers with a token for programs.
func (c Cookies) TellCSRF(w http.ResponseWriter, r *http.Request) {
	exchange.Send(w, http.StatusOK, "application/json", struct {
		Token string `json:"csrfToken"`
	}{c.GiveCSRF(w, r, account.ViewerFrom(r.Context()).SessionID)})
}
