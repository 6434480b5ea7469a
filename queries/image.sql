-- name: ImagesByID :many
SELECT * FROM image WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);

-- name: ImagesOfJob :many
-- A page of a job's pictures in their order. states: null for all.
SELECT * FROM image
WHERE tenant_id = $1 AND job_id = $2 AND (position, id) > (@after_position, @after_id::uuid)
  AND (sqlc.narg(states)::text[] IS NULL OR selection_state = ANY(sqlc.narg(states)::text[]))
ORDER BY position, id LIMIT @max_rows;

-- name: CountImages :one
SELECT count(*) FROM image
WHERE tenant_id = $1 AND job_id = $2 AND (sqlc.narg(states)::text[] IS NULL OR selection_state = ANY(sqlc.narg(states)::text[]));

-- name: InsertImage :execrows
-- Takes a picture in. No row where the job has the same bytes already.
INSERT INTO image (id, tenant_id, job_id, position, filename, content_type, size, width, height, captured_at, sha256, crc32,
                   object_key, etag, small_key, medium_key, source_key, source_etag, created_at)
VALUES (@id, @tenant_id, @job_id, @position, @filename, @content_type, @size, @width, @height, @captured_at, @sha256, @crc32,
        @object_key, @etag, @small_key, @medium_key, @source_key, @source_etag, @now)
ON CONFLICT (tenant_id, job_id, sha256) DO NOTHING;

-- name: AddToImageCount :exec
UPDATE job SET image_count = image_count + @added WHERE tenant_id = $1 AND id = $2;

-- name: KnownSource :one
SELECT EXISTS (SELECT FROM image WHERE tenant_id = $1 AND job_id = $2 AND source_key = @source_key AND source_etag = @source_etag);

-- name: LastPosition :one
SELECT coalesce(max(position), -1)::integer FROM image WHERE tenant_id = $1 AND job_id = $2;

-- name: ImagesWithJob :many
SELECT sqlc.embed(image), sqlc.embed(job) FROM image
JOIN job ON job.tenant_id = image.tenant_id AND job.id = image.job_id
WHERE image.tenant_id = $1 AND image.id = ANY(@ids::uuid[]);

-- name: SetSelectionState :execrows
UPDATE image SET selection_state = @state WHERE tenant_id = $1 AND job_id = $2 AND id = ANY(@ids::uuid[]) AND selection_state <> @state;
