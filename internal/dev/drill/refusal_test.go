package drill_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

const (
	blocked = "203.0.113.66" // in BLOCKED_IPS
	listed  = "198.51.100."  // and one more number: in ADMIN_ALLOWED_IPS

	graphqlRoute = "/graphql"
	loginRoute   = "/login"
	imageRoute   = "/images/{id}/download"
	zipRoute     = "/jobs/{id}/download.zip"
)

// refusal is a request that is refused, and all that is told of it.
type refusal struct {
	name   string
	status int
	code   fault.Code
	route  string      // as the records name it
	event  audit.Event // empty: it is none
	detail string      // empty: the code
	ask    func(t *testing.T, h *house) (by *caller, who *cast.Person, send func() *answer)

	foreign   bool // by a page that may not read it
	uncounted bool // before, or without, any limit
}

// post is a request to the API that is sent as it is.
func (c *caller) post(t *testing.T, query string, variables map[string]any) func() *answer {
	t.Helper()
	return func() *answer { return c.sends(t, string(envelope(query, variables)), plain) }
}

// fetch is a request to a route.
func (c *caller) fetch(t *testing.T, method, path string) func() *answer {
	t.Helper()
	return func() *answer { return c.get(t, method, path) }
}

// customer is somebody of a row's own, with a job of theirs.
func (h *house) customer(t *testing.T) (*cast.Person, *cast.Job) {
	t.Helper()
	p := h.Person(t, h.TenantID, fmt.Sprintf("customer-%d@customer.test", addresses.Add(1)), account.Customer)
	h.know(p)
	return p, h.Job(t, p, nil, true)
}

// page is a caller that shows the web app.
func (c *caller) page() *caller { return c.with("Origin", web) }

// times does the same n times over, before what is past a limit.
func times(n int, send func() *answer) func() *answer {
	return func() *answer {
		for range n {
			send()
		}
		return send()
	}
}

// asks is a row whose caller is nobody.
func asks(query string, variables map[string]any) func(*testing.T, *house) (*caller, *cast.Person, func() *answer) {
	return func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
		c := h.app().page()
		return c, nil, c.post(t, query, variables)
	}
}

// asksAs is a row whose caller is signed in. A query names what it is about as $id.
func asksAs(who func(*house) *cast.Person, query string, about func(*house) string, change ...func(*caller) *caller) func(*testing.T, *house) (*caller, *cast.Person, func() *answer) {
	return func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
		c, variables := h.as(who(h)).page(), map[string]any{}
		if about != nil {
			variables["id"] = about(h)
		}
		for _, one := range change {
			c = one(c)
		}
		return c, who(h), c.post(t, query, variables)
	}
}

func owner(h *house) *cast.Person  { return h.Owner }
func admin(h *house) *cast.Person  { return h.Admin }
func packageJob(h *house) string   { return h.Package.PublicID() }
func unreleased(h *house) string   { return h.Package.Image(job.None) }
func foreignJob(h *house) string   { return h.ForeignJob.PublicID() }
func unknownJob(*house) string     { return id.Job.Format(id.New(time.Now())) }
func malformedID(*house) string    { return "job_'; DROP TABLE job" }
func otherAccount(h *house) string { return h.Owner.PublicID() }

const (
	jobByID   = `query($id: ID!) { job(id: $id) { id } }`
	imageLink = `query($id: ID!) { image(id: $id) { downloadUrl } }`
	trail     = `query($id: ID!) { job(id: $id) { auditLog(first: 1) { nodes { id } } } }`
)

// anew gives what is asked for, each time under another name.
func anew(send func(n uint32) *answer) func() *answer {
	return func() *answer { return send(addresses.Add(1)) }
}

