package login

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pixgate/internal/edge/exchange"
	"pixgate/internal/fault"
)

// The fields of the login page.
const (
	emailField     = "email"
	challengeField = "challengeId"
	codeField      = "code"
	csrfField      = "csrfToken"
	replaceField   = "replaceDevice" // true: at the device limit, sign out the device that was unseen for longest
	// What only our own page sends, for what it says next. Nothing is decided by it.
	expiresField = "expires" // of the code, in Unix seconds
	triesField   = "tries"   // wrong ones so far
)

var known = []string{emailField, challengeField, codeField, csrfField, replaceField, expiresField, triesField}

// filled is what somebody sends to the login page, in whatever form.
type filled struct {
	fields map[string]string
	wrong  []fault.Field // that could not be read at all
}

// errMediaType says that a body is nothing that a form could be.
var errMediaType = errors.New("media type of no form")

// readForm reads a body of at most exchange.MaxBody bytes. Of a form that can't be read, what could
// be is there all the same.
func readForm(r *http.Request) (filled, error) {
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return filled{}, errMediaType
	}
	switch media {
	case "application/json":
		return readJSON(r.Body), nil
	case "application/x-www-form-urlencoded":
		body, _ := io.ReadAll(r.Body) // it lies in memory
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return unreadable(fault.InvalidValue, "This is no form: a name or a value is not encoded as it must be."), nil
		}
		return texts(values, nil), nil
	case "multipart/form-data":
		form, err := multipart.NewReader(r.Body, parameters["boundary"]).ReadForm(exchange.MaxBody)
		if err != nil {
			return unreadable(fault.InvalidValue, "This is no form: its parts can't be told apart."), nil
		}
		return texts(form.Value, form.File), nil
	}
	return filled{}, errMediaType
}

func unreadable(code fault.FieldCode, message string) filled {
	return filled{wrong: []fault.Field{{Path: "body", Code: code, Message: message}}}
}

// texts takes the fields of a form that has them once and as text.
func texts(values map[string][]string, files map[string][]*multipart.FileHeader) filled {
	f := filled{fields: map[string]string{}}
	for _, name := range known {
		switch given := values[name]; {
		case len(given) > 1 || len(files[name]) > 0:
			f.wrong = append(f.wrong, fault.Field{Path: name, Code: fault.InvalidType, Message: "Must be one text."})
		case len(given) == 1:
			f.fields[name] = given[0]
		}
	}
	return f
}

// readJSON takes the fields of an object. One that is null is not there.
func readJSON(body io.Reader) filled {
	var object map[string]json.RawMessage
	decoder := json.NewDecoder(body)
	err := decoder.Decode(&object)
	_, more := decoder.Token()
	_, other := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !errors.Is(more, io.EOF) || err != nil && !other:
		return unreadable(fault.InvalidJSON, "The body is not JSON.")
	case object == nil:
		return unreadable(fault.InvalidType, "The body is not a JSON object.")
	}
	f := filled{fields: map[string]string{}}
	for _, name := range known {
		raw, given := object[name]
		if !given || string(raw) == "null" {
			continue
		}
		var text string
		wanted := "Must be a text."
		if name == replaceField {
			wanted, text = "Must be true or false.", string(raw)
			err = nil
			if text != "true" && text != "false" {
				err = errors.New(wanted)
			}
		} else {
			err = json.Unmarshal(raw, &text)
		}
		if err != nil {
			f.wrong = append(f.wrong, fault.Field{Path: name, Code: fault.InvalidType, Message: wanted})
			continue
		}
		f.fields[name] = text
	}
	return f
}

// hasChallenge reports whether this is the second step: somebody answers a challenge.
func (f filled) hasChallenge() bool { return f.fields[challengeField] != "" }

// isAnswer is hasChallenge for forms that lack something.
func (f filled) isAnswer() bool {
	_, code := f.fields[codeField]
	names := func(w fault.Field) bool { return w.Path == codeField || w.Path == challengeField }
	return f.hasChallenge() || code || slices.ContainsFunc(f.wrong, names)
}

// check returns what is wrong with the form as such; nil: nothing.
func (f filled) check() error {
	wrong := f.wrong
	needed := []string{emailField}
	if f.isAnswer() {
		needed = []string{challengeField, codeField}
	}
	for _, name := range needed {
		told := func(w fault.Field) bool { return w.Path == name || w.Path == "body" }
		if strings.TrimSpace(f.fields[name]) == "" && !slices.ContainsFunc(wrong, told) {
			wrong = append(wrong, fault.Field{Path: name, Code: fault.Required, Message: "This is needed."})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.Invalid(wrong...)
}

// outward names fields as this page does: the rooms behind it call them parts of an input.
func outward(err error) error {
	judged := fault.As(err)
	if judged.Code != fault.ValidationFailed {
		return err
	}
	named := slices.Clone(judged.Fields)
	for i := range named {
		named[i].Path = strings.TrimPrefix(named[i].Path, "input.")
	}
	return fault.Invalid(named...)
}

// tries is how many tries were wrong before this one, as far as our page knows.
func (f filled) tries() int {
	n, err := strconv.Atoi(f.fields[triesField])
	if err != nil || n < 0 {
		return 0
	}
	return min(n, maxTries)
}

// maxTries is how many wrong answers a challenge takes.
const maxTries = 5

// left is how long the code is still good, as far as our page knows.
func (f filled) left(now time.Time) (time.Duration, bool) {
	seconds, err := strconv.ParseInt(f.fields[expiresField], 10, 64)
	return time.Unix(seconds, 0).Sub(now), err == nil
}
