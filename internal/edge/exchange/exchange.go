// Package exchange is one request and its answer: what the gates know of it, and the one form in
// which it is refused.
package exchange

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strconv"
	"sync"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
)

// MaxBody is how much of a request is read, in bytes. Pictures never pass through here: they go
// to the storage by signed links.
const MaxBody = 64 << 10

// Exchange is what the gates know about one request and its answer.
type Exchange struct {
	ID       string         // 128 random bits, hexadecimal
	Template string         // of the route, such as /images/{id}/download; empty: no such route
	Answer   *Answer        // what has been sent so far
	Client   netip.Addr     // where it comes from
	Tenant   account.Tenant // which studio it is for; zero: not known yet
	Homeless error          // why there is no studio
	Account  id.ID          // who asks; zero: nobody, or not known yet
	Count    func() error   // counts it by whoever sent it; nil: it has been, or is not counted
	// How people are refused who look at a page of ours, false: as programs are. nil: so is everybody.
	Page func(w http.ResponseWriter, r *http.Request, status int, judged *fault.Error) bool

	mu      sync.Mutex // of what fields of the API may tell side by side
	refused fault.Code // what the whole of it was refused with; empty: it was not
	detail  string     // more about it: the name of a list
	limit   gate.Name  // that refused it, or a part of it
}

type key struct{}

// New returns the exchange of a request that nothing is known of yet.
func New(template string, w http.ResponseWriter) *Exchange {
	return &Exchange{ID: newID(), Template: template, Answer: &Answer{ResponseWriter: w}}
}

// With puts an exchange into the context, for [Of], and lets it hear what it is refused with.
func With(ctx context.Context, x *Exchange) context.Context {
	return fault.WithListener(context.WithValue(ctx, key{}, x), x.hearRefusal)
}

// Of is the exchange of a request. The first gate has made it.
func Of(r *http.Request) *Exchange {
	return r.Context().Value(key{}).(*Exchange)
}

// Counted counts the exchange unless it has been: RATE_LIMITED past the limit.
func (x *Exchange) Counted() error {
	count := x.Count
	x.Count = nil
	if count == nil {
		return nil
	}
	return count()
}

// Kind is what the exchange is counted as. A stream lasts for as long as somebody looks,
// which says nothing about how long others wait.
func (x *Exchange) Kind() string {
	if x.Answer.Header().Get("Content-Type") == "text/event-stream" {
		return x.Template + " stream"
	}
	return x.Template
}

// hearRefusal hears what the exchange is refused with. Whoever decides may have said
// more about it than whoever answers.
func (x *Exchange) hearRefusal(code fault.Code, detail string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if code != x.refused || detail != "" {
		x.refused, x.detail = code, detail
	}
}

// HearLimit hears what a limit says that the exchange is under, and tells its client.
func (x *Exchange) HearLimit(name gate.Name, result gate.Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	tellLimit(x.Answer.Header(), result)
	if !result.Allowed {
		x.limit = name
	}
}

// Outcome is what the exchange was refused with, and the list or limit that refused it;
// empty: it was not. A limit may have refused a field of an answer whose rest stands;
// with any other code it is not what refused.
func (x *Exchange) Outcome() (code fault.Code, detail string) {
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

// tellLimit writes down what a limit said. Of several that a request is under, the one
// that promises least counts.
func tellLimit(h http.Header, result gate.Result) {
	const remaining = "RateLimit-Remaining"
	if before, err := strconv.Atoi(h.Get(remaining)); err == nil && before <= result.Remaining && result.Allowed {
		return
	}
	h.Set("RateLimit-Limit", strconv.Itoa(result.Limit))
	h.Set(remaining, strconv.Itoa(result.Remaining))
	h.Set("RateLimit-Reset", strconv.Itoa(gate.Seconds(result.ResetAfter)))
}

func newID() string {
	var random [16]byte
	// crypto/rand.Read never fails on supported systems: it aborts the program.
	_, _ = rand.Read(random[:])
	return hex.EncodeToString(random[:])
}
