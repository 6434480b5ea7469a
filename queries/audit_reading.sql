-- name: AuditHead :one
SELECT sequence, hash FROM audit_head WHERE tenant_id = $1;

-- name: AuditSpan :many
-- The entries behind a place up to another, whatever there is of them: also what is
-- there twice.
SELECT * FROM audit_entry
WHERE tenant_id = $1 AND sequence > @after AND sequence <= @through
ORDER BY sequence LIMIT @max_rows;

-- name: NextAuditSequence :one
-- The first entry behind a place.
SELECT sequence FROM audit_entry WHERE tenant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT 1;

-- name: AuditSequenceAt :one
-- The first entry of a time or later. Times never go back along a chain.
SELECT sequence FROM audit_entry WHERE tenant_id = $1 AND at >= $2 ORDER BY at, sequence LIMIT 1;

-- name: AuditEntriesByID :many
SELECT * FROM audit_entry WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);

-- name: AuditEntries :many
SELECT * FROM audit_entry
WHERE tenant_id = $1 AND sequence >= @from_sequence AND sequence < @before_sequence
ORDER BY sequence DESC LIMIT @max_rows;

-- name: AuditEntriesOfAction :many
SELECT * FROM audit_entry
WHERE tenant_id = $1 AND action = @action AND sequence >= @from_sequence AND sequence < @before_sequence
ORDER BY sequence DESC LIMIT @max_rows;

-- name: AuditEntriesOfActor :many
SELECT * FROM audit_entry
WHERE tenant_id = $1 AND actor_id = @actor_id::uuid AND sequence >= @from_sequence AND sequence < @before_sequence
ORDER BY sequence DESC LIMIT @max_rows;

-- name: AuditEntriesOfActorAndAction :many
SELECT * FROM audit_entry
WHERE tenant_id = $1 AND actor_id = @actor_id::uuid AND action = @action AND sequence >= @from_sequence AND sequence < @before_sequence
ORDER BY sequence DESC LIMIT @max_rows;

-- name: AuditEntriesOfJob :many
-- actor_id, action: null for any.
SELECT * FROM audit_entry
WHERE tenant_id = $1 AND job_id = @job_id::uuid AND sequence >= @from_sequence AND sequence < @before_sequence
  AND (sqlc.narg(actor_id)::uuid IS NULL OR actor_id = sqlc.narg(actor_id)::uuid) AND (sqlc.narg(action)::text IS NULL OR action = sqlc.narg(action)::text)
ORDER BY sequence DESC LIMIT @max_rows;

-- name: AuditEntriesOfImage :many
-- job_id, actor_id, action: null for any.
SELECT * FROM audit_entry
WHERE tenant_id = $1 AND image_id = @image_id::uuid AND sequence >= @from_sequence AND sequence < @before_sequence
  AND (sqlc.narg(job_id)::uuid IS NULL OR job_id = sqlc.narg(job_id)::uuid)
  AND (sqlc.narg(actor_id)::uuid IS NULL OR actor_id = sqlc.narg(actor_id)::uuid) AND (sqlc.narg(action)::text IS NULL OR action = sqlc.narg(action)::text)
ORDER BY sequence DESC LIMIT @max_rows;

-- name: AuditEntriesOfJobs :many
-- The same page of each of several jobs, newest first.
SELECT e.* FROM unnest(@job_ids::uuid[]) AS asked (job_id)
CROSS JOIN LATERAL (
    SELECT * FROM audit_entry a
    WHERE a.tenant_id = $1 AND a.job_id = asked.job_id AND a.sequence < @before_sequence
    ORDER BY a.sequence DESC LIMIT @max_rows
) e ORDER BY e.job_id, e.sequence DESC;

-- name: ImageHistoryOfAudit :many
-- The entries about several pictures, each picture's from a place on, oldest first.
SELECT e.* FROM unnest(@image_ids::uuid[]) AS asked (image_id)
CROSS JOIN LATERAL (
    SELECT * FROM audit_entry a
    WHERE a.tenant_id = $1 AND a.image_id = asked.image_id AND (a.at, a.id) > (@after_at, @after_id::uuid)
    ORDER BY a.at, a.id LIMIT @max_rows
) e;

-- name: ImageHistoryOfJobs :many
-- The entries about jobs themselves that bear on what of them is released.
SELECT e.* FROM unnest(@job_ids::uuid[]) AS asked (job_id)
CROSS JOIN LATERAL (
    SELECT * FROM audit_entry a
    WHERE a.tenant_id = $1 AND a.job_id = asked.job_id AND a.image_id IS NULL AND (a.at, a.id) > (@after_at, @after_id::uuid)
      AND a.action = ANY(@actions::text[])
    ORDER BY a.at, a.id LIMIT @max_rows
) e;

-- name: ImageHistoryOfSelection :many
SELECT e.* FROM unnest(@image_ids::uuid[]) AS asked (image_id)
CROSS JOIN LATERAL (
    SELECT * FROM selection_event s
    WHERE s.tenant_id = $1 AND s.image_id = asked.image_id AND (s.at, s.id) > (@after_at, @after_id::uuid)
    ORDER BY s.at, s.id LIMIT @max_rows
) e;

-- name: ImageHistoryOfDelivery :many
-- Each delivery with the one picture that was asked for. A job's deliveries are walked.
SELECT asked.image_id::uuid AS image_id, e.id, e.account_id, e.staff, e.way, e.request_id, e.at
FROM (SELECT unnest(@image_ids::uuid[]) AS image_id, unnest(@job_ids::uuid[]) AS job_id) AS asked
CROSS JOIN LATERAL (
    SELECT d.* FROM delivery d
    WHERE d.tenant_id = $1 AND d.job_id = asked.job_id AND d.image_ids @> ARRAY[asked.image_id] AND (d.at, d.id) > (@after_at, @after_id::uuid)
    ORDER BY d.at, d.id LIMIT @max_rows
) e;

-- name: AccountsByID :many
SELECT * FROM account WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);
