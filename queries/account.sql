-- name: AccountByID :one
SELECT * FROM account WHERE tenant_id = $1 AND id = $2;

-- name: AccountByEmail :one
SELECT * FROM account WHERE tenant_id = $1 AND email_key = $2;

-- name: ClaimAccount :one
-- The account of a mailbox that was just proven, made where there was none. The
-- row stays locked (FOR NO KEY UPDATE) until the transaction ends, so that the
-- counting of devices that follows is alone.
INSERT INTO account (id, tenant_id, email_key, email, locale, verified_at, created_at)
VALUES (@id, @tenant_id, @email_key, @email, @locale, @now::timestamptz, @now::timestamptz)
ON CONFLICT (tenant_id, email_key) DO UPDATE SET verified_at = coalesce(account.verified_at, @now::timestamptz)
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

-- name: DevicesInUse :many
-- The devices that count against the limit, the longest unseen first.
SELECT id, secret_hash FROM device
WHERE tenant_id = $1 AND account_id = $2 AND removed_at IS NULL AND last_seen_at > @seen_since
ORDER BY last_seen_at, id;

-- name: KeepDevice :one
-- The device that signs in, made where the account had none with this secret;
-- seen now, and the account with it.
WITH kept AS (
    INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at)
    VALUES (@id, @tenant_id, @account_id, @secret_hash, @name, @kind, @now::timestamptz, @now::timestamptz)
    ON CONFLICT (tenant_id, account_id, secret_hash) WHERE removed_at IS NULL
    DO UPDATE SET name = EXCLUDED.name, kind = EXCLUDED.kind, last_seen_at = greatest(device.last_seen_at, @now::timestamptz)
    RETURNING device.id, device.tenant_id, device.account_id
)
UPDATE account a SET last_seen_at = greatest(a.last_seen_at, @now::timestamptz)
FROM kept WHERE a.tenant_id = kept.tenant_id AND a.id = kept.account_id
RETURNING kept.id;

-- name: RemoveDevice :exec
UPDATE device SET removed_at = @now::timestamptz WHERE tenant_id = $1 AND account_id = $2 AND id = @id AND removed_at IS NULL;

-- name: TouchDevices :exec
-- When each of these devices, and so its account, was last seen; never moved
-- back. Rows that somebody else holds are passed over, so that this never waits
-- for a sign-in, nor a sign-in in a circle for this.
WITH seen AS (
    SELECT unnest(@ids::uuid[]) AS id, unnest(@seen::timestamptz[]) AS at
), free AS (
    SELECT d.id, seen.at FROM seen JOIN device d ON d.id = seen.id AND d.removed_at IS NULL -- nor of who was erased
    WHERE d.last_seen_at < seen.at
    FOR NO KEY UPDATE OF d SKIP LOCKED
), touched AS (
    UPDATE device d SET last_seen_at = free.at FROM free
    WHERE d.id = free.id
    RETURNING d.tenant_id, d.account_id, free.at
), owner AS (
    SELECT a.tenant_id, a.id, t.at
    FROM (SELECT tenant_id, account_id, max(at)::timestamptz AS at FROM touched GROUP BY tenant_id, account_id) t
    JOIN account a ON a.tenant_id = t.tenant_id AND a.id = t.account_id
    FOR NO KEY UPDATE OF a SKIP LOCKED
)
UPDATE account a SET last_seen_at = greatest(a.last_seen_at, owner.at)
FROM owner WHERE a.tenant_id = owner.tenant_id AND a.id = owner.id;
