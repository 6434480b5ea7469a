package audit

import "pixgate/internal/fault"

// refusals say which security event it is when a request is refused as a whole.
var refusals = map[fault.Code]Event{
	fault.RateLimited:       RateLimitBlocked,
	fault.IPDenied:          IPAccessDenied,
	fault.CSRFFailed:        CSRFBlocked,
	fault.Unauthenticated:   AuthBlocked,
	fault.Forbidden:         AuthBlocked,
	fault.AccountBlocked:    AuthBlocked,
	fault.MembershipExpired: AuthBlocked,
	fault.DeviceLimit:       AuthBlocked,
	fault.OTPInvalid:        LoginWrong,
	fault.DeviceMismatch:    DeviceMismatched,
	fault.ValidationFailed:  RequestValidationFailed,
	fault.QueryRejected:     QueryRejected,
}

// EventOf is the event that a refusal with this code is; known is false for what went
// wrong on our side, and for no code.
func EventOf(code fault.Code) (event Event, known bool) {
	event, known = refusals[code]
	return event, known
}
