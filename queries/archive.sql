-- name: ImagesInStates :many
-- All pictures of a job in these states, in their order.
SELECT * FROM image WHERE tenant_id = $1 AND job_id = $2 AND selection_state = ANY(@states::text[]) ORDER BY position, id;

-- name: HasImageIn :one
SELECT EXISTS (SELECT FROM image WHERE tenant_id = $1 AND job_id = $2 AND selection_state = ANY(@states::text[]));

-- name: StatesOfImages :one
-- What states these pictures of a job are in, and how many of them there are.
SELECT count(*) AS found, coalesce(array_agg(DISTINCT selection_state), '{}')::text[] AS states
FROM image WHERE tenant_id = $1 AND job_id = $2 AND id = ANY(@ids::uuid[]);

-- name: StartArchive :exec
-- One row for each answer that carries bytes of an archive.
INSERT INTO delivery (id, tenant_id, job_id, account_id, staff, way, image_ids, request_id, at, session_id, state, resumed, bytes_sent)
VALUES (@id, @tenant_id, @job_id, @account_id, @staff, 'ZIP', @image_ids, @request_id, @now, @session_id::uuid, 'STARTED', @resumed::boolean, 0);

-- name: EndArchive :exec
UPDATE delivery SET state = @state::text, bytes_sent = @bytes_sent::bigint, ended_at = @now::timestamptz
WHERE tenant_id = $1 AND id = $2 AND state = 'STARTED';

-- name: SessionByID :one
-- SessionByToken for a session that was proven before.
SELECT s.id, s.tenant_id, s.account_id, s.device_id,
       a.email, a.role, a.blocked_at, a.valid_until
FROM session s
JOIN device d ON d.tenant_id = s.tenant_id AND d.account_id = s.account_id AND d.id = s.device_id AND d.removed_at IS NULL
JOIN account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id AND a.role = s.role
WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > @now AND d.last_seen_at > @seen_since;
