// Package browser drives a real Chromium in tests: one page of one browser without
// a window, by its debugging protocol. Where there is no Chromium, the test says
// so and is skipped.
package browser

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a page may take to become what a test waits for.
const patience = 20 * time.Second

// Page is what the browser shows. Whatever goes wrong with it ends the test.
type Page struct {
	t       testing.TB
	in      *os.File
	out     *bufio.Reader
	session string
	id      int
}

// Start opens an empty page. The browser finds no host but 127.0.0.1, unless flags
// say otherwise: the last of two with one name counts.
func Start(t testing.TB, flags ...string) *Page {
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
	cmd := exec.Command(path, append(args, flags...)...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, where it looks for them
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	_ = theirIn.Close()
	_ = theirOut.Close()
	if err := out.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	p := &Page{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = in.Close() // it ends with the pipe
		_ = cmd.Wait()
	})
	var target struct{ TargetID string }
	p.decode(p.Call("Target.createTarget", map[string]any{"url": "about:blank"}), &target)
	var attached struct{ SessionID string }
	p.decode(p.Call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &attached)
	p.session = attached.SessionID
	p.Call("Page.enable", nil)
	p.Call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `
		window.faults = [];
		addEventListener('securitypolicyviolation', e => faults.push(e.violatedDirective + ' ' + e.blockedURI));
		addEventListener('error', e => faults.push(String(e.message)));
		addEventListener('unhandledrejection', e => faults.push(String(e.reason)));`})
	return p
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// Call sends a command of the protocol and returns its result.
func (p *Page) Call(method string, params map[string]any) json.RawMessage {
	p.t.Helper()
	result, err := p.try(method, params)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// try is Call that returns what the browser refuses. Events that come in between are
// of no interest.
func (p *Page) try(method string, params map[string]any) (json.RawMessage, error) {
	p.t.Helper()
	p.id++
	message := map[string]any{"id": p.id, "method": method, "params": params}
	if p.session != "" {
		message["sessionId"] = p.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.in.Write(append(text, 0)); err != nil {
		p.t.Fatalf("%s: %v", method, err)
	}
	for {
		text, err := p.out.ReadBytes(0)
		if err != nil {
			p.t.Fatalf("%s: %v", method, err)
		}
		var reply struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		p.decode(text[:len(text)-1], &reply)
		if reply.ID != p.id {
			continue
		}
		if reply.Error != nil {
			return nil, fmt.Errorf("%s: %s", method, reply.Error.Message)
		}
		return reply.Result, nil
	}
}

func (p *Page) decode(text []byte, into any) {
	p.t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		p.t.Fatalf("%v in %s", err, text)
	}
}

// Go opens a URL. What it leads to is for [Page.Await].
func (p *Page) Go(url string) {
	p.t.Helper()
	p.Call("Page.navigate", map[string]any{"url": url})
}

// Eval returns the value of a JavaScript expression, "" for undefined.
func (p *Page) Eval(expression string) any {
	p.t.Helper()
	value, err := p.eval(expression)
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

func (p *Page) eval(expression string) (any, error) {
	p.t.Helper()
	result, err := p.try("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if err != nil {
		return nil, err
	}
	var reply struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	p.decode(result, &reply)
	switch {
	case reply.ExceptionDetails != nil:
		return nil, fmt.Errorf("%s: %s", expression, reply.ExceptionDetails.Exception.Description)
	case reply.Result.Value == nil:
		return "", nil
	}
	return reply.Result.Value, nil
}

// Await waits until a condition holds, in whatever document is there by then. It
// works where pages may run no scripts.
func (p *Page) Await(condition string) {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		// What fails is not there yet, or goes away just now.
		if held, err := p.eval(`Boolean(` + condition + `)`); err == nil && held == true {
			return
		}
		if time.Now().After(end) {
			text, _ := p.eval(`document.body.innerText`)
			p.t.Fatalf("never came true: %s\nfaults: %s\ntext: %.2000s", condition, p.Faults(), strings.TrimSpace(fmt.Sprint(text)))
		}
	}
}

// Type types a text where the focus is.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.Call("Input.insertText", map[string]any{"text": text})
}

// Enter presses the key.
func (p *Page) Enter() {
	p.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		p.Call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"})
	}
}

// Faults are the errors in the page's scripts and what its policy has forbidden it,
// a line each.
func (p *Page) Faults() string {
	p.t.Helper()
	faults, err := p.eval(`(window.faults ?? []).join('\n')`)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(faults)
}

// Shoot keeps a picture of the page among the test's artifacts.
func (p *Page) Shoot(name string) {
	p.t.Helper()
	var shot struct{ Data string }
	p.decode(p.Call("Page.captureScreenshot", map[string]any{"format": "png"}), &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.t.ArtifactDir(), name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
