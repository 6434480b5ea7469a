package wire

import "net/http"

// The codes that this package gives itself. Resolvers and guards give the others of statuses.
const (
	codeInvalid     = "VALIDATION_FAILED"
	codeForbidden   = "FORBIDDEN"
	codeCSRF        = "CSRF_FAILED"
	codeRejected    = "QUERY_REJECTED"
	codeUnavailable = "UNAVAILABLE"
	codeInternal    = "INTERNAL"
)

// statuses are all the values that extensions.code may have, and what each means for HTTP when the whole request fails with it.
var statuses = map[string]int{
	"UNAUTHENTICATED":    http.StatusUnauthorized,
	"OTP_INVALID":        http.StatusUnauthorized,
	codeForbidden:        http.StatusForbidden,
	"ACCOUNT_BLOCKED":    http.StatusForbidden,
	"MEMBERSHIP_EXPIRED": http.StatusForbidden,
	"DEVICE_LIMIT":       http.StatusForbidden,
	"DEVICE_MISMATCH":    http.StatusForbidden,
	codeCSRF:             http.StatusForbidden,
	"IP_DENIED":          http.StatusForbidden,
	codeInvalid:          http.StatusBadRequest,
	"RATE_LIMITED":       http.StatusTooManyRequests,
	codeRejected:         http.StatusBadRequest,
	codeUnavailable:      http.StatusServiceUnavailable,
	codeInternal:         http.StatusInternalServerError,
}

// Status is the HTTP status of a request that failed as a whole with an error of this extensions.code, 500 for an unknown code.
func Status(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusInternalServerError
}
