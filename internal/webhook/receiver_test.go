package webhook_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixgate/internal/id"
	"pixgate/internal/webhook"
	"pixgate/internal/webhook/standard"
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
	address := "127.0.0.1:" + strings.TrimPrefix(lines.Text(), "listening on ")
	url := "http://" + address
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
	for _, abrupt := range []bool{false, true} {
		hangUp(t, address, abrupt)
	}
	if got := post(with(func(p *posted) { p.body = strings.Repeat(" ", 65<<10) })); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 65 KiB: %d", got)
	}
	key, err := standard.ParseSecret(shown)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(body string) posted { // as pixgate would, another event each time
		m := standard.Message{ID: webhook.MessageID(id.New(time.Now())), At: time.Now(), Body: []byte(body)}
		return posted{id: m.ID, at: strconv.FormatInt(m.At.Unix(), 10), signature: standard.Sign(m, key), body: body}
	}
	for body, want := range map[string]int{
		"": 400, "no JSON": 400, "{": 400, "null": 400, "[]": 400, "7": 400, `{"data":{}}`: 400, `{"type":7}`: 400,
		`{"type":"job.unheard-of","data":{}}`: 204, `{"type":"constructor"}`: 204, `{"type":"__proto__"}`: 204,
	} {
		if got := post(sign(body)); got != want {
			t.Errorf("%s, signed: %d, want %d", body, got, want)
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

// hangUp begins a request and leaves: politely, reading what is said to that, or at once.
func hangUp(t *testing.T, address string, abrupt bool) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: hook\r\nContent-Length: 100\r\n\r\n{}\n"); err != nil {
		t.Fatal(err)
	}
	tcp := conn.(*net.TCPConn)
	if abrupt {
		err = tcp.SetLinger(0) // a reset
	} else if err = tcp.CloseWrite(); err == nil {
		_, _ = io.Copy(io.Discard, tcp)
	}
	if err != nil {
		t.Error(err)
	}
}
