package files_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

func (p *pack) sheet() string { return "/jobs/" + id.Job.Format(p.job) + "/contact-sheet.pdf" }

// withPreviews puts previews of a size of its own for each picture.
func (d *depot) withPreviews(t *testing.T, p *pack) {
	t.Helper()
	for i, key := range p.keys {
		var file bytes.Buffer
		canvas := image.NewRGBA(image.Rect(0, 0, 40+i, 30))
		canvas.Set(i%30, 3, color.White)
		if err := jpeg.Encode(&file, canvas, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := d.store.Put(t.Context(), key+"s", "image/jpeg", file.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
}

// shows reports whether the sheet has the preview of picture i.
func shows(sheet []byte, i int) bool {
	return bytes.Contains(sheet, fmt.Appendf(nil, "/Width %d /Height 30 ", 40+i))
}

func (d *depot) sheetOf(t *testing.T, path string, headers ...string) ([]byte, *http.Response) {
	t.Helper()
	answer := d.ask(t, "GET "+path, headers...)
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%v\n%s", err, d.log)
	}
	return data, answer
}

func TestAContactSheet(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 45, 10)
	d.withPreviews(t, p)
	for i, state := range []job.SelectionState{job.None, job.ExtraPending, job.ExtraPaid, job.ExtraFree, job.Blocked} {
		d.Exec(t, "UPDATE image SET selection_state = $1 WHERE id = $2", string(state), p.images[i])
	}
	for name, who := range map[string]string{"the customer": d.as(d.Owner), "an admin": d.as(d.Admin)} {
		data, answer := d.sheetOf(t, p.sheet(), who)
		if answer.StatusCode != http.StatusOK || !bytes.HasPrefix(data, []byte("%PDF-")) || !bytes.HasSuffix(data, []byte("%%EOF\n")) {
			t.Fatalf("%s: %d, %d bytes\n%s", name, answer.StatusCode, len(data), d.log)
		}
		for i := range p.images {
			if shows(data, i) == (i == 4) {
				t.Errorf("%s: picture %d, blocked is 4, on the sheet: %t", name, i, shows(data, i))
			}
		}
		if pages := bytes.Count(data, []byte("/Type /Page ")); pages != 3 {
			t.Errorf("%s: %d pages of 44 pictures", name, pages)
		}
		for header, want := range map[string]string{"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store, no-transform"} {
			if answer.Header.Get(header) != want {
				t.Errorf("%s: %q", header, answer.Header.Get(header))
			}
		}
		if disposition := answer.Header.Get("Content-Disposition"); !strings.HasPrefix(disposition, "attachment; filename*=utf-8''Kontaktbogen%20H%C3%A4user") {
			t.Error(disposition)
		}
	}
	if n := d.count(t, "SELECT count(*) FROM delivery") + d.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 0 {
		t.Errorf("a contact sheet delivers nothing, and left %d rows", n)
	}
	head := d.ask(t, "HEAD "+p.sheet(), d.as(d.Owner))
	if head.StatusCode != http.StatusOK || head.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("HEAD: %d", head.StatusCode)
	}
	d.Exec(t, "UPDATE account SET locale = 'en' WHERE id = $1", d.Owner.AccountID)
	if _, answer := d.sheetOf(t, p.sheet(), d.as(d.Owner)); !strings.Contains(answer.Header.Get("Content-Disposition"), "Contact%20sheet") {
		t.Errorf("in English: %s", answer.Header.Get("Content-Disposition"))
	}
}

