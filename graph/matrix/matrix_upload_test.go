package matrix

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"pixgate/internal/blob"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/id"
	"pixgate/internal/task"
	"pixgate/internal/transfer"
)

// uploadRows are about the owner's upload that waits for a PUT, in the job whose
// customer may upload: see [matrix.stageUploads].
const uploadRows = `
Query.upload                     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.customerUploads              401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Job.uploads                      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.id                        401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.filename                  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.contentType               401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.size                      401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.sha256                    401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.state                     401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.method                    401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.createdAt                 401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.expiresAt                 401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.expiresAt [over]          401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
Upload.url                       401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.url [over]                401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
Upload.headers                   401  v   403 v   403 v   v   BLK EXP 401 403 403 401
Upload.headers [over]            401  0   r403 0  r403 0  0   BLK EXP 401 r403 r403 401
Upload.partSize                  401  n   403 n   403 n   n   BLK EXP 401 403 403 401
Upload.receivedParts             401  0   403 0   403 0   0   BLK EXP 401 403 403 401
Upload.image                     401  n   403 n   403 n   n   BLK EXP 401 403 403 401
Upload.rejection                 401  n   403 n   403 n   n   BLK EXP 401 403 403 401
UploadHeader.name                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadHeader.value               401  v   403 v   403 v   v   BLK EXP 401 403 403 401
ReceivedPart.number              401  v   403 v   403 v   v   BLK EXP 401 403 403 401
ReceivedPart.size                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadRejection.code             401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadRejection.message          401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadConnection.edges           401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadConnection.nodes           401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadConnection.pageInfo        401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadEdge.cursor                401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadEdge.node                  401  v   403 v   403 v   v   BLK EXP 401 403 403 401
UploadPart.number                401  v   r403 v  r403 v  v   BLK EXP 401 r403 r403 401
UploadPart.url                   401  v   r403 v  r403 v  v   BLK EXP 401 r403 r403 401
UploadPart.headers               401  v   r403 v  r403 v  v   BLK EXP 401 r403 r403 401
CreateUploadPayload.upload       401  v   r403 v  r403 v  v   BLK EXP 401 r403 r403 401
CreateUploadPayload.userErrors   401  0   r403 0  r403 0  0   BLK EXP 401 r403 r403 401
SignUploadPartsPayload.parts     401  v   r403 v  r403 v  v   BLK EXP 401 r403 r403 401
SignUploadPartsPayload.userErrors 401 0   r403 0  r403 0  0   BLK EXP 401 r403 r403 401
CompleteUploadPayload.upload     401  v   r403 v  r403 v  v   BLK EXP 401 r403 r403 401
CompleteUploadPayload.userErrors 401  0   r403 0  r403 0  0   BLK EXP 401 r403 r403 401
AbortUploadPayload.upload        401  v   r403 v  r403 v  v   BLK EXP 401 r403 r403 401
AbortUploadPayload.userErrors    401  0   r403 0  r403 0  0   BLK EXP 401 r403 r403 401
SetJobStatusPayload.job          401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
SetCustomerUploadsPayload.job    401  403 403 403 403 v   v   BLK EXP 401 403 r403 401
UserError.limitBytes             401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.limitBytes [import]    401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.limitBytes [settlement] 401 403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.limitBytes [full]      401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.limitBytes [past]      401  n   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
UserError.limitBytes [booking]   401  n   n   n   n   n   n   BLK EXP 401 n   n   401
UserError.limitBytes [cancellation] 401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
UserError.limitBytes [task]      401  403 403 403 403 403 n   BLK EXP 401 403 403 401
UserError.usedBytes              401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.usedBytes [import]     401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.usedBytes [settlement] 401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.usedBytes [full]       401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.usedBytes [past]       401  n   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
UserError.usedBytes [booking]    401  n   n   n   n   n   n   BLK EXP 401 n   n   401
UserError.usedBytes [cancellation] 401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
UserError.usedBytes [task]       401  403 403 403 403 403 n   BLK EXP 401 403 403 401
UserError.remainingBytes         401  403 403 403 403 n   n   BLK EXP 401 403 n   401
UserError.remainingBytes [import] 401 403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.remainingBytes [settlement] 401 403 403 403 403 n n BLK EXP 401 403 r403 401
UserError.remainingBytes [full]  401  403 403 403 403 n   n   BLK EXP 401 403 r403 401
UserError.remainingBytes [past]  401  n   r403 r403 r403 r403 r403 BLK EXP 401 r403 r403 401
UserError.remainingBytes [booking] 401  n   n   n   n   n   n   BLK EXP 401 n   n   401
UserError.remainingBytes [cancellation] 401  n   r403 r403 r403 n   n   BLK EXP 401 r403 r403 401
UserError.remainingBytes [task]  401  403 403 403 403 403 n   BLK EXP 401 403 403 401
UserError.limit [upload]         401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
UserError.used [upload]          401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
UserError.remaining [upload]     401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
UserError.limit [large]          401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
UserError.used [large]           401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
UserError.remaining [large]      401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
UserError.limitBytes [upload]    401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
UserError.usedBytes [upload]     401  n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
UserError.remainingBytes [upload] 401 n   r403 n  r403 n  n   BLK EXP 401 r403 r403 401
`

