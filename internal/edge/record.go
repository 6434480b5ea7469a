package edge

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"pixgate/internal/audit"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/login"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/logs"
)

// record gives the request its id, and writes one event when it is over: route
// templates, never paths or queries.
func (e *edge) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := e.Now()
		x := exchange.New(e.template(r), w)
		if x.Template == login.Path && !login.IsProgram(r) {
			x.Page = e.signIn.Closed
		}
		ctx, event := logs.WithEvent(r.Context())
		ctx = exchange.With(ctx, x)
		w.Header().Set("X-Request-Id", x.ID)
		whole := false
		defer func() {
			took := e.Now().Sub(start)
			e.Meter.Request(x.Kind(), method(r), x.Answer.Status, took)
			code, detail := x.Outcome()
			attrs := append(event.Attrs(),
				slog.String("requestId", x.ID), slog.String("method", method(r)), slog.String("route", x.Template),
				slog.Int("status", x.Answer.Status), slog.Int64("bytes", x.Answer.Bytes), slog.Int64("statements", event.Statements()),
				slog.Float64("milliseconds", float64(took.Microseconds())/1000))
			if code != "" {
				attrs = append(attrs, slog.String("code", string(code)))
			}
			if detail != string(code) {
				attrs = append(attrs, slog.String("detail", detail))
			}
			if !whole {
				attrs = append(attrs, slog.Bool("aborted", true))
			}
			e.Log.LogAttrs(ctx, level(x), "request", attrs...)
			e.watch(x, code, detail)
		}()
		next.ServeHTTP(x.Answer, r.WithContext(ctx))
		x.Answer.Begin(http.StatusOK) // a handler that writes nothing answers 200
		whole = true
	})
}

// watch records the refusal of an exchange as what it is for the studio's security.
func (e *edge) watch(x *exchange.Exchange, code fault.Code, detail string) {
	event, known := audit.EventOf(code)
	if !known {
		return
	}
	incident := audit.Incident{Event: event, IP: x.Client, Route: x.Template, Detail: detail, RequestID: x.ID}
	if x.Tenant.ID != id.Nil {
		incident.TenantID = &x.Tenant.ID
	}
	if x.Account != id.Nil {
		incident.AccountID = &x.Account
	}
	e.Security.Record(incident)
}

func (e *edge) template(r *http.Request) string {
	if isHealth(r.URL.Path) {
		return r.URL.Path
	}
	_, pattern := e.routes.Handler(r)
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}

// method keeps inventions of clients out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return r.Method
	}
	return "other"
}

func level(x *exchange.Exchange) slog.Level {
	switch {
	case x.Answer.Status >= http.StatusInternalServerError && !isHealth(x.Template):
		return slog.LevelError
	case isHealth(x.Template):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recover turns a panic into INTERNAL. [http.ErrAbortHandler] passes: it says
// that an answer was cut off, and the client must notice. So does every panic
// after the first byte, since nothing else can tell the client then.
func (e *edge) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			panicked := recover()
			if panicked == nil {
				return
			}
			if err, ok := panicked.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			x := exchange.Of(r)
			e.Log.ErrorContext(r.Context(), "panic", "requestId", x.ID, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
			if x.Answer.Status != 0 {
				panic(http.ErrAbortHandler)
			}
			for _, half := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "ETag", "Location"} {
				w.Header().Del(half)
			}
			exchange.Refuse(w, r, errors.New("panic"))
		}()
		next.ServeHTTP(w, r)
	})
}
