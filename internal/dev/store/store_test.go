package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	if err := s.CreateBucket(t.Context(), "pictures"); err != nil {
		t.Fatal(err)
	}
	return s
}

// presigned is a request to the bucket, signed in its query for a minute.
func (s *Server) presigned(t *testing.T, method, key string, at time.Time, header http.Header) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.Endpoint()+"/pictures/"+key, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.URL.RawQuery = "X-Amz-Expires=60"
	r.ContentLength, _ = strconv.ParseInt(header.Get("Content-Length"), 10, 64) // 0 where there is none
	keys := aws.Credentials{AccessKeyID: s.AccessKeyID(), SecretAccessKey: s.SecretAccessKey()}
	signed, headers, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true; o.DisableHeaderHoisting = true }).
		PresignHTTP(t.Context(), keys, r, "UNSIGNED-PAYLOAD", "s3", s.Region(), at)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = http.NewRequestWithContext(t.Context(), method, signed, nil); err != nil {
		t.Fatal(err)
	}
	for name, values := range headers {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	return r
}

func send(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func put(t *testing.T, s *Server, key, body string) {
	t.Helper()
	_, err := s.client().PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("pictures"), Key: &key, Body: strings.NewReader(body),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSignedLinks(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	put(t, s, "a.jpg", "picture")
	put(t, s, "b.jpg", "other")
	tests := []struct {
		name   string
		change func(*http.Request) *http.Request
		status int
		code   string
	}{
		{"right", func(r *http.Request) *http.Request { return r }, 200, "picture"},
		{"no signature", func(r *http.Request) *http.Request {
			r.URL.RawQuery = ""
			return r
		}, 403, "AccessDenied"},
		{"bad signature", func(r *http.Request) *http.Request {
			q := r.URL.Query()
			q.Set("X-Amz-Signature", strings.Repeat("0", 64))
			r.URL.RawQuery = q.Encode()
			return r
		}, 403, "SignatureDoesNotMatch"},
		{"another key", func(r *http.Request) *http.Request {
			r.URL.Path = "/pictures/b.jpg"
			return r
		}, 403, "SignatureDoesNotMatch"},
		{"another method", func(r *http.Request) *http.Request {
			r.Method = http.MethodDelete
			return r
		}, 403, "SignatureDoesNotMatch"},
		{"a longer life", func(r *http.Request) *http.Request {
			q := r.URL.Query()
			q.Set("X-Amz-Expires", "600")
			r.URL.RawQuery = q.Encode()
			return r
		}, 403, "SignatureDoesNotMatch"},
		{"another file name", func(r *http.Request) *http.Request {
			r.URL.RawQuery += "&response-content-disposition=attachment"
			return r
		}, 403, "SignatureDoesNotMatch"},
		{"expired", func(*http.Request) *http.Request {
			return s.presigned(t, http.MethodGet, "a.jpg", time.Now().Add(-2*time.Minute), nil)
		}, 403, "AccessDenied"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, body := send(t, test.change(s.presigned(t, http.MethodGet, "a.jpg", time.Now(), nil)))
			if status != test.status || !strings.Contains(body, test.code) {
				t.Errorf("status %d, want %d with %s", status, test.status, test.code)
			}
		})
	}
}

// Length, type and checksum that are signed into an upload bind it.
func TestSignedUploads(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	const picture = "picture"
	sum := sha256.Sum256([]byte(picture))
	signed := http.Header{
		"Content-Type":          {"image/jpeg"},
		"Content-Length":        {strconv.Itoa(len(picture))},
		"X-Amz-Checksum-Sha256": {base64.StdEncoding.EncodeToString(sum[:])},
	}
	tests := []struct {
		name, contentType, body string
		status                  int
	}{
		{"as signed", "image/jpeg", picture, 200},
		{"longer", "image/jpeg", picture + "!", 403},
		{"other bytes", "image/jpeg", "pICTURE", 400},
		{"other type", "text/html", picture, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := s.presigned(t, http.MethodPut, test.name, time.Now(), signed)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(test.body)), int64(len(test.body))
			r.Header.Set("Content-Type", test.contentType)
			if status, body := send(t, r); status != test.status {
				t.Errorf("status %d, want %d: %s", status, test.status, body)
			}
		})
	}
}

func TestObjectsStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	put(t, s, "a.jpg", "picture")
	s.Kill()
	again := start(t, dir)
	if again.settings != s.settings {
		t.Error("address or keys changed between starts")
	}
	if err := again.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, body := send(t, again.presigned(t, http.MethodGet, "a.jpg", time.Now(), nil)); status != 200 || body != "picture" {
		t.Errorf("status %d: %s", status, body)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	put(t, s, "a.jpg", "picture")
	s.Pause()
	r := s.presigned(t, http.MethodGet, "a.jpg", time.Now(), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if answer, err := http.DefaultClient.Do(r.WithContext(ctx)); err == nil {
		answer.Body.Close()
		t.Error("a paused store answered")
	}
	s.Resume()
	if status, _ := send(t, r); status != 200 {
		t.Errorf("after Resume: status %d", status)
	}
}
