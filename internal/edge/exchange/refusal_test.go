package exchange

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"pixgate/graph/wire"
	"pixgate/internal/fault"
)

// The contract's table, which GraphQL keeps as well.
func TestStatusesAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	contract := map[fault.Code]int{
		"UNAUTHENTICATED": 401, "OTP_INVALID": 401, "FORBIDDEN": 403, "ACCOUNT_BLOCKED": 403, "MEMBERSHIP_EXPIRED": 403, "DEVICE_LIMIT": 403,
		"DEVICE_MISMATCH": 403, "CSRF_FAILED": 403, "IP_DENIED": 403, "VALIDATION_FAILED": 400, "RATE_LIMITED": 429, "QUERY_REJECTED": 400,
		"UNAVAILABLE": 503, "INTERNAL": 500,
	}
	if len(statuses) != len(contract) {
		t.Errorf("%d codes, want %d", len(statuses), len(contract))
	}
	for code, want := range contract {
		w := answered(&fault.Error{Code: code, Message: "m", RetryAfter: 1500 * time.Millisecond, Fields: []fault.Field{{Path: "input.email", Code: fault.Required, Message: "f"}}})
		if w.Code != want || wire.Status(string(code)) != want {
			t.Errorf("%s: %d here, %d in GraphQL, want %d", code, w.Code, wire.Status(string(code)), want)
		}
		if got := w.Header().Get("WWW-Authenticate"); (got == "Bearer") != (want == 401) {
			t.Errorf("%s: WWW-Authenticate %q", code, got)
		}
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		waits := want == 429 || want == 503
		if got := w.Header().Get("Retry-After"); (got == "2") != waits || (p.RetryAfter == 2) != waits { // rounded up
			t.Errorf("%s: Retry-After %q, retryAfter %d", code, got, p.RetryAfter)
		}
		if (p.RequestID == "id") != (want == 500) || len(p.Fields) != 1 || p.Fields[0].Path != "input.email" || p.Code != code {
			t.Errorf("%s: %s", code, w.Body)
		}
	}
	if w := answered(fault.New("NEW_CODE", "m")); w.Code != http.StatusInternalServerError {
		t.Errorf("a code that nobody has mapped: %d", w.Code)
	}
}

func answered(err error) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(With(context.Background(), &Exchange{ID: "id"}), http.MethodGet, "/", http.NoBody)
	w := httptest.NewRecorder()
	Refuse(w, r, err)
	return w
}
