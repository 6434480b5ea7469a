package transfer_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/transfer"
)

func TestAnUploadBecomesAPicture(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	data := photo(t, 10)
	before := d.count(t, "SELECT image_count FROM job WHERE id = $1", d.Package.ID)
	bytesBefore := d.count(t, "SELECT image_bytes FROM tenant WHERE id = $1", d.TenantID)
	u := d.announce(t, d.photog, data)
	if u.State != transfer.Pending || u.Method() != transfer.ByPut || u.PartSize() != nil || u.ExpiresAt() == nil {
		t.Fatalf("announced: %+v", u)
	}
	if _, refusals := d.complete(t, d.photog, u); len(refusals) != 1 || refusals[0].Code != job.UploadIncomplete {
		t.Fatalf("complete before a byte has come: %+v", refusals)
	}
	if reserved := d.count(t, "SELECT upload_bytes FROM job WHERE id = $1", d.Package.ID); reserved != len(data) {
		t.Errorf("%d bytes are reserved, want %d", reserved, len(data))
	}
	if status := d.put(t, u, data); status != http.StatusOK {
		t.Fatalf("put: %d", status)
	}
	for range 2 { // completing twice is completing once
		if done, refusals := d.complete(t, d.photog, u); refusals != nil || done.State != transfer.Verifying || done.ExpiresAt() != nil {
			t.Fatalf("completed: %+v, %+v", done, refusals)
		}
	}
	if len(d.queued) != 1 {
		t.Errorf("%d tasks", len(d.queued))
	}
	for range 2 {
		if u = d.take(t, u); u.State != transfer.Ready || u.ImageID == nil {
			t.Fatalf("taken in: %+v", u)
		}
	}
	images, err := d.jobs.ImagesByID(t.Context(), d.owner, []id.ID{*u.ImageID})
	if err != nil || len(images) != 1 {
		t.Fatal(images, err)
	}
	got := images[0]
	if got.Filename != "Küche.jpg" || got.Size != int64(len(data)) || got.SHA256 != u.SHA256 || got.Position != 6 || got.State != job.None {
		t.Errorf("picture %+v", got)
	}
	body, _, err := d.store.Get(t.Context(), got.ObjectKey, blob.GetOptions{IfMatch: got.ETag})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if stored, err := io.ReadAll(body); err != nil || !bytes.Equal(stored, data) {
		t.Errorf("the original differs: %v", err)
	}
	if left := d.keys(t, "uploads/"); left != nil {
		t.Errorf("left in staging: %q", left)
	}
	for what, n := range map[string]int{
		"SELECT image_count FROM job WHERE id = $1":  before + 1,
		"SELECT upload_count FROM job WHERE id = $1": 0,
		"SELECT upload_bytes FROM job WHERE id = $1": 0,
	} {
		if got := d.count(t, what, d.Package.ID); got != n {
			t.Errorf("%s: %d, want %d", what, got, n)
		}
	}
	if got := d.count(t, "SELECT image_bytes FROM tenant WHERE id = $1", d.TenantID); got != bytesBefore+len(data) {
		t.Errorf("the studio holds %d bytes, want %d", got, bytesBefore+len(data))
	}

	// The same file again, by whoever, is that picture, and nothing is sent.
	for who, v := range map[string]account.Viewer{"the photographer": d.photog, "an admin": d.admin} {
		for range 2 {
			again := d.announce(t, v, data)
			if again.State != transfer.Ready || again.ImageID == nil || *again.ImageID != got.ID {
				t.Errorf("again by %s: %+v", who, again)
			}
		}
	}
	if n := d.count(t, "SELECT count(*) FROM upload"); n != 2 {
		t.Errorf("%d uploads, want one of each", n)
	}
	if d.failed != 0 || len(d.records.Incidents()) != 0 {
		t.Errorf("%d failures, %v", d.failed, d.events())
	}
}

