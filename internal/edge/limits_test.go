package edge_test

import (
	"net/http"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/gate"
)

// A request that claims a credential is counted when it is known whose it is. One that is
// turned away before that is counted all the same: a made-up word in a header must not buy
// an address as many requests as it likes.
func TestAMadeUpCredentialIsNoWayAroundTheLimitOfAnAddress(t *testing.T) {
	t.Parallel()
	few := func(o *edge.Options, _ *fake) {
		o.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.PublicAPI: {Most: 3, Period: time.Hour}})
	}
	for name, line := range map[string][]string{
		"no such route":             {"GET /nowhere"},
		"no such method":            {"DELETE /csrf-token"},
		"another site's page":       {"POST /graphql", "Origin: https://evil.test"},
		"no such studio":            {"POST /graphql", "Host: nobody.test"},
		"a bearer that is nobody's": {"POST /graphql"},
	} {
		for _, credential := range []string{"Authorization: Bearer x", "Authorization: x", "Cookie: __Host-pixgate=x", withDevice} {
			headers := append([]string{credential}, line[1:]...)
			h, _ := server(t, few)
			var last *http.Response
			for range 4 {
				last = call(t, h, line[0], headers...)
			}
			if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
				t.Errorf("%s with %s: the fourth is answered with %d", name, credential, last.StatusCode)
			}
		}
	}
}
