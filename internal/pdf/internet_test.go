package pdf_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/egress"
	"pixgate/internal/id"
	"pixgate/internal/pdf"
)

// chromium is the browser of this machine; where there is none, the test says so.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium, chromium-browser or google-chrome on this machine")
	return ""
}

// The addresses of the test's internet. What is judged about them is real: only where
// the connection then leads is not.
const (
	publicAddr = "93.184.215.14"
	otherAddr  = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
)

// internet is a public server under many names, and a private one that must never be
// reached: by no address, no name and no way around the proxy.
type internet struct {
	t      testing.TB
	names  map[string][]string // addresses by name, each look-up the next; the last stays
	pages  map[string]http.HandlerFunc
	trust  string
	public *httptest.Server
	folder string // of the browsers
	trap   string // host:port of the private server, which answers TCP, UDP and any protocol in it

	mu      sync.Mutex
	looked  map[string]int
	reached []string // what the private server saw
	asked   []string // of the public server, host and path
}

func newInternet(t testing.TB) *internet {
	t.Helper()
	n := &internet{t: t, looked: map[string]int{}, pages: map[string]http.HandlerFunc{}, names: map[string][]string{
		"page.example": {publicAddr}, "other.example": {otherAddr, publicAddr},
		"private.example": {"127.0.0.1"}, "inside.example": {"10.0.0.7"}, "cloud.example": {"169.254.169.254"}, "six.example": {"::1"},
		"both.example": {publicAddr + " 192.168.0.1"}, "mapped.example": {"::ffff:10.0.0.1"},
		"rebind.example": {publicAddr, "127.0.0.1"},
	}}
	folder, err := os.MkdirTemp("", "pp") // the test's own has too long a name for a socket in it
	if err != nil {
		t.Fatal(err)
	}
	n.folder = folder
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	cert, spki := certificate(t)
	n.trust = spki
	n.public = httptest.NewUnstartedServer(http.HandlerFunc(n.serve))
	n.public.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	n.public.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	n.public.StartTLS()
	t.Cleanup(n.public.Close)
	n.setTrap()
	return n
}

func certificate(t testing.TB) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "page.example"}, DNSNames: []string{"page.example", "other.example", "rebind.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, base64.StdEncoding.EncodeToString(sum[:])
}

// setTrap opens the private server: whoever connects, or sends a packet, has reached it.
func (n *internet) setTrap() {
	n.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(n.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		n.t.Fatal(err)
	}
	n.trap = listener.Addr().String()
	packets, err := (&net.ListenConfig{}).ListenPacket(n.t.Context(), "udp", n.trap)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _, _ = listener.Close(), packets.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n.reach("a connection")
			_ = conn.Close()
		}
	}()
	go func() {
		for {
			if _, _, err := packets.ReadFrom(make([]byte, 1500)); err != nil {
				return
			}
			n.reach("a packet")
		}
	}()
}

func (n *internet) reach(how string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reached = append(n.reached, how)
}

// untouched fails the test where anything has reached the private server.
func (n *internet) untouched(t testing.TB) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.reached) > 0 {
		t.Errorf("the private server was reached: %s", n.reached)
	}
}

// saw reports whether the public server was asked for host/path.
func (n *internet) saw(what string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.asked, what)
}

func (n *internet) serve(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.asked = append(n.asked, r.Host+r.URL.Path)
	n.mu.Unlock()
	if page, known := n.pages[r.URL.Path]; known {
		page(w, r)
		return
	}
	http.NotFound(w, r)
}

// page serves a document under a path.
func (n *internet) page(path, body string) {
	n.pages[path] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<!doctype html><meta charset=utf-8><title>t</title>%s", body)
	}
}

func (n *internet) dialer() *egress.Dialer {
	return egress.New(egress.Options{Resolve: n.resolve, Connect: n.connect})
}

func (n *internet) resolve(_ context.Context, host string) ([]netip.Addr, error) {
	name := strings.TrimSuffix(host, ".")
	n.mu.Lock()
	defer n.mu.Unlock()
	answers := n.names[name]
	if len(answers) == 0 {
		return nil, errors.New("no such host")
	}
	answer := answers[min(n.looked[name], len(answers)-1)]
	n.looked[name]++
	var addrs []netip.Addr
	for text := range strings.FieldsSeq(answer) {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

// connect leads public addresses to the public server, and all others to the private one:
// whatever is judged wrongly is seen there.
func (n *internet) connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	target := n.trap
	if addr := to.Addr().String(); addr == publicAddr || addr == otherAddr {
		target = n.public.Listener.Addr().String()
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", target)
}

// printer prints pages of this internet.
func (n *internet) printer(change ...func(*pdf.Options)) *pdf.Printer {
	n.t.Helper()
	o := pdf.Options{Browser: chromium(n.t), Dialer: n.dialer(), Now: time.Now, Log: n.log(), Folder: n.folder, Trust: []string{n.trust}}
	for _, c := range change {
		c(&o)
	}
	return pdf.New(o).Within(time.Minute, 0, 0, 0) // a busy machine is no slow page
}

var admin = account.Viewer{SessionID: id.New(time.Now()), AccountID: id.New(time.Now()), TenantID: id.New(time.Now()), Role: account.Admin}

// blocks gathers what a page wanted and did not get.
type blocks struct {
	mu  sync.Mutex
	why []egress.Reason
}

func (b *blocks) add(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.why = append(b.why, egress.Reason(why))
}

func (b *blocks) has(why egress.Reason) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.why, why)
}

func (b *blocks) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(b.why)
}

// nothingLeft fails the test where a printed page has left a folder or a process behind.
func (n *internet) nothingLeft(t testing.TB) {
	t.Helper()
	below := n.folder
	folders, err := filepath.Glob(filepath.Join(below, "pixgate-pdf-*"))
	if err != nil || len(folders) > 0 {
		t.Errorf("left behind: %s %v", folders, err)
	}
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, process := range processes {
		if line, err := os.ReadFile(process); err == nil && strings.Contains(string(line), below+"/pixgate-pdf-") {
			t.Errorf("still running: %s %.120q", process, line)
		}
	}
}

func (n *internet) log() *slog.Logger { return slog.New(slog.DiscardHandler) }