// The studio's watermark lies over the previews of what comes in, and the original is
// what was sent.
func TestAStudiosWatermarkLiesOverItsPreviews(t *testing.T) {
	t.Parallel()
	data, stored := photo(t, 10), map[string][]byte{}
	for _, watermark := range []string{"", "© Büro Nord"} {
		d := newDepot(t)
		d.Exec(t, "UPDATE tenant SET watermark = $2 WHERE id = $1", d.TenantID, watermark)
		images, err := d.jobs.ImagesByID(t.Context(), d.owner, []id.ID{*d.uploaded(t, d.photog, data).ImageID})
		if err != nil || len(images) != 1 {
			t.Fatal(images, err)
		}
		var small string
		if err := d.db.Owner.QueryRow(t.Context(), "SELECT small_key FROM image WHERE id = $1", images[0].ID).Scan(&small); err != nil {
			t.Fatal(err)
		}
		for name, key := range map[string]string{"preview " + watermark: small, "original " + watermark: images[0].ObjectKey} {
			body, _, err := d.store.Get(t.Context(), key, blob.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if stored[name], err = io.ReadAll(body); err != nil {
				t.Fatal(err)
			}
			_ = body.Close()
		}
	}
	if bytes.Equal(stored["preview "], stored["preview © Büro Nord"]) {
		t.Error("the preview has no watermark")
	}
	if !bytes.Equal(stored["original "], data) || !bytes.Equal(stored["original © Büro Nord"], data) {
		t.Error("a watermark changes an original")
	}
}

func TestALargeFileGoesUpInPartsAndGoesOn(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	data := large(t, 20, 2*blob.MinPart+1000)
	parts := pieces(data)
	u := d.announce(t, d.photog, data)
	if link, err := d.uploads.Link(u); link != nil || err != nil || u.Method() != transfer.ByParts || *u.PartSize() != blob.MinPart {
		t.Fatalf("announced: %+v, link %v", u, link)
	}
	for _, number := range []int{3, 1} {
		link := d.sign(t, d.photog, u, number, parts[number-1])
		if status := send(t, link.URL, link.Headers, parts[number-1]); status != http.StatusOK {
			t.Fatalf("part %d: %d", number, status)
		}
	}
	// The app is killed, and asks where it stopped.
	u = d.announce(t, d.photog, data)
	received, err := d.uploads.Received(t.Context(), u)
	if err != nil || len(received) != 2 || received[0].Number != 1 || received[1].Number != 3 || received[1].Size != int64(len(parts[2])) {
		t.Fatalf("received %+v, %v", received, err)
	}
	if _, refusals := d.complete(t, d.photog, u); len(refusals) != 1 || refusals[0].Code != job.UploadIncomplete {
		t.Fatalf("complete without the second part: %+v", refusals)
	}
	link := d.sign(t, d.photog, u, 2, parts[1])
	flipped := bytes.Clone(parts[1])
	flipped[99] ^= 1
	for name, body := range map[string][]byte{"a flipped bit": flipped, "a missing byte": parts[1][1:], "another part": parts[0]} {
		if status := send(t, link.URL, link.Headers, body); status < 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if received, err := d.uploads.Received(t.Context(), u); err != nil || len(received) != 2 {
		t.Errorf("what the store refused is there: %+v, %v", received, err)
	}
	if status := send(t, link.URL, link.Headers, parts[1]); status != http.StatusOK {
		t.Fatalf("part 2: %d", status)
	}
	if _, refusals := d.complete(t, d.photog, u); refusals != nil {
		t.Fatalf("%+v", refusals)
	}
	// A run that is killed between the store's join and our row leaves this behind.
	row, err := d.store.Parts(t.Context(), "uploads/"+u.PublicID(), d.multipart(t, u))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.Join(t.Context(), "uploads/"+u.PublicID(), d.multipart(t, u), row); err != nil {
		t.Fatal(err)
	}
	if u = d.take(t, u); u.State != transfer.Ready {
		t.Fatalf("taken in: %+v", u)
	}
	if n := d.count(t, "SELECT count(*) FROM image WHERE sha256 = $1 AND size = $2", u.SHA256[:], len(data)); n != 1 {
		t.Errorf("%d pictures", n)
	}
	if left := d.keys(t, "uploads/"); left != nil || d.begun(t) != 0 {
		t.Errorf("left behind: %q and %d begun", left, d.begun(t))
	}
}

func (d *depot) multipart(t *testing.T, u *transfer.Upload) (name string) {
	t.Helper()
	if err := d.db.Owner.QueryRow(t.Context(), "SELECT multipart FROM upload WHERE id = $1", u.ID).Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// What lies in staging is never believed: a store that judged nothing would make no
// difference.
func TestNothingElseThanAnnouncedIsTakenIn(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	data := photo(t, 30)
	flipped := bytes.Clone(data)
	flipped[len(flipped)/2] ^= 1
	before := d.count(t, "SELECT count(*) FROM image")
	wanted := map[string]int{}
	for i, c := range []struct {
		name            string
		announced, lies []byte
		contentType     string
		code, event     string
	}{
		{"a flipped bit", data, flipped, "image/jpeg", "CHECKSUM_MISMATCH", "upload_checksum_wrong CHECKSUM_MISMATCH"},
		{"a missing byte", data, data[1:], "image/jpeg", "CHECKSUM_MISMATCH", "upload_checksum_wrong CHECKSUM_MISMATCH"},
		{"a byte more", data, append(bytes.Clone(data), 0), "image/jpeg", "CHECKSUM_MISMATCH", "upload_checksum_wrong CHECKSUM_MISMATCH"},
		{"another picture of that size", photo(t, 31), flipped, "image/jpeg", "CHECKSUM_MISMATCH", "upload_checksum_wrong CHECKSUM_MISMATCH"},
		{"a text", []byte("<script>alert(1)</script>"), []byte("<script>alert(1)</script>"), "image/jpeg", "NOT_A_PICTURE", "upload_rejected NOT_A_PICTURE"},
		{"half a picture", data[:len(data)/2], data[:len(data)/2], "image/jpeg", "TRUNCATED", "upload_rejected TRUNCATED"},
		{"a picture of another type", photo(t, 32), photo(t, 32), "image/png", "CONTENT_TYPE_MISMATCH", "upload_rejected CONTENT_TYPE_MISMATCH"},
	} {
		a := d.announcement(c.announced)
		a.ContentType, a.Filename = c.contentType, fmt.Sprint(i, ".jpg")
		u, refusals, err := d.uploads.Create(t.Context(), d.photog, a)
		if err != nil || refusals != nil {
			t.Fatal(refusals, err)
		}
		if _, err := d.store.Put(t.Context(), "uploads/"+u.PublicID(), "text/html", c.lies); err != nil {
			t.Fatal(err)
		}
		d.complete(t, d.photog, u)
		u = d.take(t, u)
		if u.State != transfer.Rejected || u.Rejection == nil || u.Rejection.Code != c.code || u.Rejection.Message == "" {
			t.Errorf("%s: %s, %+v", c.name, u.State, u.Rejection)
		}
		wanted[c.event]++
		if d.failed != i+1 {
			t.Errorf("%s: %d failures counted, want %d", c.name, d.failed, i+1)
		}
		if left := append(d.keys(t, "uploads/"), d.keys(t, "tenants/")...); left != nil {
			t.Errorf("%s: left behind %q", c.name, left)
		}
		if again, refusals := d.complete(t, d.photog, u); refusals != nil || again.State != transfer.Rejected {
			t.Errorf("%s: completed again: %+v, %+v", c.name, again, refusals)
		}
	}
	if got := d.events(); !maps.Equal(got, wanted) {
		t.Errorf("recorded %v, want %v", got, wanted)
	}
	if after := d.count(t, "SELECT count(*) FROM image"); after != before {
		t.Errorf("%d pictures came of it", after-before)
	}
	// After all that, the honest file is welcome.
	if u := d.uploaded(t, d.photog, data); u.State != transfer.Ready {
		t.Errorf("honest: %+v", u)
	}
}

func TestInputsOfUploads(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	for name, change := range map[string]func(*transfer.Announcement){
		"filename":    func(a *transfer.Announcement) { a.Filename = "" },
		"contentType": func(a *transfer.Announcement) { a.ContentType = "image/jpeg; charset=utf-8" },
		"size":        func(a *transfer.Announcement) { a.Size = 0 },
		"sha256":      func(a *transfer.Announcement) { a.SHA256 = a.SHA256[1:] },
	} {
		a := d.announcement([]byte("x"))
		change(&a)
		_, _, err := d.uploads.Create(t.Context(), d.photog, a)
		if !fault.Is(err, fault.ValidationFailed) || fault.As(err).Fields[0].Path != "input."+name {
			t.Errorf("%s: %v", name, err)
		}
	}
	for code, change := range map[string]func(*transfer.Announcement){
		job.UnsupportedType: func(a *transfer.Announcement) { a.ContentType = "image/svg+xml" },
		job.FileTooLarge:    func(a *transfer.Announcement) { a.Size = transfer.MaxUpload + 1 },
	} {
		a := d.announcement([]byte("x"))
		change(&a)
		if _, refusals, err := d.uploads.Create(t.Context(), d.photog, a); err != nil || len(refusals) != 1 || refusals[0].Code != code {
			t.Errorf("%s: %+v, %v", code, refusals, err)
		}
	}
	data := large(t, 40, blob.MinPart+1)
	u := d.announce(t, d.photog, data)
	sum := hex.EncodeToString(make([]byte, 32))
	for name, parts := range map[string][]transfer.AnnouncedPart{
		"none": nil, "zero": {{0, sum}}, "past the end": {{3, sum}}, "twice": {{1, sum}, {1, sum}}, "no sum": {{1, ""}}, "too many": make([]transfer.AnnouncedPart, 101),
	} {
		if _, _, err := d.uploads.SignParts(t.Context(), d.photog, "somewhere", u.PublicID(), parts); !fault.Is(err, fault.ValidationFailed) {
			t.Errorf("parts %s: %v", name, err)
		}
	}
	small := d.announce(t, d.photog, photo(t, 41))
	if _, _, err := d.uploads.SignParts(t.Context(), d.photog, "somewhere", small.PublicID(), []transfer.AnnouncedPart{{1, sum}}); !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("parts of what goes up whole: %v", err)
	}
	if d.begun(t) != 0 {
		t.Error("a refused call began an upload in the store")
	}
}

func TestWhoMayUpload(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	everybody := map[string]account.Viewer{
		"owner": d.owner, "other": viewer(d.Other), "photographer": d.photog, "idle": viewer(d.Idle), "admin": d.admin, "foreign admin": viewer(d.ForeignAdmin), "nobody": {},
	}
	own := map[string]*transfer.Upload{}
	for _, allowed := range []bool{false, true} {
		if _, err := d.jobs.SetCustomerUploads(t.Context(), d.admin, d.Package.PublicID(), allowed, "test"); err != nil {
			t.Fatal(err)
		}
		for who, v := range everybody {
			u, refusals, err := d.uploads.Create(t.Context(), v, d.announcement(photo(t, 50)))
			may := who == "photographer" || who == "admin" || who == "owner" && allowed
			if may != (err == nil && refusals == nil) || !may && !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s, customers allowed %t: %+v, %v", who, allowed, refusals, err)
			}
			if may {
				own[who] = u
			}
		}
	}
	if own["owner"].ID == own["admin"].ID {
		t.Error("two people share an upload")
	}
	for who, v := range everybody {
		var seen []string
		for whose, u := range own {
			uploads, err := d.uploads.ByIDs(t.Context(), v, []id.ID{u.ID})
			if err != nil && who != "nobody" {
				t.Error(who, err)
			}
			if len(uploads) == 1 {
				seen = append(seen, whose)
			}
			_, _, err = d.uploads.Complete(t.Context(), v, u.PublicID())
			if (err == nil) != (len(uploads) == 1) {
				t.Errorf("%s completes the upload of the %s: %v", who, whose, err)
			}
		}
		want := map[string]int{"owner": 1, "photographer": 3, "admin": 3}[who]
		if len(seen) != want {
			t.Errorf("%s sees %q, want %d", who, seen, want)
		}
	}
	j, err := d.jobs.ByID(t.Context(), d.owner, d.Package.PublicID())
	if err != nil {
		t.Fatal(err)
	}
	for v, want := range map[*account.Viewer]int{&d.owner: 1, &d.photog: 3, &d.admin: 3} {
		uploads, more, err := d.uploads.Of(t.Context(), *v, j, nil, page.Window{Size: 3})
		if err != nil || len(uploads) != want || more {
			t.Errorf("listed %d, more %t, %v; want %d", len(uploads), more, err, want)
		}
		if uploads, _, err := d.uploads.Of(t.Context(), *v, j, []transfer.UploadState{transfer.Ready}, page.Window{Size: 3}); err != nil || len(uploads) != 0 {
			t.Errorf("listed as READY: %d, %v", len(uploads), err)
		}
	}
	first, more, err := d.uploads.Of(t.Context(), d.admin, j, nil, page.Window{Size: 2})
	if err != nil || len(first) != 2 || !more {
		t.Fatal(len(first), more, err)
	}
	cursor := first[1].Cursor()
	if rest, more, err := d.uploads.Of(t.Context(), d.admin, j, nil, page.Window{Size: 2, After: &cursor}); err != nil || len(rest) != 1 || more {
		t.Errorf("second page: %d, %t, %v", len(rest), more, err)
	}
	// Once the studio does not want them any more, a customer's upload stays visible and goes nowhere.
	if _, err := d.jobs.SetCustomerUploads(t.Context(), d.admin, d.Package.PublicID(), false, "test"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.uploads.Complete(t.Context(), d.owner, own["owner"].PublicID()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("completed after it was forbidden: %v", err)
	}
}

func TestAJobThatIsDeliveredTakesNothing(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	data := photo(t, 60)
	for status, code := range map[job.Status]string{job.Delivered: job.JobDelivered, job.Closed: job.JobClosed} {
		set := func(status job.Status) {
			t.Helper()
			if _, err := d.jobs.SetStatus(t.Context(), d.admin, d.Package.PublicID(), status, "test"); err != nil {
				t.Fatal(err)
			}
		}
		u := d.announce(t, d.photog, data)
		if status := d.put(t, u, data); status != http.StatusOK {
			t.Fatal(status)
		}
		started := d.announce(t, d.photog, large(t, 61, blob.MinPart+1))
		completed := d.announce(t, d.admin, data)
		d.put(t, completed, data)
		d.complete(t, d.admin, completed)
		set(status)
		if _, refusals, err := d.uploads.Create(t.Context(), d.photog, d.announcement(photo(t, 62))); err != nil || len(refusals) != 1 || refusals[0].Code != code {
			t.Errorf("announced for a job that is %s: %+v, %v", status, refusals, err)
		}
		sum := sha256.Sum256(nil)
		if _, refusals, err := d.uploads.SignParts(t.Context(), d.photog, "somewhere", started.PublicID(), []transfer.AnnouncedPart{{1, hex.EncodeToString(sum[:])}}); err != nil || len(refusals) != 1 || refusals[0].Code != code {
			t.Errorf("signed for a job that is %s: %+v, %v", status, refusals, err)
		}
		if _, refusals := d.complete(t, d.photog, u); len(refusals) != 1 || refusals[0].Code != code {
			t.Errorf("completed in a job that is %s: %+v", status, refusals)
		}
		if got := d.take(t, completed); got.State != transfer.Rejected || got.Rejection.Code != code {
			t.Errorf("taken into a job that is %s: %+v", status, got)
		}
		if _, refusals, err := d.imports.Start(t.Context(), d.admin, d.Package.PublicID(), "haus", "test"); err != nil || len(refusals) != 1 || refusals[0].Code != code {
			t.Errorf("imported into a job that is %s: %+v, %v", status, refusals, err)
		}
		set(job.Open)
	}
	if d.failed != 0 || len(d.records.Incidents()) != 0 {
		t.Errorf("a job's end was counted against its uploader: %d, %v", d.failed, d.events())
	}
}

func TestAborting(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	data := large(t, 70, blob.MinPart+1)
	u := d.announce(t, d.photog, data)
	link := d.sign(t, d.photog, u, 2, pieces(data)[1])
	if status := send(t, link.URL, link.Headers, pieces(data)[1]); status != http.StatusOK {
		t.Fatal(status)
	}
	for range 3 {
		got, refusals, err := d.uploads.Abort(t.Context(), d.photog, u.PublicID())
		if err != nil || refusals != nil || got.State != transfer.Aborted {
			t.Fatalf("aborted: %+v, %+v, %v", got, refusals, err)
		}
	}
	if d.begun(t) != 0 || d.failed != 1 || d.events()["upload_aborted "] != 1 {
		t.Errorf("%d begun, %d failures, %v", d.begun(t), d.failed, d.events())
	}
	if _, refusals := d.complete(t, d.photog, u); len(refusals) != 1 || refusals[0].Code != job.UploadOver {
		t.Errorf("completed after its end: %+v", refusals)
	}
	if again := d.announce(t, d.photog, data); again.ID == u.ID || again.State != transfer.Pending {
		t.Errorf("announced again: %+v", again)
	}
	ready := d.uploaded(t, d.photog, photo(t, 71))
	if _, refusals, err := d.uploads.Abort(t.Context(), d.photog, ready.PublicID()); err != nil || len(refusals) != 1 || refusals[0].Code != job.UploadComplete {
		t.Errorf("aborted what is taken in: %+v, %v", refusals, err)
	}
	if n := d.count(t, "SELECT upload_count FROM job WHERE id = $1", d.Package.ID); n != 1 {
		t.Errorf("%d reserved, want the one that is open", n)
	}
}

// Fifty at once, at two servers, are as good as one: of one file, of one completion, of one quota.
// What goes wrong counts for whoever went on with the upload last, and where from.
func TestFailuresCountForWhoeverWentOnLast(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	data := large(t, 21, blob.MinPart+1000)
	u, sum := d.announce(t, d.photog, data), sha256.Sum256(data[:blob.MinPart])
	if _, _, err := d.uploads.SignParts(t.Context(), d.photog, "elsewhere", u.PublicID(), []transfer.AnnouncedPart{{Number: 1, SHA256: hex.EncodeToString(sum[:])}}); err != nil {
		t.Fatal(err)
	}
	var address string
	if err := d.db.Owner.QueryRow(t.Context(), "SELECT address_key FROM upload WHERE id = $1", u.ID).Scan(&address); err != nil || address != "elsewhere" {
		t.Errorf("failures count for %q, %v", address, err)
	}
}

// Whoever asks for links while the upload is being ended gets some, or is told that it
// takes no bytes any more.
func TestLinksOfAnUploadThatEndsMeanwhile(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	late := 0
	for i := range 25 {
		data := bytes.Repeat([]byte{byte(i + 1)}, blob.MinPart+1)
		u := d.announce(t, d.photog, data)
		sum := sha256.Sum256(data[:blob.MinPart])
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := d.uploads.Abort(t.Context(), d.photog, u.PublicID()); err != nil {
				t.Errorf("abort: %v", err)
			}
		})
		_, refusals, err := d.uploads.SignParts(t.Context(), d.photog, "somewhere", u.PublicID(), []transfer.AnnouncedPart{{Number: 1, SHA256: hex.EncodeToString(sum[:])}})
		if err != nil || len(refusals) > 1 || len(refusals) == 1 && refusals[0].Code != job.UploadOver {
			t.Fatalf("links of an upload that is being aborted: %+v, %v", refusals, err)
		}
		late += len(refusals)
		all.Wait()
	}
	t.Logf("%d of 25 came too late", late)
}

