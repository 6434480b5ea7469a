package edge

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/files"
	"pixgate/internal/edge/header"
	"pixgate/internal/edge/login"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/logs"
)

// The routes that are spoken of elsewhere.
const (
	imagePath       = "/images/{id}/download"
	zipPath         = "/jobs/{id}/download.zip"
	auditPath       = "/audit.ndjson"
	exportPath      = "/export.json"
	pdfPath         = "/pdf"
	sheetPath       = "/jobs/{id}/contact-sheet.pdf"
	playgroundPath  = login.Home
	playgroundFiles = login.Home + "/"
)

// newRoutes are the routes for callers; liveness and readiness stand before them
// in the chain.
func (e *edge) newRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	out := files.Files{
		Downloads: e.Downloads, Archives: e.Archives, Journal: e.Journal, Dossiers: e.Dossiers, Pages: e.Pages, Limits: e.Limits, Security: e.Security, Now: e.Now,
	}
	mux.Handle(exchange.GraphQL, e.GraphQL)
	mux.HandleFunc("GET "+imagePath, e.notFromAfar(out.Image))
	mux.HandleFunc("GET "+zipPath, e.notFromAfar(out.ZIP))
	mux.HandleFunc("GET "+auditPath, e.notFromAfar(out.AuditLog))
	mux.HandleFunc("GET "+exportPath, e.notFromAfar(out.Person))
	mux.HandleFunc("GET "+sheetPath, e.notFromAfar(out.ContactSheet))
	mux.HandleFunc("POST "+pdfPath, out.Page)
	mux.HandleFunc("GET "+unsubscribePath, e.showUnsubscribe)
	mux.HandleFunc("POST "+unsubscribePath, e.doUnsubscribe)
	mux.HandleFunc("POST "+sesPath, e.hearSES)
	mux.HandleFunc("GET /csrf-token", e.cookies.TellCSRF)
	mux.HandleFunc("GET "+login.Path, e.signIn.Show)
	mux.HandleFunc("POST "+login.Path, e.signIn.Step)
	mux.HandleFunc("GET "+playgroundPath, e.playground)
	mux.HandleFunc("GET "+playgroundFiles, e.playground)
	mux.HandleFunc("GET "+cronIndex, e.listCron)
	mux.HandleFunc("GET "+cronPath, e.runCron) // and HEAD
	mux.HandleFunc("POST "+cronPath, e.runCron)
	return mux
}

// playground is for admins; in development there is nothing to hide. Who is signed out
// and can read a page is shown the way in.
func (e *edge) playground(w http.ResponseWriter, r *http.Request) {
	if !e.Development {
		err := account.ViewerFrom(r.Context()).Require(account.Admin, e.Now())
		if fault.Is(err, fault.Unauthenticated) && header.IsBrowser(r) {
			exchange.SeeOther(w, login.Path+"?redirect="+playgroundPath)
			return
		}
		if err = cmp.Or(err, gate.Refusal(r.Context())); err != nil {
			exchange.Refuse(w, r, err)
			return
		}
	}
	e.Playground.ServeHTTP(w, r)
}

// readyTimeout is how long what we need may take to say that it is there.
const readyTimeout = 2 * time.Second

func isHealth(path string) bool { return path == "/healthz" || path == "/readyz" }

// health answers for the server: that it runs, and that it can work. It names no
// part, since everybody may ask.
func (e *edge) health(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isHealth(r.URL.Path):
			next.ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			exchange.Unrouted(w, r, http.StatusMethodNotAllowed)
		case r.URL.Path == "/readyz" && !e.ready(r.Context()):
			say(w, http.StatusServiceUnavailable, "degraded\n")
		case r.URL.Path == "/readyz" && e.Degraded(): // it serves all the same
			say(w, http.StatusOK, "degraded\n")
		default:
			say(w, http.StatusOK, "ok\n")
		}
	})
}

func (e *edge) ready(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	err := e.Ready(limited)
	if err != nil {
		logs.Note(ctx, slog.Any("error", err))
	}
	return err == nil
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // a client that has gone needs no answer
}

// match ends requests that no route takes, before anything is looked up for them.
func (e *edge) match(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if exchange.Of(r).Template != "" {
			next.ServeHTTP(w, r)
			return
		}
		// What the mux would say, without saying it.
		refusal, _ := e.routes.Handler(r)
		mute := &muted{header: http.Header{}, status: http.StatusOK}
		refusal.ServeHTTP(mute, r)
		if allow := mute.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
		}
		if mute.status < http.StatusBadRequest { // it would send the caller to a tidier path
			mute.status = http.StatusNotFound
		}
		exchange.Unrouted(w, r, mute.status)
	})
}

// muted is an answer that nobody hears.
type muted struct {
	header http.Header
	status int
}

func (m *muted) Header() http.Header         { return m.header }
func (m *muted) Write(p []byte) (int, error) { return len(p), nil }
func (m *muted) WriteHeader(status int)      { m.status = status }
