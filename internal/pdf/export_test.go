package pdf

import (
	"encoding/base64"
	"testing"
	"time"

	"pixgate/internal/egress"
)

// Within changes the bounds of a printer that has not printed yet; 0 leaves one as it is.
func (p *Printer) Within(load time.Duration, file int, traffic, memory int64) *Printer {
	if load > 0 {
		p.bounds.load, p.bounds.time = load, load+time.Minute
	}
	if file > 0 {
		p.bounds.file = file
	}
	if traffic > 0 {
		p.bounds.traffic = traffic
	}
	if memory > 0 {
		p.bounds.memory = memory
	}
	return p
}

// WithDisk changes one more of them.
func (p *Printer) WithDisk(most int64) *Printer {
	p.bounds.disk = most
	return p
}

// OpenProxy opens the proxy of a page, and returns its address and what signs in there.
func OpenProxy(t testing.TB, o Options) (address, authorization string) {
	t.Helper()
	p, err := openProxy(t.Context(), o, usual.traffic, func(string, egress.Reason) {}, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p.address(), "Basic " + base64.StdEncoding.EncodeToString([]byte(proxyUser+":"+p.password))
}
