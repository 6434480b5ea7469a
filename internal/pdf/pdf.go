// Package pdf prints web pages: a page that an admin names comes back as a PDF file.
//
// A browser is the most willing of all servers' forgers: a page can make it ask for anything, from
// inside our network. So the browser has no way out of its own. It runs for one page, with
// an empty profile, can't resolve a name, and reaches everything, WebSockets included,
// through a proxy within this process that connects to public addresses alone ([pixgate/internal/egress]).
// Its requests are looked at a second time before they leave it. Nothing of TLS is opened.
package pdf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/egress"
	"pixgate/internal/fault"
)

// bounds are what one page may take.
type bounds struct {
	time    time.Duration // from the start of the browser to the last byte of the file
	load    time.Duration // of it, until the page has loaded
	settle  time.Duration // after that, at most, until it asks for nothing more
	pages   int
	file    int   // bytes of the PDF
	traffic int64 // bytes through the proxy, both ways together
	memory  int64 // bytes that the browser's processes have to themselves
	disk    int64 // bytes in its folder, where a page's own stores lie
}

var usual = bounds{
	time: 20 * time.Second, load: 15 * time.Second, settle: 3 * time.Second,
	pages: 100, file: 20 << 20, traffic: 64 << 20, memory: 1536 << 20, disk: 256 << 20,
}

// atOnce is how many pages are printed side by side.
const atOnce = 2

// NotListed is why a page is refused that is not on the list of hosts; all other reasons are
// those of egress.
const NotListed egress.Reason = "not_listed"

// Options are what New needs.
type Options struct {
	Browser string   // path of a Chromium; empty: there is none
	Hosts   []string // whose pages may be printed: names, and *.name for all below one; empty: any public host's
	Plain   bool     // http as well as https
	Dialer  *egress.Dialer
	Now     func() time.Time
	Log     *slog.Logger
	Folder  string // where browsers keep what they need while they run, by a short path; empty: the system's for such things

	// Trust are the certificates that count as good, as SHA-256 of their keys in base64: for
	// the servers of tests. No setting leads here.
	Trust []string
}

// Printer prints pages. It is safe for use by many goroutines.
type Printer struct {
	o      Options
	bounds bounds
	slots  chan struct{}
}

// New returns a printer. Without a browser it refuses every page.
func New(o Options) *Printer {
	return &Printer{o: o, bounds: usual, slots: make(chan struct{}, atOnce)}
}

// Request names a page.
type Request struct {
	URL string
	// Blocked hears why each thing that the page, or its URL, wanted was not let through: a word of
	// [pixgate/internal/egress], or [NotListed]. A URL that can't be read is nothing that somebody
	// wanted. It may be called by several goroutines, and before Print returns only.
	Blocked func(why string)
}

// Document is a printed page.
type Document struct {
	Filename string // safe to save under
	Bytes    []byte
}

// Print prints a page for an admin. It is VALIDATION_FAILED where the URL, or what it leads to, is
// not allowed, answers with an error, or is too long to print; UNAVAILABLE where
// all printers are busy, there is no browser, or the page can't be reached or takes too
// long. What it returns is the page as it came to be within its time: a part of it, such as a
// picture, may be missing where the page's own server failed, or where it was blocked. It ends
// with ctx, and leaves no process and no file.
func (p *Printer) Print(ctx context.Context, v account.Viewer, r Request) (*Document, error) {
	if err := v.Require(account.Admin, p.o.Now()); err != nil {
		return nil, err
	}
	target, err := p.target(r)
	if err != nil {
		return nil, err
	}
	if p.o.Browser == "" {
		away := fault.Away("pdf", errors.New("no Chromium: see CHROMIUM"))
		away.Message, away.RetryAfter = "This server can't print pages: no Chromium is installed.", time.Hour
		return nil, away
	}
	select {
	case p.slots <- struct{}{}:
	default:
		away := fault.Away("pdf", errors.New("all printers are busy"))
		away.Message, away.RetryAfter = "Other pages are being printed right now. Please try again in a moment.", 5*time.Second
		return nil, away
	}
	defer func() { <-p.slots }()
	ctx, cancel := context.WithTimeoutCause(ctx, p.bounds.time, errSlow)
	defer cancel()
	file, err := p.print(ctx, target, r.Blocked)
	if err != nil {
		return nil, p.bounds.judged(err)
	}
	return &Document{Filename: filename(target), Bytes: file}, nil
}

