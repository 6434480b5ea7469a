package drill_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// photo is a JPEG like no other seed's.
func photo(t *testing.T, seed int) []byte {
	t.Helper()
	const width, height = 600, 400
	canvas := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			canvas.SetRGBA(x, y, color.RGBA{uint8(x * (seed + 1) / 7), uint8(y), uint8((x ^ y) + seed), 255})
		}
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, canvas, nil); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// fetch follows a link into the storage.
func (h *house) fetch(t *testing.T, link string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal("the link can't be read")
	}
	response, err := h.outside.Do(r)
	if err != nil {
		t.Fatal("the storage does not answer") // the error would tell the link
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// From an empty installation to a customer with the pictures: commands, the admin
// with a bearer token, the customer with a browser.
func TestTheStudioDelivers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.run(t, "migrate")
	h.start(t)
	const adminMail, customer = "chef@studio.test", "anna@kunde.test"
	h.run(t, "admin", "grant", adminMail)
	admin := h.app().signIn(t, adminMail, 1, "the-admins-own-telephone")
	if role := admin.ask(t, "{ viewer { role } }", nil).fine(t).text("data", "viewer", "role"); role != "ADMIN" {
		t.Fatalf("the admin is %q", role)
	}
	made := admin.ask(t, createJob, map[string]any{"input": map[string]any{"customerEmail": customer, "title": "Villa am See", "includedImages": 1}}).fine(t)
	jobID := made.text("data", "createJob", "job", "id")

	pictures := map[string][]byte{"1 Küche.jpg": photo(t, 1), "2 Bad.jpg": photo(t, 2), "3 Keller.jpg": photo(t, 3)}
	for name, data := range pictures {
		h.put(t, "villa/"+name, data)
	}
	h.put(t, "villa/notes.txt", []byte("no picture"))
	h.imported(t, admin, jobID, "villa", 3, 1)
	for name, state := range map[string]string{"1 Küche.jpg": "INCLUDED", "3 Keller.jpg": "BLOCKED"} {
		h.exec(t, "UPDATE image SET selection_state = $2 WHERE filename = $1", name, state)
	}
	h.customerDownloads(t, customer, jobID, pictures)
}

const (
	createJob    = `mutation($input: CreateJobInput!) { createJob(input: $input) { job { id } userErrors { code } } }`
	importImages = `mutation($input: ImportImagesInput!) { importImages(input: $input) { import { id state } userErrors { code } } }`
	gallery      = `query($id: ID!) { job(id: $id) { title images(first: 10) { totalCount nodes {
		id filename sha256 size released selectionState deliveredAt downloadUrl previewUrl(size: SMALL) } } } }`
)

func (h *house) put(t *testing.T, name string, data []byte) {
	t.Helper()
	if _, err := h.store(t).Put(t.Context(), "tenants/studio/incoming/"+name, "application/octet-stream", data); err != nil {
		t.Fatal(err)
	}
}

// imported runs an import to its end.
func (h *house) imported(t *testing.T, admin *caller, jobID, prefix string, taken, refused int) {
	t.Helper()
	run := admin.ask(t, importImages, map[string]any{"input": map[string]any{"jobId": jobID, "prefix": prefix}}).fine(t).text("data", "importImages", "import", "id")
	var last *answer
	eventually(t, "the import is done", patience, func() bool {
		last = admin.ask(t, `query($id: ID!) { node(id: $id) { ... on Import { state found taken known refused { name code } } } }`, map[string]any{"id": run}).fine(t)
		return last.text("data", "node", "state") != "RUNNING"
	})
	if last.text("data", "node", "state") != "DONE" || last.find("data", "node", "taken") != float64(taken) || len(last.list("data", "node", "refused")) != refused {
		t.Fatalf("imported %s", last)
	}
}