// refusals are all ways to be turned away.
var refusals = []refusal{
	{name: "a blocked address", status: 403, code: fault.IPDenied, route: graphqlRoute, event: audit.IPAccessDenied, detail: "BLOCKED_IPS", uncounted: true,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.as(h.Owner).page().calling(blocked)
			return c, nil, c.post(t, "{ viewer { id } }", nil)
		}},
	{name: "/login from afar", status: 403, code: fault.IPDenied, route: loginRoute, event: audit.IPAccessDenied, detail: "ADMIN_ALLOWED_IPS", uncounted: true,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, c.fetch(t, http.MethodGet, "/login")
		}},
	{name: "/playground from afar", status: 403, code: fault.IPDenied, route: "/playground", event: audit.IPAccessDenied, detail: "ADMIN_ALLOWED_IPS", uncounted: true,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.as(h.Admin).page()
			return c, nil, c.fetch(t, http.MethodGet, "/playground")
		}},
	{name: "/audit.ndjson from afar", status: 403, code: fault.IPDenied, route: "/audit.ndjson", event: audit.IPAccessDenied, detail: "ADMIN_ALLOWED_IPS", uncounted: true,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.as(h.Admin).page()
			return c, nil, c.fetch(t, http.MethodGet, "/audit.ndjson")
		}},
	{name: "a field of admins from afar", status: 403, code: fault.IPDenied, route: graphqlRoute, event: audit.IPAccessDenied, detail: "ADMIN_ALLOWED_IPS",
		ask: asksAs(admin, "{ auditLog(first: 1) { nodes { id } } }", nil)},
	{name: "a field of admins below, from afar", status: 403, code: fault.IPDenied, route: graphqlRoute, event: audit.IPAccessDenied, detail: "ADMIN_ALLOWED_IPS",
		ask: asksAs(admin, trail, packageJob)},
	{name: "a field of admins beside a harmless one, from afar", status: 200, code: fault.IPDenied, route: graphqlRoute, event: audit.IPAccessDenied, detail: "ADMIN_ALLOWED_IPS",
		ask: asksAs(admin, `query($id: ID!) { viewer { id } job(id: $id) { auditLog(first: 1) { nodes { id } } } }`, packageJob)},
	{name: "somebody else's account by its id, from afar", status: 403, code: fault.IPDenied, route: graphqlRoute, event: audit.IPAccessDenied, detail: "ADMIN_ALLOWED_IPS",
		ask: asksAs(admin, `query($id: ID!) { node(id: $id) { id } }`, otherAccount)},
	{name: "the schema from afar", status: 403, code: fault.IPDenied, route: graphqlRoute, event: audit.IPAccessDenied, detail: "ADMIN_ALLOWED_IPS",
		ask: asksAs(admin, `{ __schema { queryType { name } } }`, nil)},

	{name: "an address past its limit", status: 429, code: fault.RateLimited, route: graphqlRoute, event: audit.RateLimitBlocked, detail: "PUBLIC_API",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, times(publicAPI, c.post(t, "{ viewer { id } }", nil))
		}},
	{name: "a made-up bearer past the limit of its address", status: 429, code: fault.RateLimited, route: "", event: audit.RateLimitBlocked, detail: "PUBLIC_API",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, times(publicAPI, anew(func(n uint32) *answer {
				return c.with("Authorization", fmt.Sprintf("Bearer %d", n)).get(t, http.MethodGet, "/nothing")
			}))
		}},
	{name: "an account past its limit", status: 429, code: fault.RateLimited, route: graphqlRoute, event: audit.RateLimitBlocked, detail: "PUBLIC_API_SIGNED_IN",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			p, _ := h.customer(t)
			c := h.as(p).page()
			return c, p, times(signedInAPI, c.post(t, "{ viewer { id } }", nil))
		}},
	{name: "an address past its limit sends too much", status: 429, code: fault.RateLimited, route: graphqlRoute, event: audit.RateLimitBlocked, detail: "PUBLIC_API",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			times(publicAPI-1, c.post(t, "{ viewer { id } }", nil))()
			return c, nil, func() *answer { return c.sends(t, strings.Repeat(" ", 64<<10+1), plain) }
		}},
	{name: "an account past its limit asks too deeply", status: 400, code: fault.QueryRejected, route: graphqlRoute, event: audit.QueryRejected,
		ask: pastTheLimit(tooDeep, nil)},
	{name: "an account past its limit asks for what is not its own", status: 403, code: fault.Forbidden, route: graphqlRoute, event: audit.AuthBlocked,
		ask: pastTheLimit(jobByID, foreignJob)},
	{name: "past EMAIL", status: 429, code: fault.RateLimited, route: graphqlRoute, event: audit.RateLimitBlocked, detail: "EMAIL",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, times(few, anew(func(n uint32) *answer {
				return c.post(t, requestOtp, map[string]any{"input": map[string]any{"email": h.note("address", fmt.Sprintf("new-%d@customer.test", n))}})()
			}))
		}},
	{name: "past EMAIL at the door", status: 429, code: fault.RateLimited, route: loginRoute, event: audit.RateLimitBlocked, detail: "EMAIL",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			return atTheDoor(t, h, 1, few, func(n uint32) map[string]any {
				return map[string]any{"email": h.note("address", fmt.Sprintf("new-%d@customer.test", n))}
			})
		}},
	{name: "a mailbox that has just got a code", status: 429, code: fault.RateLimited, route: graphqlRoute, event: audit.RateLimitBlocked,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, times(1, c.post(t, requestOtp, map[string]any{"input": map[string]any{"email": h.note("address", "twice@customer.test")}}))
		}},
	{name: "past AUTH_IP", status: 429, code: fault.RateLimited, route: graphqlRoute, event: audit.RateLimitBlocked, detail: "AUTH_IP",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, times(few, c.post(t, verifyOtp, guess))
		}},
	{name: "past AUTH_IP at the door", status: 429, code: fault.RateLimited, route: loginRoute, event: audit.RateLimitBlocked, detail: "AUTH_IP",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			return atTheDoor(t, h, 2, few, func(uint32) map[string]any { return map[string]any{"challengeId": "x", "code": "111111"} })
		}},
	{name: "past DOWNLOAD by the route", status: 429, code: fault.RateLimited, route: imageRoute, event: audit.RateLimitBlocked, detail: "DOWNLOAD",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			p, j := h.customer(t)
			c := h.as(p).page()
			return c, p, times(few, c.fetch(t, http.MethodGet, "/images/"+j.Image(job.Included)+"/download"))
		}},
	{name: "past DOWNLOAD, and not released", status: 403, code: fault.Forbidden, route: imageRoute, event: audit.AuthBlocked,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			p, j := h.customer(t)
			c := h.as(p).page()
			times(few-1, c.fetch(t, http.MethodGet, "/images/"+j.Image(job.Included)+"/download"))()
			return c, p, c.fetch(t, http.MethodGet, "/images/"+j.Image(job.Blocked)+"/download")
		}},
	{name: "past DOWNLOAD by an archive", status: 429, code: fault.RateLimited, route: zipRoute, event: audit.RateLimitBlocked, detail: "DOWNLOAD",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			p, j := h.customer(t)
			c := h.as(p).page()
			head := times(few-1, c.fetch(t, http.MethodHead, "/jobs/"+j.PublicID()+"/download.zip"))
			return c, p, func() *answer { head(); return c.get(t, http.MethodGet, "/jobs/"+j.PublicID()+"/download.zip") }
		}},
	{name: "past DOWNLOAD by a ticket", status: 429, code: fault.RateLimited, route: zipRoute, event: audit.RateLimitBlocked, detail: "DOWNLOAD",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			p, j := h.customer(t)
			link := path(t, h.as(p).ask(t, `query($id: ID!) { job(id: $id) { zipUrl } }`, map[string]any{"id": j.PublicID()}).fine(t).text("data", "job", "zipUrl"))
			c := h.app().page()
			head := times(few-1, c.fetch(t, http.MethodHead, link))
			return c, p, func() *answer { head(); return c.get(t, http.MethodGet, link) }
		}},
	{name: "past DOWNLOAD by the API", status: 429, code: fault.RateLimited, route: graphqlRoute, event: audit.RateLimitBlocked, detail: "DOWNLOAD",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			p, j := h.customer(t)
			c := h.as(p).page()
			return c, p, times(few, c.post(t, imageLink, map[string]any{"id": j.Image(job.Included)}))
		}},
	{name: "past DOWNLOAD in a list", status: 200, code: fault.RateLimited, route: graphqlRoute, event: audit.RateLimitBlocked, detail: "DOWNLOAD",
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			p, j := h.customer(t)
			c := h.as(p).page()
			return c, p, times(few, c.post(t, `query($id: ID!) { viewer { id } job(id: $id) { images(filter: { released: true }) { nodes { id downloadUrl } } } }`, map[string]any{"id": j.PublicID()}))
		}},

	{name: "a body that is too large", status: 413, code: fault.QueryRejected, route: graphqlRoute, event: audit.QueryRejected,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, func() *answer { return c.sends(t, strings.Repeat(" ", 64<<10+1), plain) }
		}},
	{name: "another site's page", status: 403, code: fault.CSRFFailed, route: graphqlRoute, event: audit.CSRFBlocked, foreign: true,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().with("Origin", "https://evil.test").with("Cookie", "__Host-pixgate="+h.Owner.Token)
			return c, nil, c.post(t, "{ viewer { id } }", nil)
		}},
	{name: "no token of the page", status: 403, code: fault.CSRFFailed, route: graphqlRoute, event: audit.CSRFBlocked,
		ask: inBrowser(func(c, _ *caller) *caller { return c.without("X-CSRF-Token") })},
	{name: "a forged token of the page", status: 403, code: fault.CSRFFailed, route: graphqlRoute, event: audit.CSRFBlocked,
		ask: inBrowser(func(c, _ *caller) *caller { return c.with("X-CSRF-Token", strings.Repeat("A", 70)) })},
	{name: "another's token of the page", status: 403, code: fault.CSRFFailed, route: graphqlRoute, event: audit.CSRFBlocked,
		ask: inBrowser(func(c, other *caller) *caller { return c.with("X-CSRF-Token", other.header.Get("X-CSRF-Token")) })},

	{name: "a bad bearer", status: 401, code: fault.Unauthenticated, route: graphqlRoute, event: audit.AuthBlocked,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page().with("Authorization", "Bearer "+h.note("token", "pgs_"+strings.Repeat("x", 43)))
			return c, nil, c.post(t, "{ viewer { id } }", nil)
		}},
	{name: "an expired bearer", status: 401, code: fault.Unauthenticated, route: graphqlRoute, event: audit.AuthBlocked,
		ask: ended("UPDATE session SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second' WHERE id = $1")},
	{name: "a revoked bearer", status: 401, code: fault.Unauthenticated, route: graphqlRoute, event: audit.AuthBlocked,
		ask: ended("UPDATE session SET revoked_at = now() WHERE id = $1")},
	{name: "a dead cookie", status: 401, code: fault.Unauthenticated, route: graphqlRoute, event: audit.AuthBlocked,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c, err := h.app().page().with("Cookie", "__Host-pixgate="+h.note("token", "pgs_"+strings.Repeat("y", 43))).proven()
			if err != nil {
				t.Fatal(err)
			}
			return c, nil, c.post(t, "{ jobs { totalCount } }", nil)
		}},
	{name: "nobody at a route", status: 401, code: fault.Unauthenticated, route: imageRoute, event: audit.AuthBlocked,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, c.fetch(t, http.MethodGet, "/images/"+h.All.Image(job.Included)+"/download")
		}},
	{name: "a blocked member", status: 403, code: fault.AccountBlocked, route: graphqlRoute, event: audit.AuthBlocked,
		ask: asksAs(func(h *house) *cast.Person { return h.Blocked }, "{ jobs { totalCount } }", nil)},
	{name: "a membership that is over", status: 403, code: fault.MembershipExpired, route: graphqlRoute, event: audit.AuthBlocked,
		ask: asksAs(func(h *house) *cast.Person { return h.Expired }, "{ jobs { totalCount } }", nil)},
	{name: "a role that is too low", status: 403, code: fault.Forbidden, route: graphqlRoute, event: audit.AuthBlocked,
		ask: asksAs(owner, "{ auditLog(first: 1) { nodes { id } } }", nil)},
	{name: "a foreign id", status: 403, code: fault.Forbidden, route: graphqlRoute, event: audit.AuthBlocked, ask: asksAs(owner, jobByID, foreignJob)},
	{name: "an unknown id", status: 403, code: fault.Forbidden, route: graphqlRoute, event: audit.AuthBlocked, ask: asksAs(owner, jobByID, unknownJob)},
	{name: "a malformed id", status: 403, code: fault.Forbidden, route: graphqlRoute, event: audit.AuthBlocked, ask: asksAs(owner, jobByID, malformedID)},
	{name: "a picture that is not released", status: 403, code: fault.Forbidden, route: graphqlRoute, event: audit.AuthBlocked, ask: asksAs(owner, imageLink, unreleased)},
	{name: "another device", status: 403, code: fault.DeviceMismatch, route: graphqlRoute, event: audit.DeviceMismatched,
		ask: asksAs(owner, "{ viewer { id } }", nil, func(c *caller) *caller { return c.with("X-Device-Id", c.h.note("device", "the device of a thief")) })},

	{name: "a wrong code", status: 401, code: fault.OTPInvalid, route: graphqlRoute, event: audit.LoginWrong, ask: asks(verifyOtp, guess)},
	{name: "a right code on a device too many", status: 403, code: fault.DeviceLimit, route: graphqlRoute, event: audit.AuthBlocked,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			p, _ := h.customer(t)
			h.exec(t, "UPDATE account SET max_devices = 1 WHERE id = $1", p.AccountID)
			c := h.app().page()
			challenge, code := c.challenge(t, p.Email), h.mailed(t, p.Email, 1)
			return c, nil, func() *answer {
				a, err := c.enter(challenge, code, "a-device-too-many")
				if err != nil {
					t.Fatal(err)
				}
				return a
			}
		}},
	{name: "malformed input", status: 400, code: fault.ValidationFailed, route: graphqlRoute, event: audit.RequestValidationFailed,
		ask: asks(requestOtp, map[string]any{"input": map[string]any{"email": "nobody at all"}})},
	{name: "malformed JSON", status: 400, code: fault.ValidationFailed, route: graphqlRoute, event: audit.RequestValidationFailed,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page()
			return c, nil, func() *answer { return c.sends(t, `{"query":`, plain) }
		}},
	{name: "an answer that nobody can give", status: 406, code: fault.ValidationFailed, route: graphqlRoute, event: audit.RequestValidationFailed,
		ask: func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
			c := h.app().page().with("Accept", "image/png")
			return c, nil, c.post(t, "{ viewer { id } }", nil)
		}},
	{name: "a query that is too deep", status: 400, code: fault.QueryRejected, route: graphqlRoute, event: audit.QueryRejected,
		ask: asks(tooDeep, nil)},
	{name: "a query that is too costly", status: 400, code: fault.QueryRejected, route: graphqlRoute, event: audit.QueryRejected,
		ask: asks("{ viewer { "+strings.Repeat("id ", 100)+"} }", nil)},
}

