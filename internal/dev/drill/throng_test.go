package drill_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// throng is what people do with a fleet, and what they were told.
type throng struct {
	f *fleet
	t *testing.T

	choosers []*cast.Person // each with a job of their own
	choices  []*cast.Job
	archive  []byte // what the archive of zipJob must be
	zipJob   string
	zipEtag  string
	folder   string
	sums     map[string]string // of the pictures in it
	pushers  *pushers

	mu       sync.Mutex
	chosen   map[string]string // the state that a picture must be in, by its id
	unsure   map[string]bool   // pictures whose last choice was not answered
	acts     []string          // reasons of acts that were confirmed
	booked   []string          // ids of bookings that were confirmed
	tokens   []string
	asked    map[string]bool // mailboxes whose code was promised
	archives int
	resumed  int
	waited   int // for places that a killed server had
	heard    int
	streams  int
	searched int
	uploaded int
	mails    int
	doubled  int
	lost     int
}

func (f *fleet) prepare(t *testing.T) *throng {
	t.Helper()
	l := &throng{f: f, t: t, chosen: map[string]string{}, unsure: map[string]bool{}, asked: map[string]bool{}}
	for n := range 3 {
		p := f.Person(t, f.TenantID, fmt.Sprintf("chooser%d@example.com", n), account.Customer)
		f.know(p)
		l.choosers, l.choices = append(l.choosers, p), append(l.choices, f.Job(t, p, f.Photographer, false))
		for position := range 20 {
			f.Image(t, f.TenantID, l.choices[n].ID, 100+position, job.None)
		}
	}
	f.fillFolder(t)
	l.zipJob = f.filled(t, f.Owner, "fleet", fleetPictures)
	l.pushers = f.newPushers(t, "fleet", fleetPictures)
	whole := f.as(f.Owner).get(t, http.MethodGet, "/jobs/"+l.zipJob+"/download.zip")
	if whole.status != http.StatusOK || len(whole.body) < 32<<20 {
		t.Fatalf("the archive: %d, %d bytes", whole.status, len(whole.body))
	}
	l.archive, l.zipEtag = whole.body, whole.header.Get("ETag")
	f.house.mu.Lock()
	f.house.answers = nil // that one is no text
	f.house.mu.Unlock()
	if _, err := exec.LookPath("node"); err == nil {
		l.folder, l.sums = folder(t, 60)
	} else {
		t.Log("there is no node here: nothing is uploaded")
	}
	return l
}

const fleetPictures = 4

// fillFolder puts pictures where they can be imported from, with 8 MiB of comments before each.
func (f *fleet) fillFolder(t *testing.T) {
	t.Helper()
	for n := range fleetPictures {
		data := photo(t, 300+n)
		comment := bytes.Repeat(append([]byte{0xff, 0xfe, 0xff, 0xff}, bytes.Repeat([]byte{byte(n)}, 0xffff-2)...), 8<<20/0xffff)
		f.put(t, fmt.Sprintf("fleet/%d.jpg", n), append(append(append([]byte{}, data[:2]...), comment...), data[2:]...))
	}
}

// filled is a job of somebody's with all pictures of a folder, released.
func (f *fleet) filled(t *testing.T, p *cast.Person, folder string, pictures int) string {
	t.Helper()
	made := f.as(f.Admin).ask(t, createJob, map[string]any{"input": map[string]any{"customerEmail": p.Email, "title": "Haus", "allImagesIncluded": true}}).fine(t)
	jobID := made.text("data", "createJob", "job", "id")
	f.imported(t, f.as(f.Admin), jobID, folder, pictures, 0)
	return jobID
}

// work is what is done at the same time.
func (l *throng) work() []func(context.Context) {
	all := []func(context.Context){l.signIns, l.signIns, l.look, l.look, l.act, l.book, l.search, l.download, l.download, l.watch, l.upload}
	for n := range l.choosers {
		all = append(all, func(ctx context.Context) { l.choose(ctx, n) })
	}
	return append(all, l.pushers.work()...)
}

