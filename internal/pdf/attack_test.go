package pdf_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pixgate/internal/egress"
	"pixgate/internal/fault"
	"pixgate/internal/pdf"
)

// What a page of somebody else's may try, from within a browser that stands in our
// network. TRAP is the private server by its address, where a port can be named.
var hostilePages = []struct {
	name, body string
	blocked    egress.Reason // the event that it must leave; empty: it never comes to a request
}{
	{"pictures", `<img src="https://127.0.0.1/a"><img src="https://TRAP/b"><img src="http://TRAP/c"><img src="//inside.example/d"><img src="https://cloud.example/latest/meta-data/">`, egress.NotPublic},
	{"spellings of loopback", `<img src="https://2130706433/"><img src="https://0x7f.1/"><img src="https://0177.0.0.1/"><img src="https://127.1/"><img src="https://127。0。0。1/"><img src="https://[::ffff:127.0.0.1]/"><img src="https://[::1]/"><img src="https://LOCALHOST./"><img src="https://user:pw@127.0.0.1/">`, egress.NotPublic},
	{"a frame", `<iframe src="https://private.example/"></iframe><iframe src="http://TRAP/"></iframe><object data="https://TRAP/"></object><embed src="https://private.example/">`, egress.NotPublic},
	{"a frame within a frame", `<iframe srcdoc="<iframe src='https://private.example/'></iframe><img src='http://TRAP/'>"></iframe>`, egress.NotPublic},
	{"style", `<style>@import url("https://private.example/a.css"); @font-face { font-family: x; src: url("https://TRAP/x.woff2") } body { background: url("http://TRAP/y"); font-family: x }</style><link rel=stylesheet href="https://[::1]/b.css">x`, egress.NotPublic},
	{"hints", `<link rel=preconnect href="https://TRAP"><link rel=dns-prefetch href="https://private.example"><link rel=prefetch href="https://TRAP/x"><link rel=preload as=image href="https://private.example/x"><link rel=modulepreload href="https://TRAP/m.js"><link rel=icon href="https://TRAP/favicon.ico"><link rel=manifest href="https://TRAP/m.json"><script type=speculationrules>{"prefetch":[{"urls":["https://private.example/p"],"source":"list","eagerness":"immediate"}],"prerender":[{"urls":["https://private.example/p"],"source":"list","eagerness":"immediate"}]}</script>`, egress.NotPublic},
	{"fetch", `<script>for (const u of ['https://private.example/', 'https://TRAP/', 'http://TRAP/', 'https://127.0.0.1/']) { fetch(u, {mode: 'no-cors'}).catch(() => 0); fetch(u, {mode: 'no-cors', method: 'POST', body: 'x', keepalive: true}).catch(() => 0); navigator.sendBeacon(u, 'x'); new Image().src = u; const r = new XMLHttpRequest; r.open('GET', u); r.send() }</script>`, egress.NotPublic},
	{"WebSockets", `<script>for (const u of ['wss://private.example/', 'wss://TRAP/', 'ws://TRAP/', 'ws://127.0.0.1/', 'wss://127.0.0.1/']) try { new WebSocket(u) } catch {}</script>`, egress.NotPublic},
	{"an event stream", `<script>new EventSource('https://private.example/'); new EventSource('https://TRAP/')</script>`, egress.NotPublic},
	{"WebTransport", `<script>try { new WebTransport('https://TRAP/').ready.catch(() => 0) } catch {}</script>`, ""},
	{"WebRTC", `<script>(async () => { const c = new RTCPeerConnection({iceServers: [{urls: 'stun:TRAP'}, {urls: 'turn:TRAP?transport=udp', username: 'a', credential: 'b'}, {urls: 'turn:TRAP?transport=tcp', username: 'a', credential: 'b'}, {urls: 'turns:TRAP?transport=tcp', username: 'a', credential: 'b'}]}); c.createDataChannel('x'); await c.setLocalDescription(await c.createOffer()); await c.addIceCandidate({candidate: 'candidate:1 1 udp 2130706431 127.0.0.1 PORT typ host', sdpMid: '0'}).catch(() => 0) })()</script>`, ""},
	{"workers", `<script>const code = "fetch('https://private.example/', {mode: 'no-cors'}).catch(() => 0); fetch('http://TRAP/', {mode: 'no-cors'}).catch(() => 0); try { new WebSocket('ws://TRAP/') } catch {}; try { importScripts('https://TRAP/w.js') } catch {}"; new Worker(URL.createObjectURL(new Blob([code]))); new SharedWorker(URL.createObjectURL(new Blob([code])))</script>`, egress.NotPublic},
	{"a service worker", `<script>navigator.serviceWorker.register('/service-worker.js').then(() => navigator.serviceWorker.ready).then(() => fetch('/through-the-worker'))</script>`, egress.NotPublic},
	{"another window", `<script>open('https://private.example/'); open('http://TRAP/'); const a = document.createElement('a'); a.href = 'https://TRAP/x'; a.target = '_blank'; document.body.append(a); a.click()</script>`, ""},
	{"a form", `<form action="https://private.example/" method=post target=f><input name=x></form><iframe name=f></iframe><script>document.forms[0].submit()</script>`, egress.NotPublic},
	{"files", `<iframe src="file:///etc/passwd"></iframe><img src="file:///etc/hostname"><script>fetch('file:///etc/passwd').catch(() => 0)</script>`, ""},
	{"other schemes", `<iframe src="ftp://TRAP/"></iframe><img src="view-source:http://TRAP/"><iframe src="chrome://settings"></iframe><iframe src="devtools://devtools"></iframe>`, ""},
	{"a redirected picture", `<img src="/to-private"><img src="/to-trap"><img src="/to-plain">`, egress.NotPublic},
	{"a dialog", `<script>alert(1); confirm(2); prompt(3); onbeforeunload = () => 'stay'; print()</script><img src="https://private.example/">`, egress.NotPublic},
	{"a name of several addresses", `<img src="https://both.example/"><img src="https://mapped.example/"><img src="https://six.example/">`, egress.NotPublic},
	{"another port", `<img src="https://page.example:8443/"><img src="https://page.example:22/">`, egress.BadPort},
	{"without TLS", `<img src="http://page.example/plain"><iframe src="http://page.example/plain"></iframe>`, ""}, // what it takes nevertheless, it takes by TLS
}

