package edge

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"pixgate/internal/edge/exchange"
	"pixgate/internal/fault"
)

// headers are what every answer carries; a route may say otherwise for its own.
func (e *edge) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-site")
		// Not no-referrer: forms would lose their Origin, and the origin check needs it.
		h.Set("Referrer-Policy", "strict-origin")
		h.Set("Cache-Control", "no-store")
		if e.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// readBody reads the whole body before anybody asks who sent it: a caller who sends
// it slowly must not be judged by who they were when they began.
func (e *edge) readBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > exchange.MaxBody {
			tooLarge(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, exchange.MaxBody))
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			tooLarge(w, r)
			return
		}
		if err != nil {
			exchange.RefuseAs(w, r, http.StatusBadRequest, fault.Invalid(fault.Field{Path: "body", Code: fault.InvalidValue, Message: "The body ended too early."}))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

func tooLarge(w http.ResponseWriter, r *http.Request) {
	exchange.RefuseAs(w, r, http.StatusRequestEntityTooLarge, fault.New(fault.QueryRejected, "The request is larger than 64 KiB."))
}
