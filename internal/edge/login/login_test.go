package login_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixgate/internal/edge"
	"pixgate/internal/secret"
)

// From nobody to an admin in three requests, in both languages.
func TestAnAdminComesInByAMailedCode(t *testing.T) {
	t.Parallel()
	for lang, c := range map[string]struct{ accept, title, subject string }{
		"de": {"de-DE,de;q=0.9,en;q=0.5", "Anmelden", "Dein Studio studio Login-Code"}, "en": {"fr, en-GB;q=0.9, de;q=0.2", "Sign in", "Your Studio studio sign-in code"},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			l := newLobby(t)
			v := l.visitor("203.0.113.9")
			v.header["Accept-Language"] = c.accept
			to := v.get("/playground")
			if to.StatusCode != http.StatusSeeOther || to.Header.Get("Location") != "/login?redirect=/playground" {
				t.Fatalf("/playground: %d to %q", to.StatusCode, to.Header.Get("Location"))
			}
			first := v.get(to.Header.Get("Location"))
			if first.StatusCode != http.StatusOK || first.step() != "email" || first.problem() != "" || !strings.Contains(first.body, `<html lang="`+lang+`">`) ||
				!strings.Contains(first.body, "<h1>"+c.title+"</h1>") || first.Header.Get("Content-Language") != lang {
				t.Fatalf("%d: %s", first.StatusCode, first.body)
			}
			second := v.fill(first, " Admin@Example.com ")
			if second.StatusCode != http.StatusOK || second.step() != "code" || second.problem() != "" || !strings.Contains(second.body, "Admin@Example.com") || !strings.Contains(second.body, "10 Minut") && !strings.Contains(second.body, "10 minutes") {
				t.Fatalf("%d: %s", second.StatusCode, second.body)
			}
			letter, code := l.letter()
			if letter.Subject != c.subject {
				t.Errorf("the mail is called %q", letter.Subject)
			}
			before := v.cookies["__Host-csrf"]
			in := v.fill(second, " "+code+" ")
			if in.StatusCode != http.StatusSeeOther || in.Header.Get("Location") != "/playground" {
				t.Fatalf("%d: %s", in.StatusCode, in.body)
			}
			if v.cookies["__Host-pixgate"] == "" || v.cookies["__Host-pixgate-device"] == "" || v.cookies["__Host-csrf"] == before {
				t.Errorf("cookies %v", in.Header["Set-Cookie"])
			}
			if got := v.get("/playground"); got.StatusCode != http.StatusOK || got.body != "playground" {
				t.Errorf("/playground: %d", got.StatusCode)
			}
			if got := l.outcomes(); !slices.Equal(got, []string{"CODE_SENT", "SIGNED_IN"}) {
				t.Errorf("audited: %q", got)
			}
			// Who is in already has nothing to do here.
			for target, want := range map[string]string{"/login": "/playground", "/login?redirect=/jobs/x%3Fa%3Db": "/jobs/x?a=b", "/login?redirect=//evil.test": "/playground"} {
				if got := v.get(target); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != want {
					t.Errorf("%s: %d to %q", target, got.StatusCode, got.Header.Get("Location"))
				}
			}
		})
	}
}

