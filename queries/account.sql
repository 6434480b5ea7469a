-- name: AccountByID :one
SELECT * FROM account WHERE tenant_id = $1 AND id = $2;

-- name: AccountByEmail :one
SELECT * FROM account WHERE tenant_id = $1 AND email_key = $2;

-- name: AccountsByID :many
SELECT * FROM account WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);

-- name: ClaimAccount :one
-- The account of a mailbox that was just proven, made where there was none. The
-- row stays locked (FOR NO KEY UPDATE) until the transaction ends, so that the
-- counting of devices that follows is alone.
INSERT INTO account (id, tenant_id, email_key, email, locale, verified_at, created_at)
VALUES (@id, @tenant_id, @email_key, @email, @locale, @now, @now)
ON CONFLICT (tenant_id, email_key) DO UPDATE SET verified_at = coalesce(account.verified_at, @now)
RETURNING *;

-- name: EnsureAccount :one
-- The account of an address, made unproven where there was none.
INSERT INTO account (id, tenant_id, email_key, email, role, created_at)
VALUES (@id, @tenant_id, @email_key, @email, @role, @now)
ON CONFLICT (tenant_id, email_key) DO UPDATE SET email_key = EXCLUDED.email_key
RETURNING *;

-- name: LockTenantStaff :many
-- The admins of a studio, locked: nobody else can leave the last one alone.
SELECT id FROM account WHERE tenant_id = $1 AND role IN ('ADMIN', 'OPERATOR') ORDER BY id FOR NO KEY UPDATE;

-- name: SetAccountRole :exec
UPDATE account SET role = $3 WHERE tenant_id = $1 AND id = $2;

-- name: DeviceBySecret :one
SELECT id FROM device WHERE tenant_id = $1 AND account_id = $2 AND secret_hash = @secret_hash AND removed_at IS NULL;

-- name: KnownDevice :one
-- Whether a device with this secret is in use by the account of this address.
SELECT EXISTS (
    SELECT FROM account a
    JOIN device d ON d.tenant_id = a.tenant_id AND d.account_id = a.id
    WHERE a.tenant_id = $1 AND a.email_key = $2 AND d.secret_hash = @secret_hash AND d.removed_at IS NULL
);

-- name: DevicesInUse :many
-- The devices that count against the limit, the longest unseen first.
SELECT id FROM device
WHERE tenant_id = $1 AND account_id = $2 AND removed_at IS NULL AND last_seen_at > @seen_since
ORDER BY last_seen_at, id;

-- name: InsertDevice :exec
INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at)
VALUES (@id, @tenant_id, @account_id, @secret_hash, @name, @kind, @now, @now);

-- name: RemoveDevice :exec
UPDATE device SET removed_at = @now WHERE tenant_id = $1 AND account_id = $2 AND id = @id AND removed_at IS NULL;

-- name: TouchDevices :exec
-- When each of these devices, and so its account, was last seen; never moved back.
WITH seen AS (
    SELECT unnest(@ids::uuid[]) AS id, unnest(@seen::timestamptz[]) AS at
), touched AS (
    UPDATE device d SET last_seen_at = seen.at FROM seen
    WHERE d.id = seen.id AND d.last_seen_at < seen.at
    RETURNING d.account_id, seen.at
)
UPDATE account a SET last_seen_at = t.at
FROM (SELECT account_id, max(at)::timestamptz AS at FROM touched GROUP BY account_id) t
WHERE a.id = t.account_id AND (a.last_seen_at IS NULL OR a.last_seen_at < t.at);
