-- name: JobsByID :many
SELECT * FROM job WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);

-- name: JobsOfTenant :many
SELECT * FROM job
WHERE tenant_id = $1 AND (created_at, id) < (@before_at, @before_id::uuid)
ORDER BY created_at DESC, id DESC LIMIT @max_rows;

-- name: JobsOfTenantInStatus :many
SELECT * FROM job
WHERE tenant_id = $1 AND status = @status AND (created_at, id) < (@before_at, @before_id::uuid)
ORDER BY created_at DESC, id DESC LIMIT @max_rows;

-- name: JobsOfPerson :many
-- The jobs of a customer, and those assigned to the same person as photographer.
SELECT j.* FROM (
    (SELECT p.* FROM job p WHERE p.tenant_id = $1 AND p.photographer_id = sqlc.narg(photographer_id)::uuid
        AND (p.created_at, p.id) < (@before_at, @before_id::uuid) AND (sqlc.narg(status)::text IS NULL OR p.status = sqlc.narg(status))
     ORDER BY p.created_at DESC, p.id DESC LIMIT @max_rows)
    UNION
    (SELECT c.* FROM job c WHERE c.tenant_id = $1 AND c.account_id = @account_id::uuid
        AND (c.created_at, c.id) < (@before_at, @before_id::uuid) AND (sqlc.narg(status)::text IS NULL OR c.status = sqlc.narg(status))
     ORDER BY c.created_at DESC, c.id DESC LIMIT @max_rows)
) j ORDER BY j.created_at DESC, j.id DESC LIMIT @max_rows;

-- name: CountJobsOfTenant :one
-- At most 10,000, so that the cost has an end.
SELECT count(*) FROM (SELECT FROM job WHERE tenant_id = $1 AND status = ANY(@statuses::text[]) LIMIT 10000) j;

-- name: CountJobsOfPerson :one
SELECT count(*) FROM (
    SELECT p.id FROM job p WHERE p.tenant_id = $1 AND p.photographer_id = sqlc.narg(photographer_id)::uuid AND (sqlc.narg(status)::text IS NULL OR p.status = sqlc.narg(status))
    UNION
    SELECT c.id FROM job c WHERE c.tenant_id = $1 AND c.account_id = @account_id::uuid AND (sqlc.narg(status)::text IS NULL OR c.status = sqlc.narg(status))
    LIMIT 10000
) j;

-- name: InsertJob :one
INSERT INTO job (id, tenant_id, account_id, customer_email_key, customer_email, photographer_id, title,
                 included_images, all_images_included, sells_extras, customer_uploads, created_at)
VALUES (@id, @tenant_id, @account_id, @customer_email_key, @customer_email, @photographer_id, @title,
        @included_images, @all_images_included, @sells_extras, @customer_uploads, @now)
RETURNING *;

-- name: ClaimJobs :exec
-- Jobs made for an address before it had a proven account belong to it from now on. They
-- are locked in one order, the same in which an act on several jobs locks them.
UPDATE job SET account_id = @account_id::uuid
FROM (
    SELECT u.id FROM job u WHERE u.tenant_id = $1 AND u.customer_email_key = $2 AND u.account_id IS NULL
    ORDER BY u.id FOR NO KEY UPDATE
) unclaimed
WHERE job.tenant_id = $1 AND job.id = unclaimed.id AND job.account_id IS NULL;

-- name: LockJob :one
-- The lock under which selections and first deliveries of a job happen.
SELECT * FROM job WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: SetIncludedImages :exec
UPDATE job SET included_images = @included_images WHERE tenant_id = $1 AND id = $2;

-- name: SetAllImagesIncluded :exec
UPDATE job SET all_images_included = @all_images_included WHERE tenant_id = $1 AND id = $2;