func TestEveryBodyAndBothAnswers(t *testing.T) {
	t.Parallel()
	for form, write := range bodies {
		for _, accept := range []string{"text/html", "application/json"} {
			t.Run(form+" "+accept, func(t *testing.T) {
				t.Parallel()
				l := newLobby(t)
				v := l.visitor("203.0.113.9")
				program := form == "JSON" || accept == "application/json"
				var told struct{ CSRFToken string }
				if err := json.Unmarshal([]byte(v.get("/csrf-token").body), &told); err != nil {
					t.Fatal(err)
				}
				v.header["Accept"] = accept
				media, body := write(t, map[string]string{"email": "admin@example.com", "csrfToken": told.CSRFToken})
				asked := v.send("POST", "/login?redirect=/jobs", media, body)
				challenge := asked.field("challengeId")
				if program {
					var answer struct {
						ChallengeID string
						ExpiresAt   time.Time
						RetryAfter  int
					}
					if err := json.Unmarshal([]byte(asked.body), &answer); err != nil || answer.RetryAfter != 60 || !answer.ExpiresAt.After(l.now().Add(9*time.Minute)) || asked.Header.Get("Content-Type") != "application/json" {
						t.Fatalf("%d: %s", asked.StatusCode, asked.body)
					}
					challenge = answer.ChallengeID
				}
				_, code := l.letter()
				fields := map[string]string{"challengeId": challenge, "code": wrongCode(code), "csrfToken": told.CSRFToken}
				media, body = write(t, fields)
				refusal := v.send("POST", "/login?redirect=/jobs", media, body)
				if refusal.StatusCode != http.StatusUnauthorized || refusal.Header.Get("WWW-Authenticate") == "" || strings.Contains(refusal.body, `"OTP_INVALID"`) != program {
					t.Errorf("a wrong code: %d %s", refusal.StatusCode, refusal.body)
				}
				fields["code"] = code
				media, body = write(t, fields)
				in := v.send("POST", "/login?redirect=/jobs", media, body)
				if !program {
					if in.StatusCode != http.StatusSeeOther || in.Header.Get("Location") != "/jobs" {
						t.Errorf("%d: %s", in.StatusCode, in.body)
					}
					return
				}
				var answer struct {
					Redirect  string
					ExpiresAt time.Time
				}
				if err := json.Unmarshal([]byte(in.body), &answer); err != nil || in.StatusCode != http.StatusOK || answer.Redirect != "/jobs" || !answer.ExpiresAt.After(l.now().Add(11*time.Hour)) {
					t.Errorf("%d: %s", in.StatusCode, in.body)
				}
			})
		}
	}
}

func wrongCode(code string) string { return fmt.Sprintf("%d%s", (code[0]-'0'+1)%10, code[1:]) }

func TestThePageSaysWhatToDoNext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		email  string
		before func(l *lobby, v *visitor)
		code   func(code string) string // of the mail
		status int
		step   string // that the page is at then
		de, en string // what it says
	}{
		"wrong code":             {"admin@example.com", nil, wrongCode, 401, "code", "Prüfe die sechs Ziffern", "Check the six digits"},
		"no code":                {"admin@example.com", nil, func(string) string { return "12 34" }, 400, "code", "genau sechs Ziffern", "exactly six digits"},
		"empty code":             {"admin@example.com", nil, func(string) string { return "" }, 400, "code", "genau sechs Ziffern", "exactly six digits"},
		"expired":                {"admin@example.com", func(l *lobby, _ *visitor) { l.pass(11 * time.Minute) }, nil, 401, "email", "abgelaufen. Fordere einen neuen an", "has expired. Ask for a new one"},
		"no admin":               {"photographer@example.com", nil, nil, 403, "email", "Nimm eine andere Adresse", "Use another address"},
		"nobody yet":             {"newcomer@example.com", nil, nil, 403, "email", "Nimm eine andere Adresse", "Use another address"},
		"blocked":                {"blocked@example.com", nil, nil, 403, "email", "gesperrt", "is blocked"},
		"over":                   {"expired@example.com", nil, nil, 403, "email", "abgelaufen. Bitte wende dich", "has ended"},
		"device limit":           {"admin@example.com", func(l *lobby, _ *visitor) { l.Exec(l.t, "UPDATE account SET max_devices = 1") }, nil, 403, "email", "anderes Gerät", "another device"},
		"audit log away":         {"admin@example.com", func(l *lobby, _ *visitor) { l.Exec(l.t, "REVOKE INSERT ON audit_entry FROM pixgate_server") }, nil, 500, "code", "diese Nummer: ", "this number: "},
		"database away":          {"admin@example.com", func(l *lobby, _ *visitor) { l.db.Pool.Close() }, nil, 503, "code", "antwortet nicht", "does not answer"},
		"database away for long": {"admin@example.com", func(l *lobby, _ *visitor) { l.db.Pool.Close(); l.pass(6 * time.Second) }, nil, 503, "", "Bitte versuche es in 2 Sekunden noch einmal", "Please try again in 2 seconds"},
		"another page's":         {"admin@example.com", func(_ *lobby, v *visitor) { v.header["Origin"] = "https://evil.test" }, nil, 403, "", "versuche es noch einmal", "Please try again"},
		"too often": {"admin@example.com", func(l *lobby, v *visitor) {
			for range 19 {
				v.get("/login")
				v.post("/login")
			}
		}, nil, 429, "code", "in 10 Minuten", "in 10 minutes"},
		"cookie lost": {"admin@example.com", func(_ *lobby, v *visitor) { delete(v.cookies, "__Host-csrf") }, nil, 403, "code", "versuche es noch einmal", "Please try again"},
	} {
		for lang, says := range map[string]string{"de": c.de, "en": c.en} {
			t.Run(name+" "+lang, func(t *testing.T) {
				t.Parallel()
				l := newLobby(t)
				v := l.visitor("203.0.113.9")
				v.header["Accept-Language"] = lang
				second := v.asks(c.email)
				_, code := l.letter()
				if c.before != nil {
					c.before(l, v)
				}
				if c.code != nil {
					code = c.code(code)
				}
				sessions := l.count("SELECT count(*) FROM session")
				page := v.fill(second, code)
				if page.StatusCode != c.status {
					t.Fatalf("%d, want %d: %s", page.StatusCode, c.status, page.body)
				}
				if waits := c.status == 429 || c.status == 503; waits != (page.Header.Get("Retry-After") != "") {
					t.Errorf("Retry-After %q", page.Header.Get("Retry-After"))
				}
				if closed := strings.Contains(page.body, `<p class="aside"><a href="/login">`) && !strings.Contains(page.body, "<form"); closed != (c.step == "") {
					t.Errorf("a page without a form: %t", closed)
				}
				if page.step() != c.step || !strings.Contains(page.problem(), says) || !strings.Contains(page.body, `<html lang="`+lang+`">`) {
					t.Errorf("asks for the %s and says %q", page.step(), page.problem())
				}
				if strings.Contains(page.problem(), ": ") && c.status == 500 && !strings.Contains(page.problem(), page.Header.Get("X-Request-Id")) {
					t.Errorf("%q does not name the request", page.problem())
				}
				if n := l.count("SELECT count(*) FROM session"); n != sessions {
					t.Errorf("%d sessions more", n-sessions)
				}
				if v.cookies["__Host-pixgate"] != "" {
					t.Error("a cookie of a session")
				}
			})
		}
	}
}

