package matrix

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/secret"
)

// audited writes an entry for each of the pictures, by one of several people.
func (a *api) audited(t testing.TB, images map[id.ID]id.ID) {
	t.Helper()
	people, n := []*cast.Person{a.Admin, a.Operator, a.Photographer}, 0
	var changes []audit.Change
	for imageID, jobID := range images {
		changes = append(changes, audit.Change{
			TenantID: a.TenantID, ActorID: &people[n%3].AccountID, AccountID: &people[n/3%3].AccountID, Action: audit.SelectionStateSet, JobID: &jobID, ImageID: &imageID,
			Old: map[string]any{"selectionState": job.None}, New: map[string]any{"selectionState": job.ExtraFree}, Reason: "Kulanz", RequestID: fmt.Sprint(n),
		})
		n++
	}
	log := audit.NewLog(secret.NewRing("audit secret of a test, long enough"), time.Now)
	if err := pgx.BeginFunc(t.Context(), a.db.Pool, func(tx pgx.Tx) error { return log.Append(t.Context(), tx, changes...) }); err != nil {
		t.Fatal(err)
	}
}

// ofJobs are the pictures of some jobs, each with its job.
func ofJobs(jobs ...*cast.Job) map[id.ID]id.ID {
	images := map[id.ID]id.ID{}
	for _, j := range jobs {
		for _, imageID := range j.Images {
			images[imageID] = j.ID
		}
	}
	return images
}

// A page of records names people, jobs and pictures: each kind is read once, whatever
// the number of records, and so are the records of listed jobs and pictures.
func TestRecordsCostNoStatementEach(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	jobs := []*cast.Job{a.Package, a.All, a.OtherJob, a.BlockedJob, a.Unclaimed}
	a.audited(t, ofJobs(jobs...))
	for _, p := range []*cast.Person{a.Owner, a.Other, a.Photographer} {
		a.Exec(t, "INSERT INTO security_event VALUES (gen_random_uuid(), $1, 'login_failed', $2, NULL, '/graphql', '', 'r', 1, now(), now())", a.TenantID, p.AccountID)
	}
	for _, one := range []struct {
		query string
		most  int64
		holds string
		times int
	}{
		// session, entries, people, jobs, images
		{`{ auditLog { nodes { actor { email } account { email } job { title } image { filename } } edges { node { actor { email } image { job { title } } } } } }`, 5, `"filename"`, 30},
		// session, job, entries, people, images
		{`query($id: ID!) { job(id: $id) { auditLog { nodes { actor { email } image { filename } } } } }`, 5, `"filename"`, 6},
		// session, jobs, entries, people
		{`{ jobs(first: 20) { nodes { auditLog(first: 3) { nodes { actor { email } } } } } }`, 4, `"email"`, 15},
		// session, jobs, images by both kinds of package, four of the histories, people
		{`{ jobs(first: 20) { nodes { images(first: 10) { nodes { history(first: 2) { nodes { actor { email } entry { action reason } } } } } } } }`, 9, `"Kulanz"`, 30},
		// session, entries, images, four of the histories, people
		{`{ auditLog { nodes { image { history(first: 2) { nodes { actor { email } kind } } } } } }`, 8, `"AUDIT"`, 30},
		// session, events, people
		{`{ securityEvents { nodes { account { email } } edges { node { account { email } } } } }`, 3, `"email"`, 6},
		// session, entries, jobs, images by both kinds of package
		{`{ auditLog { nodes { job { images(first: 2) { nodes { filename } } } } } }`, 5, `"filename"`, 60},
	} {
		before := a.statements.Load()
		got := a.as(a.Admin, one.query, map[string]any{"id": a.Package.PublicID()})
		if n := a.statements.Load() - before; got.status != 200 || n > one.most || strings.Contains(got.body, "errors") || strings.Count(got.body, one.holds) != one.times {
			t.Errorf("%s: %d, %d statements, %d times %s: %.300s", one.query, got.status, n, strings.Count(got.body, one.holds), one.holds, got.body)
		}
	}
}

