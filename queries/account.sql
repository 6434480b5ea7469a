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
-- Who can run a studio, locked: nobody else can leave the last one alone.
SELECT id, role FROM account WHERE tenant_id = $1 AND role IN ('ADMIN', 'OPERATOR') AND blocked_at IS NULL ORDER BY id FOR NO KEY UPDATE;

-- name: SetAccountRole :exec
UPDATE account SET role = $3 WHERE tenant_id = $1 AND id = $2;

-- name: LockAccount :one
-- Locked before its devices, as a sign-in does.
SELECT * FROM account WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: SetAccountBlocked :exec
UPDATE account SET blocked_at = sqlc.narg(blocked_at) WHERE tenant_id = $1 AND id = $2;

-- name: SetAccountValidUntil :exec
UPDATE account SET valid_until = sqlc.narg(valid_until) WHERE tenant_id = $1 AND id = $2;

-- name: SetAccountMaxDevices :exec
UPDATE account SET max_devices = @max_devices WHERE tenant_id = $1 AND id = $2;

-- name: AccountsByAddress :many
-- People of a studio whose addresses begin with a text, in the order of these. Whoever
-- is past the membership's end is expired by the same rule as the membership gate's.
SELECT * FROM account
WHERE tenant_id = $1 AND email_key COLLATE "C" >= @from_key AND email_key COLLATE "C" < @to_key AND email_key COLLATE "C" > @after_key
  AND erased_at IS NULL
  AND (sqlc.narg(role)::text IS NULL OR role = sqlc.narg(role))
  AND (sqlc.narg(blocked)::boolean IS NULL OR (blocked_at IS NOT NULL) = sqlc.narg(blocked))
  AND (sqlc.narg(expired)::boolean IS NULL OR (coalesce(valid_until <= @now::timestamptz, false) AND role IN ('CUSTOMER', 'PHOTOGRAPHER')) = sqlc.narg(expired))
ORDER BY email_key COLLATE "C" LIMIT @max_rows;

-- name: AccountsByDomain :many
-- Likewise those whose domain does, in the order of domains, without those that
-- AccountsByAddress has.
SELECT * FROM account
WHERE tenant_id = $1 AND split_part(email_key, '@', 2) COLLATE "C" >= @from_domain AND split_part(email_key, '@', 2) COLLATE "C" < @to_domain
  AND (split_part(email_key, '@', 2) COLLATE "C", email_key COLLATE "C") > (@after_domain::text, @after_key::text)
  AND NOT (email_key COLLATE "C" >= @from_key AND email_key COLLATE "C" < @to_key)
  AND erased_at IS NULL
  AND (sqlc.narg(role)::text IS NULL OR role = sqlc.narg(role))
  AND (sqlc.narg(blocked)::boolean IS NULL OR (blocked_at IS NOT NULL) = sqlc.narg(blocked))
  AND (sqlc.narg(expired)::boolean IS NULL OR (coalesce(valid_until <= @now::timestamptz, false) AND role IN ('CUSTOMER', 'PHOTOGRAPHER')) = sqlc.narg(expired))
ORDER BY split_part(email_key, '@', 2) COLLATE "C", email_key COLLATE "C" LIMIT @max_rows;

-- name: Activity :one
-- How many accounts in good standing were seen since each of three times, the last of
-- them the earliest: an account counts once, and once by each kind of its devices. It
-- walks device_seen and looks up the accounts one by one: the horizon, which is yet to
-- come, and LIMIT keep a plan that knows no times from reading all there are.
WITH lately AS (
    SELECT d.account_id, max(d.last_seen_at) AS at,
           max(d.last_seen_at) FILTER (WHERE d.kind = 'HANDHELD') AS handheld,
           max(d.last_seen_at) FILTER (WHERE d.kind = 'DESKTOP') AS desktop,
           max(d.last_seen_at) FILTER (WHERE d.kind = 'OTHER') AS other
    FROM device d
    WHERE d.tenant_id = $1 AND d.last_seen_at > @week::timestamptz AND d.last_seen_at < @horizon::timestamptz
    GROUP BY d.account_id
), seen AS (
    SELECT l.at, l.handheld, l.desktop, l.other FROM lately l CROSS JOIN LATERAL (
        SELECT 1 FROM account a
        WHERE a.tenant_id = $1 AND a.id = l.account_id AND a.blocked_at IS NULL
          AND (a.valid_until IS NULL OR a.valid_until > @now::timestamptz OR a.role IN ('ADMIN', 'OPERATOR'))
        LIMIT 1
    ) good
)
SELECT count(*) FILTER (WHERE at > @moment::timestamptz) AS now_all, count(*) FILTER (WHERE handheld > @moment) AS now_handheld,
       count(*) FILTER (WHERE desktop > @moment) AS now_desktop, count(*) FILTER (WHERE other > @moment) AS now_other,
       count(*) FILTER (WHERE at > @day::timestamptz) AS day_all, count(*) FILTER (WHERE handheld > @day) AS day_handheld,
       count(*) FILTER (WHERE desktop > @day) AS day_desktop, count(*) FILTER (WHERE other > @day) AS day_other,
       count(*) AS week_all, count(handheld) AS week_handheld, count(desktop) AS week_desktop, count(other) AS week_other
FROM seen;

-- name: DevicesOfAccounts :many
-- The devices of some people that count against their limits, the one seen last first.
SELECT id, tenant_id, account_id, name, kind, created_at, last_seen_at FROM device
WHERE tenant_id = $1 AND account_id = ANY(@account_ids::uuid[]) AND removed_at IS NULL AND last_seen_at > @seen_since
ORDER BY account_id, last_seen_at DESC, id;

-- name: DevicesByID :many
-- Likewise those with these ids.
SELECT id, tenant_id, account_id, name, kind, created_at, last_seen_at FROM device
WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]) AND removed_at IS NULL AND last_seen_at > @seen_since;

-- name: DeviceOfAccount :one
-- Also one that was removed.
SELECT id, removed_at FROM device WHERE tenant_id = $1 AND account_id = $2 AND id = $3;

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
