package edge

import (
	"context"
	"io"
	"net/http"
	"time"

	"pixgate/internal/edge/exchange"
)

const (
	sesPath = "/webhooks/ses"

	// hearTimeout is how long a post may take, Amazon's certificate included. SNS waits for 15 s.
	hearTimeout = 12 * time.Second
)

// webhooks are posts of other people's programs, which are for no studio and nobody's
// session: what they are is proven by what they hold. They stand before all that, as
// maintenance does.
func (e *edge) webhooks(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange.Of(r)
		if x.Template != sesPath {
			next.ServeHTTP(w, r)
			return
		}
		if err := x.Counted(); err != nil {
			exchange.Refuse(w, r, err)
			return
		}
		e.routes.ServeHTTP(w, r)
	})
}

// hearSES takes in what became of mails.
func (e *edge) hearSES(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), hearTimeout)
	defer cancel()
	post, err := io.ReadAll(r.Body) // it has been read before
	if err == nil {
		err = e.Notices.Hear(ctx, post)
	}
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
