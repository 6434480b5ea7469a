package blob

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// fetch asks the store as a browser would: with the link and nothing else.
func fetch(t *testing.T, method, link string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

func TestLinkDownloads(t *testing.T) {
	t.Parallel()
	s := staged(t)
	b := batch(t, s, time.Now(), time.Minute)
	for i, key := range awkward {
		put(t, s, key, "application/octet-stream", strings.Repeat(key, i+1))
		name := Attachment(key[strings.LastIndexByte(key, '/')+1:])
		status, header, body := fetch(t, http.MethodGet, string(b.AppendGet(nil, key, name, "image/jpeg")))
		if status != http.StatusOK || body != strings.Repeat(key, i+1) {
			t.Errorf("%q: status %d, %d bytes", key, status, len(body))
		}
		if header.Get("Content-Disposition") != name || header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%q: sent as %q %q", key, header.Get("Content-Disposition"), header.Get("Content-Type"))
		}
	}
}

// Nothing of a link can be changed, and nothing else be done with it.
func TestLinkIsBoundToWhatItSays(t *testing.T) {
	t.Parallel()
	s := staged(t)
	put(t, s, "released.jpg", "image/jpeg", "mine")
	put(t, s, "unreleased.jpg", "image/jpeg", "not yours")
	good := string(batch(t, s, time.Now(), time.Minute).AppendGet(nil, "released.jpg", Attachment("a.jpg"), "image/jpeg"))
	if status, _, body := fetch(t, http.MethodGet, good); status != http.StatusOK || body != "mine" {
		t.Fatalf("the link itself: status %d", status)
	}
	query := func(name, value string) string {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if !q.Has(name) {
			t.Fatalf("no %s to change", name)
		}
		if q.Set(name, value); value == "" {
			q.Del(name)
		}
		u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
		return u.String()
	}
	for name, link := range map[string]string{
		"another key":            strings.Replace(good, "/released", "/unreleased", 1),
		"the bucket":             strings.Replace(good, "/released.jpg", "/", 1),
		"another name":           query("response-content-disposition", "inline"),
		"no name":                query("response-content-disposition", ""),
		"another type":           query("response-content-type", "text/html"),
		"a longer life":          query("X-Amz-Expires", "900"),
		"another start":          query("X-Amz-Date", time.Now().UTC().Add(time.Minute).Format("20060102T150405Z")),
		"no signature":           query("X-Amz-Signature", ""),
		"another part":           good + "&partNumber=1",
		"expired":                string(batch(t, s, time.Now().Add(-2*time.Minute), time.Minute).AppendGet(nil, "released.jpg", "", "")),
		"yesterday's, renewed":   query("X-Amz-Credential", s.signer.id+"/20260101/"+s.signer.region+"/s3/aws4_request"),
		"an unsigned address":    good[:strings.IndexByte(good, '?')],
		"signed for another key": string(batch(t, forged(s), time.Now(), time.Minute).AppendGet(nil, "released.jpg", "", "")),
	} {
		if status, _, body := fetch(t, http.MethodGet, link); status < 400 || status > 403 || strings.Contains(body, "yours") {
			t.Errorf("%s: status %d", name, status)
		}
	}
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete} {
		if status, _, _ := fetch(t, method, good); status != http.StatusForbidden && status != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d", method, status)
		}
	}
	if _, err := s.Head(t.Context(), "released.jpg"); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func forged(s *Store) *Store {
	return &Store{bucket: s.bucket, signer: newSigner(s.signer.origin, Options{
		Region: s.signer.region, Bucket: s.bucket, AccessKeyID: s.signer.id, SecretAccessKey: s.signer.secret + "x",
	})}
}
