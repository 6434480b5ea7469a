package drill_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// way is one form of asking for the thing with an id.
type way struct {
	name string
	ask  func(c *caller, thing string) (*answer, error)
}

func byVariable(name, query string) way {
	return way{name, func(c *caller, thing string) (*answer, error) {
		return c.graphql(query, map[string]any{"id": thing, "yes": true, "no": false})
	}}
}

// The ways to look at a picture.
var looks = []way{
	byVariable("image", `query($id: ID!) { image(id: $id) { id } }`),
	byVariable("node", `query($id: ID!) { node(id: $id) { id } }`),
	byVariable("typename", `query($id: ID!) { node(id: $id) { __typename } }`),
	byVariable("preview", `query($id: ID!) { image(id: $id) { previewUrl(size: SMALL) } }`),
	byVariable("its job", `query($id: ID!) { image(id: $id) { job { id title images(first: 5) { nodes { id } } } } }`),
	byVariable("inline fragment", `query($id: ID!) { node(id: $id) { ... on Image { filename sha256 } } }`),
	byVariable("fragment of the interface", `query($id: ID!) { node(id: $id) { ...F } } fragment F on Node { id ... on Image { previewUrl } }`),
	byVariable("default of a variable, @skip", `query($id: ID!, $no: Boolean! = true) { image(id: $id) @skip(if: $no) { filename } }`),
}

// The ways to a picture's original.
var takes = []way{
	byVariable("downloadUrl", `query($id: ID!) { image(id: $id) { downloadUrl } }`),
	byVariable("by node", `query($id: ID!) { node(id: $id) { ... on Image { downloadUrl } } }`),
	byVariable("alias", `query($id: ID!) { a: image(id: $id) { id filename x: downloadUrl y: downloadUrl } }`),
	byVariable("twice", `query($id: ID!) { a: image(id: $id) { downloadUrl } b: image(id: $id) { id } }`),
	byVariable("merged", `query($id: ID!) { image(id: $id) { id } image(id: $id) { downloadUrl } }`),
	byVariable("fragments", `query($id: ID!) { node(id: $id) { ...A } } fragment A on Node { ...B } fragment B on Image { ...C } fragment C on Image { downloadUrl }`),
	byVariable("nested inline fragments", `query($id: ID!) { node(id: $id) { ... on Node { ... on Image { ... { downloadUrl } } } } }`),
	byVariable("@include", `query($id: ID!, $yes: Boolean!) { image(id: $id) { id downloadUrl @include(if: $yes) } }`),
	byVariable("@skip", `query($id: ID!, $no: Boolean!) { image(id: $id) { ... @skip(if: $no) { downloadUrl } } }`),
	byVariable("@include on a fragment", `query($id: ID!, $yes: Boolean!) { image(id: $id) { ...F @include(if: $yes) } } fragment F on Image { downloadUrl }`),
	byVariable("both directives", `query($id: ID!, $yes: Boolean!, $no: Boolean!) { image(id: $id) { downloadUrl @include(if: $yes) @skip(if: $no) } }`),
	byVariable("fragment of the root", `query($id: ID!) { ...R } fragment R on Query { image(id: $id) { downloadUrl } }`),
	{"literal", func(c *caller, thing string) (*answer, error) {
		return c.graphql(fmt.Sprintf(`{ image(id: %q) { downloadUrl } }`, thing), nil)
	}},
	{"default value", func(c *caller, thing string) (*answer, error) {
		return c.graphql(fmt.Sprintf(`query($id: ID! = %q) { image(id: $id) { downloadUrl } }`, thing), nil)
	}},
	{"the other operation", func(c *caller, thing string) (*answer, error) {
		body, err := json.Marshal(map[string]any{
			"query":     `query Harmless { viewer { id } } query Evil($id: ID!) { image(id: $id) { downloadUrl } }`,
			"variables": map[string]any{"id": thing}, "operationName": "Evil",
		})
		if err != nil {
			return nil, err
		}
		return c.send(http.MethodPost, "/graphql", body, http.Header{"Content-Type": {mediaJSON}})
	}},
	{"by GET", func(c *caller, thing string) (*answer, error) {
		values := url.Values{"query": {`query($id: ID!) { image(id: $id) { downloadUrl } }`}, "variables": {fmt.Sprintf(`{"id":%q}`, thing)}}
		return c.send(http.MethodGet, "/graphql?"+values.Encode(), nil, http.Header{"GraphQL-Require-Preflight": {"1"}})
	}},
	{"route", func(c *caller, thing string) (*answer, error) {
		return c.send(http.MethodGet, "/images/"+url.PathEscape(thing)+"/download", nil, nil)
	}},
	{"HEAD", func(c *caller, thing string) (*answer, error) {
		return c.send(http.MethodHead, "/images/"+url.PathEscape(thing)+"/download", nil, nil)
	}},
}

