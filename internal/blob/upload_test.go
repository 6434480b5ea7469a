package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func contentOf(data []byte, contentType string) Content {
	sum := sha256.Sum256(data)
	return Content{Type: contentType, Size: int64(len(data)), SHA256: &sum}
}

// cutOff stands for a store that hung up in the middle of a body that it had refused.
const cutOff = 499

// send uploads as an app does, by what it was given, after change.
func send(t *testing.T, link string, c Content, body []byte, change func(*http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, link, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range c.Headers() {
		r.Header.Set(h.Name, h.Value)
	}
	if change != nil {
		change(r)
	}
	got, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return cutOff
	}
	defer got.Body.Close()
	_, _ = io.Copy(io.Discard, got.Body)
	return got.StatusCode
}

// The SDK can't be had to sign a PUT byte for byte as we do without a client, but its
// signer signs any request: ours must be the same signature.
func TestPutLinksEqualTheSDKs(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"https://0123456789abcdef.r2.example.com", "http://127.0.0.1:9000"} {
		opts := testOptions()
		opts.Endpoint = endpoint
		s := open(t, opts)
		client := s3.NewPresignClient(s.client)
		now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
		signer := sdkAt{v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping, o.DisableHeaderHoisting = true, true }), now}
		presign := func(o *s3.PresignOptions) { o.Expires, o.Presigner = 5*time.Minute, signer }
		for _, key := range []string{"uploads/a", "uploads/Küche & Süd (1).jpg", "uploads/100%25+x"} {
			c := contentOf([]byte(key), "image/jpeg")
			sum := base64.StdEncoding.EncodeToString(c.SHA256[:])
			b := batch(t, s, now, 5*time.Minute)
			put, err := client.PresignPutObject(t.Context(), &s3.PutObjectInput{
				Bucket: &s.bucket, Key: &key, ContentLength: &c.Size, ContentType: &c.Type, ChecksumSHA256: &sum,
			}, presign)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(b.AppendPut(nil, key, c)); got != put.URL {
				t.Errorf("put\nhave %s\nwant %s", got, put.URL)
			}
			number, uploadID := int32(7), "an+id/with=chars"
			part, err := client.PresignUploadPart(t.Context(), &s3.UploadPartInput{
				Bucket: &s.bucket, Key: &key, ContentLength: &c.Size, ChecksumSHA256: &sum, PartNumber: &number, UploadId: &uploadID,
			}, presign)
			if err != nil {
				t.Fatal(err)
			}
			c.Type = ""
			if got := string(b.AppendPart(nil, key, uploadID, 7, c)); got != part.URL {
				t.Errorf("part\nhave %s\nwant %s", got, part.URL)
			}
		}
	}
	b := batch(t, open(t, testOptions()), time.Now(), time.Minute)
	if got := b.AppendPut(nil, "../x", Content{Size: 1}); got != nil {
		t.Errorf("a key without an address got a link: %s", got)
	}
}