// The address's own mistakes, told at the first step.
func TestTheFirstStepSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v := l.visitor("203.0.113.9")
	for _, email := range []string{"", "admin", "a@b", "Chef <admin@example.com>"} {
		if page := v.fill(v.get("/login"), email); page.StatusCode != 400 || page.step() != "email" || !strings.Contains(page.problem(), "Gib eine E-Mail-Adresse an") || !strings.Contains(page.body, `aria-invalid="true"`) {
			t.Errorf("%q: %d, %q", email, page.StatusCode, page.problem())
		}
	}
	v.asks("admin@example.com")
	again := v.fill(v.get("/login"), "admin@example.com")
	if again.StatusCode != 429 || again.step() != "email" || !strings.Contains(again.problem(), "in einer Minute") || again.Header.Get("Retry-After") != "60" {
		t.Errorf("again at once: %d, %q", again.StatusCode, again.problem())
	}
	l.pass(45 * time.Second)
	again = v.fill(v.get("/login"), "admin@example.com")
	if !strings.Contains(again.problem(), "in 15 Sekunden") || again.Header.Get("Retry-After") != "15" {
		t.Errorf("again: %d, %q", again.StatusCode, again.problem())
	}
	want := []string{"VALIDATION_FAILED", "VALIDATION_FAILED", "VALIDATION_FAILED", "VALIDATION_FAILED", "CODE_SENT", "RATE_LIMITED", "RATE_LIMITED"}
	if got := l.outcomes(); !slices.Equal(got, want) {
		t.Errorf("audited: %q", got)
	}
}

func TestFiveWrongCodesLeadBackToTheBeginning(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v := l.visitor("203.0.113.9")
	page := v.asks("admin@example.com")
	_, code := l.letter()
	for n := range 4 {
		if page = v.fill(page, wrongCode(code)); page.StatusCode != 401 || page.step() != "code" || !strings.Contains(page.body, "Der Code für admin@example.com") {
			t.Fatalf("try %d: %d, %s", n+1, page.StatusCode, page.body)
		}
	}
	if page = v.fill(page, wrongCode(code)); page.StatusCode != 401 || page.step() != "email" || !strings.Contains(page.problem(), "zu viele falsche Versuche") || page.field("email") != "admin@example.com" {
		t.Errorf("the fifth: %d, %q at %s", page.StatusCode, page.problem(), page.step())
	}
}