// The ways to a job.
var jobWays = []way{
	byVariable("job", `query($id: ID!) { job(id: $id) { id title } }`),
	byVariable("node", `query($id: ID!) { node(id: $id) { id } }`),
	byVariable("its pictures", `query($id: ID!) { job(id: $id) { images { nodes { id downloadUrl previewUrl } totalCount } } }`),
	byVariable("its pictures by node", `query($id: ID!) { node(id: $id) { ... on Job { title images { edges { node { downloadUrl } } } } } }`),
	byVariable("as an image", `query($id: ID!) { image(id: $id) { downloadUrl } }`),
}

// unknown is an id of nothing.
func unknown(k id.Kind) string {
	return k.Format(id.ID{1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16})
}

// malformed are names that are no ids, among them misspellings of a good one.
func malformed(good string) []string {
	return []string{
		"x", strings.ToUpper(good), good + " ", good[:35], good + "0", "img_" + strings.Repeat("g", 32), "job" + good[3:], "acc" + good[3:], "zip" + good[3:],
		good[:10] + "-" + good[11:], strings.Repeat("9", 500), "Ü", "%2e%2e", "1 OR 1=1", "img_00000000000000000000000000000000",
	}
}

// refusals checks that every way to every thing is refused with 403 and by the
// very answer that an unknown id gets.
func (h *house) refusals(t *testing.T, who string, c *caller, ways []way, kind id.Kind, things []string) {
	t.Helper()
	for _, media := range []string{mediaGraphQL, mediaJSON} {
		c := c.with("Accept", media)
		if media == mediaJSON {
			ways = ways[:2] // the refusals are the same
		}
		for _, w := range ways {
			base, err := w.ask(c, unknown(kind))
			if err != nil {
				t.Fatal(err)
			}
			if w.name == "HEAD" && base.status != 403 {
				t.Errorf("%s, %s: an unknown id gets %d", who, w.name, base.status)
			} else if w.name != "HEAD" {
				base.refused(t, 403, "FORBIDDEN")
			}
			for _, thing := range things {
				a, err := w.ask(c, thing)
				if err != nil {
					t.Fatal(err)
				}
				if a.status != base.status || !bytes.Equal(a.body, base.body) || headers(a) != headers(base) {
					t.Errorf("%s, %s, %.40q: answered %s\nan unknown id: %s", who, w.name, thing, a, base)
				}
			}
		}
	}
}

func headers(a *answer) string {
	header := a.header.Clone()
	header.Del("Date")
	header.Del("X-Request-Id")
	header.Del("RateLimit-Remaining") // they tell how many there were before
	header.Del("RateLimit-Reset")
	var text strings.Builder
	_ = header.Write(&text) // into memory
	return text.String()
}

func pictures(states []job.SelectionState, jobs ...*cast.Job) (all []string) {
	for _, j := range jobs {
		for _, state := range states {
			all = append(all, j.Image(state))
		}
	}
	return all
}

