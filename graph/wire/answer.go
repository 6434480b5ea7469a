package wire

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// answer is what goes back to the client.
type answer struct {
	status int
	// invalid marks a document or variables that GraphQL itself refuses: 400, but 200 under application/json.
	invalid bool
	allow   string // the header Allow of a 405
	errors  gqlerror.List
	data    []byte // JSON; nil leaves the entry out
}

// retryAfter is how many seconds a client waits when nobody knows better.
const retryAfter = 5

// maxDocumentErrors is how many errors of a refused document are worth telling. Errors of fields are never cut.
const maxDocumentErrors = 10

// refused answers with one error and no data.
func refused(status int, code, message string) *answer {
	return &answer{status: status, errors: gqlerror.List{{Message: message, Extensions: map[string]any{"code": code}}}}
}

// malformed answers that the request's member at path can't be used; code is one of the four kinds of bad input.
func malformed(status int, path, code, message string) *answer {
	return &answer{status: status, errors: gqlerror.List{badInput(path, code, message)}}
}

func wrongMethod(allow, message string) *answer {
	a := malformed(http.StatusMethodNotAllowed, "method", "invalid_value", message)
	a.allow = allow
	return a
}

// invalid answers that GraphQL's own rules refuse the member of the request at path.
func invalid(path, code string, errors ...*gqlerror.Error) *answer {
	errors = errors[:min(len(errors), maxDocumentErrors)]
	for _, e := range errors {
		e.Extensions = badInput(path, code, e.Message).Extensions
	}
	return &answer{status: http.StatusBadRequest, invalid: true, errors: errors}
}

// field tells a client's form which of its inputs to mark.
type field struct {
	Path    string `json:"path"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func badInput(path, code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": codeInvalid, "fields": []field{{path, code, message}}}}
}

// failed answers with errors and no data, and the status of the first of them.
func failed(errors gqlerror.List) *answer {
	return &answer{status: Status(codeOf(errors[0])), errors: errors}
}

func codeOf(e *gqlerror.Error) string {
	code, _ := e.Extensions["code"].(string)
	return code
}

// buffers serve both to read requests and to write answers.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func release(buf *bytes.Buffer) {
	if buf.Cap() > 1<<20 { // one large answer must not hold its memory for good
		return
	}
	buf.Reset()
	buffers.Put(buf)
}

// write sends a. The data, which is JSON already, is copied and not parsed again.
func (a *answer) write(w http.ResponseWriter, media string) {
	buf := buffers.Get().(*bytes.Buffer)
	defer release(buf)
	a.encode(buf)
	status := a.status
	if a.invalid && media == mediaJSON {
		status = http.StatusOK
	}
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	h.Set("Cache-Control", "no-store")
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		h.Set("Allow", a.allow)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(a.wait(status)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes()) // a client that has gone needs no answer
}

// encode writes a as JSON on one line.
func (a *answer) encode(buf *bytes.Buffer) {
	buf.WriteByte('{')
	if len(a.errors) > 0 {
		buf.WriteString(`"errors":`)
		writeErrors(buf, a.errors)
	}
	if a.data != nil {
		if len(a.errors) > 0 {
			buf.WriteByte(',')
		}
		buf.WriteString(`"data":`)
		buf.Write(a.data)
	}
	buf.WriteByte('}')
}

// wait is how many seconds the first error of this status asks the client to wait.
func (a *answer) wait(status int) int {
	for _, e := range a.errors {
		if seconds, ok := e.Extensions["retryAfter"].(int); ok && Status(codeOf(e)) == status {
			return seconds
		}
	}
	return retryAfter
}

func writeErrors(buf *bytes.Buffer, errors gqlerror.List) {
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(errors); err != nil { // an extension that JSON can't hold
		buf.WriteString(`[{"message":"` + internalMessage + `","extensions":{"code":"` + codeInternal + `"}}]`)
		return
	}
	buf.Truncate(buf.Len() - 1) // Encode ends its line
}
