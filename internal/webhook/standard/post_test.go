package standard_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/egress"
	"pixgate/internal/webhook/standard"
)

const (
	hook  = "https://hooks.example.com/token-in-the-path?key=value"
	token = "token-in-the-path"
)

// receiver is an internet of one host, hooks.example.com, at a public address; all other
// names lead to the address private.
type receiver struct {
	server  *httptest.Server
	poster  *standard.Poster
	dialled atomic.Int32
	private string
}

func newReceiver(t *testing.T, handler http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{server: httptest.NewTLSServer(handler), private: "10.0.0.1"}
	t.Cleanup(r.server.Close)
	dialer := egress.New(egress.Options{
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host == "hooks.example.com." {
				return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil
			}
			return []netip.Addr{netip.MustParseAddr(r.private)}, nil
		},
		Connect: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
			r.dialled.Add(1)
			return (&net.Dialer{}).DialContext(ctx, "tcp", r.server.Listener.Addr().String())
		},
		Roots: r.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
	})
	r.poster = standard.NewPoster(dialer.Client(time.Minute, 1<<10))
	return r
}

func message(body string) standard.Message {
	return standard.Message{ID: "evt_1", At: time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC), Body: []byte(body)}
}

func TestWhatAReceiverGets(t *testing.T) {
	t.Parallel()
	secret := standard.NewSecret()
	var got *http.Request
	var body []byte
	r := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	})
	sent := "{\"a\": \".1.\"}\n"
	answer, err := r.poster.Post(t.Context(), hook, message(sent), secret, standard.NewSecret())
	if err != nil || answer != (standard.Answer{Status: 202}) || !answer.Accepted() {
		t.Fatalf("%+v, %v", answer, err)
	}
	if got.Method != http.MethodPost || got.URL.String() != "/token-in-the-path?key=value" || got.Host != "hooks.example.com" || string(body) != sent {
		t.Errorf("%s %s at %s: %q", got.Method, got.URL, got.Host, body)
	}
	want := map[string]string{"Webhook-Id": "evt_1", "Webhook-Timestamp": "1793707200", "Content-Type": "application/json", "User-Agent": "pixgate-webhook/1", "Content-Length": "13"}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), value)
		}
	}
	if !verifies(secret.Reveal(), got.Header.Get("webhook-id"), got.Header.Get("webhook-timestamp"), got.Header.Get("webhook-signature"), body) {
		t.Errorf("the signature %q is not that of what came", got.Header.Get("webhook-signature"))
	}
	for name := range got.Header {
		if _, known := want[name]; !known && name != "Webhook-Signature" && name != "Accept-Encoding" && name != "Connection" {
			t.Errorf("the receiver is also told %s: %q", name, got.Header.Get(name))
		}
	}
}

func TestEveryStatusIsAnAnswer(t *testing.T) {
	t.Parallel()
	for status, accepted := range map[int]bool{200: true, 204: true, 299: true, 304: false, 400: false, 410: false, 429: false, 500: false, 503: false} {
		r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		answer, err := r.poster.Post(t.Context(), hook, message("{}"), standard.NewSecret())
		if err != nil || answer.Status != status || answer.Accepted() != accepted || answer.Gone() != (status == 410) {
			t.Errorf("%d: %+v, %v", status, answer, err)
		}
	}
}

func TestRetryAfterInSecondsAndAsADate(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "Tue, 03 Nov 2026 12:05:00 GMT": 5 * time.Minute, "Tue, 03 Nov 2026 11:59:00 GMT": 0,
		"-5": 0, "1.5": 0, "soon": 0, "99999999999999999999999": 30 * 24 * time.Hour, "2592001": 30 * 24 * time.Hour, "Tue, 03 Nov 2099 12:00:00 GMT": 30 * 24 * time.Hour,
	} {
		r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		if answer, err := r.poster.Post(t.Context(), hook, message("{}"), standard.NewSecret()); err != nil || answer.Status != 503 || answer.RetryAfter != want {
			t.Errorf("Retry-After %q: %+v, %v; want %s", header, answer, err, want)
		}
	}
}

