package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

var errStart = errors.New("the browser does not start")

// browser is a Chromium that runs for one page: a process group of its own, an empty profile, an
// environment that holds nothing of ours.
type browser struct {
	*pipe
	cmd     *exec.Cmd
	in, out *os.File
	profile string
	ended   chan struct{} // closed when the process is gone
	said    *tail
}

// flags are what keeps a browser to its page. Whatever connects goes through the proxy:
// its own addresses, too, and it can look up no name itself.
func flags(proxy, profile string, trust []string) []string {
	all := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--window-size=1240,1754",
		"--proxy-server=http://" + proxy, "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--disable-quic", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--dns-prefetch-disable",
		"--disable-background-networking", "--disable-component-update", "--disable-domain-reliability", "--disable-sync", "--disable-extensions", "--disable-default-apps",
		"--disable-client-side-phishing-detection", "--no-pings", "--no-first-run", "--no-default-browser-check", "--metrics-recording-only", "--no-service-autorun",
		"--disable-breakpad", "--disable-crash-reporter", "--disable-dev-shm-usage", "--disable-gpu", "--mute-audio", "--hide-scrollbars", "--password-store=basic", "--use-mock-keychain",
		"--block-new-web-contents", "--deny-permission-prompts", "--disable-notifications", "--disable-popup-blocking=false", "--disable-file-system", "--disable-databases",
		"--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication,InterestFeedContentSuggestions,DnsOverHttps,AsyncDns,WebTransport,Prerender2,SpeculationRulesPrefetch,PrivateStateTokens,DirectSockets",
		"--js-flags=--max-old-space-size=512",
	}
	if len(trust) > 0 {
		all = append(all, "--ignore-certificate-errors-spki-list="+strings.Join(trust, ","))
	}
	if os.Geteuid() == 0 {
		all = append(all, "--no-sandbox") // Chromium has none for root
	}
	return append(all, "about:blank")
}

// startBrowser starts a browser whose events heard hears. It must be closed by the same
// goroutine.
func startBrowser(o Options, proxy string, heard func(*pipe, event)) (b *browser, err error) {
	b = &browser{ended: make(chan struct{}), said: &tail{}}
	if b.profile, err = os.MkdirTemp(o.Folder, "pixgate-pdf-"); err != nil {
		return nil, fmt.Errorf("%w: %w", errStart, err)
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(errStart, err, os.RemoveAll(b.profile))
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(errStart, err, theirIn.Close(), in.Close(), os.RemoveAll(b.profile))
	}
	b.in, b.out = in, out
	b.cmd = exec.Command(o.Browser, flags(proxy, b.profile, o.Trust)...) //nolint:gosec,noctx // the path is a setting, and close ends it with its children
	b.cmd.ExtraFiles = []*os.File{theirIn, theirOut}                     // 3 and 4, where it looks for them
	b.cmd.Env = []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=" + b.profile, "TMPDIR=" + b.profile,
		"XDG_CONFIG_HOME=" + b.profile, "XDG_CACHE_HOME=" + b.profile, "XDG_RUNTIME_DIR=" + b.profile,
	}
	b.cmd.Dir = b.profile
	b.cmd.Stderr = b.said
	b.cmd.WaitDelay = time.Second // what it left behind may hold its stderr
	apart(b.cmd)
	runtime.LockOSThread() // the browser dies with the thread that started it, should we be killed
	err = b.cmd.Start()
	_, _ = theirIn.Close(), theirOut.Close()
	if err != nil {
		runtime.UnlockOSThread()
		return nil, errors.Join(errStart, err, in.Close(), out.Close(), os.RemoveAll(b.profile))
	}
	b.pipe = newPipe(in, out, heard)
	go func() {
		_ = b.cmd.Wait() // how it ended is nobody's concern
		close(b.ended)
	}()
	return b, nil
}

// goodbye is how long a browser may take to end by itself, and with it each of its
// children. What is left is killed.
const goodbye = 2 * time.Second

// close ends the browser with everything that it started, at once where it may hang, and takes
// its profile away.
func (b *browser) close(hangs bool) error {
	defer runtime.UnlockOSThread()
	if !hangs {
		b.tell("", "Browser.close", struct{}{})
		select {
		case <-b.ended:
		case <-time.After(goodbye):
		}
	}
	killGroup(b.cmd.Process.Pid)
	<-b.ended
	_, _ = b.in.Close(), b.out.Close() // of a pipe that nobody reads any more
	<-b.pipe.ended
	if err := os.RemoveAll(b.profile); err != nil {
		return fmt.Errorf("remove a browser's profile: %w", err)
	}
	return nil
}

// sizeOf is how many bytes the files below a folder have. What goes away meanwhile counts for
// nothing.
func sizeOf(folder string) (sum int64) {
	_ = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if file, err := entry.Info(); err == nil {
			sum += file.Size()
		}
		return nil
	}) // its function returns no error
	return sum
}

// tail keeps the end of what a browser says, for the log, where it does not start.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if more := len(t.text) - maxTail; more > 0 {
		t.text = append(t.text[:0], t.text[more:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.ToValidUTF8(t.text, nil))
}