func TestFiftyAtOnce(t *testing.T) {
	t.Parallel()
	const crowd = 50
	d := newDepot(t)
	all := func(do func(i int)) {
		var group sync.WaitGroup
		for i := range crowd {
			group.Go(func() { do(i) })
		}
		group.Wait()
	}
	data := photo(t, 80)
	var mu sync.Mutex
	seen := map[id.ID]int{}
	all(func(i int) {
		if u, refusals, err := d.servers[i%2].Create(t.Context(), d.photog, d.announcement(data)); err != nil || refusals != nil {
			t.Errorf("%+v, %v", refusals, err)
		} else {
			mu.Lock()
			defer mu.Unlock()
			seen[u.ID]++
		}
	})
	if len(seen) != 1 || d.count(t, "SELECT count(*) FROM upload") != 1 {
		t.Fatalf("one file is %d uploads", len(seen))
	}
	u := d.announce(t, d.photog, data)
	if status := d.put(t, u, data); status != http.StatusOK {
		t.Fatal(status)
	}
	all(func(i int) {
		if _, refusals, err := d.servers[i%2].Complete(t.Context(), d.photog, u.PublicID()); err != nil || refusals != nil {
			t.Errorf("%+v, %v", refusals, err)
		}
	})
	if len(d.queued) != 1 {
		t.Errorf("%d tasks of one upload", len(d.queued))
	}
	for range 3 {
		all(func(i int) {
			if i < 8 { // runs of one task that overlap, as after a rescue
				if err := d.servers[i%2].Take(t.Context(), u.ID); err != nil && d.read(t, u).State != transfer.Ready {
					t.Errorf("take: %v", err)
				}
			}
		})
	}
	if n := d.count(t, "SELECT count(*) FROM image WHERE sha256 = $1", u.SHA256[:]); n != 1 {
		t.Errorf("one upload is %d pictures", n)
	}
	images, err := d.jobs.ImagesByID(t.Context(), d.admin, []id.ID{*d.read(t, u).ImageID})
	if err != nil || len(images) != 1 {
		t.Fatal(err)
	}
	if _, err := d.store.Head(t.Context(), images[0].ObjectKey); err != nil {
		t.Errorf("the picture's original: %v", err)
	}

	const room = 7
	d.Exec(t, "UPDATE tenant SET upload_job_images = $2 WHERE id = $1", d.TenantID, d.count(t, "SELECT image_count FROM job WHERE id = $1", d.Package.ID)+room)
	admitted, turned := 0, 0
	all(func(i int) {
		sum := sha256.Sum256([]byte{byte(i)})
		a := d.announcement(data)
		a.SHA256 = hex.EncodeToString(sum[:])
		_, refusals, err := d.servers[i%2].Create(t.Context(), d.photog, a)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil && refusals == nil:
			admitted++
		case err == nil && refusals[0].Code == job.QuotaExceeded && refusals[0].Quota.Remaining == 0:
			turned++
		default:
			t.Errorf("%+v, %v", refusals, err)
		}
	})
	if admitted != room || turned != crowd-room {
		t.Errorf("%d admitted where there was room for %d, %d turned away", admitted, room, turned)
	}
}