// A receiver that sends signed messages on, into our network or to somebody else's, gets
// them itself and nobody else does.
func TestARedirectIsRefused(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"/elsewhere", "https://hooks.example.com/elsewhere", "https://127.0.0.1/", "http://169.254.169.254/latest/meta-data/"} {
		for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
			var asked atomic.Int32
			r := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				http.Redirect(w, r, to, status)
			})
			_, err := r.poster.Post(t.Context(), hook, message("{}"), standard.NewSecret())
			if egress.WhyBlocked(err) != egress.Redirected || asked.Load() != 1 || r.dialled.Load() != 1 {
				t.Errorf("%d to %s: %v, %d requests, %d connections", status, to, err, asked.Load(), r.dialled.Load())
			}
			tellsNoPath(t, err)
		}
	}
}

// tellsNoPath looks for what an error must not hold: a path may be a receiver's secret.
func tellsNoPath(t *testing.T, err error) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "key=value") {
		t.Errorf("the error tells the path: %v", err)
	}
}

func TestAPrivateTargetGetsNotAByte(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came") })
	for target, why := range map[string]egress.Reason{
		"https://inside.example.com/" + token: egress.NotPublic, "https://127.0.0.1/" + token: egress.NotPublic, "https://[::1]/": egress.NotPublic, "https://localhost/": egress.NotPublic,
		"http://hooks.example.com/": egress.BadScheme, "https://hooks.example.com:8443/": egress.BadPort, "https://a:b@hooks.example.com/": egress.Credentials, "https://hooks.example.com/%zz" + token: egress.BadURL, "": egress.BadURL,
	} {
		_, err := r.poster.Post(t.Context(), target, message("{}"), standard.NewSecret())
		if egress.WhyBlocked(err) != why || r.dialled.Load() != 0 {
			t.Errorf("%q: %v, %d connections", target, err, r.dialled.Load())
		}
		tellsNoPath(t, err)
	}
}

// With a client that judges nothing, a URL is judged all the same.
func TestAnotherClientIsNoWayIn(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	defer server.Close()
	if _, err := standard.NewPoster(server.Client()).Post(t.Context(), server.URL, message("{}"), standard.NewSecret()); egress.WhyBlocked(err) == "" {
		t.Errorf("posted to %s: %v", server.URL, err)
	}
}

func TestWhatCannotBeSignedIsNotSent(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came") })
	if _, err := r.poster.Post(t.Context(), hook, message("{}")); err == nil {
		t.Error("posted without a secret")
	}
	if _, err := r.poster.Post(t.Context(), hook, message("{}"), standard.Secret{}); err == nil {
		t.Error("posted with no secret's signature")
	}
	for _, id := range []string{"", "a.b", "a\r\nx: y", "a\n"} {
		m := message("{}")
		m.ID = id
		if _, err := r.poster.Post(t.Context(), hook, m, standard.NewSecret()); err == nil {
			t.Errorf("posted the id %q", id)
		}
	}
	if r.dialled.Load() != 0 {
		t.Errorf("%d connections", r.dialled.Load())
	}
}

// A receiver whose answer never ends, or has headers without end, holds nobody: the
// status is the answer.
func TestAnEndlessAnswerHoldsNobody(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		for line := bytes.Repeat([]byte("x"), 1<<16); ; {
			if _, err := w.Write(line); err != nil {
				return // it was hung up on
			}
		}
	})
	if answer, err := r.poster.Post(t.Context(), hook, message("{}"), standard.NewSecret()); err != nil || answer.Status != 200 {
		t.Errorf("%+v, %v", answer, err)
	}
	<-ended
	wide := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 1<<20)) })
	if _, err := wide.poster.Post(t.Context(), hook, message("{}"), standard.NewSecret()); err == nil {
		t.Error("read a megabyte of headers")
	}
}

func TestWhoeverNeverAnswersIsLeft(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	r := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that a client leaves
		close(asked)
		<-r.Context().Done()
	})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-asked
		leave()
	}()
	_, err := r.poster.Post(ctx, hook, message("{}"), standard.NewSecret())
	if !errors.Is(err, context.Canceled) || egress.WhyBlocked(err) != "" {
		t.Errorf("%v", err)
	}
	tellsNoPath(t, err)
}
