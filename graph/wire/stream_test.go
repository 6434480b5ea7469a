package wire_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"pixgate/graph/wire"
	"pixgate/graph/wire/testschema"
)

const mediaStream = "text/event-stream"

// source gives what is sent to it: a number, or an error that ends it.
type source struct {
	events chan any
	closed chan struct{}
}

func newSource(events ...any) *source {
	s := &source{events: make(chan any, len(events)), closed: make(chan struct{})}
	for _, event := range events {
		s.events <- event
	}
	return s
}

// late is an event that fails when it is prepared, broken one whose field fails.
type (
	late   struct{ error }
	broken struct{ err error }
)

func (s *source) Next(ctx context.Context) (wire.Event, error) {
	select {
	case event := <-s.events:
		if err, ended := event.(error); ended {
			if it, isLate := event.(late); isLate {
				return func(context.Context) (context.Context, error) { return nil, it.error }, nil
			}
			if _, isSlow := event.(slow); isSlow {
				return func(ctx context.Context) (context.Context, error) {
					<-ctx.Done()
					return context.WithValue(ctx, testschema.Tick{}, 0), nil
				}, nil
			}
			return nil, err
		}
		if field, fails := event.(broken); fails {
			event = field.err
		}
		return func(ctx context.Context) (context.Context, error) {
			return context.WithValue(ctx, testschema.Tick{}, event), nil
		}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *source) Close() { close(s.closed) }

// feeding are options whose subscriptions are fed by s.
func feeding(s *source) wire.Options {
	o := options(nil)
	o.Subscribe = func(context.Context, *graphql.OperationContext) (wire.Source, error) { return s, nil }
	return o
}

// refused is an error with a code.
func refused(code string) *gqlerror.Error {
	return &gqlerror.Error{Message: "refused", Extensions: map[string]any{"code": code}}
}

// second is what a machine under load needs for a handshake, and a stream outlives.
const second = time.Second

const ticks = `{"query":"subscription { ticks }"}`

// outlived serves for HTTP/1.1 and HTTP/2, with a timeout that a stream outlives.
func outlived(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.WriteTimeout = second
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func open(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(ticks))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", mediaJSON)
	r.Header.Set("Accept", mediaStream)
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { got.Body.Close() })
	return got
}

// Both protocols, past the server's timeouts, with signs of life between the events.
func TestAStream(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := newSource()
			o := feeding(s)
			o.Heartbeat, o.Patience = 10*time.Millisecond, second
			server := outlived(t, wire.New(o))
			client := server.Client()
			if protocol == "HTTP/1.1" {
				transport := client.Transport.(*http.Transport).Clone()
				transport.TLSClientConfig.NextProtos, transport.ForceAttemptHTTP2 = []string{"http/1.1"}, false
				client = &http.Client{Transport: transport}
				t.Cleanup(transport.CloseIdleConnections)
			}
			got := open(t, client, server.URL)
			if got.Proto != protocol || got.StatusCode != 200 {
				t.Fatalf("%s %d", got.Proto, got.StatusCode)
			}
			for name, want := range map[string]string{"Content-Type": mediaStream, "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
				if value := got.Header.Get(name); value != want {
					t.Errorf("%s: %q, want %q", name, value, want)
				}
			}
			lines := bufio.NewScanner(got.Body)
			for beats := 0; beats < 150; { // more than a second
				if !lines.Scan() {
					t.Fatalf("the stream ended after %d signs of life: %v", beats, lines.Err())
				}
				if lines.Text() == ":" {
					beats++
				}
			}
			go func() {
				for _, event := range []any{1, 2, refused("ACCOUNT_BLOCKED")} {
					s.events <- event
				}
			}()
			var text string
			for lines.Scan() {
				if line := lines.Text(); line != "" && line != ":" {
					text += line + "\n"
				}
			}
			want := "event: next\ndata: {\"data\":{\"ticks\":1}}\nevent: next\ndata: {\"data\":{\"ticks\":2}}\n" +
				"event: next\ndata: {\"errors\":[{\"message\":\"refused\",\"extensions\":{\"code\":\"ACCOUNT_BLOCKED\"}}]}\nevent: complete\ndata:\n"
			if text != want || lines.Err() != nil {
				t.Errorf("got %v\n%s", lines.Err(), text)
			}
			<-s.closed
		})
	}
}

// endless gives events of which there is nothing to tell, one right after the other, and once
// last is closed, or after very many, one that is told.
type endless struct {
	last  chan struct{}
	given int
}