// pause waits as long as people do, or until the end.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d): // the load is what is drawn
	case <-ctx.Done():
	}
}

var mailboxes = make(chan int) // numbers of new mailboxes

func init() {
	go func() {
		for n := 0; ; n++ {
			mailboxes <- n
		}
	}()
}

// newcomers is how many are let in by mail: a studio's mails to new addresses end at 500 a day,
// and who asks past that is promised a code like everybody else.
const newcomers = 450

func (l *throng) signIns(ctx context.Context) {
	for ctx.Err() == nil {
		l.mu.Lock()
		enough := len(l.asked) >= newcomers
		l.mu.Unlock()
		if enough {
			return
		}
		email := fmt.Sprintf("fleet%d@kunde.test", <-mailboxes)
		l.f.note("address", email)
		c := l.f.app()
		a, err := c.graphql(requestOtp, map[string]any{"input": map[string]any{"email": email}})
		if !l.f.told("requestOtp", a, err) {
			continue // with another mailbox: this one may have its code or not
		}
		l.mu.Lock()
		l.asked[email] = true
		l.mu.Unlock()
		waiting, cancel := context.WithTimeout(ctx, 3*time.Second)
		letter, err := l.f.mail.Wait(waiting, email, 1)
		cancel()
		if err != nil {
			continue // whoever had the task was killed: judge waits for the mail
		}
		device := "the-telephone-of-" + email
		challenge := a.text("data", "requestOtp", "challengeId")
		a, err = c.enter(challenge, sixDigits.FindString(letter.Text), device)
		if l.f.told("verifyOtp", a, err) {
			token := a.text("data", "verifyOtp", "token")
			l.f.note("token", token)
			l.mu.Lock()
			l.tokens = append(l.tokens, token)
			l.mu.Unlock()
		}
		pause(ctx, 50*time.Millisecond)
	}
}

func (l *throng) look(ctx context.Context) {
	c, stranger := l.f.as(l.f.Owner), l.f.as(l.f.Other)
	for ctx.Err() == nil {
		a, err := c.graphql(`query($id: ID!) { viewer { email } jobs(first: 5) { nodes { id } } job(id: $id) { images(first: 10) { nodes { id previewUrl } } } }`,
			map[string]any{"id": l.f.All.PublicID()})
		if l.f.told("look", a, err) {
			l.f.must(a.text("data", "viewer", "email") == l.f.Owner.Email && len(a.list("data", "job", "images", "nodes")) == 6, "looked at %s", a)
		}
		a, err = stranger.graphql(jobByID, map[string]any{"id": l.f.Package.PublicID()})
		l.f.must(err != nil || a.status >= 500 || a.code() == "FORBIDDEN", "a stranger reads %s", a)
		pause(ctx, 20*time.Millisecond)
	}
}

// choose chooses pictures and takes them back, as nobody else does in that job.
func (l *throng) choose(ctx context.Context, n int) {
	c, j := l.f.as(l.choosers[n]), l.choices[n]
	var pictures []string
	a, err := c.graphql(`query($id: ID!) { job(id: $id) { images(first: 50, filter: { selectionState: [NONE] }) { nodes { id } } } }`, map[string]any{"id": j.PublicID()})
	if err != nil || a.status != http.StatusOK {
		l.f.must(false, "nothing to choose from")
		return
	}
	for i := range a.list("data", "job", "images", "nodes") {
		pictures = append(pictures, a.text("data", "job", "images", "nodes", i, "id"))
	}
	for round := 0; ctx.Err() == nil; round++ {
		picture, selected := pictures[round%len(pictures)], round/len(pictures)%2 == 0
		a, err := c.graphql(`mutation($input: SelectImagesInput!) { selectImages(input: $input) { changes { newState } userErrors { code } } }`,
			map[string]any{"input": map[string]any{"jobId": j.PublicID(), "imageIds": []string{picture}, "selected": selected}})
		l.mu.Lock()
		if l.f.told("selectImages", a, err) {
			l.chosen[picture] = map[bool]string{true: "INCLUDED", false: "NONE"}[selected]
			delete(l.unsure, picture)
		} else {
			l.unsure[picture] = true
		}
		l.mu.Unlock()
		pause(ctx, 10*time.Millisecond)
	}
}

