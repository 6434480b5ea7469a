package header

import (
	"net/http"
	"strings"
)

// HasAuthorization reports whether a request says by itself whose it is. No browser adds that header.
func HasAuthorization(r *http.Request) bool { return len(r.Header["Authorization"]) > 0 }

// Bearer is the token of a request; ok is false where there is none, or two.
func Bearer(r *http.Request) (token string, ok bool) {
	if len(r.Header["Authorization"]) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.Trim(token, " "), ok && strings.EqualFold(scheme, "Bearer")
}
