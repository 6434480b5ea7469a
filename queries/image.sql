-- name: ImagesByID :many
SELECT * FROM image WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);

-- name: ImagesOfJobs :many
-- The same page of each of several jobs: their pictures in order, behind a
-- place, at most so many of each. states: null for all.
SELECT i.* FROM unnest(@job_ids::uuid[]) AS asked (job_id)
CROSS JOIN LATERAL (
    SELECT * FROM image m
    WHERE m.tenant_id = $1 AND m.job_id = asked.job_id AND (m.position, m.id) > (@after_position::integer, @after_id::uuid)
      AND (sqlc.narg(states)::text[] IS NULL OR m.selection_state = ANY(sqlc.narg(states)::text[]))
    ORDER BY m.position, m.id LIMIT @max_rows
) i ORDER BY i.job_id, i.position, i.id;

-- name: CountImagesOfJobs :many
SELECT job_id, count(*)::integer AS images FROM image
WHERE tenant_id = $1 AND job_id = ANY(@job_ids::uuid[]) AND selection_state = ANY(@states::text[])
GROUP BY job_id;

-- name: InsertImage :execrows
-- Takes a picture in. No row where the job has the same bytes already.
INSERT INTO image (id, tenant_id, job_id, position, filename, content_type, size, width, height, captured_at, sha256, crc32,
                   object_key, etag, small_key, medium_key, source_key, source_etag, created_at)
VALUES (@id, @tenant_id, @job_id, @position, @filename, @content_type, @size, @width, @height, @captured_at, @sha256, @crc32,
        @object_key, @etag, @small_key, @medium_key, @source_key, @source_etag, @now)
ON CONFLICT (tenant_id, job_id, sha256) DO NOTHING;

-- name: TakenAt :one
-- When the job took this very object in. No row: it has not.
SELECT created_at FROM image WHERE tenant_id = $1 AND job_id = $2 AND source_key = @source_key AND source_etag = @source_etag;

-- name: LastPosition :one
SELECT coalesce(max(position), -1)::integer FROM image WHERE tenant_id = $1 AND job_id = $2;

-- name: FreePosition :one
-- The place that is wished for, where no picture has it; else the one behind the last.
SELECT CASE
    WHEN @wished::integer >= 0 AND NOT EXISTS (SELECT FROM image i WHERE i.tenant_id = $1 AND i.job_id = $2 AND i.position = @wished) THEN @wished
    ELSE (SELECT coalesce(max(i.position), -1) + 1 FROM image i WHERE i.tenant_id = $1 AND i.job_id = $2)
END::integer AS position;

-- name: ImagesWithJob :many
SELECT sqlc.embed(image), sqlc.embed(job) FROM image
JOIN job ON job.tenant_id = image.tenant_id AND job.id = image.job_id
WHERE image.tenant_id = $1 AND image.id = ANY(@ids::uuid[]);

-- name: MoveImages :execrows
-- Moves pictures of a job, each from the state that it was found in. Call it with
-- the job locked: fewer rows than pictures mean that somebody did not.
UPDATE image i SET selection_state = m.new_state
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@old_states::text[]) AS old_state, unnest(@new_states::text[]) AS new_state) m
WHERE i.tenant_id = $1 AND i.job_id = $2 AND i.id = m.id AND i.selection_state = m.old_state;

-- name: DeliveredIn :many
-- The delivered pictures of a job in these states, in their order.
SELECT * FROM image
WHERE tenant_id = $1 AND job_id = $2 AND delivered_at IS NOT NULL AND selection_state = ANY(@states::text[])
ORDER BY position, id;

-- name: StatesOfJob :many
SELECT id, selection_state FROM image WHERE tenant_id = $1 AND job_id = $2 ORDER BY position, id;