// act does what admins do, each time for a reason of its own.
func (l *throng) act(ctx context.Context) {
	c := l.f.as(l.f.Admin)
	for n := 0; ctx.Err() == nil; n++ {
		reason := fmt.Sprintf("act %d of the fleet", n)
		a, err := c.graphql(`mutation($input: SetIncludedImagesInput!) { setIncludedImages(input: $input) { userErrors { code } } }`,
			map[string]any{"input": map[string]any{"jobId": l.f.Package.PublicID(), "includedImages": 50 + n%40, "reason": reason}})
		if l.f.told("setIncludedImages", a, err) {
			l.mu.Lock()
			l.acts = append(l.acts, reason)
			l.mu.Unlock()
		}
		pause(ctx, 30*time.Millisecond)
	}
}

// book books as often as the limit lets somebody.
func (l *throng) book(ctx context.Context) {
	day, c := time.Now().AddDate(0, 0, 14).Format(time.DateOnly), l.f.as(l.f.Idle)
	for n := 0; ctx.Err() == nil; n++ {
		a, err := c.graphql(`mutation($input: CreateBookingInput!) { createBooking(input: $input) { booking { id } userErrors { code } } }`,
			map[string]any{"input": map[string]any{"address": fmt.Sprint("Weg ", n), "package": cast.PackageKey, "preferredDates": []string{day}}})
		if err == nil && a.status == http.StatusTooManyRequests {
			pause(ctx, 200*time.Millisecond)
			continue
		}
		if l.f.told("createBooking", a, err) && a.text("data", "createBooking", "booking", "id") != "" {
			l.mu.Lock()
			l.booked = append(l.booked, a.text("data", "createBooking", "booking", "id"))
			l.mu.Unlock()
		}
	}
}

// search asks without pausing, to be refused.
func (l *throng) search(ctx context.Context) {
	c := l.f.as(l.f.Admin)
	for ctx.Err() == nil {
		a, err := c.graphql(`{ accounts(first: 1, filter: { text: "own" }) { nodes { id } } }`, nil)
		if err == nil && a.status == http.StatusTooManyRequests {
			pause(ctx, 20*time.Millisecond)
			continue
		}
		if l.f.told("search", a, err) {
			l.mu.Lock()
			l.searched++
			l.mu.Unlock()
		}
	}
}

// download fetches the archive slowly, and goes on where it was cut.
func (l *throng) download(ctx context.Context) {
	c := l.f.as(l.f.Owner)
	for ctx.Err() == nil {
		var got []byte
		for failed := 0; len(got) < len(l.archive) && ctx.Err() == nil; {
			rest, status, after, err := l.piece(ctx, c, len(got))
			got = append(got, rest...)
			if err == nil && status == http.StatusTooManyRequests && after > 0 && after <= 5*time.Second {
				l.mu.Lock()
				l.waited++
				l.mu.Unlock()
				pause(ctx, after)
				continue
			}
			if err == nil && (status == http.StatusOK || status == http.StatusPartialContent) {
				continue
			}
			if failed++; failed > 50 || err == nil && status < 500 {
				l.f.must(false, "an archive goes on with %d after %d bytes: %v", status, len(got), err)
				return
			}
			l.mu.Lock()
			l.resumed++
			l.mu.Unlock()
			pause(ctx, 100*time.Millisecond)
		}
		l.f.must(ctx.Err() != nil || bytes.Equal(got, l.archive), "an archive is another one: %d bytes of %d", len(got), len(l.archive))
		l.f.must(bytes.HasPrefix(l.archive, got), "a part of an archive is another one")
		if ctx.Err() == nil {
			l.mu.Lock()
			l.archives++
			l.mu.Unlock()
		}
	}
}

