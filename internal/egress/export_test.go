package egress

import (
	"crypto/x509"
	"net/http"
)

// Connect is what connects where no test does.
var Connect = connect

// TrustOf makes a client trust a test's server.
func TrustOf(c *http.Client, roots *x509.CertPool, name string) {
	config := c.Transport.(guarded).next.(*http.Transport).TLSClientConfig
	config.RootCAs, config.ServerName = roots, name
}
