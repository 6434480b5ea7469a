package pdf

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"pixgate/internal/egress"
)

// proxy is the only way out that a browser has. It listens on loopback for as long as one
// page is printed, and serves nobody without that page's password: not another page's
// browser, nor any other program of this machine.
type proxy struct {
	dialer   *egress.Dialer
	plain    bool
	password string
	blocked  func(host string, why egress.Reason)
	over     func(error) // told once that there was too much traffic

	ctx      context.Context
	cancel   context.CancelFunc
	listener net.Listener
	server   *http.Server
	left     atomic.Int64   // bytes
	open     sync.WaitGroup // tunnels
}

// proxyUser is whom a browser signs in as; the password tells whether it is ours.
const proxyUser = "page"

// openProxy starts a proxy. It ends with close.
func openProxy(ctx context.Context, o Options, traffic int64, blocked func(string, egress.Reason), over func(error)) (*proxy, error) {
	var random [16]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(random[:])
	p := &proxy{dialer: o.Dialer, plain: o.Plain, password: hex.EncodeToString(random[:]), blocked: blocked, over: over}
	p.left.Store(traffic)
	p.ctx, p.cancel = context.WithCancel(ctx)
	var err error
	if p.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0"); err != nil {
		p.cancel()
		return nil, fmt.Errorf("listen for a browser: %w", err)
	}
	p.server = &http.Server{
		Handler: p, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return p.ctx },
	}
	go func() { _ = p.server.Serve(p.listener) }() // ends by close, and only so
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// close ends every connection, and returns when none is left.
func (p *proxy) close() {
	p.cancel()
	_ = p.server.Close()
	p.open.Wait()
}

// ServeHTTP opens a tunnel, or passes a plain request on where that is allowed.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sent := r.Header.Get("Proxy-Authorization")
	if subtle.ConstantTimeCompare([]byte(sent), []byte("Basic "+base64.StdEncoding.EncodeToString([]byte(proxyUser+":"+p.password)))) != 1 {
		w.Header().Set("Proxy-Authenticate", `Basic realm="page"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	switch {
	case r.Method == http.MethodConnect:
		p.tunnel(w, r)
	case p.plain && r.URL.Scheme == "http":
		p.pass(w, r)
	default:
		p.block(w, r.URL.Hostname(), egress.BadScheme)
	}
}

func (p *proxy) block(w http.ResponseWriter, host string, why egress.Reason) {
	p.blocked(host, why)
	w.WriteHeader(http.StatusForbidden)
}

func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	dial := p.dialer.DialContext
	if p.plain && r.URL.Port() == "80" { // a WebSocket without TLS
		dial = p.dialer.DialPlain
	}
	far, err := dial(r.Context(), "tcp", r.Host)
	if err != nil {
		p.fail(w, r.URL.Hostname(), err)
		return
	}
	defer far.Close()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // it has gone
	}
	p.open.Add(1)
	defer p.open.Done()
	defer near.Close()
	// The two copies end each other by closing both connections, and close ends both.
	defer context.AfterFunc(p.ctx, func() { _ = near.Close(); _ = far.Close() })()
	if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(p.counted(far), buffered) // what fails here ends the tunnel
		_ = far.Close()
	})
	_, _ = io.Copy(p.counted(near), far)
	_ = near.Close()
	_ = far.Close()
	up.Wait()
}

// fail answers for a connection that did not come about.
func (p *proxy) fail(w http.ResponseWriter, host string, err error) {
	if why := egress.WhyBlocked(err); why != "" {
		p.block(w, host, why)
		return
	}
	w.WriteHeader(http.StatusBadGateway)
}

// pass asks for a page without TLS.
func (p *proxy) pass(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	for _, name := range []string{"Proxy-Authorization", "Proxy-Connection", "Connection"} {
		out.Header.Del(name)
	}
	if _, err := egress.URL(r.URL.String(), true); err != nil {
		p.fail(w, r.URL.Hostname(), err)
		return
	}
	transport := &http.Transport{DialContext: p.dialer.DialPlain, DisableKeepAlives: true, DisableCompression: true}
	answer, err := transport.RoundTrip(out)
	if err != nil {
		p.fail(w, r.URL.Hostname(), err)
		return
	}
	defer answer.Body.Close()
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(p.counted(w), answer.Body) // the browser sees that it is cut
}

var errSpent = errors.New("no traffic left")

// counted takes what is written from what is left of the traffic.
func (p *proxy) counted(w io.Writer) io.Writer { return meter{w, p} }

type meter struct {
	io.Writer
	p *proxy
}

func (m meter) Write(b []byte) (int, error) {
	if m.p.left.Add(-int64(len(b))) < 0 {
		m.p.over(errTraffic)
		return 0, errSpent
	}
	return m.Writer.Write(b)
}