var tooDeep = "{ jobs { nodes " + strings.Repeat("{ images { nodes { job ", 6) + "{ id }" + strings.Repeat(" } } }", 6) + " } }"

// pastTheLimit is a row whose caller's account has used up what it may send.
func pastTheLimit(query string, about func(*house) string) func(*testing.T, *house) (*caller, *cast.Person, func() *answer) {
	return func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
		p, _ := h.customer(t)
		c, who, send := asksAs(func(*house) *cast.Person { return p }, query, about)(t, h)
		times(signedInAPI-1, c.post(t, "{ viewer { id } }", nil))()
		return c, who, send
	}
}

// The limits of this installation, small enough to be passed.
const (
	publicAPI   = 8
	signedInAPI = 40
	few         = 3 // EMAIL, AUTH_IP, DOWNLOAD
)

// guess is an answer to a challenge that nobody has.
var guess = map[string]any{"input": map[string]any{
	"challengeId": "AAAAAAAAAAAAAAAAAAAAAA", "code": "111111", "transport": "TOKEN", "device": map[string]any{"id": "a-device-of-nobody-at-all"},
}}

// atTheDoor fills in the admins' sign-in page, from an address where it is open.
func atTheDoor(t *testing.T, h *house, n, allowed int, fields func(n uint32) map[string]any) (*caller, *cast.Person, func() *answer) {
	t.Helper()
	c, err := h.browser(t).calling(listed + strconv.Itoa(n)).proven()
	if err != nil {
		t.Fatal(err)
	}
	return c, nil, times(allowed, anew(func(n uint32) *answer {
		body, err := json.Marshal(fields(n))
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.send(http.MethodPost, "/login", body, plain)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}))
}

