// Package fault is the one vocabulary of failure: a code that programs read, a
// sentence that a person may read, and the cause that only the log may see.
// Rooms return faults; GraphQL and plain HTTP each map them once.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Code is the machine-readable kind of a failure, as listed in the contract
// under "Answers and statuses".
type Code string

// The codes of the contract.
const (
	Unauthenticated   Code = "UNAUTHENTICATED"
	OTPInvalid        Code = "OTP_INVALID"
	Forbidden         Code = "FORBIDDEN"
	AccountBlocked    Code = "ACCOUNT_BLOCKED"
	MembershipExpired Code = "MEMBERSHIP_EXPIRED"
	DeviceLimit       Code = "DEVICE_LIMIT"
	DeviceMismatch    Code = "DEVICE_MISMATCH"
	CSRFFailed        Code = "CSRF_FAILED"
	IPDenied          Code = "IP_DENIED"
	ValidationFailed  Code = "VALIDATION_FAILED"
	RateLimited       Code = "RATE_LIMITED"
	QueryRejected     Code = "QUERY_REJECTED"
	Unavailable       Code = "UNAVAILABLE"
	Internal          Code = "INTERNAL"
)

// Error is a failure that has been judged: everything in it but the cause may
// be shown to the caller.
type Error struct {
	Code       Code
	Message    string        // one sentence a person may read, without private data
	Fields     []Field       // what was wrong with the input; only with ValidationFailed
	RetryAfter time.Duration // when trying again makes sense; only with RateLimited and Unavailable
	cause      error
}

// Field tells what is wrong with one part of the input.
type Field struct {
	Path    string    // where, such as "input.email"
	Code    FieldCode // what kind of trouble
	Message string    // what to do about it
}

// FieldCode is the machine-readable kind of a [Field].
type FieldCode string

// The four kinds of trouble with an input.
const (
	Required     FieldCode = "required"
	InvalidType  FieldCode = "invalid_type"
	InvalidValue FieldCode = "invalid_value"
	InvalidJSON  FieldCode = "invalid_json"
)

// Error returns code, sentence and cause, for the log.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the cause, which callers must never see.
func (e *Error) Unwrap() error { return e.cause }

// New returns a failure with a sentence that the caller may read.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Refused is the one answer to everything that is foreign, unknown, malformed
// or not released: the caller can't tell which.
func Refused() *Error {
	return New(Forbidden, "You have no access to this, or it does not exist.")
}

// SignedOut says that there is no valid session.
func SignedOut() *Error {
	return New(Unauthenticated, "Please sign in: there is no valid session.")
}

// TooMany says that a limit is reached and when to come back.
func TooMany(message string, retryAfter time.Duration) *Error {
	return &Error{Code: RateLimited, Message: message, RetryAfter: retryAfter}
}

// Invalid says which parts of the input are wrong.
func Invalid(fields ...Field) *Error {
	return &Error{Code: ValidationFailed, Message: "The input is not valid; see fields.", Fields: fields}
}

// Away says that a part that is needed, such as "database" or "storage", does
// not answer. The cause goes to the log.
func Away(part string, cause error) *Error {
	return &Error{
		Code:       Unavailable,
		Message:    "The service can't answer this right now. Please try again in a moment.",
		RetryAfter: 2 * time.Second,
		cause:      fmt.Errorf("%s: %w", part, cause),
	}
}

// As returns the judged failure within err. One that nobody has judged is
// INTERNAL: its text stays in the log.
func As(err error) *Error {
	if judged, ok := errors.AsType[*Error](err); ok {
		return judged
	}
	return &Error{Code: Internal, Message: "Something went wrong on our side.", cause: err}
}

// Is reports whether err carries code.
func Is(err error, code Code) bool {
	judged, ok := errors.AsType[*Error](err)
	return ok && judged.Code == code
}
