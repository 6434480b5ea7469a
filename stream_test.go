package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/job"
)

// stream is a subscription, as a client reads it.
type stream struct {
	http  *http.Response
	lines *bufio.Scanner
}

// watch subscribes to a job as somebody, with headers given as "Name: value".
func (p *program) watch(t *testing.T, j *cast.Job, headers ...string) *stream {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"query":     "subscription($job: ID!) { jobEvents(jobId: $job) { kind job { title } images { id } } }",
		"variables": map[string]string{"job": j.PublicID()},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return &stream{http: answer, lines: bufio.NewScanner(answer.Body)}
}

// next is the next event, or how the answer ends.
func (s *stream) next() string {
	event := ""
	for s.lines.Scan() {
		line := s.lines.Text()
		switch name, value, _ := strings.Cut(line, ":"); {
		case name == "event":
			event = strings.TrimSpace(value)
		case name == "data":
			return strings.TrimSpace(event + " " + strings.TrimSpace(value))
		case line != "" && line != ":":
			return line
		}
	}
	if err := s.lines.Err(); err != nil {
		return err.Error()
	}
	return "end"
}

// Two servers share a database. What happens at one is told at the other, and so is a sign-out.
func TestSubscriptionsAcrossServers(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	here, there := start(t, settings(t, db, nil)), start(t, settings(t, db, nil))
	owner := "Authorization: Bearer " + people.Owner.Token
	s := there.watch(t, people.Package, owner, "Origin: http://pix.test")
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Access-Control-Allow-Origin": "http://pix.test", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"} {
		if got := s.http.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := s.next(); s.http.StatusCode != 200 || !strings.HasPrefix(got, `next {"data":{"jobEvents":{"kind":"RESYNC"`) {
		t.Fatalf("%d %s", s.http.StatusCode, got)
	}
	chosen := here.ask(t, "mutation($input: SelectImagesInput!) { selectImages(input: $input) { userErrors { code } } }", map[string]any{"input": map[string]any{
		"jobId": people.Package.PublicID(), "imageIds": []string{people.Package.Image(job.None)}, "selected": true,
	}}, owner)
	if chosen.Status != 200 || len(chosen.Errors) > 0 {
		t.Fatalf("selectImages: %d %v", chosen.Status, chosen.Errors)
	}
	if got := s.next(); !strings.Contains(got, `"kind":"SELECTION_CHANGED"`) || !strings.Contains(got, people.Package.Image(job.None)) {
		t.Errorf("chosen at one server, told at the other: %s", got)
	}
	for _, one := range []struct {
		headers []string
		code    string
		status  int
	}{
		{nil, "UNAUTHENTICATED", 401},
		{[]string{"Authorization: Bearer " + people.Other.Token}, "FORBIDDEN", 403},
		{[]string{"Authorization: Bearer " + people.Blocked.Token}, "ACCOUNT_BLOCKED", 403},
		{[]string{"Authorization: Bearer " + people.Removed.Token}, "UNAUTHENTICATED", 401},
		{[]string{"Cookie: pixgate=" + people.Owner.Token, "Origin: http://evil.test"}, "CSRF_FAILED", 403},
		{[]string{"Cookie: pixgate=" + people.Owner.Token, "Origin: http://pix.test"}, "CSRF_FAILED", 403},
		{[]string{owner, "X-Device-Id: another-device-than-the-session's"}, "DEVICE_MISMATCH", 403},
	} {
		refused := there.watch(t, people.Package, one.headers...)
		if got := refused.next(); refused.http.StatusCode != one.status || !strings.Contains(got, `"code":"`+one.code+`"`) || strings.Contains(refused.http.Header.Get("Content-Type"), "stream") {
			t.Errorf("%q: %d %s, want %d %s", one.headers, refused.http.StatusCode, got, one.status, one.code)
		}
	}
	if out := here.ask(t, "mutation { logout { ok } }", nil, owner); out.Status != 200 {
		t.Fatalf("logout: %d", out.Status)
	}
	if got := s.next(); !strings.Contains(got, `"code":"UNAUTHENTICATED"`) || strings.Contains(got, "data\":{") {
		t.Errorf("signed out at one server, told at the other: %s", got)
	}
	if got := []string{s.next(), s.next()}; got[0] != "complete" || got[1] != "end" {
		t.Errorf("then %q", got)
	}
}