// inBrowser is a row whose caller is signed in by cookie and sends something else than
// the token of its page. other is somebody else's browser.
func inBrowser(change func(c, other *caller) *caller) func(*testing.T, *house) (*caller, *cast.Person, func() *answer) {
	return func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
		p, _ := h.customer(t)
		q, _ := h.customer(t)
		c := change(h.browser(t).signIn(t, p.Email, 1, ""), h.browser(t).signIn(t, q.Email, 1, ""))
		return c, p, c.post(t, "{ viewer { id } }", nil)
	}
}

// ended is a row whose caller's session is over.
func ended(sql string) func(*testing.T, *house) (*caller, *cast.Person, func() *answer) {
	return func(t *testing.T, h *house) (*caller, *cast.Person, func() *answer) {
		p, _ := h.customer(t)
		h.exec(t, sql, p.SessionID)
		c := h.as(p).page()
		return c, nil, c.post(t, "{ viewer { id } }", nil)
	}
}

// Whatever is refused says so in the words of the contract, leaves one event, one
// count and one line in the log, and nowhere what the caller has sent.
func TestEveryRefusalIsToldOnceAndTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maps.Copy(h.env, map[string]string{
		"REDIS_URL": stage.Redis(t), "BLOCKED_IPS": blocked, "ADMIN_ALLOWED_IPS": listed + "0/24", "SECURITY_ALERT_THRESHOLD_DEFAULT": "3",
		"RATE_LIMIT_PUBLIC_API": fmt.Sprintf("%d/1h", publicAPI), "RATE_LIMIT_PUBLIC_API_SIGNED_IN": fmt.Sprintf("%d/1h", signedInAPI),
		"RATE_LIMIT_EMAIL": fmt.Sprintf("%d/1h", few), "RATE_LIMIT_AUTH_IP": fmt.Sprintf("%d/1h", few), "RATE_LIMIT_DOWNLOAD": fmt.Sprintf("%d/1h", few),
	})
	h.people(t)
	told := map[string]*answer{} // by row
	who := map[string]*cast.Person{}
	for _, row := range refusals {
		_, person, send := row.ask(t, h)
		who[row.name] = person
		before, counted := h.events(t), map[audit.Event]int{}
		a := send()
		told[row.name] = a
		row.judge(t, a)
		for event, n := range h.events(t) {
			// A machine that is too busy for Redis is nobody's refusal.
			if n -= before[event]; n > 0 && !strings.HasPrefix(event, "limiter_") {
				counted[audit.Event(event)] = n
			}
		}
		if row.detail == "AUTH_IP" { // the wrong codes that led there
			delete(counted, audit.LoginWrong)
		}
		if counted[row.event] != 1 || len(counted) != 1 {
			t.Errorf("%s: counted %v, want one %s", row.name, counted, row.event)
		}
	}
	total := 0
	for _, n := range h.events(t) {
		total += n
	}
	eventually(t, "all events are stored", patience, func() bool {
		return h.count(t, "SELECT coalesce(sum(count), 0) FROM security_event") == total
	})
	for _, row := range refusals {
		h.recorded(t, row, who[row.name], told[row.name].header.Get("X-Request-Id"))
	}
	metrics := h.watched(t, "/metrics")
	for _, name := range leaks(metrics, h.secrets(), "") {
		t.Errorf("the metrics hold a %s", name)
	}
	h.mailed(t, h.Admin.Email, 1) // an alert
	for _, m := range h.mail.Messages() {
		if sixDigits.MatchString(m.Text) && !strings.Contains(m.Subject, "pixgate") && strings.Contains(m.Text, "Code") {
			continue // the one mail that is about a secret
		}
		for _, name := range leaks(m.Subject+"\n"+m.Text, h.secrets(), "code") {
			t.Errorf("a mail holds a %s: %s", name, m.Subject)
		}
	}
}

