package drill_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// released makes a customer's job of n released pictures and one that is not.
func (h *house) released(t *testing.T, n int) (jobID string, pictures map[string][]byte) {
	t.Helper()
	admin := h.as(h.Admin)
	made := admin.ask(t, createJob, map[string]any{"input": map[string]any{"customerEmail": h.Owner.Email, "title": "Haus Ümlaut"}}).fine(t)
	jobID = made.text("data", "createJob", "job", "id")
	pictures = map[string][]byte{}
	for i := range n {
		name := fmt.Sprintf("Bild %d ä.jpg", i+1)
		pictures[name] = photo(t, 100+i)
		h.put(t, "zip/"+name, pictures[name])
	}
	h.put(t, "zip/not released.jpg", photo(t, 99))
	h.imported(t, admin, jobID, "zip", n+1, 0)
	h.exec(t, "UPDATE job SET included_images = 100")
	h.exec(t, "UPDATE image SET selection_state = 'INCLUDED' WHERE filename LIKE 'Bild %'")
	return jobID, pictures
}

// path is where a link of the API leads, without its host.
func path(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || u.Path == "" {
		t.Fatal("the link can't be read")
	}
	return u.RequestURI()
}

// The whole way of an archive: a link from the API, a download that is cut, its
// continuation by the link alone, and the end of both with the session.
func TestTheArchiveResumesAndEndsWithItsSession(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	jobID, pictures := h.released(t, 5)
	owner, stranger := h.as(h.Owner), h.app()
	link := path(t, owner.ask(t, `query($id: ID!) { job(id: $id) { zipUrl } }`, map[string]any{"id": jobID}).fine(t).text("data", "job", "zipUrl"))
	ticket := link[strings.Index(link, "ticket=")+len("ticket="):]

	whole := stranger.get(t, http.MethodGet, link)
	etag := whole.header.Get("ETag")
	if whole.status != 200 || etag == "" || !strings.Contains(whole.header.Get("Content-Disposition"), "Haus%20%C3%9Cmlaut") {
		t.Fatalf("%d, ETag %q, %q", whole.status, etag, whole.header.Get("Content-Disposition"))
	}
	archive, err := zip.NewReader(bytes.NewReader(whole.body), int64(len(whole.body)))
	if err != nil || len(archive.File) != len(pictures) {
		t.Fatalf("no archive of %d pictures: %v", len(pictures), err)
	}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, pictures[file.Name]) {
			t.Errorf("%s: %d bytes, %v", file.Name, len(got), err)
		}
	}
	for _, cut := range []int{1, len(whole.body) / 2, len(whole.body) - 1} {
		rest := stranger.with("Range", fmt.Sprintf("bytes=%d-", cut)).with("If-Range", etag).get(t, http.MethodGet, link)
		if rest.status != http.StatusPartialContent || !bytes.Equal(rest.body, whole.body[cut:]) {
			t.Errorf("from byte %d on: %d, %d bytes", cut, rest.status, len(rest.body))
		}
	}
	if n := h.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != len(pictures) {
		t.Errorf("%d pictures delivered, want %d", n, len(pictures))
	}
	for name, other := range map[string]string{
		"without a ticket": strings.SplitN(link, "?", 2)[0], "another job": strings.Replace(link, jobID, h.OtherJob.PublicID(), 1), "a forged ticket": link[:len(link)-2] + "AA",
	} {
		if got := stranger.get(t, http.MethodGet, other); got.status != 401 && got.status != 403 {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	h.as(h.Other).get(t, http.MethodGet, "/jobs/"+jobID+"/download.zip").refused(t, 403, "FORBIDDEN")
	owner.ask(t, "mutation { logout { ok } }", nil).fine(t)
	if got := stranger.with("Range", "bytes=1-").with("If-Range", etag).get(t, http.MethodGet, link); got.status != 401 && got.status != 403 {
		t.Errorf("after logout: %d, %d bytes", got.status, len(got.body))
	}
	if strings.Contains(h.log(), ticket) {
		t.Error("the server's log holds the ticket")
	}
}
