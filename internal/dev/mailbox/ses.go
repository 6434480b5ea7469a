package mailbox

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// largest is the size of a request in bytes: SES takes 40 MB, nobody here
// sends more than a page of text.
const largest = 1 << 20

// refusal is an error in the words of SES.
type refusal struct {
	status  int
	kind    string // the SDK makes its error type of it
	message string
}

func (r refusal) Error() string { return r.message }

func badRequest(format string, args ...any) refusal {
	return refusal{http.StatusBadRequest, "BadRequestException", fmt.Sprintf(format, args...)}
}

// sendEmail is the operation SendEmail of SES v2.
func (s *Server) sendEmail(w http.ResponseWriter, r *http.Request) {
	mode, over := s.faults.now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largest))
	if err != nil {
		refuse(w, badRequest("body: %v", err))
		return
	}
	switch mode {
	case Down:
		panic(http.ErrAbortHandler)
	case Broken:
		refuse(w, refusal{http.StatusInternalServerError, "InternalServiceErrorException", "out of order"})
		return
	case Throttle:
		refuse(w, refusal{http.StatusTooManyRequests, "TooManyRequestsException", "Maximum sending rate exceeded."})
		return
	case Hang:
		select {
		case <-over:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	}
	if err := s.verify(r, body); err != nil {
		refuse(w, err)
		return
	}
	m, err := parse(body)
	if err != nil {
		refuse(w, err)
		return
	}
	m.ID, m.At = rand.Text()+"-000000", time.Now()
	if err := s.keep(m); err != nil {
		refuse(w, refusal{http.StatusInternalServerError, "InternalServiceErrorException", err.Error()})
		return
	}
	if mode == Lose {
		panic(http.ErrAbortHandler)
	}
	answer(w, http.StatusOK, map[string]string{"MessageId": m.ID})
}

func refuse(w http.ResponseWriter, err error) {
	var r refusal
	if !errors.As(err, &r) {
		r = badRequest("%v", err)
	}
	w.Header().Set("X-Amzn-ErrorType", r.kind)
	answer(w, r.status, map[string]string{"message": r.message})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone
}

// verify signs the request again with our key and compares.
func (s *Server) verify(r *http.Request, body []byte) error {
	given := r.Header.Get("Authorization")
	if given == "" {
		return refusal{http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token"}
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 5*time.Minute {
		return refusal{http.StatusForbidden, "InvalidSignatureException", "Signature expired"}
	}
	again := r.Clone(r.Context())
	again.URL.Scheme, again.URL.Host = "http", r.Host
	_, list, _ := strings.Cut(given, "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	signed := strings.Split(list, ";")
	for name := range again.Header {
		if !slices.Contains(signed, strings.ToLower(name)) {
			again.Header.Del(name)
		}
	}
	hash := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret}
	err = v4.NewSigner().SignHTTP(r.Context(), key, again, hex.EncodeToString(hash[:]), "ses", s.Region(), at)
	if err != nil {
		return fmt.Errorf("sign again: %w", err)
	}
	if again.Header.Get("Authorization") != given {
		return refusal{http.StatusForbidden, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided."}
	}
	return nil
}

// email is what SES v2 takes, as far as we send it.
type email struct {
	FromEmailAddress string
	ReplyToAddresses []string
	Destination      struct{ ToAddresses, CcAddresses, BccAddresses []string }
	Content          struct {
		Simple *struct {
			Subject content
			Body    struct{ Text, Html content }
			Headers []struct{ Name, Value string }
		}
	}
	ConfigurationSetName string
	EmailTags            []struct{ Name, Value string }
}

// content is text. Without a charset SES takes nothing but ASCII.
type content struct{ Data, Charset string }

func (c content) check() error {
	for _, r := range c.Data {
		if r > unicode.MaxASCII && !strings.EqualFold(c.Charset, "UTF-8") {
			return badRequest("%q in a text of charset %q", r, c.Charset)
		}
	}
	return nil
}

func parse(body []byte) (Message, error) {
	var e email
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return Message{}, badRequest("not understood: %v", err)
	}
	if e.Content.Simple == nil {
		return Message{}, badRequest("Content.Simple is missing")
	}
	simple := e.Content.Simple
	m := Message{
		From: e.FromEmailAddress, ReplyTo: e.ReplyToAddresses,
		Subject: simple.Subject.Data, Text: simple.Body.Text.Data, HTML: simple.Body.Html.Data,
		To: slices.Concat(e.Destination.ToAddresses, e.Destination.CcAddresses, e.Destination.BccAddresses),
	}
	for _, c := range []content{simple.Subject, simple.Body.Text, simple.Body.Html} {
		if err := c.check(); err != nil {
			return Message{}, err
		}
	}
	for _, header := range simple.Headers {
		if m.Headers == nil {
			m.Headers = map[string]string{}
		}
		m.Headers[header.Name] = header.Value
	}
	return m, check(m)
}

func check(m Message) error {
	switch n := len(m.To); {
	case n == 0:
		return badRequest("Destination: no recipient")
	case n > 50:
		return badRequest("Destination: %d recipients, at most 50", n)
	case m.Subject == "":
		return badRequest("Subject is empty")
	case cmp.Or(m.Text, m.HTML) == "":
		return badRequest("Body is empty")
	}
	for _, address := range slices.Concat([]string{m.From}, m.To, m.ReplyTo) {
		if _, err := mail.ParseAddress(address); err != nil {
			return badRequest("address %q: %v", address, err)
		}
	}
	for name, value := range m.Headers {
		if strings.ContainsAny(name+value, "\r\n") {
			return badRequest("header %q has a line break", name)
		}
	}
	return nil
}