// piece reads the archive from a byte on, at no more than 12 MiB a second.
func (l *throng) piece(ctx context.Context, c *caller, from int) (got []byte, status int, after time.Duration, err error) {
	var headers []string
	if from > 0 {
		headers = []string{fmt.Sprintf("Range: bytes=%d-", from), "If-Range: " + l.zipEtag}
	}
	var body bytes.Buffer
	_, status, after, err = l.f.read(ctx, c, "/jobs/"+l.zipJob+"/download.zip", func(r io.Reader) error {
		for {
			_, err := io.CopyN(&body, r, 256<<10)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			pause(ctx, 20*time.Millisecond)
		}
	}, headers...)
	if status == http.StatusOK && from > 0 {
		return nil, status, after, nil
	}
	return body.Bytes(), status, after, err
}

// watch subscribes to what the admin changes, anew whenever it is cut.
func (l *throng) watch(ctx context.Context) {
	c := l.f.as(l.f.Photographer)
	for ctx.Err() == nil {
		w, err := c.watch(l.f.Package)
		if err != nil || w.status != http.StatusOK {
			l.f.must(err != nil || w.status >= 500, "a stream is refused")
			pause(ctx, 50*time.Millisecond)
			continue
		}
		stop := context.AfterFunc(ctx, w.leave)
		first := w.next()
		l.f.must(first == "" || strings.Contains(first, "RESYNC"), "a stream begins with %.100s", first)
		n := 0
		for w.next() != "" {
			n++
		}
		stop()
		w.leave()
		l.mu.Lock()
		l.heard += n
		l.streams++
		l.mu.Unlock()
	}
}

// upload runs the example until all is there, be it after the end.
func (l *throng) upload(context.Context) {
	if l.folder == "" {
		return
	}
	said := &transcript{}
	for tries := 0; ; tries++ {
		err := l.f.node(l.t, l.folder, said).Wait()
		if err == nil {
			return
		}
		if tries == 10 {
			l.f.must(false, "the folder can't be uploaded: %v\n%s", err, said)
			return
		}
	}
}

// lose counts something that was confirmed and is not there.
func (l *throng) lose(format string, args ...any) {
	l.lost++
	l.f.must(false, "lost: "+format, args...)
}

// rescue lets the others take up what a killed server had begun: they do so by themselves
// half a minute later. No task of the living takes so long.
func (l *throng) rescue(t *testing.T) {
	t.Helper()
	l.f.exec(t, `UPDATE task.river_job SET state = 'available', scheduled_at = now() WHERE kind IN ('login_mail', 'booking_mail', 'image_upload')
		AND (state = 'retryable' OR state = 'running' AND attempted_at < now() - interval '10 seconds')`)
}

