package drill_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pixgate/internal/dev/process"
	"pixgate/internal/job"
)

// before builds the version that testdata/before names. A clone without its history has
// none.
func before(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/before")
	if err != nil {
		t.Fatal(err)
	}
	commit, _, _ := strings.Cut(string(text), " ")
	if out, err := exec.Command("git", "cat-file", "-e", commit+"^{commit}").CombinedOutput(); err != nil {
		t.Skipf("the version before, %.12s, is not in this clone: %s", commit, bytes.TrimSpace(out))
	}
	dir := t.TempDir()
	archive := filepath.Join(dir, "source.tar")
	for _, command := range [][]string{
		{"git", "-C", "../../..", "archive", "--output", archive, commit}, // from the top, whatever folder we are in
		{"tar", "-x", "-f", archive, "-C", dir},
		{"go", "build", "-C", dir, "-buildvcs=false", "-o", filepath.Join(dir, "before"), "."},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", command, err, out)
		}
	}
	return filepath.Join(dir, "before")
}

// While servers are replaced one by one, those of the version before work on the new
// tables, beside new ones: each sees what the other did, and no task is lost on the one
// that doesn't know it.
func TestTheVersionBeforeWorksOnTheNewTables(t *testing.T) {
	t.Parallel()
	program := before(t)
	h := newHouse(t)
	h.people(t)
	port, err := process.Free(0)
	if err != nil {
		t.Fatal(err)
	}
	older := h.serve(t, program, fmt.Sprintf("127.0.0.1:%d", port))
	t.Cleanup(older.child.Kill)
	eventually(t, "the version before answers", patience, func() bool { return alive(older.url) })

	// Each act once by the one and once by the other.
	for n, at := range []string{older.url, h.server.url} {
		other := []string{h.server.url, older.url}[n]
		owner, admin := h.as(h.Owner).at(at), h.as(h.Admin).at(at)
		seen := owner.ask(t, `query($id: ID!) { job(id: $id) { images(first: 10) { nodes { id selectionState previewUrl } } } }`, map[string]any{"id": h.Package.PublicID()}).fine(t)
		if nodes := seen.list("data", "job", "images", "nodes"); len(nodes) != 6 {
			t.Fatalf("the gallery: %s", seen)
		}
		if paid := owner.ask(t, imageLink, map[string]any{"id": h.Package.Image(job.ExtraPaid)}).fine(t); paid.text("data", "image", "downloadUrl") == "" {
			t.Errorf("no link: %s", paid)
		}
		owner.ask(t, imageLink, map[string]any{"id": h.Package.Image(job.Blocked)}).refused(t, 403, "FORBIDDEN")
		h.as(h.Other).at(at).ask(t, jobByID, map[string]any{"id": h.Package.PublicID()}).refused(t, 403, "FORBIDDEN")

		const choose = `mutation($input: SelectImagesInput!) { selectImages(input: $input) { changes { newState } userErrors { code } } }`
		picture := h.Package.Image(job.None)
		chosen := owner.ask(t, choose, map[string]any{"input": map[string]any{"jobId": h.Package.PublicID(), "imageIds": []string{picture}, "selected": n == 0}}).fine(t)
		state := []string{"INCLUDED", "NONE"}[n]
		if chosen.text("data", "selectImages", "changes", 0, "newState") != state {
			t.Errorf("chosen: %s", chosen)
		}
		if told := h.as(h.Owner).at(other).ask(t, `query($id: ID!) { image(id: $id) { selectionState } }`, map[string]any{"id": picture}).fine(t); told.text("data", "image", "selectionState") != state {
			t.Errorf("the other server says %s", told)
		}
		admin.ask(t, `mutation($input: SetSelectionStateInput!) { setSelectionState(input: $input) { userErrors { code } } }`,
			map[string]any{"input": map[string]any{"imageIds": []string{h.Package.Image(job.ExtraPending)}, "selectionState": []string{"EXTRA_FREE", "EXTRA_PENDING"}[n], "reason": "upgrade"}}).fine(t)

		made := admin.ask(t, createJob, map[string]any{"input": map[string]any{"customerEmail": h.Other.Email, "title": fmt.Sprint("Haus ", n), "includedImages": 3}}).fine(t)
		h.put(t, fmt.Sprintf("upgrade%d/1.jpg", n), photo(t, 200+n))
		h.imported(t, admin, made.text("data", "createJob", "job", "id"), fmt.Sprintf("upgrade%d", n), 1, 0)

		// Asked for at the one, entered at the other.
		email := fmt.Sprintf("new%d@kunde.test", n)
		challenge := h.app().at(at).challenge(t, email)
		entered, err := h.app().at(other).enter(challenge, h.mailed(t, email, 1), fmt.Sprintf("a-telephone-of-somebody-%d", n))
		if err != nil {
			t.Fatal(err)
		}
		token := entered.fine(t).text("data", "verifyOtp", "token")
		h.note("token", token)
		for _, url := range []string{at, other} {
			h.app().at(url).with("Authorization", "Bearer "+token).ask(t, "{ viewer { email } }", nil).fine(t)
		}
	}

	// Tasks that only the new version knows, while both look for tasks.
	const bookings = 5
	const book = `mutation($input: CreateBookingInput!) { createBooking(input: $input) { booking { id } userErrors { code } } }`
	day := time.Now().AddDate(0, 0, 14).Format("2006-01-02")
	for n := range bookings {
		booked := h.as(h.Idle).at(h.server.url).ask(t, book, map[string]any{"input": map[string]any{"address": fmt.Sprint("Weg ", n), "package": "small", "preferredDates": []string{day}}}).fine(t)
		if len(booked.list("data", "createBooking", "userErrors")) > 0 {
			t.Fatalf("%s", booked)
		}
	}
	h.exec(t, "UPDATE task.river_job SET scheduled_at = now() WHERE state = 'retryable'") // one that the wrong server took waits for a second
	mailed := func() (n int) {
		for _, m := range h.mail.Messages() {
			if strings.Contains(m.To[0], h.Idle.Email) {
				n++
			}
		}
		return n
	}
	eventually(t, "a mail for each booking", patience, func() bool { return mailed() >= bookings })

	if err := syscall.Kill(older.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-older.child.Done()
	if code := older.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the version before ended with %d", code)
	}
	h.run(t, "audit", "verify")
	if n := mailed(); n != bookings {
		t.Errorf("%d mails for %d bookings", n, bookings)
	}
}
