package files_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// holds compares an archive with the pictures that it should hold, in order.
func holds(data []byte, p *pack, wanted ...int) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	if len(archive.File) != len(wanted) {
		return fmt.Errorf("%d pictures, want %d", len(archive.File), len(wanted))
	}
	for i, file := range archive.File {
		in, err := file.Open()
		if err != nil {
			return err
		}
		got, err := io.ReadAll(in)
		if err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
		if file.Name != p.names[wanted[i]] || !bytes.Equal(got, p.data[wanted[i]]) {
			return fmt.Errorf("%s is not picture %d", file.Name, wanted[i])
		}
	}
	return nil
}

// wellFormed reports whether a program would take data for an archive in good order.
func wellFormed(data []byte) bool {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	for _, file := range archive.File {
		in, err := file.Open()
		if err != nil {
			return false
		}
		if _, err := io.Copy(io.Discard, in); err != nil {
			return false
		}
	}
	return true
}

func TestAnArchiveHoldsTheReleasedPicturesAndNothingElse(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 8, 10_000)
	for i, state := range []job.SelectionState{job.None, job.Included, job.ExtraPending, job.ExtraPaid, job.ExtraFree, job.Blocked} {
		d.Exec(t, "UPDATE image SET selection_state = $2 WHERE id = $1", p.images[i], state)
	}
	answer := d.ask(t, "GET "+p.path(), d.as(d.Owner))
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := holds(data, p, 1, 3, 4, 6, 7); err != nil {
		t.Error(err)
	}
	disposition, params, err := mime.ParseMediaType(answer.Header.Get("Content-Disposition"))
	if err != nil || disposition != "attachment" || params["filename"] != `Häuser am Süd_West _7_.zip` {
		t.Errorf("Content-Disposition: %s %q %v", disposition, params, err)
	}
	etag := answer.Header.Get("ETag")
	for name, want := range map[string]string{
		"Content-Type": "application/zip", "Content-Length": fmt.Sprint(len(data)), "Accept-Ranges": "bytes", "Cache-Control": "private, no-store, no-transform",
		"Last-Modified": "", "Content-Range": "", "ETag": etag,
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(etag) != 34 || etag[0] != '"' {
		t.Errorf("ETag %s", etag)
	}
	// HEAD says the same and delivers nothing; so does staff's, of the same file.
	eventually(t, "the record's end", func() bool { return d.count(t, "SELECT count(*) FROM delivery WHERE state = 'FINISHED'") == 1 })
	head := d.ask(t, "HEAD "+p.path(), d.as(d.Owner), "Range: bytes=0-9")
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Disposition", "ETag", "Accept-Ranges", "Cache-Control"} {
		if head.StatusCode != 200 || head.Header.Get(name) != answer.Header.Get(name) {
			t.Errorf("HEAD: %d, %s %q", head.StatusCode, name, head.Header.Get(name))
		}
	}
	if n := d.count(t, "SELECT count(*) FROM delivery"); n != 1 {
		t.Errorf("%d deliveries after HEAD", n)
	}
	if n := d.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL AND job_id = $1", p.job); n != 5 {
		t.Errorf("%d pictures are marked as delivered, want 5", n)
	}
	if n := d.count(t, "SELECT bytes_sent FROM delivery WHERE NOT staff AND NOT resumed AND session_id = $1 AND cardinality(image_ids) = 5", d.Owner.SessionID); n != len(data) {
		t.Errorf("%d bytes recorded, want %d", n, len(data))
	}
	staff, staffTag := d.whole(t, p.path(), d.Admin)
	if staffTag != etag || !bytes.Equal(staff, data) {
		t.Error("staff got another archive than the customer")
	}
	some, someTag := d.whole(t, p.named(7, 3, 7), d.Owner)
	if err := holds(some, p, 3, 7); err != nil || someTag == etag {
		t.Errorf("by name: %v, ETag %s", err, someTag)
	}
	if n := d.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL AND job_id = $1", p.job); n != 5 {
		t.Errorf("%d pictures are marked as delivered, want 5", n)
	}
}

