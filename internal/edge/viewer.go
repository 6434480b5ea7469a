package edge

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/edge/browser"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/header"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/logs"
	"pixgate/internal/session"
)

// lookupTimeout is how long the database may take to say for whom a request is
// and who asks, before it counts as away.
const lookupTimeout = 5 * time.Second

// findTenant finds the studio that the request is for.
func (e *edge) findTenant(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := e.studio(r); err != nil {
			exchange.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// studio is the one that a request is for. The gates that need it ask once.
func (e *edge) studio(r *http.Request) (account.Tenant, error) {
	x := exchange.Of(r)
	if x.Tenant.ID == id.Nil && x.Homeless == nil {
		ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
		defer cancel()
		x.Tenant, x.Homeless = e.Tenants.For(ctx, host(r), r.Header.Get("Origin"))
	}
	return x.Tenant, x.Homeless
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
		x := exchange.Of(r)
		jar := e.cookies.Jar(w)
		viewer, err := e.viewer(r, x, jar)
		if viewer.AccountID != id.Nil { // also where the device is not the session's
			e.is(r, viewer.AccountID)
			logs.Note(r.Context(), slog.String("account", viewer.AccountID.String()))
		}
		if err != nil {
			exchange.Refuse(w, r, err)
			return
		}
		viewer.RequestID = x.ID
		r = r.WithContext(account.WithViewer(r.Context(), viewer))
		ctx := session.WithClient(r.Context(), session.Client{
			Tenant: x.Tenant, Unforged: e.cookies.IsUnforged(r), Origin: e.origin(r, x.Tenant), IP: x.Client, UserAgent: r.UserAgent(), DeviceSecret: e.cookies.DeviceSecret(r), Jar: jar,
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
func (e *edge) viewer(r *http.Request, x *exchange.Exchange, jar browser.Jar) (account.Viewer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
	defer cancel()
	device := r.Header.Get("X-Device-Id")
	if header.HasAuthorization(r) {
		token, ok := header.Bearer(r)
		if !ok {
			return account.Viewer{}, fault.SignedOut()
		}
		return e.Sessions.Authenticate(ctx, token, session.Token, x.Tenant.ID, device)
	}
	token, ok := e.cookies.Session(r)
	if !ok {
		return account.Viewer{}, nil
	}
	viewer, err := e.Sessions.Authenticate(ctx, token, session.Cookie, x.Tenant.ID, device)
	if fault.Is(err, fault.Unauthenticated) {
		jar.Drop()
		return account.Viewer{}, nil
	}
	return viewer, err
}