// judge compares what people were told with what is there.
func (l *throng) judge(t *testing.T) {
	t.Helper()
	eventually(t, "no task is left", patience, func() bool {
		l.rescue(t)
		return l.f.count(t, "SELECT count(*) FROM task.river_job WHERE state IN ('running', 'available', 'retryable') AND kind IN ('login_mail', 'booking_mail', 'image_upload')") == 0
	})
	for picture, state := range l.chosen {
		imageID, ok := id.Image.Parse(picture)
		if !ok {
			t.Fatalf("%q is no picture", picture)
		}
		if !l.unsure[picture] && l.f.count(t, "SELECT count(*) FROM image WHERE id = $1 AND selection_state = $2", imageID, state) != 1 {
			l.lose("a picture is not %s", state)
		}
	}
	for n, j := range l.choices {
		if wrong := l.f.count(t, `SELECT count(*) FROM image i JOIN LATERAL (SELECT new_state FROM selection_event e WHERE e.image_id = i.id ORDER BY e.at DESC, e.id DESC LIMIT 1) last ON true
			WHERE i.job_id = $1 AND last.new_state <> i.selection_state`, j.ID); wrong != 0 {
			l.lose("%d pictures of chooser %d are not in the state that was written down last", wrong, n)
		}
	}
	for _, reason := range l.acts {
		if n := l.f.count(t, "SELECT count(*) FROM audit_entry WHERE reason = $1", reason); n != 1 {
			l.lose("%q stands in the audit log %d times", reason, n)
		}
	}
	for _, booking := range l.booked {
		bookingID, ok := id.Booking.Parse(booking)
		if !ok {
			t.Fatalf("%q is no booking", booking)
		}
		if l.f.count(t, "SELECT count(*) FROM booking WHERE id = $1", bookingID) != 1 {
			l.lose("a booking")
		}
	}
	l.f.must(len(l.booked) <= 2*5, "%d bookings, and the limit is 5", len(l.booked)) // a busy Redis is passed by for a moment, and then each server counts alone
	for n, s := range l.f.servers {
		l.f.must(alive(s.url), "server %d does not answer, and nobody has killed it", n)
	}
	c := l.f.app()
	for _, token := range l.tokens {
		var a *answer
		for try := 1; ; try++ { // looking twice harms nothing; the report tells what was cut
			var err error
			if a, err = c.with("Authorization", "Bearer "+token).graphql("{ viewer { id } }", nil); err == nil {
				break
			}
			l.f.told("look at the end", nil, err)
			if try == 3 {
				t.Fatalf("the servers can't be asked: %v\n%s", err, l.f.log())
			}
		}
		if a.status != http.StatusOK || a.text("data", "viewer", "id") == "" {
			l.lose("a session: %s", a)
		}
	}
	most := 2 * (30 + int(duration(t).Minutes()*30))
	l.f.must(l.searched <= most, "%d searches, which is more than twice the limit", l.searched)
	l.pushers.judge(2, duration(t))
	l.judgeMails()
	l.judgeUploads(t)
}

// judgeMails wants a mail for each promise. The one documented case of a second: a server
// dies between SES's answer and writing that down, with what it had under way.
func (l *throng) judgeMails() {
	sent := map[string]int{}
	for _, m := range l.f.mail.Messages() {
		if strings.HasPrefix(m.To[0], "fleet") {
			sent[m.To[0]]++
			l.mails++
		}
	}
	for email := range l.asked {
		if sent[email] == 0 {
			l.lose("the mail to somebody whose code was promised")
		}
	}
	for _, n := range sent {
		l.doubled += n - 1
	}
	l.f.must(l.doubled <= 2*l.f.kills, "%d mails came twice after %d kills", l.doubled, l.f.kills) // two people ask at a time
}

func (l *throng) judgeUploads(t *testing.T) {
	t.Helper()
	store := l.f.store(t)
	for sum, name := range l.sums {
		var key string
		raw, err := hex.DecodeString(sum)
		if err != nil {
			t.Fatal(err)
		}
		if n := l.f.count(t, "SELECT count(*) FROM image WHERE job_id = $1 AND sha256 = $2", l.f.Package.ID, raw); n != 1 {
			l.lose("%s is there %d times", name, n)
			continue
		}
		if err := l.f.db.Owner.QueryRow(t.Context(), "SELECT object_key FROM image WHERE job_id = $1 AND sha256 = $2", l.f.Package.ID, raw).Scan(&key); err != nil {
			t.Fatal(err)
		}
		body, _, err := store.Get(t.Context(), key, blob.GetOptions{})
		if err != nil {
			l.lose("%s: %v", name, err)
			continue
		}
		_, err = io.Copy(io.Discard, body) // what is there was hashed when it was taken
		body.Close()
		if err != nil {
			l.lose("%s: %v", name, err)
			continue
		}
		l.uploaded++
	}
}