func TestACodeThatWasUsedIsWrong(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v, other := l.visitor("203.0.113.9"), l.visitor("203.0.113.10")
	second := v.asks("admin@example.com")
	_, code := l.letter()
	late := other.get("/login")
	if in := v.fill(second, code); in.StatusCode != http.StatusSeeOther {
		t.Fatal(in.StatusCode)
	}
	replay := other.post("/login", "challengeId", second.field("challengeId"), "code", code, "csrfToken", late.field("csrfToken"))
	if replay.StatusCode != http.StatusUnauthorized || replay.step() != "code" || other.cookies["__Host-pixgate"] != "" {
		t.Errorf("%d: %q", replay.StatusCode, replay.problem())
	}
	if n := l.count("SELECT count(*) FROM audit_entry WHERE action = 'login.succeeded'"); n != 1 {
		t.Errorf("%d successes", n)
	}
}

func TestAtTheDeviceLimitAnotherDeviceCanBeSignedOut(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.Exec(t, "UPDATE account SET max_devices = 1")
	v := l.visitor("203.0.113.9")
	second := v.asks("admin@example.com")
	_, code := l.letter()
	page := v.fill(second, code)
	if page.StatusCode != 403 || !strings.Contains(page.body, "am längsten nicht benutzt") {
		t.Fatalf("%d: %s", page.StatusCode, page.body)
	}
	l.pass(2 * time.Minute)
	second = v.fill(page, "admin@example.com")
	_, code = l.letter()
	if in := v.fill(second, code); in.StatusCode != http.StatusSeeOther {
		t.Errorf("%d: %q", in.StatusCode, in.problem())
	}
	if n := l.count("SELECT count(*) FROM device WHERE account_id = $1 AND removed_at IS NULL", l.Admin.AccountID); n != 1 {
		t.Errorf("%d devices", n)
	}
}

// Whatever is wrong with the token: no code goes out, nobody gets in, and the page can be sent again.
func TestWithoutItsTokenNothingHappens(t *testing.T) {
	t.Parallel()
	var stolen string // of somebody who is signed in
	{
		l := newLobby(t)
		v := l.visitor("203.0.113.9")
		second := v.asks("admin@example.com")
		_, code := l.letter()
		v.fill(second, code)
		stolen = v.cookies["__Host-csrf"]
	}
	for name, forge := range map[string]func(v *visitor) (field string){
		"neither":               func(v *visitor) string { delete(v.cookies, "__Host-csrf"); return "" },
		"cookie only":           func(*visitor) string { return "" },
		"field only":            func(v *visitor) string { f := v.cookies["__Host-csrf"]; delete(v.cookies, "__Host-csrf"); return f },
		"doubled by a stranger": func(v *visitor) string { v.cookies["__Host-csrf"] = "x"; return "x" },
		"of another session":    func(v *visitor) string { v.cookies["__Host-csrf"] = stolen; return stolen },
		"altered":               func(v *visitor) string { f := []byte(v.cookies["__Host-csrf"]); f[20] ^= 1; return string(f) },
	} {
		for form, write := range bodies {
			t.Run(name+" "+form, func(t *testing.T) {
				t.Parallel()
				l := newLobby(t)
				v := l.visitor("203.0.113.9")
				v.get("/login")
				second := v.asks("admin@example.com")
				_, code := l.letter()
				l.pass(2 * time.Minute)
				for _, fields := range []map[string]string{{"email": "admin@example.com"}, {"challengeId": second.field("challengeId"), "code": code}} {
					v.get("/login")
					if f := forge(v); f != "" {
						fields["csrfToken"] = f
					}
					media, body := write(t, fields)
					got := v.send("POST", "/login", media, body)
					if got.StatusCode != http.StatusForbidden || form == "JSON" != strings.Contains(got.body, `"CSRF_FAILED"`) {
						t.Errorf("%d: %s", got.StatusCode, got.body)
					}
					if form == "JSON" {
						continue
					}
					if !strings.Contains(got.problem(), "noch einmal") || got.field("csrfToken") == "" || got.field("csrfToken") != v.cookies["__Host-csrf"] {
						t.Errorf("%q with a token %q", got.problem(), got.field("csrfToken"))
					}
				}
				if n := l.count("SELECT count(*) FROM login_code"); n != 1 {
					t.Errorf("%d codes", n)
				}
				if n := l.count("SELECT count(*) FROM session WHERE transport = 'COOKIE'"); n != 0 || v.cookies["__Host-pixgate"] != "" {
					t.Error("somebody got in")
				}
				if got := l.outcomes(); !slices.Equal(got, []string{"CODE_SENT", "CSRF_FAILED", "CSRF_FAILED"}) {
					t.Errorf("audited: %q", got)
				}
			})
		}
	}
}

