package drill_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
)

// watching is a subscription that is open.
type watching struct {
	status int
	lines  *bufio.Scanner
	leave  func()
}

// watch subscribes to a job.
func (c *caller) watch(j *cast.Job) (*watching, error) {
	ctx, cancel := context.WithCancel(context.Background())
	query := envelope("subscription($job: ID!) { jobEvents(jobId: $job) { kind job { title } } }", map[string]any{"job": j.PublicID()})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/graphql", bytes.NewReader(query))
	if err != nil {
		cancel()
		return nil, err
	}
	r.Header = c.header.Clone()
	r.Header.Set("Content-Type", mediaJSON)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set(fromHeader, c.from)
	answer, err := c.h.front.RoundTrip(r)
	if err != nil {
		cancel()
		return nil, err
	}
	return &watching{status: answer.StatusCode, lines: bufio.NewScanner(answer.Body), leave: func() { cancel(); answer.Body.Close() }}, nil
}

// next is the data of the next event; empty at the end.
func (w *watching) next() string {
	for w.lines.Scan() {
		if data, ok := strings.CutPrefix(w.lines.Text(), "data: "); ok {
			return data
		}
	}
	return ""
}

// Fifty clients come and go, through a proxy, while a job changes all the time; one of
// them is blocked. Afterwards the server is as if nobody had been there.
func TestACrowdOfWatchers(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	title := func(text string) { h.exec(t, "UPDATE job SET title = $2 WHERE id = $1", h.Package.ID, text) }
	first, err := h.as(h.Owner).watch(h.Package)
	if err != nil || first.status != 200 || !strings.Contains(first.next(), "RESYNC") {
		t.Fatalf("the first one: %v\n%s", err, h.log())
	}
	first.leave()
	h.eventuallyOpen(t, 0)
	before := h.measured(t, "go_goroutines")

	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	var crowd sync.WaitGroup
	var heard, refused atomic.Int64
	for n := range 50 {
		c := h.as([]*cast.Person{h.Owner, h.Photographer, h.Admin, h.Operator}[n%4])
		crowd.Go(func() {
			for ctx.Err() == nil {
				w, err := c.watch(h.Package)
				if err != nil {
					t.Errorf("watch: %v", err)
					return
				}
				switch w.status {
				case http.StatusOK:
					for range 3 {
						if w.next() != "" {
							heard.Add(1)
						}
					}
				case http.StatusTooManyRequests:
					refused.Add(1)
				default:
					t.Errorf("watch: %d", w.status)
				}
				w.leave()
			}
		})
	}
	gone := make(chan struct{})
	go func() { defer close(gone); crowd.Wait() }()
	for n, all := 0, false; !all; n++ { // whoever waits for an event gets one
		title(fmt.Sprint("Haus ", n))
		select {
		case <-gone:
			all = true
		default:
		}
	}
	if heard.Load() < 100 || refused.Load() == 0 {
		t.Errorf("%d events were heard, %d streams refused past ten of an account", heard.Load(), refused.Load())
	}
	h.eventuallyOpen(t, 0)
	eventually(t, "the goroutines of those who left", 30*time.Second, func() bool { return h.measured(t, "go_goroutines") < before+25 })

	last, err := h.as(h.Photographer).watch(h.Package)
	if err != nil || last.status != 200 || last.next() == "" {
		t.Fatalf("after all that: %v", err)
	}
	defer last.leave()
	h.exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", h.Photographer.AccountID)
	if got := last.next(); !strings.Contains(got, `"code":"ACCOUNT_BLOCKED"`) || last.next() != "" {
		t.Errorf("blocked, and told %s", got)
	}
}

// measured is a number of the server's metrics.
func (h *house) measured(t *testing.T, name string) int {
	t.Helper()
	address := ""
	for line := range strings.Lines(h.said.String()) {
		var told struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &told) == nil && told.Msg == "metrics" {
			address = told.Address
		}
	}
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + name + ` (\d+)$`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("no %s in the metrics", name)
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (h *house) eventuallyOpen(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d open streams", n), 20*time.Second, func() bool { return h.measured(t, "pixgate_streams_open") == n })
}
