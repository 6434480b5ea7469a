package edge

import (
	"context"
	"net/http"
	"strconv"

	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
)

// surfaces are the routes that have an allow list of addresses. Fields of the API
// that only admins may use have that of admins, too.
var surfaces = map[string]gate.Surface{
	loginPath:       gate.Admin,
	playgroundPath:  gate.Admin,
	playgroundFiles: gate.Admin,
	auditPath:       gate.Admin,
	pdfPath:         gate.GeneratePDF,
	sesPath:         gate.Webhook,
}

// admit refuses by address: whoever is blocked, and at some routes whoever is not listed.
func (e *edge) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		if err := e.Lists.Check(surfaces[x.template], x.client); err != nil {
			fault.Tell(r.Context(), fault.IPDenied, e.Lists.Denying(surfaces[x.template], x.client))
			refuse(w, r, err)
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
		x := exchangeOf(r)
		r = r.WithContext(gate.WithListener(r.Context(), x.hearLimit))
		x.count = func() error { return e.Limits.Pass(r.Context(), gate.PublicAPI, gate.KeyOfIP(x.client)) }
		if _, cookie := e.cookies.token(r); !cookie && !hasAuthorization(r) {
			if err := x.counted(); err != nil {
				refuse(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// counted counts the exchange unless it has been: RATE_LIMITED past the limit.
func (x *exchange) counted() error {
	count := x.count
	x.count = nil
	if count == nil {
		return nil
	}
	return count()
}

// is says whose the exchange is. From then on it counts for that account.
func (e *edge) is(r *http.Request, accountID id.ID) {
	x := exchangeOf(r)
	x.account = accountID
	x.count = func() error { return e.Limits.Pass(r.Context(), gate.PublicAPISignedIn, accountID.String()) }
}

// deciders are the routes that look who may do what before they ask whether the viewer
// is past a limit: who may not have a thing is told so, however often they ask.
var deciders = map[string]bool{graphqlPath: true, imagePath: true, zipPath: true, auditPath: true, exportPath: true, playgroundPath: true, playgroundFiles: true, pdfPath: true, sheetPath: true}

// limitViewer counts requests with a credential: by the account, or by the address
// where the credential was good for nothing. A limit of addresses refuses at once, one of
// accounts where the contract has its place: behind the decision, see deciders.
func (e *edge) limitViewer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		err := x.counted()
		switch {
		case err != nil && x.account != id.Nil && deciders[x.template]:
			r = r.WithContext(gate.WithRefusal(r.Context(), err))
		case err != nil:
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitDownload counts a download by the account that it is for.
func (e *edge) limitDownload(ctx context.Context, accountID id.ID) error {
	if err := gate.Refusal(ctx); err != nil {
		return err
	}
	return e.Limits.Pass(ctx, gate.Download, accountID.String())
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
