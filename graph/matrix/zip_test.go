package matrix

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pixgate/internal/account"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

func TestALinkToAZIPIsRefusedAsAWholeWhereOnePictureMayNotLeave(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	empty, _, err := a.resolver.Jobs.Create(t.Context(), account.Viewer{TenantID: a.TenantID, AccountID: a.Admin.AccountID, SessionID: a.Admin.SessionID, Role: account.Admin}, job.New{CustomerEmail: a.Owner.Email, Title: "Empty", IncludedImages: 2})
	if err != nil {
		t.Fatal(err)
	}
	included, paid := a.Package.Image(job.Included), a.Package.Image(job.ExtraPaid)
	for name, one := range map[string]struct {
		job    string
		images any
		may    bool
	}{
		"all that are released":    {a.Package.PublicID(), nil, true},
		"two that are released":    {a.Package.PublicID(), []string{paid, included}, true},
		"one, as no list":          {a.Package.PublicID(), included, true},
		"nothing":                  {a.Package.PublicID(), []string{}, false},
		"one not chosen":           {a.Package.PublicID(), []string{included, a.Package.Image(job.None)}, false},
		"one not paid":             {a.Package.PublicID(), []string{a.Package.Image(job.ExtraPending)}, false},
		"one withdrawn":            {a.All.PublicID(), []string{a.All.Image(job.None), a.All.Image(job.Blocked)}, false},
		"one of another job":       {a.Package.PublicID(), []string{included, a.All.Image(job.Included)}, false},
		"one of another customer":  {a.Package.PublicID(), []string{included, a.OtherJob.Image(job.Included)}, false},
		"one unknown":              {a.Package.PublicID(), []string{included, id.Image.Format(id.Nil)}, false},
		"one malformed":            {a.Package.PublicID(), []string{included, "x"}, false},
		"a job with no pictures":   {empty.PublicID(), nil, false},
		"somebody else's job":      {a.OtherJob.PublicID(), nil, false},
		"another studio's picture": {a.Package.PublicID(), []string{a.ForeignJob.Image(job.Included)}, false},
	} {
		variables := map[string]any{"job": one.job, "images": one.images}
		for _, query := range []string{
			`query($job: ID!, $images: [ID!]) { viewer { id } x: job(id: $job) { id zipUrl(imageIds: $images) } }`,
			`query($job: ID!, $images: [ID!]) { x: node(id: $job) { ...N } } fragment N on Node { ... on Job { a: zipUrl(imageIds: $images) } }`,
		} {
			got := a.as(a.Owner, query, variables)
			if one.may != (got.status == 200 && strings.Contains(got.body, "/download.zip?")) || !one.may && got.body != refusal {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
		}
	}
	// The studio's staff get what the customer would, not what they may see.
	got := a.as(a.Admin, `query($job: ID!, $image: ID!) { x: job(id: $job) { zipUrl(imageIds: [$image]) } }`,
		map[string]any{"job": a.Package.PublicID(), "image": a.Package.Image(job.None)})
	if got.body != refusal {
		t.Errorf("staff: %d %s", got.status, got.body)
	}
	// Below the root it is the field alone that is refused.
	got = a.as(a.Owner, `query($image: ID!, $other: ID!) { image(id: $image) { job { a: zipUrl b: zipUrl(imageIds: [$other]) } } }`,
		map[string]any{"image": included, "other": a.OtherJob.Image(job.Included)})
	if want := []string{`FORBIDDEN ["image","job","b"]`}; got.status != 200 || !slices.Equal(got.errors(t), want) || !strings.Contains(got.body, `"b":null`) || !strings.Contains(got.body, `"a":"`) {
		t.Errorf("below the root: %d %s", got.status, got.body)
	}
	if n := a.count("SELECT count(*) FROM delivery") + a.count("SELECT count(*) FROM image WHERE delivered_at IS NOT NULL"); n != 0 {
		t.Errorf("links delivered %d times", n)
	}
}

func TestALinkToAZIPNamesItsPictures(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	images := []string{a.Package.Image(job.ExtraPaid), a.Package.Image(job.Included)}
	got := a.as(a.Owner, `query($job: ID!, $images: [ID!]) { job(id: $job) { all: zipUrl some: zipUrl(imageIds: $images) } }`,
		map[string]any{"job": a.Package.PublicID(), "images": images})
	var parsed struct {
		Data struct{ Job struct{ All, Some string } }
	}
	if err := json.Unmarshal([]byte(got.body), &parsed); err != nil {
		t.Fatal(err)
	}
	for link, want := range map[string][]string{parsed.Data.Job.All: nil, parsed.Data.Job.Some: images} {
		u, err := url.Parse(link)
		if err != nil || u.Path != "/jobs/"+a.Package.PublicID()+"/download.zip" || !slices.Equal(u.Query()["image"], want) || len(u.Query().Get("ticket")) != 80 {
			t.Errorf("a link of %d pictures: path %s, %v", len(want), u.Path, err)
		}
	}
}
