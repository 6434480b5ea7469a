package matrix

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/id"
)

// tap is a connection that a stream is written to, frame by frame.
type tap struct {
	header http.Header
	status int
	text   bytes.Buffer
	frames chan string // what came, without comments
}

func (w *tap) Header() http.Header               { return w.header }
func (w *tap) SetWriteDeadline(time.Time) error  { return nil }
func (w *tap) WriteHeader(status int)            { w.status = status }
func (w *tap) Write(p []byte) (n int, err error) { return w.text.Write(p) }

// Flush takes what was written apart.
func (w *tap) Flush() {
	for {
		frame, err := w.text.ReadString('\n')
		if err != nil {
			w.text.WriteString(frame)
			return
		}
		if event, isEvent := strings.CutPrefix(frame, "event: "); isEvent {
			data, _ := w.text.ReadString('\n')
			w.frames <- strings.TrimSpace(event) + " " + strings.TrimSpace(strings.TrimPrefix(data, "data:"))
		}
	}
}

// stream is a subscription under way.
type stream struct {
	*tap
	ended chan struct{}
	leave func()
}

// watch subscribes. ctx says who.
func (a *api) watch(ctx context.Context, t *testing.T, handler http.Handler, body []byte) *stream {
	t.Helper()
	a.listen.Do(func() {
		listening, stop := context.WithCancel(context.Background())
		var ended sync.WaitGroup
		ended.Go(func() { a.resolver.Feed.Run(listening) })
		a.t.Cleanup(func() { stop(); ended.Wait() })
	})
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{tap: &tap{header: http.Header{}, frames: make(chan string, 1000)}, ended: make(chan struct{})}
	s.leave = func() { cancel(); <-s.ended }
	t.Cleanup(s.leave)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	go func() {
		defer close(s.ended)
		handler.ServeHTTP(s, r)
	}()
	return s
}

// next is the next event with its data; empty where the stream has ended.
func (s *stream) next(t *testing.T) string {
	t.Helper()
	select {
	case frame := <-s.frames:
		return frame
	case <-time.After(20 * time.Second):
		t.Fatal("no event came in 20 s")
	case <-s.ended:
		select {
		case frame := <-s.frames:
			return frame
		default:
		}
	}
	return ""
}

// firstEvent returns the refusal of a subscription, or the data of its first event; of one
// that asks for pictures or uploads that of a later one, which tells of the one among variables.
func (m *matrix) firstEvent(ctx context.Context, t *testing.T, handler http.Handler, body []byte, variables map[string]any) (status int, data string) {
	t.Helper()
	s := m.watch(ctx, t, handler, body)
	defer s.leave()
	event, isEvent := strings.CutPrefix(s.next(t), "next ")
	if !isEvent {
		return s.status, s.text.String()
	}
	asked := regexp.MustCompile(`(image|upload)s \{ (?:here: )?id`).FindSubmatch(body)
	if asked == nil {
		return s.status, event
	}
	kind, thing, _ := id.Parse(variables[string(asked[1])].(string))
	notice := map[id.Kind]string{id.Image: "SELECTION_CHANGED", id.Upload: "UPLOAD_CHANGED"}[kind]
	var jobID id.ID
	if err := m.db.Owner.QueryRow(t.Context(), "SELECT job_id FROM image WHERE id = $1 UNION ALL SELECT job_id FROM upload WHERE id = $1", thing).Scan(&jobID); err != nil {
		t.Fatal(err)
	}
	m.Exec(t, "SELECT pg_notify('pixgate_job', $1)", fmt.Sprintf("%s %s %s", notice, jobID, thing))
	for { // other ways have others told meanwhile
		event, isEvent = strings.CutPrefix(s.next(t), "next ")
		if !isEvent || strings.Contains(event, variables[string(asked[1])].(string)) || strings.Contains(event, `"errors"`) {
			return s.status, event
		}
	}
}
