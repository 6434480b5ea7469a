package wire_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pixgate/graph/limit/hostile"
	"pixgate/graph/wire"
	"pixgate/graph/wire/testschema"
)

// What GraphQL itself refuses: the one status in which the media types differ.
func TestInvalidDocuments(t *testing.T) {
	t.Parallel()
	h := wire.New(options(func(field string) { t.Errorf("%s ran", field) }))
	for _, tt := range []struct {
		query, path, code string
		variables         map[string]any
	}{
		{"{", "query", "invalid_value", nil},
		{"# nothing", "query", "required", nil},
		{"{nonsense}", "query", "invalid_value", nil},
		{"{ok}{ok}", "query", "invalid_value", nil},
		{"query a{ok} query b{ok}", "operationName", "invalid_value", nil},
		{"{things{...f}} fragment f on Thing @nonsense{id}", "query", "invalid_value", nil},
		{"{...@defer{ok}}", "query", "invalid_value", nil},
		{"query($c:Colour!){paint(colour:$c)}", "variables.c", "required", nil},
		{"query($c:Colour!){paint(colour:$c)}", "variables.c", "required", map[string]any{"c": nil}},
		{"query($c:Colour!){paint(colour:$c)}", "variables.c", "invalid_value", map[string]any{"c": "GREE"}},
		{"query($c:Colour!){paint(colour:$c)}", "variables.c", "invalid_type", map[string]any{"c": true}},
		{"query($w:Where!){paint(colour:RED,where:$w)}", "variables.w.room", "required", map[string]any{"w": map[string]any{}}},
		{"query($w:Where!){paint(colour:RED,where:$w)}", "variables.w.floo", "invalid_value", map[string]any{"w": map[string]any{"room": "a", "floo": 1}}},
		{"query($w:Where!){paint(colour:RED,where:$w)}", "variables.w.floor", "invalid_type", map[string]any{"w": map[string]any{"room": "a", "floor": true}}},
		{"query($b:Boolean=true){ok @skip(if:$b)}", "variables.b", "required", map[string]any{"b": nil}},
		{"query($b:Boolean=true){...@include(if:$b){ok}}", "variables.b", "required", map[string]any{"b": nil}},
	} {
		for media, status := range map[string]int{mediaJSON: 200, mediaGraphQL: 400} {
			got := ask(t, h, media, tt.query, tt.variables)
			if got.status != status || got.Data != nil || got.code() != "VALIDATION_FAILED" {
				t.Errorf("%s with %v: %d %s, want %d", tt.query, tt.variables, got.status, got.body, status)
				continue
			}
			if f := got.Errors[0].Extensions.Fields; len(f) != 1 || f[0].Path != tt.path || f[0].Code != tt.code || f[0].Message == "" {
				t.Errorf("%s with %v: fields %v, want %s %s", tt.query, tt.variables, f, tt.path, tt.code)
			}
		}
	}
}

