package playground_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/graph/playground"
	"pixgate/graph/wire"
	"pixgate/graph/wire/testschema"
)

// The page in a real browser: it renders under its own policy, shows the explorer, sends the token, and runs a query.
func TestInBrowser(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)

	var tokens atomic.Int32
	mux := http.NewServeMux()
	pages := playground.Handler("/graphql", operations)
	mux.Handle("/playground", pages)
	mux.Handle("/playground/", pages)
	mux.HandleFunc("/csrf-token", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"csrfToken":"t%d"}`, tokens.Add(1))
	})
	endpoint := wire.New(wire.Options{Schema: testschema.New(nil), Introspect: func(context.Context) error { return nil }})
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-CSRF-Token") != "t2" { // the first token is as good as outlived
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"code":"CSRF_FAILED"}`)
			return
		}
		endpoint.ServeHTTP(w, r)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	b.call("Page.enable", nil)
	b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `
		window.faults = [];
		addEventListener('securitypolicyviolation', e => faults.push(e.violatedDirective + ' ' + e.blockedURI));
		addEventListener('error', e => faults.push(String(e.message)));
		addEventListener('unhandledrejection', e => faults.push(String(e.reason)));`})
	b.call("Page.navigate", map[string]any{"url": server.URL + "/playground"})

	b.await(`document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getValue().includes('query Ok')`)
	b.await(`[...document.querySelectorAll('.graphiql-tab-button')].map(t => t.textContent.trim()).join() === 'Ok,Thing'`)
	b.await(`document.querySelector('[aria-label="Show GraphiQL Explorer"]') !== null`)
	b.eval(`document.querySelector('[aria-label="Show GraphiQL Explorer"]').click()`)
	b.await(`document.querySelector('.docExplorerWrap')?.textContent.includes('nothing')`) // a field of the schema, read by introspection
	b.eval(`document.querySelector('.graphiql-execute-button').click()`)
	b.await(`document.querySelector('.result-window')?.textContent.replace(/\s/g, '').includes('"data":{"ok":"ok"}')`)
	b.eval(`document.querySelectorAll('.graphiql-tab-button')[1].click()`)
	b.await(`document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue().includes('query Thing')`)
	b.await(`[...document.querySelectorAll('.CodeMirror')].some(e => e.CodeMirror.getValue() === '{"id": "7"}')`) // its variables
	if faults := b.eval(`faults.join('\n')`); faults != "" {
		t.Errorf("the page reports\n%v", faults)
	}
	if elsewhere := b.eval(`performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin) && !n.startsWith('data:')).join()`); elsewhere != "" {
		t.Errorf("the page loads %v", elsewhere)
	}
	var shot struct{ Data string }
	b.decode(b.call("Page.captureScreenshot", map[string]any{"format": "png"}), &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "playground.png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// browser is one page of a Chromium, driven by its debugging protocol over a pair of pipes.
type browser struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	id      int
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no chromium, chromium-browser or google-chrome on this machine")
	}
	args := []string{
		"--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--window-size=1400,900",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=" + t.TempDir(),
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	theirIn, in := pipe(t)
	out, theirOut := pipe(t)
	cmd := exec.Command(path, args...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, where it looks for them
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	_ = theirIn.Close()
	_ = theirOut.Close()
	if err := out.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = in.Close() // it ends with the pipe
		_ = cmd.Wait()
	})
	var target struct{ TargetID string }
	b.decode(b.call("Target.createTarget", map[string]any{"url": "about:blank"}), &target)
	var attached struct{ SessionID string }
	b.decode(b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &attached)
	b.session = attached.SessionID
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// call sends a command and returns its result; events that come in between are of no interest.
func (b *browser) call(method string, params map[string]any) json.RawMessage {
	b.t.Helper()
	b.id++
	message := map[string]any{"id": b.id, "method": method, "params": params}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		text, err := b.out.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		var reply struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		b.decode(text[:len(text)-1], &reply)
		if reply.ID != b.id {
			continue
		}
		if reply.Error != nil {
			b.t.Fatalf("%s: %s", method, reply.Error.Message)
		}
		return reply.Result
	}
}

func (b *browser) decode(text []byte, into any) {
	b.t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		b.t.Fatalf("%v in %s", err, text)
	}
}

// eval returns the value of a JavaScript expression, "" for undefined.
func (b *browser) eval(expression string) any {
	b.t.Helper()
	var reply struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	b.decode(b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}), &reply)
	if reply.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, reply.ExceptionDetails.Exception.Description)
	}
	if reply.Result.Value == nil {
		return ""
	}
	return reply.Result.Value
}

// await waits in the page until the condition holds, for 20 seconds at most.
func (b *browser) await(condition string) {
	b.t.Helper()
	held := b.eval(`(async () => {
		const end = Date.now() + 20000;
		for (;;) {
			try { if (` + condition + `) return true; } catch { /* not there yet */ }
			if (Date.now() > end) return false;
			await new Promise(requestAnimationFrame);
		}
	})()`)
	if held != true {
		b.t.Fatalf("never came true: %s\nfaults: %v\ntext: %.2000s", condition, b.eval(`faults.join()`), strings.TrimSpace(fmt.Sprint(b.eval(`document.body.innerText`))))
	}
}