// Whoever may not see the job has no sheet of it, by no way.
func TestAForeignContactSheetIsRefused(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 2, 10)
	d.withPreviews(t, p)
	now := time.Now()
	viewer := account.Viewer{TenantID: d.TenantID, AccountID: d.Owner.AccountID, SessionID: d.Owner.SessionID, Role: account.Customer}
	j := &job.Job{ID: p.job}
	link := d.archives.SheetLink(viewer, j)
	if data, answer := d.sheetOf(t, link); answer.StatusCode != http.StatusOK || !shows(data, 0) {
		t.Fatalf("the ticket: %d\n%s", answer.StatusCode, d.log)
	}
	ticket := func(of string) url.Values {
		parsed, err := url.Parse(of)
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Query()
	}
	other := id.Job.Format(id.New(now))
	refusedAs := map[string]string{}
	for name, c := range map[string]struct {
		path    string
		headers []string
		status  int
	}{
		"nobody":                    {p.sheet(), nil, 401},
		"another customer":          {p.sheet(), []string{d.as(d.Other)}, 403},
		"a photographer of others":  {p.sheet(), []string{d.as(d.Photographer)}, 403},
		"an unknown job":            {"/jobs/" + other + "/contact-sheet.pdf", []string{d.as(d.Owner)}, 403},
		"no id":                     {"/jobs/x/contact-sheet.pdf", []string{d.as(d.Owner)}, 403},
		"the ticket of a ZIP":       {p.sheet() + "?" + ticket(d.archives.Link(viewer, j, nil)).Encode(), nil, 403},
		"its ticket for a ZIP":      {p.path() + "?" + ticket(link).Encode(), nil, 403},
		"its ticket for another":    {"/jobs/" + other + "/contact-sheet.pdf?" + ticket(link).Encode(), nil, 403},
		"two tickets":               {p.sheet() + "?ticket=" + ticket(link).Get("ticket") + "&ticket=" + ticket(link).Get("ticket"), []string{d.as(d.Owner)}, 403},
		"no ticket":                 {p.sheet() + "?ticket=x", []string{d.as(d.Owner)}, 403},
		"from another site, cookie": {p.sheet(), []string{"Cookie: __Host-pixgate=" + d.Owner.Token, "Sec-Fetch-Site: cross-site"}, 403},
	} {
		data, answer := d.sheetOf(t, c.path, c.headers...)
		if answer.StatusCode != c.status || bytes.Contains(data, []byte("%PDF")) {
			t.Errorf("%s: %d %.60q", name, answer.StatusCode, data)
		}
		refusedAs[name] = string(data)
	}
	if refusedAs["another customer"] != refusedAs["an unknown job"] || refusedAs["an unknown job"] != refusedAs["no id"] {
		t.Errorf("foreign, unknown and malformed ids answer differently: %v", refusedAs)
	}
	d.later.Store(int64(6 * time.Minute))
	if _, answer := d.sheetOf(t, link); answer.StatusCode != http.StatusForbidden {
		t.Errorf("an old ticket starts a sheet: %d", answer.StatusCode)
	}
	d.later.Store(0)
	d.Exec(t, "UPDATE session SET revoked_at = now() WHERE id = $1", d.Owner.SessionID)
	if _, answer := d.sheetOf(t, link); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("a ticket outlives its session: %d", answer.StatusCode)
	}
}

// While a sheet is on its way its viewer may lose the job, and a picture may be withdrawn: each page is
// decided when it is drawn.
func TestAContactSheetIsDecidedPageByPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(d *depot, p *pack)
		whole  bool
	}{
		"a picture is withdrawn": {func(d *depot, p *pack) {
			d.Exec(t, "UPDATE image SET selection_state = 'BLOCKED' WHERE id = $1", p.images[30])
		}, true},
		"the session ends": {func(d *depot, _ *pack) {
			d.Exec(t, "UPDATE session SET revoked_at = now() WHERE id = $1", d.Owner.SessionID)
		}, false},
		"the account is blocked": {func(d *depot, _ *pack) {
			d.Exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", d.Owner.AccountID)
		}, false},
		"the job is somebody else's": {func(d *depot, p *pack) {
			d.Exec(t, "UPDATE job SET account_id = $1 WHERE id = $2", d.Other.AccountID, p.job)
		}, false},
		"the storage goes away": {func(d *depot, _ *pack) {
			d.disturbWith(func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) { w.WriteHeader(http.StatusForbidden) })
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDepot(t)
			p := d.pack(t, 45, 10)
			d.withPreviews(t, p)
			var read atomic.Int32
			d.disturbWith(func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
				if read.Add(1) == 20 { // the first page is being read, and the second has not been listed
					c.change(d, p)
				}
				pass(w, r)
			})
			answer, err := d.askBy(t, d.new, "GET "+p.sheet(), d.as(d.Owner))
			if err != nil && !c.whole {
				return // cut before a byte of it was sent
			}
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			data, err := io.ReadAll(answer.Body)
			if (err == nil) != c.whole || bytes.HasSuffix(data, []byte("%%EOF\n")) != c.whole || shows(data, 30) {
				t.Errorf("%d, %d bytes, %v, shows the picture: %t", answer.StatusCode, len(data), err, shows(data, 30))
			}
		})
	}
}

// A preview that the storage has lost says so in its place; one that can't be read, or a storage that is away
// before the first byte, is no answer at all.
func TestPreviewsThatAreAway(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 3, 10)
	d.withPreviews(t, p)
	if err := d.store.Delete(t.Context(), p.keys[1]+"s"); err != nil {
		t.Fatal(err)
	}
	data, answer := d.sheetOf(t, p.sheet(), d.as(d.Owner))
	if answer.StatusCode != http.StatusOK || !shows(data, 0) || shows(data, 1) || !shows(data, 2) || !strings.Contains(d.log.String(), "a preview is missing") {
		t.Errorf("%d\n%s", answer.StatusCode, d.log)
	}
	d.disturbWith(func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	if data, answer := d.sheetOf(t, p.sheet(), d.as(d.Owner)); answer.StatusCode != http.StatusServiceUnavailable || bytes.Contains(data, []byte("%PDF")) {
		t.Errorf("without storage: %d", answer.StatusCode)
	}
}