// Adding pictures to the owner's job, whose customer may: where the row says what, and
// where it is always a value.
const (
	adding = "401 . r403 . r403 . . BLK EXP 401 r403 r403 401"
	adds   = "401 v r403 v r403 v v BLK EXP 401 r403 r403 401"

	addsThere = "401 r403 r403 r403 r403 r403 r403 BLK EXP 401 r403 v 401" // in the other studio, to a job whose customer may not
)

var uploadWays = []way{
	{to: "Upload", ask: `{ upload(id: $upload) { here: id @ } }`, cells: named},
	{to: "Upload", ask: `{ node(id: $upload) { ... on Upload { here: id @ } } }`, cells: named},
	{to: "Upload", ask: `{ job(id: $job) { uploads(first: 100) { nodes { here: id @ } } } }`, cells: named},
	{to: "Upload", ask: `{ job(id: $job) { uploads(first: 100) { edges { node { here: id @ } } } } }`, cells: named},
	{to: "Upload", ask: `mutation { createUpload(input: $input) { upload { here: __typename @ } } }`, cells: adding, input: "a file"},
	{to: "Upload", ask: `mutation { completeUpload(input: $input) { upload { here: __typename @ } } }`, cells: adding, input: "an upload that has arrived", name: "over"},
	{to: "Upload", ask: `mutation { abortUpload(input: $input) { upload { here: __typename @ } } }`, cells: adding, input: "an upload", name: "over"},
	{to: "UploadHeader", ask: `{ upload(id: $upload) { headers { here: __typename @ } } }`, cells: named},
	{to: "UploadHeader", ask: `mutation { signUploadParts(input: $input) { parts { headers { here: __typename @ } } } }`, cells: adds, input: "parts"},
	{to: "UploadPart", ask: `mutation { signUploadParts(input: $input) { parts { here: __typename @ } } }`, cells: mine, input: "parts"},
	{to: "ReceivedPart", ask: `{ upload(id: $parted) { receivedParts { here: __typename @ } } }`, cells: named},
	{to: "UploadRejection", ask: `{ upload(id: $rejected) { rejection { here: __typename @ } } }`, cells: named},
	{to: "Image", ask: `{ upload(id: $taken) { image { here: id @ } } }`, cells: named},
	{to: "UploadConnection", ask: `{ job(id: $job) { uploads { here: __typename @ } } }`, cells: named},
	{to: "UploadEdge", ask: `{ job(id: $job) { uploads { edges { here: __typename @ } } } }`, cells: named},
	{to: "PageInfo", ask: `{ job(id: $job) { uploads { pageInfo { here: __typename @ } } } }`, cells: named},
	{to: "CreateUploadPayload", ask: `mutation { createUpload(input: $input) { here: __typename @ } }`, cells: mine, input: "a file"},
	{to: "SignUploadPartsPayload", ask: `mutation { signUploadParts(input: $input) { here: __typename @ } }`, cells: mine, input: "parts"},
	{to: "CompleteUploadPayload", ask: `mutation { completeUpload(input: $input) { here: __typename @ } }`, cells: mine, input: "an upload that has arrived"},
	{to: "AbortUploadPayload", ask: `mutation { abortUpload(input: $input) { here: __typename @ } }`, cells: mine, input: "an upload"},
	{to: "SetJobStatusPayload", ask: `mutation { setJobStatus(input: $input) { here: __typename @ } }`, cells: mine, input: "a handover"},
	{to: "SetCustomerUploadsPayload", ask: `mutation { setCustomerUploads(input: $input) { here: __typename @ } }`, cells: mine, input: "no more files of the customer"},
	{to: "Job", ask: `mutation { setJobStatus(input: $input) { job { here: __typename @ } } }`, cells: ofStaff, input: "a handover", name: "moved"},
	{to: "Job", ask: `mutation { setCustomerUploads(input: $input) { job { here: __typename @ } } }`, cells: ofStaff, input: "no more files of the customer", name: "moved"},
	{to: "UserError", ask: `mutation { createUpload(input: $input) { userErrors { here: __typename @ } } }`, cells: adds, input: "a file that is too large", name: "large"},
	{to: "UserError", ask: `mutation { signUploadParts(input: $input) { userErrors { here: __typename @ } } }`, cells: adds, input: "parts of what is over", name: "upload"},
	{to: "UserError", ask: `mutation { completeUpload(input: $input) { userErrors { here: __typename @ } } }`, cells: adds, input: "an upload", name: "upload"},
	{to: "UserError", ask: `mutation { abortUpload(input: $input) { userErrors { here: __typename @ } } }`, cells: adds, input: "an upload that is complete", name: "upload"},
}

