package matrix

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/job"
)

// A request that did something else besides keeps its 200. The wrong code in it is a
// failed sign-in all the same: counted, and told to whoever keeps records.
func TestAGuessBesideAnotherMutationIsCountedLikeAnyOther(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.resolver.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.AuthIP: {Most: 2, Period: time.Hour}})
	told := 0
	listening := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.handler.ServeHTTP(w, r.WithContext(fault.WithListener(r.Context(), func(code fault.Code, _ string) {
			if code == fault.OTPInvalid {
				told++
			}
		})))
	})
	const guess = `verifyOtp(input: { challengeId: "AAAAAAAAAAAAAAAAAAAAAA", code: "123456", transport: TOKEN, device: { id: "a-secret-of-a-device" } }) { token }`
	other := `selectImages(input: { jobId: "` + a.Package.PublicID() + `", imageIds: ["` + a.Package.Image(job.None) + `"], selected: false }) { __typename }`
	for n, ask := range []string{"mutation { " + other + " " + guess + " }", "mutation { " + guess + " " + other + " }"} {
		if got := a.ask(listening, "application/json", a.Owner, ask, nil); got.status != http.StatusOK || !strings.Contains(got.body, "OTP_INVALID") || told != n+1 {
			t.Errorf("guess %d: %d %s; told %d times", n+1, got.status, got.body, told)
		}
	}
	alone := "mutation { " + guess + " }"
	if got := a.ask(listening, "application/json", nil, alone, nil); got.status != http.StatusTooManyRequests {
		t.Errorf("the third guess: %d %s", got.status, got.body)
	}
}
