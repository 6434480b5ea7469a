package pdf

import (
	"encoding/json"
	"net/url"
	"strings"
	"sync"

	"pixgate/internal/egress"
)

// watch is the second look at a browser's requests, from within it, and what is known about
// its page. The proxy decides where connections lead; here it is decided what the page
// itself, as opposed to its pictures and frames, may be.
type watch struct {
	printer *Printer
	told    func(why string)
	fail    func(error) // ends the printing

	mu      sync.Mutex
	session string          // of the page; the page itself is the frame of its target
	frame   string          // likewise
	host    string          // that the page was last asked for from
	refused egress.Reason   // why the page was not let through, at any of its steps; empty: it was
	status  int             // that the page answered with; 0: not yet
	loaded  chan struct{}   // closed when it has loaded for the first time
	idle    chan struct{}   // closed when it has asked for nothing for half a second
	asked   map[string]bool // requests that the password was given for

	password string // of the proxy
}

func newWatch(p *Printer, told func(string), fail func(error)) *watch {
	return &watch{printer: p, told: told, fail: fail, loaded: make(chan struct{}), idle: make(chan struct{}), asked: map[string]bool{}}
}

// blocked hears from the proxy what it did not connect to.
func (w *watch) blocked(host string, why egress.Reason) {
	w.mu.Lock()
	if host != "" && strings.EqualFold(strings.Trim(host, "[]"), w.host) {
		w.refused = why
	}
	w.mu.Unlock()
	w.told(string(why))
}

// whyRefused is why the page was not let through; empty: it was.
func (w *watch) whyRefused() egress.Reason {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

// answered is the status of the page; 0: none.
func (w *watch) answered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

// follow says which frame is the page.
func (w *watch) follow(session, frame string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.session, w.frame = session, frame
}

// heard hears an event of the browser.
func (w *watch) heard(p *pipe, e event) {
	var about struct {
		RequestID    string `json:"requestId"`
		FrameID      string `json:"frameId"`
		ResourceType string `json:"resourceType"`
		Type         string `json:"type"`
		Name         string `json:"name"`
		TargetID     string `json:"targetId"`
		Request      struct {
			URL string `json:"url"`
		} `json:"request"`
		Response struct {
			Status int `json:"status"`
		} `json:"response"`
		AuthChallenge struct {
			Source string `json:"source"`
		} `json:"authChallenge"`
	}
	if err := json.Unmarshal(e.Params, &about); err != nil {
		w.fail(errProtocol)
		return
	}
	w.mu.Lock()
	page := about.FrameID == w.frame
	ours := e.Session == w.session
	w.mu.Unlock()
	switch e.Method {
	case "Fetch.requestPaused":
		w.decide(p, e.Session, about.RequestID, about.Request.URL, page && about.ResourceType == "Document")
	case "Fetch.authRequired":
		w.signIn(p, e.Session, about.RequestID, about.AuthChallenge.Source == "Proxy")
	case "Network.responseReceived":
		if page && about.Type == "Document" {
			w.mu.Lock()
			w.status = about.Response.Status
			w.mu.Unlock()
		}
	case "Page.loadEventFired":
		once(w.loaded)
	case "Page.lifecycleEvent":
		if page && about.Name == "networkIdle" && isClosed(w.loaded) {
			once(w.idle)
		}
	case "Page.javascriptDialogOpening":
		p.tell(e.Session, "Page.handleJavaScriptDialog", map[string]any{"accept": false})
	case "Inspector.targetCrashed":
		if ours {
			w.fail(errCrashed)
		}
	}
}

// decide lets a request go or not.
func (w *watch) decide(p *pipe, session, request, raw string, page bool) {
	why := w.judge(raw, page)
	if why == "" {
		p.tell(session, "Fetch.continueRequest", map[string]any{"requestId": request})
		return
	}
	w.told(string(why))
	p.tell(session, "Fetch.failRequest", map[string]any{"requestId": request, "errorReason": "BlockedByClient"})
}

func (w *watch) judge(raw string, page bool) egress.Reason {
	scheme, _, _ := strings.Cut(raw, ":")
	if scheme == "data" || scheme == "blob" || scheme == "about" { // it has that already
		return ""
	}
	plain := raw
	if scheme == "wss" || scheme == "ws" {
		plain = "http" + strings.TrimPrefix(raw, "ws")
	}
	why, host := egress.Reason(""), ""
	// A picture's URL may be long. Its query is the far server's to judge.
	if u, err := url.Parse(plain); err != nil {
		why = egress.BadURL
	} else {
		host = u.Hostname()
		_, err := egress.URL((&url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Path: "/"}).String(), w.printer.o.Plain)
		why = egress.WhyBlocked(err)
	}
	if !page {
		return why
	}
	if why == "" && !w.printer.listed(strings.ToLower(strings.TrimSuffix(host, "."))) {
		why = NotListed
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host = host
	if why != "" {
		w.refused = why
	}
	return why
}

// signIn gives the proxy its password, and nobody else: a page's server that asks for one gets none.
func (w *watch) signIn(p *pipe, session, request string, proxy bool) {
	answer := map[string]any{"response": "CancelAuth"}
	w.mu.Lock()
	if proxy && !w.asked[request] {
		w.asked[request] = true
		answer = map[string]any{"response": "ProvideCredentials", "username": proxyUser, "password": w.password}
	}
	w.mu.Unlock()
	p.tell(session, "Fetch.continueWithAuth", map[string]any{"requestId": request, "authChallengeResponse": answer})
}

func once(c chan struct{}) {
	if !isClosed(c) {
		close(c)
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
