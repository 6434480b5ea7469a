package store

import (
	"net/http"
	"testing"
)

// A browser asks before it uploads to another origin.
func TestBrowsersMayUpload(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.Endpoint()+"/pictures/uploads/x?X-Amz-Signature=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "http://localhost:3000")
	r.Header.Set("Access-Control-Request-Method", http.MethodPut)
	r.Header.Set("Access-Control-Request-Headers", "content-type,x-amz-checksum-sha256")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 || answer.Header.Get("Access-Control-Allow-Origin") != "*" || answer.Header.Get("Access-Control-Allow-Methods") != http.MethodPut ||
		answer.Header.Get("Access-Control-Allow-Headers") != "content-type,x-amz-checksum-sha256" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}