func TestTheAuditLogIsWalkedByItsCursors(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.audited(t, ofJobs(a.Package, a.All))
	type pageOf struct {
		Data struct {
			AuditLog struct {
				Nodes []struct {
					ID, RequestID, OldValue, NewValue, Reason string
					Sequence                                  int64
				}
				PageInfo struct {
					HasNextPage, HasPreviousPage bool
					EndCursor                    *string
				}
			}
		}
	}
	next, after := int64(12), (*string)(nil)
	for {
		got := a.as(a.Admin, `query($after: String, $job: ID) { auditLog(first: 5, after: $after, filter: { jobId: $job, action: "image.selection_state_set" }) {
			nodes { id sequence requestId oldValue newValue reason } pageInfo { hasNextPage hasPreviousPage endCursor } } }`, map[string]any{"after": after})
		var parsed pageOf
		if err := json.Unmarshal([]byte(got.body), &parsed); err != nil || got.status != 200 {
			t.Fatalf("%d %v %s", got.status, err, got.body)
		}
		list := parsed.Data.AuditLog
		for _, node := range list.Nodes {
			if node.Sequence != next || node.OldValue != `{"selectionState":"NONE"}` || node.NewValue != `{"selectionState":"EXTRA_FREE"}` || node.Reason != "Kulanz" {
				t.Errorf("%+v, want sequence %d", node, next)
			}
			if again := a.as(a.Admin, `query($id: ID!) { node(id: $id) { ... on AuditEntry { sequence } } }`, map[string]any{"id": node.ID}); !strings.Contains(again.body, fmt.Sprint(`"sequence":`, next)) {
				t.Errorf("by its id: %s", again.body)
			}
			next--
		}
		if list.PageInfo.HasPreviousPage != (after != nil) || list.PageInfo.HasNextPage != (next > 0) {
			t.Errorf("%+v before %d", list.PageInfo, next)
		}
		if after = list.PageInfo.EndCursor; !list.PageInfo.HasNextPage {
			break
		}
	}
	if next != 0 {
		t.Errorf("%d were left out", next)
	}
	for variables, want := range map[string]string{
		`{"filter":{"action":"job.deleted"}}`:                                    "VALIDATION_FAILED",
		`{"filter":{"jobId":"` + a.Package.Image(job.None) + `"}}`:               "VALIDATION_FAILED",
		`{"after":"` + a.Package.PublicID() + `"}`:                               "VALIDATION_FAILED",
		`{"filter":{"jobId":"` + a.ForeignJob.PublicID() + `"}}`:                 `"nodes":[]`,
		`{"filter":{"actorId":"` + id.Account.Format(id.New(time.Now())) + `"}}`: `"nodes":[]`,
		`{"filter":{"from":"9999-12-31T23:59:59Z"}}`:                             `"nodes":[]`,
		`{"filter":{"to":"0001-01-01T00:00:00Z"}}`:                               `"nodes":[]`,
	} {
		var given map[string]any
		if err := json.Unmarshal([]byte(variables), &given); err != nil {
			t.Fatal(err)
		}
		if got := a.as(a.Admin, `query($after: String, $filter: AuditLogFilter) { auditLog(after: $after, filter: $filter) { nodes { id } } }`, given); !strings.Contains(got.body, want) {
			t.Errorf("%s: %s, want %s", variables, got.body, want)
		}
	}
}

func TestAdminsVerifyTheirLogPartByPart(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.audited(t, ofJobs(a.Package, a.All))
	const query = `query($from: Int64!) { auditVerification(fromSequence: $from) { entries anchors checkedTo complete nextSequence fault { sequence kind message } } }`
	for from, want := range map[int64]string{
		1:  `{"entries":12,"anchors":0,"checkedTo":12,"complete":true,"nextSequence":null,"fault":null}`,
		10: `{"entries":3,"anchors":0,"checkedTo":12,"complete":true,"nextSequence":null,"fault":null}`,
		99: `{"entries":0,"anchors":0,"checkedTo":12,"complete":true,"nextSequence":null,"fault":null}`,
	} {
		if got := a.as(a.Admin, query, map[string]any{"from": from}); !strings.Contains(got.body, want) {
			t.Errorf("from %d: %s", from, got.body)
		}
	}
	if got := a.as(a.Admin, `{ auditVerification { complete } }`, nil); got.body != `{"data":{"auditVerification":{"complete":true}}}` {
		t.Errorf("from the start: %s", got.body)
	}
	if got := a.as(a.Admin, query, map[string]any{"from": 0}); !strings.Contains(got.body, "VALIDATION_FAILED") || !strings.Contains(got.body, "fromSequence") {
		t.Errorf("from 0: %s", got.body)
	}
	a.Exec(t, "UPDATE audit_entry SET reason = 'another' WHERE sequence = 7")
	if got := a.as(a.Admin, query, map[string]any{"from": 1}); !strings.Contains(got.body, `{"entries":6,"anchors":0,"checkedTo":6,"complete":false,"nextSequence":null,"fault":{"sequence":7,"kind":"CHANGED","message":"Not what was chained: reason."}}`) {
		t.Errorf("changed: %s", got.body)
	}
	twice := a.as(a.Admin, `{ a: auditVerification { entries } b: auditVerification { entries } }`, nil)
	if !strings.Contains(twice.body, `"entries":6`) && !strings.Contains(twice.body, "RATE_LIMITED") {
		t.Errorf("twice at once: %s", twice.body)
	}
}
