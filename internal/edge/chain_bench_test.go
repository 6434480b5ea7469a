package edge_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pixgate/internal/dev/stage"
	"pixgate/internal/edge"
	"pixgate/internal/logs"
	"pixgate/internal/secret"
)

// What all gates together cost a request of a listed page with a cookie.
func BenchmarkChain(b *testing.B) {
	f := &fake{}
	h := edge.New(edge.Options{
		Log: logs.New(io.Discard, 0), Now: clock, Secure: true, PublicURLs: []string{api}, Origins: []string{web},
		CSRF: secret.NewRing(csrfSecret, ""), Limits: stage.Limits(b, nil), Security: &f.records, Meter: &f.records,
		Tenants: f, Sessions: f, Downloads: f, GraphQL: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	})
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", http.NoBody)
	r.Host = "api.pix.test"
	r.Header.Set("Origin", web)
	r.Header.Set("Cookie", "__Host-pixgate="+cookieToken+"; __Host-pixgate-device=abc")
	for _, header := range proof {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.asked = f.asked[:0]
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