// customerDownloads is the web app of somebody who comes for the first time.
func (h *house) customerDownloads(t *testing.T, email, jobID string, pictures map[string][]byte) {
	t.Helper()
	b := h.browser(t)
	challenge := b.challenge(t, email)
	entered, err := b.enter(challenge, h.mailed(t, email, 1), "")
	if err != nil {
		t.Fatal(err)
	}
	if entered.fine(t).find("data", "verifyOtp", "token") != nil {
		t.Error("a browser was told its token")
	}
	cookies := (&http.Response{Header: entered.header}).Cookies()
	for _, name := range []string{"__Host-pixgate", "__Host-pixgate-device"} {
		found := false
		for _, c := range cookies {
			found = found || c.Name == name && c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.Domain == "" && c.MaxAge > 0
		}
		if !found {
			t.Errorf("no cookie %s as the contract has it", name)
		}
	}
	if got := entered.header.Get("Access-Control-Allow-Origin"); got != web || entered.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("the web app can't read the answer: allowed origin %q", got)
	}
	if got := b.ask(t, "{ viewer { email role } }", nil).fine(t).text("data", "viewer", "email"); got != email {
		t.Fatalf("signed in as somebody else: %t", got != "")
	}
	jobs := b.ask(t, "{ jobs(first: 5) { totalCount nodes { id } } }", nil).fine(t)
	if len(jobs.list("data", "jobs", "nodes")) != 1 || jobs.text("data", "jobs", "nodes", 0, "id") != jobID {
		t.Fatalf("the job is not theirs: %s", jobs)
	}
	seen := b.ask(t, gallery, map[string]any{"id": jobID})
	if seen.status != 200 || len(seen.list("errors")) != 2 || seen.code() != "FORBIDDEN" || len(seen.list("data", "job", "images", "nodes")) != 3 {
		t.Fatalf("gallery: %s", seen)
	}
	for i := range 3 {
		node := []any{"data", "job", "images", "nodes", i}
		name, link, preview := seen.text(append(node, "filename")...), seen.text(append(node, "downloadUrl")...), seen.text(append(node, "previewUrl")...)
		released, blocked := name == "1 Küche.jpg", name == "3 Keller.jpg"
		if (link != "") != released || (preview != "") == blocked || pictures[name] == nil {
			t.Errorf("%s: link %t, preview %t", name, link != "", preview != "")
		}
		if preview != "" {
			response, body := h.fetch(t, preview)
			if shown, err := jpeg.DecodeConfig(bytes.NewReader(body)); err != nil || response.StatusCode != 200 || shown.Width > 480 {
				t.Errorf("%s: preview %d, %d wide, %v", name, response.StatusCode, shown.Width, err)
			}
		}
		picture := seen.text(append(node, "id")...)
		if !released {
			b.get(t, http.MethodGet, "/images/"+picture+"/download").refused(t, 403, "FORBIDDEN")
			b.ask(t, "query($id: ID!) { image(id: $id) { downloadUrl } }", map[string]any{"id": picture}).refused(t, 403, "FORBIDDEN")
			continue
		}
		h.downloads(t, link, name, seen.text(append(node, "sha256")...), pictures[name])
		if head := b.get(t, http.MethodHead, "/images/"+picture+"/download"); head.status != 303 || head.header.Get("Location") != "" {
			t.Errorf("HEAD: %d", head.status)
		}
		route := b.without("Origin").get(t, http.MethodGet, "/images/"+picture+"/download")
		if route.status != http.StatusSeeOther {
			t.Fatalf("the route: %s", route)
		}
		h.downloads(t, route.header.Get("Location"), name, seen.text(append(node, "sha256")...), pictures[name])
	}
	if n := h.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 1 {
		t.Errorf("%d pictures delivered, want 1", n)
	}

	host, err := url.Parse(api)
	if err != nil {
		t.Fatal(err)
	}
	before := b.jar.Cookies(host)
	b.ask(t, "mutation { logout { ok } }", nil).fine(t)
	for _, c := range b.jar.Cookies(host) {
		if c.Name == "__Host-pixgate" {
			t.Error("logout left the cookie")
		}
	}
	b.jar.SetCookies(host, before) // a thief's copy
	b.ask(t, "{ jobs { totalCount } }", nil).refused(t, 401, "UNAUTHENTICATED")
	if a := b.ask(t, "{ viewer { id } }", nil).fine(t); a.find("data", "viewer") != nil {
		t.Error("the session outlived logout")
	}
}

// downloads checks that a link leads to the very bytes, under their name.
func (h *house) downloads(t *testing.T, link, name, sum string, want []byte) {
	t.Helper()
	response, body := h.fetch(t, link)
	hash := sha256.Sum256(body)
	if response.StatusCode != 200 || !bytes.Equal(body, want) || hex.EncodeToString(hash[:]) != sum {
		t.Errorf("%s: %d, %d bytes of %d", name, response.StatusCode, len(body), len(want))
	}
	disposition := response.Header.Get("Content-Disposition")
	if !strings.HasPrefix(disposition, "attachment") || !strings.Contains(disposition, url.PathEscape(name)) {
		t.Errorf("%s: Content-Disposition %q", name, disposition)
	}
	if got := response.Header.Get("Content-Type"); got != "image/jpeg" {
		t.Errorf("%s: Content-Type %q", name, got)
	}
}

