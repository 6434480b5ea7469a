package browser

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

var (
	annas = id.ID{1}
	bens  = id.ID{2}
)

// door are the cookies of a server with these secrets.
func door(current, previous secret.Value) Cookies {
	return New(true, secret.NewRing(current, previous), time.Now)
}

// sending is a request in a session, with a cookie and a header; empty: without.
func sending(session id.ID, cookie, header string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/login", http.NoBody)
	if cookie != "" {
		r.Header.Set("Cookie", "__Host-csrf="+cookie)
	}
	if header != "" {
		r.Header.Set(csrfHeader, header)
	}
	return r.WithContext(account.WithViewer(r.Context(), account.Viewer{SessionID: session}))
}

func TestATokenIsGoodForItsSessionAndNoOther(t *testing.T) {
	t.Parallel()
	e := door("the secret of today", "the secret of yesterday")
	old, foreign := door("the secret of yesterday", ""), door("somebody else's secret", "")
	hers, out := e.NewCSRF(annas), e.NewCSRF(id.Nil)
	altered := []byte(hers)
	altered[30] ^= 1
	for name, c := range map[string]struct {
		session        id.ID
		cookie, header string
		passes         bool
	}{
		"hers":                            {annas, hers, hers, true},
		"signed out":                      {id.Nil, out, out, true},
		"of the previous secret":          {annas, old.NewCSRF(annas), "", true},
		"none":                            {annas, "", "", false},
		"no cookie":                       {annas, "", hers, false},
		"no header":                       {annas, hers, "-", false},
		"two that differ":                 {annas, hers, e.NewCSRF(annas), false},
		"of before the sign-in":           {annas, out, out, false},
		"of after it":                     {id.Nil, hers, hers, false},
		"of another session":              {bens, hers, hers, false},
		"of another secret":               {annas, foreign.NewCSRF(annas), "", false},
		"altered":                         {annas, string(altered), string(altered), false},
		"doubled without being ours":      {annas, "x", "x", false},
		"doubled and empty":               {annas, "\"\"", "\"\"", false},
		"in another spelling of its last": {annas, respelt(hers), respelt(hers), false},
	} {
		switch c.header {
		case "":
			c.header = c.cookie
		case "-":
			c.header = ""
		}
		err := e.CheckCSRF(sending(c.session, c.cookie, c.header), "")
		if (err == nil) != c.passes || err != nil && !fault.Is(err, fault.CSRFFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// respelt writes a token with spare bits that encode nothing.
func respelt(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

func TestATokenComesInTheHeaderOrInAForm(t *testing.T) {
	t.Parallel()
	e := door("the secret of today", "")
	token := e.NewCSRF(annas)
	if err := e.CheckCSRF(sending(annas, token, ""), token); err != nil {
		t.Errorf("in a form: %v", err)
	}
	if err := e.CheckCSRF(sending(annas, token, "x"), token); !fault.Is(err, fault.CSRFFailed) {
		t.Errorf("a header that contradicts the form: %v", err)
	}
	two := sending(annas, token, token)
	two.Header.Set("Cookie", "__Host-csrf="+token+"; __Host-csrf=planted")
	if err := e.CheckCSRF(two, ""); !fault.Is(err, fault.CSRFFailed) {
		t.Errorf("two cookies: %v", err)
	}
}

func TestATokenStaysAsLongAsItIsGood(t *testing.T) {
	t.Parallel()
	e := door("the secret of today", "the secret of yesterday")
	old := door("the secret of yesterday", "")
	hers := e.NewCSRF(annas)
	for name, c := range map[string]struct {
		cookie string
		stays  bool
	}{
		"hers": {hers, true}, "another session's": {e.NewCSRF(bens), false}, "none": {"", false}, "rubbish": {"x", false},
		// It would end with its secret.
		"of the previous secret": {old.NewCSRF(annas), false},
	} {
		w := httptest.NewRecorder()
		token := e.GiveCSRF(w, sending(annas, c.cookie, ""), annas)
		if (token == c.cookie) != c.stays || !e.isCSRF(token, annas) {
			t.Errorf("%s: %q", name, token)
		}
		cookies := w.Result().Cookies()
		if c.stays && len(cookies) == 0 {
			continue
		}
		if len(cookies) != 1 || c.stays {
			t.Errorf("%s: %d cookies", name, len(cookies))
			continue
		}
		if got := cookies[0]; got.Name != "__Host-csrf" || got.Value != token || !got.HttpOnly || !got.Secure || got.SameSite != http.SameSiteLaxMode || got.Path != "/" || got.Domain != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	plain := New(false, secret.NewRing("the secret of today", ""), time.Now)
	w := httptest.NewRecorder()
	plain.GiveCSRF(w, sending(annas, "", ""), annas)
	if got := w.Result().Cookies(); len(got) != 1 || got[0].Name != "csrf" || got[0].Secure {
		t.Errorf("over http: %v", got)
	}
}

func TestProgramsAreToldTheTokenOfTheirCookie(t *testing.T) {
	t.Parallel()
	e := door("the secret of today", "")
	w := httptest.NewRecorder()
	e.TellCSRF(w, sending(annas, "", ""))
	var told map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || len(told) != 1 || told["csrfToken"] != cookies[0].Value || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%s with %v", w.Body, cookies)
	}
	if err := e.CheckCSRF(sending(annas, cookies[0].Value, told["csrfToken"]), ""); err != nil {
		t.Error(err)
	}
}

// What is not ours to the last bit is refused, however it looks.
func FuzzCSRFToken(f *testing.F) {
	e := door("the secret of today", "the secret of yesterday")
	ours := e.NewCSRF(annas)
	for _, token := range []string{"", "x", ours, ours[1:], ours + "A", respelt(ours), e.NewCSRF(bens), door("the secret of yesterday", "").NewCSRF(id.Nil), strings.Repeat("A", len(ours)), ours[:40] + "\n" + ours[40:]} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if !e.isCSRF(token, annas) {
			return // and nothing broke
		}
		raw, err := csrfEncoding.DecodeString(token)
		if err != nil || csrfEncoding.EncodeToString(raw) != token || e.isCSRF(token, bens) {
			t.Errorf("%q passes", token)
		}
		for i := range raw {
			raw[i] ^= 1
			if other := csrfEncoding.EncodeToString(raw); e.isCSRF(other, annas) {
				t.Errorf("%q passes as well as %q", other, token)
			}
			raw[i] ^= 1
		}
	})
}