// The store itself refuses whatever is not what was announced, and keeps nothing of it.
func TestTheStoreTakesNothingElse(t *testing.T) {
	t.Parallel()
	s := staged(t)
	data := []byte("the very bytes that were announced")
	c := contentOf(data, "image/jpeg")
	flipped := bytes.Clone(data)
	flipped[7] ^= 1
	otherSum := sha256.Sum256(flipped)
	fresh := func() string { return string(batch(t, s, time.Now(), time.Minute).AppendPut(nil, "uploads/a", c)) }
	for name, try := range map[string]func() int{
		"a flipped bit":  func() int { return send(t, fresh(), c, flipped, nil) },
		"a missing byte": func() int { return send(t, fresh(), c, data[1:], nil) },
		"a byte more":    func() int { return send(t, fresh(), c, append(bytes.Clone(data), 'x'), nil) },
		"nothing":        func() int { return send(t, fresh(), c, nil, nil) },
		"another type": func() int {
			return send(t, fresh(), c, data, func(r *http.Request) { r.Header.Set("Content-Type", "text/html") })
		},
		"without a checksum": func() int {
			return send(t, fresh(), c, flipped, func(r *http.Request) { r.Header.Del("x-amz-checksum-sha256") })
		},
		"another checksum": func() int {
			return send(t, fresh(), c, flipped, func(r *http.Request) {
				r.Header.Set("x-amz-checksum-sha256", base64.StdEncoding.EncodeToString(otherSum[:]))
			})
		},
		"an expired link": func() int {
			return send(t, string(batch(t, s, time.Now().Add(-time.Hour), time.Minute).AppendPut(nil, "uploads/a", c)), c, data, nil)
		},
		"another key":    func() int { return send(t, strings.Replace(fresh(), "uploads/a", "uploads/b", 1), c, data, nil) },
		"another method": func() int { return send(t, fresh(), c, data, func(r *http.Request) { r.Method = http.MethodPost }) },
		"chunks without a length": func() int {
			return send(t, fresh(), c, data, func(r *http.Request) { r.ContentLength = -1; r.Body = io.NopCloser(bytes.NewReader(data)) })
		},
	} {
		if status := try(); status < 400 || status > 499 {
			t.Errorf("%s: %d, want a refusal", name, status)
		}
		for o, err := range s.List(t.Context(), "") {
			t.Errorf("%s: the store holds %q, %v", name, o.Key, err)
		}
	}
	if status := send(t, fresh(), c, data, nil); status != http.StatusOK {
		t.Fatalf("what was announced: %d", status)
	}
	if got, o, err := get(t, s, "uploads/a", GetOptions{}); got != string(data) || o.ContentType != "image/jpeg" || err != nil {
		t.Errorf("stored %q as %q, %v", got, o.ContentType, err)
	}
}

