-- name: Watchers :many
-- Who watches these jobs in these sessions, pair by pair, with what decides whether they
-- still may. No row: the session is over, its device removed, or the role has changed since.
SELECT w.session_id::uuid AS session_id, w.job_id::uuid AS job_id, s.tenant_id, s.account_id, s.expires_at,
       a.role, a.blocked_at, a.valid_until, j.account_id AS customer_id, j.photographer_id
FROM (SELECT unnest(@session_ids::uuid[]) AS session_id, unnest(@job_ids::uuid[]) AS job_id) w
JOIN session s ON s.id = w.session_id AND s.revoked_at IS NULL AND s.expires_at > @now
JOIN device d ON d.id = s.device_id AND d.removed_at IS NULL
JOIN account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id AND a.role = s.role
JOIN job j ON j.tenant_id = s.tenant_id AND j.id = w.job_id;