func (n *internet) hostile() {
	fill := strings.NewReplacer("TRAP", n.trap, "PORT", n.trap[strings.LastIndexByte(n.trap, ':')+1:]).Replace
	for i, h := range hostilePages {
		n.page(fmt.Sprintf("/%d", i), fill(h.body)+"<p>end")
	}
	n.pages["/service-worker.js"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprint(w, fill(`onfetch = e => e.respondWith(fetch('https://private.example/', {mode: 'no-cors'}));
			oninstall = e => { skipWaiting(); e.waitUntil(fetch('https://private.example/', {mode: 'no-cors'}).catch(() => 0)); fetch('http://TRAP/', {mode: 'no-cors'}).catch(() => 0) }; onactivate = e => e.waitUntil(clients.claim())`))
	}
	for path, to := range map[string]string{"/to-private": "https://private.example/x", "/to-trap": "https://" + n.trap + "/", "/to-plain": "http://" + n.trap + "/", "/to-rebind": "https://rebind.example/x"} {
		n.pages[path] = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
}

// A page that is public may be hostile: nothing that it asks for from within our network
// is reached, and each try is told.
func TestAHostilePageReachesNothing(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.hostile()
	printer := n.printer()
	for i, h := range hostilePages {
		t.Run(h.name, func(t *testing.T) {
			var b blocks
			got, err := printer.Print(t.Context(), admin, pdf.Request{URL: fmt.Sprintf("https://page.example/%d", i), Blocked: b.add})
			if err != nil || !bytes.HasPrefix(got.Bytes, []byte("%PDF-")) {
				t.Errorf("the page itself is public: %v", err)
			}
			if h.blocked != "" && !b.has(h.blocked) {
				t.Errorf("nobody was told: %s", b.String())
			}
			n.untouched(t)
		})
	}
	n.nothingLeft(t)
}

// The page itself is not public, at once or by a detour.
func TestWhatIsNotPublicIsNotPrinted(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.hostile()
	n.page("/refresh", `<meta http-equiv=refresh content="0;url=https://private.example/">`)
	n.page("/refresh-trap", `<meta http-equiv=refresh content="0;url=http://`+n.trap+`/">`)
	n.page("/script", `<script>location = 'https://private.example/'</script>`)
	n.page("/script-late", `<script>setTimeout(() => location = 'https://`+n.trap+`/', 100)</script>`)
	n.page("/download", `<a id=a href="https://private.example/x" download></a><script>a.click()</script>`)
	n.pages["/to-hop"] = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/to-private", http.StatusFound) }
	printer := n.printer()
	for url, why := range map[string]egress.Reason{
		"https://127.0.0.1/": egress.NotPublic, "https://" + n.trap + "/": egress.BadPort, "https://private.example/": egress.NotPublic, "https://inside.example/": egress.NotPublic,
		"https://cloud.example/": egress.NotPublic, "https://six.example/": egress.NotPublic, "https://both.example/": egress.NotPublic, "https://mapped.example/": egress.NotPublic,
		"http://page.example/": egress.BadScheme, "file:///etc/passwd": egress.BadScheme, "ftp://page.example/": egress.BadScheme,
		"https://page.example/to-private": egress.NotPublic, "https://page.example/to-hop": egress.NotPublic, "https://page.example/to-trap": egress.BadPort, "https://page.example/to-plain": egress.BadScheme,
		"https://page.example/refresh": egress.NotPublic, "https://page.example/refresh-trap": egress.BadScheme, "https://page.example/script": egress.NotPublic, "https://page.example/download": egress.NotPublic, "https://page.example/script-late": egress.BadPort,
		"https://a:b@page.example/": egress.Credentials,
	} {
		t.Run(url, func(t *testing.T) {
			var b blocks
			got, err := printer.Print(t.Context(), admin, pdf.Request{URL: url, Blocked: b.add})
			if !fault.Is(err, fault.ValidationFailed) || got != nil {
				t.Errorf("printed: %v", err)
			}
			if !b.has(why) {
				t.Errorf("nobody was told of %s: %s", why, b.String())
			}
			n.untouched(t)
		})
	}
	n.nothingLeft(t)
}

// A name that is public when it is judged, and private when it is connected to: here each
// connection is judged, and the server behind the first must not get the second.
func TestANameThatMovesIsCaught(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.pages["/once"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close") // or the browser would go on with the connection that is judged
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, `<script>setInterval(() => fetch('/again', {mode: 'no-cors', cache: 'no-store'}).catch(() => 0), 50)</script>once`)
	}
	var b blocks
	_, err := n.printer().Print(t.Context(), admin, pdf.Request{URL: "https://rebind.example/once", Blocked: b.add})
	if !n.saw("rebind.example/once") || !b.has(egress.NotPublic) || !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("%v, %s, asked %s", err, b.String(), n.asked)
	}
	n.untouched(t)
}

