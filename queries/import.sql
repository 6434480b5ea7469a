-- name: StartImport :one
-- The run of this prefix that is under way, or a new one.
INSERT INTO image_import AS i (id, tenant_id, job_id, account_id, prefix, state, created_at)
VALUES (@id, @tenant_id, @job_id, @account_id, @prefix, 'RUNNING', @now)
ON CONFLICT (tenant_id, job_id, prefix) WHERE state = 'RUNNING' DO UPDATE SET prefix = EXCLUDED.prefix
RETURNING *;

-- name: ImportByID :one
SELECT * FROM image_import WHERE tenant_id = $1 AND id = $2;

-- name: ImportToRun :one
SELECT * FROM image_import WHERE id = $1;

-- name: SetImportFound :exec
UPDATE image_import SET found = @found, taken = 0, known = 0, refused = '[]' WHERE id = $1 AND state = 'RUNNING';

-- name: CountImport :exec
UPDATE image_import SET taken = taken + @taken, known = known + @known, refused = refused || @refused::jsonb
WHERE id = $1 AND state = 'RUNNING';

-- name: FinishImport :exec
UPDATE image_import SET state = @state, finished_at = @now::timestamptz WHERE id = $1 AND state = 'RUNNING';

-- name: ImportsToRun :one
-- How many of a studio's are not over, of so many at most.
SELECT count(*) FROM (SELECT FROM image_import WHERE tenant_id = $1 AND state = 'RUNNING' LIMIT @max_rows) AS counted;