// A PUT that names a source is a copy. Who holds a link for uploading, and knows from a
// preview where a picture lies that was not released, would have its original copied to
// where it is taken in from, for a job that releases it.
func TestALinkForUploadingCopiesNothing(t *testing.T) {
	t.Parallel()
	s := staged(t)
	data := []byte("an original that was not released, of which the sum is known")
	c := contentOf(data, "image/jpeg")
	const secret = "tenants/studio/jobs/a/original"
	if _, err := s.Put(t.Context(), secret, "image/jpeg", data); err != nil {
		t.Fatal(err)
	}
	multipart, err := s.Begin(t.Context(), "uploads/b", "image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	part := Content{Size: c.Size, SHA256: c.SHA256}
	for name, try := range map[string]func(body []byte, change func(*http.Request)) int{
		"an object": func(body []byte, change func(*http.Request)) int {
			return send(t, string(batch(t, s, time.Now(), time.Minute).AppendPut(nil, "uploads/a", c)), c, body, change)
		},
		"a part": func(body []byte, change func(*http.Request)) int {
			return send(t, string(batch(t, s, time.Now(), time.Minute).AppendPart(nil, "uploads/b", multipart, 1, part)), part, body, change)
		},
	} {
		for _, body := range [][]byte{nil, bytes.Repeat([]byte("x"), len(data))} {
			for _, source := range []string{s.bucket + "/" + secret, "/" + s.bucket + "/" + secret} {
				status := try(body, func(r *http.Request) { r.Header.Set("x-amz-copy-source", source) })
				if _, err := s.Head(t.Context(), "uploads/a"); !errors.Is(err, ErrNotFound) {
					t.Errorf("%s, a body of %d bytes: %d, and it was copied", name, len(body), status)
				}
				if parts, err := s.Parts(t.Context(), "uploads/b", multipart); err != nil || len(parts) > 0 {
					t.Errorf("%s, a body of %d bytes: %d, and %d parts were copied, %v", name, len(body), status, len(parts), err)
				}
			}
		}
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	s := staged(t)
	const key = "uploads/large"
	data := bytes.Repeat([]byte("0123456789abcdef"), (MinPart+100)/16)
	pieces := [][]byte{data[:MinPart], data[MinPart:]}
	uploadID, err := s.Begin(t.Context(), key, "image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	link := func(number int, c Content) string {
		return string(batch(t, s, time.Now(), time.Minute).AppendPart(nil, key, uploadID, number, c))
	}
	var contents []Content
	for _, piece := range pieces {
		contents = append(contents, contentOf(piece, ""))
	}
	flipped := bytes.Clone(pieces[1])
	flipped[3] ^= 4
	for name, status := range map[string]int{
		"a flipped bit":  send(t, link(2, contents[1]), contents[1], flipped, nil),
		"a missing byte": send(t, link(2, contents[1]), contents[1], pieces[1][1:], nil),
		"swapped parts":  send(t, link(1, contents[0]), contents[0], pieces[1], nil),
		"another number": send(t, strings.Replace(link(1, contents[1]), "partNumber=1", "partNumber=2", 1), contents[1], pieces[1], nil),
	} {
		if status < 400 || status > 499 {
			t.Errorf("%s: %d, want a refusal", name, status)
		}
	}
	if parts, err := s.Parts(t.Context(), key, uploadID); err != nil || len(parts) != 0 {
		t.Fatalf("refused parts are there: %v, %v", parts, err)
	}
	for i, piece := range pieces {
		if status := send(t, link(i+1, contents[i]), contents[i], piece, nil); status != http.StatusOK {
			t.Fatalf("part %d: %d", i+1, status)
		}
	}
	parts, err := s.Parts(t.Context(), key, uploadID)
	if err != nil || len(parts) != 2 || parts[1].Number != 2 || parts[1].Size != int64(len(pieces[1])) {
		t.Fatalf("parts %+v, %v", parts, err)
	}
	var seen []string
	for m, err := range s.Multiparts(t.Context(), "uploads/") {
		if err != nil || time.Since(m.Begun).Abs() > time.Hour {
			t.Fatal(m, err)
		}
		seen = append(seen, m.Key+" "+m.ID)
	}
	if !slices.Equal(seen, []string{key + " " + uploadID}) {
		t.Errorf("multiparts %q", seen)
	}
	if err := s.Join(t.Context(), key, uploadID, parts); err != nil {
		t.Fatal(err)
	}
	if got, _, err := get(t, s, key, GetOptions{}); got != string(data) || err != nil {
		t.Errorf("joined %s bytes, %v", strconv.Itoa(len(got)), err)
	}
	if err := s.Join(t.Context(), key, uploadID, parts); err != nil && !errors.Is(err, ErrNotFound) {
		t.Errorf("joined again: %v", err) // stores differ in whether they remember
	}
	if _, err := s.Parts(t.Context(), key, uploadID); !errors.Is(err, ErrNotFound) {
		t.Errorf("parts of what has ended: %v", err)
	}
	if status := send(t, link(1, contents[0]), contents[0], pieces[0], nil); status < 400 {
		t.Errorf("a part after the end: %d", status)
	}
	for range 2 {
		if err := s.Drop(t.Context(), key, uploadID); err != nil {
			t.Errorf("drop: %v", err)
		}
	}
}

// R2 answers 501 to the SHA-256 of a part, so there its links go without.
func TestR2GetsNoChecksumsOfParts(t *testing.T) {
	t.Parallel()
	opts := testOptions()
	opts.Endpoint = "https://0123456789abcdef.r2.cloudflarestorage.com"
	if open(t, opts).PartSum([32]byte{1}) != nil {
		t.Error("R2 would refuse every part")
	}
	if sum := open(t, testOptions()).PartSum([32]byte{1}); sum == nil || *sum != [32]byte{1} {
		t.Error("elsewhere the store judges the part")
	}
}