// judge holds an answer against the contract.
func (row refusal) judge(t *testing.T, a *answer) {
	t.Helper()
	if a.status != row.status || a.code() != string(row.code) {
		t.Errorf("%s: want %d %s, got %s", row.name, row.status, row.code, a)
	}
	has := func(name, want string) {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", row.name, name, got, want)
		}
	}
	has("X-Content-Type-Options", "nosniff")
	has("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	has("Cache-Control", "no-store")
	if !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Origin") {
		t.Errorf("%s: Vary %q", row.name, a.header.Values("Vary"))
	}
	origin, credentials := web, "true"
	if row.foreign {
		origin, credentials = "", ""
	}
	has("Access-Control-Allow-Origin", origin)
	has("Access-Control-Allow-Credentials", credentials)
	challenge := ""
	if row.status == http.StatusUnauthorized {
		challenge = "Bearer"
	}
	has("WWW-Authenticate", challenge)
	limit, limited := strconv.Atoi(a.header.Get("RateLimit-Limit"))
	remaining, errRemaining := strconv.Atoi(a.header.Get("RateLimit-Remaining"))
	reset, errReset := strconv.Atoi(a.header.Get("RateLimit-Reset"))
	// One that was only looked at, such as AUTH_IP before a sign-in, has all of it left.
	consistent := limit > 0 && remaining >= 0 && remaining <= limit && (remaining == limit) == (reset == 0)
	if row.event == audit.RateLimitBlocked && row.status != http.StatusOK && row.detail != "" { // those of mailboxes have no headers
		consistent = consistent && remaining == 0
	}
	if counted := limited == nil && errRemaining == nil && errReset == nil; counted == row.uncounted || counted && !consistent {
		t.Errorf("%s: RateLimit-Limit %q, -Remaining %q, -Reset %q", row.name, a.header.Get("RateLimit-Limit"), a.header.Get("RateLimit-Remaining"), a.header.Get("RateLimit-Reset"))
	}
	wait := a.header.Get("Retry-After")
	if (wait != "") != (row.status == http.StatusTooManyRequests || row.status == http.StatusServiceUnavailable) {
		t.Errorf("%s: Retry-After %q", row.name, wait)
	}
	said := a.find("retryAfter")
	if said == nil {
		said = a.find("errors", 0, "extensions", "retryAfter")
	}
	if wait != "" && fmt.Sprint(said) != wait {
		t.Errorf("%s: retryAfter %v, Retry-After %q", row.name, said, wait)
	}
}

