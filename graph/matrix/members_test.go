package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/session"
)

// Whoever has an admin's session does not read out the studio's people by searching.
func TestListsWithATextAreLimitedAndOthersAreNot(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.resolver.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.Search: {Most: 4, Period: time.Hour}})
	const byFilter = "query($f: AccountFilter) { accounts(filter: $f) { nodes { id } } }"
	ask := func(query string, variables map[string]any, want int) {
		t.Helper()
		if got := a.as(a.Admin, query, variables); got.status != want {
			t.Errorf("%s %v: %d %s, want %d", query, variables, got.status, got.body, want)
		}
	}
	free := func() {
		t.Helper()
		ask("{ accounts { nodes { id } } }", nil, 200)
		ask("{ accounts(filter: { blocked: true }) { nodes { id } } }", nil, 200)
		ask(byFilter, map[string]any{"f": map[string]any{"text": nil}}, 200)
		ask(byFilter, nil, 200)
	}
	for range 3 {
		free()
	}
	ask(`{ accounts(filter: { text: "a" }) { nodes { id } } }`, nil, 200)
	ask("query($t: String) { accounts(filter: { text: $t }) { nodes { id } } }", map[string]any{"t": "b"}, 200)
	ask(byFilter, map[string]any{"f": map[string]any{"text": "c"}}, 200)
	ask(`query($t: String = "d") { ... on Query { accounts(filter: { text: $t }) { nodes { id } } } }`, nil, 200)
	ask(byFilter, map[string]any{"f": map[string]any{"text": "e"}}, 429)
	ask(`{ a: accounts { nodes { id } } b: accounts(filter: { text: "f" }) { nodes { id } } }`, nil, 429)
	free()
	if got := a.as(a.Operator, `{ accounts(filter: { text: "a" }) { nodes { id } } }`, nil); got.status != 200 {
		t.Errorf("another admin is limited, too: %d", got.status)
	}
}