func TestQuotasOfBytes(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	data := photo(t, 90)
	held := d.count(t, "SELECT image_bytes FROM job WHERE id = $1", d.Package.ID)
	heldByAll := d.count(t, "SELECT image_bytes FROM tenant WHERE id = $1", d.TenantID)
	for name, set := range map[string]func(limit int){
		"job": func(limit int) {
			d.Exec(t, "UPDATE tenant SET upload_job_bytes = $2 WHERE id = $1", d.TenantID, held+limit)
		},
		"studio": func(limit int) {
			d.Exec(t, "UPDATE tenant SET upload_tenant_bytes = $2 WHERE id = $1", d.TenantID, heldByAll+limit)
		},
	} {
		set(len(data) - 1)
		_, refusals, err := d.uploads.Create(t.Context(), d.photog, d.announcement(data))
		if err != nil || len(refusals) != 1 || refusals[0].Code != job.QuotaExceeded || !refusals[0].Quota.Bytes || refusals[0].Quota.Remaining != int64(len(data)-1) {
			t.Errorf("%s: %+v, %v", name, refusals, err)
		}
		set(1 << 30)
	}
	// It was announced in time, and the room has gone since.
	u := d.announce(t, d.photog, data)
	d.put(t, u, data)
	d.complete(t, d.photog, u)
	d.Exec(t, "UPDATE tenant SET upload_job_bytes = $2 WHERE id = $1", d.TenantID, held+len(data)-1)
	if u = d.take(t, u); u.State != transfer.Rejected || u.Rejection.Code != job.QuotaExceeded {
		t.Errorf("taken in past the quota: %+v", u)
	}
	if left := append(d.keys(t, "uploads/"), d.keys(t, "tenants/")...); left != nil {
		t.Errorf("left behind %q", left)
	}
}