// recorded looks for what is kept of a refusal: one row, and one line in the log.
func (h *house) recorded(t *testing.T, row refusal, who *cast.Person, requestID string) {
	t.Helper()
	rows, err := h.db.Owner.Query(t.Context(), "SELECT tenant_id, account_id, event, route, detail, address_key IS NOT NULL AS sourced FROM security_event WHERE request_id = $1", requestID)
	if err != nil {
		t.Fatal(err)
	}
	type kept struct {
		TenantID, AccountID  *id.ID
		Event, Route, Detail string
		Sourced              bool
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[kept])
	if err != nil {
		t.Fatal(err)
	}
	detail := row.detail
	if detail == "" {
		detail = string(row.code)
	}
	var accountID *id.ID
	if who != nil {
		accountID = &who.AccountID
	}
	switch {
	case row.event == "" && len(got) == 0:
	case len(got) != 1:
		t.Errorf("%s: %d rows of security events", row.name, len(got))
	case got[0].Event != string(row.event) || got[0].Route != row.route || got[0].Detail != detail || !got[0].Sourced ||
		got[0].TenantID == nil || *got[0].TenantID != h.TenantID || (got[0].AccountID == nil) != (accountID == nil) || accountID != nil && *got[0].AccountID != *accountID:
		t.Errorf("%s: the event is %+v of %v by %v, want %s of %s by %v at %q, %q", row.name, got[0], got[0].TenantID, got[0].AccountID, row.event, h.TenantID, accountID, row.route, detail)
	}
	lines := 0
	for line := range strings.SplitSeq(h.said.String(), "\n") {
		var said struct{ Msg, RequestID, Code, Route string }
		if json.Unmarshal([]byte(line), &said) != nil || said.Msg != "request" || said.RequestID != requestID {
			continue
		}
		if lines++; said.Code != string(row.code) || said.Route != row.route {
			t.Errorf("%s: the log says %s at %q, want %s at %q", row.name, said.Code, said.Route, row.code, row.route)
		}
	}
	if lines != 1 {
		t.Errorf("%s: %d lines in the log", row.name, lines)
	}
}

