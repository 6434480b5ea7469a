package edge

import (
	"net/http"

	"pixgate/internal/fault"
)

// maxBody is how much of a request is read, in bytes. Pictures never pass through
// here: they go to the storage by signed links.
const maxBody = 64 << 10

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

// limitBody refuses a body that says it is too large, and stops reading one that
// turns out to be.
func (e *edge) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > maxBody {
			refuseAs(w, r, http.StatusRequestEntityTooLarge, fault.New(fault.QueryRejected, "The request is larger than 64 KiB."))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}
