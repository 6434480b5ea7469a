package bench_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/bench"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/job"
)

// subscriber is one stream that is read to its end.
type subscriber struct {
	body   io.Closer
	events chan time.Time // when each came
}

func subscribe(b *testing.B, url string, who *cast.Person, j *cast.Job) *subscriber {
	b.Helper()
	body, err := json.Marshal(map[string]any{
		"query": "subscription($job: ID!) { jobEvents(jobId: $job) { kind job { package { used } } images { id selectionState } } }", "variables": map[string]string{"job": j.PublicID()},
	})
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+who.Token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		b.Fatalf("subscribe: %d", answer.StatusCode)
	}
	s := &subscriber{body: answer.Body, events: make(chan time.Time, 100)}
	go func() {
		defer close(s.events)
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "data: {") {
				s.events <- time.Now()
			}
		}
	}()
	if _, alive := <-s.events; !alive {
		b.Fatal("a stream ended before its first event")
	}
	return s
}

// BenchmarkStreams has 1,000 idle subscribers at one server, and measures how long a choice
// made there takes to ten subscribers of its job there and ten at another server: from
// before the request that makes it.
func BenchmarkStreams(b *testing.B) {
	const idle, watchers = 1000, 10
	db := stage.Database(b)
	c := cast.New(b, db.Owner)
	here, there := startServer(b, db), startServer(b, db)
	var admins []*cast.Person
	for n := range (idle + 2*watchers) / 10 {
		admins = append(admins, c.Person(b, c.TenantID, fmt.Sprintf("admin-%d@example.com", n), account.Admin))
	}
	subscribe(b, here.URL, c.Owner, c.All)
	before := memory(b, here)
	var all sync.WaitGroup
	for n := range idle {
		all.Go(func() { subscribe(b, here.URL, admins[n/10], c.OtherJob) })
		if n%20 == 19 {
			all.Wait()
		}
	}
	held := memory(b, here) - before

	near, far := make([]*subscriber, watchers), make([]*subscriber, watchers)
	for n := range watchers {
		near[n], far[n] = subscribe(b, here.URL, admins[idle/10], c.Package), subscribe(b, there.URL, admins[idle/10+1], c.Package)
	}
	var took struct{ answer, near, far []time.Duration }
	selected := false
	for b.Loop() {
		selected = !selected
		began := time.Now()
		choose(b, here, c, selected)
		took.answer = append(took.answer, time.Since(began))
		for _, s := range near {
			took.near = append(took.near, (<-s.events).Sub(began))
		}
		for _, s := range far {
			took.far = append(took.far, (<-s.events).Sub(began))
		}
	}
	b.ReportMetric(float64(held)/(1<<20), "MiB/1000streams")
	for name, all := range map[string][]time.Duration{"answer": took.answer, "here": took.near, "there": took.far} {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
}

func memory(b *testing.B, p *bench.Process) int64 {
	b.Helper()
	held, err := p.Memory()
	if err != nil {
		b.Fatal(err)
	}
	return held
}

func choose(b *testing.B, p *bench.Process, c *cast.Cast, selected bool) {
	b.Helper()
	body, err := json.Marshal(map[string]any{
		"query":     "mutation($input: SelectImagesInput!) { selectImages(input: $input) { userErrors { code } } }",
		"variables": map[string]any{"input": map[string]any{"jobId": c.Package.PublicID(), "imageIds": []string{c.Package.Image(job.None)}, "selected": selected}},
	})
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, p.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.Owner.Token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK || bytes.Contains(text, []byte("code")) {
		b.Fatalf("choose: %d %v %s", answer.StatusCode, err, text)
	}
}