func TestThePhone(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	const secret = "the-phones-own-secret-made-once"
	phone := h.app().signIn(t, h.Owner.Email, 1, secret)
	who := func(c *caller) *answer { return c.ask(t, "{ viewer { email } jobs { totalCount } }", nil) }
	for _, c := range []*caller{phone, phone.with("X-Device-Id", secret)} {
		if a := who(c).fine(t); a.text("data", "viewer", "email") != h.Owner.Email || a.find("data", "jobs", "totalCount") != 2.0 {
			t.Errorf("the phone: %s", a)
		}
	}
	stolen := phone.with("X-Device-Id", h.Owner.Device)
	who(stolen).refused(t, 403, "DEVICE_MISMATCH")
	stolen.get(t, http.MethodGet, "/images/"+h.All.Image("INCLUDED")+"/download").refused(t, 403, "DEVICE_MISMATCH")
	who(phone).fine(t) // the third would end the session, as it does here
	other := h.as(h.Other)
	for range 3 {
		who(other.with("X-Device-Id", secret)).refused(t, 403, "DEVICE_MISMATCH")
	}
	who(other).refused(t, 401, "UNAUTHENTICATED")
	without, err := phone.without("Authorization").graphql(verifyOtp, map[string]any{"input": map[string]any{"challengeId": "x", "code": "123456", "transport": "TOKEN"}})
	if err != nil || without.code() != "VALIDATION_FAILED" {
		t.Errorf("a token for no device: %v, %s", err, without)
	}
	phone.ask(t, "mutation { logout { ok } }", nil).fine(t)
	who(phone).refused(t, 401, "UNAUTHENTICATED")
	phone.get(t, http.MethodGet, "/images/"+h.All.Image("INCLUDED")+"/download").refused(t, 401, "UNAUTHENTICATED")
	if a := who(h.as(h.Owner)); a.status != 200 {
		t.Errorf("the other device was signed out, too: %s", a)
	}
}

func TestARefusedMemberIsToldAfterTheRightCode(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	sessions := h.count(t, "SELECT count(*) FROM session")
	for _, c := range []struct{ email, code string }{{h.Blocked.Email, "ACCOUNT_BLOCKED"}, {h.Expired.Email, "MEMBERSHIP_EXPIRED"}} {
		for _, device := range []string{"", "a-device-like-any-other"} {
			b := h.browser(t)
			n := h.count(t, "SELECT count(*) FROM login_code WHERE email_key = $1", c.email) + 1
			challenge := b.challenge(t, c.email)
			code := h.mailed(t, c.email, n)
			bad, err := b.enter(challenge, wrong(code), device)
			if err != nil {
				t.Fatal(err)
			}
			bad.refused(t, 401, "OTP_INVALID")
			a, err := b.enter(challenge, code, device)
			if err != nil {
				t.Fatal(err)
			}
			a.refused(t, 403, c.code)
			if len(a.header["Set-Cookie"]) > 0 {
				t.Errorf("%s: a cookie", c.code)
			}
			h.exec(t, "UPDATE login_code SET created_at = created_at - interval '2 minutes'")
		}
	}
	if n := h.count(t, "SELECT count(*) FROM session"); n != sessions {
		t.Errorf("%d sessions were made", n-sessions)
	}
}

