package pdf

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"pixgate/internal/egress"
)

// print prints a page that may be printed: it opens a proxy and a browser, and leaves neither behind.
func (p *Printer) print(ctx context.Context, target *url.URL, told func(string)) (file []byte, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	w := newWatch(p, told, fail)
	way, err := openProxy(ctx, p.o, p.bounds.traffic, w.blocked, fail)
	if err != nil {
		return nil, errors.Join(errStart, err)
	}
	defer way.close()
	w.password = way.password
	b, err := startBrowser(p.o, way.address(), w.heard)
	if err != nil {
		return nil, err
	}
	hangs := true
	defer func() {
		if left := b.close(hangs); left != nil {
			p.o.Log.ErrorContext(ctx, "a printed page left something behind", "error", left)
		}
	}()
	watching := make(chan struct{})
	go func() { defer close(watching); p.bound(ctx, b, fail) }()
	defer func() { fail(nil); <-watching }()
	file, err = w.run(ctx, b, target)
	hangs = context.Cause(ctx) != nil
	// What ended it says more than what it was doing then.
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if why := w.whyRefused(); why != "" {
		return nil, &egress.Blocked{Reason: why}
	}
	if err != nil && errors.Is(err, errProtocol) {
		return nil, fmt.Errorf("%w, and says: %s", err, b.said)
	}
	return file, err
}

const boundEvery = 100 * time.Millisecond

// bound ends a page whose browser takes too much memory, or too much of the disk: a page may
// write gigabytes into stores of its own without a byte of traffic.
func (p *Printer) bound(ctx context.Context, b *browser, fail func(error)) {
	tick := time.NewTicker(boundEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.ended:
			return
		case <-tick.C:
			if memoryOf(b.cmd.Process.Pid) > p.bounds.memory {
				fail(errMemory)
			}
			if sizeOf(b.profile) > p.bounds.disk {
				fail(errDisk)
			}
		}
	}
}

// run opens the page, waits until it is there, and prints it.
func (w *watch) run(ctx context.Context, b *browser, target *url.URL) ([]byte, error) {
	// For the whole browser at once, so that no frame or worker comes before it.
	if err := b.call(ctx, "", "Fetch.enable", map[string]any{"handleAuthRequests": true, "patterns": []any{map[string]any{"urlPattern": "*"}}}, nil); err != nil {
		return nil, err
	}
	if err := b.call(ctx, "", "Browser.setDownloadBehavior", map[string]any{"behavior": "deny"}, nil); err != nil {
		return nil, err
	}
	var made struct {
		TargetID string `json:"targetId"`
	}
	if err := b.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &made); err != nil {
		return nil, err
	}
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	if err := b.call(ctx, "", "Target.attachToTarget", map[string]any{"targetId": made.TargetID, "flatten": true}, &attached); err != nil {
		return nil, err
	}
	page := attached.SessionID
	w.follow(page, made.TargetID)
	for _, method := range []string{"Page.enable", "Network.enable", "Inspector.enable"} {
		if err := b.call(ctx, page, method, struct{}{}, nil); err != nil {
			return nil, err
		}
	}
	if err := b.call(ctx, page, "Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil); err != nil {
		return nil, err
	}
	// Pages made for printing often print themselves, which would be in our way.
	if err := b.call(ctx, page, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": "window.print = () => {}"}, nil); err != nil {
		return nil, err
	}
	if err := w.open(ctx, b, page, target); err != nil {
		return nil, err
	}
	return w.printer.bounds.write(ctx, b, page)
}

// open goes to the page and waits until it has loaded and, for a while, is quiet.
func (w *watch) open(ctx context.Context, b *browser, page string, target *url.URL) error {
	ctx, cancel := context.WithTimeoutCause(ctx, w.printer.bounds.load, errSlow)
	defer cancel()
	var gone struct {
		ErrorText  string `json:"errorText"`
		IsDownload bool   `json:"isDownload"`
	}
	if err := b.call(ctx, page, "Page.navigate", map[string]any{"url": target.String()}, &gone); err != nil {
		return err
	}
	switch {
	case gone.IsDownload || gone.ErrorText == "net::ERR_ABORTED":
		return errNoPage
	case gone.ErrorText == "net::ERR_HTTP_RESPONSE_CODE_FAILURE": // and nothing else to show
		return errStatus
	case gone.ErrorText != "":
		return fmt.Errorf("the page is away: %s", gone.ErrorText)
	}
	select {
	case <-w.loaded:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	quiet := time.NewTimer(w.printer.bounds.settle)
	defer quiet.Stop()
	select {
	case <-w.idle:
	case <-quiet.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if w.answered() >= http.StatusBadRequest {
		return errStatus
	}
	return stillThere(ctx, b, page)
}

// stillThere is an error where the browser shows a page of its own in the page's place: it
// went on to where nothing answers.
func stillThere(ctx context.Context, b *browser, page string) error {
	var tree struct {
		FrameTree struct {
			Frame struct {
				URL            string `json:"url"`
				UnreachableURL string `json:"unreachableUrl"`
			} `json:"frame"`
		} `json:"frameTree"`
	}
	if err := b.call(ctx, page, "Page.getFrameTree", struct{}{}, &tree); err != nil {
		return err
	}
	frame := tree.FrameTree.Frame
	if frame.UnreachableURL != "" || !strings.HasPrefix(frame.URL, "http") {
		return errors.New("the page went on to where there is none")
	}
	return nil
}

const readAtOnce = 1 << 20 // bytes

// write prints what the browser shows, A4 with its backgrounds.
func (m bounds) write(ctx context.Context, b *browser, page string) ([]byte, error) {
	var printed struct {
		Stream string `json:"stream"`
	}
	err := b.call(ctx, page, "Page.printToPDF", map[string]any{
		"printBackground": true, "paperWidth": 8.27, "paperHeight": 11.69, "transferMode": "ReturnAsStream",
		"pageRanges": fmt.Sprintf("1-%d", m.pages+1), // one more than may be, to see that it is there
	}, &printed)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	for {
		var part struct {
			Data   string `json:"data"`
			Base64 bool   `json:"base64Encoded"`
			EOF    bool   `json:"eof"`
		}
		if err := b.call(ctx, page, "IO.read", map[string]any{"handle": printed.Stream, "size": readAtOnce}, &part); err != nil {
			return nil, err
		}
		data := []byte(part.Data)
		if part.Base64 {
			if data, err = base64.StdEncoding.DecodeString(part.Data); err != nil {
				return nil, fmt.Errorf("%w: %w", errProtocol, err)
			}
		}
		if file.Len()+len(data) > m.file {
			return nil, errFile
		}
		file.Write(data)
		if part.EOF {
			break
		}
	}
	if !bytes.HasPrefix(file.Bytes(), []byte("%PDF-")) {
		return nil, fmt.Errorf("%w: no PDF", errProtocol)
	}
	if len(pageObject.FindAllIndex(file.Bytes(), -1)) > m.pages {
		return nil, errPages
	}
	return file.Bytes(), nil
}

// pageObject is how the file says that there is a page. A picture within may hold the same bytes,
// and count for one: never the other way round.
var pageObject = regexp.MustCompile(`/Type\s*/Page[^s]`)
