package exchange

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/logs"
)

// statuses say what each code means for HTTP.
var statuses = map[fault.Code]int{
	fault.Unauthenticated:   http.StatusUnauthorized,
	fault.OTPInvalid:        http.StatusUnauthorized,
	fault.Forbidden:         http.StatusForbidden,
	fault.AccountBlocked:    http.StatusForbidden,
	fault.MembershipExpired: http.StatusForbidden,
	fault.DeviceLimit:       http.StatusForbidden,
	fault.DeviceMismatch:    http.StatusForbidden,
	fault.CSRFFailed:        http.StatusForbidden,
	fault.IPDenied:          http.StatusForbidden,
	fault.ValidationFailed:  http.StatusBadRequest,
	fault.QueryRejected:     http.StatusBadRequest,
	fault.RateLimited:       http.StatusTooManyRequests,
	fault.Unavailable:       http.StatusServiceUnavailable,
	fault.Internal:          http.StatusInternalServerError,
}

// GraphQL is the one route that is refused in GraphQL's own words.
const GraphQL = "/graphql"

// Problem is a refusal as RFC 9457 writes it, with our code. It names neither the
// request nor the thing, so that what is foreign, unknown and malformed is the same.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Told
}

// Told is what a program may read out of a refusal.
type Told struct {
	Code       fault.Code `json:"code,omitempty"`
	Fields     []field    `json:"fields,omitempty"`
	RetryAfter int        `json:"retryAfter,omitempty"` // seconds
	RequestID  string     `json:"requestId,omitempty"`  // only where something is wrong on our side
}

// graphqlErrors is a refusal as GraphQL writes it: without data.
type graphqlErrors struct {
	Errors []graphqlError `json:"errors"`
}

type graphqlError struct {
	Message    string `json:"message"`
	Extensions Told   `json:"extensions"`
}

type field struct {
	Path    string          `json:"path"`
	Code    fault.FieldCode `json:"code"`
	Message string          `json:"message"`
}

// Refuse answers with a failure, and tells its cause to the log alone.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, judged := StatusOf(err)
	RefuseAs(w, r, status, judged)
}

// StatusOf is what a failure means for HTTP, and how it is judged.
func StatusOf(err error) (int, *fault.Error) {
	judged := fault.As(err)
	status, known := statuses[judged.Code]
	if !known {
		status = http.StatusInternalServerError
	}
	return status, judged
}

// RefuseAs counts what has not been counted yet. A limit of addresses comes before
// whatever else there is to say; what is wrong on our side nobody has to pay for.
func RefuseAs(w http.ResponseWriter, r *http.Request, status int, judged *fault.Error) {
	if x := Of(r); status < http.StatusInternalServerError {
		if err := x.Counted(); err != nil && x.Account == id.Nil {
			status, judged = StatusOf(err)
		}
	}
	t := Announce(w, r, status, judged)
	if page := Of(r).Page; page != nil && page(w, r, status, judged) {
		return
	}
	if Of(r).Template == GraphQL {
		Send(w, status, graphqlMedia(r), graphqlErrors{[]graphqlError{{judged.Message, t}}})
		return
	}
	Send(w, status, "application/problem+json", Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: judged.Message, Told: t,
	})
}

// Announce writes the headers of a refusal, whatever its body will look like, and
// what there is to tell in it. The log learns the cause.
func Announce(w http.ResponseWriter, r *http.Request, status int, judged *fault.Error) Told {
	t := Told{Code: judged.Code}
	for _, f := range judged.Fields {
		t.Fields = append(t.Fields, field(f))
	}
	if judged.Code != "" {
		fault.Tell(r.Context(), judged.Code, "")
	}
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		t.RetryAfter = max(1, int((judged.RetryAfter+time.Second-1)/time.Second))
		w.Header().Set("Retry-After", strconv.Itoa(t.RetryAfter))
	case http.StatusInternalServerError:
		t.RequestID = Of(r).ID
	}
	if status >= http.StatusInternalServerError {
		logs.Note(r.Context(), slog.Any("error", judged))
	}
	return t
}

// graphqlMedia is the answer's media type where GraphQL has not come to choose it.
func graphqlMedia(r *http.Request) string {
	const modern = "application/graphql-response+json"
	if strings.Contains(strings.Join(r.Header.Values("Accept"), ","), modern) {
		return modern + "; charset=utf-8"
	}
	return "application/json; charset=utf-8"
}

// Send answers with JSON.
func Send(w http.ResponseWriter, status int, media string, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts and numbers always encode
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(encoded)))
	w.WriteHeader(status)
	_, _ = w.Write(encoded) // a client that has gone needs no answer
}

// Unrouted answers with a status that has no code of the contract.
func Unrouted(w http.ResponseWriter, r *http.Request, status int) {
	RefuseAs(w, r, status, fault.New("", ""))
}

// SeeOther sends a browser to a link.
func SeeOther(w http.ResponseWriter, link string) {
	w.Header().Set("Location", link)
	w.WriteHeader(http.StatusSeeOther)
}
