package webhook_test

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixgate/internal/webhook"
)

// The example of docs/webhooks.md takes what this server sends, once, and nothing else.
func TestTheExampleReceiver(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs node")
	}
	w := newWorld(t)
	hook, shown := w.create(t, w.Admin, "https://hook.example/", webhook.JobReady)
	w.ready(t)
	sent := w.deliver(t)[0]

	receiver := exec.CommandContext(t.Context(), node, "../../docs/examples/receive-webhook.mjs")
	receiver.Env = append(os.Environ(), "WEBHOOK_SECRET="+shown, "PORT=0")
	says, err := receiver.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := receiver.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = receiver.Process.Kill(); _ = receiver.Wait() })
	lines := bufio.NewScanner(says)
	if !lines.Scan() {
		t.Fatal("the example says nothing")
	}
	url := "http://127.0.0.1:" + strings.TrimPrefix(lines.Text(), "listening on ")
	post := func(p posted) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(p.body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"webhook-id": p.id, "webhook-timestamp": p.at, "webhook-signature": p.signature} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	with := func(change func(*posted)) posted { other := sent; change(&other); return other }
	late := strconv.FormatInt(time.Now().Add(-6*time.Minute).Unix(), 10)
	for name, c := range map[string]posted{
		"another body":      with(func(p *posted) { p.body = strings.Replace(p.body, "DELIVERED", "CLOSED", 1) }),
		"another id":        with(func(p *posted) { p.id += "0" }),
		"another time":      with(func(p *posted) { p.at = late }),
		"no signature":      with(func(p *posted) { p.signature = "" }),
		"a short signature": with(func(p *posted) { p.signature = "v1,AAAA" }),
		"another version":   with(func(p *posted) { p.signature = strings.Replace(p.signature, "v1,", "v9,", 1) }),
		"no id":             with(func(p *posted) { p.id = "" }),
		"a time that is no": with(func(p *posted) { p.at = "now" }),
		"nothing at all":    {},
	} {
		if got := post(c); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := post(with(func(p *posted) { p.signature = "v1,AAAA " + p.signature })); got != http.StatusNoContent {
		t.Errorf("the second signature is right: %d", got)
	}
	if got := post(sent); got != http.StatusNoContent { // once more: taken, and dropped
		t.Errorf("a double: %d", got)
	}
	// Another event, so that one sees that the double was not told.
	if _, _, err := w.hooks.Test(t.Context(), viewer(w.Admin), hook.PublicID()); err != nil {
		t.Fatal(err)
	}
	if got := post(w.deliver(t)[0]); got != http.StatusNoContent {
		t.Errorf("a test: %d", got)
	}
	var told bytes.Buffer
	for range 2 {
		if !lines.Scan() {
			t.Fatal("the example told too little")
		}
		told.WriteString(lines.Text() + "\n")
	}
	if want := `job.ready {"jobId":"` + w.Package.PublicID() + `","status":"DELIVERED"}` + "\nwebhook.test {\"webhookId\":\"" + hook.PublicID() + "\"}\n"; told.String() != want {
		t.Errorf("it told %q, want %q", told.String(), want)
	}
}
