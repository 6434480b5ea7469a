package pdf_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"pixgate/internal/egress"
	"pixgate/internal/fault"
	"pixgate/internal/pdf"
)

// Where pages without TLS may be printed, they are held to the same addresses.
func TestPagesWithoutTLS(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	plain := httptest.NewUnstartedServer(http.HandlerFunc(n.serve))
	plain.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	plain.Start()
	t.Cleanup(plain.Close)
	dialer := egress.New(egress.Options{Resolve: n.resolve, Connect: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		if to.Port() == 80 && to.Addr().String() == publicAddr {
			return (&net.Dialer{}).DialContext(ctx, "tcp", plain.Listener.Addr().String())
		}
		return n.connect(ctx, to)
	}})
	n.page("/fine", `<img src="http://page.example/dot.png"><img src="http://private.example/"><img src="http://`+n.trap+`/"><img src="http://127.0.0.1/"><script>try { new WebSocket('ws://private.example/') } catch {}</script>fine`)
	n.pages["/to-private"] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://private.example/", http.StatusFound)
	}
	printer := n.printer(func(o *pdf.Options) { o.Plain, o.Dialer = true, dialer })
	var b blocks
	if _, err := printer.Print(t.Context(), admin, pdf.Request{URL: "http://page.example/fine", Blocked: b.add}); err != nil || !b.has(egress.NotPublic) || !n.saw("page.example/dot.png") {
		t.Errorf("%v %s %s", err, b.String(), n.asked)
	}
	for _, url := range []string{"http://private.example/", "http://page.example/to-private", "http://page.example:8080/", "http://127.0.0.1/"} {
		if _, err := printer.Print(t.Context(), admin, pdf.Request{URL: url, Blocked: ignore}); !fault.Is(err, fault.ValidationFailed) {
			t.Errorf("%s: %v", url, err)
		}
	}
	n.untouched(t)
	n.nothingLeft(t)
}

// Another program of this machine that finds the proxy has no use of it.
func TestTheProxyServesItsPageAlone(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.page("/", "public")
	address, use := pdf.OpenProxy(t, pdf.Options{Dialer: n.dialer(), Plain: true})
	ask := func(line, password string) int {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		header := ""
		if password != "" {
			header = "Proxy-Authorization: " + password + "\r\n"
		}
		_, _ = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: page.example\r\n%sConnection: close\r\n\r\n", line, header)
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil {
			t.Fatal(err)
		}
		status := 0
		_, _ = fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status)
		return status
	}
	for line, want := range map[string]int{
		"CONNECT page.example:443": 200, "CONNECT private.example:443": 403, "CONNECT 127.0.0.1:443": 403, "CONNECT [::1]:443": 403, "CONNECT page.example:22": 403, "CONNECT nowhere.example:443": 502,
		"GET http://private.example/": 403, "GET https://page.example/": 403, "GET /": 403, "GET ftp://page.example/": 403, "GET http://a:b@page.example/": 403, "GET http://page.example:22/": 403,
	} {
		for _, wrong := range []string{"", "Basic cGFnZTp4", "Basic", "Bearer x"} {
			if got := ask(line, wrong); got != http.StatusProxyAuthRequired {
				t.Errorf("%s with %q: %d", line, wrong, got)
			}
		}
		if got := ask(line, use); got != want {
			t.Errorf("%s: %d, not %d", line, got, want)
		}
	}
	n.untouched(t)
}
