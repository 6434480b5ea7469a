package pdf_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/pdf"
)

func ignore(string) {}

// A page that takes too much, of whatever it is, is refused by a sentence that tells nothing of
// what it holds, and nothing of it stays.
func TestAPageTakesNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	secret := "what only the target knows"
	n.pages["/hangs"] = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	n.pages["/half"] = func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, "<p>"+secret+strings.Repeat(" ", 8000))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	n.page("/loops", `<script>for (;;);</script>`)
	n.page("/pages", strings.Repeat(`<p style="break-after: page">`+secret, 101))
	n.page("/hundred", strings.Repeat(`<p style="break-after: page">x`, 99)+`<p>x`)
	n.page("/file", `<canvas id=c width=1200 height=1200></canvas><script>const x = c.getContext('2d'), i = x.createImageData(1200, 1200); for (let a = 0; a < i.data.length; a += 65536) crypto.getRandomValues(i.data.subarray(a, a + 65536)); x.putImageData(i, 0, 0)</script>`)
	n.page("/traffic", `<script>fetch('/flood').then(r => r.arrayBuffer())</script><img src="/flood">`)
	n.pages["/flood"] = func(w http.ResponseWriter, _ *http.Request) {
		for block := make([]byte, 64<<10); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	n.page("/memory", `<script>const all = []; setInterval(() => { const a = new Uint8Array(32 << 20); for (let i = 0; i < a.length; i += 4096) a[i] = 1; all.push(a) }, 5)</script><img src="/hangs">`)
	for store, keep := range map[string]string{
		"files": `const d = await navigator.storage.getDirectory(); put = async (i, b) => { const f = await (await d.getFileHandle('x' + i, {create: true})).createWritable(); await f.write(b); await f.close() }`,
		"cache": `const c = await caches.open('x'); put = (i, b) => c.put('/' + i, new Response(b))`,
		"index": `const r = indexedDB.open('x', 1); await new Promise(k => { r.onupgradeneeded = () => r.result.createObjectStore('s'); r.onsuccess = k }); put = (i, b) => new Promise(k => { const t = r.result.transaction('s', 'readwrite'); t.objectStore('s').put(b, i); t.oncomplete = k })`,
	} {
		n.page("/"+store, `<script type=module>let put; `+keep+`; const b = new Uint8Array(4 << 20); for (let a = 0; a < b.length; a += 65536) crypto.getRandomValues(b.subarray(a, a + 65536)); for (let i = 0;; i++) await put(i, b)</script><img src="/hangs">`)
	}
	n.pages["/missing"] = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, secret)
	}
	n.pages["/download"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="x.bin"`)
		_, _ = fmt.Fprint(w, secret)
	}
	n.pages["/password"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="page"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	n.pages["/cut"] = func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	for _, c := range []struct {
		path string
		p    *pdf.Printer
		code fault.Code // empty: it is printed
		says string
	}{
		{"/hundred", n.printer(), "", ""},
		{"/hangs", n.printer().Within(2*time.Second, 0, 0, 0), fault.Unavailable, "too long"},
		{"/half", n.printer().Within(2*time.Second, 0, 0, 0), fault.Unavailable, "too long"},
		{"/loops", n.printer().Within(2*time.Second, 0, 0, 0), fault.Unavailable, "too long"},
		{"/pages", n.printer(), fault.ValidationFailed, "100 pages"},
		{"/file", n.printer().Within(0, 1<<20, 0, 0), fault.ValidationFailed, "1 MiB"},
		{"/traffic", n.printer().Within(0, 0, 4<<20, 0), fault.ValidationFailed, "4 MiB"},
		{"/memory", n.printer().Within(0, 0, 0, 400<<20), fault.ValidationFailed, "memory"},
		{"/files", n.printer().WithDisk(48 << 20), fault.ValidationFailed, "stores"},
		{"/cache", n.printer().WithDisk(48 << 20), fault.ValidationFailed, "stores"},
		{"/index", n.printer().WithDisk(48 << 20), fault.ValidationFailed, "stores"},
		{"/missing", n.printer(), fault.ValidationFailed, "error status"},
		{"/password", n.printer(), fault.ValidationFailed, "error status"},
		{"/download", n.printer(), fault.ValidationFailed, "download"},
		{"/cut", n.printer(), fault.Unavailable, "reached"},
	} {
		t.Run(c.path[1:], func(t *testing.T) {
			got, err := c.p.Print(t.Context(), admin, pdf.Request{URL: "https://page.example" + c.path, Blocked: ignore})
			if c.code == "" {
				if err != nil || !bytes.HasPrefix(got.Bytes, []byte("%PDF-")) {
					t.Error(err)
				}
				return
			}
			told := fmt.Sprintf("%v %+v", fault.As(err).Message, fault.As(err).Fields)
			if got != nil || !fault.Is(err, c.code) || !strings.Contains(told, c.says) {
				t.Errorf("%v: %s", err, told)
			}
			if strings.Contains(err.Error()+told, secret) {
				t.Error("the refusal tells what the page holds")
			}
		})
	}
	if _, err := n.printer().Print(t.Context(), admin, pdf.Request{URL: "https://nowhere.example/", Blocked: ignore}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a name without an address: %v", err)
	}
	n.nothingLeft(t)
}

// Fifty requests at once never have more than two browsers; the others are told to come again.
func TestFiftyRequestsHaveTwoBrowsers(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	var running, most atomic.Int32
	full, go_ := make(chan struct{}), make(chan struct{})
	n.pages["/slow"] = func(w http.ResponseWriter, r *http.Request) {
		now := running.Add(1)
		defer running.Add(-1)
		for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
		}
		if now == 2 {
			close(full)
		}
		<-go_
		_, _ = fmt.Fprint(w, "<p>slow")
	}
	printer := n.printer()
	var printed, busy atomic.Int32
	var all, refused sync.WaitGroup
	refused.Add(48)
	for range 50 {
		all.Go(func() {
			_, err := printer.Print(t.Context(), admin, pdf.Request{URL: "https://page.example/slow", Blocked: ignore})
			switch {
			case err == nil:
				printed.Add(1)
			case fault.Is(err, fault.Unavailable) && fault.As(err).RetryAfter > 0:
				busy.Add(1)
				refused.Done()
			default:
				t.Error(err)
			}
		})
	}
	refused.Wait()
	<-full
	close(go_)
	all.Wait()
	if printed.Load() != 2 || busy.Load() != 48 || most.Load() != 2 {
		t.Errorf("%d printed, %d told to come again, %d at once", printed.Load(), busy.Load(), most.Load())
	}
	if _, err := printer.Print(t.Context(), admin, pdf.Request{URL: "https://page.example/slow", Blocked: ignore}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	n.nothingLeft(t)
}

// Whoever goes away takes the browser with them.
func TestAPrintEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	begun := make(chan struct{})
	n.pages["/hangs"] = func(_ http.ResponseWriter, r *http.Request) { close(begun); <-r.Context().Done() }
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-begun; leave() }()
	if _, err := n.printer().Print(ctx, admin, pdf.Request{URL: "https://page.example/hangs", Blocked: ignore}); err == nil {
		t.Error("printed what never came")
	}
	n.nothingLeft(t)
}

// Whoever is no admin costs no browser, nor a look at the URL.
func TestOnlyAdminsPrint(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	printer := n.printer(func(o *pdf.Options) { o.Browser = filepath.Join(t.TempDir(), "none") })
	blocked := admin
	blocked.BlockedAt = new(time.Now())
	for name, c := range map[string]struct {
		v    account.Viewer
		code fault.Code
	}{
		"nobody": {account.Viewer{}, fault.Unauthenticated}, "photographer": {as(account.Photographer), fault.Forbidden}, "customer": {as(account.Customer), fault.Forbidden},
		"blocked": {blocked, fault.AccountBlocked},
	} {
		var b blocks
		if _, err := printer.Print(t.Context(), c.v, pdf.Request{URL: "https://127.0.0.1/", Blocked: b.add}); !fault.Is(err, c.code) || len(b.why) > 0 {
			t.Errorf("%s: %v %s", name, err, b.String())
		}
	}
}

func as(role account.Role) account.Viewer {
	v := admin
	v.Role = role
	return v
}

// Without a browser, or with one that does not work, the answer says so and the caller is told to
// come later: it is never an empty file.
func TestWithoutABrowser(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	broken := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"none": "", "gone": broken + "-gone", "broken": broken} {
		printer := pdf.New(pdf.Options{Browser: path, Dialer: n.dialer(), Now: time.Now, Log: n.log(), Folder: n.folder})
		_, err := printer.Print(t.Context(), admin, pdf.Request{URL: "https://page.example/", Blocked: ignore})
		if !fault.Is(err, fault.Unavailable) || fault.As(err).RetryAfter <= 0 || strings.Contains(fault.As(err).Message, "reached") {
			t.Errorf("%s: %v", name, err)
		}
	}
	n.nothingLeft(t)
}
