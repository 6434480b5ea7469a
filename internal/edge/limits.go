package edge

import (
	"net/http"

	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/header"
	"pixgate/internal/edge/login"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
)

// surfaces are the routes that have an allow list of addresses. Fields of the API
// that only admins may use have that of admins, too.
var surfaces = map[string]gate.Surface{
	login.Path:      gate.Admin,
	playgroundPath:  gate.Admin,
	playgroundFiles: gate.Admin,
	auditPath:       gate.Admin,
	pdfPath:         gate.GeneratePDF,
	sesPath:         gate.Webhook,
}

// locate finds out where the request comes from.
func (e *edge) locate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		exchange.Of(r).Client = header.ClientAddress(r, e.TrustedProxies)
		next.ServeHTTP(w, r)
	})
}

// admit refuses by address: whoever is blocked, and at some routes whoever is not listed.
func (e *edge) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange.Of(r)
		if err := e.Lists.Check(surfaces[x.Template], x.Client); err != nil {
			fault.Tell(r.Context(), fault.IPDenied, e.Lists.Denying(surfaces[x.Template], x.Client))
			exchange.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitAddress counts requests of nobody by their address. Those with a credential are
// counted when it is known whose it is: what many people send from one office is not
// one caller's. What is refused before that counts for the address as well, or a
// credential that somebody made up would be a way around the limit.
func (e *edge) limitAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange.Of(r)
		r = r.WithContext(gate.WithListener(r.Context(), x.HearLimit))
		x.Count = func() error { return e.Limits.Pass(r.Context(), gate.PublicAPI, gate.KeyOfIP(x.Client)) }
		if _, cookie := e.cookies.Session(r); !cookie && !header.HasAuthorization(r) {
			if err := x.Counted(); err != nil {
				exchange.Refuse(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// is says whose the exchange is. From then on it counts for that account.
func (e *edge) is(r *http.Request, accountID id.ID) {
	x := exchange.Of(r)
	x.Account = accountID
	x.Count = func() error { return e.Limits.Pass(r.Context(), gate.PublicAPISignedIn, accountID.String()) }
}

// deciders are the routes that look who may do what before they ask whether the viewer
// is past a limit: who may not have a thing is told so, however often they ask.
var deciders = map[string]bool{exchange.GraphQL: true, imagePath: true, zipPath: true, auditPath: true, exportPath: true, playgroundPath: true, playgroundFiles: true, pdfPath: true, sheetPath: true}

// limitViewer counts requests with a credential: by the account, or by the address
// where the credential was good for nothing. A limit of addresses refuses at once, one of
// accounts where the contract has its place: behind the decision, see deciders.
func (e *edge) limitViewer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange.Of(r)
		err := x.Counted()
		switch {
		case err != nil && x.Account != id.Nil && deciders[x.Template]:
			r = r.WithContext(gate.WithRefusal(r.Context(), err))
		case err != nil:
			exchange.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}
