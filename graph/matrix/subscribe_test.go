package matrix

import (
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"pixgate/internal/account"
	"pixgate/internal/dev/cast"
	"pixgate/internal/gate"
	"pixgate/internal/job"
	"pixgate/internal/session"
)

// subscribe watches a job as somebody.
func (a *api) subscribe(t *testing.T, who *cast.Person, j *cast.Job, fields string) *stream {
	t.Helper()
	return a.subscribeTo(t, who, "subscription($job: ID!) { x: jobEvents(jobId: $job) { "+fields+" } }", j)
}

func (a *api) subscribeTo(t *testing.T, who *cast.Person, query string, j *cast.Job) *stream {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"job": j.PublicID()}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := session.WithClient(t.Context(), session.Client{IP: netip.MustParseAddr("192.0.2.1")})
	v, err := a.resolver.Sessions.Authenticate(ctx, who.Token, session.Token, who.TenantID, "")
	if err != nil {
		t.Fatal(err)
	}
	v.RequestID = "request-of-a-test"
	return a.watch(account.WithViewer(ctx, v), t, a.handler, body)
}

// A client that keeps a cache can bring it up to date by what an event says.
func TestASubscriberIsToldWhatChanged(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const fields = "kind images { filename selectionState released job { package { used } } } job { status package { included used delivered } }"
	s := a.subscribe(t, a.Owner, a.Package, fields)
	const resync = `next {"data":{"x":{"kind":"RESYNC","images":[],"job":{"status":"OPEN","package":{"included":100,"used":1,"delivered":0}}}}}`
	if got := s.next(t); got != resync {
		t.Fatalf("the first event: %s", got)
	}
	for _, one := range []struct {
		who       *cast.Person
		ask, want string
	}{
		{
			a.Owner, `mutation { selectImages(input: { jobId: "` + a.Package.PublicID() + `", imageIds: ["` + a.Package.Image(job.None) + `"], selected: true }) { userErrors { code } } }`,
			`{"kind":"SELECTION_CHANGED","images":[{"filename":"Küche 1.jpg","selectionState":"INCLUDED","released":true,"job":{"package":{"used":2}}}],"job":{"status":"OPEN","package":{"included":100,"used":2,"delivered":0}}}`,
		},
		{
			a.Owner, `{ image(id: "` + a.Package.Image(job.ExtraPaid) + `") { downloadUrl } }`,
			`{"kind":"IMAGES_DELIVERED","images":[{"filename":"Küche 4.jpg","selectionState":"EXTRA_PAID","released":true,"job":{"package":{"used":2}}}],"job":{"status":"OPEN","package":{"included":100,"used":2,"delivered":1}}}`,
		},
		{
			a.Admin, `mutation { setIncludedImages(input: { jobId: "` + a.Package.PublicID() + `", includedImages: 90, reason: "x" }) { userErrors { code } } }`,
			`{"kind":"JOB_CHANGED","images":[],"job":{"status":"OPEN","package":{"included":90,"used":2,"delivered":1}}}`,
		},
		{
			a.Admin, `mutation { setSelectionState(input: { imageIds: ["` + a.Package.Image(job.Included) + `", "` + a.Package.Image(job.None) + `"], selectionState: BLOCKED, reason: "x" }) { userErrors { code } } }`,
			`{"kind":"SELECTION_CHANGED","images":[{"filename":"Küche 1.jpg","selectionState":"BLOCKED","released":false,"job":{"package":{"used":0}}},{"filename":"Küche 2.jpg","selectionState":"BLOCKED","released":false,"job":{"package":{"used":0}}}],"job":{"status":"OPEN","package":{"included":90,"used":0,"delivered":1}}}`,
		},
	} {
		if got := a.as(one.who, one.ask, nil); got.status != 200 || strings.Contains(got.body, `"errors"`) {
			t.Fatalf("%s: %d %s", one.ask, got.status, got.body)
		}
		if got, want := s.next(t), `next {"data":{"x":`+one.want+`}}`; got != want {
			t.Errorf("after %s\ntold %s\nwant %s", one.ask, got, want)
		}
	}
	a.Image(t, a.TenantID, a.Package.ID, 9, job.None)
	if got := s.next(t); !strings.Contains(got, `"kind":"IMAGES_ADDED","images":[{"filename":"Küche 10.jpg"`) {
		t.Errorf("a picture was taken in: %s", got)
	}
}

// A link in a subscription would deliver pictures that nobody asked for, again and again; one
// for uploading belongs to who asked for it.
func TestASubscriptionHoldsNoLinks(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, query := range []string{
		"subscription($job: ID!) { jobEvents(jobId: $job) { images { downloadUrl } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { job { zipUrl } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { job { a: zipUrl(imageIds: []) } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { job { images { nodes { downloadUrl } } } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { job { images { edges { node { job { images { nodes { downloadUrl } } } } } } } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { images { ... on Image { ... on Node { ... on Image { x: downloadUrl } } } } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { images { ...A } } } fragment A on Image { ...B } fragment B on Image { id downloadUrl }",
		"subscription($job: ID!) { ...R } fragment R on Subscription { jobEvents(jobId: $job) { images { downloadUrl } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { images { id downloadUrl @skip(if: true) } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { uploads { url } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { uploads { id ... on Node { ... on Upload { x: headers { value } } } } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { uploads { receivedParts { number } } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { job { uploads { edges { node { url } } } } } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) { images { job { uploads { nodes { ...U @include(if: false) } } } } } } fragment U on Upload { url }",
		"subscription($job: ID!, $on: Boolean = false) { jobEvents(jobId: $job) { images { id } ... @include(if: $on) { images { downloadUrl } } } }",
	} {
		s := a.subscribeTo(t, a.Owner, query, a.Package)
		if event := s.next(t); event != "" || s.status != 400 || !strings.Contains(s.text.String(), "QUERY_REJECTED") || !strings.Contains(s.text.String(), "holds no links") {
			t.Errorf("%s: %d %s%s", query, s.status, event, s.text.String())
		}
	}
	if n := a.count("SELECT count(*) FROM delivery"); n != 0 {
		t.Errorf("%d deliveries", n)
	}
}