// A browser's session watches as it asks: with its cookie, and the token that proves whose page it shows.
func TestABrowserWatchesAndTheMonitorCountsIt(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	people.Exec(t, "UPDATE session SET transport = 'COOKIE' WHERE id = $1", people.Owner.SessionID)
	p := start(t, settings(t, db, nil))
	s := p.watch(t, people.All, p.proof(t, "pixgate="+people.Owner.Token)...)
	if got := s.next(); s.http.StatusCode != 200 || !strings.Contains(got, "RESYNC") || s.http.Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Fatalf("%d %s", s.http.StatusCode, got)
	}
	until(t, "the metrics of a stream that is open", func() bool {
		_, metrics := p.watched(t, "/metrics")
		return strings.Contains(metrics, "pixgate_streams_open 1\n") && strings.Contains(metrics, `pixgate_part_up{part="events"} 1`)
	})
	s.http.Body.Close()
	until(t, "the metrics of a stream that is over", func() bool { // and of no request that took as long as it was open
		_, metrics := p.watched(t, "/metrics")
		return strings.Contains(metrics, "pixgate_streams_open 0\n") && strings.Contains(metrics, `pixgate_http_requests_total{method="POST",route="/graphql stream",status="200"} 1`)
	})
}

// Streams don't end by themselves: they must not hold up a server that stops, and who reads
// one should know to come again.
func TestAServerThatStopsEndsItsStreamsFirst(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	p := start(t, settings(t, db, nil))
	s := p.watch(t, people.Package, "Authorization: Bearer "+people.Owner.Token)
	s.next()
	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if got := s.next(); got != "end" {
		t.Errorf("told %q, want a plain end", got)
	}
	if said := p.log.String(); !strings.Contains(said, `"route":"/graphql","status":200`) || strings.Contains(said, "cut off") {
		t.Errorf("the log says\n%s", said)
	}
}

// The example in docs is a client as anybody writes one.
func TestTheExampleWatchesAJob(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	db := stage.Database(t)
	people := cast.New(t, db.Owner)
	p := start(t, settings(t, db, nil))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "docs/examples/watch-job.mjs", people.Package.PublicID())
	cmd.Env = append(cmd.Environ(), "PIXGATE_URL="+p.url, "PIXGATE_TOKEN="+people.Photographer.Token)
	cmd.Stderr = &bytes.Buffer{}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, step := range []struct{ sql, want string }{
		{"", `RESYNC "Job of owner@example.com" OPEN, 1 of 100`},
		{"UPDATE job SET title = 'Haus am See' WHERE id = $1", `JOB_CHANGED "Haus am See" OPEN, 1 of 100`},
		{"UPDATE image SET selection_state = 'INCLUDED' WHERE job_id = $1 AND position = 0", `SELECTION_CHANGED "Haus am See" OPEN, 2 of 100`},
		{"SELECT FROM job WHERE id = $1", "  Küche 1.jpg INCLUDED, released"},
		// Cut: it comes again, and is told to look again.
		{"SELECT pg_terminate_backend(pid) FROM pg_stat_activity, job WHERE application_name LIKE '%feed' AND datname = current_database() AND job.id = $1", `RESYNC "Haus am See" OPEN, 2 of 100`},
		{"UPDATE job SET photographer_id = NULL WHERE id = $1", "FORBIDDEN: You have no access to this, or it does not exist."},
	} {
		if step.sql != "" {
			if _, err := db.Pool.Exec(ctx, step.sql, people.Package.ID); err != nil {
				t.Fatal(err)
			}
		}
		if !lines.Scan() || lines.Text() != step.want {
			t.Fatalf("after %q it prints %q, want %q\n%s", step.sql, lines.Text(), step.want, cmd.Stderr)
		}
	}
	if lines.Scan() {
		t.Errorf("and then %q", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v\n%s", err, cmd.Stderr)
	}
}