func TestTheSweepLeavesWhatIsNeeded(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	small, big := photo(t, 100), large(t, 101, blob.MinPart+1)
	forgotten := d.announce(t, d.photog, small)
	d.put(t, forgotten, small)
	stopped := d.announce(t, d.photog, big)
	link := d.sign(t, d.photog, stopped, 1, pieces(big)[0])
	if status := send(t, link.URL, link.Headers, pieces(big)[0]); status != http.StatusOK {
		t.Fatal(status)
	}
	lost := d.announce(t, d.admin, small)
	d.put(t, lost, small)
	d.complete(t, d.admin, lost)
	d.queued = nil
	before := d.keys(t, "")
	for range 2 {
		d.sweep(t)
	}
	if after := d.keys(t, ""); !slices.Equal(before, after) || d.begun(t) != 1 || d.queued != nil {
		t.Fatalf("the sweep took what open uploads need: %q, then %q; %d begun", before, after, d.begun(t))
	}

	// A task that was lost is queued again, once.
	d.later(11 * time.Minute)
	var twice sync.WaitGroup
	for range 2 {
		twice.Go(func() {
			if err := d.uploads.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	twice.Wait()
	if !slices.Equal(d.queued, []id.ID{lost.ID}) {
		t.Errorf("queued again: %v", d.queued)
	}
	if got := d.take(t, lost); got.State != transfer.Ready {
		t.Fatalf("%+v", got)
	}

	// Whoever comes back within the day goes on; the other one's upload is over.
	d.later(23 * time.Hour)
	d.announce(t, d.photog, big)
	d.later(2 * time.Hour)
	for range 2 {
		d.sweep(t)
	}
	if got := d.read(t, forgotten); got.State != transfer.Expired {
		t.Errorf("forgotten: %s", got.State)
	}
	if got := d.read(t, stopped); got.State != transfer.Pending || d.begun(t) != 1 {
		t.Errorf("gone on with: %s, %d begun", got.State, d.begun(t))
	}
	if d.events()["upload_expired "] != 1 || d.failed != 0 {
		t.Errorf("%v, %d failures", d.events(), d.failed)
	}
	d.later(25 * time.Hour)
	d.sweep(t)
	if left := d.keys(t, "uploads/"); left != nil || d.begun(t) != 0 {
		t.Errorf("left behind: %q, %d begun", left, d.begun(t))
	}
}

// A link is good for a quarter of an hour, also after the picture was taken in: what is
// sent by it then changes nothing, and does not stay.
func TestAReplayChangesNothing(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	data := photo(t, 110)
	u := d.announce(t, d.photog, data)
	link, err := d.uploads.Link(u)
	if err != nil {
		t.Fatal(err)
	}
	if status := send(t, link.URL, link.Headers, data); status != http.StatusOK {
		t.Fatal(status)
	}
	d.complete(t, d.photog, u)
	u = d.take(t, u)
	if status := send(t, link.URL, link.Headers, photo(t, 111)); status < 400 {
		t.Errorf("another picture by the same link: %d", status)
	}
	if status := send(t, link.URL, link.Headers, data); status != http.StatusOK {
		t.Fatalf("the same again: %d", status)
	}
	d.Exec(t, "UPDATE upload SET ended_at = ended_at - interval '1 minute' WHERE id = $1", u.ID)
	d.sweep(t)
	if left := d.keys(t, "uploads/"); left != nil || d.events()["upload_replayed READY"] != 1 {
		t.Errorf("left %q, recorded %v", left, d.events())
	}
	if n := d.count(t, "SELECT count(*) FROM image WHERE sha256 = $1", u.SHA256[:]); n != 1 {
		t.Errorf("%d pictures", n)
	}
	if fresh, err := d.uploads.Link(d.read(t, u)); fresh != nil || err != nil {
		t.Errorf("a link after the end: %v, %v", fresh, err)
	}
}

// What nobody knows may be about to be written down; a day later it is not.
func TestStrangersAreSweptADayLater(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	key := "uploads/" + id.Upload.Format(id.New(time.Now()))
	if _, err := d.store.Begin(t.Context(), key, "image/jpeg"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.store.Put(t.Context(), key, "image/jpeg", []byte("x")); err != nil {
		t.Fatal(err)
	}
	d.sweep(t)
	if d.begun(t) != 1 || len(d.keys(t, "uploads/")) != 1 {
		t.Error("a stranger was swept at once")
	}
	d.later(25 * time.Hour)
	d.sweep(t)
	if d.begun(t) != 0 || len(d.keys(t, "uploads/")) != 0 {
		t.Error("a stranger stays")
	}
}

// An import gives its places out beforehand; an upload that comes in between gets none of them twice.
func TestNoTwoPicturesShareAPlace(t *testing.T) {
	t.Parallel()
	const many = 8
	d := newDepot(t)
	var waiting []*transfer.Upload
	for i := range many {
		data := photo(t, uint8(200+i))
		u := d.announce(t, d.photog, data)
		d.put(t, u, data)
		d.complete(t, d.photog, u)
		waiting = append(waiting, u)
		d.house.put(t, fmt.Sprintf("haus/%d.jpg", i), photo(t, uint8(220+i)))
	}
	run := d.start(t, d.Package.PublicID(), "haus")
	var group sync.WaitGroup
	for _, u := range waiting {
		group.Go(func() {
			if err := d.uploads.Take(t.Context(), u.ID); err != nil {
				t.Error(err)
			}
		})
	}
	group.Go(func() {
		if err := d.imports.Run(t.Context(), run.ID); err != nil {
			t.Error(err)
		}
	})
	group.Wait()
	images := d.count(t, "SELECT count(*) FROM image WHERE job_id = $1", d.Package.ID)
	places := d.count(t, "SELECT count(DISTINCT position) FROM image WHERE job_id = $1", d.Package.ID)
	if images != 6+2*many || places != images {
		t.Errorf("%d pictures at %d places, want %d", images, places, 6+2*many)
	}
}

// What is announced is spoken for: without a bound of their own a customer shuts the studio
// out of the job, and out of its whole storage, by announcements alone.
func TestACustomerCanNotSpeakForTheWholeJob(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	d.Exec(t, "UPDATE job SET customer_uploads = true WHERE id = $1", d.Package.ID)
	number := 0
	announce := func(v account.Viewer, number int) (*transfer.Upload, []job.Refusal) {
		t.Helper()
		u, refusals, err := d.uploads.Create(t.Context(), v, transfer.Announcement{
			JobID: d.Package.PublicID(), Filename: "a.jpg", ContentType: "image/jpeg", Size: 200 << 20, SHA256: fmt.Sprintf("%064x", number), Address: "somewhere",
		})
		if err != nil {
			t.Fatal(err)
		}
		return u, refusals
	}
	var last *transfer.Upload
	for number < 100 {
		number++
		u, refusals := announce(d.owner, number)
		if refusals != nil {
			t.Fatalf("number %d: %+v", number, refusals[0])
		}
		last = u
	}
	if _, refusals := announce(d.owner, 101); len(refusals) != 1 || refusals[0].Code != job.QuotaExceeded {
		t.Errorf("one more than a hundred: %+v", refusals)
	}
	if again, refusals := announce(d.owner, 100); refusals != nil || again.ID != last.ID {
		t.Errorf("one that is open already: %+v", refusals)
	}
	for more := range 5 { // as long as nobody else has spoken for the place
		if _, refusals := announce(d.photog, 200+more); refusals != nil {
			t.Errorf("the photographer: %+v", refusals)
		}
	}
	if _, _, err := d.uploads.Abort(t.Context(), d.owner, last.PublicID()); err != nil {
		t.Fatal(err)
	}
	if _, refusals := announce(d.owner, 101); refusals != nil {
		t.Errorf("after one was given up: %+v", refusals)
	}
}

// How many of a studio's wait to be taken in is told with each: whoever has many waits behind others.
func TestAnUploadIsQueuedBehindThoseOfItsStudio(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	finish := func(seed uint8) *transfer.Upload {
		data := photo(t, seed)
		u := d.announce(t, d.photog, data)
		if status := d.put(t, u, data); status != http.StatusOK {
			t.Fatalf("the store says %d", status)
		}
		u, _ = d.complete(t, d.photog, u)
		return u
	}
	d.announce(t, d.photog, photo(t, 199)) // not complete: it waits for nothing
	first := finish(200)
	finish(201)
	finish(202)
	d.take(t, first)
	finish(203)
	d.mu.Lock()
	defer d.mu.Unlock()
	if want := []int{0, 1, 2, 2}; !slices.Equal(d.aheads, want) {
		t.Errorf("queued behind %v, want %v", d.aheads, want)
	}
}