// A page of a hundred people with their devices costs no more statements than one of two.
func TestDevicesOfAPageAreReadTogether(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	cost := func(query string) int64 {
		t.Helper()
		before := a.statements.Load()
		if got := a.as(a.Admin, query, nil); got.status != 200 || strings.Contains(got.body, `"errors"`) || !strings.Contains(got.body, `"dev_`) {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return a.statements.Load() - before
	}
	for n := range 60 {
		a.Person(t, a.TenantID, fmt.Sprintf("one-of-many-%d@example.com", n), account.Customer)
	}
	if n := cost("{ accounts(first: 100) { nodes { email devices { id name } } } }"); n != 3 {
		t.Errorf("%d statements, want session, people and devices", n)
	}
}

// An admin away from the listed addresses names none of what only admins see, by a
// device as little as by an account.
func TestAnAdminAwayFromTheListedAddressesNamesNobodysDevices(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.resolver.Lists = gate.Lists{Allowed: map[gate.Surface][]netip.Prefix{gate.Admin: {netip.MustParsePrefix("198.51.100.0/24")}}}
	for name, try := range map[string]struct {
		who   *cast.Person
		query string
		code  string // empty: answered
	}{
		"another's device":             {a.Admin, `{ node(id: "` + id.Device.Format(a.Owner.DeviceID) + `") { id } }`, "IP_DENIED"},
		"nobody's device":              {a.Admin, `{ node(id: "` + id.Device.Format(id.Nil) + `") { id } }`, "IP_DENIED"},
		"another's account":            {a.Admin, `{ account(id: "` + a.Owner.PublicID() + `") { id } }`, "IP_DENIED"},
		"the people":                   {a.Admin, `{ accounts { nodes { id } } }`, "IP_DENIED"},
		"activity":                     {a.Admin, `{ activity { now { all } } }`, "IP_DENIED"},
		"a block":                      {a.Admin, `mutation { blockAccount(input: { accountId: "` + a.Owner.PublicID() + `" }) { account { id } } }`, "IP_DENIED"},
		"the own device":               {a.Admin, `{ node(id: "` + id.Device.Format(a.Admin.DeviceID) + `") { id } }`, ""},
		"the own account":              {a.Admin, `{ account(id: "` + a.Admin.PublicID() + `") { devices { id } } }`, ""},
		"a customer's own device":      {a.Owner, `{ node(id: "` + id.Device.Format(a.Owner.DeviceID) + `") { id } }`, ""},
		"another's, asked by a client": {a.Owner, `{ node(id: "` + id.Device.Format(a.Other.DeviceID) + `") { id } }`, "FORBIDDEN"},
	} {
		got := a.as(try.who, try.query, nil)
		if got.status != map[string]int{"": 200}[try.code] && got.status != 403 || !strings.Contains(got.body, try.code) {
			t.Errorf("%s: %d %s, want %q", name, got.status, got.body, try.code)
		}
	}
}

// asker sends requests as somebody whose session was read once.
type asker struct {
	handler http.Handler
	ctx     context.Context //nolint:containedctx // one for ten thousand requests
}

func (a *api) asker(t *testing.T, who *cast.Person) asker {
	t.Helper()
	v, err := a.resolver.Sessions.Authenticate(t.Context(), who.Token, session.Token, who.TenantID, "")
	if err != nil {
		t.Fatal(err)
	}
	v.RequestID = "request"
	return asker{a.handler, account.WithViewer(session.WithClient(t.Context(), session.Client{IP: netip.MustParseAddr("192.0.2.1")}), v)}
}

func (s asker) ask(query string, variables map[string]any) (int, string) {
	body, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	r := httptest.NewRequestWithContext(s.ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// byName take one id, and refuse the whole request for one that is not there; the
// others list what there is, and must not hold anything of another studio.
var (
	byName = []string{
		"query($id: ID!) { node(id: $id) { id __typename } }",
		"query($id: ID!) { node(id: $id) { ... on Account { email devices { id name } tenant { slug } } ... on Device { name } ... on Job { title images { nodes { filename } } } ... on Image { downloadUrl } } }",
		"query($id: ID!) { account(id: $id) { email role devices { id name lastSeenAt } } }",
		"query($id: ID!) { job(id: $id) { title zipUrl images { nodes { id downloadUrl previewUrl } } } }",
		"query($id: ID!) { image(id: $id) { filename downloadUrl job { id } } }",
		"query($id: ID!) { viewer { id } account(id: $id) { id } }",
		"mutation($id: ID!) { removeDevice(input: { deviceId: $id }) { account { id } } }",
		"mutation($id: ID!) { selectImages(input: { jobId: $id, imageIds: [$id], selected: true }) { job { id } } }",
	}
	byNameOfAdmins = []string{
		"mutation($id: ID!) { blockAccount(input: { accountId: $id }) { account { email } } }",
		"mutation($id: ID!) { unblockAccount(input: { accountId: $id }) { account { email } } }",
		"mutation($id: ID!) { setAccountRole(input: { accountId: $id, role: ADMIN }) { account { email } } }",
		"mutation($id: ID!) { setAccountValidUntil(input: { accountId: $id, validUntil: null }) { account { email } } }",
		"mutation($id: ID!) { setMaxDevices(input: { accountId: $id, maxDevices: 1 }) { account { devices { id } } } }",
		"mutation($id: ID!) { removeDeviceOf(input: { accountId: $id, deviceId: $id }) { account { email } } }",
		"mutation($id: ID!) { releaseLogin(input: { accountId: $id }) { ok } }",
	}
	lists = []string{
		"{ viewer { email devices { id } } jobs { nodes { id title } } }",
		"query($text: String) { accounts(first: 100, filter: { text: $text }) { nodes { id email devices { id name } tenant { slug } } } }",
		"query($id: ID) { auditLog(filter: { jobId: $id }) { nodes { id newValue actor { email } } } }",
		"query($id: ID) { auditLog(filter: { actorId: $id }) { nodes { id newValue actor { email } } } }",
		"query($after: String) { accounts(after: $after) { nodes { id email } } }",
		"query($after: String) { jobs(after: $after) { nodes { id title } } }",
		"query($after: String) { securityEvents(after: $after) { nodes { id account { email } } } }",
		"{ activity { now { all } week { all } } }",
	}
)

// Ten thousand requests of one studio's people, with ids of the other, ids that nobody
// has, and texts that are none: each is the same refusal, or holds nothing of the other.
func TestTenThousandRequestsShowNothingOfAnotherStudio(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.resolver.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.Search: {Most: 1_000_000, Period: time.Hour}, gate.Download: {Most: 1_000_000, Period: time.Hour}})
	const theirs = "of-the-other-studio"
	a.Exec(t, "UPDATE account SET email = 'someone@"+theirs+".test' WHERE tenant_id = $1 AND role = 'CUSTOMER'", a.TenantID)
	a.Exec(t, "UPDATE account SET email_key = email WHERE tenant_id = $1 AND id = $2", a.TenantID, a.Owner.AccountID)
	a.Exec(t, "UPDATE job SET title = $2 WHERE tenant_id = $1", a.TenantID, theirs)
	a.Exec(t, "UPDATE device SET name = $2 WHERE tenant_id = $1", a.TenantID, theirs)
	a.Exec(t, "UPDATE image SET filename = $2 || id WHERE tenant_id = $1", a.TenantID, theirs)
	secrets := []string{theirs, `"slug":"studio"`}
	foreign := []string{id.Import.Format(a.Import)}
	for _, p := range []*cast.Person{a.Owner, a.Other, a.Photographer, a.Admin, a.Operator, a.Blocked} {
		foreign = append(foreign, p.PublicID(), id.Device.Format(p.DeviceID))
	}
	for _, j := range []*cast.Job{a.Package, a.All, a.OtherJob, a.Unclaimed} {
		foreign = append(foreign, j.PublicID(), j.Image(job.Included), j.Image(job.None))
	}
	for _, one := range foreign {
		if _, raw, ok := id.Parse(one); !ok {
			t.Fatal(one)
		} else {
			secrets = append(secrets, strings.ReplaceAll(raw.String(), "-", ""))
		}
	}
	kinds := []id.Kind{id.Account, id.Device, id.Job, id.Image, id.Import, id.Audit, id.Security}
	before := a.untouched()

	askers := []asker{a.asker(t, a.Foreigner), a.asker(t, a.ForeignAdmin)}
	_, refused := askers[0].ask("query($id: ID!) { node(id: $id) { id __typename } }", map[string]any{"id": "nonsense"})
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 10_000))
			for range 2_500 {
				public := foreign[random.IntN(len(foreign))]
				switch random.IntN(4) {
				case 0: // nobody's
					public = kinds[random.IntN(len(kinds))].Format(id.ID{byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32()), 15: byte(random.Uint32())})
				case 1: // another kind of what is somebody's
					public = string(kinds[random.IntN(len(kinds))]) + public[3:]
				case 2: // nearly somebody's
					at := 4 + random.IntN(len(public)-4)
					public = public[:at] + string("0123456789abcdefgA-\x7f"[random.IntN(20)]) + public[at+1:]
				}
				admin := random.IntN(2)
				names := byName
				if admin == 1 {
					names = append(names[:len(names):len(names)], byNameOfAdmins...)
				}
				if random.IntN(4) > 0 {
					query := names[random.IntN(len(names))]
					status, body := askers[admin].ask(query, map[string]any{"id": public})
					if status != http.StatusForbidden || code(body) != code(refused) || strings.Contains(body, `"data"`) || holds(body, secrets) {
						t.Errorf("%s with %s: %d %s", query, public, status, body)
						return
					}
					continue
				}
				_, raw, _ := id.Parse(public)
				status, body := askers[admin].ask(lists[random.IntN(len(lists))], map[string]any{
					"id": public, "text": []string{theirs, "@" + theirs, "someone", "owner", "%", "_", "", "admin@"}[random.IntN(8)],
					"after": page.Cursor{Key: int64(random.Uint32()) * random.Int64N(2), ID: raw}.Text([]page.List{page.Accounts, page.Jobs, page.SecurityEvents}[random.IntN(3)]),
				})
				if status == http.StatusInternalServerError || status == http.StatusServiceUnavailable || holds(body, secrets) {
					t.Errorf("a list: %d %s", status, body)
					return
				}
			}
		})
	}
	workers.Wait()
	if after := a.untouched(); after != before {
		t.Errorf("the other studio is not as it was: %s, then %s", before, after)
	}
}

// code is what a refusal tells beside where.
func code(body string) string {
	var parsed struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	_ = json.Unmarshal([]byte(body), &parsed)
	return fmt.Sprint(parsed.Errors)
}

func holds(body string, secrets []string) bool {
	for _, one := range secrets {
		if strings.Contains(body, one) {
			return true
		}
	}
	return false
}

// untouched tells the studio's rows from any other ones.
func (a *api) untouched() (hash string) {
	a.t.Helper()
	err := a.db.Owner.QueryRow(a.t.Context(), `
		SELECT md5(string_agg(line, '' ORDER BY line)) FROM (
			SELECT t::text AS line FROM account t WHERE tenant_id = $1 UNION ALL SELECT t::text FROM device t WHERE tenant_id = $1
			UNION ALL SELECT t::text FROM session t WHERE tenant_id = $1 UNION ALL SELECT t::text FROM image t WHERE tenant_id = $1
			UNION ALL SELECT t::text FROM delivery t WHERE tenant_id = $1 UNION ALL SELECT t::text FROM audit_entry t WHERE tenant_id = $1
		) rows`, a.TenantID).Scan(&hash)
	if err != nil {
		a.t.Fatal(err)
	}
	return hash
}
