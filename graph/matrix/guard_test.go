package matrix

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

const refusal = `{"errors":[{"message":"You have no access to this, or it does not exist.","path":["x"],"extensions":{"code":"FORBIDDEN"}}]}`

func TestForeignUnknownAndMalformedIDsAnswerWithTheSameBytes(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	ids := map[string]string{
		"foreign job":          a.OtherJob.PublicID(),
		"another studio's job": a.ForeignJob.PublicID(),
		"unclaimed job":        a.Unclaimed.PublicID(),
		"foreign image":        a.OtherJob.Image(job.Included),
		"another studio's":     a.ForeignJob.Image(job.Included),
		"somebody's account":   a.Other.PublicID(),
		"an import":            id.Import.Format(a.Import),
		"unknown job":          id.Job.Format(id.New(time.Now())),
		"unknown image":        id.Image.Format(id.New(time.Now())),
		"malformed":            "img_zzz", "empty": "", "upper case": strings.ToUpper(a.Package.PublicID()), "injection": "' OR 1=1 --",
	}
	for name, named := range ids {
		for _, query := range []string{
			`query($id: ID!) { x: job(id: $id) { id } }`, `query($id: ID!) { x: image(id: $id) { id } }`, `query($id: ID!) { x: node(id: $id) { id } }`,
			`query($id: ID!) { x: image(id: $id) { downloadUrl } }`, `query($id: ID!) { x: node(id: $id) { ... on Image { downloadUrl } } viewer { id } }`,
		} {
			for _, media := range []string{"application/json", "application/graphql-response+json"} {
				got := a.ask(a.handler, media, a.Owner, query, map[string]any{"id": named})
				if got.status != 403 || got.body != refusal {
					t.Errorf("%s by %s: %d %s", name, query, got.status, got.body)
				}
			}
		}
	}
	// Of the right studio and person, but not of the type that the field returns.
	if got := a.as(a.Owner, `query($id: ID!) { x: job(id: $id) { id } }`, map[string]any{"id": a.Package.Image(job.Included)}); got.body != refusal {
		t.Errorf("an image's id as a job's: %s", got.body)
	}
}

func TestUnreleasedPicturesAreRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, one := range []*cast.Job{a.Package, a.All} {
		for _, state := range cast.States {
			released, _ := job.Release(state, one == a.All)
			for _, query := range []string{
				`query($id: ID!) { viewer { id } x: image(id: $id) { id downloadUrl } }`,
				`query($id: ID!) { x: node(id: $id) { id ... on Image { url: downloadUrl } } }`,
				`query($id: ID!) { x: node(id: $id) { ...N } } fragment N on Node { ... on Image { ...I } } fragment I on Image { downloadUrl }`,
			} {
				got := a.as(a.Owner, query, map[string]any{"id": one.Image(state)})
				if released != (got.status == 200 && strings.Contains(got.body, "X-Amz-Signature")) || !released && got.body != refusal {
					t.Errorf("%s, released %v: %d %s", state, released, got.status, got.body)
				}
			}
			if got := a.as(a.Owner, `query($id: ID!) { x: image(id: $id) { selectionState released } }`, map[string]any{"id": one.Image(state)}); got.status != 200 {
				t.Errorf("%s without a DOWNLOAD field: %d %s", state, got.status, got.body)
			}
		}
	}
	if n := a.count("SELECT count(*) FROM image WHERE delivered_at IS NOT NULL AND job_id = $1 AND selection_state NOT IN ('INCLUDED', 'EXTRA_PAID', 'EXTRA_FREE')", a.Package.ID); n != 0 {
		t.Errorf("%d unreleased pictures were marked as delivered", n)
	}
}

const gallery = `query($id: ID!, $filter: ImageFilter) { job(id: $id) { images(first: 100, filter: $filter) { edges { node { id selectionState downloadUrl } } } } }`

