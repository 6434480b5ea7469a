package matrix

import (
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/id"
	"pixgate/internal/job"
)

// announced is somebody's fresh upload.
func (a *api) announced(t *testing.T, who *cast.Person, j *cast.Job) id.ID {
	t.Helper()
	return (&matrix{api: a}).announced(t, who, j, 1000)
}

// A client that shows how far its uploads are can do so by events alone.
func TestASubscriberIsToldHowFarUploadsAre(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const fields = "kind uploads { id filename state image { filename } rejection { code } } images { id } job { status customerUploads }"
	s := a.subscribe(t, a.Photographer, a.Package, fields)
	if got := s.next(t); !strings.Contains(got, `"kind":"RESYNC","uploads":[]`) {
		t.Fatalf("the first event: %s", got)
	}
	first := a.announced(t, a.Photographer, a.Package)
	told := func(what, want string) {
		t.Helper()
		if got, want := s.next(t), `next {"data":{"x":`+want+`,"images":[],"job":{"status":"OPEN","customerUploads":false}}}}`; got != want {
			t.Errorf("%s\ntold %s\nwant %s", what, got, want)
		}
	}
	one := func(upload id.ID, rest string) string {
		return `{"id":"` + id.Upload.Format(upload) + `","filename":"Küche.jpg","state":` + rest + `}`
	}
	told("announced", `{"kind":"UPLOAD_CHANGED","uploads":[`+one(first, `"PENDING","image":null,"rejection":null`)+`]`)
	second := a.announced(t, a.Photographer, a.Package)
	told("announced", `{"kind":"UPLOAD_CHANGED","uploads":[`+one(second, `"PENDING","image":null,"rejection":null`)+`]`)
	a.Exec(t, "UPDATE upload SET state = 'VERIFYING' WHERE id IN ($1, $2)", first, second)
	told("complete", `{"kind":"UPLOAD_CHANGED","uploads":[`+one(second, `"VERIFYING","image":null,"rejection":null`)+`,`+one(first, `"VERIFYING","image":null,"rejection":null`)+`]`)
	a.Exec(t, "UPDATE upload SET state = 'READY', ended_at = now(), image_id = $2 WHERE id = $1", first, a.Package.Images[job.Included])
	told("taken in", `{"kind":"UPLOAD_CHANGED","uploads":[`+one(first, `"READY","image":{"filename":"Küche 2.jpg"},"rejection":null`)+`]`)
	a.Exec(t, "UPDATE upload SET state = 'REJECTED', ended_at = now(), rejection = 'TRUNCATED', explanation = 'No.' WHERE id = $1", second)
	told("refused", `{"kind":"UPLOAD_CHANGED","uploads":[`+one(second, `"REJECTED","image":null,"rejection":{"code":"TRUNCATED"}`)+`]`)
	for _, change := range []string{`setCustomerUploads(input: { customerUploads: true, jobId: "`, `setJobStatus(input: { status: DELIVERED, jobId: "`} {
		if got := a.as(a.Admin, `mutation { `+change+a.Package.PublicID()+`", reason: "x" }) { job { id } } }`, nil); got.status != 200 {
			t.Fatalf("%s: %d %s", change, got.status, got.body)
		}
		if got := s.next(t); !strings.Contains(got, `"kind":"JOB_CHANGED","uploads":[]`) || !strings.Contains(got, `"customerUploads":true`) || strings.Contains(got, "DELIVERED") != strings.Contains(change, "DELIVERED") {
			t.Errorf("%s: told %s", change, got)
		}
	}
}

// That the studio, or anybody else, uploads is nothing that a customer hears of: neither
// what, nor that something was. What is forged on the channel shows them nothing either.
func TestACustomerHearsOfTheirOwnUploadsAlone(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	s := a.subscribe(t, a.Owner, a.Package, "kind uploads { id state }")
	staff := a.subscribe(t, a.Photographer, a.Package, "kind uploads { id }")
	s.next(t)
	staff.next(t)
	hidden := []id.ID{
		a.announced(t, a.Photographer, a.Package), a.announced(t, a.Admin, a.Package), a.announced(t, a.Owner, a.All), a.announced(t, a.Foreigner, a.ForeignJob), id.New(time.Now()),
	}
	for _, upload := range hidden {
		a.Exec(t, "SELECT pg_notify('pixgate_job', concat_ws(' ', 'UPLOAD_CHANGED', $1::uuid, $2::uuid))", a.Package.ID, upload)
	}
	a.Exec(t, "UPDATE upload SET state = 'VERIFYING' WHERE id = ANY($1)", hidden)
	var own id.ID
	for range 2 {
		own = a.announced(t, a.Owner, a.Package)
	}
	a.Exec(t, "UPDATE upload SET state = 'ABORTED', ended_at = now() WHERE id = ANY($1)", append(hidden, own))
	aborted := `{"id":"` + id.Upload.Format(own) + `","state":"ABORTED"}` // alone or with the other one: events that wait are put together
	for got := ""; !strings.Contains(got, aborted); {
		got = s.next(t)
		if !strings.HasPrefix(got, `next {"data":{"x":{"kind":"UPLOAD_CHANGED","uploads":[{"id":"upl_`) {
			t.Fatalf("the customer is told %s", got)
		}
		for _, upload := range hidden {
			if strings.Contains(got, id.Upload.Format(upload)) {
				t.Errorf("the customer is told of an upload that they may not see: %s", got)
			}
		}
	}
	for heard := 0; heard < 2; { // the photographer, of the admin's and the customer's
		got := staff.next(t)
		for _, upload := range []id.ID{hidden[1], own} {
			heard += strings.Count(got, id.Upload.Format(upload))
		}
		for _, upload := range hidden[2:] {
			if strings.Contains(got, id.Upload.Format(upload)) {
				t.Errorf("an event of a job holds an upload of another: %s", got)
			}
		}
	}
}

// An event that the customer hears nothing of is judged all the same.
func TestAnUploadOfOthersEndsTheStreamOfWhoMayNotWatch(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	s := a.subscribe(t, a.Owner, a.Package, "kind")
	s.next(t)
	a.Exec(t, "ALTER TABLE account DISABLE TRIGGER USER")
	a.Exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", a.Owner.AccountID)
	a.announced(t, a.Photographer, a.Package)
	if got := s.next(t); !strings.Contains(got, `"code":"ACCOUNT_BLOCKED"`) || strings.Contains(got, "data") {
		t.Errorf("told %s", got)
	}
}