func (s *endless) Next(context.Context) (wire.Event, error) {
	tick := 0
	s.given++
	select {
	case <-s.last:
		tick = 7
	default:
		if s.given > 500_000 {
			tick = 7
		}
	}
	return func(ctx context.Context) (context.Context, error) {
		return context.WithValue(ctx, testschema.Tick{}, tick), nil
	}, nil
}

func (s *endless) Close() {}

// A subscriber must not learn that there was something: nothing is sent, and signs of life come as if nothing had been.
func TestWhatIsNothingToASubscriberIsNotNoticed(t *testing.T) {
	t.Parallel()
	s := &endless{last: make(chan struct{})}
	o := feeding(nil)
	o.Subscribe = func(context.Context, *graphql.OperationContext) (wire.Source, error) { return s, nil }
	o.Heartbeat = 10 * time.Millisecond
	server := outlived(t, wire.New(o))
	lines := bufio.NewScanner(open(t, server.Client(), server.URL).Body)
	for beats := 0; lines.Scan(); {
		switch line := lines.Text(); {
		case line == ":":
			if beats++; beats == 10 {
				close(s.last)
			}
		case strings.HasPrefix(line, "data:"):
			if line != `data: {"data":{"ticks":7}}` || beats < 10 {
				t.Errorf("after %d signs of life: %s", beats, line)
			}
			return
		}
	}
	t.Errorf("the stream ended: %v", lines.Err())
}

// slow is an event that is prepared for as long as it may be.
type slow struct{ error }

// An event that was late may have had something to tell: it is not passed over in silence.
func TestAnEventThatIsLateIsTrouble(t *testing.T) {
	t.Parallel()
	o := feeding(newSource(slow{}))
	o.Timeout = second
	server := outlived(t, wire.New(o))
	text, err := io.ReadAll(open(t, server.Client(), server.URL).Body)
	if err != nil || !strings.Contains(string(text), `"code":"UNAVAILABLE"`) || strings.Contains(string(text), "complete") {
		t.Errorf("got %v\n%s", err, text)
	}
}

// How a stream ends says whether it is worth coming again: without "complete" clients do.
func TestTheEndOfAStream(t *testing.T) {
	t.Parallel()
	const told, complete = `event: next
data: {"errors":[{"message":"refused","extensions":{"code":"%"}}]}

`, "event: complete\ndata:\n\n"
	for name, one := range map[string]struct {
		event any
		want  string
	}{
		"a process that stops":                  {wire.ErrEnded, ""},
		"a refusal":                             {refused("UNAUTHENTICATED"), strings.Replace(told, "%", "UNAUTHENTICATED", 1) + complete},
		"trouble of ours":                       {refused("UNAVAILABLE"), strings.Replace(told, "%", "UNAVAILABLE", 1)},
		"a refusal when it is read":             {late{refused("FORBIDDEN")}, strings.Replace(told, "%", "FORBIDDEN", 1) + complete},
		"trouble when it is read":               {late{refused("UNAVAILABLE")}, strings.Replace(told, "%", "UNAVAILABLE", 1)},
		"an error that nobody may read":         {errors.New(testschema.LeakText), strings.NewReplacer("refused", "Something went wrong.", "%", "INTERNAL").Replace(told)},
		"a root field that fails":               {broken{refused("FORBIDDEN")}, strings.NewReplacer(`"refused"`, `"refused","path":["ticks"],"locations":[{"line":1,"column":16}]`, "%", "FORBIDDEN").Replace(told) + complete},
		"a root field that fails with a secret": {broken{errors.New(testschema.LeakText)}, strings.NewReplacer(`"refused"`, `"Something went wrong.","path":["ticks"],"locations":[{"line":1,"column":16}]`, "%", "INTERNAL").Replace(told)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := outlived(t, wire.New(feeding(newSource(one.event))))
			got := open(t, server.Client(), server.URL)
			text, err := io.ReadAll(got.Body)
			if err != nil || strings.TrimPrefix(string(text), ":\n\n") != one.want {
				t.Errorf("got %v\n%q, want\n%q", err, text, one.want)
			}
		})
	}
}