func TestWhoMayDownloadAnArchive(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p, other := d.pack(t, 4, 1000), d.pack(t, 2, 900)
	d.Exec(t, "UPDATE image SET selection_state = 'NONE' WHERE id = $1", p.images[0])
	d.Exec(t, "UPDATE image SET selection_state = 'BLOCKED' WHERE id = $1", p.images[1])
	d.Exec(t, "UPDATE job SET photographer_id = $2 WHERE id = $1", p.job, d.Photographer.AccountID)
	nothing := d.pack(t, 1, 800)
	d.Exec(t, "UPDATE image SET selection_state = 'EXTRA_PENDING' WHERE job_id = $1", nothing.job)
	unknown := "/jobs/" + id.Job.Format(id.Nil) + "/download.zip"
	for _, c := range []struct {
		name, path string
		who        *cast.Person
		host       string
		status     int
	}{
		{"the customer", p.path(), d.Owner, "", 200},
		{"the customer, two by name", p.named(2, 3), d.Owner, "", 200},
		{"one not chosen", p.named(0, 2), d.Owner, "", 403},
		{"one withdrawn", p.named(2, 1), d.Owner, "", 403},
		{"one not chosen, for the photographer", p.named(0), d.Photographer, "", 403},
		{"one not chosen, for an admin", p.named(0), d.Admin, "", 403},
		{"one of another job", p.path() + "?image=" + id.Image.Format(other.images[0]), d.Owner, "", 403},
		{"one of another customer", p.path() + "?image=" + d.OtherJob.Image(job.Included), d.Owner, "", 403},
		{"one unknown", p.path() + "?image=" + id.Image.Format(id.Nil), d.Owner, "", 403},
		{"one malformed", p.path() + "?image=x", d.Owner, "", 403},
		{"one with no name", p.path() + "?image=", d.Owner, "", 403},
		{"nothing released", nothing.path(), d.Owner, "", 403},
		{"nothing released, for an admin", nothing.path(), d.Admin, "", 403},
		{"an unknown job", unknown, d.Owner, "", 403},
		{"a malformed job", "/jobs/x/download.zip", d.Owner, "", 403},
		{"another customer", p.path(), d.Other, "", 403},
		{"the photographer", p.path(), d.Photographer, "", 200},
		{"another photographer", p.path(), d.Idle, "", 403},
		{"an admin", p.path(), d.Admin, "", 200},
		{"another studio's admin, there", p.path(), d.ForeignAdmin, "foreign.test", 403},
		{"another studio's admin, here", p.path(), d.ForeignAdmin, "", 401},
		{"somebody blocked", p.path(), d.Blocked, "", 403},
		{"somebody expired", p.path(), d.Expired, "", 403},
		{"a removed device", p.path(), d.Removed, "", 401},
		{"nobody", p.path(), nil, "", 401},
	} {
		var headers []string
		if c.who != nil {
			headers = append(headers, d.as(c.who))
		}
		if c.host != "" {
			headers = append(headers, "Host: "+c.host)
		}
		for _, verb := range []string{"HEAD", "GET"} {
			answer := d.ask(t, verb+" "+c.path, headers...)
			if answer.StatusCode != c.status || verb == "GET" && (c.status == 200) != (answer.Header.Get("Content-Type") == "application/zip") {
				t.Errorf("%s: %s %d, want %d", c.name, verb, answer.StatusCode, c.status)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
		}
	}
	if n := d.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 2 {
		t.Errorf("%d pictures are marked as delivered, want the 2 that the customer got", n)
	}
	// A page elsewhere can't make a visitor's browser download.
	if got := d.ask(t, "GET "+p.path(), "Cookie: __Host-pixgate=pgs_of_a_test", "Sec-Fetch-Site: cross-site"); got.StatusCode != 403 {
		t.Errorf("across sites: %d", got.StatusCode)
	}
}

func TestConditionsAndRanges(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 5, 20_000)
	data, etag := d.whole(t, p.path(), d.Owner)
	size := len(data)
	for _, c := range []struct {
		name    string
		headers []string
		status  int
		from    int // of what 200 and 206 carry
		to      int
	}{
		{"a range", []string{"Range: bytes=5-9"}, 206, 5, 10},
		{"an open range", []string{"Range: bytes=30000-"}, 206, 30000, size},
		{"a suffix", []string{"Range: bytes=-700"}, 206, size - 700, size},
		{"a suffix larger than the file", []string{"Range: bytes=-99999999"}, 206, 0, size},
		{"past the end", []string{"Range: bytes=100-99999999999999999999"}, 206, 100, size},
		{"the last byte", []string{fmt.Sprintf("Range: bytes=%d-", size-1)}, 206, size - 1, size},
		{"beyond", []string{fmt.Sprintf("Range: bytes=%d-", size)}, 416, 0, 0},
		{"an empty suffix", []string{"Range: bytes=-0"}, 416, 0, 0},
		{"several ranges", []string{"Range: bytes=0-1,5-6"}, 200, 0, size},
		{"backwards", []string{"Range: bytes=9-5"}, 200, 0, size},
		{"another unit", []string{"Range: pages=1-2"}, 200, 0, size},
		{"If-Range with the ETag", []string{"Range: bytes=5-9", "If-Range: " + etag}, 206, 5, 10},
		{"If-Range with another", []string{"Range: bytes=5-9", `If-Range: "another"`}, 200, 0, size},
		{"If-Range with it as weak", []string{"Range: bytes=5-9", "If-Range: W/" + etag}, 200, 0, size},
		{"If-Range with a date", []string{"Range: bytes=5-9", "If-Range: Mon, 04 May 2026 10:00:00 GMT"}, 200, 0, size},
		{"If-Range with another, beyond", []string{"Range: bytes=999999999-", `If-Range: "another"`}, 200, 0, size},
		{"If-Match with the ETag", []string{"Range: bytes=5-9", `If-Match: "x", ` + etag}, 206, 5, 10},
		{"If-Match with anything", []string{"If-Match: *"}, 200, 0, size},
		{"If-Match with another", []string{"Range: bytes=5-9", `If-Match: "another"`}, 412, 0, 0},
		{"If-Match with it as weak", []string{"If-Match: W/" + etag}, 412, 0, 0},
		{"If-Match before If-None-Match", []string{`If-Match: "another"`, "If-None-Match: " + etag}, 412, 0, 0},
		{"If-None-Match with the ETag", []string{"If-None-Match: W/" + etag, "Range: bytes=5-9"}, 304, 0, 0},
		{"If-None-Match with another", []string{`If-None-Match: "a,b"`}, 200, 0, size},
		{"If-Modified-Since", []string{"If-Modified-Since: Mon, 04 May 2099 10:00:00 GMT"}, 200, 0, size},
	} {
		for _, client := range []*http.Client{d.old, d.new} {
			answer, err := d.askBy(t, client, "GET "+p.path(), append(c.headers, d.as(d.Owner))...)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || answer.StatusCode != c.status {
				t.Errorf("%s: %d, want %d, %v", c.name, answer.StatusCode, c.status, err)
				continue
			}
			contentRange, h := "", answer.Header
			switch c.status {
			case 206:
				contentRange = fmt.Sprintf("bytes %d-%d/%d", c.from, c.to-1, size)
				fallthrough
			case 200:
				if !bytes.Equal(body, data[c.from:c.to]) || h.Get("ETag") != etag || h.Get("Content-Length") != fmt.Sprint(len(body)) {
					t.Errorf("%s: %d bytes, ETag %s", c.name, len(body), h.Get("ETag"))
				}
			case 304:
				if h.Get("ETag") != etag || len(body) != 0 {
					t.Errorf("%s: %v", c.name, h)
				}
			case 416:
				contentRange = fmt.Sprintf("bytes */%d", size)
			}
			if got := h.Get("Content-Range"); got != contentRange {
				t.Errorf("%s: Content-Range %q, want %q", c.name, got, contentRange)
			}
		}
	}
}

