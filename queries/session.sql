-- name: SessionByToken :one
-- Who holds this token, with everything that the membership gate asks: session,
-- device and account in one indexed statement. No row: no such session, revoked,
-- over, idle too long, its device removed, or the role has changed since.
SELECT s.id, s.tenant_id, s.account_id, s.device_id, s.transport, s.expires_at,
       d.secret_hash AS device_hash, d.last_seen_at,
       a.email, a.role, a.locale, a.blocked_at, a.valid_until
FROM session s
JOIN device d ON d.tenant_id = s.tenant_id AND d.account_id = s.account_id AND d.id = s.device_id AND d.removed_at IS NULL
JOIN account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id AND a.role = s.role
WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > @now AND d.last_seen_at > @seen_since;

-- name: StartSession :exec
-- A fresh session; a device has one at a time, so its older ones end.
WITH ended AS (
    UPDATE session o SET revoked_at = @now::timestamptz
    WHERE o.tenant_id = @tenant_id AND o.account_id = @account_id AND o.device_id = @device_id AND o.revoked_at IS NULL
)
INSERT INTO session (id, tenant_id, account_id, device_id, token_hash, transport, role, created_at, expires_at)
VALUES (@id, @tenant_id, @account_id, @device_id, @token_hash, @transport, @role, @now, @expires_at);

-- name: CountMismatch :one
-- Counts a request that named another device than the session's; the one that makes
-- it so many ends the session.
UPDATE session SET mismatches = mismatches + 1, revoked_at = CASE WHEN mismatches + 1 >= @most::integer THEN @now::timestamptz END
WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL
RETURNING mismatches;

-- name: RevokeSession :exec
UPDATE session SET revoked_at = @now::timestamptz WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL;

-- name: RevokeDeviceSessions :exec
UPDATE session SET revoked_at = @now::timestamptz
WHERE tenant_id = $1 AND account_id = $2 AND device_id = @device_id AND revoked_at IS NULL;

-- name: RevokeAccountSessions :exec
UPDATE session SET revoked_at = @now::timestamptz WHERE tenant_id = $1 AND account_id = $2 AND revoked_at IS NULL;

-- name: PurgeSessions :exec
DELETE FROM session WHERE expires_at < @before;
