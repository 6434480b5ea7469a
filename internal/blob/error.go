package blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// What can go wrong, for errors.Is. A cancelled or expired context of the
// caller's own comes back as that context's error instead.
var (
	// ErrNotFound: there is no object under the key.
	ErrNotFound = errors.New("no such object")
	// ErrChanged: the object is no longer the one that was asked for, by its
	// ETag or by its length.
	ErrChanged = errors.New("object has changed")
	// ErrKey: the key cannot be addressed; see Get.
	ErrKey = errors.New("key cannot be addressed")
	// ErrUnavailable: the store is away, refuses our credentials, or does not
	// do its work. Trying again later may help.
	ErrUnavailable = errors.New("storage unavailable")
)

// opError keeps the store's own words and the key out of its message: they
// may reach people who should see neither. Logs find them by unwrapping.
type opError struct {
	op    string
	kind  error
	brief string // status and code of the store's answer, where it gave one
	cause error
}

func (e *opError) Error() string   { return "blob: " + e.op + ": " + e.kind.Error() + e.brief }
func (e *opError) Unwrap() []error { return []error{e.kind, e.cause} }

// failure sorts what the SDK returned. missing is what a 404 means here.
func failure(ctx context.Context, op string, missing, err error) error {
	if ctx.Err() != nil {
		return &opError{op: op, kind: ctx.Err(), cause: err}
	}
	e := &opError{op: op, kind: ErrUnavailable, cause: err}
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) {
		return e
	}
	var api smithy.APIError
	code := ""
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	switch status := answer.HTTPStatusCode(); {
	case code == "NoSuchBucket": // a 404 too, but a setting is wrong, not a key
	case status == http.StatusNotFound:
		e.kind = missing
	case status == http.StatusPreconditionFailed, status == http.StatusRequestedRangeNotSatisfiable:
		e.kind = ErrChanged
	}
	e.brief = fmt.Sprintf(" (HTTP %d)", answer.HTTPStatusCode())
	if len(code) <= 64 && made(strings.ToLower(code), "abcdefghijklmnopqrstuvwxyz0123456789") {
		e.brief = fmt.Sprintf(" (HTTP %d %s)", answer.HTTPStatusCode(), code)
	}
	return e
}