var uploadMutations = []mutation{
	{"createUpload", "a file", adds, "job tenant upload", ""},
	{"createUpload", "a file that is there", adds, "upload", ""},
	{"createUpload", "a file that is too large", adds, "", ""},
	{"createUpload", "a file for a foreign job", addsThere, "job tenant upload", ""},
	{"createUpload", "a file for an unknown job", noOne, "", ""},
	{"createUpload", "a file for a job that takes none of its customer", "401 r403 r403 v r403 v v BLK EXP 401 r403 r403 401", "job tenant upload", ""},
	{"createUpload", "a file of nothing", "401 r400 r403 r400 r403 r400 r400 BLK EXP 401 r403 r403 401", "", ""},
	{"signUploadParts", "parts", adds, "upload", ""},
	{"signUploadParts", "parts of what is over", adds, "", ""},
	{"signUploadParts", "parts of a foreign upload", addsThere, "upload", ""},
	{"signUploadParts", "parts that there are not", "401 r400 r403 r400 r403 r400 r400 BLK EXP 401 r403 r403 401", "", ""},
	{"completeUpload", "an upload that has arrived", adds, "task.river_job upload", ""},
	{"completeUpload", "an upload", adds, "", ""},
	{"completeUpload", "an upload that is complete", adds, "", ""},
	{"completeUpload", "a foreign upload", addsThere, "", ""},
	{"completeUpload", "the photographer's upload", "401 r403 r403 v r403 v v BLK EXP 401 r403 r403 401", "", ""},
	{"abortUpload", "an upload", adds, "job tenant upload", ""},
	{"abortUpload", "an upload that is complete", adds, "", ""},
	{"abortUpload", "a foreign upload", addsThere, "job tenant upload", ""},
	{"abortUpload", "the photographer's upload", "401 r403 r403 v r403 v v BLK EXP 401 r403 r403 401", "job tenant upload", ""},
	{"setJobStatus", "a handover", ofStaff, "audit_entry audit_head job", ""},
	{"setJobStatus", "the same status", ofStaff, "", ""},
	{"setJobStatus", "a foreign handover", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", "audit_entry audit_head job", ""},
	{"setCustomerUploads", "no more files of the customer", ofStaff, "audit_entry audit_head job", ""},
	{"setCustomerUploads", "files of the customer, as before", ofStaff, "", ""},
	{"setCustomerUploads", "files of a foreign customer", "401 403 403 403 403 r403 r403 BLK EXP 401 403 v 401", "audit_entry audit_head job", ""},
}

var uploadInputs = map[string]func(*testing.T, *matrix, *cast.Person) map[string]any{
	"a file": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return m.file(m.Package, 1000) },
	"a file that is there": func(t *testing.T, m *matrix, who *cast.Person) map[string]any {
		input := m.file(m.Package, 1000)
		input["sha256"] = hex.EncodeToString(sumOf(m.Package.Images["INCLUDED"]))
		return input
	},
	"a file that is too large": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return m.file(m.Package, 300<<20) },
	"a file of nothing":        func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return m.file(m.Package, 0) },
	"a file for a foreign job": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return m.file(m.ForeignJob, 1000) },
	"a file for an unknown job": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return m.file(&cast.Job{ID: id.Nil}, 1000)
	},
	"a file for a job that takes none of its customer": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return m.file(m.All, 1000) },
	"parts": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return parts(m.parted, 2) },
	"parts of what is over": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		over := m.announced(t, m.Owner, m.Package, 20<<20)
		m.Exec(t, "UPDATE upload SET state = 'ABORTED', ended_at = now() WHERE id = $1", over)
		return parts(over, 1)
	},
	"parts of a foreign upload": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return parts(m.announced(t, m.Foreigner, m.ForeignJob, 20<<20), 1) // whose customer may not upload
	},
	"parts that there are not": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any { return parts(m.parted, 99) },
	"an upload": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return upload(m.announced(t, m.Owner, m.Package, 1000))
	},
	"an upload that has arrived": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		arrived := m.announced(t, m.Owner, m.Package, 1)
		if _, err := m.store.Put(t.Context(), "uploads/"+id.Upload.Format(arrived), "image/jpeg", []byte("x")); err != nil {
			t.Fatal(err)
		}
		return upload(arrived)
	},
	"an upload that is complete": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		complete := m.announced(t, m.Owner, m.Package, 1000)
		m.Exec(t, "UPDATE upload SET state = 'VERIFYING' WHERE id = $1", complete)
		return upload(complete)
	},
	"a foreign upload": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return upload(m.announced(t, m.Foreigner, m.ForeignJob, 1000))
	},
	"the photographer's upload": func(t *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return upload(m.announced(t, m.Photographer, m.Package, 1000))
	},
	"a handover": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "status": "DELIVERED", "reason": "matrix"}
	},
	"the same status": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "status": "OPEN"}
	},
	"a foreign handover": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.ForeignJob.PublicID(), "status": "DELIVERED"}
	},
	"no more files of the customer": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "customerUploads": false, "reason": "matrix"}
	},
	"files of the customer, as before": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.Package.PublicID(), "customerUploads": true}
	},
	"files of a foreign customer": func(_ *testing.T, m *matrix, _ *cast.Person) map[string]any {
		return map[string]any{"jobId": m.ForeignJob.PublicID(), "customerUploads": true}
	},
}

