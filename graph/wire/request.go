package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// MaxBody is how many bytes a request's body, or its query string, may have.
const MaxBody = 64 << 10

// preflightHeader marks a GET as sent by a script: a browser asks the server first before it sends a foreign page's
// request with such a header, while a link or an image of that page can't carry one.
const preflightHeader = "GraphQL-Require-Preflight"

// envelope is what a client asks for.
type envelope struct {
	query         string
	operationName string
	variables     map[string]any
	mutable       bool // the method allows a mutation
}

// read takes the envelope from the request, or says how to refuse it.
func read(w http.ResponseWriter, r *http.Request) (envelope, *answer) {
	switch r.Method {
	case http.MethodPost:
		return readBody(w, r)
	case http.MethodGet:
		return readURL(r)
	}
	return envelope{}, wrongMethod("GET, POST", "Send GraphQL requests with POST.")
}

func readBody(w http.ResponseWriter, r *http.Request) (envelope, *answer) {
	name, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || name != mediaJSON || !utf8Charset(params) {
		return envelope{}, malformed(http.StatusUnsupportedMediaType, "Content-Type", "invalid_value", "Send the request as application/json in UTF-8.")
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return envelope{}, malformed(http.StatusUnsupportedMediaType, "Content-Encoding", "invalid_value", "Send the request uncompressed.")
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer release(buf)
	if _, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, MaxBody)); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return envelope{}, refused(http.StatusRequestEntityTooLarge, codeRejected, "The request is larger than 64 KiB.")
		}
		return envelope{}, malformed(http.StatusBadRequest, "", "invalid_json", "The request ended early.")
	}
	return parseEnvelope(buf.Bytes())
}

func parseEnvelope(body []byte) (envelope, *answer) {
	if !utf8.Valid(body) {
		return envelope{}, malformed(http.StatusBadRequest, "", "invalid_json", "The request is not UTF-8.")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		if _, wrongType := errors.AsType[*json.UnmarshalTypeError](err); !wrongType {
			return envelope{}, malformed(http.StatusBadRequest, "", "invalid_json", "The request is not JSON.")
		}
		if bytes.TrimLeft(body, " \t\r\n")[0] == '[' {
			return envelope{}, malformed(http.StatusBadRequest, "", "invalid_type", "Send one operation a request: batches are not supported.")
		}
	}
	if members == nil {
		return envelope{}, malformed(http.StatusBadRequest, "", "invalid_type", "The request must be a JSON object.")
	}
	e := envelope{mutable: true}
	if absent(members["query"]) {
		return e, malformed(http.StatusBadRequest, "query", "required", "The query is missing.")
	}
	if json.Unmarshal(members["query"], &e.query) != nil {
		return e, malformed(http.StatusBadRequest, "query", "invalid_type", "The query must be a string.")
	}
	if name := members["operationName"]; !absent(name) && json.Unmarshal(name, &e.operationName) != nil {
		return e, malformed(http.StatusBadRequest, "operationName", "invalid_type", "The operation name must be a string.")
	}
	if extensions := members["extensions"]; !absent(extensions) && extensions[0] != '{' {
		return e, malformed(http.StatusBadRequest, "extensions", "invalid_type", "The extensions must be an object.")
	}
	return e, e.readVariables(members["variables"])
}

// readVariables keeps numbers as they were written: an Int64 must not pass through a float.
func (e *envelope) readVariables(text json.RawMessage) *answer {
	if absent(text) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&e.variables); err != nil {
		if _, wrongType := errors.AsType[*json.UnmarshalTypeError](err); wrongType {
			return malformed(http.StatusBadRequest, "variables", "invalid_type", "The variables must be an object.")
		}
		return malformed(http.StatusBadRequest, "variables", "invalid_json", "The variables are not JSON.")
	}
	if _, err := d.Token(); err != io.EOF {
		return malformed(http.StatusBadRequest, "variables", "invalid_json", "The variables are not one JSON object.")
	}
	return nil
}

func absent(member json.RawMessage) bool {
	return len(member) == 0 || string(member) == "null"
}

func readURL(r *http.Request) (envelope, *answer) {
	if r.Header.Values(preflightHeader) == nil {
		return envelope{}, refused(http.StatusForbidden, codeCSRF, "A GET request needs the header "+preflightHeader+".")
	}
	if len(r.URL.RawQuery) > MaxBody {
		return envelope{}, refused(http.StatusRequestURITooLong, codeRejected, "The request is larger than 64 KiB.")
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return envelope{}, malformed(http.StatusBadRequest, "", "invalid_value", "The query string is malformed.")
	}
	e := envelope{query: values.Get("query"), operationName: values.Get("operationName")}
	if e.query == "" {
		return e, malformed(http.StatusBadRequest, "query", "required", "The query is missing.")
	}
	variables := values.Get("variables")
	if !utf8.ValidString(e.query) || !utf8.ValidString(variables) {
		return e, malformed(http.StatusBadRequest, "", "invalid_value", "The request is not UTF-8.")
	}
	return e, e.readVariables(json.RawMessage(variables))
}
