package drill_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pixgate/internal/dev/browser"
	"pixgate/internal/dev/cast"
)

// chromium is a browser that finds the front under the API's name.
func (h *house) chromium(t *testing.T, language string) *browser.Page {
	t.Helper()
	b := browser.Start(t, "--ignore-certificate-errors", "--accept-lang="+language,
		"--host-resolver-rules=MAP "+strings.TrimPrefix(api, "https://")+" "+h.gate+", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	t.Cleanup(func() { // all that it keeps is secret to everybody else
		var kept struct {
			Cookies []struct{ Name, Value string }
		}
		if err := json.Unmarshal(b.Call("Network.getCookies", map[string]any{"urls": []string{api}}), &kept); err != nil {
			t.Error(err)
		}
		for _, c := range kept.Cookies {
			h.note("cookie "+c.Name, c.Value)
		}
	})
	return b
}

// asked is what the page asks for, and whether it has the focus.
func asked(name string) string {
	return `document.readyState === 'complete' && document.activeElement?.name === '` + name + `'`
}

// The way of an admin, with the eyes and fingers of a browser: once in each language, and once
// in a browser that runs no scripts until the playground needs them.
func TestAnAdminSignsInWithABrowser(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	for _, c := range []struct {
		language, title, wrong string
		who                    *cast.Person
		role                   string
		scripts                bool
	}{
		{"de-DE,de", "Anmelden", "Dieser Code stimmt nicht", h.Admin, "ADMIN", true},
		{"en-GB,en", "Sign in", "This code is wrong", h.Operator, "OPERATOR", false},
	} {
		b := h.chromium(t, c.language)
		b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": !c.scripts})
		b.Go(api + "/playground")
		b.Await(asked("email"))
		if got := fmt.Sprint(b.Eval(`location.pathname + location.search + ' ' + document.documentElement.lang + ' ' + document.querySelector('h1').innerText`)); got != "/login?redirect=/playground "+c.language[:2]+" "+c.title {
			t.Errorf("the browser is at %s", got)
		}
		b.Shoot("login-1-" + c.language[:2])
		b.Type(c.who.Email)
		b.Enter()
		b.Await(asked("code"))
		b.Shoot("login-2-" + c.language[:2])
		code := h.mailed(t, c.who.Email, 1)
		b.Type(fmt.Sprintf("%d%s", (code[0]-'0'+1)%10, code[1:]))
		b.Enter()
		b.Await(`document.querySelector('[role=alert]')?.innerText.includes('` + c.wrong + `') && ` + asked("code"))
		b.Shoot("login-3-" + c.language[:2])
		if styled := b.Eval(`getComputedStyle(document.querySelector('main')).maxWidth`); styled != "400px" {
			t.Errorf("the policy lets no style in: %v", styled)
		}
		for _, width := range []int{320, 390, 1400} {
			b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 700, "deviceScaleFactor": 2, "mobile": width < 1000})
			b.Shoot(fmt.Sprintf("login-3-%s-%d", c.language[:2], width))
			if wide := b.Eval(`document.documentElement.scrollWidth <= window.innerWidth`); wide != true {
				t.Errorf("%d pixels are too few for the page", width)
			}
		}
		b.Call("Emulation.clearDeviceMetricsOverride", nil)
		if faults := b.Faults(); faults != "" {
			t.Errorf("the page reports\n%s", faults)
		}
		b.Type(code)
		b.Enter()
		b.Await(`location.pathname === '/playground' && document.readyState === 'complete'`)
		if !c.scripts {
			if got := b.Eval(`document.getElementById('graphiql').innerText`); got != "Loading …" {
				t.Errorf("the browser ran scripts: %v", got)
			}
			b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": false})
			b.Go(api + "/playground")
		}
		b.Await(`document.querySelector('.graphiql-query-editor .CodeMirror') !== null`)
		role := b.Eval(`(async () => {
			const { csrfToken } = await (await fetch('/csrf-token')).json();
			const answer = await fetch('/graphql', { method: 'POST', body: '{"query":"{ viewer { role } }"}',
				headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken } });
			return (await answer.json()).data.viewer.role;
		})()`)
		if role != c.role {
			t.Errorf("signed in as %v, want %s", role, c.role)
		}
		b.Go(api + "/login") // nothing to do there any more
		b.Await(`location.pathname === '/playground'`)
	}
	want := "CODE_SENT OTP_INVALID SIGNED_IN CODE_SENT OTP_INVALID SIGNED_IN"
	var outcomes string
	if err := h.db.Owner.QueryRow(t.Context(), "SELECT string_agg(new_value::jsonb->>'outcome', ' ' ORDER BY sequence) FROM audit_entry").Scan(&outcomes); err != nil || outcomes != want {
		t.Errorf("audited: %s (%v)", outcomes, err)
	}
}

// The same door, shut: a customer has the right code and gets no session.
func TestTheAdminsDoorIsShutForCustomers(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	b := h.chromium(t, "de-DE,de")
	b.Go(api + "/login")
	b.Await(asked("email"))
	sessions := h.count(t, "SELECT count(*) FROM session")
	b.Type(h.Owner.Email)
	b.Enter()
	b.Await(asked("code"))
	b.Type(h.mailed(t, h.Owner.Email, 1))
	b.Enter()
	b.Await(`document.querySelector('[role=alert]')?.innerText.includes('Nimm eine andere Adresse') && ` + asked("email"))
	if n := h.count(t, "SELECT count(*) FROM session"); n != sessions {
		t.Errorf("%d sessions more", n-sessions)
	}
}