func viewerOf(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Role: p.Role}
}

// ticketed returns a link of the owner's, as the API gives it.
func (d *depot) ticketed(p *pack, who *cast.Person, n ...int) string {
	var images []string
	for _, i := range n {
		images = append(images, id.Image.Format(p.images[i]))
	}
	return d.archives.Link(viewerOf(who), &job.Job{ID: p.job, TenantID: d.TenantID}, images)
}

func TestTicketsStartForMinutesAndContinueForHours(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 4, 5000)
	data, etag := d.whole(t, p.path(), d.Owner)
	link, some := d.ticketed(p, d.Owner), d.ticketed(p, d.Owner, 2, 1)
	status := func(link string, headers ...string) int {
		answer := d.ask(t, "GET "+link, headers...)
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode == 206 && !bytes.Equal(body, data[100:]) {
			t.Error("a range by ticket is not that of the archive")
		}
		return answer.StatusCode
	}
	rest := "Range: bytes=100-"
	for _, c := range []struct {
		name    string
		after   time.Duration
		headers []string
		status  int
	}{
		{"at once", 0, nil, 200},
		{"in time", 5*time.Minute - 30*time.Second, nil, 200},
		{"a range in time", 4 * time.Minute, []string{rest}, 206},
		{"late", 5*time.Minute + 2*time.Second, nil, 403},
		{"late, a range of whatever is there", 6 * time.Minute, []string{rest}, 403},
		{"late, a range of anything", 6 * time.Minute, []string{rest, "If-Match: *"}, 403},
		{"late, a range of another file", 6 * time.Minute, []string{rest, `If-Range: "another"`}, 403},
		{"late, a range of what must be another file", 6 * time.Minute, []string{rest, `If-Match: "another"`}, 412},
		{"late, the whole of the file", 6 * time.Minute, []string{"If-Match: " + etag}, 403},
		{"late, several ranges", 6 * time.Minute, []string{"Range: bytes=1-2,4-5", "If-Range: " + etag}, 403},
		{"continued", 6 * time.Minute, []string{rest, "If-Range: " + etag}, 206},
		{"continued by If-Match", 6 * time.Minute, []string{rest, "If-Match: " + etag}, 206},
		{"continued for hours", 6*time.Hour - 30*time.Second, []string{rest, "If-Range: " + etag}, 206},
		{"over", 6*time.Hour + 2*time.Second, []string{rest, "If-Range: " + etag}, 403},
	} {
		d.later.Store(int64(c.after))
		if got := status(link, c.headers...); got != c.status {
			t.Errorf("%s: %d, want %d", c.name, got, c.status)
		}
	}
	d.later.Store(0)
	if answer := d.ask(t, "GET "+some); answer.StatusCode != 200 {
		t.Errorf("two by name: %d", answer.StatusCode)
	} else if body, err := io.ReadAll(answer.Body); err != nil || holds(body, p, 1, 2) != nil {
		t.Errorf("two by name: %v, %v", err, holds(body, p, 1, 2))
	}
}