func TestThePageThatWasOutOfDateCanBeSentAgain(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v := l.visitor("203.0.113.9")
	second := v.asks("admin@example.com")
	_, code := l.letter()
	delete(v.cookies, "__Host-csrf")
	again := v.fill(second, code)
	if again.StatusCode != 403 || again.step() != "code" {
		t.Fatalf("%d at %s", again.StatusCode, again.step())
	}
	if in := v.fill(again, code); in.StatusCode != http.StatusSeeOther {
		t.Errorf("%d: %q", in.StatusCode, in.problem())
	}
}

func TestATokenOutlivesItsSecretByOne(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v := l.visitor("203.0.113.9")
	page := v.get("/login")
	turned := newLobby(t, func(o *edge.Options) { o.CSRF = secret.NewRing("the csrf secret that came after it", csrfSecret) })
	v.l = turned
	second := v.fill(page, "admin@example.com")
	if second.StatusCode != http.StatusOK || second.field("csrfToken") == page.field("csrfToken") {
		t.Errorf("%d, token kept: %t", second.StatusCode, second.field("csrfToken") == page.field("csrfToken"))
	}
	gone := newLobby(t, func(o *edge.Options) { o.CSRF = secret.NewRing("the csrf secret that came after that", "") })
	v.l = gone
	if got := v.fill(second, "123456"); got.StatusCode != http.StatusForbidden {
		t.Errorf("%d", got.StatusCode)
	}
}

func TestAnotherSitesPageComesNoNearer(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	for _, origin := range []string{"https://evil.test", "null", "http://api.pix.test"} {
		v := l.visitor("203.0.113.9")
		page := v.get("/login")
		v.header["Origin"], v.header["Sec-Fetch-Site"] = origin, "cross-site"
		if got := v.fill(page, "admin@example.com"); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", origin, got.StatusCode)
		}
	}
	if n := l.count("SELECT count(*) FROM login_code"); n != 0 {
		t.Errorf("%d codes", n)
	}
}

func TestAFloodStopsAtTheDoor(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v := l.visitor("203.0.113.9")
	v.header["Accept"] = "application/json"
	statuses := map[int]int{}
	for range 30 {
		statuses[v.post("/login", "email", "admin@example.com").StatusCode]++ // without a token
	}
	if statuses[403] != 20 || statuses[429] != 10 {
		t.Errorf("answers %v", statuses)
	}
	if n := len(l.outcomes()); n != 20 {
		t.Errorf("%d entries", n)
	}
	last := v.post("/login", "email", "admin@example.com")
	if last.Header.Get("Retry-After") == "" || last.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(last.body, `"RATE_LIMITED"`) {
		t.Errorf("%v %s", last.Header, last.body)
	}
	if got := l.visitor("203.0.113.10").post("/login", "email", "x"); got.StatusCode != 403 {
		t.Errorf("somebody else: %d", got.StatusCode)
	}
	// Looking costs nothing.
	if got := v.get("/login"); got.StatusCode != http.StatusOK {
		t.Errorf("GET: %d", got.StatusCode)
	}
}