func TestEveryWayToAPictureOfOthers(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	mine := []*cast.Job{h.Package, h.All}
	others := []*cast.Job{h.OtherJob, h.ForeignJob, h.Unclaimed, h.BlockedJob}
	for _, c := range []struct {
		name string
		who  *cast.Person
		jobs []*cast.Job
	}{
		{"the owner", h.Owner, others},
		{"another customer", h.Other, mine},
		{"a photographer of other jobs", h.Idle, append(mine, h.OtherJob)},
		{"a customer of another studio", h.Foreigner, mine},
		{"the admin of another studio", h.ForeignAdmin, mine},
	} {
		caller := h.as(c.who)
		var jobs []string
		for _, j := range c.jobs {
			jobs = append(jobs, j.PublicID())
		}
		few := pictures([]job.SelectionState{job.Included, job.Blocked}, c.jobs...)
		h.refusals(t, c.name, caller, looks[:len(looks)-1], id.Image, few)
		h.refusals(t, c.name, caller, takes, id.Image, few)
		h.refusals(t, c.name, caller, takes[:2], id.Image, pictures(cast.States, c.jobs...))
		h.refusals(t, c.name, caller, jobWays, id.Job, jobs)
		h.refusals(t, c.name, caller, looks[1:3], id.Account, []string{h.Photographer.PublicID(), h.Expired.PublicID()})
	}
	h.refusals(t, "the owner, malformed", h.as(h.Owner), append(takes, looks[:4]...), id.Image, malformed(h.All.Image(job.Included)))
	imports := []string{id.Import.Format(h.Import), id.Import.Format(h.ForeignImport)}
	h.refusals(t, "the owner, imports", h.as(h.Owner), looks[1:3], id.Import, imports)
	h.refusals(t, "the admin of another studio, imports", h.as(h.ForeignAdmin), looks[1:3], id.Import, imports[:1])
	if n := h.count(t, "SELECT count(*) FROM delivery"); n != 0 {
		t.Errorf("%d deliveries were recorded", n)
	}
}

func TestEveryWayToAPictureThatIsNotReleased(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	owner := h.as(h.Owner)
	held := []string{h.Package.Image(job.None), h.Package.Image(job.ExtraPending), h.Package.Image(job.Blocked), h.All.Image(job.Blocked)}
	h.refusals(t, "the owner", owner, takes, id.Image, held)
	for _, thing := range held {
		// One bad root spoils the whole, in either order.
		for _, query := range []string{
			`query($ok: ID!, $bad: ID!) { ok: image(id: $ok) { downloadUrl } bad: image(id: $bad) { downloadUrl } }`,
			`query($ok: ID!, $bad: ID!) { bad: image(id: $bad) { downloadUrl } ok: image(id: $ok) { downloadUrl } }`,
		} {
			owner.ask(t, query, map[string]any{"ok": h.Package.Image(job.Included), "bad": thing}).refused(t, 403, "FORBIDDEN")
		}
		// To look at one's own is no download, and shows no original.
		a := owner.ask(t, `query($id: ID!, $no: Boolean!) { image(id: $id) { id selectionState released downloadUrl @include(if: $no) previewUrl } }`,
			map[string]any{"id": thing, "no": false}).fine(t)
		if strings.Contains(string(a.body), "/original") || a.find("data", "image", "released") != false {
			t.Errorf("one's own, not released: %s", a)
		}
		blocked := a.text("data", "image", "selectionState") == "BLOCKED"
		if (a.find("data", "image", "previewUrl") == nil) != blocked {
			t.Errorf("preview: %s", a)
		}
	}
	if n := h.count(t, "SELECT count(*) FROM delivery") + h.count(t, "SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 0 {
		t.Errorf("%d deliveries were recorded by requests that were refused", n)
	}
	// Staff may have any original of their own jobs; nobody may have a preview of BLOCKED.
	for _, staff := range []*cast.Person{h.Photographer, h.Admin, h.Operator} {
		a := h.as(staff).ask(t, `query($id: ID!) { image(id: $id) { downloadUrl previewUrl } }`, map[string]any{"id": h.Package.Image(job.Blocked)}).fine(t)
		if a.text("data", "image", "downloadUrl") == "" || a.find("data", "image", "previewUrl") != nil {
			t.Errorf("%s: %s", staff.Role, a)
		}
	}
}