func TestInListsUnreleasedPicturesAreNullWithAnErrorEach(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	got := a.as(a.Owner, gallery, map[string]any{"id": a.Package.PublicID()})
	want := []string{}
	for i, state := range cast.States {
		if released, _ := job.Release(state, false); !released {
			want = append(want, fmt.Sprintf(`FORBIDDEN ["job","images","edges",%d,"node","downloadUrl"]`, i))
		}
	}
	if errs := got.errors(t); got.status != 200 || !slices.Equal(errs, want) {
		t.Errorf("%d, errors %q, want %q\n%s", got.status, errs, want, got.body)
	}
	if n := strings.Count(got.body, "X-Amz-Signature"); n != 3 {
		t.Errorf("%d links, want 3", n)
	}
	got = a.as(a.Owner, gallery, map[string]any{"id": a.Package.PublicID(), "filter": map[string]any{"released": true}})
	if errs := got.errors(t); len(errs) != 0 || strings.Count(got.body, "X-Amz-Signature") != 3 {
		t.Errorf("filtered: errors %q, %s", errs, got.body)
	}
}

func TestDeliveriesAreOneRowARequestAndMarkWhatTheCustomerGot(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	deliveries := func() int { return a.count("SELECT count(*) FROM delivery") }
	marked := func() int { return a.count("SELECT count(*) FROM image WHERE delivered_at IS NOT NULL") }
	for _, quiet := range []string{
		`query($id: ID!) { job(id: $id) { images { nodes { id previewUrl released } } } }`,
		`query($id: ID!, $no: Boolean = false) { job(id: $id) { images { nodes { downloadUrl @include(if: $no) } } } }`,
	} {
		if got := a.as(a.Owner, quiet, map[string]any{"id": a.Package.PublicID()}); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	if deliveries() != 0 || marked() != 0 {
		t.Error("looking at a gallery delivered something")
	}
	a.as(a.Photographer, gallery, map[string]any{"id": a.Package.PublicID()})
	a.as(a.Admin, gallery, map[string]any{"id": a.Package.PublicID()})
	if deliveries() != 2 || marked() != 0 || a.count("SELECT count(*) FROM delivery WHERE staff AND cardinality(image_ids) = 6") != 2 {
		t.Errorf("staff: %d deliveries, %d marked", deliveries(), marked())
	}
	a.as(a.Owner, gallery, map[string]any{"id": a.Package.PublicID()})
	if deliveries() != 3 || marked() != 3 {
		t.Errorf("the customer: %d deliveries, %d marked", deliveries(), marked())
	}
	if n := a.count("SELECT cardinality(image_ids) FROM delivery WHERE NOT staff"); n != 3 {
		t.Errorf("the row names %d pictures, want the 3 released ones", n)
	}
	a.as(a.Owner, `query($a: ID!, $b: ID!) { a: image(id: $a) { downloadUrl } b: image(id: $b) { downloadUrl other: downloadUrl } }`,
		map[string]any{"a": a.Package.Image(job.Included), "b": a.Package.Image(job.ExtraFree)})
	if deliveries() != 4 {
		t.Errorf("two pictures by name made %d rows, want 1", deliveries()-3)
	}
}

func TestWhoMayDownloadWhat(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, row := range []struct {
		name   string
		who    *cast.Person
		image  string
		status int
		code   string
	}{
		{"signed out", nil, a.All.Image(job.Included), 401, "UNAUTHENTICATED"},
		{"owner", a.Owner, a.All.Image(job.None), 200, ""},
		{"other customer", a.Other, a.All.Image(job.Included), 403, "FORBIDDEN"},
		{"assigned photographer", a.Photographer, a.Package.Image(job.Blocked), 200, ""},
		{"idle photographer", a.Idle, a.All.Image(job.Included), 403, "FORBIDDEN"},
		{"admin", a.Admin, a.Package.Image(job.None), 200, ""},
		{"admin of another studio", a.ForeignAdmin, a.All.Image(job.Included), 403, "FORBIDDEN"},
		{"blocked", a.Blocked, a.BlockedJob.Image(job.Included), 403, "ACCOUNT_BLOCKED"},
		{"expired", a.Expired, a.ExpiredJob.Image(job.Included), 403, "MEMBERSHIP_EXPIRED"},
		{"removed device", a.Removed, a.RemovedJob.Image(job.Included), 401, "UNAUTHENTICATED"},
	} {
		got := a.as(row.who, `query($id: ID!) { image(id: $id) { downloadUrl } }`, map[string]any{"id": row.image})
		if got.status != row.status || row.code != "" && !slices.Equal(got.errors(t), []string{row.code + ` ["image"]`}) {
			t.Errorf("%s: %d %s", row.name, got.status, got.body)
		}
	}
}

func TestStatementsDoNotGrowWithThePictures(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	measure := func(query string, variables map[string]any) int64 {
		a.as(a.Owner, query, variables) // the first time marks deliveries
		before := a.statements.Load()
		if got := a.as(a.Owner, query, variables); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return a.statements.Load() - before
	}
	small := measure(gallery, map[string]any{"id": a.All.PublicID()})
	for i := range 60 {
		a.Image(t, a.TenantID, a.All.ID, 100+i, job.Included)
	}
	if large := measure(gallery, map[string]any{"id": a.All.PublicID()}); large != small || small != 4 {
		t.Errorf("%d statements for 6 pictures, %d for 66; want 4: session, job, images, delivery", small, large)
	}
	var many strings.Builder
	for i, state := range []job.SelectionState{job.None, job.Included, job.ExtraPaid, job.ExtraFree} {
		fmt.Fprintf(&many, "i%d: image(id: %q) { id downloadUrl job { id } } ", i, a.All.Image(state))
	}
	if n := measure("{ "+many.String()+"}", nil); n != 3 {
		t.Errorf("%d statements for four pictures by name; want 3: session, images, delivery", n)
	}
}

func TestStatementsDoNotGrowWithTheJobs(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const list = `{ jobs(first: 50) { nodes { id images(first: 3) { totalCount nodes { id filename previewUrl } }
		released: images(first: 2, filter: { released: true }) { totalCount edges { node { id } } } } } }`
	measure := func() (statements int64, body string) {
		before := a.statements.Load()
		got := a.as(a.Owner, list, nil)
		if got.status != 200 || len(got.errors(t)) > 0 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return a.statements.Load() - before, got.body
	}
	few, body := measure()
	if n := strings.Count(body, `"filename"`); n != 6 {
		t.Errorf("%d pictures, want 3 of each of 2 jobs: %s", n, body)
	}
	for n := range 12 {
		a.Job(t, a.Owner, nil, n%2 == 0)
	}
	many, body := measure()
	if n := strings.Count(body, `"filename"`); n != 42 {
		t.Errorf("%d pictures, want 3 of each of 14 jobs", n)
	}
	if many != few {
		t.Errorf("%d statements for 2 jobs, %d for 14", few, many)
	}
}

func TestPagesReadTogetherAreThoseReadAlone(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for n := range 6 {
		a.Job(t, a.Owner, nil, n%2 == 0)
	}
	for _, fields := range []string{
		`images(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes { id released } }`,
		`images(first: 4, filter: { released: true }) { totalCount pageInfo { hasNextPage } nodes { id selectionState } }`,
		`images(filter: { released: false, selectionState: [NONE, BLOCKED] }) { totalCount nodes { id } }`,
		`images { nodes { id job { id images(first: 1) { nodes { id } } } } }`,
	} {
		var together struct {
			Data struct {
				Jobs struct{ Nodes []json.RawMessage }
			}
		}
		if err := json.Unmarshal([]byte(a.as(a.Owner, `{ jobs { nodes { id `+fields+` } } }`, nil).body), &together); err != nil {
			t.Fatal(err)
		}
		if len(together.Data.Jobs.Nodes) != 8 {
			t.Fatalf("%d jobs, want 8", len(together.Data.Jobs.Nodes))
		}
		for _, node := range together.Data.Jobs.Nodes {
			var named struct{ ID string }
			if err := json.Unmarshal(node, &named); err != nil {
				t.Fatal(err)
			}
			alone := a.as(a.Owner, `query($id: ID!) { job(id: $id) { id `+fields+` } }`, map[string]any{"id": named.ID})
			if want := `{"data":{"job":` + string(node) + `}}`; alone.body != want {
				t.Errorf("%s\nalone:    %s\ntogether: %s", fields, alone.body, want)
			}
		}
	}
}
