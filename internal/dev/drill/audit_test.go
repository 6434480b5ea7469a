package drill_test

import (
	"net/http"
	"testing"

	"pixgate/internal/dev/audits"
)

// The running server, all its limits on, against the official suite, as an admin:
// nobody else may read the schema in production.
func TestRunningServerAudits(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	audits.Run(t, h.server.url+"/graphql", http.Header{"Authorization": {"Bearer " + h.Admin.Token}})
}