func TestASubscriptionHasOneField(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, query := range []string{
		"subscription($job: ID!) { a: jobEvents(jobId: $job) { kind } b: jobEvents(jobId: $job) { kind } }",
		"subscription($job: ID!) { jobEvents(jobId: $job) @skip(if: true) { kind } }",
	} {
		s := a.subscribeTo(t, a.Owner, query, a.Package)
		if event := s.next(t); event != "" || s.status != 400 || !strings.Contains(s.text.String(), "QUERY_REJECTED") {
			t.Errorf("%s: %d %s%s", query, s.status, event, s.text.String())
		}
	}
	if open, _ := a.resolver.Feed.Meter.(interface{ Streams() (int, int) }).Streams(); open != 0 {
		t.Errorf("%d streams are open", open)
	}
}

// Fields that only admins may use are refused as in a query: at their place, and the whole
// with them where they can't be null.
func TestFieldsOfAnEventAreJudgedAsThoseOfAQuery(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const fields = "images { id history { nodes { kind } } }"
	client, admin := a.subscribe(t, a.Owner, a.Package, fields), a.subscribe(t, a.Admin, a.Package, fields)
	client.next(t)
	admin.next(t)
	a.Exec(t, "UPDATE image SET selection_state = 'NONE' WHERE id = $1", a.Package.Images[job.Included])
	got, _ := strings.CutPrefix(client.next(t), "next ")
	if want := `FORBIDDEN ["x","images",0,"history"]`; strings.Join((answer{body: got}).errors(t), " ") != want || strings.Contains(got, "data") {
		t.Errorf("the client is told %s, want %s", got, want)
	}
	if got := client.next(t); got != "complete " {
		t.Errorf("then %q, want the end", got)
	}
	if got, want := admin.next(t), `next {"data":{"x":{"images":[{"id":"`+a.Package.Image(job.Included)+`","history":{"nodes":[]}}]}}}`; got != want {
		t.Errorf("the admin is told %s, want %s", got, want)
	}
}

// Whoever loses the right to see a job between two events is told why, and nothing else.
func TestAnEventIsDecidedWhenItIsTold(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ sql, code string }{
		"blocked":    {"UPDATE account SET blocked_at = now() WHERE id = $1", "ACCOUNT_BLOCKED"},
		"expired":    {"UPDATE account SET valid_until = now() WHERE id = $1", "MEMBERSHIP_EXPIRED"},
		"signed out": {"UPDATE session SET revoked_at = now() WHERE account_id = $1", "UNAUTHENTICATED"},
		"device":     {"UPDATE device SET removed_at = now() WHERE account_id = $1", "UNAUTHENTICATED"},
		"demoted":    {"UPDATE account SET role = 'CUSTOMER' WHERE id = $1", "UNAUTHENTICATED"},
		"reassigned": {"UPDATE job SET photographer_id = NULL WHERE photographer_id = $1", "FORBIDDEN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			s := a.subscribe(t, a.Photographer, a.Package, "kind job { title }")
			s.next(t)
			// Nothing tells of it but the event itself, and no look is taken before it.
			a.Exec(t, "ALTER TABLE account DISABLE TRIGGER USER; ALTER TABLE session DISABLE TRIGGER USER; ALTER TABLE device DISABLE TRIGGER USER; ALTER TABLE job DISABLE TRIGGER USER")
			a.Exec(t, one.sql, a.Photographer.AccountID)
			a.Exec(t, "UPDATE image SET selection_state = 'NONE' WHERE id = $1", a.Package.Images[job.Included])
			if got := s.next(t); !strings.HasPrefix(got, `next {"errors":`) || !strings.Contains(got, `"code":"`+one.code+`"`) || strings.Contains(got, "data") {
				t.Errorf("told %s, want %s", got, one.code)
			}
			if got := s.next(t); got != "complete " {
				t.Errorf("then %q, want the end", got)
			}
			<-s.ended
		})
	}
}

func TestAnAccountHasSoManyStreams(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.resolver.Feed.MostOfAccount = 3
	for range 3 {
		a.subscribe(t, a.Owner, a.Package, "kind").next(t)
	}
	s := a.subscribe(t, a.Owner, a.Package, "kind")
	if event := s.next(t); event != "" || s.status != 429 || s.header.Get("Retry-After") == "" || !strings.Contains(s.text.String(), `"code":"RATE_LIMITED"`) {
		t.Errorf("%d %v %s%s", s.status, s.header, event, s.text.String())
	}
	a.subscribe(t, a.Other, a.OtherJob, "kind").next(t) // another's are another's
}

// Whoever sent too many requests may not open streams instead.
func TestASubscriptionIsARequestThatCounts(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	over := gate.Result{}.Err()
	ctx := gate.WithRefusal(session.WithClient(context.Background(), session.Client{IP: netip.MustParseAddr("192.0.2.1")}), over)
	v, err := a.resolver.Sessions.Authenticate(ctx, a.Owner.Token, session.Token, a.TenantID, "")
	if err != nil {
		t.Fatal(err)
	}
	s := a.watch(account.WithViewer(ctx, v), t, a.handler, []byte(`{"query":"subscription { jobEvents(jobId: \"`+a.Package.PublicID()+`\") { kind } }"}`))
	if event := s.next(t); event != "" || s.status != 429 {
		t.Errorf("%d %s", s.status, event)
	}
}
