package edge

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/rs/cors"

	"pixgate/internal/edge/browser"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/header"
	"pixgate/internal/edge/login"
	"pixgate/internal/fault"
	"pixgate/internal/session"
)

// origins is the one list that both CORS and the check against forged requests
// go by; beside it stand the studios' own, which may change while we run: see isListed.
type origins struct {
	scheme     string          // that browsers reach us by
	ours       map[string]bool // the API's own and the listed ones
	protection *http.CrossOriginProtection
}

func newOrigins(o Options) *origins {
	list := &origins{scheme: "http://", ours: map[string]bool{}, protection: http.NewCrossOriginProtection()}
	if o.Secure {
		list.scheme = "https://"
	}
	for _, urls := range [][]string{o.PublicURLs, o.Origins} {
		for _, origin := range urls {
			list.ours[origin] = true
			// It fails for what is no origin; then nobody is trusted by that text.
			_ = list.protection.AddTrustedOrigin(origin)
		}
	}
	return list
}

// newCORS lets the pages of the listed origins read our answers, with cookies.
// The list is compared exactly: rs/cors's own would fold case, take patterns, and
// read an empty one as everybody.
func (e *edge) newCORS() *cors.Cors {
	return cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(r *http.Request, origin string) (bool, []string) {
			return len(r.Header["Origin"]) == 1 && e.isListed(r, origin) && e.isWelcome(r, origin), nil
		},
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "X-CSRF-Token", "X-Device-Id", "Range", "If-Range", "If-Match", "If-None-Match", "GraphQL-Require-Preflight",
		},
		ExposedHeaders: []string{
			"X-Request-Id", "Retry-After", "WWW-Authenticate", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
			"Content-Disposition", "Content-Length", "Content-Range", "Accept-Ranges", "ETag",
		},
		AllowCredentials: true,
		MaxAge:           600,
	})
}

// isListed reports whether an origin is one of CORS_ORIGINS, or a studio's. A page that
// came in clear has no business at an API that is reached by https, whoever lists it.
func (e *edge) isListed(r *http.Request, origin string) bool {
	if slices.Contains(e.Origins, origin) {
		return true
	}
	if origin == "" || e.Secure && !strings.HasPrefix(origin, "https://") {
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
	defer cancel()
	return e.Tenants.Lists(ctx, origin)
}

// isWelcome reports whether the pages of an origin are those of the studio that the
// request is for, or of none: another studio's have no business here, listed as they
// are. Our own pages, of the host that was called, are nobody else's, whoever lists them: the
// sign-in page of a studio would not work any more. While the studios can't be looked up nobody
// is another's, so that the refusals of those minutes can be read; then there is nothing else to
// read.
func (e *edge) isWelcome(r *http.Request, origin string) bool {
	if origin == e.origins.scheme+r.Host {
		return true
	}
	here, err := e.studio(r)
	if err != nil || slices.Contains(here.Origins, origin) {
		return true
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
	defer cancel()
	owner, err := e.Tenants.For(ctx, "", origin)
	return err != nil || !slices.Contains(owner.Origins, origin)
}

func forged() error {
	return fault.New(fault.CSRFFailed, "This request did not come from a page that may send it.")
}

// checkOrigin refuses what another site's page makes a browser send.
func (e *edge) checkOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := e.origins.check(r, e.cookies.Any(r), func(origin string) bool { return e.isListed(r, origin) })
		if origin := r.Header.Get("Origin"); err == nil && !header.HasAuthorization(r) && e.isListed(r, origin) && !e.isWelcome(r, origin) {
			err = forged()
		}
		if err != nil {
			exchange.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// check judges a request by what browsers say about its origin. Callers with an
// Authorization header are free of it: no browser adds that one by itself, and
// with it no cookie counts. A request that carries a cookie must be accounted for;
// one that changes something must not be foreign even without, or a page could
// sign its visitor in as somebody else. isListed is asked about what is not in the list.
func (o *origins) check(r *http.Request, withCookie bool, isListed func(origin string) bool) error {
	changes := r.Method != http.MethodGet && r.Method != http.MethodHead
	if header.HasAuthorization(r) || !changes && !withCookie {
		return nil
	}
	switch named := r.Header["Origin"]; len(named) {
	case 0:
		if changes && withCookie && r.Header.Get("Sec-Fetch-Site") == "" {
			return fault.New(fault.CSRFFailed, "A cookie came without the header Origin, which says whose page sent it. Programs send it too, or use a bearer token.")
		}
	case 1:
		if !o.ours[named[0]] && named[0] != o.scheme+r.Host {
			if !isListed(named[0]) {
				return forged()
			}
			return nil // as the protection trusts those of the list
		}
	default:
		return forged()
	}
	if err := o.protection.Check(r); err != nil {
		return forged()
	}
	return nil
}

// notFromAfar refuses a link or a picture on another site's page: SameSite=Lax
// cookies ride on those, and the visitor did not ask for a download.
func (e *edge) notFromAfar(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !header.HasAuthorization(r) && e.cookies.Any(r) && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			exchange.Refuse(w, r, forged())
			return
		}
		next(w, r)
	}
}

// proveOrigin refuses what a browser sends with our cookies, and that may change
// something, unless it proves that one of our pages sent it. The sign-in page proves
// it by a field of its form, and looks for itself.
func (e *edge) proveOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		changes := r.Method != http.MethodGet && r.Method != http.MethodHead
		if changes && exchange.Of(r).Template != login.Path && e.cookies.Any(r) && !session.ClientFrom(r.Context()).Unforged {
			exchange.Refuse(w, r, browser.Unproven())
			return
		}
		next.ServeHTTP(w, r)
	})
}
