package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
)

// The database goes and comes back under load: each answer is the right one or a
// 503 that says when to come again, and nobody has to start anything anew.
func TestADatabaseThatComesBackIsFoundAgain(t *testing.T) {
	t.Parallel()
	db, postgres := stage.PrivateDatabase(t)
	people := cast.New(t, db.Owner)
	p := start(t, settings(t, db, nil))
	bearer := "Authorization: Bearer " + people.Owner.Token
	ask := func() answer {
		return p.ask(t, `{ viewer { email } jobs(first: 2) { nodes { id title } } }`, nil, bearer)
	}
	right := ask()
	if right.Status != http.StatusOK || right.Errors != nil {
		t.Fatalf("%d %v", right.Status, right.Errors)
	}

	var away, again atomic.Int64 // answers of either kind since the last change
	loaded, unload := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for loaded.Err() == nil {
				switch got := ask(); {
				case got.Status == http.StatusOK && got.Errors == nil && reflect.DeepEqual(got.Data, right.Data):
					again.Add(1)
				case got.Status == http.StatusServiceUnavailable && got.Header.Get("Retry-After") != "" && got.Data == nil && got.Errors[0].Extensions.Code == "UNAVAILABLE":
					away.Add(1)
				default:
					t.Errorf("%d %v %s", got.Status, got.Errors, got.Data)
				}
			}
		})
	}
	defer load.Wait()
	defer unload()
	until(t, "answers under load", func() bool { return again.Load() > 20 })
	if err := postgres.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	away.Store(0)
	until(t, "503 without a database", func() bool { return away.Load() > 20 })
	if status, body := p.get(t, "/readyz"); status != http.StatusServiceUnavailable || body != "degraded\n" {
		t.Errorf("/readyz without a database: %d %q", status, body)
	}
	if status, _ := p.get(t, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz without a database: %d", status)
	}
	if err := postgres.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	again.Store(0)
	until(t, "answers after the restart", func() bool { return again.Load() > 20 })
	if status, _ := p.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz after the restart: %d", status)
	}
}

// Who stops the server does not stop the requests that are under way.
func TestARequestUnderWayIsAnsweredBeforeTheEnd(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	env := settings(t, db, nil)
	command(t, env, "migrate")
	p := start(t, env)
	const body = `{"query":"{ viewer { email } }"}`
	first, rest, _ := strings.Cut(body, "viewer")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") { // the handler has begun to read
		t.Fatalf("%q %v", line, err)
	}
	fmt.Fprint(conn, first)
	ended := make(chan error, 1)
	go func() { ended <- p.stop() }()
	until(t, "the stop", func() bool { return strings.Contains(p.log.String(), `"msg":"stopping"`) })
	fmt.Fprint(conn, "viewer"+rest)
	if line, err := answers.ReadString('\n'); err != nil || line != "\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || string(got) != `{"data":{"viewer":null}}` {
		t.Errorf("%d %q %v", response.StatusCode, got, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
}

// until waits for something that other goroutines bring about.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !happened(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