func TestBodiesThatAreNoForm(t *testing.T) {
	t.Parallel()
	const form, object = "application/x-www-form-urlencoded", "application/json"
	for _, c := range []struct {
		name, media, body string
		status            int
		fields            string // path and code of each
	}{
		{"text", "text/plain", "email=admin@example.com", 415, ""},
		{"GraphQL", "application/graphql", "{viewer{id}}", 415, ""},
		{"none", "", "email=x", 415, ""},
		{"no media type", "/", "email=x", 415, ""},
		{"no JSON", object, `{"email":`, 400, "body invalid_json"},
		{"two", object, `{"email":"a@b.de"}{}`, 400, "body invalid_json"},
		{"nothing", object, ``, 400, "body invalid_json"},
		{"a list", object, `["a@b.de"]`, 400, "body invalid_type"},
		{"null", object, `null`, 400, "body invalid_type"},
		{"no field", object, `{}`, 400, "email required"},
		{"null as address", object, `{"email":null}`, 400, "email required"},
		{"empty address", object, `{"email":""}`, 400, "email required"},
		{"a number", object, `{"email":7}`, 400, "email invalid_type"},
		{"a list as address", object, `{"email":["a@b.de"]}`, 400, "email invalid_type"},
		{"no address", object, `{"email":"x"}`, 400, "email invalid_value"},
		{"no code", object, `{"challengeId":"x"}`, 400, "code required"},
		{"no challenge", object, `{"code":"123456"}`, 400, "challengeId required"},
		{"code as number", object, `{"challengeId":"x","code":123456}`, 400, "code invalid_type"},
		{"malformed code", object, `{"challengeId":"x","code":"12345"}`, 400, "code invalid_value"},
		{"replace as text", object, `{"challengeId":"x","code":"123456","replaceDevice":"true"}`, 400, "replaceDevice invalid_type"},
		{"both wrong", object, `{"challengeId":1,"code":[]}`, 400, "challengeId invalid_type, code invalid_type"},
		{"unknown challenge", object, `{"challengeId":"x","code":"123456","replaceDevice":true}`, 401, ""},
		{"no encoding", form, "email=%zz", 400, "body invalid_value"},
		{"twice", form, "email=a@b.de&email=c@d.de", 400, "email invalid_type"},
		{"no field in a form", form, "", 400, "email required"},
		{"no boundary", "multipart/form-data", "x", 400, "body invalid_value"},
		{"no parts", "multipart/form-data; boundary=x", "y", 400, "body invalid_value"},
		{"a file", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"email\"; filename=\"a\"\r\n\r\na@b.de\r\n--x--\r\n", 400, "email invalid_type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLobby(t)
			v := l.visitor("203.0.113.9")
			page := v.get("/login")
			v.header["X-CSRF-Token"], v.header["Accept"] = page.field("csrfToken"), "application/json"
			got := v.send("POST", "/login", c.media, []byte(c.body))
			var problem struct {
				Status int
				Code   string
				Fields []struct{ Path, Code, Message string }
			}
			if err := json.Unmarshal([]byte(got.body), &problem); err != nil || got.StatusCode != c.status || problem.Status != c.status {
				t.Fatalf("%d, want %d: %s", got.StatusCode, c.status, got.body)
			}
			var fields []string
			for _, f := range problem.Fields {
				fields = append(fields, f.Path+" "+f.Code)
				if f.Message == "" {
					t.Errorf("%s without a message", f.Path)
				}
			}
			if strings.Join(fields, ", ") != c.fields || (problem.Code == "VALIDATION_FAILED") != (c.fields != "") {
				t.Errorf("%s %q, want %q", problem.Code, fields, c.fields)
			}
		})
	}
}

func TestTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	for _, c := range []struct{ target, accept, studio, want string }{
		{"/login", "", "de", "de"}, {"/login", "", "en", "en"}, {"/login", "fr", "de", "de"}, {"/login", "fr", "en", "en"}, {"/login", "*", "de", "de"},
		{"/login", "en", "de", "en"}, {"/login", "en-US,en;q=0.9", "de", "en"}, {"/login", "de;q=0.8,en;q=0.9", "de", "en"}, {"/login", "de;q=0.9,en;q=0.8", "en", "de"},
		{"/login", "en;q=0", "de", "de"}, {"/login", "en;q=x", "de", "de"}, {"/login", "EN", "de", "en"}, {"/login", "DE-at, en", "en", "de"}, {"/login", "english", "de", "de"},
		{"/login?lang=en", "de", "de", "en"}, {"/login?lang=de", "en", "en", "de"}, {"/login?lang=fr", "en", "de", "en"},
	} {
		l.Exec(t, "UPDATE tenant SET locale = $1", c.studio)
		l.pass(time.Minute) // studios are kept for a moment
		v := l.visitor("203.0.113.9")
		v.header["Accept-Language"] = c.accept
		if got := v.get(c.target).Header.Get("Content-Language"); got != c.want {
			t.Errorf("%s with %q at a studio that speaks %s: %s, want %s", c.target, c.accept, c.studio, got, c.want)
		}
	}
}

