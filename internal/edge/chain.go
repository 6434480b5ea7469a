// Package edge is everything around the API that is HTTP: the gates that each
// request walks through, in order, and the routes behind them. It knows nothing
// of GraphQL but that it is a handler.
package edge

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/rs/cors"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/edge/browser"
	"pixgate/internal/edge/files"
	"pixgate/internal/edge/login"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/secret"
	"pixgate/internal/session"
)

// Options are what [New] needs; all are required but Origins, TrustedProxies, Lists and CronSecrets.
type Options struct {
	Log *slog.Logger
	Now func() time.Time

	Development    bool           // the playground is open to everybody
	Secure         bool           // browsers come by https: cookies are Secure, and stay with it
	PublicURLs     []string       // the origins that the API answers under
	Origins        []string       // the exact origins of the web apps, beside those of the studios
	TrustedProxies []netip.Prefix // whose word on the client's address counts
	Lists          gate.Lists     // who may knock
	CSRF           secret.Ring    // CSRF_SECRET

	Tenants   Tenants
	Sessions  Sessions
	Door      login.Door
	Downloads files.Downloads
	Archives  files.Archives
	Journal   files.Journal
	Dossiers  files.Dossiers
	Pages     files.Pages
	Notices   Notices
	Limits    *gate.Limiter

	CronSecrets []secret.Value // CRON_SECRET and the one before; none: nobody starts maintenance from outside
	Maintenance Maintenance

	Security Security
	Meter    Meter
	Ready    func(context.Context) error // nil: what the server needs is there
	Degraded func() bool                 // whether something else is away: it serves all the same

	GraphQL    http.Handler
	Playground http.Handler // of /playground and everything below it
}

// Tenants knows which studio a request is for.
type Tenants interface {
	For(ctx context.Context, host, origin string) (account.Tenant, error)
	// Lists reports whether an origin is a studio's, now.
	Lists(ctx context.Context, origin string) bool
}

// Sessions knows who holds a credential. One that is not alive is UNAUTHENTICATED.
type Sessions interface {
	Authenticate(ctx context.Context, token string, transport session.Transport, tenantID id.ID, deviceHeader string) (account.Viewer, error)
}

// Security keeps what was refused. It waits for nobody.
type Security interface {
	Record(i audit.Incident)
}

// Meter counts requests that are over. An empty route is none of ours.
type Meter interface {
	Request(route, method string, status int, took time.Duration)
}

// edge is what the gates share.
type edge struct {
	Options
	routes  *http.ServeMux
	origins *origins
	cors    *cors.Cors
	cookies browser.Cookies
	signIn  *login.Page
}

// step is one gate on a request's way: it passes the request on or answers it.
type step func(next http.Handler) http.Handler

// New returns the whole server as a handler. The order of the gates is what is
// safe about it: each may rely on what stands above it, and on nothing below.
func New(o Options) http.Handler {
	e := newEdge(o)
	return through(e.routes,
		e.record,       // a request id, and one line in the log whatever happens below
		e.recover,      // a panic becomes a 500 with that id; an abort stays an abort
		e.headers,      // what every answer carries
		e.cors.Handler, // before everything that refuses, or a browser could not read the refusal
		e.locate,       // the client's true address
		e.admit,        // who is on a list, or must be
		e.health,       // liveness and readiness can't need what they report on
		e.limitAddress, // requests of nobody, so many by each address
		e.match,        // 404 and 405
		e.readBody,     // at most so much, and before anything is decided about who sent it
		e.cron,         // maintenance, by a secret of its own: for no studio, and nobody's session
		e.webhooks,     // reports of other programs, likewise, by their signatures
		e.findTenant,   // which studio
		e.unsubscribe,  // out of mail, by a token: whoever's page or program it comes from
		e.checkOrigin,  // no other site's page, and no other studio's, rides on our cookies
		e.findViewer,   // who asks
		e.proveOrigin,  // what changes something by cookie has the token of that session
		e.limitViewer,  // requests of somebody, so many by each account
	)
}

func newEdge(o Options) *edge {
	e := &edge{Options: o, origins: newOrigins(o), cookies: browser.New(o.Secure, o.CSRF, o.Now)}
	e.signIn = &login.Page{Door: o.Door, Cookies: e.cookies, Limits: o.Limits, Now: o.Now}
	e.cors = e.newCORS()
	e.routes = e.newRoutes()
	return e
}

func through(last http.Handler, gates ...step) http.Handler {
	for i := len(gates) - 1; i >= 0; i-- {
		last = gates[i](last)
	}
	return last
}
