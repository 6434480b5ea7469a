package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"pixgate/internal/dev/stage"
)

func staged(t *testing.T) *Store {
	t.Helper()
	b := stage.Bucket(t)
	return open(t, Options{Endpoint: b.Endpoint, Region: b.Region, Bucket: b.Bucket, AccessKeyID: b.AccessKeyID, SecretAccessKey: b.SecretAccessKey})
}

func put(tb testing.TB, s *Store, key, contentType, data string) Object {
	tb.Helper()
	o, err := s.Put(tb.Context(), key, contentType, []byte(data))
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

func get(tb testing.TB, s *Store, key string, opts GetOptions) (string, Object, error) {
	tb.Helper()
	body, o, err := s.Get(tb.Context(), key, opts)
	if err != nil {
		return "", o, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	return string(data), o, err
}

// awkward are keys that people make; a store's file names can hold them too.
var awkward = []string{
	"incoming/plain.jpg", "incoming/Küche.jpg", "incoming/küche.jpg", "incoming/Wohnzimmer Süd (1).jpg", "incoming/🏡 + & 100%.jpg",
	"incoming/a%2Fb.jpg", "incoming/sub folder/IMG_0001.JPG", "incoming/quote\"'<x>.jpg", "incoming/semi;colon=?#.jpg", "incoming/" + strings.Repeat("ä", 110),
}

func TestObjects(t *testing.T) {
	t.Parallel()
	s := staged(t)
	for i, key := range awkward {
		data := fmt.Sprintf("content %d", i)
		made := put(t, s, key, "image/jpeg", data)
		got, o, err := get(t, s, key, GetOptions{IfMatch: made.ETag})
		if err != nil || got != data {
			t.Fatalf("%q: %q, %v", key, got, err)
		}
		head, err := s.Head(t.Context(), key)
		if err != nil || head != o {
			t.Errorf("%q: head %+v, get %+v, %v", key, head, o, err)
		}
		if o.Size != int64(len(data)) || o.ETag != made.ETag || o.ContentType != "image/jpeg" || time.Since(o.LastModified).Abs() > time.Hour || o.ETag[0] != '"' {
			t.Errorf("%q: %+v", key, o)
		}
	}
	put(t, s, "elsewhere/x", "image/jpeg", "not listed")

	var listed []string
	for o, err := range s.List(t.Context(), "incoming/") {
		if err != nil {
			t.Fatal(err)
		}
		head, err := s.Head(t.Context(), o.Key)
		if err != nil || o.Size != head.Size || o.ETag != head.ETag {
			t.Errorf("listed %+v, head %+v, %v", o, head, err)
		}
		listed = append(listed, o.Key)
	}
	want := slices.Sorted(slices.Values(awkward))
	if slices.Sort(listed); !slices.Equal(listed, want) {
		t.Errorf("listed %q, want %q", listed, want)
	}

	for range 2 { // the second time there is nothing to delete
		if err := s.Delete(t.Context(), awkward[1]); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Head(t.Context(), awkward[1]); !errors.Is(err, ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	if _, _, err := get(t, s, awkward[1], GetOptions{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	if _, err := s.Head(t.Context(), awkward[2]); err != nil {
		t.Errorf("its namesake in lower case is gone too: %v", err)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	s := staged(t)
	const n = 1003 // a page holds 1,000
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := g; i < n; i += 8 {
				put(t, s, fmt.Sprintf("p/%04d", i), "text/plain", "x")
			}
		})
	}
	all.Wait()
	seen := 0
	for o, err := range s.List(t.Context(), "p/") {
		if err != nil || o.Key != fmt.Sprintf("p/%04d", seen) {
			t.Fatalf("object %d: %q, %v", seen, o.Key, err)
		}
		seen++
	}
	if seen != n {
		t.Errorf("%d of %d listed", seen, n)
	}
	for range s.List(t.Context(), "p/") {
		break // must not go on
	}
}

// Stores differ: those that can send keys as URL text do, and some leave the
// quotes off an ETag.
func TestListSpellings(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `<ListBucketResult><EncodingType>%s</EncodingType><Contents><Key>a%%2Bb+%%C3%%BC%%01.jpg</Key><ETag>0f</ETag><Size>7</Size></Contents></ListBucketResult>`, r.URL.Query().Get("encoding-type"))
	}))
	t.Cleanup(server.Close)
	opts := testOptions()
	opts.Endpoint = server.URL
	n := 0
	for o, err := range open(t, opts).List(t.Context(), "") {
		if n++; err != nil || o.Key != "a+b ü\x01.jpg" || o.ETag != `"0f"` || o.Size != 7 {
			t.Errorf("%+v, %v", o, err)
		}
	}
	if n != 1 {
		t.Errorf("%d objects", n)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	s := staged(t)
	put(t, s, "k", "text/plain", "0123456789")
	for _, c := range []struct {
		offset, length int64
		want           string
	}{{0, 0, "0123456789"}, {0, 3, "012"}, {4, 3, "456"}, {7, 0, "789"}, {9, 1, "9"}, {0, 10, "0123456789"}} {
		got, o, err := get(t, s, "k", GetOptions{Offset: c.offset, Length: c.length})
		if err != nil || got != c.want || o.Size != 10 {
			t.Errorf("%d+%d: %q of %d, %v", c.offset, c.length, got, o.Size, err)
		}
	}
	// The object is shorter than whoever asks believes: another one by now.
	for _, c := range []GetOptions{{Offset: 10}, {Offset: 50, Length: 5}, {Offset: 8, Length: 5}, {Length: 11}} {
		if got, _, err := get(t, s, "k", c); !errors.Is(err, ErrChanged) {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	for _, c := range []GetOptions{{Offset: -1}, {Length: -1}} {
		if _, _, err := get(t, s, "k", c); err == nil {
			t.Errorf("%+v was read", c)
		}
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	s := staged(t)
	old := put(t, s, "k", "text/plain", "before")
	put(t, s, "k", "text/plain", "after!")
	if got, _, err := get(t, s, "k", GetOptions{IfMatch: old.ETag}); !errors.Is(err, ErrChanged) {
		t.Errorf("%q, %v", got, err)
	}
	if got, _, err := get(t, s, "k", GetOptions{IfMatch: old.ETag, Offset: 1, Length: 2}); !errors.Is(err, ErrChanged) {
		t.Errorf("a range: %q, %v", got, err)
	}
}

func TestUnaddressableKeys(t *testing.T) {
	t.Parallel()
	s := staged(t)
	for _, key := range []string{"", "/", "..", "a/../b", "./a"} {
		_, _, get := s.Get(t.Context(), key, GetOptions{})
		_, head := s.Head(t.Context(), key)
		_, put := s.Put(t.Context(), key, "text/plain", nil)
		for op, err := range map[string]error{"get": get, "head": head, "put": put, "delete": s.Delete(t.Context(), key)} {
			if !errors.Is(err, ErrKey) {
				t.Errorf("%s %q: %v", op, key, err)
			}
		}
	}
}

// Whatever keeps the store from doing its work is one kind of failure, and its
// message names neither key nor place nor secret.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	b := stage.Bucket(t)
	good := Options{Endpoint: b.Endpoint, Region: b.Region, Bucket: b.Bucket, AccessKeyID: b.AccessKeyID, SecretAccessKey: b.SecretAccessKey}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "<Error><Code>Inside /secret/key</Code><Message>/secret/key</Message></Error>")
	}))
	t.Cleanup(broken.Close)
	for name, change := range map[string]func(*Options){
		"away":         func(o *Options) { o.Endpoint = "http://" + l.Addr().String() },
		"wrong secret": func(o *Options) { o.SecretAccessKey += "x" },
		"no bucket":    func(o *Options) { o.Bucket = "no-such-bucket" },
		"broken":       func(o *Options) { o.Endpoint = broken.URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := good
			change(&opts)
			s := open(t, opts)
			_, _, get := s.Get(t.Context(), "/secret/key", GetOptions{})
			_, put := s.Put(t.Context(), "/secret/key", "text/plain", []byte("x"))
			errs := map[string]error{"ping": s.Ping(t.Context()), "get": get, "put": put}
			for _, err := range s.List(t.Context(), "/secret/") {
				errs["list"] = err
			}
			for op, err := range errs {
				if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotFound) {
					t.Errorf("%s: %v", op, err)
					continue
				}
				for _, private := range []string{"secret/key", "127.0.0.1", opts.Bucket, opts.AccessKeyID} {
					if strings.Contains(err.Error(), private) {
						t.Errorf("%s: the message tells a key, place or name", op)
					}
				}
				if !strings.HasPrefix(err.Error(), "blob: "+op+": storage unavailable") {
					t.Errorf("%s: %v", op, err)
				}
			}
			if len(errs) != 4 {
				t.Error("the list ended without an error")
			}
		})
	}
	if err := open(t, good).Ping(t.Context()); err != nil {
		t.Errorf("ping of a good store: %v", err)
	}
}

func TestCallersContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := staged(t).Ping(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
		t.Errorf("cancelled: %v", err)
	}
}

// A body that breaks off is an error, never a short object.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("ETag", `"e"`)
		_, _ = io.WriteString(w, "half")
	}))
	t.Cleanup(cut.Close)
	opts := testOptions()
	opts.Endpoint = cut.URL
	got, _, err := get(t, open(t, opts), "k", GetOptions{})
	if got != "half" || !errors.Is(err, ErrUnavailable) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v", got, err)
	}
}

// What was damaged on the way must not be stored: the body's hash is signed.
func TestPutSignsItsBody(t *testing.T) {
	t.Parallel()
	signed := make(chan string, 1)
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		signed <- r.Header.Get("X-Amz-Content-Sha256")
	}))
	t.Cleanup(server.Close)
	opts := testOptions()
	opts.Endpoint = server.URL
	s := open(t, opts)
	o := s.client.Options()
	o.HTTPClient = server.Client()
	s.client = s3.New(o)
	put(t, s, "k", "text/plain", "abc")
	if have, want := <-signed, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; have != want {
		t.Errorf("signed for %q, want %q", have, want)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){
		"no endpoint":       func(o *Options) { o.Endpoint = "" },
		"no scheme":         func(o *Options) { o.Endpoint = "s3.example.com" },
		"other scheme":      func(o *Options) { o.Endpoint = "ftp://s3.example.com" },
		"bucket in path":    func(o *Options) { o.Endpoint += "/pixgate" },
		"query":             func(o *Options) { o.Endpoint += "?x=y" },
		"credentials in it": func(o *Options) { o.Endpoint = "https://a:b@s3.example.com" },
		"no region":         func(o *Options) { o.Region = "" },
		"region with slash": func(o *Options) { o.Region = "eu/west" },
		"no bucket":         func(o *Options) { o.Bucket = "" },
		"bucket with slash": func(o *Options) { o.Bucket = "a/b/c" },
		"dots as bucket":    func(o *Options) { o.Bucket = "..." },
		"no key id":         func(o *Options) { o.AccessKeyID = "" },
		"no secret":         func(o *Options) { o.SecretAccessKey = "" },
	} {
		opts := testOptions()
		change(&opts)
		if _, err := Open(t.Context(), opts); err == nil {
			t.Errorf("%s: opened", name)
		} else if strings.Contains(err.Error(), testOptions().SecretAccessKey) {
			t.Errorf("%s: the message tells the secret", name)
		}
	}
	_, err := Open(t.Context(), Options{})
	if got := strings.Count(fmt.Sprint(err), "\n"); got != 3 {
		t.Errorf("four things are missing, %d lines: %v", got+1, err)
	}
}