// target is the page, if it may be printed at all.
func (p *Printer) target(r Request) (*url.URL, error) {
	target, err := egress.URL(r.URL, p.o.Plain)
	if err == nil && !p.listed(target.Hostname()) {
		err = &egress.Blocked{Reason: NotListed}
	}
	if why := egress.WhyBlocked(err); why != "" {
		if why != egress.BadURL {
			r.Blocked(string(why))
		}
		return nil, refused(why)
	}
	return target, err
}

// listed reports whether the pages of a host may be printed.
func (p *Printer) listed(host string) bool {
	for _, entry := range p.o.Hosts {
		suffix, below := strings.CutPrefix(entry, "*")
		if host == entry || below && len(host) > len(suffix) && strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return len(p.o.Hosts) == 0
}

// The ways in which a page fails that are not its URL's.
var (
	errSlow     = errors.New("past its time")
	errPages    = errors.New("too many pages")
	errFile     = errors.New("too large a file")
	errTraffic  = errors.New("too much to load")
	errMemory   = errors.New("the browser takes too much memory")
	errDisk     = errors.New("the browser takes too much disk")
	errNoPage   = errors.New("no page")
	errStatus   = errors.New("the page answers with an error")
	errCrashed  = errors.New("the page crashed")
	errProtocol = errors.New("the browser can't be understood")
)

// judged is a failure as the caller may read it: it says what kind it was, and nothing of what the
// target answered.
func (m bounds) judged(err error) error {
	if why := egress.WhyBlocked(err); why != "" {
		return refused(why)
	}
	for cause, message := range map[error]string{
		errPages:   fmt.Sprintf("The page is too long: it makes more than %d pages.", m.pages),
		errFile:    fmt.Sprintf("The page is too large: its file has more than %d MiB.", m.file>>20),
		errTraffic: fmt.Sprintf("The page is too large: it loads more than %d MiB.", m.traffic>>20),
		errMemory:  "The page takes more memory than a page may.",
		errDisk:    "The page stores more than a page may.",
		errCrashed: "The page makes the browser crash.",
		errNoPage:  "There is no page to print: it is a download, or something else.",
		errStatus:  "The page answers with an error status.",
	} {
		if errors.Is(err, cause) {
			return invalid(message)
		}
	}
	away := fault.Away("pdf", err)
	away.Message = "The page can't be reached right now. Please try again later."
	switch {
	case errors.Is(err, errSlow):
		away.Message = "The page takes too long to load."
	case errors.Is(err, errProtocol), errors.Is(err, errStart):
		away.Message = "The browser that prints pages does not work right now."
	}
	away.RetryAfter = time.Minute
	return away
}

// refused says the same for every address that is not public, however that was found out.
func refused(why egress.Reason) error {
	switch why {
	case egress.NotPublic, egress.BadName:
		return invalid("Pass the address of a page that is open to everybody: this host is not.")
	case egress.BadPort:
		return invalid("Leave out the port: only that of https is asked.")
	case egress.BadScheme:
		return invalid("Pass an https address.")
	case egress.Credentials:
		return invalid("Leave out the name and password before the host.")
	case NotListed:
		return invalid("Pages of this host are not printed here; see PDF_ALLOWED_HOSTS.")
	}
	return invalid(fmt.Sprintf("Pass a full https address of at most %d bytes.", egress.MaxURL))
}

func invalid(message string) error {
	return fault.Invalid(fault.Field{Path: "url", Code: fault.InvalidValue, Message: message})
}

// filename names a file after the page's host.
func filename(target *url.URL) string {
	return strings.NewReplacer(":", "-", "[", "", "]", "").Replace(target.Hostname()) + ".pdf"
}
