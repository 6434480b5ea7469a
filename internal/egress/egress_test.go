package egress_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/egress"
)

const public = "93.184.215.14"

// world resolves names from a table, an answer each time, and notes what is connected to.
type world struct {
	mu      sync.Mutex
	answers map[string][]string
	looked  map[string]int
	dialled []string
	server  *httptest.Server
}

func newWorld(t *testing.T, handler http.HandlerFunc) (*world, *egress.Dialer) {
	t.Helper()
	w := &world{answers: map[string][]string{}, looked: map[string]int{}, server: httptest.NewTLSServer(handler)}
	t.Cleanup(w.server.Close)
	return w, egress.New(egress.Options{Resolve: w.resolve, Connect: w.connect, Roots: w.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs})
}

func (w *world) resolve(_ context.Context, host string) ([]netip.Addr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.answers[host]
	if len(all) == 0 {
		return nil, errors.New("no such host")
	}
	answer := all[min(w.looked[host], len(all)-1)]
	w.looked[host]++
	var addrs []netip.Addr
	for text := range strings.FieldsSeq(answer) {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

func (w *world) connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	w.mu.Lock()
	w.dialled = append(w.dialled, to.String())
	w.mu.Unlock()
	if to.Addr().String() == "8.8.4.4" {
		return nil, errors.New("connection refused")
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", w.server.Listener.Addr().String())
}

func TestWhatIsDialledIsWhatWasJudged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string
		answers []string // of the name x.example
		blocked egress.Reason
		dialled string // "": nothing
	}{
		"a public name":                 {"x.example:443", []string{public}, "", public + ":443"},
		"a public address":              {public + ":443", nil, "", public + ":443"},
		"the second, where one is away": {"x.example:443", []string{"8.8.4.4 " + public}, "", "8.8.4.4:443 " + public + ":443"},
		"mapped, as resolvers tell":     {"x.example:443", []string{"::ffff:" + public}, "", public + ":443"},
		"a private name":                {"x.example:443", []string{"10.0.0.1"}, egress.NotPublic, ""},
		"public and private":            {"x.example:443", []string{public + " 127.0.0.1"}, egress.NotPublic, ""},
		"private and public":            {"x.example:443", []string{"fd00::1 " + public}, egress.NotPublic, ""},
		"mapped and private":            {"x.example:443", []string{"::ffff:10.0.0.1"}, egress.NotPublic, ""},
		"with a zone":                   {"x.example:443", []string{"fe80::1%eth0"}, egress.NotPublic, ""},
		"a private address":             {"127.0.0.1:443", nil, egress.NotPublic, ""},
		"in brackets":                   {"[::1]:443", nil, egress.NotPublic, ""},
		"a number":                      {"2130706433:443", nil, egress.NotPublic, ""},
		"octal":                         {"0177.0.0.1:443", nil, egress.NotPublic, ""},
		"localhost":                     {"localhost:443", nil, egress.NotPublic, ""},
		"another port":                  {"x.example:8443", []string{public}, egress.BadPort, ""},
		"the same port, odd":            {"x.example:0443", []string{public}, egress.BadPort, ""},
		"no port":                       {"x.example", []string{public}, egress.BadName, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, d := newWorld(t, nil)
			w.answers["x.example."] = c.answers
			conn, err := d.DialContext(t.Context(), "tcp", c.address)
			if err == nil {
				_ = conn.Close()
			}
			if (err == nil) != (c.blocked == "") || egress.WhyBlocked(err) != c.blocked || strings.Join(w.dialled, " ") != c.dialled {
				t.Errorf("%v, dialled %q", err, w.dialled)
			}
			if err != nil && (strings.Contains(err.Error(), "x.example") || strings.Contains(err.Error(), "10.0.0.1")) {
				t.Errorf("the error names the target: %v", err)
			}
		})
	}
}

// A name that is public when it is asked for the first time and private from then on: each
// connection is to what was judged for it.
func TestRebindingIsCaught(t *testing.T) {
	t.Parallel()
	w, d := newWorld(t, nil)
	w.answers["moves.example."] = []string{public, "127.0.0.1"}
	first, err := d.DialContext(t.Context(), "tcp", "moves.example:443")
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Close()
	if w.looked["moves.example."] != 1 {
		t.Errorf("looked up %d times for one connection: another answer could come between", w.looked["moves.example."])
	}
	if _, err := d.DialContext(t.Context(), "tcp", "moves.example:443"); egress.WhyBlocked(err) != egress.NotPublic || len(w.dialled) != 1 {
		t.Errorf("%v, dialled %s", err, w.dialled)
	}
}

// The last look is at what the kernel is asked to connect to: a private address that came so
// far, by whatever mistake, still gets no connection.
func TestTheKernelIsNotAskedForPrivateAddresses(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := egress.Connect(t.Context(), netip.MustParseAddrPort(listener.Addr().String()))
	if conn != nil || egress.WhyBlocked(err) != egress.NotPublic {
		t.Errorf("%v %v", conn, err)
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	w, d := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that a client leaves
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/fine", http.StatusFound)
		case "/private":
			http.Redirect(w, r, "https://127.0.0.1/", http.StatusTemporaryRedirect)
		case "/hangs":
			<-r.Context().Done()
		default:
			_, _ = io.WriteString(w, strings.Repeat("x", 1000))
		}
	})
	w.answers["x.example.com."] = []string{public}
	read := func(c *http.Client, url string) (string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("signed"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Do(r)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return string(body), err
	}
	if body, err := read(d.Client(time.Minute, 1000), "https://x.example.com/"); err != nil || len(body) != 1000 {
		t.Errorf("%d bytes: %v", len(body), err)
	}
	if body, err := read(d.Client(time.Minute, 999), "https://x.example.com/"); !errors.Is(err, egress.ErrTooLarge) || len(body) != 999 {
		t.Errorf("too large: %d bytes, %v", len(body), err)
	}
	for url, why := range map[string]egress.Reason{
		"https://x.example.com/moved": egress.Redirected, "https://x.example.com/private": egress.Redirected, "http://x.example.com/": egress.BadScheme, "https://a:b@x.example.com/": egress.Credentials,
		"https://x.example.com:8443/": egress.BadPort, "https://127.0.0.1/": egress.NotPublic,
	} {
		if _, err := read(d.Client(time.Minute, 1000), url); egress.WhyBlocked(err) != why {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := read(d.Client(50*time.Millisecond, 1000), "https://x.example.com/hangs"); err == nil {
		t.Error("waited for a server that says nothing")
	}
	for _, to := range w.dialled {
		if to != public+":443" {
			t.Errorf("connected to %s", to)
		}
	}
}
