package drill_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// All that a studio's webhook can hear of, through the whole program: what happens by the API and at
// the ZIP's route, and an alert that the server raises by itself. The receiver can't be reached, and
// nobody notices but who looks.
func TestAWebhookHearsOfEverythingItAskedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.env["SECURITY_ALERT_THRESHOLD_AUTH_BLOCKED"] = "1"
	h.people(t)
	jobID, _ := h.released(t, 2)
	admin, owner := h.as(h.Admin), h.as(h.Owner)
	made := admin.ask(t, `mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } secret } }`, map[string]any{"input": map[string]any{
		"url": "https://hook.example/?token=very-private", "events": []string{"IMAGE_RELEASED", "JOB_READY", "DOWNLOAD_FINISHED", "SECURITY_ALERT"},
	}}).fine(t)
	secret := made.text("data", "createWebhook", "secret")
	told := func(what string) int { return h.count(t, "SELECT count(*) FROM webhook_event WHERE type = '"+what+"'") }

	admin.ask(t, `mutation($input: SetAllImagesIncludedInput!) { setAllImagesIncluded(input: $input) { job { id } } }`,
		map[string]any{"input": map[string]any{"jobId": jobID, "allImagesIncluded": true}}).fine(t)
	admin.ask(t, `mutation($input: SetJobStatusInput!) { setJobStatus(input: $input) { job { id } } }`,
		map[string]any{"input": map[string]any{"jobId": jobID, "status": "DELIVERED"}}).fine(t)
	if got := owner.get(t, http.MethodGet, "/jobs/"+jobID+"/download.zip"); got.status != 200 {
		t.Fatalf("%d", got.status)
	}
	h.as(h.Other).get(t, http.MethodGet, "/jobs/"+jobID+"/download.zip").refused(t, 403, "FORBIDDEN")
	for _, what := range []string{"image.released", "job.ready", "download.finished", "security.alert"} {
		eventually(t, what, 30*time.Second, func() bool { return told(what) == 1 })
	}
	eventually(t, "an attempt", 30*time.Second, func() bool { return h.count(t, "SELECT count(*) FROM webhook_delivery WHERE attempts > 0") > 0 })
	if n := h.count(t, "SELECT count(*) FROM webhook_delivery WHERE state <> 'PENDING' OR attempts > 0 AND last_trouble NOT IN ('unreachable', 'timeout')"); n != 0 {
		t.Errorf("%d deliveries arrived nowhere, and don't wait", n)
	}
	for _, private := range []string{secret, "very-private"} {
		if strings.Contains(h.log(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
}