func sumOf(made id.ID) []byte {
	sum := sha256.Sum256(made[:])
	return sum[:]
}

func (m *matrix) file(j *cast.Job, size int) map[string]any {
	return map[string]any{
		"jobId": j.PublicID(), "filename": "Küche.jpg", "contentType": "image/jpeg", "size": size,
		"sha256": hex.EncodeToString(sumOf(id.New(time.Now()))),
	}
}

func upload(uploadID id.ID) map[string]any {
	return map[string]any{"uploadId": id.Upload.Format(uploadID)}
}

func parts(uploadID id.ID, number int) map[string]any {
	input := upload(uploadID)
	input["parts"] = []any{map[string]any{"number": number, "sha256": hex.EncodeToString(sumOf(uploadID))}}
	return input
}

// announced is somebody's fresh upload of so many bytes, in parts above the size for that.
func (m *matrix) announced(t *testing.T, who *cast.Person, j *cast.Job, size int) id.ID {
	t.Helper()
	made := id.New(time.Now())
	partSize := 0
	if size > transfer.MaxSingle {
		partSize = transfer.PartSize
	}
	m.Exec(t, `INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size, due_at, created_at)
		VALUES ($1, $2, $3, $4, $5, 'matrix', 'PENDING', 'Küche.jpg', 'image/jpeg', $6, $7, $8, now() + interval '1 day', now())`,
		made, who.TenantID, j.ID, who.AccountID, who.SessionID, size, sumOf(made), partSize)
	return made
}

