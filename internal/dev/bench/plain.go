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

// What the answer needs of the database and no column more.
const (
	whoSQL = `SELECT s.id, s.tenant_id, s.account_id, a.role FROM session s
		JOIN device d ON d.tenant_id = s.tenant_id AND d.account_id = s.account_id AND d.id = s.device_id AND d.removed_at IS NULL
		JOIN account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id AND a.role = s.role
		WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2`
	jobSQL    = `SELECT title, account_id, all_images_included FROM job WHERE tenant_id = $1 AND id = $2`
	imagesSQL = `SELECT id, position, filename, content_type, size, width, height, selection_state, object_key FROM image
		WHERE tenant_id = $1 AND job_id = $2 ORDER BY position, id LIMIT 101`
	deliverySQL = `INSERT INTO delivery (id, tenant_id, job_id, account_id, staff, way, image_ids, request_id, at)
		VALUES ($1, $2, $3, $4, false, 'URL', $5, 'plain', $6)`
)

type picture struct {
	id                                      id.ID
	position, width, height                 int32
	size                                    int64
	filename, contentType, state, objectKey string
}

func (p *Plain) answer(ctx context.Context, token, name string) ([]byte, error) {
	now, sum := time.Now(), sha256.Sum256([]byte(token))
	var viewer account.Viewer
	if err := p.DB.QueryRow(ctx, whoSQL, sum[:], now).Scan(&viewer.SessionID, &viewer.TenantID, &viewer.AccountID, &viewer.Role); err != nil {
		return nil, err
	}
	j := &job.Job{TenantID: viewer.TenantID}
	j.ID, _ = id.Job.Parse(name)
	if err := p.DB.QueryRow(ctx, jobSQL, viewer.TenantID, j.ID).Scan(&j.Title, &j.CustomerID, &j.AllImagesIncluded); err != nil {
		return nil, err
	}
	rows, err := p.DB.Query(ctx, imagesSQL, viewer.TenantID, j.ID)
	if err != nil {
		return nil, err
	}
	pictures := make([]picture, 0, 101)
	for rows.Next() {
		pictures = append(pictures, picture{})
		i := &pictures[len(pictures)-1]
		if err := rows.Scan(&i.id, &i.position, &i.filename, &i.contentType, &i.size, &i.width, &i.height, &i.state, &i.objectKey); err != nil {
			return nil, err
		}
	}
	if rows.Err() != nil {
		return nil, rows.Err()
	}
	more := len(pictures) > 100
	pictures = pictures[:min(len(pictures), 100)]
	granted := make([]id.ID, 0, len(pictures))
	for i := range pictures {
		if job.Decide(viewer, j, job.SelectionState(pictures[i].state), now).Download {
			granted = append(granted, pictures[i].id)
		}
	}
	if _, err := p.DB.Exec(ctx, deliverySQL, id.New(now), viewer.TenantID, j.ID, viewer.AccountID, granted, now); err != nil {
		return nil, err
	}
	batch, err := p.Signer.At(now, 5*time.Minute)
	if err != nil {
		return nil, err
	}
	return write(make([]byte, 0, 128<<10), batch, j, pictures, more), nil
}

func write(b []byte, batch *blob.Batch, j *job.Job, pictures []picture, more bool) []byte {
	b = append(b, `{"data":{"job":{"id":"`...)
	b = id.Job.Append(b, j.ID)
	b = append(b, `","title":`...)
	b = strconv.AppendQuote(b, j.Title)
	b = append(b, `,"images":{"edges":[`...)
	cursor := page.Cursor{}
	for i := range pictures {
		image := &pictures[i]
		if i > 0 {
			b = append(b, ',')
		}
		cursor = page.Cursor{Key: int64(image.position), ID: image.id}
		b = append(b, `{"cursor":"`...)
		b = cursor.Append(b, page.Images)
		b = append(b, `","node":{"id":"`...)
		b = id.Image.Append(b, image.id)
		b = append(b, `","filename":"`...)
		b = append(b, image.filename...)
		b = append(b, `","contentType":"`...)
		b = append(b, image.contentType...)
		b = append(b, `","size":`...)
		b = strconv.AppendInt(b, image.size, 10)
		b = append(b, `,"width":`...)
		b = strconv.AppendInt(b, int64(image.width), 10)
		b = append(b, `,"height":`...)
		b = strconv.AppendInt(b, int64(image.height), 10)
		b = append(b, `,"selectionState":"`...)
		b = append(b, image.state...)
		b = append(b, `","released":`...)
		released, _ := job.Release(job.SelectionState(image.state), j.AllImagesIncluded)
		b = strconv.AppendBool(b, released)
		b = append(b, `,"downloadUrl":"`...)
		b = batch.AppendGet(b, image.objectKey, blob.Attachment(image.filename), image.contentType)
		b = append(b, `"}}`...)
	}
	b = append(b, `],"pageInfo":{"hasNextPage":`...)
	b = strconv.AppendBool(b, more)
	b = append(b, `,"endCursor":"`...)
	b = cursor.Append(b, page.Images)
	return append(b, `"}}}}}`...)
}
