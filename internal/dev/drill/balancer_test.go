package drill_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"sync/atomic"
	"testing"
)

// balancer stands before servers and takes turns. What could not be sent it sends to the
// next one; what was sent and not answered only where it changes nothing, since nobody
// knows what became of it.
type balancer struct {
	servers  []string // host and port
	turn     atomic.Uint64
	beneath  *http.Transport
	requests atomic.Int64
	again    atomic.Int64 // times that another server was asked
}

// newBalancer listens at an address, in plain HTTP.
func newBalancer(t *testing.T, addr string, servers []string) *balancer {
	t.Helper()
	b := &balancer{servers: servers, beneath: &http.Transport{MaxIdleConnsPerHost: 100, DialContext: narrow((&net.Dialer{}).DialContext)}}
	t.Cleanup(b.beneath.CloseIdleConnections)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	quiet := log.New(io.Discard, "", 0)
	accepted := func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(narrowness)
		return ctx
	}
	s := &http.Server{ErrorLog: quiet, ConnContext: accepted, Handler: &httputil.ReverseProxy{
		Transport: b, ErrorLog: quiet, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", "any", r.In.Host
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
		},
	}}
	go func() { _ = s.Serve(listener) }() // ends by Close, and only so
	t.Cleanup(func() { _ = s.Close() })
	return b
}

// narrowness is how much may lie between two programs, in bytes. What lies there has left
// the server and not come to the client: of an archive it would otherwise be all.
const narrowness = 256 << 10

type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// narrow dials connections on which little lies.
func narrow(dial dial) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err == nil {
			_ = c.(*net.TCPConn).SetReadBuffer(narrowness)
		}
		return c, err
	}
}

// RoundTrip asks one server, and others after it.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	b.requests.Add(1)
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	harmless := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	for try := 1; ; try++ {
		out := r.Clone(r.Context())
		out.URL.Host = b.servers[b.turn.Add(1)%uint64(len(b.servers))]
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer, err := b.beneath.RoundTrip(out)
		if err == nil {
			return answer, nil
		}
		failed, ok := errors.AsType[*net.OpError](err)
		unsent := ok && failed.Op == "dial"
		if try == 2*len(b.servers) || !unsent && !harmless || r.Context().Err() != nil {
			return nil, err
		}
		b.again.Add(1)
	}
}
