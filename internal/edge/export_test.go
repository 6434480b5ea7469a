package edge

import (
	"net/http"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/edge/browser"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

// NewCSRF returns a token for a session, the zero id for none.
func NewCSRF(ring secret.Ring, sessionID id.ID) string {
	return browser.New(true, ring, time.Now).NewCSRF(sessionID)
}

// NewUnwatched is [New] without what this measures: no list, no limit, no events, no
// metrics.
func NewUnwatched(o Options) http.Handler {
	o.Security, o.Meter = nobody{}, nobody{}
	e := newEdge(o)
	return through(e.routes,
		e.record, e.recover, e.headers, e.cors.Handler, e.locate, e.health, e.match, e.readBody, e.findTenant, e.checkOrigin, e.findViewer, e.proveOrigin,
	)
}

type nobody struct{}

func (nobody) Record(audit.Incident)                      {}
func (nobody) Request(string, string, int, time.Duration) {}

// IdempotencyKey reads the key of a request.
func IdempotencyKey(header http.Header, query string) (string, error) {
	return idempotencyKey(header, query)
}
