package edge

import (
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

// NewCSRF returns a token for a session, the zero id for none.
func NewCSRF(ring secret.Ring, sessionID id.ID) string {
	return (&edge{Options: Options{CSRF: ring}}).newCSRF(sessionID)
}
