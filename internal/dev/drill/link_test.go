package drill_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pixgate/internal/job"
)

// A signed link opens one object, under one name, by one method, for a while.
func TestALinkOpensNothingElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.env["DOWNLOAD_URL_TTL"] = "3s"
	h.people(t)
	mine, held := h.key(t, h.Package.Images[job.Included]), h.key(t, h.Package.Images[job.Blocked])
	for _, key := range []string{mine, held} {
		if _, err := h.store(t).Put(t.Context(), key, "image/jpeg", []byte("bytes of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	owner := h.as(h.Owner)
	link := func() *url.URL {
		a := owner.ask(t, `query($id: ID!) { image(id: $id) { downloadUrl } }`, map[string]any{"id": h.Package.Image(job.Included)}).fine(t)
		return mustURL(t, a.text("data", "image", "downloadUrl"))
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			values := r.URL.Query()
			if value == "" {
				values.Del(name)
			} else {
				values.Set(name, value)
			}
			r.URL.RawQuery = values.Encode()
		}
	}
	method := func(name string) func(*http.Request) { return func(r *http.Request) { r.Method = name } }
	try := func(change func(*http.Request)) (int, []byte) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link().String(), nil)
		if err != nil {
			t.Fatal("the link can't be read")
		}
		change(r)
		response, err := h.outside.Do(r)
		if err != nil {
			t.Fatal("the storage does not answer")
		}
		defer response.Body.Close()
		var body bytes.Buffer
		if _, err := body.ReadFrom(response.Body); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, body.Bytes()
	}
	if status, body := try(func(*http.Request) {}); status != 200 || string(body) != "bytes of "+mine {
		t.Fatalf("the link itself: %d", status)
	}
	for name, change := range map[string]func(*http.Request){
		"another picture": func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, mine, held, 1) },
		"the folder":      func(r *http.Request) { r.URL.Path = "/" + h.bucket.Bucket },
		"by way of ..":    func(r *http.Request) { r.URL.Path += "/../../../../" + held },
		"another name":    set("response-content-disposition", "inline"),
		"no name":         set("response-content-disposition", ""),
		"another type":    set("response-content-type", "text/html"),
		"a longer life":   set("X-Amz-Expires", "600000"),
		"a later start":   set("X-Amz-Date", time.Now().Add(time.Hour).UTC().Format("20060102T150405Z")),
		"another key":     set("X-Amz-Credential", "AKIDOTHER/20261122/us-east-1/s3/aws4_request"),
		"no signature":    set("X-Amz-Signature", ""),
		"one more":        set("versionId", "1"),
		"PUT":             method(http.MethodPut),
		"DELETE":          method(http.MethodDelete),
		"POST":            method(http.MethodPost),
	} {
		if status, body := try(change); status < 400 || bytes.Contains(body, []byte("bytes of ")) {
			t.Errorf("%s: %d", name, status)
		}
	}
	old := link()
	status := 0
	took := eventually(t, "the link is dead", 15*time.Second, func() bool {
		response, _ := h.fetch(t, old.String())
		status = response.StatusCode
		return status != 200
	})
	if status != 403 || took < time.Second {
		t.Errorf("after %s: %d", took, status)
	}
	if status, _ := try(func(*http.Request) {}); status != 200 {
		t.Errorf("a fresh link after all that: %d", status)
	}
}