// With a list of hosts only their pages are printed, detours included; what they show may come
// from anywhere public.
func TestOnlyListedPagesArePrinted(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.names["deep.page.example"], n.names["notpage.example"] = []string{publicAddr}, []string{publicAddr}
	n.page("/fine", `<img src="https://other.example/dot.png">fine`)
	n.page("/leaves", `<script>location = 'https://other.example/fine'</script>`)
	n.pages["/moved"] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://other.example/fine", http.StatusFound)
	}
	exact := n.printer(func(o *pdf.Options) { o.Hosts = []string{"page.example"} })
	wide := n.printer(func(o *pdf.Options) { o.Hosts = []string{"*.page.example"} })
	for _, c := range []struct {
		name    string
		printer *pdf.Printer
		url     string
		fine    bool
	}{
		{"listed", exact, "https://page.example/fine", true},
		{"other", exact, "https://other.example/fine", false},
		{"below", exact, "https://deep.page.example/fine", false},
		{"ends alike", exact, "https://notpage.example/fine", false},
		{"moved", exact, "https://page.example/moved", false},
		{"leaves", exact, "https://page.example/leaves", false},
		{"wildcard below", wide, "https://deep.page.example/fine", true},
		{"wildcard itself", wide, "https://page.example/fine", false},
		{"wildcard ends alike", wide, "https://notpage.example/fine", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b blocks
			_, err := c.printer.Print(t.Context(), admin, pdf.Request{URL: c.url, Blocked: b.add})
			if c.fine != (err == nil) || c.fine == b.has(pdf.NotListed) || !c.fine && !fault.Is(err, fault.ValidationFailed) {
				t.Errorf("%v %s", err, b.String())
			}
		})
	}
	if !n.saw("other.example/dot.png") {
		t.Error("a listed page lost its picture")
	}
}