func TestAChosenLanguageAndTheTargetAreKept(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v := l.visitor("203.0.113.9")
	page := v.get("/login?redirect=/jobs%3Fa=1%26b=2")
	link := regexp.MustCompile(`href="([^"]*)" lang="en"`).FindStringSubmatch(page.body)
	if link == nil {
		t.Fatal(page.body)
	}
	page = v.get(strings.ReplaceAll(link[1], "&amp;", "&"))
	page = v.fill(page, "admin@example.com")
	_, code := l.letter()
	page = v.fill(page, wrongCode(code))
	if !strings.Contains(page.body, "<h1>Sign in</h1>") {
		t.Error(page.body)
	}
	if in := v.fill(page, code); in.Header.Get("Location") != "/jobs?a=1&b=2" {
		t.Errorf("%d to %q", in.StatusCode, in.Header.Get("Location"))
	}
}

func TestThePageMayDoNothingButBeSentBack(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v := l.visitor("203.0.113.9")
	first := v.get("/login")
	for _, page := range []sheet{first, v.fill(first, "admin@example.com"), v.fill(first, "x")} {
		style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(page.body)
		if style == nil {
			t.Fatal("no style")
		}
		sum := sha256.Sum256([]byte(style[1]))
		policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "strict-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Content-Length": strconv.Itoa(len(page.body)),
		} {
			if got := page.Header.Get(name); got != want {
				t.Errorf("%s %q, want %q", name, got, want)
			}
		}
		for _, never := range []string{"<script", "style=", "onload", "http://", "https://"} {
			if strings.Contains(page.body, never) {
				t.Errorf("the page holds %s", never)
			}
		}
	}
	hostile := v.fill(first, `"><script>alert(1)</script>@x`)
	if strings.Contains(hostile.body, "<script") {
		t.Error("what was typed becomes part of the page")
	}
}

func TestHeadAndOtherMethodsOfTheDoor(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	v := l.visitor("203.0.113.9")
	if head := v.send("HEAD", "/login", "", nil); head.StatusCode != 200 || head.body != "" || head.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("HEAD: %d %q", head.StatusCode, head.body)
	}
	if put := v.send("PUT", "/login", "application/json", nil); put.StatusCode != 405 && put.StatusCode != 403 {
		t.Errorf("PUT: %d", put.StatusCode)
	}
	v.header["Origin"] = ""
	if put := v.send("PUT", "/login", "", nil); put.StatusCode != 405 || put.Header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("PUT: %d, Allow %q", put.StatusCode, put.Header.Get("Allow"))
	}
}

// Programs keep their 401, people who are no admins their 403.
func TestOnlyBrowsersAreShownTheWayIn(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	for accept, want := range map[string]int{
		"": 401, "*/*": 401, "application/json": 401, "text/*": 401, "text/html;q=0": 401, "text/html": 303, "application/json, text/html;q=0.1": 303,
	} {
		v := l.visitor("203.0.113.9")
		v.header["Accept"] = accept
		if got := v.get("/playground"); got.StatusCode != want {
			t.Errorf("Accept %q: %d, want %d", accept, got.StatusCode, want)
		}
	}
	v := l.visitor("203.0.113.9")
	v.header["Authorization"] = "Bearer " + l.Owner.Token
	if got := v.get("/playground"); got.StatusCode != 403 {
		t.Errorf("a customer: %d", got.StatusCode)
	}
	if got := v.get("/login"); got.StatusCode != 200 || got.step() != "email" {
		t.Errorf("a customer at the door: %d", got.StatusCode)
	}
	v.header["Authorization"] = "Bearer " + l.Admin.Token
	if got := v.get("/login?redirect=/x"); got.StatusCode != 303 || got.Header.Get("Location") != "/x" {
		t.Errorf("an admin at the door: %d", got.StatusCode)
	}
	open := newLobby(t, func(o *edge.Options) { o.Development = true })
	if got := open.visitor("203.0.113.9").get("/playground"); got.StatusCode != 200 {
		t.Errorf("in development: %d", got.StatusCode)
	}
}
