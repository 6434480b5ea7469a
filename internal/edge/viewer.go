package edge

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/logs"
	"pixgate/internal/session"
)

// lookupTimeout is how long the database may take to say for whom a request is
// and who asks, before it counts as away.
const lookupTimeout = 5 * time.Second

// findTenant finds the studio that the request is for.
func (e *edge) findTenant(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
		tenant, err := e.Tenants.For(ctx, host(r), r.Header.Get("Origin"))
		cancel()
		if err != nil {
			refuse(w, r, cmp.Or(e.takeStray(r), err))
			return
		}
		exchangeOf(r).tenant = tenant
		next.ServeHTTP(w, r)
	})
}

// host is what the client calls us, in one spelling.
func host(r *http.Request) string {
	name := r.Host
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
}

// findViewer finds out who asks and puts that, with the client they ask from,
// into the context. From there on the viewer is an argument.
func (e *edge) findViewer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		jar := jar{cookies: e.cookies, w: w, now: e.Now}
		viewer, err := e.viewer(r, x, jar)
		if err != nil {
			if fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.DeviceMismatch) { // guesses count
				err = cmp.Or(e.takeAddress(r), err)
			}
			refuse(w, r, err)
			return
		}
		if viewer.SignedIn() {
			x.account = viewer.AccountID
			logs.Note(r.Context(), slog.String("account", viewer.AccountID.String()))
		}
		viewer.RequestID = x.id
		r = r.WithContext(account.WithViewer(r.Context(), viewer))
		ctx := session.WithClient(r.Context(), session.Client{
			Tenant: x.tenant, Unforged: e.isUnforged(r), Origin: e.origin(r, x.tenant), IP: x.client, UserAgent: r.UserAgent(), DeviceSecret: e.cookies.deviceSecret(r), Jar: jar,
		})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// origin is what the client reaches us under: the name that it called, where that
// is one of ours, else the first that we are known by.
func (e *edge) origin(r *http.Request, tenant account.Tenant) string {
	name := host(r)
	ours := slices.Contains(tenant.Hosts, name) || slices.ContainsFunc(e.PublicURLs, func(public string) bool {
		u, err := url.Parse(public)
		return err == nil && u.Hostname() == name
	})
	if ours || len(e.PublicURLs) == 0 {
		return e.origins.scheme + r.Host
	}
	return e.PublicURLs[0]
}

// viewer reads the one credential of a request. With an Authorization header no
// cookie counts, and one that is not alive is refused. A cookie that is not alive
// is removed, and its holder is signed out: they can't do it themselves.
func (e *edge) viewer(r *http.Request, x *exchange, jar jar) (account.Viewer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
	defer cancel()
	device := r.Header.Get("X-Device-Id")
	if hasAuthorization(r) {
		token, ok := bearer(r)
		if !ok {
			return account.Viewer{}, fault.SignedOut()
		}
		return e.Sessions.Authenticate(ctx, token, session.Token, x.tenant.ID, device)
	}
	token, ok := e.cookies.token(r)
	if !ok {
		return account.Viewer{}, nil
	}
	viewer, err := e.Sessions.Authenticate(ctx, token, session.Cookie, x.tenant.ID, device)
	if fault.Is(err, fault.Unauthenticated) {
		jar.Drop()
		return account.Viewer{}, nil
	}
	return viewer, err
}

func hasAuthorization(r *http.Request) bool { return len(r.Header["Authorization"]) > 0 }

func bearer(r *http.Request) (token string, ok bool) {
	if len(r.Header["Authorization"]) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.Trim(token, " "), ok && strings.EqualFold(scheme, "Bearer")
}