func TestATicketIsGoodForWhatItWasMadeFor(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p, q := d.pack(t, 3, 2000), d.pack(t, 3, 1900)
	link, some := d.ticketed(p, d.Owner), d.ticketed(p, d.Owner, 2, 1)
	path, ticket, _ := strings.Cut(link, "ticket=")
	if got := d.ask(t, "HEAD "+link); got.StatusCode != 200 {
		t.Fatalf("the ticket itself: %d", got.StatusCode)
	}
	refused := map[string]string{
		"for another job":    q.path() + "?ticket=" + ticket,
		"for one picture":    p.named(0) + "&ticket=" + ticket,
		"for other pictures": strings.Replace(some, id.Image.Format(p.images[2]), id.Image.Format(p.images[0]), 1),
		"for fewer pictures": strings.Replace(some, "image="+id.Image.Format(p.images[2])+"&", "", 1),
		"for all pictures":   p.path() + "?ticket=" + some[len(some)-80:],
		"twice":              link + "&ticket=" + ticket,
		"cut":                link[:len(link)-1],
		"longer":             link + "A",
		"of nonsense":        p.path() + "?ticket=" + strings.Repeat("A", 80),
		"of another key":     strings.Replace(link, ticket[:5], "AAAAA", 1),
	}
	for i := range ticket {
		turned := []byte(ticket)
		if turned[i] == 'A' {
			turned[i] = 'B'
		} else {
			turned[i] = 'A'
		}
		refused[fmt.Sprintf("with byte %d turned", i)] = path + "ticket=" + string(turned)
	}
	for name, link := range refused {
		if got := d.ask(t, "GET "+link); got.StatusCode != 403 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	if got := d.ask(t, "GET "+link, "Host: foreign.test"); got.StatusCode != 403 {
		t.Errorf("at another studio: %d", got.StatusCode)
	}
	// The ticket says who asks, whoever else is signed in there.
	if got := d.ask(t, "HEAD "+link, d.as(d.Other)); got.StatusCode != 200 {
		t.Errorf("with somebody else's session: %d", got.StatusCode)
	}
	if got := d.ask(t, "HEAD "+d.ticketed(p, d.Other), d.as(d.Owner)); got.StatusCode != 403 {
		t.Errorf("somebody else's ticket with the owner's session: %d", got.StatusCode)
	}
	for _, c := range []struct {
		name, change, back string
		status             int
	}{
		{"its picture is withdrawn", "UPDATE image SET selection_state = 'BLOCKED' WHERE id = $1", "UPDATE image SET selection_state = 'INCLUDED' WHERE id = $1", 403},
	} {
		d.Exec(t, c.change, p.images[2])
		if got := d.ask(t, "GET "+some); got.StatusCode != c.status {
			t.Errorf("%s: %d", c.name, got.StatusCode)
		}
		d.Exec(t, c.back, p.images[2])
	}
	for _, c := range []struct {
		name, change string
		id           id.ID
		status       int
	}{
		{"the account is blocked", "UPDATE account SET blocked_at = now() WHERE id = $1", d.Owner.AccountID, 403},
		{"the device is removed", "UPDATE device SET removed_at = now() WHERE id = $1", d.Photographer.DeviceID, 401},
		{"the session is revoked", "UPDATE session SET revoked_at = now() WHERE id = $1", d.Admin.SessionID, 401},
	} {
		d.Exec(t, "UPDATE job SET photographer_id = $2 WHERE id = $1", p.job, d.Photographer.AccountID)
		who := map[id.ID]*cast.Person{d.Owner.AccountID: d.Owner, d.Photographer.DeviceID: d.Photographer, d.Admin.SessionID: d.Admin}[c.id]
		link := d.ticketed(p, who)
		if got := d.ask(t, "HEAD "+link); got.StatusCode != 200 {
			t.Errorf("before %s: %d", c.name, got.StatusCode)
		}
		d.Exec(t, c.change, c.id)
		if got := d.ask(t, "GET "+link); got.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", c.name, got.StatusCode, c.status)
		}
	}
	if strings.Contains(d.log.String(), ticket[:40]) {
		t.Error("a ticket stands in the log")
	}
}