// In a list, what is not released is null with an error, by whatever name it is
// asked for, and no original of it is anywhere in the answer.
func TestNoListShowsAnOriginalThatIsNotReleased(t *testing.T) {
	t.Parallel()
	h := inhabited(t)
	owner := h.as(h.Owner)
	for _, c := range []struct {
		name, query   string
		links, errors int // in Package: 3 released, 3 not
	}{
		{"nodes", `query($id: ID!) { job(id: $id) { images { nodes { id downloadUrl } } } }`, 3, 3},
		{"edges", `query($id: ID!) { job(id: $id) { images { edges { cursor node { downloadUrl } } } } }`, 3, 3},
		{"both", `query($id: ID!) { job(id: $id) { images { nodes { downloadUrl } edges { node { downloadUrl } } } } }`, 6, 6},
		{"aliases", `query($id: ID!) { job(id: $id) { a: images { nodes { x: downloadUrl y: downloadUrl } } } }`, 6, 6},
		{"fragments", `query($id: ID!) { node(id: $id) { ...J } } fragment J on Job { images { ...C } } fragment C on ImageConnection { nodes { ...I } } fragment I on Image { downloadUrl }`, 3, 3},
		{"@include", `query($id: ID!) { job(id: $id) { images { nodes { ... on Node { ... on Image { downloadUrl @include(if: true) } } } } } }`, 3, 3},
		{"only withdrawn ones", `query($id: ID!) { job(id: $id) { images(filter: { selectionState: [BLOCKED] }) { nodes { downloadUrl previewUrl } } } }`, 0, 1},
		{"only released ones", `query($id: ID!) { job(id: $id) { images(filter: { released: true }) { nodes { downloadUrl } } } }`, 3, 0},
		{"through jobs", `{ jobs { nodes { allImagesIncluded images(filter: { released: false }) { nodes { downloadUrl } } } } }`, 0, 4},
		{"back through the picture", `query($id: ID!) { job(id: $id) { images(first: 1) { nodes { job { images { nodes { downloadUrl } } } } } } }`, 3, 3},
	} {
		for _, media := range []string{mediaGraphQL, mediaJSON} {
			variables := map[string]any{"id": h.Package.PublicID()}
			if !strings.Contains(c.query, "$id") {
				variables = nil
			}
			a := owner.with("Accept", media).ask(t, c.query, variables)
			links := strings.Count(string(a.body), "/original?")
			if a.status != 200 || links != c.links || len(a.list("errors")) != c.errors || c.errors > 0 && a.code() != "FORBIDDEN" {
				t.Errorf("%s: %d links, %d errors, want %d and %d: %s", c.name, links, len(a.list("errors")), c.links, c.errors, a)
			}
			for _, state := range []job.SelectionState{job.None, job.ExtraPending, job.Blocked} {
				if key := h.key(t, h.Package.Images[state]); strings.Contains(string(a.body), key) {
					t.Errorf("%s: the original of %s is in the answer", c.name, state)
				}
			}
		}
	}
	// Nobody's list holds what is others'.
	for _, who := range []*cast.Person{h.Other, h.Idle, h.Foreigner} {
		a := h.as(who).ask(t, `{ jobs(first: 100) { nodes { id images { nodes { id } } } } }`, nil).fine(t)
		for _, j := range []*cast.Job{h.Package, h.All, h.Unclaimed, h.BlockedJob} {
			if strings.Contains(string(a.body), j.PublicID()) {
				t.Errorf("%s sees a job of others", who.Email)
			}
		}
	}
	// A cursor of others opens nothing.
	end := h.as(h.Admin).ask(t, `{ jobs(first: 1) { pageInfo { endCursor } } }`, nil).fine(t).text("data", "jobs", "pageInfo", "endCursor")
	a := h.as(h.Other).ask(t, `query($after: String) { jobs(after: $after) { nodes { id } } }`, map[string]any{"after": end}).fine(t)
	for _, node := range a.list("data", "jobs", "nodes") {
		if node.(map[string]any)["id"] != h.OtherJob.PublicID() {
			t.Errorf("a cursor of the admin's shows %v", node)
		}
	}
}

// key is the key of a picture's original as it stands in a link.
func (h *house) key(t *testing.T, image id.ID) string {
	t.Helper()
	var key string
	if err := h.db.Owner.QueryRow(t.Context(), "SELECT object_key FROM image WHERE id = $1", image).Scan(&key); err != nil {
		t.Fatal(err)
	}
	return key
}
