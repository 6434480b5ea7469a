package edge

import (
	"net/http"
	"strconv"

	"pixgate/internal/account"
	"pixgate/internal/gate"
)

// surfaces are the routes that have an allow list of addresses. Fields of the API
// that only admins may use have that of admins, too.
var surfaces = map[string]gate.Surface{
	loginPath:       gate.Admin,
	playgroundPath:  gate.Admin,
	playgroundFiles: gate.Admin,
	auditPath:       gate.Admin,
}

// admit refuses by address: whoever is blocked, and at some routes whoever is not listed.
func (e *edge) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		if err := e.Lists.Check(surfaces[x.template], x.client); err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitAddress counts requests of nobody by their address. Those with a credential are
// counted when it is known whose it is: what many people send from one office is not
// one caller's.
func (e *edge) limitAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(gate.WithListener(r.Context(), func(name gate.Name, result gate.Result) {
			tellLimit(w.Header(), result)
			if !result.Allowed {
				exchangeOf(r).limit = name
			}
		}))
		if !e.hasCredential(r) {
			if err := e.takeAddress(r); err != nil {
				refuse(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// limitViewer counts requests with a credential: by the account, or by the address
// where the credential was good for nothing.
func (e *edge) limitViewer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		viewer := account.ViewerFrom(r.Context())
		_, cookie := e.cookies.token(r)
		var err error
		switch {
		case viewer.SignedIn():
			err = e.Limits.Pass(r.Context(), gate.PublicAPISignedIn, viewer.AccountID.String())
		case cookie:
			err = e.takeAddress(r)
		}
		if err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// takeStray counts a request that is turned away before it is known who asks. Whoever
// writes any word where a credential stands would be counted nowhere else.
func (e *edge) takeStray(r *http.Request) error {
	if e.hasCredential(r) {
		return e.takeAddress(r)
	}
	return nil // by limitAddress, before
}

func (e *edge) hasCredential(r *http.Request) bool {
	_, known := e.cookies.token(r)
	return known || hasAuthorization(r)
}

func (e *edge) takeAddress(r *http.Request) error {
	return e.Limits.Pass(r.Context(), gate.PublicAPI, gate.KeyOfIP(exchangeOf(r).client))
}

// tellLimit writes down what a limit said. Of several that a request is under, the one
// that promises least counts.
func tellLimit(h http.Header, result gate.Result) {
	const remaining = "RateLimit-Remaining"
	if before, err := strconv.Atoi(h.Get(remaining)); err == nil && before <= result.Remaining && result.Allowed {
		return
	}
	h.Set("RateLimit-Limit", strconv.Itoa(result.Limit))
	h.Set(remaining, strconv.Itoa(result.Remaining))
	h.Set("RateLimit-Reset", strconv.Itoa(gate.Seconds(result.ResetAfter)))
}