// No mix of two selections, whatever changes between two ranges.
func TestAnotherSelectionIsAnotherFile(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 6, 5000)
	before, etag := d.whole(t, p.path(), d.Owner)
	rest := "Range: bytes=8000-"
	for _, change := range []string{
		"UPDATE image SET selection_state = 'NONE' WHERE id = $1",
		"UPDATE image SET selection_state = 'INCLUDED', filename = 'another.jpg' WHERE id = $1",
		"UPDATE image SET filename = 'Küche 002.jpg', position = 90 WHERE id = $1",
	} {
		d.Exec(t, change, p.images[2])
		now, nowTag := d.whole(t, p.path(), d.Owner)
		if nowTag == etag || bytes.Equal(now, before) {
			t.Fatalf("%s: the ETag stays", change)
		}
		answer := d.ask(t, "GET "+p.path(), d.as(d.Owner), rest, "If-Range: "+etag)
		if got, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 200 || !bytes.Equal(got, now) {
			t.Errorf("If-Range: %d, %d bytes, %v; want the new archive whole", answer.StatusCode, len(got), err)
		}
		if got := d.ask(t, "GET "+p.path(), d.as(d.Owner), rest, "If-Match: "+etag); got.StatusCode != 412 {
			t.Errorf("If-Match: %d", got.StatusCode)
		}
		before, etag = now, nowTag
	}
	d.Exec(t, "UPDATE image SET selection_state = 'BLOCKED' WHERE job_id = $1", p.job)
	if got := d.ask(t, "GET "+p.path(), d.as(d.Owner), rest, "If-Range: "+etag); got.StatusCode != 403 {
		t.Errorf("after revocation: %d", got.StatusCode)
	}
}

func TestAnImageCountsOnce(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	p := d.pack(t, 5, 3000)
	marks := func() []string {
		rows, err := d.db.Owner.Query(t.Context(), "SELECT coalesce(delivered_at::text, '') FROM image WHERE job_id = $1 ORDER BY position", p.job)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var at string
			if err := rows.Scan(&at); err != nil {
				t.Fatal(err)
			}
			all = append(all, at)
		}
		return all
	}
	get := func(headers ...string) {
		answer := d.ask(t, "GET "+p.path(), append(headers, d.as(d.Owner))...)
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
	}
	get("Range: bytes=0-1000")
	first := marks()
	if n := len(slices.DeleteFunc(slices.Clone(first), func(at string) bool { return at == "" })); n != 1 {
		t.Errorf("a range of one picture marked %d", n)
	}
	get()
	all := marks()
	get()
	get("Range: bytes=-10")
	if all[0] != first[0] || slices.Contains(all, "") || !slices.Equal(marks(), all) {
		t.Errorf("marks changed: %q, %q, %q", first, all, marks())
	}
	if n := d.count(t, "SELECT count(*) FROM delivery"); n != 3 {
		t.Errorf("%d records, want 3: the end of the file holds no picture", n)
	}
}
