package wire_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"pixgate/graph/wire"
	"pixgate/graph/wire/testschema"
)

const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
)

var bothMedia = []string{mediaJSON, mediaGraphQL}

// reply is an answer as a client sees it.
type reply struct {
	status int
	header http.Header
	body   string
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct {
			Code       string
			RequestID  string
			RetryAfter int
			Fields     []struct{ Path, Code, Message string }
		}
	}
}

func (r reply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Extensions.Code
}

// options are those of a server that tests can look into: calls is told each root field that runs.
func options(calls func(string)) wire.Options {
	return wire.Options{
		Schema: testschema.New(calls),
		Recover: func(context.Context, any) error {
			return graphql.ErrorResponse(context.Background(), testschema.LeakText).Errors[0]
		},
	}
}

func do(t *testing.T, h http.Handler, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), body: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, got.body)
	}
	if want := strconv.Itoa(w.Body.Len()); got.header.Get("Content-Length") != want {
		t.Errorf("Content-Length %s, want %s", got.header.Get("Content-Length"), want)
	}
	if got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", got.header.Get("Cache-Control"))
	}
	if strings.Contains(got.body, testschema.LeakText) {
		t.Errorf("an error's text left: %s", got.body)
	}
	return got
}

// ask posts a query with variables and expects an answer of the media type.
func ask(t *testing.T, h http.Handler, media, query string, variables map[string]any) reply {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	got := do(t, h, post(string(body), "Accept", media))
	if want := media + "; charset=utf-8"; got.header.Get("Content-Type") != want {
		t.Errorf("Content-Type %q, want %q", got.header.Get("Content-Type"), want)
	}
	return got
}

func post(body string, headers ...string) *http.Request {
	return request(http.MethodPost, "/graphql", body, append([]string{"Content-Type", "application/json"}, headers...)...)
}

// request builds a request with headers in pairs; a later pair replaces an earlier one, an empty value removes it.
func request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return r
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	for _, media := range bothMedia {
		got := ask(t, h, media, "query($id:ID!){ok thing(id:$id){name}}", map[string]any{"id": 7})
		if want := `{"data":{"ok":"ok","thing":{"name":"thing 7"}}}`; got.status != 200 || got.body != want {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if got := ask(t, h, mediaJSON, "{things(first:30){secret}}", nil); got.status != 200 || len(got.Errors) != 30 || got.Data == nil {
		t.Errorf("of 30 errors of fields %d are told, status %d", len(got.Errors), got.status)
	}
}

// refusals are the codes of the contract.
var refusals = map[string]int{
	"UNAUTHENTICATED": 401, "OTP_INVALID": 401, "FORBIDDEN": 403, "ACCOUNT_BLOCKED": 403, "MEMBERSHIP_EXPIRED": 403,
	"DEVICE_LIMIT": 403, "DEVICE_MISMATCH": 403, "CSRF_FAILED": 403, "IP_DENIED": 403, "VALIDATION_FAILED": 400,
	"RATE_LIMITED": 429, "QUERY_REJECTED": 400, "UNAVAILABLE": 503, "INTERNAL": 500,
}

func TestRefusalOfTheWhole(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	for code, status := range refusals {
		if wire.Status(code) != status {
			t.Errorf("Status(%s) = %d, want %d", code, wire.Status(code), status)
		}
		for _, media := range bothMedia {
			for _, query := range []string{
				"query($c:String!){fail(code:$c)}",
				"query($c:String!){a:fail(code:$c) b:fail(code:$c) __typename}",
				"query($c:String!){failHard(code:$c)}",
				"query($c:String!){ok failHard(code:$c)}", // null as a whole
				"mutation($c:String!){refuse(code:$c){id}}",
			} {
				got := ask(t, h, media, query, map[string]any{"c": code})
				if got.status != status || got.Data != nil || got.code() != code {
					t.Errorf("%s: %d %s, want %d without data", query, got.status, got.body, status)
				}
				if challenge := got.header.Get("WWW-Authenticate"); (challenge == "Bearer") != (status == 401) {
					t.Errorf("%s: WWW-Authenticate %q", code, challenge)
				}
				if wait := got.header.Get("Retry-After"); (wait == "5") != (status == 429 || status == 503) {
					t.Errorf("%s: Retry-After %q", code, wait)
				}
			}
		}
	}
	if wire.Status("SOMETHING") != 500 {
		t.Error("an unknown code is no internal error")
	}
	got := ask(t, h, mediaJSON, `{fail(code:"RATE_LIMITED", retryAfter: 42)}`, nil)
	if got.header.Get("Retry-After") != "42" || got.Errors[0].Extensions.RetryAfter != 42 {
		t.Errorf("Retry-After %q in %s", got.header.Get("Retry-After"), got.body)
	}
}

func TestDataIsKept(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	for _, tt := range []struct{ query, data string }{
		{`{ok fail(code:"FORBIDDEN")}`, `{"ok":"ok","fail":null}`},
		{`{nothing}`, `{"nothing":null}`},
		{`{nothing fail(code:"FORBIDDEN")}`, `{"nothing":null,"fail":null}`}, // nothing is an answer too
		{`{thing(id:1){id secret}}`, `{"thing":{"id":"1","secret":null}}`},
		{`{thing(id:1){id broken}}`, `{"thing":{"id":"1","broken":null}}`},
		{`{fail: ok other: fail(code:"FORBIDDEN")}`, `{"fail":"ok","other":null}`},
		// What took effect is told, even if GraphQL's rules for null leave no data to tell it with.
		{`mutation{change(name:"x"){name broken}}`, `{"change":{"name":"x","broken":null}}`},
		{`mutation{change(name:"x"){name brokenHard}}`, `null`},
		{`mutation{change(name:"x"){name} refuse(code:"FORBIDDEN"){id}}`, `null`},
		{`mutation{change(name:"x"){stored}}`, `{"change":{"stored":null}}`},
	} {
		for _, media := range bothMedia {
			got := ask(t, h, media, tt.query, nil)
			if got.status != 200 || string(got.Data) != tt.data {
				t.Errorf("%s: %d %s, want 200 with %s", tt.query, got.status, got.body, tt.data)
			}
		}
	}
}

func TestRefusalBelowTheRoot(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	for query, status := range map[string]int{
		`{thing(id:1){id stored}}`:     503, // never a null that stands for what was not asked
		`{ok thing(id:1){id stored}}`:  503,
		`{things(first:1){id stored}}`: 503,
		`{thing(id:1){brokenHard}}`:    500,
	} {
		got := ask(t, h, mediaGraphQL, query, nil)
		if got.status != status || got.Data != nil {
			t.Errorf("%s: %d %s, want %d without data", query, got.status, got.body, status)
		}
		if want := map[int]string{503: "7"}[status]; got.header.Get("Retry-After") != want {
			t.Errorf("%s: Retry-After %q, want %q", query, got.header.Get("Retry-After"), want)
		}
	}
}
