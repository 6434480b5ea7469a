package edge

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/logs"
)

// exchange is what the gates know about one request and its answer.
type exchange struct {
	id       string         // 128 random bits, hexadecimal
	template string         // of the route, such as /images/{id}/download; empty: no such route
	answer   *answer        // what has been sent so far
	client   netip.Addr     // where it comes from
	tenant   account.Tenant // which studio it is for; zero: not known yet
	homeless error          // why there is no studio
	account  id.ID          // who asks; zero: nobody, or not known yet
	count    func() error   // counts it by whoever sent it; nil: it has been, or is not counted
	// How people are refused who look at a page of ours, false: as programs are. nil: so is everybody.
	page func(w http.ResponseWriter, r *http.Request, status int, judged *fault.Error) bool

	mu      sync.Mutex // of what fields of the API may tell side by side
	refused fault.Code // what the whole of it was refused with; empty: it was not
	detail  string     // more about it: the name of a list
	limit   gate.Name  // that refused it, or a part of it
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	return r.Context().Value(exchangeKey{}).(*exchange) // e.record is always the first gate
}

// record gives the request its id, and writes one event when it is over: route
// templates, never paths or queries.
func (e *edge) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := e.Now()
		x := &exchange{id: newRequestID(), template: e.template(r), answer: &answer{ResponseWriter: w}}
		if x.template == loginPath && !isProgram(r) {
			x.page = e.showClosed
		}
		ctx, event := logs.WithEvent(context.WithValue(r.Context(), exchangeKey{}, x))
		ctx = fault.WithListener(ctx, x.hearRefusal)
		w.Header().Set("X-Request-Id", x.id)
		whole := false
		defer func() {
			took := e.Now().Sub(start)
			e.Meter.Request(x.kind(), method(r), x.answer.status, took)
			code, detail := x.outcome()
			attrs := append(event.Attrs(),
				slog.String("requestId", x.id), slog.String("method", method(r)), slog.String("route", x.template),
				slog.Int("status", x.answer.status), slog.Int64("bytes", x.answer.bytes), slog.Int64("statements", event.Statements()),
				slog.Float64("milliseconds", float64(took.Microseconds())/1000))
			if code != "" {
				attrs = append(attrs, slog.String("code", string(code)))
			}
			if detail != string(code) {
				attrs = append(attrs, slog.String("detail", detail))
			}
			if !whole {
				attrs = append(attrs, slog.Bool("aborted", true))
			}
			e.Log.LogAttrs(ctx, level(x), "request", attrs...)
			e.watch(x, code, detail)
		}()
		next.ServeHTTP(x.answer, r.WithContext(ctx))
		x.answer.begin(http.StatusOK) // a handler that writes nothing answers 200
		whole = true
	})
}

// kind is what the exchange is counted as. A stream lasts for as long as somebody looks,
// which says nothing about how long others wait.
func (x *exchange) kind() string {
	if x.answer.Header().Get("Content-Type") == "text/event-stream" {
		return x.template + " stream"
	}
	return x.template
}

// hearRefusal hears what the exchange is refused with. Whoever decides may have said
// more about it than whoever answers.
func (x *exchange) hearRefusal(code fault.Code, detail string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if code != x.refused || detail != "" {
		x.refused, x.detail = code, detail
	}
}

// hearLimit hears what a limit says that the exchange is under, and tells its client.
func (x *exchange) hearLimit(name gate.Name, result gate.Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	tellLimit(x.answer.Header(), result)
	if !result.Allowed {
		x.limit = name
	}
}

// outcome is what the exchange was refused with, and the list or limit that refused it;
// empty: it was not. A limit may have refused a field of an answer whose rest stands;
// with any other code it is not what refused.
func (x *exchange) outcome() (code fault.Code, detail string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.limit != "" && (x.refused == "" || x.refused == fault.RateLimited):
		return fault.RateLimited, string(x.limit)
	case x.detail == "":
		return x.refused, string(x.refused)
	}
	return x.refused, x.detail
}

// watch records the refusal of an exchange as what it is for the studio's security.
func (e *edge) watch(x *exchange, code fault.Code, detail string) {
	event, known := audit.EventOf(code)
	if !known {
		return
	}
	incident := audit.Incident{Event: event, IP: x.client, Route: x.template, Detail: detail, RequestID: x.id}
	if x.tenant.ID != id.Nil {
		incident.TenantID = &x.tenant.ID
	}
	if x.account != id.Nil {
		incident.AccountID = &x.account
	}
	e.Security.Record(incident)
}

func newRequestID() string {
	var random [16]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(random[:])
	return hex.EncodeToString(random[:])
}

func (e *edge) template(r *http.Request) string {
	if isHealth(r.URL.Path) {
		return r.URL.Path
	}
	_, pattern := e.routes.Handler(r)
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}

// method keeps inventions of clients out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return r.Method
	}
	return "other"
}

func level(x *exchange) slog.Level {
	switch {
	case x.answer.status >= http.StatusInternalServerError && !isHealth(x.template):
		return slog.LevelError
	case isHealth(x.template):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recover turns a panic into INTERNAL. [http.ErrAbortHandler] passes: it says
// that an answer was cut off, and the client must notice. So does every panic
// after the first byte, since nothing else can tell the client then.
func (e *edge) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			panicked := recover()
			if panicked == nil {
				return
			}
			if err, ok := panicked.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			x := exchangeOf(r)
			e.Log.ErrorContext(r.Context(), "panic", "requestId", x.id, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
			if x.answer.status != 0 {
				panic(http.ErrAbortHandler)
			}
			for _, half := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "ETag", "Location"} {
				w.Header().Del(half)
			}
			refuse(w, r, errors.New("panic"))
		}()
		next.ServeHTTP(w, r)
	})
}

// answer counts what is sent.
type answer struct {
	http.ResponseWriter
	status int // 0: nothing yet
	bytes  int64
}

func (a *answer) begin(status int) {
	if a.status == 0 && status >= http.StatusOK { // what is below 200 is not yet the answer
		a.status = status
	}
}

// WriteHeader counts and passes on.
func (a *answer) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// Write counts and passes on.
func (a *answer) Write(p []byte) (int, error) {
	a.begin(http.StatusOK)
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// FlushError sends what has been written so far.
func (a *answer) FlushError() error {
	a.begin(http.StatusOK)
	if err := http.NewResponseController(a.ResponseWriter).Flush(); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// Unwrap lets [http.ResponseController] reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