// watched is what the server tells whoever watches it.
func (h *house) watched(t *testing.T, path string) string {
	t.Helper()
	var at string
	for line := range strings.SplitSeq(h.said.String(), "\n") {
		var said struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "metrics" {
			at = said.Address
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", path, a.StatusCode, err)
	}
	return string(text)
}

// events are how many security events of each kind were counted.
func (h *house) events(t *testing.T) map[string]int {
	t.Helper()
	all := map[string]int{}
	for line := range strings.SplitSeq(h.watched(t, "/metrics"), "\n") {
		if name, n, ok := strings.Cut(strings.TrimPrefix(line, `pixgate_security_events_total{event="`), `"} `); ok && strings.HasPrefix(line, "pixgate_security_events_total") {
			count, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = count
		}
	}
	if len(all) != len(audit.Events()) {
		t.Fatalf("%d events are counted", len(all))
	}
	return all
}

// Every limit of the API has its row above, and every code of a refusal.
func TestTheTableOfRefusalsIsWhole(t *testing.T) {
	t.Parallel()
	for _, name := range []gate.Name{gate.PublicAPI, gate.PublicAPISignedIn, gate.Email, gate.AuthIP, gate.Download} {
		if !slices.ContainsFunc(refusals, func(row refusal) bool { return row.detail == string(name) }) {
			t.Errorf("no row is past %s", name)
		}
	}
	for _, code := range []fault.Code{
		fault.Unauthenticated, fault.OTPInvalid, fault.Forbidden, fault.AccountBlocked, fault.MembershipExpired, fault.DeviceLimit, fault.DeviceMismatch, fault.CSRFFailed, fault.IPDenied,
		fault.ValidationFailed, fault.RateLimited, fault.QueryRejected,
	} {
		if !slices.ContainsFunc(refusals, func(row refusal) bool { return row.code == code }) {
			t.Errorf("no row is refused with %s", code)
		}
	}
}

// What is wrong on our side is nobody's attack, and costs nobody a try.
func TestADatabaseThatIsAwayIsNoSecurityEvent(t *testing.T) {
	t.Parallel()
	h, pg := alone(t)
	before := h.events(t)
	if err := pg.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := h.as(h.Owner).page()
	for range 70 { // more than an address may send
		a := c.post(t, "{ jobs { totalCount } }", nil)()
		refusal{name: "database away", status: 503, code: fault.Unavailable, uncounted: true}.judge(t, a)
		if t.Failed() {
			break
		}
	}
	if after := h.events(t); !maps.Equal(before, after) {
		t.Errorf("events %v, before %v", after, before)
	}
	restart(t, pg)
	h.db.Owner.Reset() // its connections are those of before
	eventually(t, "service", patience, func() bool { return c.post(t, "{ jobs { totalCount } }", nil)().status == 200 })
}