// stageUploads lets the owner upload to the one job, and makes an upload of each kind there,
// and in the other job one for each picture.
func (m *matrix) stageUploads(t *testing.T, queue *task.Queue, log *slog.Logger) {
	t.Helper()
	r := m.resolver
	r.Uploads = transfer.NewUploads(transfer.UploadOptions{
		DB: m.db.Pool, Jobs: r.Jobs, Store: m.store, Tenants: r.Tenants, Queue: queue, Security: &stage.Records{}, Failures: uncounted{}, Now: time.Now, Log: log,
	})
	m.Exec(t, "UPDATE job SET customer_uploads = true WHERE id = $1", m.Package.ID)
	m.upload, m.rejected, m.parted = m.announced(t, m.Owner, m.Package, 1000), m.announced(t, m.Owner, m.Package, 1000), m.announced(t, m.Owner, m.Package, 20<<20)
	m.photographers, m.foreignUpload = m.announced(t, m.Photographer, m.Package, 1000), m.announced(t, m.Foreigner, m.ForeignJob, 1000)
	m.Exec(t, "UPDATE upload SET state = 'VERIFYING' WHERE id = $1", m.rejected)
	m.Exec(t, "UPDATE upload SET state = 'REJECTED', rejection = 'TRUNCATED', explanation = 'No.', ended_at = now() WHERE id = $1", m.rejected)
	m.taken = map[id.ID]id.ID{}
	for _, j := range []*cast.Job{m.Package, m.All} {
		for _, imageID := range j.Images {
			made := m.announced(t, m.Owner, j, 1000)
			m.Exec(t, "UPDATE upload SET state = 'READY', image_id = $2, ended_at = now() WHERE id = $1", made, imageID)
			m.taken[imageID] = made
		}
	}
	key := "uploads/" + id.Upload.Format(m.parted)
	begun, err := m.store.Begin(t.Context(), key, "image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	m.Exec(t, "UPDATE upload SET multipart = $2 WHERE id = $1", m.parted, begun)
	batch, err := m.store.Presigner().At(time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("part"))
	content := blob.Content{Size: 4, SHA256: &sum}
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, string(batch.AppendPart(nil, key, begun, 1, content)), bytes.NewReader([]byte("part")))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range content.Headers() {
		put.Header.Set(header.Name, header.Value)
	}
	answer, err := http.DefaultClient.Do(put)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(fmt.Errorf("upload a part: %w", err))
	}
	answer.Body.Close()
}

// uncounted lets every failure pass.
type uncounted struct{}

func (uncounted) Count(context.Context, id.ID, string) {}