func TestNoSuggestions(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	for _, query := range []string{
		"{thin(id:1){id}}",
		"{thing(idd:1){id}}",
		"{thing(id:1){id ... on Thin{id}}}",
		"query($c:Colou){ok}",
		"{thing(id:1){...f}} fragment f on Thin{id}",
		"{thing(id:1)}",
		"{ok{id}}",
		"{paint(colour:GREE)}",
		`{paint(colour:"RED")}`,
		"{paint(colour:RED,where:{rom:1})}",
		"{ok @skipp(if:true)}",
		"{thing(id:1)@skip(iff:true){id}}",
	} {
		got := ask(t, h, mediaGraphQL, query, nil)
		if got.status != 400 || strings.Contains(strings.ToLower(got.body), "did you mean") {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
}

func TestTenErrorsOfADocument(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	var unknown strings.Builder
	for _, letter := range "abcdefghijklmno" {
		unknown.WriteString("x" + string(letter) + " ")
	}
	if got := ask(t, h, mediaJSON, "{"+unknown.String()+"}", nil); len(got.Errors) != 10 {
		t.Errorf("%d errors, want 10", len(got.Errors))
	}
}

func TestHostileQueries(t *testing.T) {
	t.Parallel()
	h := wire.New(options(func(field string) { t.Errorf("%s ran", field) }))
	for _, q := range hostile.Queries() {
		for _, media := range bothMedia {
			got := ask(t, h, media, q.Text, nil)
			status := 400
			if text, _ := json.Marshal(q.Text); len(text) > wire.MaxBody-100 {
				status = 413
			}
			if got.status != status || got.code() != "QUERY_REJECTED" || got.Data != nil {
				t.Errorf("%s: %d %s, want %d", q.Name, got.status, got.body, status)
			}
		}
	}
	if got := ask(t, h, mediaJSON, "query($n:Int){things(first:100){things(first:$n){things{id}}}}", map[string]any{"n": 100}); got.status != 400 || got.code() != "QUERY_REJECTED" {
		t.Errorf("a cube of lists: %d %s", got.status, got.body)
	}
	if got := ask(t, h, mediaJSON, "subscription{ticks}", nil); got.status != 400 || got.code() != "QUERY_REJECTED" {
		t.Errorf("a subscription: %d %s", got.status, got.body)
	}
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	h := wire.New(options(func(field string) { t.Errorf("%s ran", field) }))
	const preflight = "GraphQL-Require-Preflight"
	for name, tt := range map[string]struct {
		r      *http.Request
		status int
		code   string
		field  string
	}{
		"no body":             {post(""), 400, "VALIDATION_FAILED", " invalid_json"},
		"no JSON":             {post(`{"query":`), 400, "VALIDATION_FAILED", " invalid_json"},
		"more than JSON":      {post(`{"query":"{ok}"}{}`), 400, "VALIDATION_FAILED", " invalid_json"},
		"no UTF-8":            {post("{\"query\":\"{ok}#\xff\"}"), 400, "VALIDATION_FAILED", " invalid_json"},
		"a batch":             {post(` [{"query":"{ok}"}]`), 400, "VALIDATION_FAILED", " invalid_type"},
		"null":                {post(`null`), 400, "VALIDATION_FAILED", " invalid_type"},
		"a string":            {post(`"{ok}"`), 400, "VALIDATION_FAILED", " invalid_type"},
		"no query":            {post(`{}`), 400, "VALIDATION_FAILED", "query required"},
		"null query":          {post(`{"query":null}`), 400, "VALIDATION_FAILED", "query required"},
		"other case":          {post(`{"Query":"{ok}"}`), 400, "VALIDATION_FAILED", "query required"},
		"number as query":     {post(`{"query":1}`), 400, "VALIDATION_FAILED", "query invalid_type"},
		"number as name":      {post(`{"query":"{ok}","operationName":1}`), 400, "VALIDATION_FAILED", "operationName invalid_type"},
		"list as variables":   {post(`{"query":"{ok}","variables":[]}`), 400, "VALIDATION_FAILED", "variables invalid_type"},
		"list as extensions":  {post(`{"query":"{ok}","extensions":[]}`), 400, "VALIDATION_FAILED", "extensions invalid_type"},
		"too large":           {post(`{"query":"{ok}","x":"` + strings.Repeat("x", wire.MaxBody) + `"}`), 413, "QUERY_REJECTED", ""},
		"a form":              {post("query={ok}", "Content-Type", "application/x-www-form-urlencoded"), 415, "VALIDATION_FAILED", "Content-Type invalid_value"},
		"multipart":           {post("", "Content-Type", "multipart/form-data; boundary=x"), 415, "VALIDATION_FAILED", "Content-Type invalid_value"},
		"plain text":          {post(`{"query":"{ok}"}`, "Content-Type", "text/plain"), 415, "VALIDATION_FAILED", "Content-Type invalid_value"},
		"no type":             {post(`{"query":"{ok}"}`, "Content-Type", ""), 415, "VALIDATION_FAILED", "Content-Type invalid_value"},
		"other charset":       {post(`{"query":"{ok}"}`, "Content-Type", "application/json; charset=utf-16"), 415, "VALIDATION_FAILED", "Content-Type invalid_value"},
		"compressed":          {post(`{"query":"{ok}"}`, "Content-Encoding", "gzip"), 415, "VALIDATION_FAILED", "Content-Encoding invalid_value"},
		"wants HTML":          {post(`{"query":"{ok}"}`, "Accept", "text/html"), 406, "VALIDATION_FAILED", "Accept invalid_value"},
		"PUT":                 {request("PUT", "/graphql", `{"query":"{ok}"}`, "Content-Type", "application/json"), 405, "VALIDATION_FAILED", "method invalid_value"},
		"GET as a link":       {request("GET", "/graphql?query={ok}", ""), 403, "CSRF_FAILED", ""},
		"GET of a mutation":   {request("GET", "/graphql?query="+url.QueryEscape(`mutation{change(name:"x"){id}}`), "", preflight, "1"), 405, "VALIDATION_FAILED", "method invalid_value"},
		"GET without query":   {request("GET", "/graphql", "", preflight, "1"), 400, "VALIDATION_FAILED", "query required"},
		"GET, bad variables":  {request("GET", "/graphql?query={ok}&variables={", "", preflight, "1"), 400, "VALIDATION_FAILED", "variables invalid_json"},
		"GET, list variables": {request("GET", "/graphql?query={ok}&variables=[]", "", preflight, "1"), 400, "VALIDATION_FAILED", "variables invalid_type"},
		"GET, two variables":  {request("GET", "/graphql?query={ok}&variables={}{}", "", preflight, "1"), 400, "VALIDATION_FAILED", "variables invalid_json"},
		"GET, bad escape":     {request("GET", "/graphql?query=%zz", "", preflight, "1"), 400, "VALIDATION_FAILED", " invalid_value"},
		"GET, no UTF-8":       {request("GET", "/graphql?query={ok}%ff", "", preflight, "1"), 400, "VALIDATION_FAILED", " invalid_value"},
		"GET, too large":      {request("GET", "/graphql?query={ok}&x="+strings.Repeat("x", wire.MaxBody), "", preflight, "1"), 414, "QUERY_REJECTED", ""},
	} {
		got := do(t, h, tt.r)
		field := ""
		if len(got.Errors) == 1 && len(got.Errors[0].Extensions.Fields) == 1 {
			field = got.Errors[0].Extensions.Fields[0].Path + " " + got.Errors[0].Extensions.Fields[0].Code
		}
		if got.status != tt.status || got.code() != tt.code || field != tt.field || got.Data != nil {
			t.Errorf("%s: %d %s, want %d %s %s", name, got.status, got.body, tt.status, tt.code, tt.field)
		}
		if allow := got.header.Get("Allow"); (allow != "") != (tt.status == 405) {
			t.Errorf("%s: Allow %q", name, allow)
		}
	}
}

func TestRequestsThatPass(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	for name, r := range map[string]*http.Request{
		"charset":      post(`{"query":"{ok}"}`, "Content-Type", "Application/JSON; charset=UTF-8"),
		"identity":     post(`{"query":"{ok}"}`, "Content-Encoding", "identity"),
		"nulls":        post(`{"query":"{ok}","operationName":null,"variables":null,"extensions":null}`),
		"more members": post(`{"query":"{ok}","id":"x","extensions":{"a":1},"variables":{"a":1}}`),
		"by name":      post(`{"query":"query a{ok} query b{nonsense:ok}","operationName":"a"}`),
		"GET":          request("GET", "/graphql?query={ok}&variables={}", "", "GraphQL-Require-Preflight", "true"),
	} {
		if got := do(t, h, r); got.status != 200 || got.body != `{"data":{"ok":"ok"}}` {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	// A number of 64 bits arrives as it was sent.
	got := do(t, h, post(`{"query":"query($id:ID!){thing(id:$id){id}}","variables":{"id":9007199254740993}}`))
	if want := `{"data":{"thing":{"id":"9007199254740993"}}}`; got.body != want {
		t.Errorf("%s", got.body)
	}
}

// FuzzHandler: whatever a client sends, the answer is one JSON object, and no error's own text leaves.
func FuzzHandler(f *testing.F) {
	h := wire.New(options(nil))
	f.Add(`{"query":"{ok}"}`, "*/*")
	f.Add(`{"query":"query($w:Where){paint(colour:RED,where:$w)}","variables":{"w":{"room":[1]}}}`, mediaGraphQL+";q=0.5")
	f.Add(`{"query":"query($f:Int=1,$b:Boolean=false){things(first:$f){id @skip(if:$b)}}","variables":{"f":null}}`, "")
	f.Fuzz(func(t *testing.T, body, accept string) {
		if strings.Contains(body, "wait") || strings.Contains(body, `\u`) {
			return // a field that waits for the end of the request
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, post(body, "Accept", accept))
		if !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), testschema.LeakText) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// gqlparser lets some values pass as variables that gqlgen then can't read: the client's fault, not the server's.
func TestArgumentsThatGoCannotRead(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	for _, tt := range []struct{ query, field string }{
		{"query($c:Colour!){paint(colour:$c)}", "colour"},
		{"query($c:Colour!){thing(id:1){painted(colour:$c)}}", "colour"},
		{"query($c:Colour!){painted:paint(colour:RED,where:{room:\"a\",colour:$c})}", "where.colour"},
		{"mutation($c:Colour!){paint(colour:$c){id}}", "colour"},
	} {
		got := ask(t, h, mediaJSON, tt.query, map[string]any{"c": "red"})
		if got.code() != "VALIDATION_FAILED" || len(got.Errors) != 1 || got.Errors[0].Extensions.Fields[0].Path != tt.field {
			t.Errorf("%s: %d %s", tt.query, got.status, got.body)
			continue
		}
		if whole := !strings.Contains(tt.query, "thing"); whole != (got.status == 400) || whole != (got.Data == nil) {
			t.Errorf("%s: %d %s", tt.query, got.status, got.body)
		}
	}
}