// What the studio decides holds from the very next request on.
func TestTheNextRequestKnows(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	for _, c := range []struct {
		who    *caller
		job    string
		image  string
		change string
		arg    any
		status int
		code   string
	}{
		{h.as(h.Owner), h.All.PublicID(), h.All.Image("INCLUDED"), "UPDATE account SET blocked_at = now() WHERE id = $1", h.Owner.AccountID, 403, "ACCOUNT_BLOCKED"},
		{h.as(h.Other), h.OtherJob.PublicID(), h.OtherJob.Image("INCLUDED"), "UPDATE account SET valid_until = now() WHERE id = $1", h.Other.AccountID, 403, "MEMBERSHIP_EXPIRED"},
		{h.as(h.Photographer), h.All.PublicID(), h.All.Image("INCLUDED"), "UPDATE device SET removed_at = now() WHERE id = $1", h.Photographer.DeviceID, 401, "UNAUTHENTICATED"},
		{h.as(h.Admin), h.All.PublicID(), h.All.Image("INCLUDED"), "UPDATE account SET role = 'CUSTOMER' WHERE id = $1", h.Admin.AccountID, 401, "UNAUTHENTICATED"},
		{h.as(h.Operator), h.All.PublicID(), h.All.Image("INCLUDED"), "UPDATE session SET expires_at = created_at + interval '1 microsecond' WHERE id = $1", h.Operator.SessionID, 401, "UNAUTHENTICATED"},
		{h.as(h.Foreigner), h.ForeignJob.PublicID(), h.ForeignJob.Image("INCLUDED"), "UPDATE device SET last_seen_at = now() - interval '31 days' WHERE id = $1", h.Foreigner.DeviceID, 401, "UNAUTHENTICATED"},
	} {
		id := map[string]any{"id": c.image}
		c.who.ask(t, "query($id: ID!) { image(id: $id) { downloadUrl } }", id).fine(t)
		h.exec(t, c.change, c.arg)
		c.who.ask(t, "query($id: ID!) { image(id: $id) { downloadUrl } }", id).refused(t, c.status, c.code)
		c.who.ask(t, "query($id: ID!) { node(id: $id) { id } }", map[string]any{"id": c.job}).refused(t, c.status, c.code)
		c.who.ask(t, "{ jobs { totalCount } }", nil).refused(t, c.status, c.code)
		c.who.ask(t, createJob, map[string]any{"input": map[string]any{"customerEmail": "a@b.test", "title": "x"}}).refused(t, c.status, c.code)
		c.who.get(t, http.MethodGet, "/images/"+c.image+"/download").refused(t, c.status, c.code)
		if head := c.who.get(t, http.MethodHead, "/images/"+c.image+"/download"); head.status != c.status {
			t.Errorf("%s: HEAD %d", c.code, head.status)
		}
	}
	h.as(h.Owner).ask(t, "mutation { logout { ok } }", nil).fine(t) // blocked, and still may go
	h.as(h.Owner).ask(t, "{ jobs { totalCount } }", nil).refused(t, 401, "UNAUTHENTICATED")
}

// The same address in two studios is two people.
func TestTwoStudios(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	owner, foreigner := h.as(h.Owner), h.as(h.Foreigner)
	studio := func(c *caller) string {
		return c.ask(t, "{ viewer { tenant { slug } } }", nil).text("data", "viewer", "tenant", "slug")
	}
	if studio(owner) != "studio" || studio(foreigner) != "foreign" {
		t.Fatal("they are not at home in their own studios")
	}
	owner.at(foreign).ask(t, "{ viewer { id } }", nil).refused(t, 401, "UNAUTHENTICATED")
	foreigner.at(api).ask(t, "{ viewer { id } }", nil).refused(t, 401, "UNAUTHENTICATED")
	foreigner.at(api).with("Origin", foreign).ask(t, "{ viewer { id } }", nil).refused(t, 401, "UNAUTHENTICATED")
	owner.at(foreign).get(t, http.MethodGet, "/images/"+h.All.Image("INCLUDED")+"/download").refused(t, 401, "UNAUTHENTICATED")

	// A cookie of one studio, carried to the other.
	b := h.browser(t).signIn(t, h.Owner.Email, 1, "")
	here, there := mustURL(t, api), mustURL(t, foreign)
	b.jar.SetCookies(there, b.jar.Cookies(here))
	away := b.at(foreign).with("Origin", foreign)
	if a := away.ask(t, "{ viewer { id } }", nil).fine(t); a.find("data", "viewer") != nil {
		t.Errorf("a session of another studio: %s", a)
	}
	if a := b.ask(t, "{ viewer { id } }", nil).fine(t); a.find("data", "viewer") == nil {
		t.Error("the session at home has gone")
	}

	// A challenge of one studio, answered at the other.
	h.exec(t, "UPDATE login_code SET created_at = created_at - interval '2 minutes'")
	app := h.app()
	challenge := app.challenge(t, h.Owner.Email)
	code := h.mailed(t, h.Owner.Email, 2)
	a, err := app.at(foreign).enter(challenge, code, "a-device-like-any-other")
	if err != nil {
		t.Fatal(err)
	}
	a.refused(t, 401, "OTP_INVALID")
	signedIn := h.app().at(foreign).signIn(t, h.Foreigner.Email, 3, "another-device-elsewhere")
	if got := studio(signedIn); got != "foreign" {
		t.Errorf("signed in to %q", got)
	}
	if a := signedIn.ask(t, "{ jobs { nodes { id } } }", nil).fine(t); fmt.Sprint(a.list("data", "jobs", "nodes")) != fmt.Sprintf("[map[id:%s]]", h.ForeignJob.PublicID()) {
		t.Errorf("jobs there: %s", a)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
