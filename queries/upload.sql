-- name: InsertUpload :one
-- No row where that person has an upload of the same file in the job, open or taken in.
INSERT INTO upload (id, tenant_id, job_id, account_id, session_id, address_key, state, filename, content_type, size, sha256, part_size,
                    image_id, due_at, created_at, ended_at)
VALUES (@id, @tenant_id, @job_id, @account_id, @session_id, @address_key, @state, @filename, @content_type, @size, @sha256, @part_size,
        @image_id, @due_at, @now, @ended_at)
ON CONFLICT (tenant_id, job_id, account_id, sha256) WHERE state IN ('PENDING', 'VERIFYING', 'READY') DO NOTHING
RETURNING *;

-- name: LockUploader :one
-- Whoever erases the account waits, or is done: then there is no row. Call it with the job
-- locked, and before the studio is.
SELECT id FROM account WHERE tenant_id = $1 AND id = $2 AND erased_at IS NULL FOR KEY SHARE;

-- name: UploadOfFile :one
-- That person's upload of a file in a job, open or taken in.
SELECT * FROM upload
WHERE tenant_id = $1 AND job_id = @job_id AND account_id = @account_id AND sha256 = @sha256 AND state IN ('PENDING', 'VERIFYING', 'READY');

-- name: RenewUpload :exec
-- Another session of the same person goes on with an upload.
UPDATE upload SET due_at = @due_at, session_id = @session_id, address_key = @address_key WHERE tenant_id = $1 AND id = @id AND state = 'PENDING';

-- name: BeginMultipart :execrows
UPDATE upload SET multipart = @multipart::text WHERE tenant_id = $1 AND id = @id AND state = 'PENDING' AND multipart IS NULL;

-- name: UploadsByID :many
SELECT * FROM upload WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);

-- name: UploadToTake :one
SELECT sqlc.embed(upload), sqlc.embed(job) FROM upload
JOIN job ON job.tenant_id = upload.tenant_id AND job.id = upload.job_id
WHERE upload.id = $1;

-- name: UploadsOfJob :many
-- states: null for all.
SELECT * FROM upload
WHERE tenant_id = $1 AND job_id = @job_id AND (created_at, id) < (@before_at, @before_id::uuid)
  AND (sqlc.narg(states)::text[] IS NULL OR state = ANY(sqlc.narg(states)::text[]))
ORDER BY created_at DESC, id DESC LIMIT @max_rows;

-- name: UploadsOfPerson :many
-- states: null for all.
SELECT * FROM upload
WHERE tenant_id = $1 AND account_id = @account_id AND job_id = @job_id AND (created_at, id) < (@before_at, @before_id::uuid)
  AND (sqlc.narg(states)::text[] IS NULL OR state = ANY(sqlc.narg(states)::text[]))
ORDER BY created_at DESC, id DESC LIMIT @max_rows;

-- name: LockUpload :one
-- Call it with the job locked.
SELECT * FROM upload WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: MoveUpload :one
-- Call it with both locked.
UPDATE upload SET state = @state, due_at = @due_at, image_id = @image_id, rejection = @rejection, explanation = @explanation, ended_at = @ended_at
WHERE tenant_id = $1 AND id = $2 RETURNING *;

-- name: LockUploadQuota :one
-- What a studio allows and holds. Call it with the job locked; it lasts until the transaction ends.
SELECT upload_job_images, upload_job_bytes, upload_tenant_bytes, image_bytes, upload_bytes FROM tenant WHERE id = $1 FOR NO KEY UPDATE;

-- name: ImageOfContent :one
SELECT id FROM image WHERE tenant_id = $1 AND job_id = @job_id AND sha256 = @sha256;

-- name: DueUploads :many
SELECT id, tenant_id, job_id, state, due_at FROM upload
WHERE state IN ('PENDING', 'VERIFYING') AND due_at < @now AND (due_at, id) > (@after_at::timestamptz, @after_id::uuid)
ORDER BY due_at, id LIMIT @max_rows;

-- name: PutOffUpload :execrows
-- Whoever moves it is the one who looks after it.
UPDATE upload SET due_at = @due_at WHERE tenant_id = $1 AND id = @id AND state = 'VERIFYING' AND due_at < @now;

-- name: UploadsInStaging :many
SELECT id, tenant_id, job_id, account_id, state, multipart, ended_at FROM upload WHERE id = ANY(@ids::uuid[]);

-- name: SetJobStatus :exec
UPDATE job SET status = @status WHERE tenant_id = $1 AND id = $2;

-- name: SetCustomerUploads :exec
UPDATE job SET customer_uploads = @customer_uploads WHERE tenant_id = $1 AND id = $2;

-- name: UploadsToTake :one
-- How many of a studio's wait to be taken in, of so many at most.
SELECT count(*) FROM (SELECT FROM upload WHERE tenant_id = $1 AND state = 'VERIFYING' LIMIT @max_rows) AS counted;