// What is refused before the first event is an answer of its own.
func TestSubscriptionsAreRefusedByStatus(t *testing.T) {
	t.Parallel()
	for code, status := range refusals {
		for _, at := range []string{"guard", "source"} {
			o := feeding(nil)
			if at == "guard" {
				o.Guard = func(context.Context, *graphql.OperationContext) gqlerror.List { return gqlerror.List{refused(code)} }
				o.Subscribe = func(context.Context, *graphql.OperationContext) (wire.Source, error) {
					t.Errorf("%s: a source was opened for who is refused", code)
					return nil, refused(code)
				}
			} else {
				o.Subscribe = func(context.Context, *graphql.OperationContext) (wire.Source, error) { return nil, refused(code) }
			}
			var heard string
			o.Refused = func(_ context.Context, code string) { heard = code }
			got := do(t, wire.New(o), post(ticks, "Accept", mediaStream))
			if got.status != status || got.code() != code || got.Data != nil || heard != code || got.header.Get("Content-Type") != mediaGraphQL+"; charset=utf-8" {
				t.Errorf("%s by the %s: %d %v %s, heard %q", code, at, got.status, got.header, got.body, heard)
			}
		}
	}
}

func TestWhoIsAnsweredByAStream(t *testing.T) {
	t.Parallel()
	o := feeding(nil)
	o.Subscribe = func(context.Context, *graphql.OperationContext) (wire.Source, error) {
		return nil, refused("RATE_LIMITED")
	}
	h := wire.New(o)
	for _, one := range []struct {
		accept, query string
		status        int
	}{
		{mediaStream, "subscription { ticks }", 429},
		{mediaStream + ", " + mediaJSON, "subscription { ticks }", 429},
		{mediaGraphQL + ", " + mediaJSON + ", " + mediaStream + ", multipart/mixed", "subscription { ticks }", 429},
		{"TEXT/EVENT-STREAM;q=0.1", "subscription { ticks }", 429},
		{mediaStream + ";q=0, " + mediaJSON, "subscription { ticks }", 406},
		{"", "subscription { ticks }", 406},
		{"*/*", "subscription { ticks }", 406},
		{"text/*, " + mediaJSON, "subscription { ticks }", 406},
		{mediaJSON, "subscription { ticks }", 406},
		{mediaStream, "{ ok }", 406},
		{mediaStream + ", " + mediaJSON, "{ ok }", 200},
		{mediaStream, "subscription { ticks", 400},
		{mediaStream, "subscription { tocks }", 400},
		{mediaStream + ", " + mediaJSON, "subscription { tocks }", 200}, // as for queries: the older type answers so
		{mediaStream, "subscription { ticks __typename }", 400},
		{mediaStream, "subscription { a: ticks " + strings.Repeat("b: ticks ", 40) + "}", 400},
	} {
		got := do(t, h, post(`{"query":"`+one.query+`"}`, "Accept", one.accept))
		if got.status != one.status {
			t.Errorf("%q under %q: %d %s, want %d", one.query, one.accept, got.status, got.body, one.status)
		}
	}
	get := do(t, h, request(http.MethodGet, "/graphql?query=subscription+%7B+ticks+%7D", "", "Accept", mediaStream))
	if get.status != 403 || get.code() != "CSRF_FAILED" {
		t.Errorf("GET, as a link on any page does it: %d %s", get.status, get.body)
	}
	if get := do(t, h, request(http.MethodGet, "/graphql?query=subscription+%7B+ticks+%7D", "", "Accept", mediaStream, "GraphQL-Require-Preflight", "1")); get.status != 429 {
		t.Errorf("GET as a program does it: %d %s", get.status, get.body)
	}
}

// Nothing is streamed where the timeouts of the server would cut it.
func TestAConnectionThatKeepsItsTimeoutsGetsNoStream(t *testing.T) {
	t.Parallel()
	s := newSource(1)
	if got := do(t, wire.New(feeding(s)), post(ticks, "Accept", mediaStream)); got.status != 500 || got.code() != "INTERNAL" {
		t.Errorf("%d %s", got.status, got.body)
	}
	<-s.closed
}

func TestWhoLeavesIsForgotten(t *testing.T) {
	t.Parallel()
	s := newSource(1)
	server := outlived(t, wire.New(feeding(s)))
	got := open(t, server.Client(), server.URL)
	if _, err := io.ReadFull(got.Body, make([]byte, 20)); err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	<-s.closed
}

// Who does not read holds a connection and a place: not for longer than patience.
func TestWhoDoesNotReadIsLeft(t *testing.T) {
	t.Parallel()
	s := newSource()
	o := feeding(s)
	o.Patience = 100 * time.Millisecond
	server := httptest.NewServer(wire.New(o))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	body := `{"query":"subscription { ` + strings.Repeat("a", 8<<10) + `: ticks }"}`
	r := request(http.MethodPost, server.URL, body, "Content-Type", mediaJSON, "Accept", mediaStream)
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case s.events <- 1:
		case <-s.closed:
			return
		}
	}
}
