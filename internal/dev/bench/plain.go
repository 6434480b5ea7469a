// Package bench measures the whole server as its own process beside a plain
// handler that does the same work without any of the house: the same SQL
// statements, the same gate, the same links, the same bytes.
package bench

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/queries"
)

// HotPath is the query that most requests wait for: a job with a hundred
// pictures, each with a signed link.
const HotPath = `query Gallery($id: ID!) { job(id: $id) { id title images(first: 100) { edges { cursor node { id filename contentType size width height selectionState released downloadUrl } } pageInfo { hasNextPage endCursor } } } }`

// Plain answers [HotPath] for the job of its path, as somebody would by hand who
// wants nothing but this one answer.
type Plain struct {
	DB     *pgxpool.Pool
	Signer *blob.Signer
}

// ServeHTTP runs the four statements that the answer needs and writes it.
func (p *Plain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := p.answer(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

func (p *Plain) answer(ctx context.Context, token, name string) ([]byte, error) {
	q, now := queries.New(p.DB), time.Now()
	sum := sha256.Sum256([]byte(token))
	who, err := q.SessionByToken(ctx, sum[:], now, now.Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	jobID, _ := id.Job.Parse(name)
	jobs, err := q.JobsByID(ctx, who.TenantID, []id.ID{jobID})
	if err != nil {
		return nil, err
	}
	images, err := q.ImagesOfJob(ctx, queries.ImagesOfJobParams{TenantID: who.TenantID, JobID: jobID, AfterPosition: -1, MaxRows: 101})
	if err != nil {
		return nil, err
	}
	more := len(images) > 100
	images = images[:min(len(images), 100)]
	gate := &job.Job{ID: jobID, TenantID: jobs[0].TenantID, CustomerID: jobs[0].AccountID, AllImagesIncluded: jobs[0].AllImagesIncluded}
	viewer := account.Viewer{TenantID: who.TenantID, AccountID: who.AccountID, SessionID: who.ID, Role: account.Role(who.Role)}
	granted := make([]id.ID, 0, len(images))
	for i := range images {
		if job.Decide(viewer, gate, job.SelectionState(images[i].SelectionState), now).Download {
			granted = append(granted, images[i].ID)
		}
	}
	if err := q.RecordDelivery(ctx, queries.RecordDeliveryParams{
		ID: id.New(now), TenantID: who.TenantID, JobID: jobID, AccountID: who.AccountID, Way: "URL", ImageIds: granted, RequestID: "plain", Now: now,
	}); err != nil {
		return nil, err
	}
	batch, err := p.Signer.At(now, 5*time.Minute)
	if err != nil {
		return nil, err
	}
	return p.write(make([]byte, 0, 128<<10), batch, gate, &jobs[0], images, more), nil
}

func (p *Plain) write(b []byte, batch *blob.Batch, gate *job.Job, j *queries.Job, images []queries.Image, more bool) []byte {
	b = append(b, `{"data":{"job":{"id":"`...)
	b = id.Job.Append(b, j.ID)
	b = append(b, `","title":`...)
	b = strconv.AppendQuote(b, j.Title)
	b = append(b, `,"images":{"edges":[`...)
	cursor := page.Cursor{}
	for i := range images {
		image := &images[i]
		if i > 0 {
			b = append(b, ',')
		}
		cursor = page.Cursor{Key: int64(image.Position), ID: image.ID}
		b = append(b, `{"cursor":"`...)
		b = cursor.Append(b, page.Images)
		b = append(b, `","node":{"id":"`...)
		b = id.Image.Append(b, image.ID)
		b = append(b, `","filename":"`...)
		b = append(b, image.Filename...)
		b = append(b, `","contentType":"`...)
		b = append(b, image.ContentType...)
		b = append(b, `","size":`...)
		b = strconv.AppendInt(b, image.Size, 10)
		b = append(b, `,"width":`...)
		b = strconv.AppendInt(b, int64(image.Width), 10)
		b = append(b, `,"height":`...)
		b = strconv.AppendInt(b, int64(image.Height), 10)
		b = append(b, `,"selectionState":"`...)
		b = append(b, image.SelectionState...)
		b = append(b, `","released":`...)
		released, _ := job.Release(job.SelectionState(image.SelectionState), gate.AllImagesIncluded)
		b = strconv.AppendBool(b, released)
		b = append(b, `,"downloadUrl":"`...)
		b = batch.AppendGet(b, image.ObjectKey, blob.Attachment(image.Filename), image.ContentType)
		b = append(b, `"}}`...)
	}
	b = append(b, `],"pageInfo":{"hasNextPage":`...)
	b = strconv.AppendBool(b, more)
	b = append(b, `,"endCursor":"`...)
	b = cursor.Append(b, page.Images)
	return append(b, `"}}}}}`...)
}
